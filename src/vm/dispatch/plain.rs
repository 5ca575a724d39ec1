//! What objects of exactly the built-in types answer at once: without script
//! code, without an exception and with little work. Undef, None or false mean
//! that somebody else has to answer; then nothing was changed.

use std::cmp::Ordering;

use crate::heap::{Buffer, Ref, Value};
use crate::object::bytes::Bytes;
use crate::object::compare::{cmp_numbers, is_known, may_compare_numbers, simple_cmp, simple_eq};
use crate::object::dict::{Dict, Probe};
use crate::object::float::{self, Float};
use crate::object::format_spec::{self, Subject};
use crate::object::hash::simple_hash;
use crate::object::int::{Int, IntView};
use crate::object::kind;
use crate::object::list::List;
use crate::object::percent;
use crate::object::set::{FrozenSet, Set, SetTable};
use crate::object::set_ops::{self, Refused};
use crate::object::slice::{Indices, indices};
use crate::object::str::Str;
use crate::object::tuple::Tuple;
use crate::vm::Vm;
use crate::vm::compare::CompareOp;
use crate::vm::ops::BinaryOp;

const LIST: u32 = kind::LIST as u32;
const TUPLE: u32 = kind::TUPLE as u32;
const DICT: u32 = kind::DICT as u32;
const STR: u32 = kind::STR as u32;
const BYTES: u32 = kind::BYTES as u32;
const SET: u32 = kind::SET as u32;
const FROZENSET: u32 = kind::FROZENSET as u32;
const COMPLEX: u32 = kind::COMPLEX as u32;

/// More items or bytes than these are looked through where the work is counted.
const FEW: usize = 1024;

/// The place of an index that may count from the end.
#[inline(always)]
fn place(index: i64, len: usize) -> Option<usize> {
    let index = if index < 0 { index + len as i64 } else { index };
    (0..len as i64).contains(&index).then_some(index as usize)
}

/// `obj[key]`
#[inline(always)]
pub(super) fn item(obj: &Value, key: &Value) -> Value {
    if let Some(dict) = obj.get_exact::<Dict>() {
        return match dict.get_at_once(key) {
            Some(value) => value,
            None => Value::UNDEF,
        };
    }
    let Some(index) = key.as_small_int() else {
        return Value::UNDEF;
    };
    let found = match obj.shape() {
        LIST => obj.get_exact::<List>().and_then(|l| l.item_at(index)),
        TUPLE => match obj.get_exact::<Tuple>() {
            Some(tuple) => place(index, tuple.len()).map(|i| tuple.items()[i].clone()),
            None => None,
        },
        STR => match obj.get_exact::<Str>() {
            Some(text) => place(index, text.len()).and_then(|i| text.char_value(i)),
            None => None,
        },
        BYTES => match obj.get_exact::<Bytes>() {
            Some(bytes) => {
                place(index, bytes.bytes().len()).map(|i| Value::int32(bytes.bytes()[i] as i32))
            }
            None => None,
        },
        _ => None,
    };
    match found {
        Some(value) => value,
        None => Value::UNDEF,
    }
}

/// `obj[key] = value`; what was there goes.
#[inline(always)]
pub(super) fn set_item(obj: &Value, key: &Value, value: &Value) -> bool {
    if let Some(dict) = obj.get_exact::<Dict>() {
        return dict.set_at_once(key, value).map(drop).is_some();
    }
    let (Some(list), Some(index)) = (obj.get_exact::<List>(), key.as_small_int()) else {
        return false;
    };
    match place(index, list.len()) {
        Some(index) => list.set(index, value.clone()).map(drop).is_ok(),
        None => false,
    }
}

/// `del obj[key]`
#[inline(always)]
pub(super) fn delete_item(obj: &Value, key: &Value) -> bool {
    if let Some(dict) = obj.get_exact::<Dict>() {
        return matches!(dict.remove_at_once(key), Ok(Some(_)));
    }
    let (Some(list), Some(index)) = (obj.get_exact::<List>(), key.as_small_int()) else {
        return false;
    };
    match place(index, list.len()) {
        Some(index) => {
            let old = list.items.borrow_mut().remove(index);
            drop(old);
            true
        }
        None => false,
    }
}

