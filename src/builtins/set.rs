//! `set` and `frozenset`: their tables.
//!
//! A method that takes iterables gathers those that are no sets in its native
//! frame first; then everything is at hand, and the operation runs at once.

use super::adapt::{Each, for_each, lift, size_value};
use super::functions::{outcome, pull};
use super::operators;
use super::set_at_once;
use super::set_items::{
    ADDED, FROZENSET_OF, KEPT, LEFT_OUT, REMOVED, SET_OF, Streamed, keep_common,
};
use crate::heap::{Ref, Value};
use crate::object::class::class_flags;
use crate::object::dict::Dict;
use crate::object::hash::frozenset_hash;
use crate::object::int;
use crate::object::kind;
use crate::object::list::List;
use crate::object::native::{Def, Input, NativeFrame, R, Raised, Step, TypeDef};
use crate::object::set::{FrozenSet, Set, SetTable, with_table};
use crate::object::set_ops;
use crate::object::tuple::Tuple;
use crate::receiver;
use crate::vm::Vm;

/// `set`
pub static SET: TypeDef = TypeDef {
    at_once: Some(crate::builtins::functions::at_once::set),
    of_one: Some(&SET_OF),
    flags: class_flags::BASE | class_flags::MATCH_SELF | class_flags::WEAKREF,
    doc: "set() -> new empty set object\nset(iterable) -> new set object\n\nBuild an unordered collection of unique elements.",
    new: Some(Def::raw("__new__(cls, /, *args, **kwargs)", new)),
    methods: SET_METHODS,
    ..TypeDef::new("builtins", "set", kind::SET)
};

/// `frozenset`
pub static FROZENSET: TypeDef = TypeDef {
    at_once: Some(crate::builtins::functions::at_once::frozenset),
    of_one: Some(&FROZENSET_OF),
    flags: class_flags::BASE | class_flags::MATCH_SELF | class_flags::WEAKREF,
    doc: "frozenset() -> empty frozenset object\nfrozenset(iterable) -> frozenset object\n\nBuild an immutable unordered collection of unique elements.",
    new: Some(Def::frame("__new__(cls, iterable=(), /)", 1, new_frozen).takes(1, take_member::<2>)),
    methods: FROZEN_METHODS,
    ..TypeDef::new("builtins", "frozenset", kind::FROZENSET)
};

/// How many registers a method with gathered operands has beyond self and `*others`.
const EXTRA: u16 = 4;
const OTHERS: usize = 1;
pub(super) const READY: usize = 2;
const SOURCE: usize = 3;
pub(super) const ITEMS: usize = 4;
const COUNT: usize = 5;

