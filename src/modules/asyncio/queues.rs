//! `asyncio.Queue`, `LifoQueue`, `PriorityQueue`.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;

use super::{debug, exceptions, futures, locks, script};
use crate::heap::{Charge, Field, Ref, Value};
use crate::object::class::class_flags;
use crate::object::kind;
use crate::object::native::{
    Attribute, Awaited, Def, Input, Native, NativeFrame, R, Raised, Step, TypeDef,
};
use crate::object::task::Future;
use crate::object::traced::{Traced, Untraced, traced_object};
use crate::vm::Vm;
use crate::vm::class::DICT;
use crate::vm::types::Known;

/// In which order items leave.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// First in, first out.
    Fifo,
    /// Last in, first out.
    Lifo,
    /// Smallest first: the items are a heap.
    Priority,
    /// As a script's class says with `_get` and `_put`.
    Own,
}

impl Traced for Order {
    fn trace(&self, _: &mut dyn crate::heap::Visitor) {}
}

traced_object! {
    /// `asyncio.Queue` and its two kin.
    pub struct Queue: QUEUE, attributes in attributes; {
        /// See `Order`.
        order: Cell<Order>,
        /// It was shut down.
        shut: Cell<bool>,
        /// The most items there may be; none or less for any number.
        size: Cell<i64>,
        /// Items that were put and for which `task_done` was not called.
        unfinished: Cell<i64>,
        /// The items.
        items: RefCell<VecDeque<Value>>,
        /// What they take outside the heap.
        charge: Untraced<Charge>,
        /// Those who wait for an item.
        getters: locks::Queue,
        /// Those who wait for room.
        putters: locks::Queue,
        /// Those who wait for all items to be done.
        joiners: locks::Queue,
        /// The loop it belongs to.
        owner: Field,
        /// `maxsize` as it was given.
        maxsize: Field,
        /// What a script's class keeps its items in (`_queue`), or Undef.
        own: Field,
        /// Attributes that a script set.
        attributes: Field,
    }
}

fn this(vm: &mut Vm, value: &Value) -> R<Ref<Queue>> {
    match value.to_ref::<Queue>() {
        Some(queue) => Ok(queue),
        None => Err(script::error(
            vm,
            Known::TypeError,
            "a Queue object expected",
        )),
    }
}

fn make(vm: &mut Vm, class: &Value, order: Order) -> R {
    let shape = vm.shape_for_new(class, &QUEUE)?;
    let own = is_own(vm, class);
    let queue = Queue::alloc(
        shape,
        Cell::new(if own { Order::Own } else { order }),
        Cell::new(false),
        Cell::new(0),
        Cell::new(0),
        RefCell::default(),
        Untraced(Charge::default()),
        locks::Queue::default(),
        locks::Queue::default(),
        locks::Queue::default(),
        Field::undef(),
        Field::new(Value::int32(0)),
        Field::undef(),
        Field::undef(),
    );
    Ok(queue.into_value())
}

/// Whether a script's class says itself how items are kept.
fn is_own(vm: &mut Vm, class: &Value) -> bool {
    let Some(class) = class.to_ref::<crate::object::class::Class>() else {
        return false;
    };
    ["_init", "_get", "_put"].iter().any(|name| {
        let name = vm.intern(name);
        vm.lookup_in_class(&class, name.as_value())
            .is_some_and(|method| !method.is_kind::<Native>())
    })
}

fn new(vm: &mut Vm, args: &[Value]) -> R {
    make(vm, &args[0], Order::Fifo)
}

fn new_lifo(vm: &mut Vm, args: &[Value]) -> R {
    make(vm, &args[0], Order::Lifo)
}

fn new_priority(vm: &mut Vm, args: &[Value]) -> R {
    make(vm, &args[0], Order::Priority)
}

fn init(vm: &mut Vm, args: &[Value]) -> R {
    let queue = this(vm, &args[0])?;
    queue.maxsize.set(args[1].clone());
    let size = script::number_compared(vm, &args[1])?;
    queue.size.set(size.ceil() as i64);
    if queue.order.get() == Order::Own {
        script::call_method(vm, &args[0], "_init", &args[1..2])?;
    }
    Ok(Value::NONE)
}

