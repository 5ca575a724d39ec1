//! `list`: its table.

use super::adapt::{bound, count, lift, list, made, size_value, take_gathered, with_items, word};
use super::functions::filter;
use super::operators;
use crate::heap::{Buffer, Ref, Value};
use crate::object::class::class_flags;
use crate::object::iterator::ListReverseIterator;
use crate::object::kind;
use crate::object::list::List;
use crate::object::native::{Def, Input, NativeFrame, R, Step, TypeDef};
use crate::object::tuple::Tuple;
use crate::receiver;
use crate::vm::Vm;
use crate::vm::ops::BinaryOp;

/// `list`
pub static LIST: TypeDef = TypeDef {
    at_once: Some(crate::builtins::functions::at_once::list),
    of_one: Some(&LIST_OF),
    flags: class_flags::BASE | class_flags::SEQUENCE | class_flags::MATCH_SELF,
    doc: "Items in a row that can be changed; made of the items of an iterable.",
    new: Some(Def::raw("__new__(cls, /, *args, **kwargs)", new)),
    methods: METHODS,
    ..TypeDef::new("builtins", "list", kind::LIST)
};

static METHODS: &[Def] = &[
    Def::leaf("append(self, object, /)", append).doc("Puts an item behind the last."),
    Def::leaf("clear(self, /)", clear).doc("Takes all items out."),
    Def::leaf("copy(self, /)", copy).doc("A second list of the same items."),
    Def::leaf("count(self, value, /)", count_of).doc("How often the value occurs."),
    Def::frame("extend(self, iterable, /)", 0, extend).doc("Puts the items of an iterable behind the last."),
    Def::leaf("index(self, value, start=0, stop=<unset>, /)", index)
        .doc("Where the value is found first; a ValueError if nowhere."),
    Def::leaf("insert(self, index, object, /)", insert).doc("Puts an item in front of the one at the index."),
    Def::leaf("pop(self, index=-1, /)", pop)
        .doc("Takes out the item at the index, the last unless told otherwise; an IndexError if there is none."),
    Def::leaf("remove(self, value, /)", remove)
        .doc("Takes out the first item equal to the value; a ValueError if there is none."),
    Def::leaf("reverse(self, /)", reverse).doc("Turns the order around, in the list itself."),
    super::functions::sorting::LIST_SORT,
    Def::leaf("__add__(self, value, /)", add),
    Def::leaf("__class_getitem__(cls, item, /)", super::adapt::alias).class(),
    Def::leaf("__contains__(self, key, /)", operators::contains),
    Def::leaf("__delitem__(self, key, /)", operators::delitem),
    Def::leaf("__eq__(self, value, /)", operators::eq),
    Def::leaf("__ge__(self, value, /)", operators::ge),
    Def::leaf("__getitem__(self, index, /)", operators::getitem),
    Def::leaf("__gt__(self, value, /)", operators::gt),
    Def::frame("__iadd__(self, value, /)", 0, iadd),
    Def::leaf("__imul__(self, value, /)", imul),
    Def::frame("__init__(self, iterable=(), /)", 1, init)
        .at_once(init_at_once)
        .takes(1, take_gathered::<2>),
    Def::leaf("__iter__(self, /)", operators::iter),
    Def::leaf("__le__(self, value, /)", operators::le),
    Def::leaf("__len__(self, /)", operators::len),
    Def::leaf("__lt__(self, value, /)", operators::lt),
    Def::leaf("__mul__(self, value, /)", operators::repeat),
    Def::leaf("__ne__(self, value, /)", operators::ne),
    Def::leaf("__repr__(self, /)", operators::repr),
    Def::leaf("__reversed__(self, /)", reversed).doc("The items from the last to the first."),
    Def::leaf("__rmul__(self, value, /)", operators::repeat),
    Def::leaf("__setitem__(self, key, value, /)", operators::setitem),
    Def::leaf("__sizeof__(self, /)", sizeof).doc("How many bytes the list takes up."),
];

fn new(vm: &mut Vm, args: &[Value], _: &[Value]) -> R {
    let shape = vm.shape_for_new(&args[0], &LIST)?;
    if shape == kind::LIST as u32 {
        return Ok(List::empty().into_value());
    }
    Ok(List::with_shape(shape, Buffer::new()).into_value())
}