/// `item in container`
#[inline(always)]
pub(super) fn contains(container: &Value, item: &Value) -> Option<bool> {
    match container.shape() {
        DICT => {
            let found = container.get_exact::<Dict>()?.get_at_once(item)?;
            Some(!found.is_undef())
        }
        SET => {
            let hash = simple_hash(item)?;
            let set = container.get_exact::<Set>()?;
            is_hit(set.peek().lookup(item, hash))
        }
        FROZENSET => {
            let hash = simple_hash(item)?;
            let set = container.get_exact::<FrozenSet>()?;
            is_hit(set.table().lookup(item, hash))
        }
        LIST => among(container.get_exact::<List>()?.peek(), item),
        TUPLE => among(container.get_exact::<Tuple>()?.items(), item),
        STR => {
            let (text, part) = (container.get_exact::<Str>()?, item.get_exact::<Str>()?);
            if text.byte_len() > FEW {
                return None;
            }
            Some(match part.bytes() {
                [byte] => memchr::memchr(*byte, text.bytes()).is_some(),
                part => memchr::memmem::find(text.bytes(), part).is_some(),
            })
        }
        _ => None,
    }
}

#[inline(always)]
fn is_hit(found: Probe) -> Option<bool> {
    match found {
        Probe::Hit(_) => Some(true),
        Probe::Absent => Some(false),
        Probe::Ask(_) => None,
    }
}

/// Whether one of the items is this or equal to it.
#[inline(always)]
fn among(items: &[Value], item: &Value) -> Option<bool> {
    if items.len() > FEW {
        return None;
    }
    let is_small = item.is_small_int();
    for member in items {
        if member.is(item) {
            return Some(true);
        }
        if is_small && member.is_small_int() {
            continue;
        }
        if simple_eq(member, item)? {
            return Some(true);
        }
    }
    Some(false)
}

/// Whether a value is a real number of a built-in type.
#[inline(always)]
fn is_real(value: &Value) -> bool {
    value.is_small_int()
        || value.is_inline_float()
        || value.as_bool().is_some()
        || value.is_exact::<Float>()
        || value.is_exact::<Int>()
}

/// `x op y`
#[inline(always)]
pub(super) fn compare(op: CompareOp, x: &Value, y: &Value) -> Option<bool> {
    use CompareOp::{Eq, Ne};
    let order = if let (Some(x), Some(y)) = (x.get_exact::<Str>(), y.get_exact::<Str>()) {
        if x.byte_len() > FEW && y.byte_len() > FEW {
            return None;
        }
        match op {
            Eq => return Some(x.eq(y)),
            Ne => return Some(!x.eq(y)),
            _ => x.cmp(y),
        }
    } else if is_real(x) && is_real(y) {
        if !may_compare_numbers(x, y) {
            return None;
        }
        match cmp_numbers(x, y) {
            Some(order) => order,
            None => return Some(op == Ne),
        }
    } else if matches!(x.shape(), SET | FROZENSET) && !cfg!(hoop_mutant = "7") {
        return order_of_sets(op, x, y);
    } else if !matches!(op, Eq | Ne) {
        order_of_tuples(x, y)?
    } else {
        let same = equal_containers(x, y)?;
        return Some(same == (op == Eq));
    };
    Some(op.holds(order))
}

/// The order of two short tuples, which is that of the first items that are not equal.
fn order_of_tuples(x: &Value, y: &Value) -> Option<Ordering> {
    let (a, b) = (
        x.get_exact::<Tuple>()?.items(),
        y.get_exact::<Tuple>()?.items(),
    );
    if a.len() > FEW {
        return None;
    }
    for (x, y) in a.iter().zip(b) {
        if !simple_eq(x, y)? {
            return simple_cmp(x, y);
        }
    }
    Some(a.len().cmp(&b.len()))
}