// ----- items ------------------------------------------------------------------------

fn count(vm: &mut Vm, queue: &Ref<Queue>) -> R<usize> {
    if queue.order.get() == Order::Own {
        let answer = script::call_method(vm, queue.as_value(), "qsize", &[])?;
        return Ok(answer.as_small_int().unwrap_or(0).max(0) as usize);
    }
    Ok(queue.items.borrow().len())
}

fn is_full(vm: &mut Vm, queue: &Ref<Queue>) -> R<bool> {
    let size = queue.size.get();
    if size <= 0 {
        return Ok(false);
    }
    Ok(count(vm, queue)? as i64 >= size)
}

fn push(vm: &mut Vm, queue: &Ref<Queue>, item: Value) -> R<()> {
    let mut items = queue.items.borrow_mut();
    let room = items.capacity();
    if items.len() == room {
        vm.check_room(room * 8)?;
    }
    items.push_back(item);
    if items.capacity() != room {
        queue.charge.settle(items.capacity() * 8);
    }
    Ok(())
}

fn store(vm: &mut Vm, queue: &Ref<Queue>, item: Value) -> R<()> {
    match queue.order.get() {
        Order::Fifo | Order::Lifo => return push(vm, queue, item),
        Order::Priority => return heap_push(vm, queue, item),
        Order::Own => {
            script::call_method(vm, queue.as_value(), "_put", &[item])?;
        }
    }
    Ok(())
}

fn fetch(vm: &mut Vm, queue: &Ref<Queue>) -> R {
    let item = match queue.order.get() {
        Order::Fifo => queue.items.borrow_mut().pop_front(),
        Order::Lifo => queue.items.borrow_mut().pop_back(),
        Order::Priority => return heap_pop(vm, queue),
        Order::Own => return script::call_method(vm, queue.as_value(), "_get", &[]),
    };
    item.ok_or_else(|| script::raise_def(vm, &exceptions::QUEUE_EMPTY, &[]))
}

fn item_at(queue: &Queue, at: usize) -> Value {
    queue.items.borrow().get(at).cloned().unwrap_or_default()
}

fn swap(queue: &Queue, a: usize, b: usize) {
    let mut items = queue.items.borrow_mut();
    if a < items.len() && b < items.len() {
        items.swap(a, b);
    }
}

/// As `heapq.heappush`: the same comparisons in the same order, so that equal
/// items leave as they do there.
fn heap_push(vm: &mut Vm, queue: &Ref<Queue>, item: Value) -> R<()> {
    push(vm, queue, item)?;
    let last = queue.items.borrow().len() - 1;
    sift_down(vm, queue, 0, last)
}

fn sift_down(vm: &mut Vm, queue: &Ref<Queue>, start: usize, mut at: usize) -> R<()> {
    while at > start {
        let parent = (at - 1) / 2;
        if !script::less(vm, &item_at(queue, at), &item_at(queue, parent))? {
            break;
        }
        swap(queue, at, parent);
        at = parent;
    }
    Ok(())
}

/// As `heapq.heappop`.
fn heap_pop(vm: &mut Vm, queue: &Ref<Queue>) -> R {
    let last = queue.items.borrow_mut().pop_back();
    let Some(last) = last else {
        return Err(script::raise_def(vm, &exceptions::QUEUE_EMPTY, &[]));
    };
    if queue.items.borrow().is_empty() {
        return Ok(last);
    }
    let first = std::mem::replace(&mut queue.items.borrow_mut()[0], last);
    sift_up(vm, queue)?;
    Ok(first)
}

/// The smaller child moves up until a leaf is reached, then the item finds its place.
fn sift_up(vm: &mut Vm, queue: &Ref<Queue>) -> R<()> {
    let end = queue.items.borrow().len();
    let mut at = 0;
    let mut child = 1;
    while child < end {
        let right = child + 1;
        if right < end && !script::less(vm, &item_at(queue, child), &item_at(queue, right))? {
            child = right;
        }
        swap(queue, at, child);
        at = child;
        child = 2 * at + 1;
    }
    sift_down(vm, queue, 0, at)
}

