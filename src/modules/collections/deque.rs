//! `collections.deque`: a queue with two ends, perhaps of bounded length.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;

use crate::builtins::arguments::{index, int, list, long_string, pair, shape_of_class};
use crate::builtins::functions::iterators::itself;
use crate::builtins::functions::{outcome, pull};
use crate::heap::{Charge, OutOfMemory, Ref, Value, current};
use crate::object::class::class_flags;
use crate::object::int::IntView;
use crate::object::kind;
use crate::object::native::{Attribute, Def, Input, NativeFrame, R, Raised, Step, TypeDef};
use crate::object::traced::{Untraced, traced_object};
use crate::vm::Vm;
use crate::vm::compare::CompareOp;

traced_object! {
    /// `collections.deque`
    pub struct Deque: DEQUE {
        /// The items.
        items: RefCell<VecDeque<Value>>,
        /// The most items it may have; `usize::MAX` for any number.
        most: Cell<usize>,
        /// Counts changes, for iterators.
        changes: Cell<u64>,
        /// What the items take outside the heap.
        charge: Untraced<Charge>,
    }
}

traced_object! {
    /// The iterators of a deque, forward and backward.
    pub struct DequeIterator: DEQUE_ITERATOR {
        /// The deque.
        deque: Value,
        /// The next index, counted from the end where it begins.
        at: Cell<usize>,
        /// Whether it goes backward.
        backward: Cell<bool>,
        /// What `changes` was when it began.
        changes: Cell<u64>,
    }
}

impl Deque {
    /// An empty deque of a class.
    fn empty(shape: u32, most: usize) -> Ref<Deque> {
        Deque::alloc(
            shape,
            RefCell::default(),
            Cell::new(most),
            Cell::new(0),
            Untraced(Charge::default()),
        )
    }

    fn len(&self) -> usize {
        self.items.borrow().len()
    }

    fn changed(&self) {
        self.changes.set(self.changes.get() + 1);
    }

    /// Puts an item at the right end; what falls off the left is returned.
    fn push_right(&self, item: Value) -> Result<Option<Value>, OutOfMemory> {
        self.changed();
        let mut items = self.items.borrow_mut();
        if items.len() == items.capacity() {
            self.grow(&mut items)?;
        }
        items.push_back(item);
        Ok(if items.len() > self.most.get() {
            items.pop_front()
        } else {
            None
        })
    }

    fn push_left(&self, item: Value) -> Result<Option<Value>, OutOfMemory> {
        self.changed();
        let mut items = self.items.borrow_mut();
        if items.len() == items.capacity() {
            self.grow(&mut items)?;
        }
        items.push_front(item);
        Ok(if items.len() > self.most.get() {
            items.pop_back()
        } else {
            None
        })
    }

    #[cold]
    fn grow(&self, items: &mut VecDeque<Value>) -> Result<(), OutOfMemory> {
        current().check_room(items.capacity() * 8)?;
        items.try_reserve(1).map_err(|_| OutOfMemory)?;
        self.charge.settle(items.capacity() * 8);
        Ok(())
    }

    fn copies(&self) -> Vec<Value> {
        self.items.borrow().iter().cloned().collect()
    }

    fn fill(&self, items: impl IntoIterator<Item = Value>) -> Result<(), OutOfMemory> {
        for item in items {
            drop(self.push_right(item)?);
        }
        Ok(())
    }
}

fn this(value: &Value) -> Option<&Deque> {
    value.get::<Deque>()
}

fn deque_of(value: &Value) -> Ref<Deque> {
    // Methods are called with instances of their type only; anything else is as good as empty.
    value
        .to_ref::<Deque>()
        .unwrap_or_else(|| Deque::empty(kind::DEQUE as u32, usize::MAX))
}

fn new(_: &mut Vm, args: &[Value]) -> R {
    Ok(Deque::empty(shape_of_class(&args[0]), usize::MAX).into_value())
}

