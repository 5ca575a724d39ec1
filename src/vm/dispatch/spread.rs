//! Calls with `*args`: the common way, in which nothing is copied before it lies in the callee's frame.

use super::at::{a, b, c, flags, lose, take_b};
use super::build::{dict_merge_slow, list_extend_slow};
use super::calls::call_ex_slow;
use super::enter::{enter, enter_plain};
use super::{At, Exit};
use crate::bytecode::Op;
use crate::bytecode::op::{OWN_SHIFT, TEMP_B};
use crate::heap::Value;
use crate::object::dict::Dict;
use crate::object::frame::Frame;
use crate::object::function::Function;
use crate::object::kind;
use crate::object::list::List;
use crate::object::native::{Args, R};
use crate::object::str::Str;
use crate::object::tuple::Tuple;
use crate::vm::Vm;
use crate::vm::dispatch::{go, op};
use crate::vm::special::Special;

/// Whether the arguments that a ListExtend or a DictMerge gathers are those of a CallEx right behind it, or behind the end of
/// what they were gathered from.
#[inline(always)]
pub(super) unsafe fn is_before_call(extend: *const u64) -> bool {
    // SAFETY: code ends with an instruction that goes elsewhere: there are more behind this one.
    unsafe {
        let next = *extend.add(1) as u8;
        next == Op::CallEx as u8
            || next == Op::Clear as u8 && *extend.add(2) as u8 == Op::CallEx as u8
    }
}

/// Puts Undef into the place of the `**kwargs` of a call if there are none. True where that was so before, too.
#[inline(never)]
unsafe fn forget_empty(keywords: *mut Value) -> bool {
    // SAFETY: the window of the CallEx has a dict there, or what was put there.
    unsafe {
        match (*keywords).get_exact::<Dict>() {
            Some(dict) if dict.is_empty() => drop(std::ptr::replace(keywords, Value::UNDEF)),
            Some(_) => return false,
            None => return (*keywords).is_undef(),
        }
        true
    }
}

op! {
    fn list_extend(ip, regs, k, vm) {
        // A tuple or list that is all the `*args` of the call that follows need not be copied: it takes the list's place.
        let source = &*regs.add(b(ip));
        if flags(ip) >> OWN_SHIFT & 1 == 0
            || !is_before_call(ip)
            || !(source.is_exact::<Tuple>() || source.is_exact::<List>())
        {
            return list_extend_slow(ip, regs, k, vm);
        }
        let given = take_b(ip, regs);
        let empty = std::ptr::replace(regs.add(a(ip)), given);
        if lose(vm, empty) { return crate::vm::dispatch::values::free_and_go(ip.add(1), regs, k, vm); }
        go!(ip.add(1), regs, k, vm)
    }
    fn dict_merge(ip, regs, k, vm) {
        // No `**kwargs` were given: nothing is merged.
        let source = &*regs.add(b(ip));
        if flags(ip) & TEMP_B == 0
            && let Some(dict) = source.get_exact::<Dict>()
            && dict.is_empty()
        {
            go!(ip.add(1), regs, k, vm)
        }
        return dict_merge_slow(ip, regs, k, vm);
    }
    fn call_ex(ip, regs, k, vm) {
        let base = regs.add(b(ip));
        let given = &*base.add(1);
        if c(ip) != 0 && !forget_empty(base.add(2)) { return call_ex_slow(ip, regs, k, vm); }
        if !(*base).is_exact::<Function>() || !given.is_object() || given.reference_count() == 1 {
            return call_ex_slow(ip, regs, k, vm);
        }
        let items: &[Value] = if given.is_exact::<Tuple>() {
            (*given.header().cast::<Tuple>()).items()
        } else if given.is_exact::<List>() {
            &*(*given.header().cast::<List>()).items.as_ptr()
        } else {
            return call_ex_slow(ip, regs, k, vm);
        };
        let function = (*base).header().cast::<Function>();
        let n = items.len();
        if (*function).simple.get() as usize != n { return call_ex_slow(ip, regs, k, vm); }
        for item in items {
            item.clone().forget();
        }
        // Somebody else holds them until they lie in the frame: nothing runs before that.
        let args = items.as_ptr().cast_mut();
        base.add(1).read().release_shared();
        enter!(ip, regs, vm, 0, function, args, n)
    }
}

impl Vm {
    /// `callee(*positional, **keywords)`
    pub(super) fn op_call_ex(&mut self, at: At) {
        at.save(self);
        let base = at.b();
        let callee = at.take(base);
        let positional = at.take(base + 1);
        let keywords = if at.c() == 1 {
            at.take(base + 2)
        } else {
            Value::UNDEF
        };
        match self.spread_arguments(&callee, &positional, &keywords) {
            Ok((mut args, names)) => {
                let n = args.len();
                // SAFETY: the values pass to the callee, and the vector forgets them.
                unsafe {
                    args.set_len(0);
                    let names = if names.is_undef() { None } else { Some(&names) };
                    self.invoke(
                        callee,
                        args.as_mut_ptr(),
                        n,
                        names,
                        at.frame(),
                        at.a() as u16,
                        at.result_flags(),
                    );
                }
            }
            Err(raised) => at.raise(self, raised),
        }
    }

    /// Arguments and keyword names of a call with `*positional` and `**keywords` (Undef when there are none).
    fn spread_arguments(
        &mut self,
        callee: &Value,
        positional: &Value,
        keywords: &Value,
    ) -> R<(Args, Value)> {
        let mut args: Args = match positional.get::<Tuple>() {
            Some(tuple) => tuple.items().iter().cloned().collect(),
            None => self.collect(positional)?.into(),
        };
        if keywords.is_undef() {
            return Ok((args, Value::UNDEF));
        }
        let mut names = Args::new();
        if let Some(dict) = keywords
            .get_exact::<Dict>()
            .filter(|dict| dict.strings_only())
        {
            self.check_room(dict.len() * 16)?;
            let table = dict.table.borrow();
            names.extend(table.iter().map(|(key, _)| key.clone()));
            args.extend(table.iter().map(|(_, value)| value.clone()));
            return Ok((args, names_of(names)));
        }
        for (key, value) in self.mapping_entries(keywords)? {
            if !key.is_kind::<Str>() {
                if self.class_of(callee).layout != kind::CLASS
                    && self.special_of(callee, Special::Call).is_none()
                {
                    let name = self.type_name(callee);
                    return Err(self.type_error(format!("'{name}' object is not callable")));
                }
                return Err(self.type_error("keywords must be strings"));
            }
            names.push(key);
            args.push(value);
        }
        Ok((args, names_of(names)))
    }
}

/// The tuple of the keywords of a call; Undef when there are none.
fn names_of(names: Args) -> Value {
    if names.is_empty() {
        return Value::UNDEF;
    }
    let mut names = names.into_iter();
    let tuple = Tuple::build(names.len(), |_| names.next().unwrap_or_default());
    tuple.expect("no more memory than they take").into_value()
}