/// Wakes the first of those who wait that was not cancelled.
pub(super) fn wake_next(vm: &mut Vm, waiters: &locks::Queue) -> R<()> {
    loop {
        let next = match cfg!(hoop_mutant = "9") {
            true => waiters.futures.borrow_mut().pop_back(),
            false => waiters.futures.borrow_mut().pop_front(),
        };
        let Some(next) = next else { return Ok(()) };
        if let Some(future) = Future::to_ref(&next)
            && future.is_pending()
        {
            return futures::set_result(vm, &future, Value::NONE);
        }
    }
}

fn wake_all(vm: &mut Vm, waiters: &locks::Queue) -> R<()> {
    let all = std::mem::take(&mut *waiters.futures.borrow_mut());
    for future in all.iter().filter_map(Future::to_ref) {
        futures::finish_unless_done(vm, &future, Value::NONE)?;
    }
    Ok(())
}

fn shut_down(vm: &mut Vm) -> Raised {
    script::raise_def(vm, &exceptions::QUEUE_SHUT_DOWN, &[])
}

// ----- put and get --------------------------------------------------------------------

fn put_now(vm: &mut Vm, value: &Value, item: Value) -> R<()> {
    let queue = this(vm, value)?;
    if queue.shut.get() {
        return Err(shut_down(vm));
    }
    if is_full(vm, &queue)? {
        return Err(script::raise_def(vm, &exceptions::QUEUE_FULL, &[]));
    }
    store(vm, &queue, item)?;
    queue.unfinished.set(queue.unfinished.get() + 1);
    wake_next(vm, &queue.getters)
}

fn put_nowait(vm: &mut Vm, args: &[Value]) -> R {
    put_now(vm, &args[0], args[1].clone())?;
    Ok(Value::NONE)
}

fn get_now(vm: &mut Vm, value: &Value) -> R {
    let queue = this(vm, value)?;
    if count(vm, &queue)? == 0 {
        if queue.shut.get() {
            return Err(shut_down(vm));
        }
        return Err(script::raise_def(vm, &exceptions::QUEUE_EMPTY, &[]));
    }
    let item = fetch(vm, &queue)?;
    wake_next(vm, &queue.putters)?;
    Ok(item)
}

fn get_nowait(vm: &mut Vm, args: &[Value]) -> R {
    get_now(vm, &args[0])
}

/// Registers: self, item, the future it waits for.
fn put(vm: &mut Vm, frame: &mut NativeFrame<'_>, input: Input) -> Step {
    put_step(vm, frame, input).unwrap_or_else(Step::Raise)
}

fn put_step(vm: &mut Vm, frame: &mut NativeFrame<'_>, input: Input) -> R<Step> {
    let queue = this(vm, &frame.regs[0])?;
    if frame.state == 1 {
        let putter = std::mem::take(&mut frame.regs[2]);
        if let Input::Raised(raised) = input {
            give_up(vm, &queue, &queue.putters, &putter, true)?;
            return Err(raised);
        }
    }
    if is_full(vm, &queue)? {
        if queue.shut.get() {
            return Err(shut_down(vm));
        }
        frame.state = 1;
        let putter = queue
            .putters
            .join(vm, debug::PUT, &frame.regs[0], &queue.owner)?;
        frame.regs[2] = putter.clone();
        return Ok(Step::Await(putter));
    }
    put_now(
        vm,
        &frame.regs[0].clone(),
        std::mem::take(&mut frame.regs[1]),
    )?;
    Ok(Step::Return(Value::NONE))
}

/// A wait that was cancelled: if it had been woken, the next one is woken in its place.
fn give_up(
    vm: &mut Vm,
    queue: &Ref<Queue>,
    waiters: &locks::Queue,
    waiter: &Value,
    puts: bool,
) -> R<()> {
    let Some(future) = Future::to_ref(waiter) else {
        return Ok(());
    };
    futures::cancel_plain(vm, &future, Value::NONE)?;
    waiters.leave(waiter);
    let possible = if puts {
        !is_full(vm, queue)?
    } else {
        count(vm, queue)? > 0
    };
    if possible && !future.is_cancelled() {
        wake_next(vm, waiters)?;
    }
    Ok(())
}

