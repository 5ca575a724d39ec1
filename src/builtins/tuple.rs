//! `tuple`: its table.

use super::adapt::{given, lift, made, size_value};
use super::list::search_bounds;
use super::operators;
use crate::heap::{Buffer, Value};
use crate::object::class::class_flags;
use crate::object::hash::tuple_hash;
use crate::object::int;
use crate::object::kind;
use crate::object::list::List;
use crate::object::native::{Def, Input, NativeFrame, R, Step, TypeDef};
use crate::object::tuple::Tuple;
use crate::receiver;
use crate::vm::Vm;
use crate::vm::ops::BinaryOp;

/// `tuple`
pub static TUPLE: TypeDef = TypeDef {
    at_once: Some(crate::builtins::functions::at_once::tuple),
    of_one: Some(&TUPLE_OF),
    flags: class_flags::BASE | class_flags::SEQUENCE | class_flags::MATCH_SELF,
    doc: "Items in a row that cannot be changed; made of the items of an iterable.",
    new: Some(
        Def::frame("__new__(cls, iterable=<unset>, /)", 1, new)
            .at_once(new_at_once)
            .takes(1, super::adapt::take_gathered::<2>),
    ),
    methods: METHODS,
    ..TypeDef::new("builtins", "tuple", kind::TUPLE)
};

static METHODS: &[Def] = &[
    Def::leaf("count(self, value, /)", count).doc("How often the value occurs."),
    Def::leaf("index(self, value, start=0, stop=<unset>, /)", index)
        .doc("Where the value is found first; a ValueError if nowhere."),
    Def::leaf("__add__(self, value, /)", add),
    Def::leaf("__class_getitem__(cls, item, /)", super::adapt::alias).class(),
    Def::leaf("__contains__(self, key, /)", operators::contains),
    Def::leaf("__eq__(self, value, /)", operators::eq),
    Def::leaf("__ge__(self, value, /)", operators::ge),
    Def::leaf("__getitem__(self, key, /)", operators::getitem),
    Def::leaf("__getnewargs__(self, /)", getnewargs),
    Def::leaf("__gt__(self, value, /)", operators::gt),
    Def::leaf("__hash__(self, /)", hash),
    Def::leaf("__iter__(self, /)", operators::iter),
    Def::leaf("__le__(self, value, /)", operators::le),
    Def::leaf("__len__(self, /)", operators::len),
    Def::leaf("__lt__(self, value, /)", operators::lt),
    Def::leaf("__mul__(self, value, /)", operators::repeat),
    Def::leaf("__ne__(self, value, /)", operators::ne),
    Def::leaf("__repr__(self, /)", operators::repr),
    Def::leaf("__rmul__(self, value, /)", operators::repeat),
    Def::leaf("__sizeof__(self, /)", sizeof),
];

/// Registers: class, iterable, items.
fn new(vm: &mut Vm, frame: &mut NativeFrame<'_>, input: Input) -> Step {
    if frame.state == 0 {
        let shape = match vm.shape_for_new(&frame.regs[0], &TUPLE) {
            Ok(shape) => shape,
            Err(raised) => return Step::Raise(raised),
        };
        let source = &frame.regs[1];
        if !given(source) {
            return finish(vm, shape, &[]).into();
        }
        if source.is_exact::<Tuple>() && shape == kind::TUPLE as u32 {
            return Step::Return(source.clone());
        }
    }
    super::adapt::with_items(vm, frame, input, (1, 2), |vm, regs, items| {
        let shape = vm.shape_for_new(&regs[0], &TUPLE)?;
        let items = items.take();
        if shape != kind::TUPLE as u32 {
            return finish(vm, shape, &items);
        }
        let tuple = Tuple::from_vec(items.into_vec());
        made(vm, tuple)
    })
}

/// `tuple(iterable)`
static TUPLE_OF: Def = Def::frame("<tuple>(iterable, /)", 1, |vm, frame, input| {
    super::adapt::with_items(vm, frame, input, (0, 1), |vm, _, items| {
        let tuple = Tuple::from_vec(items.take().into_vec());
        made(vm, tuple)
    })
})
.takes(0, super::adapt::take_gathered::<1>);

/// A tuple, or an instance of a subclass, of the items of a tuple.
fn new_at_once(vm: &mut Vm, args: &[Value]) -> Option<R> {
    let [class, source] = args else { return None };
    let source = source.get_exact::<Tuple>()?;
    let shape = match vm.shape_for_new(class, &TUPLE) {
        Ok(shape) => shape,
        Err(raised) => return Some(Err(raised)),
    };
    if shape == kind::TUPLE as u32 {
        return Some(Ok(args[1].clone()));
    }
    Some(finish(vm, shape, source.items()))
}

fn finish(vm: &mut Vm, shape: u32, items: &[Value]) -> R {
    let tuple = if shape == kind::TUPLE as u32 {
        Tuple::new(items)
    } else {
        Tuple::with_shape(shape, items)
    };
    made(vm, tuple)
}

fn count(vm: &mut Vm, args: &[Value]) -> R {
    let tuple = receiver!(vm, args[0], Tuple, "tuple");
    let mut found = 0;
    for item in tuple.items() {
        found += vm.eq(item, &args[1])? as usize;
    }
    Ok(size_value(found))
}

fn index(vm: &mut Vm, args: &[Value]) -> R {
    let tuple = receiver!(vm, args[0], Tuple, "tuple");
    let (start, stop) = search_bounds(vm, &args[2], &args[3], tuple.len())?;
    for (i, item) in tuple.items().iter().enumerate().take(stop).skip(start) {
        if vm.eq(item, &args[1])? {
            return Ok(size_value(i));
        }
    }
    Err(vm.value_error("tuple.index(x): x not in tuple"))
}

fn add(vm: &mut Vm, args: &[Value]) -> R {
    if !args[1].is_kind::<Tuple>() {
        let given = vm.type_name(&args[1]);
        return Err(vm.type_error(format!(
            "can only concatenate tuple (not \"{given}\") to tuple"
        )));
    }
    vm.native_binary(BinaryOp::Add, &args[0], &args[1])
}

fn getnewargs(vm: &mut Vm, args: &[Value]) -> R {
    let copy = Tuple::new(receiver!(vm, args[0], Tuple, "tuple").items());
    let copy = made(vm, copy)?;
    Ok(Tuple::one(copy).into_value())
}

fn hash(vm: &mut Vm, args: &[Value]) -> R {
    let tuple = receiver!(vm, args[0], Tuple, "tuple");
    vm.check_stack()?;
    vm.check_room(tuple.len() * 8)?;
    let hashes = tuple
        .items()
        .iter()
        .map(|item| {
            vm.count_one()?;
            vm.hash(item)
        })
        .collect::<R<Vec<i64>>>()?;
    Ok(int::from_i64(
        tuple_hash(hashes.into_iter().map(Some)).unwrap_or(0),
    ))
}

fn sizeof(vm: &mut Vm, args: &[Value]) -> R {
    Ok(size_value(
        24 + 8 * receiver!(vm, args[0], Tuple, "tuple").len(),
    ))
}

/// A list of the items of a tuple.
pub fn to_list(vm: &mut Vm, tuple: &Tuple) -> R {
    let items = Buffer::copy_of(tuple.items());
    lift(vm, items).map(|items| List::new(items).into_value())
}