/// Registers: self, iterable, maxlen, the iterator.
fn init(vm: &mut Vm, frame: &mut NativeFrame<'_>, input: Input) -> Step {
    if matches!(input, Input::Start) {
        let most = match maximum(vm, &frame.regs[2]) {
            Ok(most) => most,
            Err(raised) => return Step::Raise(raised),
        };
        let deque = deque_of(&frame.regs[0]);
        deque.most.set(most);
        let old = deque.items.take();
        deque.charge.settle(0);
        drop(old);
        if frame.regs[1].is_undef() {
            return Step::Return(Value::NONE);
        }
    }
    fill_from(vm, frame, input, 3, false)
}

fn maximum(vm: &mut Vm, value: &Value) -> R<usize> {
    if value.is_none() {
        return Ok(usize::MAX);
    }
    if IntView::of(value).is_none() {
        return Err(vm.type_error("an integer is required"));
    }
    let most = index(vm, value)?;
    match usize::try_from(most) {
        Ok(most) => Ok(most),
        Err(_) => Err(vm.value_error("maxlen must be non-negative")),
    }
}

/// Appends all items of register 1; the iterator is kept in register `iterator`.
fn fill_from(
    vm: &mut Vm,
    frame: &mut NativeFrame<'_>,
    input: Input,
    iterator: usize,
    left: bool,
) -> Step {
    let mut incoming = match input {
        Input::Start => {
            if frame.regs[1].is(&frame.regs[0]) {
                // Its own items: those that are there now.
                frame.regs[1] = list(deque_of(&frame.regs[0]).copies());
            }
            match outcome(vm.iter_step(&frame.regs[1])) {
                Ok(made) => Some(made),
                Err(wait) => return wait,
            }
        }
        Input::Value(value) | Input::Yielded(value) => Some(value),
        Input::Raised(raised) => return Step::Raise(raised),
    };
    if frame.state == 0 {
        frame.regs[iterator] = incoming.take().unwrap_or(Value::NONE);
        frame.state = 1;
    }
    let deque = deque_of(&frame.regs[0]);
    loop {
        let item = match incoming.take() {
            Some(item) => item,
            None => match pull(vm, &frame.regs[iterator]) {
                Ok(item) => item,
                Err(wait) => return wait,
            },
        };
        if item.is_undef() {
            return Step::Return(Value::NONE);
        }
        let fallen = if left {
            deque.push_left(item)
        } else {
            deque.push_right(item)
        };
        match fallen {
            Ok(fallen) => drop(fallen),
            Err(lacking) => return Step::Raise(vm.out_of_memory(lacking)),
        }
    }
}

fn extend(vm: &mut Vm, frame: &mut NativeFrame<'_>, input: Input) -> Step {
    fill_from(vm, frame, input, 2, false)
}

fn extendleft(vm: &mut Vm, frame: &mut NativeFrame<'_>, input: Input) -> Step {
    fill_from(vm, frame, input, 2, true)
}

fn iadd(vm: &mut Vm, frame: &mut NativeFrame<'_>, input: Input) -> Step {
    match fill_from(vm, frame, input, 2, false) {
        Step::Return(_) => Step::Return(frame.regs[0].clone()),
        step => step,
    }
}

fn append(vm: &mut Vm, args: &[Value]) -> R {
    match this(&args[0]).map(|d| d.push_right(args[1].clone())) {
        Some(Err(lacking)) => Err(vm.out_of_memory(lacking)),
        fallen => {
            drop(fallen);
            Ok(Value::NONE)
        }
    }
}

fn appendleft(vm: &mut Vm, args: &[Value]) -> R {
    match this(&args[0]).map(|d| d.push_left(args[1].clone())) {
        Some(Err(lacking)) => Err(vm.out_of_memory(lacking)),
        fallen => {
            drop(fallen);
            Ok(Value::NONE)
        }
    }
}

fn pop(vm: &mut Vm, args: &[Value]) -> R {
    let popped = this(&args[0]).and_then(|d| {
        d.changed();
        d.items.borrow_mut().pop_back()
    });
    popped.map_or_else(|| Err(vm.index_error("pop from an empty deque")), Ok)
}

fn popleft(vm: &mut Vm, args: &[Value]) -> R {
    let popped = this(&args[0]).and_then(|d| {
        d.changed();
        d.items.borrow_mut().pop_front()
    });
    popped.map_or_else(|| Err(vm.index_error("pop from an empty deque")), Ok)
}