/// Whether two values are equal of which one at least is no number, and none can be NaN. An object of a script is asked even
/// beside itself.
fn equal_containers(x: &Value, y: &Value) -> Option<bool> {
    let (a, b) = match (x.get_exact::<List>(), y.get_exact::<List>()) {
        (Some(a), Some(b)) => (a, b),
        _ if x.shape() == COMPLEX || y.shape() == COMPLEX => return None,
        _ if !is_known(x) || !is_known(y) => return None,
        _ => return simple_eq(x, y),
    };
    let (a, b) = (a.items.borrow(), b.items.borrow());
    if a.len() != b.len() {
        return Some(false);
    }
    if a.len() > FEW {
        return None;
    }
    for (x, y) in a.iter().zip(b.iter()) {
        if !simple_eq(x, y)? {
            return Some(false);
        }
    }
    Some(true)
}

/// The truth of what is no object.
#[inline(always)]
pub(super) fn truth_of_immediate(value: &Value) -> Option<bool> {
    if let Some(truth) = value.as_bool() {
        return Some(truth);
    }
    if value.is_none() {
        return Some(false);
    }
    value.as_small_int().map(|i| i != 0)
}

/// The truth of a value.
#[inline(always)]
pub(super) fn truth(value: &Value) -> Option<bool> {
    match value.shape() {
        0 => value
            .as_inline_float()
            .map(|f| f != 0.0)
            .or_else(|| truth_of_immediate(value)),
        STR => value.get_exact::<Str>().map(|text| !text.is_empty()),
        LIST => value.get_exact::<List>().map(|list| !list.is_empty()),
        TUPLE => value.get_exact::<Tuple>().map(|tuple| !tuple.is_empty()),
        DICT => value.get_exact::<Dict>().map(|dict| !dict.is_empty()),
        SET => value.get_exact::<Set>().map(|set| !set.is_empty()),
        _ => None,
    }
}

/// A float, or an integer beside one.
#[inline(always)]
fn double(value: &Value) -> Option<f64> {
    if let Some(f) = value.as_inline_float() {
        return Some(f);
    }
    if let Some(i) = value.as_small_int() {
        return Some(i as f64);
    }
    value.get_exact::<Float>().map(Float::value)
}

/// `x op y` of numbers and sequences.
#[inline(always)]
pub(super) fn binary(vm: &mut Vm, op: BinaryOp, inplace: bool, x: &Value, y: &Value) -> Value {
    if let (Some(f), Some(g)) = (double(x), double(y))
        && !(x.is_small_int() && y.is_small_int())
    {
        return of_floats(op, f, g);
    }
    let is_integer = |v: &Value| v.is_small_int() || v.as_bool().is_some() || v.is_exact::<Int>();
    let wanted = match (op, x.shape()) {
        _ if is_integer(x) && is_integer(y) => true,
        (BinaryOp::Add, STR | TUPLE) => y.shape() == x.shape(),
        (BinaryOp::Add, LIST) if inplace => return extend(x, y),
        (BinaryOp::Add, LIST) => y.shape() == LIST,
        (BinaryOp::Mul, STR | TUPLE) => y.is_small_int(),
        (BinaryOp::Mul, LIST) => y.is_small_int() && !inplace,
        (BinaryOp::And | BinaryOp::Or | BinaryOp::Sub | BinaryOp::Xor, SET | FROZENSET)
            if !inplace =>
        {
            return of_sets(vm, op, x, y);
        }
        (BinaryOp::Mod, STR) => return formatted(x, y),
        (BinaryOp::Mod, BYTES) => return formatted_bytes(x, y),
        _ => false,
    };
    if !wanted {
        return Value::UNDEF;
    }
    // What fails is done again by who may raise.
    match vm.native_binary(op, x, y) {
        Ok(value) if !value.is_not_implemented() => value,
        _ => Value::UNDEF,
    }
}

#[inline(always)]
fn of_floats(op: BinaryOp, f: f64, g: f64) -> Value {
    let result = match op {
        BinaryOp::Add => f + g,
        BinaryOp::Sub => f - g,
        BinaryOp::Mul => f * g,
        BinaryOp::TrueDiv if g != 0.0 => f / g,
        BinaryOp::FloorDiv => match float::floordiv(f, g) {
            Ok(result) => result,
            Err(_) => return Value::UNDEF,
        },
        BinaryOp::Mod => match float::modulo(f, g) {
            Ok(result) => result,
            Err(_) => return Value::UNDEF,
        },
        BinaryOp::Pow => match float::pow(f, g) {
            Ok(Some(result)) => result,
            _ => return Value::UNDEF,
        },
        _ => return Value::UNDEF,
    };
    float::float(result)
}