/// Registers: self, the future it waits for.
fn get(vm: &mut Vm, frame: &mut NativeFrame<'_>, input: Input) -> Step {
    get_step(vm, frame, input).unwrap_or_else(Step::Raise)
}

fn get_step(vm: &mut Vm, frame: &mut NativeFrame<'_>, input: Input) -> R<Step> {
    let queue = this(vm, &frame.regs[0])?;
    if frame.state == 1 {
        let getter = std::mem::take(&mut frame.regs[1]);
        if let Input::Raised(raised) = input {
            give_up(vm, &queue, &queue.getters, &getter, false)?;
            return Err(raised);
        }
    }
    if count(vm, &queue)? == 0 {
        if queue.shut.get() {
            return Err(shut_down(vm));
        }
        frame.state = 1;
        let getter = queue
            .getters
            .join(vm, debug::GET, &frame.regs[0], &queue.owner)?;
        frame.regs[1] = getter.clone();
        return Ok(Step::Await(getter));
    }
    get_now(vm, &frame.regs[0].clone()).map(Step::Return)
}

/// As `put`, where there is room and no script says how items are kept.
fn put_at_once(vm: &mut Vm, args: &[Value]) -> Option<R<Awaited>> {
    let [value, item] = args else {
        return None;
    };
    let queue = value.get::<Queue>()?;
    let size = queue.size.get();
    let has_room = size <= 0 || (queue.items.borrow().len() as i64) < size;
    let is_plain = matches!(queue.order.get(), Order::Fifo | Order::Lifo);
    if !has_room || !is_plain || queue.shut.get() {
        return None;
    }
    let put = put_now(vm, value, item.clone());
    Some(put.map(|()| Awaited::Done(Value::NONE)))
}

/// As `get`, where there is an item and no script says how items are kept.
fn get_at_once(vm: &mut Vm, args: &[Value]) -> Option<R<Awaited>> {
    let [value] = args else {
        return None;
    };
    let queue = value.get::<Queue>()?;
    let is_plain = matches!(queue.order.get(), Order::Fifo | Order::Lifo);
    if !is_plain || queue.items.borrow().is_empty() {
        return None;
    }
    Some(get_now(vm, value).map(Awaited::Done))
}

// ----- the rest -----------------------------------------------------------------------------

fn task_done(vm: &mut Vm, args: &[Value]) -> R {
    let queue = this(vm, &args[0])?;
    let left = queue.unfinished.get();
    if left <= 0 {
        return Err(script::error(
            vm,
            Known::ValueError,
            "task_done() called too many times",
        ));
    }
    queue.unfinished.set(left - 1);
    if left == 1 {
        finish_joins(vm, &queue)?;
    }
    Ok(Value::NONE)
}

/// Tells those in `join`; each takes itself off the list when it wakes.
fn finish_joins(vm: &mut Vm, queue: &Queue) -> R<()> {
    let waiting: Vec<Value> = queue.joiners.futures.borrow().iter().cloned().collect();
    for future in waiting.iter().filter_map(Future::to_ref) {
        futures::finish_unless_done(vm, &future, Value::TRUE)?;
    }
    Ok(())
}

fn join(vm: &mut Vm, frame: &mut NativeFrame<'_>, input: Input) -> Step {
    let queue = match this(vm, &frame.regs[0]) {
        Ok(queue) => queue,
        Err(raised) => return Step::Raise(raised),
    };
    if frame.state == 0 {
        if queue.unfinished.get() <= 0 {
            return Step::Return(Value::NONE);
        }
        frame.state = 1;
        return match queue
            .joiners
            .join(vm, debug::EVENT, &frame.regs[0], &queue.owner)
        {
            Ok(future) => {
                frame.regs[1] = future.clone();
                Step::Await(future)
            }
            Err(raised) => Step::Raise(raised),
        };
    }
    queue.joiners.leave(&std::mem::take(&mut frame.regs[1]));
    match input {
        Input::Raised(raised) => Step::Raise(raised),
        _ => Step::Return(Value::NONE),
    }
}