fn clear(_: &mut Vm, args: &[Value]) -> R {
    let deque = deque_of(&args[0]);
    deque.changed();
    let old = deque.items.take();
    deque.charge.settle(0);
    drop(old);
    Ok(Value::NONE)
}

/// A deque of the same class, with other items.
fn like(vm: &mut Vm, value: &Value, items: Vec<Value>) -> R {
    let most = deque_of(value).most.get();
    let class = vm.class_of(value);
    let made = if value.is_exact::<Deque>() {
        Deque::empty(kind::DEQUE as u32, most).into_value()
    } else {
        let most_value = if most == usize::MAX {
            Value::NONE
        } else {
            int(most as i64)
        };
        if most == usize::MAX {
            vm.call(class.as_value(), &[])?
        } else {
            vm.call(class.as_value(), &[list(Vec::new()), most_value])?
        }
    };
    if let Some(deque) = made.get::<Deque>() {
        let filled = deque.fill(items);
        vm.lift(filled)?;
    }
    Ok(made)
}

fn copy(vm: &mut Vm, args: &[Value]) -> R {
    like(vm, &args[0], deque_of(&args[0]).copies())
}

fn add(vm: &mut Vm, args: &[Value]) -> R {
    let Some(other) = args[1].get::<Deque>() else {
        let name = vm.type_name(&args[1]);
        return Err(vm.type_error(format!(
            "can only concatenate deque (not \"{name}\") to deque"
        )));
    };
    let mut items = deque_of(&args[0]).copies();
    items.extend(other.copies());
    like(vm, &args[0], items)
}

/// The items `count` times over; only the last ones that fit a bounded deque.
fn repeated(vm: &mut Vm, deque: &Deque, count: &Value) -> R<Vec<Value>> {
    let count = index(vm, count)?.max(0) as usize;
    let items = deque.copies();
    let total = items.len().saturating_mul(count);
    let kept = total.min(deque.most.get());
    if kept > 1 << 40 {
        return Err(vm.memory_error());
    }
    vm.check_room(kept * 16)?;
    let start = if items.is_empty() {
        0
    } else {
        (total - kept) % items.len()
    };
    Ok(items
        .iter()
        .cycle()
        .skip(start)
        .take(kept)
        .cloned()
        .collect())
}

fn mul(vm: &mut Vm, args: &[Value]) -> R {
    let items = repeated(vm, &deque_of(&args[0]), &args[1])?;
    like(vm, &args[0], items)
}

fn imul(vm: &mut Vm, args: &[Value]) -> R {
    let deque = deque_of(&args[0]);
    let items = repeated(vm, &deque, &args[1])?;
    deque.changed();
    let items = VecDeque::from(items);
    deque.charge.settle(items.capacity() * 8);
    let old = deque.items.replace(items);
    drop(old);
    Ok(args[0].clone())
}

fn rotate(vm: &mut Vm, args: &[Value]) -> R {
    let count = index(vm, &args[1])?;
    let deque = deque_of(&args[0]);
    vm.tick_bytes(deque.len() * 8)?;
    let mut items = deque.items.borrow_mut();
    if items.len() > 1 {
        let by = count.rem_euclid(items.len() as i64) as usize;
        items.rotate_right(by);
        deque.changed();
    }
    Ok(Value::NONE)
}

fn reverse(vm: &mut Vm, args: &[Value]) -> R {
    let deque = deque_of(&args[0]);
    vm.tick_bytes(deque.len() * 8)?;
    deque.items.borrow_mut().make_contiguous().reverse();
    deque.changed();
    Ok(Value::NONE)
}

fn mutated(vm: &mut Vm) -> Raised {
    vm.runtime_error("deque mutated during iteration")
}

fn count(vm: &mut Vm, args: &[Value]) -> R {
    let deque = deque_of(&args[0]);
    let (items, before) = (deque.copies(), deque.changes.get());
    let mut found = 0;
    for item in &items {
        found += i64::from(vm.eq(item, &args[1])?);
        if deque.changes.get() != before {
            return Err(mutated(vm));
        }
    }
    Ok(int(found))
}