static SET_METHODS: &[Def] = &[
    Def::leaf("add(self, object, /)", add).doc("Puts an element in, unless it is there."),
    Def::leaf("clear(self, /)", clear).doc("Takes all elements out."),
    Def::leaf("copy(self, /)", copy).doc("A set of the same elements."),
    Def::frame("difference(self, /, *others)", EXTRA, difference)
        .at_once(set_at_once::difference::<false>)
        .doc("The elements that none of the others has."),
    Def::frame(
        "difference_update(self, /, *others)",
        EXTRA,
        difference_update,
    )
    .doc("Takes out what is in one of the others."),
    Def::leaf("discard(self, object, /)", discard).doc("Takes an element out if it is there."),
    Def::frame("intersection(self, /, *others)", EXTRA, intersection)
        .at_once(set_at_once::intersection::<false>)
        .doc("The elements that all the others have too."),
    Def::frame(
        "intersection_update(self, /, *others)",
        EXTRA,
        intersection_update,
    )
    .doc("Keeps only what is in all the others."),
    Def::frame("isdisjoint(self, other, /)", EXTRA, isdisjoint)
        .doc("Whether no element is in both."),
    Def::frame("issubset(self, other, /)", EXTRA, issubset)
        .at_once(set_at_once::issubset::<false>)
        .doc("Whether all elements are in the other too."),
    Def::frame("issuperset(self, other, /)", EXTRA, issuperset)
        .at_once(set_at_once::issuperset::<false>)
        .doc("Whether all elements of the other are here too."),
    Def::leaf("pop(self, /)", pop)
        .doc("Takes some element out and returns it; a KeyError if there is none."),
    Def::leaf("remove(self, object, /)", remove)
        .doc("Takes an element out; a KeyError if it is not there."),
    Def::frame(
        "symmetric_difference(self, other, /)",
        EXTRA,
        symmetric_difference,
    )
    .doc("The elements that only one of both has."),
    Def::frame(
        "symmetric_difference_update(self, other, /)",
        EXTRA,
        symmetric_difference_update,
    )
    .doc("Keeps what only one of both has."),
    Def::frame("union(self, /, *others)", EXTRA, union)
        .at_once(set_at_once::union::<false>)
        .doc("The elements of this set and of all the others."),
    Def::frame("update(self, /, *others)", EXTRA, update)
        .at_once(set_at_once::update)
        .doc("Takes in the elements of all the others."),
    Def::leaf("__and__(self, value, /)", operators::and),
    Def::leaf("__class_getitem__(cls, item, /)", super::adapt::alias).class(),
    Def::leaf("__contains__(self, key, /)", contains),
    Def::leaf("__eq__(self, value, /)", operators::eq),
    Def::leaf("__ge__(self, value, /)", operators::ge),
    Def::leaf("__gt__(self, value, /)", operators::gt),
    Def::leaf("__iand__(self, value, /)", iand),
    Def::frame("__init__(self, iterable=(), /)", 1, init)
        .at_once(init_at_once)
        .takes(1, take_member::<0>),
    Def::leaf("__ior__(self, value, /)", ior),
    Def::leaf("__isub__(self, value, /)", isub),
    Def::leaf("__iter__(self, /)", operators::iter),
    Def::leaf("__ixor__(self, value, /)", ixor),
    Def::leaf("__le__(self, value, /)", operators::le),
    Def::leaf("__len__(self, /)", operators::len),
    Def::leaf("__lt__(self, value, /)", operators::lt),
    Def::leaf("__ne__(self, value, /)", operators::ne),
    Def::leaf("__or__(self, value, /)", operators::or),
    Def::leaf("__rand__(self, value, /)", operators::rand),
    Def::leaf("__reduce__(self, /)", reduce),
    Def::leaf("__repr__(self, /)", operators::repr),
    Def::leaf("__ror__(self, value, /)", operators::ror),
    Def::leaf("__rsub__(self, value, /)", operators::rsub),
    Def::leaf("__rxor__(self, value, /)", operators::rxor),
    Def::leaf("__sizeof__(self, /)", sizeof),
    Def::leaf("__sub__(self, value, /)", operators::sub),
    Def::leaf("__xor__(self, value, /)", operators::xor),
];

static FROZEN_METHODS: &[Def] = &[
    Def::leaf("copy(self, /)", copy).doc("A set of the same elements."),
    Def::frame("difference(self, /, *others)", EXTRA, difference)
        .at_once(set_at_once::difference::<true>)
        .doc("The elements that none of the others has."),
    Def::frame("intersection(self, /, *others)", EXTRA, intersection)
        .at_once(set_at_once::intersection::<true>)
        .doc("The elements that all the others have too."),
    Def::frame("isdisjoint(self, other, /)", EXTRA, isdisjoint)
        .doc("Whether no element is in both."),
    Def::frame("issubset(self, other, /)", EXTRA, issubset)
        .at_once(set_at_once::issubset::<true>)
        .doc("Whether all elements are in the other too."),
    Def::frame("issuperset(self, other, /)", EXTRA, issuperset)
        .at_once(set_at_once::issuperset::<true>)
        .doc("Whether all elements of the other are here too."),
    Def::frame(
        "symmetric_difference(self, other, /)",
        EXTRA,
        symmetric_difference,
    )
    .doc("The elements that only one of both has."),
    Def::frame("union(self, /, *others)", EXTRA, union)
        .at_once(set_at_once::union::<true>)
        .doc("The elements of this set and of all the others."),
    Def::leaf("__and__(self, value, /)", operators::and),
    Def::leaf("__class_getitem__(cls, item, /)", super::adapt::alias).class(),
    Def::leaf("__contains__(self, key, /)", contains),
    Def::leaf("__eq__(self, value, /)", operators::eq),
    Def::leaf("__ge__(self, value, /)", operators::ge),
    Def::leaf("__gt__(self, value, /)", operators::gt),
    Def::leaf("__hash__(self, /)", hash),
    Def::leaf("__iter__(self, /)", operators::iter),
    Def::leaf("__le__(self, value, /)", operators::le),
    Def::leaf("__len__(self, /)", operators::len),
    Def::leaf("__lt__(self, value, /)", operators::lt),
    Def::leaf("__ne__(self, value, /)", operators::ne),
    Def::leaf("__or__(self, value, /)", operators::or),
    Def::leaf("__rand__(self, value, /)", operators::rand),
    Def::leaf("__reduce__(self, /)", reduce),
    Def::leaf("__repr__(self, /)", operators::repr),
    Def::leaf("__ror__(self, value, /)", operators::ror),
    Def::leaf("__rsub__(self, value, /)", operators::rsub),
    Def::leaf("__rxor__(self, value, /)", operators::rxor),
    Def::leaf("__sizeof__(self, /)", sizeof),
    Def::leaf("__sub__(self, value, /)", operators::sub),
    Def::leaf("__xor__(self, value, /)", operators::xor),
];

