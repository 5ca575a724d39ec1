//! What set methods do with the items of an iterable that is no set, as they come.

use super::adapt::{Each, for_each, lift};
use super::set::{ITEMS, READY, add_item, is_table, replace, set_of, table_of, take_member};
use crate::heap::Value;
use crate::object::native::{Def, Input, NativeFrame, R, Step};
use crate::object::set::{FrozenSet, Set, SetTable, with_table};
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

/// `set(iterable)`: nobody sees the set before it is whole.
pub static SET_OF: Def = Def::frame(
    "<set>(iterable, /)",
    1,
    |vm, frame, input| match members_of_one(vm, frame, input) {
        Ok(table) => Step::Return(Set::new(table).into_value()),
        Err(step) => step,
    },
)
.takes(0, take_member_of_one);

/// `frozenset(iterable)`
pub static FROZENSET_OF: Def =
    Def::frame(
        "<frozenset>(iterable, /)",
        1,
        |vm, frame, input| match members_of_one(vm, frame, input) {
            Ok(table) => Step::Return(FrozenSet::new(table).into_value()),
            Err(step) => step,
        },
    )
    .takes(0, take_member_of_one);

/// The table of the members of an iterable. Registers: iterable, set.
fn members_of_one(
    vm: &mut Vm,
    frame: &mut NativeFrame<'_>,
    input: Input,
) -> Result<SetTable, Step> {
    if frame.state == 0 && is_table(&frame.regs[0]) {
        return table_of(vm, &frame.regs[0].clone()).map_err(Step::Raise);
    }
    if frame.regs[1].is_undef() {
        frame.regs[1] = Set::new(SetTable::new()).into_value();
    }
    for_each(vm, frame, input, 0, |vm, regs, item| {
        add_item(vm, &regs[1], &item)
    })?;
    let members = set_of(vm, &frame.regs[1]).map_err(Step::Raise)?;
    Ok(members.table.take())
}

/// See `Def::takes`.
fn take_member_of_one(
    vm: &mut Vm,
    state: u8,
    regs: &mut [Value],
    item: Value,
) -> Result<(), Value> {
    take_member::<1>(vm, state, regs, item)
}