/// `list(iterable)`: nobody sees the list before it is whole.
static LIST_OF: Def = Def::frame("<list>(iterable, /)", 2, |vm, frame, input| {
    if let Some(filter) = filter::by_script(frame) {
        return filter::list_of(vm, frame, input, &filter);
    }
    with_items(vm, frame, input, (0, 1), |_, _, items| {
        Ok(items.into_value())
    })
})
.takes(0, take_gathered::<1>)
.recalls(filter::take_answer);

/// Registers: self, iterable, items.
fn init(vm: &mut Vm, frame: &mut NativeFrame<'_>, input: Input) -> Step {
    if matches!(input, Input::Start)
        && let Some(list) = frame.regs[0].get::<List>()
        && !list.is_empty()
    {
        drop(list.take());
    }
    if frame.regs[0].is(&frame.regs[1]) {
        return Step::Return(Value::NONE);
    }
    with_items(vm, frame, input, (1, 2), |vm, regs, items| {
        let target = receiver!(vm, regs[0], List, "list");
        let old = target.items.replace(items.take());
        drop(old);
        Ok(Value::NONE)
    })
}

/// The same where nothing, a list or a tuple is given.
fn init_at_once(vm: &mut Vm, args: &[Value]) -> Option<R> {
    let target = args[0].get::<List>()?;
    let items = match &args[1..] {
        [] => Ok(Buffer::new()),
        [other] if other.is_exact::<List>() => other.get_exact::<List>()?.copy(),
        [other] => Buffer::copy_of(other.get_exact::<Tuple>()?.items()),
        _ => return None,
    };
    let replaced = lift(vm, items).map(|items| {
        let old = target.items.replace(items);
        drop(old);
        Value::NONE
    });
    Some(replaced)
}

fn append(vm: &mut Vm, args: &[Value]) -> R {
    let pushed = receiver!(vm, args[0], List, "list").push(args[1].clone());
    lift(vm, pushed).map(|()| Value::NONE)
}

fn clear(vm: &mut Vm, args: &[Value]) -> R {
    let old = receiver!(vm, args[0], List, "list").take();
    drop(old);
    Ok(Value::NONE)
}

fn copy(vm: &mut Vm, args: &[Value]) -> R {
    let items = receiver!(vm, args[0], List, "list").copy();
    list(vm, items)
}

fn count_of(vm: &mut Vm, args: &[Value]) -> R {
    let source = receiver!(vm, args[0], List, "list");
    let (mut found, mut i) = (0, 0);
    while let Some(item) = source.get(i) {
        found += vm.eq(&item, &args[1])? as usize;
        i += 1;
    }
    Ok(size_value(found))
}

/// Registers: self, iterable.
fn extend(vm: &mut Vm, frame: &mut NativeFrame<'_>, input: Input) -> Step {
    match input {
        Input::Start => match vm.extend_list_step(&frame.regs[0], &frame.regs[1]) {
            step @ (Step::Return(_) | Step::Raise(_)) => step,
            step => step.then_go_on(),
        },
        Input::Raised(raised) => Step::Raise(raised),
        Input::Value(_) | Input::Yielded(_) => Step::Return(Value::NONE),
    }
}

fn iadd(vm: &mut Vm, frame: &mut NativeFrame<'_>, input: Input) -> Step {
    match extend(vm, frame, input) {
        Step::Return(_) => Step::Return(frame.regs[0].clone()),
        step => step,
    }
}

fn add(vm: &mut Vm, args: &[Value]) -> R {
    if !args[1].is_kind::<List>() {
        let given = vm.type_name(&args[1]);
        return Err(vm.type_error(format!(
            "can only concatenate list (not \"{given}\") to list"
        )));
    }
    vm.native_binary(BinaryOp::Add, &args[0], &args[1])
}

fn imul(vm: &mut Vm, args: &[Value]) -> R {
    let product = operators::repeat(vm, args)?;
    let Some(product) = product.get::<List>() else {
        return Ok(Value::NOT_IMPLEMENTED);
    };
    let old = receiver!(vm, args[0], List, "list")
        .items
        .replace(product.take());
    drop(old);
    Ok(args[0].clone())
}

/// A bound of `index`, which may be left out but not None.
fn index_bound(vm: &mut Vm, value: &Value) -> R<Option<i64>> {
    if value.is_none() || !value.is_undef() && !vm.has_index(value) {
        return Err(vm.type_error("slice indices must be integers or have an __index__ method"));
    }
    bound(vm, value)
}