pub(super) fn set_of(vm: &mut Vm, value: &Value) -> R<Ref<Set>> {
    match value.to_ref::<Set>() {
        Some(set) => Ok(set),
        None => Err(super::adapt::bad_receiver(vm, value, "set")),
    }
}

/// A copy of the table of a set or frozenset, slot for slot.
fn snapshot(vm: &mut Vm, value: &Value) -> R<SetTable> {
    match with_table(value, SetTable::snapshot) {
        Some(table) => lift(vm, table),
        None => Err(super::adapt::bad_receiver(vm, value, "set")),
    }
}

/// A table as a set of the receiver's built-in type.
fn like(receiver: &Value, table: SetTable) -> Value {
    if receiver.is_kind::<FrozenSet>() {
        FrozenSet::new(table).into_value()
    } else {
        Set::new(table).into_value()
    }
}

fn new(vm: &mut Vm, args: &[Value], _: &[Value]) -> R {
    let shape = vm.shape_for_new(&args[0], &SET)?;
    if shape == kind::SET as u32 {
        return Ok(Set::new(SetTable::new()).into_value());
    }
    Ok(Set::with_shape(shape, SetTable::new()).into_value())
}

/// Registers: self, iterable, items.
fn init(vm: &mut Vm, frame: &mut NativeFrame<'_>, input: Input) -> Step {
    if matches!(input, Input::Start)
        && let Some(set) = frame.regs[0].get::<Set>()
        && !set.table.borrow().is_empty()
    {
        let old = set.table.borrow_mut().take();
        drop(old);
    }
    if frame.state != 0 || !is_table(&frame.regs[1]) {
        return match for_each(vm, frame, input, 1, |vm, regs, item| {
            add_item(vm, &regs[0], &item)
        }) {
            Ok(()) => Step::Return(Value::NONE),
            Err(step) => step,
        };
    }
    let table = match table_of(vm, &frame.regs[1].clone()) {
        Ok(table) => table,
        Err(raised) => return Step::Raise(raised),
    };
    if let Some(set) = frame.regs[0].get::<Set>() {
        let old = set.table.replace(table);
        drop(old);
    }
    Step::Return(Value::NONE)
}

/// The same of a new set that stays empty.
fn init_at_once(_: &mut Vm, args: &[Value]) -> Option<R> {
    let is_new = args[0].get::<Set>()?.table.borrow().is_empty();
    (is_new && args.len() == 1).then_some(Ok(Value::NONE))
}

/// See `Def::takes`: for frames that add items to the set in register `SET`.
pub(super) fn take_member<const SET: usize>(
    _: &mut Vm,
    state: u8,
    regs: &mut [Value],
    item: Value,
) -> Result<(), Value> {
    match regs[SET].get::<Set>() {
        Some(set) if state == 2 && set.add_at_once(&item) => Ok(()),
        _ => Err(item),
    }
}

/// More items are wanted.
pub(super) fn add_item(vm: &mut Vm, set: &Value, item: &Value) -> R<bool> {
    let set = set_of(vm, set)?;
    vm.set_add(&set, item).map(|()| true)
}

