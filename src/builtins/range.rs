//! `range` and `slice`: their tables.

use super::adapt::{given, lift, made, size_value};
use super::operators;
use crate::heap::Value;
use crate::object::class::class_flags;
use crate::object::compare::numbers_equal;
use crate::object::float;
use crate::object::hash::simple_hash;
use crate::object::int::{self, IntView};
use crate::object::iterator::{LongRangeIterator, RangeIterator};
use crate::object::kind;
use crate::object::native::{Attribute, Def, R, TypeDef};
use crate::object::range::{Range, big_indices};
use crate::object::slice::Slice;
use crate::object::tuple::Tuple;
use crate::receiver;
use crate::vm::Vm;
use crate::vm::compare::CompareOp;

/// `range`
pub static RANGE: TypeDef = TypeDef {
    at_once: Some(crate::builtins::functions::at_once::range),
    flags: class_flags::SEQUENCE,
    doc: "range(stop) -> range object\nrange(start, stop[, step]) -> range object",
    new: Some(Def::leaf(
        "__new__(cls, start=<unset>, stop=<unset>, step=<unset>, /)",
        new,
    )),
    methods: METHODS,
    attributes: ATTRIBUTES,
    ..TypeDef::new("builtins", "range", kind::RANGE)
};

/// `slice`
pub static SLICE: TypeDef = TypeDef {
    doc: "slice(stop)\nslice(start, stop[, step])",
    new: Some(Def::leaf(
        "__new__(cls, start=<unset>, stop=<unset>, step=<unset>, /)",
        new_slice,
    )),
    methods: SLICE_METHODS,
    attributes: SLICE_ATTRIBUTES,
    ..TypeDef::new("builtins", "slice", kind::SLICE)
};

static METHODS: &[Def] = &[
    Def::leaf("count(self, value, /)", count)
        .doc("Whether the value is one of these numbers: 1 or 0."),
    Def::leaf("index(self, value, /)", index)
        .doc("At what index the value is; a ValueError if nowhere."),
    Def::leaf("__bool__(self, /)", truth),
    Def::leaf("__contains__(self, key, /)", contains),
    Def::leaf("__eq__(self, value, /)", operators::eq),
    Def::leaf("__ge__(self, value, /)", operators::ge),
    Def::leaf("__getitem__(self, key, /)", operators::getitem),
    Def::leaf("__gt__(self, value, /)", operators::gt),
    Def::leaf("__hash__(self, /)", hash),
    Def::leaf("__iter__(self, /)", iter),
    Def::leaf("__le__(self, value, /)", operators::le),
    Def::leaf("__len__(self, /)", len),
    Def::leaf("__lt__(self, value, /)", operators::lt),
    Def::leaf("__ne__(self, value, /)", operators::ne),
    Def::leaf("__reduce__(self, /)", reduce),
    Def::leaf("__repr__(self, /)", operators::repr),
    Def::leaf("__reversed__(self, /)", reversed).doc("The numbers from the last to the first."),
];

static ATTRIBUTES: &[Attribute] = &[
    Attribute::get("start", |vm, value| {
        Ok(receiver!(vm, *value, Range, "range").start.clone())
    }),
    Attribute::get("stop", |vm, value| {
        Ok(receiver!(vm, *value, Range, "range").stop.clone())
    }),
    Attribute::get("step", |vm, value| {
        Ok(receiver!(vm, *value, Range, "range").step.clone())
    }),
];

static SLICE_METHODS: &[Def] = &[
    Def::leaf("indices(self, length, /)", indices).doc("S.indices(len) -> (start, stop, stride)"),
    Def::leaf("__eq__(self, value, /)", operators::eq),
    Def::leaf("__ge__(self, value, /)", operators::ge),
    Def::leaf("__gt__(self, value, /)", operators::gt),
    Def::leaf("__hash__(self, /)", slice_hash),
    Def::leaf("__le__(self, value, /)", operators::le),
    Def::leaf("__lt__(self, value, /)", operators::lt),
    Def::leaf("__ne__(self, value, /)", operators::ne),
    Def::leaf("__reduce__(self, /)", slice_reduce),
    Def::leaf("__repr__(self, /)", operators::repr),
];

static SLICE_ATTRIBUTES: &[Attribute] = &[
    Attribute::get("start", |vm, value| {
        Ok(receiver!(vm, *value, Slice, "slice").start.clone())
    }),
    Attribute::get("stop", |vm, value| {
        Ok(receiver!(vm, *value, Slice, "slice").stop.clone())
    }),
    Attribute::get("step", |vm, value| {
        Ok(receiver!(vm, *value, Slice, "slice").step.clone())
    }),
];