/// The table of an exact set or frozenset of not too many slots.
#[inline(always)]
fn few_members(value: &Value) -> Option<&SetTable> {
    let table = match value.get_exact::<Set>() {
        Some(set) => set.peek(),
        None => value.get_exact::<FrozenSet>()?.table(),
    };
    (table.room() <= FEW).then_some(table)
}

/// `x op y` of sets.
#[inline(never)]
fn of_sets(vm: &mut Vm, op: BinaryOp, x: &Value, y: &Value) -> Value {
    let (Some(left), Some(right)) = (few_members(x), few_members(y)) else {
        return Value::UNDEF;
    };
    vm.combined_at_once(op, left, right, x.is_exact::<FrozenSet>())
        .unwrap_or(Value::UNDEF)
}

/// `x op y` of sets, where script code need not be asked.
#[inline(never)]
fn order_of_sets(op: CompareOp, x: &Value, y: &Value) -> Option<bool> {
    let (left, right) = (few_members(x)?, few_members(y)?);
    let (m, n) = (left.len(), right.len());
    let within = |a, b| set_ops::is_subset::<Refused>(a, b, &mut set_ops::refuse).ok();
    match op {
        CompareOp::Eq if m != n => Some(false),
        CompareOp::Eq => within(left, right),
        CompareOp::Ne => order_of_sets(CompareOp::Eq, x, y).map(|same| !same),
        CompareOp::Lt if m >= n => Some(false),
        CompareOp::Lt | CompareOp::Le => within(left, right),
        CompareOp::Gt if n >= m => Some(false),
        CompareOp::Gt | CompareOp::Ge => within(right, left),
    }
}

/// `format % args`
#[inline(never)]
fn formatted(format: &Value, args: &Value) -> Value {
    let text = format
        .get_exact::<Str>()
        .and_then(|format| percent::format_plainly(format, args));
    match text {
        Some(text) => text.into_value(),
        None => Value::UNDEF,
    }
}

/// `format % args` of bytes.
#[inline(never)]
fn formatted_bytes(format: &Value, args: &Value) -> Value {
    let bytes = format
        .get_exact::<Bytes>()
        .and_then(|format| percent::format_bytes_plainly(format, args));
    match bytes {
        Some(bytes) => bytes.into_value(),
        None => Value::UNDEF,
    }
}

/// `list += items` of a list or tuple that is another object.
fn extend(list: &Value, items: &Value) -> Value {
    let Some(target) = list.get_exact::<List>() else {
        return Value::UNDEF;
    };
    let extended = match (items.get_exact::<List>(), items.get_exact::<Tuple>()) {
        (Some(more), _) if !list.is(items) => target
            .items
            .borrow_mut()
            .extend_from_slice(&more.items.borrow()),
        (_, Some(more)) => target.items.borrow_mut().extend_from_slice(more.items()),
        _ => return Value::UNDEF,
    };
    match extended {
        Ok(()) => list.clone(),
        Err(_) => Value::UNDEF,
    }
}

/// The indices that three bounds, None or small integers, name in a sequence.
#[inline(always)]
fn bounds(bounds: &[Value; 3], len: usize) -> Option<Indices> {
    let bound = |value: &Value| match value.as_small_int() {
        Some(i) => Some(Some(i)),
        None if value.is_none() => Some(None),
        None => None,
    };
    let [start, stop, step] = bounds;
    indices(len, bound(start)?, bound(stop)?, bound(step)?).ok()
}

/// `obj[start:stop:step]`
#[inline(always)]
pub(super) fn slice(obj: &Value, three: &[Value; 3]) -> Value {
    let made = match obj.shape() {
        LIST => list_slice(obj, three),
        TUPLE => tuple_slice(obj, three),
        STR => str_slice(obj, three),
        _ => None,
    };
    match made {
        Some(value) => value,
        None => Value::UNDEF,
    }
}