/// Registers: class, iterable, items.
fn new_frozen(vm: &mut Vm, frame: &mut NativeFrame<'_>, input: Input) -> Step {
    let shape = match vm.shape_for_new(&frame.regs[0], &FROZENSET) {
        Ok(shape) => shape,
        Err(raised) => return Step::Raise(raised),
    };
    let exact = shape == kind::FROZENSET as u32;
    if frame.state == 0 && exact && frame.regs[1].is_exact::<FrozenSet>() {
        return Step::Return(frame.regs[1].clone());
    }
    let table = match frame.state == 0 && is_table(&frame.regs[1]) {
        true => table_of(vm, &frame.regs[1].clone()),
        false => match gather_set(vm, frame, input, (1, 2)) {
            Ok(members) => Ok(members.table.take()),
            Err(step) => return step,
        },
    };
    match table {
        Ok(table) if exact => Step::Return(FrozenSet::new(table).into_value()),
        Ok(table) => Step::Return(FrozenSet::with_shape(shape, table).into_value()),
        Err(raised) => Step::Raise(raised),
    }
}

/// The set of the items of an iterable, made in a register.
fn gather_set(
    vm: &mut Vm,
    frame: &mut NativeFrame<'_>,
    input: Input,
    (source, items): (usize, usize),
) -> Result<Ref<Set>, Step> {
    if frame.regs[items].is_undef() {
        frame.regs[items] = Set::new(SetTable::new()).into_value();
    }
    let add: Each = match items {
        2 => |vm, regs, item| add_item(vm, &regs[2], &item),
        _ => |vm, regs, item| add_item(vm, &regs[ITEMS], &item),
    };
    for_each(vm, frame, input, source, add)?;
    set_of(vm, &frame.regs[items]).map_err(Step::Raise)
}

pub(super) fn is_table(value: &Value) -> bool {
    with_table(value, |_| ()).is_some() || value.is_exact::<Dict>()
}

/// A new table of the members of a set or of the keys of a dict.
pub(super) fn table_of(vm: &mut Vm, operand: &Value) -> R<SetTable> {
    if let Some(copy) = with_table(operand, SetTable::copy) {
        return lift(vm, copy);
    }
    let mut table = SetTable::new();
    add_all(vm, &mut table, operand)?;
    Ok(table)
}

/// Adds the members of an operand to a table nobody else sees.
fn add_all(vm: &mut Vm, table: &mut SetTable, operand: &Value) -> R<()> {
    if let Some(dict) = operand.get::<Dict>() {
        let keys = dict.hashed_keys();
        let room = table.expect_members(keys.len());
        lift(vm, room)?;
        for (hash, key) in keys {
            set_ops::add::<Raised>(table, hash, &key, &mut |a, b| vm.eq(a, b))?;
        }
        return Ok(());
    }
    let other = snapshot(vm, operand)?;
    set_ops::update::<Raised>(table, &other, &mut |a, b| vm.eq(a, b))
}

/// One operand after another: sets and dicts as they are, other iterables item by item; each is worked
/// into the table of the set in register READY before the next is looked at.
fn fold(
    vm: &mut Vm,
    frame: &mut NativeFrame<'_>,
    input: Input,
    begin: fn(&mut Vm, &Value) -> R,
    work: fn(&mut Vm, &Ref<Set>, &Value, usize) -> R<()>,
    streamed: &Streamed,
) -> Result<Ref<Set>, Step> {
    if frame.regs[READY].is_undef() {
        frame.regs[COUNT] = Value::int32(0);
        frame.regs[READY] = begin(vm, &frame.regs[0]).map_err(Step::Raise)?;
    }
    let Some(so_far) = frame.regs[READY].to_ref::<Set>() else {
        return Err(Step::Return(Value::NONE));
    };
    let mut input = input;
    loop {
        let count = frame.regs[COUNT].as_small_int().unwrap_or(0) as usize;
        let others = frame.regs[OTHERS].get_exact::<Tuple>();
        let other = others.and_then(|others| others.get(count));
        let Some(other) = other else {
            return Ok(so_far);
        };
        if frame.state == 0 && is_table(&other) {
            work(vm, &so_far, &other, count).map_err(Step::Raise)?;
        } else {
            if frame.state == 0 {
                frame.regs[SOURCE] = other;
                (streamed.begin)(vm, frame.regs, count).map_err(Step::Raise)?;
            }
            for_each(vm, frame, input, SOURCE, streamed.each)?;
            (streamed.end)(vm, frame.regs).map_err(Step::Raise)?;
        }
        frame.state = 0;
        input = Input::Start;
        frame.regs[COUNT] = Value::int32(count as i32 + 1);
    }
}