fn new(vm: &mut Vm, args: &[Value]) -> R {
    vm.shape_for_new(&args[0], &RANGE)?;
    if !given(&args[1]) {
        return Err(vm.type_error("range expected at least 1 argument, got 0"));
    }
    let first = vm.index_value(&args[1])?;
    let one = Value::int32(1);
    if !given(&args[2]) {
        return range_of(vm, &Value::int32(0), &first, &one);
    }
    let stop = vm.index_value(&args[2])?;
    let step = if given(&args[3]) {
        vm.index_value(&args[3])?
    } else {
        one
    };
    range_of(vm, &first, &stop, &step)
}

fn view(value: &Value) -> IntView<'_> {
    IntView::of(value).unwrap_or(IntView::Small(0))
}

/// `range(start, stop, step)` of ints.
pub fn range_of(vm: &mut Vm, start: &Value, stop: &Value, step: &Value) -> R {
    match Range::new(view(start), view(stop), view(step)) {
        Some(range) => Ok(range.into_value()),
        None => Err(vm.value_error("range() arg 3 must not be zero")),
    }
}

fn truth(vm: &mut Vm, args: &[Value]) -> R {
    Ok(Value::bool(
        !view(&receiver!(vm, args[0], Range, "range").length).is_zero(),
    ))
}

fn len(vm: &mut Vm, args: &[Value]) -> R {
    let length = receiver!(vm, args[0], Range, "range").length.clone();
    match view(&length).as_i64() {
        Some(_) => Ok(length),
        None => Err(vm.overflow_error("Python int too large to convert to C ssize_t")),
    }
}

fn contains(vm: &mut Vm, args: &[Value]) -> R {
    Ok(Value::bool(count_in(vm, &args[0], &args[1])? > 0))
}

fn count(vm: &mut Vm, args: &[Value]) -> R {
    count_in(vm, &args[0], &args[1]).map(size_value)
}

/// How often a value is in a range. What is no int is compared with each number.
fn count_in(vm: &mut Vm, range: &Value, wanted: &Value) -> R<usize> {
    let source = receiver!(vm, *range, Range, "range");
    if let Some(number) =
        IntView::of(wanted).filter(|_| wanted.shape() < crate::heap::FIRST_FREE_SHAPE)
    {
        return Ok(source.index_of(number).is_some() as usize);
    }
    if let Some(f) =
        float::as_float(wanted).filter(|_| wanted.shape() < crate::heap::FIRST_FREE_SHAPE)
    {
        let whole = int::from_f64(f)
            .ok()
            .filter(|whole| numbers_equal(whole, wanted));
        return Ok(whole.is_some_and(|whole| source.index_of(view(&whole)).is_some()) as usize);
    }
    let (mut i, mut found) = (0, 0);
    while let Some(number) = source.get(IntView::Small(i)) {
        found += vm.eq(&number, wanted)? as usize;
        i += 1;
    }
    Ok(found)
}

fn index(vm: &mut Vm, args: &[Value]) -> R {
    let source = receiver!(vm, args[0], Range, "range");
    if let Some(number) = IntView::of(&args[1]) {
        if let Some(place) = source.index_of(number) {
            return Ok(place);
        }
        let shown = vm.repr(&args[1])?;
        return Err(vm.value_error(format!("{} is not in range", shown.to_text())));
    }
    let mut i = 0;
    while let Some(number) = source.get(IntView::Small(i)) {
        if vm.eq(&number, &args[1])? {
            return Ok(int::from_i64(i));
        }
        i += 1;
    }
    Err(vm.value_error("sequence.index(x): x not in sequence"))
}

fn hash(vm: &mut Vm, args: &[Value]) -> R {
    Ok(int::from_i64(receiver!(vm, args[0], Range, "range").hash()))
}

/// The iterator of a range.
pub fn iterator(range: &Range, value: &Value) -> Value {
    const FEW: i64 = 1 << 60;
    if let Some((start, step, length)) = range.words()
        && start.abs() < FEW
        && step
            .checked_mul(length)
            .and_then(|far| far.checked_add(start))
            .is_some_and(|end| end.abs() < FEW)
    {
        return RangeIterator::alloc(start, step, length as u64).into_value();
    }
    LongRangeIterator::alloc(value.clone(), Value::int32(0)).into_value()
}

fn iter(vm: &mut Vm, args: &[Value]) -> R {
    Ok(iterator(receiver!(vm, args[0], Range, "range"), &args[0]))
}