fn shutdown(vm: &mut Vm, args: &[Value]) -> R {
    let queue = this(vm, &args[0])?;
    queue.shut.set(true);
    if script::truth(vm, &args[1])? {
        while count(vm, &queue)? > 0 {
            drop(fetch(vm, &queue)?);
            queue.unfinished.set((queue.unfinished.get() - 1).max(0));
        }
        if queue.unfinished.get() == 0 {
            finish_joins(vm, &queue)?;
        }
    }
    wake_all(vm, &queue.getters)?;
    wake_all(vm, &queue.putters)?;
    Ok(Value::NONE)
}

fn qsize(vm: &mut Vm, args: &[Value]) -> R {
    let queue = this(vm, &args[0])?;
    if queue.order.get() == Order::Own {
        let own = own_items(vm, &args[0])?;
        return Ok(script::int(script::length(vm, &own)? as i64));
    }
    Ok(script::int(queue.items.borrow().len() as i64))
}

fn own_items(vm: &mut Vm, value: &Value) -> R {
    let own = this(vm, value)?.own.get();
    if own.is_undef() {
        script::list(vm, Vec::new())
    } else {
        Ok(own)
    }
}

fn empty(vm: &mut Vm, args: &[Value]) -> R {
    let queue = this(vm, &args[0])?;
    Ok(Value::bool(count(vm, &queue)? == 0))
}

fn full(vm: &mut Vm, args: &[Value]) -> R {
    let queue = this(vm, &args[0])?;
    Ok(Value::bool(is_full(vm, &queue)?))
}

fn format(vm: &mut Vm, value: &Value) -> R<String> {
    let queue = this(vm, value)?;
    let mut text = format!("maxsize={}", script::repr(vm, &queue.maxsize.get())?);
    let items = items_attribute(vm, value)?;
    if script::truth(vm, &items)? {
        let all = vm.collect(&items)?;
        let items = script::list(vm, all)?;
        text += &format!(" _queue={}", script::repr(vm, &items)?);
    }
    for (name, count) in [
        ("_getters", queue.getters.len()),
        ("_putters", queue.putters.len()),
    ] {
        if count > 0 {
            text += &format!(" {name}[{count}]");
        }
    }
    if queue.unfinished.get() > 0 {
        text += &format!(" tasks={}", queue.unfinished.get());
    }
    if queue.shut.get() {
        text += " shutdown";
    }
    Ok(text)
}

fn repr(vm: &mut Vm, args: &[Value]) -> R {
    let name = vm.class_of(&args[0]).name_str();
    let text = format!(
        "<{name} at {} {}>",
        script::address(vm, &args[0]),
        format(vm, &args[0])?
    );
    Ok(script::text(&text))
}

fn str_method(vm: &mut Vm, args: &[Value]) -> R {
    let name = vm.class_of(&args[0]).name_str();
    let text = format!("<{name} {}>", format(vm, &args[0])?);
    Ok(script::text(&text))
}

fn format_method(vm: &mut Vm, args: &[Value]) -> R {
    let text = format(vm, &args[0])?;
    Ok(script::text(&text))
}

fn maxsize(vm: &mut Vm, value: &Value) -> R {
    Ok(this(vm, value)?.maxsize.get())
}

fn items_attribute(vm: &mut Vm, value: &Value) -> R {
    let queue = this(vm, value)?;
    if !queue.own.is_undef() {
        return Ok(queue.own.get());
    }
    let items = queue.items.borrow().iter().cloned().collect();
    script::list(vm, items)
}

fn set_items(vm: &mut Vm, value: &Value, to: &Value) -> R<()> {
    this(vm, value)?.own.set(to.clone());
    Ok(())
}

fn maxsize_attribute(vm: &mut Vm, value: &Value, to: &Value) -> R<()> {
    let size = script::number_compared(vm, to)?;
    let queue = this(vm, value)?;
    queue.size.set(size.ceil() as i64);
    queue.maxsize.set(to.clone());
    Ok(())
}

fn unfinished(vm: &mut Vm, value: &Value) -> R {
    Ok(script::int(this(vm, value)?.unfinished.get()))
}