/// The only operand as a table of its own.
fn table_of_one(vm: &mut Vm, frame: &mut NativeFrame<'_>, input: Input) -> Result<SetTable, Step> {
    if frame.state == 0 && is_table(&frame.regs[OTHERS]) {
        return table_of(vm, &frame.regs[OTHERS].clone()).map_err(Step::Raise);
    }
    if frame.state == 0 {
        frame.regs[SOURCE] = frame.regs[OTHERS].clone();
    }
    Ok(gather_set(vm, frame, input, (SOURCE, ITEMS))?.table.take())
}

/// The receiver itself is worked on.
fn in_place(_: &mut Vm, receiver: &Value) -> R {
    Ok(receiver.clone())
}

/// A copy, slot for slot where members are left out of it.
fn in_copy(vm: &mut Vm, receiver: &Value) -> R {
    snapshot(vm, receiver).map(|table| Set::new(table).into_value())
}

fn intersect(vm: &mut Vm, so_far: &Ref<Set>, operand: &Value, _: usize) -> R<()> {
    let table = intersected(vm, so_far.as_value(), std::slice::from_ref(operand))?;
    replace(vm, so_far.as_value(), table).map(drop)
}

fn remove_from(vm: &mut Vm, set: &Ref<Set>, operand: &Value) -> R<()> {
    let mut table = snapshot(vm, set.as_value())?;
    if operand.is(set.as_value()) {
        table = SetTable::new();
    } else {
        // Where it fails half-way, what came before is gone already.
        let removed = remove_all(vm, &mut table, operand);
        replace(vm, set.as_value(), table)?;
        return removed;
    }
    replace(vm, set.as_value(), table).map(drop)
}

fn copied(vm: &mut Vm, receiver: &Value) -> R {
    let copied = with_table(receiver, SetTable::copy).unwrap_or(Ok(SetTable::new()));
    lift(vm, copied).map(|table| Set::new(table).into_value())
}

macro_rules! with_operands {
    ($(#[doc = $doc:literal] $name:ident = $begin:ident, $work:expr, $streamed:ident, $end:expr;)+) => {$(
        #[doc = $doc]
        fn $name(vm: &mut Vm, frame: &mut NativeFrame<'_>, input: Input) -> Step {
            let done = match fold(vm, frame, input, $begin, $work, &$streamed) {
                Ok(done) => done,
                Err(step) => return step,
            };
            let end: fn(&mut Vm, &Value, &Ref<Set>) -> R = $end;
            let receiver = frame.regs[0].clone();
            end(vm, &receiver, &done).into()
        }
    )+};
}

/// What was worked out as a set of the receiver's built-in type.
fn made_like(_: &mut Vm, receiver: &Value, done: &Ref<Set>) -> R {
    let table = done.table.borrow_mut().take();
    Ok(like(receiver, table))
}

fn nothing(_: &mut Vm, _: &Value, _: &Ref<Set>) -> R {
    Ok(Value::NONE)
}

with_operands! {
    #[doc = "`union`"] union = copied, |vm, so_far, operand, _| vm.set_merge(so_far, operand).map(drop), ADDED, made_like;
    #[doc = "`update`"] update = in_place, |vm, set, operand, _| vm.set_merge(set, operand).map(drop), ADDED, nothing;
    #[doc = "`intersection`"] intersection = in_copy, intersect, KEPT, made_like;
    #[doc = "`intersection_update`"] intersection_update = in_copy, intersect, KEPT, |vm, receiver, done| {
        let table = done.table.borrow_mut().take();
        replace(vm, receiver, table)
    };
    #[doc = "`difference`"] difference = in_copy, |vm, so_far, operand, count| {
        let table = match count {
            0 => differing(vm, so_far.as_value(), operand)?,
            _ => return remove_from(vm, so_far, operand),
        };
        replace(vm, so_far.as_value(), table).map(drop)
    }, LEFT_OUT, made_like;
    #[doc = "`difference_update`"] difference_update = in_place, |vm, set, operand, _| remove_from(vm, set, operand), REMOVED, nothing;
}

