//! What set methods do with the items of an iterable that is no set, as they come.

use super::adapt::{Each, lift};
use super::set::{ITEMS, READY, add_item, replace, set_of};
use crate::heap::Value;
use crate::object::native::R;
use crate::object::set::{Set, SetTable, with_table};
use crate::vm::Vm;

/// What is done with the items of an operand that is neither set nor dict, as they come.
pub struct Streamed {
    /// Before the first one of the operand of that number.
    pub begin: fn(&mut Vm, &mut [Value], usize) -> R<()>,
    /// Whether more are wanted.
    pub each: Each,
    /// Behind the last one.
    pub end: fn(&mut Vm, &mut [Value]) -> R<()>,
}

/// All are put in.
pub static ADDED: Streamed = Streamed {
    begin: |_, _, _| Ok(()),
    each: |vm, regs, item| add_item(vm, &regs[READY], &item),
    end: |_, _| Ok(()),
};

/// Only what comes is kept.
pub static KEPT: Streamed = Streamed {
    begin: |_, regs, _| {
        regs[ITEMS] = Set::new(SetTable::new()).into_value();
        Ok(())
    },
    each: keep_common,
    end: |vm, regs| {
        let table = set_of(vm, &regs[ITEMS])?.table.take();
        replace(vm, &regs[READY], table).map(drop)
    },
};

/// What comes is taken out.
pub static REMOVED: Streamed = Streamed {
    begin: |_, _, _| Ok(()),
    each: remove_item,
    end: tidy,
};

/// As `REMOVED`, of a copy without gaps.
pub static LEFT_OUT: Streamed = Streamed {
    begin: |vm, regs, number| {
        if number > 0 {
            return Ok(());
        }
        let copied = set_of(vm, &regs[READY])?.table.borrow().copy();
        let table = lift(vm, copied)?;
        replace(vm, &regs[READY], table).map(drop)
    },
    each: remove_item,
    end: tidy,
};

/// Puts an item that is in the set in READY into the one in ITEMS.
pub fn keep_common(vm: &mut Vm, regs: &mut [Value], item: Value) -> R<bool> {
    let hash = vm.hash(&item)?;
    if vm.set_find(&regs[READY], &item, hash)?.is_none() {
        return Ok(true);
    }
    let common = set_of(vm, &regs[ITEMS])?;
    vm.set_add_hashed(&common, &item, hash)?;
    // No more can be found.
    let most = with_table(&regs[READY], SetTable::len).unwrap_or(0);
    Ok(common.table.borrow().len() < most)
}

fn remove_item(vm: &mut Vm, regs: &mut [Value], item: Value) -> R<bool> {
    let set = set_of(vm, &regs[READY])?;
    let hash = vm.hash(&item)?;
    let found = vm.set_find(set.as_value(), &item, hash)?;
    let removed = found.and_then(|at| set.table.borrow_mut().remove_at(at));
    drop(removed);
    Ok(true)
}

fn tidy(vm: &mut Vm, regs: &mut [Value]) -> R<()> {
    let tidied = set_of(vm, &regs[READY])?.table.borrow_mut().tidy();
    lift(vm, tidied)
}