fn reversed(vm: &mut Vm, args: &[Value]) -> R {
    let back = receiver!(vm, args[0], Range, "range").reversed();
    Ok(iterator(&back, back.as_value()))
}

fn reduce(vm: &mut Vm, args: &[Value]) -> R {
    let source = receiver!(vm, args[0], Range, "range");
    let parts = Tuple::few([
        source.start.clone(),
        source.stop.clone(),
        source.step.clone(),
    ]);
    let class = vm.class_of_def(&RANGE);
    Ok(Tuple::pair(class.into_value(), parts.into_value()).into_value())
}

fn new_slice(vm: &mut Vm, args: &[Value]) -> R {
    vm.shape_for_new(&args[0], &SLICE)?;
    if !given(&args[1]) {
        return Err(vm.type_error("slice expected at least 1 argument, got 0"));
    }
    let or_none = |value: &Value| {
        if given(value) {
            value.clone()
        } else {
            Value::NONE
        }
    };
    Ok(match given(&args[2]) {
        true => Slice::new(args[1].clone(), args[2].clone(), or_none(&args[3])),
        false => Slice::new(Value::NONE, args[1].clone(), Value::NONE),
    }
    .into_value())
}

/// A bound of a slice as an int; None for None.
fn bound(vm: &mut Vm, value: &Value) -> R<Option<Value>> {
    if value.is_none() {
        return Ok(None);
    }
    if !vm.has_index(value) {
        return Err(
            vm.type_error("slice indices must be integers or None or have an __index__ method")
        );
    }
    vm.index_value(value).map(Some)
}

fn indices(vm: &mut Vm, args: &[Value]) -> R {
    let slice = receiver!(vm, args[0], Slice, "slice");
    let length = vm.index_value(&args[1])?;
    if view(&length).is_negative() {
        return Err(vm.value_error("length should not be negative"));
    }
    let step = bound(vm, &slice.step)?;
    if step.as_ref().is_some_and(|step| view(step).is_zero()) {
        return Err(vm.value_error("slice step cannot be zero"));
    }
    let (start, stop) = (bound(vm, &slice.start)?, bound(vm, &slice.stop)?);
    let (start, stop, step) = big_indices(
        &view(&length).big(),
        start.as_ref().map(view),
        stop.as_ref().map(view),
        step.as_ref().map(view),
    );
    Ok(Tuple::few([
        int::from_big(start),
        int::from_big(stop),
        int::from_big(step),
    ])
    .into_value())
}

fn slice_hash(vm: &mut Vm, args: &[Value]) -> R {
    if let Some(hash) = simple_hash(&args[0]) {
        return Ok(int::from_i64(hash));
    }
    let slice = receiver!(vm, args[0], Slice, "slice");
    let mut hashes = Vec::with_capacity(3);
    for part in [&slice.start, &slice.stop, &slice.step] {
        hashes.push(int::from_i64(vm.hash(part)?));
    }
    // Parts with hashes of their own are replaced by those, which hash to the same.
    let parts = Slice::new(hashes[0].clone(), hashes[1].clone(), hashes[2].clone()).into_value();
    Ok(int::from_i64(simple_hash(&parts).unwrap_or(0)))
}

fn slice_reduce(vm: &mut Vm, args: &[Value]) -> R {
    let slice = receiver!(vm, args[0], Slice, "slice");
    let parts = Tuple::few([slice.start.clone(), slice.stop.clone(), slice.step.clone()]);
    let class = vm.class_of_def(&SLICE);
    Ok(Tuple::pair(class.into_value(), parts.into_value()).into_value())
}

/// The part of a range that a slice names.
pub fn sliced(vm: &mut Vm, range: &Range, slice: &Slice) -> R {
    let step = bound(vm, &slice.step)?;
    if step.as_ref().is_some_and(|step| view(step).is_zero()) {
        return Err(vm.value_error("slice step cannot be zero"));
    }
    let (start, stop) = (bound(vm, &slice.start)?, bound(vm, &slice.stop)?);
    let part = range.slice(
        start.as_ref().map(view),
        stop.as_ref().map(view),
        step.as_ref().map(view),
    );
    made::<_, crate::heap::OutOfMemory>(vm, Ok(part))
}

/// Whether two values are equal by `==`, for natives that compare many.
pub fn equal(vm: &mut Vm, a: &Value, b: &Value) -> R<bool> {
    let answer = vm.native_compare(CompareOp::Eq, a, b);
    let answer = lift::<_, crate::heap::OutOfMemory>(vm, Ok(answer))??;
    Ok(answer.is_true())
}