fn symmetric_difference(vm: &mut Vm, frame: &mut NativeFrame<'_>, input: Input) -> Step {
    let mut table = match table_of_one(vm, frame, input) {
        Ok(table) => table,
        Err(step) => return step,
    };
    let receiver = frame.regs[0].clone();
    let toggled = snapshot(vm, &receiver).and_then(|own| {
        set_ops::symmetric_update::<Raised>(&mut table, &own, &mut |a, b| vm.eq(a, b))
    });
    toggled.map(|()| like(&receiver, table)).into()
}

fn symmetric_difference_update(vm: &mut Vm, frame: &mut NativeFrame<'_>, input: Input) -> Step {
    let other = match table_of_one(vm, frame, input) {
        Ok(table) => table,
        Err(step) => return step,
    };
    let receiver = frame.regs[0].clone();
    toggled(vm, &receiver, &other)
        .and_then(|table| replace(vm, &receiver, table))
        .into()
}

fn issubset(vm: &mut Vm, frame: &mut NativeFrame<'_>, input: Input) -> Step {
    if frame.state == 0 {
        if with_table(&frame.regs[OTHERS], |_| ()).is_some() {
            return superset_of(vm, &frame.regs[OTHERS], &frame.regs[0]).into();
        }
        frame.regs[SOURCE] = frame.regs[OTHERS].clone();
        frame.regs[READY] = frame.regs[0].clone();
        frame.regs[ITEMS] = Set::new(SetTable::new()).into_value();
    }
    if let Err(step) = for_each(vm, frame, input, SOURCE, keep_common) {
        return step;
    }
    let len = |value: &Value| with_table(value, SetTable::len).unwrap_or(0);
    Step::Return(Value::bool(len(&frame.regs[ITEMS]) == len(&frame.regs[0])))
}

fn isdisjoint(vm: &mut Vm, frame: &mut NativeFrame<'_>, input: Input) -> Step {
    if frame.state == 0 && with_table(&frame.regs[OTHERS], |_| ()).is_some() {
        return disjoint_sets(vm, &frame.regs[0], &frame.regs[OTHERS]).into();
    }
    look_through(vm, frame, input, true)
}

fn disjoint_sets(vm: &mut Vm, own: &Value, other: &Value) -> R {
    let (own, other) = (snapshot(vm, own)?, table_of(vm, other)?);
    set_ops::is_disjoint::<Raised>(&own, &other, &mut |a, b| vm.eq(a, b)).map(Value::bool)
}

fn issuperset(vm: &mut Vm, frame: &mut NativeFrame<'_>, input: Input) -> Step {
    if frame.state == 0 && with_table(&frame.regs[OTHERS], |_| ()).is_some() {
        return superset_of(vm, &frame.regs[0], &frame.regs[OTHERS]).into();
    }
    look_through(vm, frame, input, false)
}

fn superset_of(vm: &mut Vm, own: &Value, other: &Value) -> R {
    let (own, other) = (snapshot(vm, own)?, table_of(vm, other)?);
    set_ops::is_subset::<Raised>(&other, &own, &mut |a, b| vm.eq(a, b)).map(Value::bool)
}

/// Goes through an iterable until an item is a member of the receiver, or until one is none: then the
/// answer is False. States: 0 the iterator comes, 1 an item comes.
fn look_through(vm: &mut Vm, frame: &mut NativeFrame<'_>, input: Input, member_ends: bool) -> Step {
    let mut incoming = match input {
        Input::Start => match outcome(vm.iter_step(&frame.regs[OTHERS])) {
            Ok(iterator) => Some(iterator),
            Err(wait) => return wait,
        },
        Input::Value(value) | Input::Yielded(value) => Some(value),
        Input::Raised(raised) => return Step::Raise(raised),
    };
    if frame.state == 0 {
        frame.regs[SOURCE] = incoming.take().unwrap_or(Value::NONE);
        frame.state = 1;
    }
    loop {
        let item = match incoming.take() {
            Some(item) => item,
            None => match pull(vm, &frame.regs[SOURCE]) {
                Ok(item) => item,
                Err(wait) => return wait,
            },
        };
        if item.is_undef() {
            return Step::Return(Value::TRUE);
        }
        match vm.set_contains(&frame.regs[0], &item) {
            Ok(found) if found == member_ends => return Step::Return(Value::FALSE),
            Ok(_) => {}
            Err(raised) => return Step::Raise(raised),
        }
    }
}