/// The first index in a range at which there is an equal item.
fn find(
    vm: &mut Vm,
    deque: &Deque,
    wanted: &Value,
    range: std::ops::Range<usize>,
) -> R<Option<usize>> {
    let before = deque.changes.get();
    for at in range {
        let Some(item) = deque.items.borrow().get(at).cloned() else {
            break;
        };
        let same = vm.eq(&item, wanted)?;
        if deque.changes.get() != before {
            return Err(mutated(vm));
        }
        if same {
            return Ok(Some(at));
        }
    }
    Ok(None)
}

fn contains(vm: &mut Vm, args: &[Value]) -> R {
    let deque = deque_of(&args[0]);
    let found = find(vm, &deque, &args[1], 0..deque.len())?;
    Ok(Value::bool(found.is_some()))
}

fn position(vm: &mut Vm, args: &[Value]) -> R {
    let deque = deque_of(&args[0]);
    let len = deque.len() as i64;
    let mut bounds = [0, len];
    for (bound, given) in bounds.iter_mut().zip(&args[2..4]) {
        if !given.is_undef() {
            let at = vm.index_clamped(given)?;
            *bound = if at < 0 {
                (at + len).max(0)
            } else {
                at.min(len)
            };
        }
    }
    match find(
        vm,
        &deque,
        &args[1],
        bounds[0] as usize..bounds[1].max(bounds[0]) as usize,
    )? {
        Some(at) => Ok(int(at as i64)),
        None => {
            let shown = vm.repr_text(&args[1])?;
            Err(vm.value_error(format!("{shown} is not in deque")))
        }
    }
}

fn remove(vm: &mut Vm, args: &[Value]) -> R {
    let deque = deque_of(&args[0]);
    let before = deque.changes.get();
    for at in 0..deque.len() {
        let Some(item) = deque.items.borrow().get(at).cloned() else {
            break;
        };
        let same = vm.eq(&item, &args[1])?;
        if deque.changes.get() != before {
            return Err(vm.index_error("deque mutated during remove()."));
        }
        if same {
            let removed = deque.items.borrow_mut().remove(at);
            deque.changed();
            drop(removed);
            return Ok(Value::NONE);
        }
    }
    let shown = vm.repr_text(&args[1])?;
    Err(vm.value_error(format!("{shown} is not in deque")))
}

fn insert(vm: &mut Vm, args: &[Value]) -> R {
    let deque = deque_of(&args[0]);
    let at = index(vm, &args[1])?;
    let len = deque.len();
    if len >= deque.most.get() {
        return Err(vm.index_error("deque already at its maximum size"));
    }
    let at = if at < 0 {
        (at + len as i64).max(0) as usize
    } else {
        (at as usize).min(len)
    };
    deque.items.borrow_mut().insert(at, args[2].clone());
    deque.changed();
    Ok(Value::NONE)
}

fn len(_: &mut Vm, args: &[Value]) -> R {
    Ok(int(this(&args[0]).map_or(0, Deque::len) as i64))
}

/// An index into the deque.
fn place(vm: &mut Vm, deque: &Deque, value: &Value) -> R<usize> {
    if IntView::of(value).is_none()
        && vm
            .special_of(value, crate::vm::special::Special::Index)
            .is_none()
    {
        let name = vm.type_name(value);
        return Err(vm.type_error(format!("sequence index must be integer, not '{name}'")));
    }
    let at = vm.index(value)?;
    let len = deque.len() as i64;
    let real = if at < 0 { at + len } else { at };
    if (0..len).contains(&real) {
        Ok(real as usize)
    } else {
        Err(vm.index_error("deque index out of range"))
    }
}

fn get(vm: &mut Vm, args: &[Value]) -> R {
    let deque = deque_of(&args[0]);
    let at = place(vm, &deque, &args[1])?;
    Ok(deque.items.borrow().get(at).cloned().unwrap_or(Value::NONE))
}