/// The bounds of `index`, where negative ones count from the end.
pub fn search_bounds(vm: &mut Vm, start: &Value, stop: &Value, len: usize) -> R<(usize, usize)> {
    let place = |bound: Option<i64>| match bound.unwrap_or(0) {
        i if i < 0 => i.saturating_add(len as i64).max(0) as usize,
        i => i as usize,
    };
    let (start, stop) = (index_bound(vm, start)?, index_bound(vm, stop)?);
    Ok((
        place(start),
        stop.map_or(usize::MAX, |stop| place(Some(stop))),
    ))
}

fn index(vm: &mut Vm, args: &[Value]) -> R {
    let source = receiver!(vm, args[0], List, "list");
    let (mut i, stop) = search_bounds(vm, &args[2], &args[3], source.len())?;
    while i < stop
        && let Some(item) = source.get(i)
    {
        if vm.eq(&item, &args[1])? {
            return Ok(size_value(i));
        }
        i += 1;
    }
    let shown = vm.repr(&args[1])?;
    Err(vm.value_error(format!("{} is not in list", shown.to_text())))
}

fn insert(vm: &mut Vm, args: &[Value]) -> R {
    let target = receiver!(vm, args[0], List, "list");
    let index = word(vm, &args[1])?;
    let len = target.len() as i64;
    let place = if index < 0 {
        (index + len).max(0)
    } else {
        index.min(len)
    };
    vm.tick_bytes((len - place) as usize * 8)?;
    let inserted = target
        .items
        .borrow_mut()
        .insert(place as usize, args[2].clone());
    lift(vm, inserted).map(|()| Value::NONE)
}

fn pop(vm: &mut Vm, args: &[Value]) -> R {
    let target = receiver!(vm, args[0], List, "list");
    let index = word(vm, &args[1])?;
    let len = target.len() as i64;
    if len == 0 {
        return Err(vm.index_error("pop from empty list"));
    }
    let place = if index < 0 { index + len } else { index };
    if place < 0 || place >= len {
        return Err(vm.index_error("pop index out of range"));
    }
    vm.tick_bytes((len - place) as usize * 8)?;
    Ok(match place == len - 1 {
        true => target.pop().unwrap_or(Value::NONE),
        false => target.items.borrow_mut().remove(place as usize),
    })
}

fn remove(vm: &mut Vm, args: &[Value]) -> R {
    let target = receiver!(vm, args[0], List, "list");
    let mut i = 0;
    while let Some(item) = target.get(i) {
        if vm.eq(&item, &args[1])? {
            // `__eq__` may have changed the list.
            let removed = (i < target.len()).then(|| target.items.borrow_mut().remove(i));
            drop(removed);
            return Ok(Value::NONE);
        }
        i += 1;
    }
    Err(vm.value_error("list.remove(x): x not in list"))
}

fn reverse(vm: &mut Vm, args: &[Value]) -> R {
    let target = receiver!(vm, args[0], List, "list");
    vm.tick_bytes(target.len() * 8)?;
    target.items.borrow_mut().reverse();
    Ok(Value::NONE)
}

fn reversed(vm: &mut Vm, args: &[Value]) -> R {
    let len = receiver!(vm, args[0], List, "list").len();
    Ok(ListReverseIterator::alloc(args[0].clone(), len, 0).into_value())
}

fn sizeof(vm: &mut Vm, args: &[Value]) -> R {
    let capacity = receiver!(vm, args[0], List, "list")
        .items
        .borrow()
        .capacity();
    Ok(size_value(40 + 8 * capacity))
}

/// A list with `count` copies of an item, for natives.
pub fn repeated(vm: &mut Vm, item: &Value, times: &Value) -> R<Ref<List>> {
    let times = count(vm, times)?;
    let mut items = Buffer::new();
    let resized = items.resize(times, item.clone());
    lift(vm, resized)?;
    Ok(List::new(items))
}

/// A list that holds the items of a buffer, as a Value.
pub fn of_buffer(vm: &mut Vm, items: Result<Buffer<Value>, crate::heap::OutOfMemory>) -> R {
    let made_list = items.map(List::new);
    made(vm, made_list)
}