/// Puts a table into a set in place of its own.
pub(super) fn replace(vm: &mut Vm, receiver: &Value, table: SetTable) -> R {
    let set = set_of(vm, receiver)?;
    let old = set.table.replace(table);
    drop(old);
    Ok(Value::NONE)
}

fn intersected(vm: &mut Vm, receiver: &Value, operands: &[Value]) -> R<SetTable> {
    if operands.is_empty() {
        let copied = with_table(receiver, SetTable::copy).unwrap_or(Ok(SetTable::new()));
        return lift(vm, copied);
    }
    let mut table = snapshot(vm, receiver)?;
    for operand in operands {
        table = match with_table(operand, SetTable::snapshot) {
            Some(other) => {
                let other = lift(vm, other)?;
                set_ops::intersection::<Raised>(&table, &other, &mut |a, b| vm.eq(a, b))?
            }
            None => common_items(vm, &table, operand)?,
        };
    }
    Ok(table)
}

/// The keys of a dict that are in a table, in their own order.
fn common_items(vm: &mut Vm, table: &SetTable, operand: &Value) -> R<SetTable> {
    let mut common = SetTable::new();
    // As any iterable: its keys are hashed anew.
    let pairs = operand.get::<Dict>().map_or_else(Vec::new, Dict::pairs);
    let items: Vec<Value> = pairs.into_iter().map(|(key, _)| key).collect();
    for item in items {
        // No more can be found.
        if !common.is_empty() && common.len() >= table.len() {
            break;
        }
        let hash = vm.hash(&item)?;
        if set_ops::find::<Raised>(table, hash, &item, &mut |a, b| vm.eq(a, b))?.is_some() {
            set_ops::add::<Raised>(&mut common, hash, &item, &mut |a, b| vm.eq(a, b))?;
        }
    }
    Ok(common)
}

/// `receiver - operand` as `difference` makes it.
fn differing(vm: &mut Vm, receiver: &Value, operand: &Value) -> R<SetTable> {
    let own = snapshot(vm, receiver)?;
    if let Some(other) = with_table(operand, SetTable::snapshot) {
        let other = lift(vm, other)?;
        return set_ops::difference::<Raised>(&own, &other, &mut |a, b| vm.eq(a, b));
    }
    if operand.is_exact::<Dict>() {
        let other = table_of(vm, operand)?;
        return set_ops::difference::<Raised>(&own, &other, &mut |a, b| vm.eq(a, b));
    }
    let copied = own.copy();
    let mut table = lift(vm, copied)?;
    remove_all(vm, &mut table, operand)?;
    Ok(table)
}

fn remove_all(vm: &mut Vm, table: &mut SetTable, operand: &Value) -> R<()> {
    if let Some(other) = with_table(operand, SetTable::snapshot) {
        let other = lift(vm, other)?;
        return set_ops::difference_update::<Raised>(table, &other, &mut |a, b| vm.eq(a, b));
    }
    if let Some(dict) = operand.get::<Dict>() {
        for (hash, key) in dict.hashed_keys() {
            set_ops::discard::<Raised>(table, hash, &key, &mut |a, b| vm.eq(a, b))?;
        }
    }
    let tidied = table.tidy();
    lift(vm, tidied)
}

/// The receiver's table with the members of another toggled.
fn toggled(vm: &mut Vm, receiver: &Value, other: &SetTable) -> R<SetTable> {
    let mut table = snapshot(vm, receiver)?;
    set_ops::symmetric_update::<Raised>(&mut table, other, &mut |a, b| vm.eq(a, b))?;
    Ok(table)
}

fn add(vm: &mut Vm, args: &[Value]) -> R {
    if let Some(set) = args[0].get::<Set>()
        && set.add_at_once(&args[1])
    {
        return Ok(Value::NONE);
    }
    let set = set_of(vm, &args[0])?;
    vm.set_add(&set, &args[1]).map(|()| Value::NONE)
}

/// A set that is looked up in a set counts as a frozenset of its members.
fn looked_up(vm: &mut Vm, key: &Value) -> R<Value> {
    if !key.is_kind::<Set>() || vm.is_hashable(key) {
        return Ok(key.clone());
    }
    let table = snapshot(vm, key)?;
    Ok(FrozenSet::new(table).into_value())
}