fn set(vm: &mut Vm, args: &[Value]) -> R {
    let deque = deque_of(&args[0]);
    let at = place(vm, &deque, &args[1])?;
    let old = deque
        .items
        .borrow_mut()
        .get_mut(at)
        .map(|item| std::mem::replace(item, args[2].clone()));
    drop(old);
    Ok(Value::NONE)
}

fn delete(vm: &mut Vm, args: &[Value]) -> R {
    let deque = deque_of(&args[0]);
    let at = place(vm, &deque, &args[1])?;
    let old = deque.items.borrow_mut().remove(at);
    deque.changed();
    drop(old);
    Ok(Value::NONE)
}

fn repr(vm: &mut Vm, args: &[Value]) -> R {
    let name = vm.class_of(&args[0]).name_str();
    if !vm.enter_repr(&args[0]) {
        return long_string(vm, "[...]");
    }
    let deque = deque_of(&args[0]);
    let inside = vm.join_reprs(&deque.copies());
    vm.leave_repr();
    let inside = inside?;
    let text = match deque.most.get() {
        usize::MAX => format!("{name}([{inside}])"),
        most => format!("{name}([{inside}], maxlen={most})"),
    };
    long_string(vm, &text)
}

/// Compares item by item.
fn compare(vm: &mut Vm, args: &[Value], op: CompareOp) -> R {
    let Some(other) = args[1].to_ref::<Deque>() else {
        return Ok(Value::NOT_IMPLEMENTED);
    };
    let (a, b) = (deque_of(&args[0]).copies(), other.copies());
    if a.len() != b.len() && matches!(op, CompareOp::Eq | CompareOp::Ne) {
        return Ok(Value::bool(op == CompareOp::Ne));
    }
    for (x, y) in a.iter().zip(&b) {
        if !vm.eq(x, y)? {
            return match op {
                CompareOp::Eq => Ok(Value::FALSE),
                CompareOp::Ne => Ok(Value::TRUE),
                op => {
                    let step = vm.compare_step(op, x, y);
                    vm.finish(step)
                }
            };
        }
    }
    let order = a.len().cmp(&b.len());
    Ok(Value::bool(match op {
        CompareOp::Lt => order.is_lt(),
        CompareOp::Le => order.is_le(),
        CompareOp::Eq => order.is_eq(),
        CompareOp::Ne => order.is_ne(),
        CompareOp::Gt => order.is_gt(),
        CompareOp::Ge => order.is_ge(),
    }))
}

fn iterator(value: &Value, backward: bool) -> Value {
    let changes = deque_of(value).changes.get();
    DequeIterator::alloc(
        kind::DEQUE_ITERATOR as u32,
        value.clone(),
        Cell::new(0),
        Cell::new(backward),
        Cell::new(changes),
    )
    .into_value()
}

fn next(vm: &mut Vm, args: &[Value]) -> R {
    let Some(iterator) = args[0].get::<DequeIterator>() else {
        return Ok(Value::NONE);
    };
    let deque = deque_of(&iterator.deque);
    let (at, len) = (iterator.at.get(), deque.len());
    if deque.changes.get() != iterator.changes.get() {
        iterator.at.set(usize::MAX);
        return Err(mutated(vm));
    }
    if at >= len {
        return Err(vm.stop_iteration(Value::NONE));
    }
    iterator.at.set(at + 1);
    let place = if iterator.backward.get() {
        len - 1 - at
    } else {
        at
    };
    Ok(deque
        .items
        .borrow()
        .get(place)
        .cloned()
        .unwrap_or(Value::NONE))
}

fn hint(_: &mut Vm, args: &[Value]) -> R {
    let left = args[0]
        .get::<DequeIterator>()
        .map_or(0, |i| deque_of(&i.deque).len().saturating_sub(i.at.get()));
    Ok(int(left as i64))
}

fn maxlen(_: &mut Vm, value: &Value) -> R {
    Ok(match deque_of(value).most.get() {
        usize::MAX => Value::NONE,
        most => int(most as i64),
    })
}