fn set_unfinished(vm: &mut Vm, value: &Value, to: &Value) -> R<()> {
    let number = script::integer(vm, to)?;
    this(vm, value)?.unfinished.set(number);
    Ok(())
}

fn getters(vm: &mut Vm, value: &Value) -> R {
    let queue = this(vm, value)?;
    queue.getters.shown(vm)
}

fn putters(vm: &mut Vm, value: &Value) -> R {
    let queue = this(vm, value)?;
    queue.putters.shown(vm)
}

fn own_init(_: &mut Vm, _: &[Value]) -> R {
    Ok(Value::NONE)
}

fn own_put(vm: &mut Vm, args: &[Value]) -> R {
    let queue = this(vm, &args[0])?;
    if queue.order.get() != Order::Own {
        store(vm, &queue, args[1].clone())?;
        return Ok(Value::NONE);
    }
    let own = own_items(vm, &args[0])?;
    script::call_method(vm, &own, "append", &args[1..2])
}

fn own_get(vm: &mut Vm, args: &[Value]) -> R {
    let queue = this(vm, &args[0])?;
    if queue.order.get() != Order::Own {
        return fetch(vm, &queue);
    }
    let own = own_items(vm, &args[0])?;
    match script::attr_or_none(vm, &own, "popleft")? {
        Some(method) => script::call(vm, &method, &[]),
        None => script::call_method(vm, &own, "pop", &[Value::int32(0)]),
    }
}

/// `asyncio.Queue`
pub static QUEUE: TypeDef = TypeDef {
    flags: class_flags::BASE | class_flags::WEAKREF | class_flags::HAS_DICT,
    new: Some(Def::leaf("__new__(cls, /, *args, **kwargs)", new).stat()),
    methods: &[
        Def::leaf("__init__(self, maxsize=0)", init),
        Def::coroutine("put(self, item)", 1, put).awaited(put_at_once),
        Def::leaf("put_nowait(self, item)", put_nowait),
        Def::coroutine("get(self)", 1, get).awaited(get_at_once),
        Def::leaf("get_nowait(self)", get_nowait),
        Def::leaf("task_done(self)", task_done),
        Def::coroutine("join(self)", 1, join),
        Def::leaf("shutdown(self, immediate=False)", shutdown),
        Def::leaf("qsize(self)", qsize),
        Def::leaf("empty(self)", empty),
        Def::leaf("full(self)", full),
        Def::leaf("_format(self)", format_method),
        Def::leaf("_init(self, maxsize)", own_init),
        Def::leaf("_put(self, item)", own_put),
        Def::leaf("_get(self)", own_get),
        Def::leaf("__repr__(self)", repr),
        Def::leaf("__str__(self)", str_method),
        Def::leaf("__class_getitem__(cls, item, /)", script::class_getitem).class(),
    ],
    attributes: &[
        DICT,
        Attribute::get("maxsize", maxsize),
        Attribute::get_set("_maxsize", maxsize, maxsize_attribute),
        Attribute::get_set("_queue", items_attribute, set_items),
        Attribute::get_set("_unfinished_tasks", unfinished, set_unfinished),
        Attribute::get("_getters", getters),
        Attribute::get("_putters", putters),
    ],
    ..TypeDef::new("asyncio.queues", "Queue", kind::QUEUE)
};

/// `asyncio.LifoQueue`
pub static LIFO_QUEUE: TypeDef = TypeDef {
    base: Some(&QUEUE),
    flags: class_flags::BASE | class_flags::WEAKREF,
    new: Some(Def::leaf("__new__(cls, /, *args, **kwargs)", new_lifo).stat()),
    ..TypeDef::new("asyncio.queues", "LifoQueue", kind::QUEUE)
};

/// `asyncio.PriorityQueue`
pub static PRIORITY_QUEUE: TypeDef = TypeDef {
    base: Some(&QUEUE),
    flags: class_flags::BASE | class_flags::WEAKREF,
    new: Some(Def::leaf("__new__(cls, /, *args, **kwargs)", new_priority).stat()),
    ..TypeDef::new("asyncio.queues", "PriorityQueue", kind::QUEUE)
};