fn discard(vm: &mut Vm, args: &[Value]) -> R {
    if let Some(set) = args[0].get::<Set>()
        && set.remove_at_once(&args[1]).is_some()
    {
        return Ok(Value::NONE);
    }
    let set = set_of(vm, &args[0])?;
    let key = looked_up(vm, &args[1])?;
    vm.set_discard(&set, &key).map(|_| Value::NONE)
}

fn remove(vm: &mut Vm, args: &[Value]) -> R {
    let set = set_of(vm, &args[0])?;
    let key = looked_up(vm, &args[1])?;
    match vm.set_discard(&set, &key)? {
        true => Ok(Value::NONE),
        false => Err(vm.key_error(&args[1])),
    }
}

fn contains(vm: &mut Vm, args: &[Value]) -> R {
    let key = looked_up(vm, &args[1])?;
    vm.set_contains(&args[0], &key).map(Value::bool)
}

fn clear(vm: &mut Vm, args: &[Value]) -> R {
    let old = receiver!(vm, args[0], Set, "set").table.borrow_mut().take();
    drop(old);
    Ok(Value::NONE)
}

fn copy(vm: &mut Vm, args: &[Value]) -> R {
    if args[0].is_exact::<FrozenSet>() {
        return Ok(args[0].clone());
    }
    let copied = with_table(&args[0], SetTable::copy).unwrap_or(Ok(SetTable::new()));
    let table = lift(vm, copied)?;
    Ok(like(&args[0], table))
}

fn pop(vm: &mut Vm, args: &[Value]) -> R {
    let popped = receiver!(vm, args[0], Set, "set").table.borrow_mut().pop();
    match popped {
        Some(member) => Ok(member),
        None => Err(vm.key_error_text("pop from an empty set")),
    }
}

fn hash(vm: &mut Vm, args: &[Value]) -> R {
    let set = receiver!(vm, args[0], FrozenSet, "frozenset");
    Ok(int::from_i64(frozenset_hash(
        set.table().iter_hashed().map(|(hash, _)| hash),
        set.len(),
    )))
}

/// An augmented operator: only a set or frozenset may stand on the right.
fn augmented(vm: &mut Vm, args: &[Value], change: fn(&mut Vm, &Ref<Set>, &Value) -> R<()>) -> R {
    if with_table(&args[1], |_| ()).is_none() {
        return Ok(Value::NOT_IMPLEMENTED);
    }
    let set = set_of(vm, &args[0])?;
    change(vm, &set, &args[1])?;
    Ok(args[0].clone())
}

fn ior(vm: &mut Vm, args: &[Value]) -> R {
    augmented(vm, args, |vm, set, other| {
        vm.set_merge(set, other).map(drop)
    })
}

fn iand(vm: &mut Vm, args: &[Value]) -> R {
    augmented(vm, args, |vm, set, other| {
        let table = intersected(vm, set.as_value(), std::slice::from_ref(other))?;
        replace(vm, set.as_value(), table).map(drop)
    })
}

fn isub(vm: &mut Vm, args: &[Value]) -> R {
    augmented(vm, args, |vm, set, other| {
        let mut table = snapshot(vm, set.as_value())?;
        if other.is(set.as_value()) {
            table = SetTable::new();
        } else {
            remove_all(vm, &mut table, other)?;
        }
        replace(vm, set.as_value(), table).map(drop)
    })
}

fn ixor(vm: &mut Vm, args: &[Value]) -> R {
    augmented(vm, args, |vm, set, other| {
        let other = snapshot(vm, other)?;
        let table = toggled(vm, set.as_value(), &other)?;
        replace(vm, set.as_value(), table).map(drop)
    })
}

fn reduce(vm: &mut Vm, args: &[Value]) -> R {
    // A subclass may have an `__iter__` of its own.
    let members = vm.collect_hinted(&args[0])?;
    let class = vm.class_of(&args[0]).into_value();
    let state = super::reduce::state_of(vm, &args[0], false)?;
    let members = Tuple::one(List::from_vec(members).into_value()).into_value();
    Ok(Tuple::few([class, members, state]).into_value())
}

fn sizeof(_: &mut Vm, args: &[Value]) -> R {
    let len = with_table(&args[0], SetTable::len).unwrap_or(0);
    let slots = if len < 5 {
        0
    } else {
        (len * 5 / 3 + 1).next_power_of_two()
    };
    Ok(size_value(200 + 16 * slots))
}