#[inline(always)]
fn list_slice(obj: &Value, three: &[Value; 3]) -> Option<Value> {
    let items = obj.get_exact::<List>()?.peek();
    let found = bounds(three, items.len())?;
    let picked = match found.step {
        1 => {
            let part = &items[found.range()];
            Buffer::build(part.len(), |i| part[i].clone())
        }
        -1 if found.count > 0 => {
            let part = &items[found.start + 1 - found.count..=found.start];
            Buffer::build(part.len(), |i| part[part.len() - 1 - i].clone())
        }
        step => Buffer::build(found.count, |i| {
            let steps = step.wrapping_mul(i as isize);
            items[found.start.wrapping_add_signed(steps)].clone()
        }),
    };
    let picked = picked.ok()?;
    Some(List::new(picked).into_value())
}

#[inline(always)]
fn tuple_slice(obj: &Value, three: &[Value; 3]) -> Option<Value> {
    let items = obj.get_exact::<Tuple>()?.items();
    let found = bounds(three, items.len())?;
    if found.count == items.len() && found.step == 1 {
        return Some(obj.clone());
    }
    let index = |i: usize| {
        let steps = found.step.wrapping_mul(i as isize);
        found.start.wrapping_add_signed(steps)
    };
    let made = Tuple::build(found.count, |i| items[index(i)].clone());
    made.ok().map(Ref::into_value)
}

#[inline(always)]
fn str_slice(obj: &Value, three: &[Value; 3]) -> Option<Value> {
    let text = obj.get_exact::<Str>()?;
    let found = bounds(three, text.len())?;
    if found.count == text.len() && found.step == 1 {
        return Some(obj.clone());
    }
    let made = match found.step {
        1 => text.substring(found.start, found.start + found.count),
        step => text.stepped(found.start, step, found.count),
    };
    made.ok().map(Ref::into_value)
}

/// `list[start:stop:step] = items` where as many come as go. Items of a list that is `lost` now may be taken from it.
#[inline(always)]
pub(super) fn set_slice(obj: &Value, three: &[Value; 3], with: &Value, lost: bool) -> Option<()> {
    let list = obj.get_exact::<List>()?;
    if obj.is(with) {
        return None;
    }
    let found = bounds(three, list.len())?;
    if lost
        && found.step == 1
        && let Some(given) = with.get_exact::<List>()
    {
        return move_items(list, found, given);
    }
    let given = with.get_exact::<List>().map(|list| list.items.borrow());
    let new: &[Value] = match &given {
        Some(items) => items,
        None => with.get_exact::<Tuple>()?.items(),
    };
    if new.len() != found.count {
        return None;
    }
    // What dies runs no script here, so nobody sees the list between two items. Of neighbours the last goes first, as in
    // CPython.
    let set = |n: usize| {
        let steps = found.step.wrapping_mul(n as isize);
        drop(list.set(found.start.wrapping_add_signed(steps), new[n].clone()));
    };
    match found.step {
        1 => (0..new.len()).rev().for_each(set),
        _ => (0..new.len()).for_each(set),
    }
    Some(())
}

/// Puts the items of a list that nobody else holds into a part of another that is as long.
#[inline(always)]
fn move_items(list: &List, part: Indices, given: &List) -> Option<()> {
    let mut items = list.items.borrow_mut();
    let mut given = given.items.borrow_mut();
    if given.len() != part.count {
        return None;
    }
    let places = items[part.range()].iter_mut().zip(given.iter_mut());
    // The last goes first, as in `set_slice`.
    for (place, new) in places.rev() {
        *place = std::mem::take(new);
    }
    Some(())
}

/// `format(value, spec)` of strings and numbers.
#[inline(always)]
pub(super) fn format(value: &Value, spec: &Value) -> Value {
    let Some(spec) = spec.get_exact::<Str>() else {
        return Value::UNDEF;
    };
    let subject = if let Some(text) = value.get_exact::<Str>() {
        Subject::Str(text)
    } else if let Some(f) = value.as_inline_float() {
        Subject::Float(f)
    } else if let Some(i) = value.as_small_int() {
        Subject::Int(IntView::Small(i))
    } else {
        return Value::UNDEF;
    };
    match format_spec::format(subject, spec.bytes(), "") {
        Ok(text) => text.into_value(),
        Err(_) => Value::UNDEF,
    }
}