fn reduce(vm: &mut Vm, args: &[Value]) -> R {
    let deque = deque_of(&args[0]);
    let class = vm.class_of(&args[0]).into_value();
    let items = list(deque.copies());
    let arguments = match deque.most.get() {
        usize::MAX => crate::builtins::arguments::tuple(vm, vec![items])?,
        most => pair(items, int(most as i64)),
    };
    Ok(pair(class, arguments))
}

/// `collections.deque`
pub static DEQUE: TypeDef = TypeDef {
    flags: class_flags::BASE | class_flags::WEAKREF | class_flags::SEQUENCE,
    doc: "A row of items to which both ends are near.",
    new: Some(Def::leaf("__new__(cls, *args, **kwargs)", new)),
    methods: &[
        Def::frame("__init__(self, iterable=<unset>, maxlen=None)", 1, init),
        Def::leaf("append(self, item, /)", append).doc("Puts an item at the right end."),
        Def::leaf("appendleft(self, item, /)", appendleft).doc("Puts an item at the left end."),
        Def::leaf("pop(self, /)", pop).doc("Takes out the item at the right end."),
        Def::leaf("popleft(self, /)", popleft).doc("Takes out the item at the left end."),
        Def::frame("extend(self, iterable, /)", 1, extend),
        Def::frame("extendleft(self, iterable, /)", 1, extendleft),
        Def::leaf("clear(self, /)", clear),
        Def::leaf("copy(self, /)", copy),
        Def::leaf("__copy__(self, /)", copy),
        Def::leaf("count(self, value, /)", count),
        Def::leaf(
            "index(self, value, start=<unset>, stop=<unset>, /)",
            position,
        ),
        Def::leaf("insert(self, index, value, /)", insert),
        Def::leaf("remove(self, value, /)", remove),
        Def::leaf("reverse(self, /)", reverse),
        Def::leaf("rotate(self, n=1, /)", rotate),
        Def::leaf("__len__(self, /)", len),
        Def::leaf("__getitem__(self, key, /)", get),
        Def::leaf("__setitem__(self, key, value, /)", set),
        Def::leaf("__delitem__(self, key, /)", delete),
        Def::leaf("__contains__(self, key, /)", contains),
        Def::leaf("__iter__(self, /)", |_, args| Ok(iterator(&args[0], false))),
        Def::leaf("__reversed__(self, /)", |_, args| {
            Ok(iterator(&args[0], true))
        }),
        Def::leaf("__repr__(self, /)", repr),
        Def::leaf("__eq__(self, value, /)", |vm, args| {
            compare(vm, args, CompareOp::Eq)
        }),
        Def::leaf("__ne__(self, value, /)", |vm, args| {
            compare(vm, args, CompareOp::Ne)
        }),
        Def::leaf("__lt__(self, value, /)", |vm, args| {
            compare(vm, args, CompareOp::Lt)
        }),
        Def::leaf("__le__(self, value, /)", |vm, args| {
            compare(vm, args, CompareOp::Le)
        }),
        Def::leaf("__gt__(self, value, /)", |vm, args| {
            compare(vm, args, CompareOp::Gt)
        }),
        Def::leaf("__ge__(self, value, /)", |vm, args| {
            compare(vm, args, CompareOp::Ge)
        }),
        Def::leaf("__add__(self, value, /)", add),
        Def::frame("__iadd__(self, value, /)", 1, iadd),
        Def::leaf("__mul__(self, value, /)", mul),
        Def::leaf("__rmul__(self, value, /)", mul),
        Def::leaf("__imul__(self, value, /)", imul),
        Def::leaf("__reduce__(self, /)", reduce),
        Def::leaf(
            "__class_getitem__(cls, item, /)",
            crate::builtins::functions::attributes::generic_alias,
        )
        .class(),
    ],
    attributes: &[Attribute::get("maxlen", maxlen)],
    ..TypeDef::new("collections", "deque", kind::DEQUE)
};

/// The iterator.
pub static DEQUE_ITERATOR: TypeDef = TypeDef {
    methods: &[
        Def::leaf("__iter__(self, /)", itself),
        Def::leaf("__next__(self, /)", next),
        Def::leaf("__length_hint__(self, /)", hint),
    ],
    ..TypeDef::new("_collections", "_deque_iterator", kind::DEQUE_ITERATOR)
};
