//! `_thread`: fibers, locks between them, values of their own.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;

use crate::heap::{Field, Ref, Value};
use crate::object::class::class_flags;
use crate::object::dict::Dict;
use crate::object::int;
use crate::object::kind;
use crate::object::native::{Def, Input, ModuleDef, NativeFrame, R, Step, TypeDef};
use crate::object::str::Str;
use crate::object::traced::traced_object;
use crate::object::tuple::Tuple;
use crate::vm::Vm;
use crate::vm::fiber::{Fiber, MAIN_IDENT};
use crate::vm::types::Known;

/// Its types.
pub static TYPES: &[&TypeDef] = &[&LOCK, &RLOCK, &COUNTER, &LOCAL];

/// The module.
pub static MODULE: ModuleDef = ModuleDef {
    name: "_thread",
    doc: "Threads, which are fibers of one operating-system thread here.",
    functions: &[
        Def::leaf(
            "start_new_thread(function, args, kwargs={}, /)",
            start_new_thread,
        ),
        Def::leaf("allocate_lock()", |_, _| Ok(new_lock())),
        Def::leaf("_counter()", |vm, _| Ok(new_counter(vm))),
        Def::leaf("get_ident()", |vm, _| Ok(identity(vm))),
        Def::leaf("get_native_id()", |vm, _| Ok(identity(vm))),
        Def::leaf("_count()", |vm, _| Ok(Value::bool(vm.has_other_fibers()))),
        Def::leaf("interrupt_main(signum=2, /)", |vm, args| {
            let number = crate::builtins::arguments::small(vm, &args[0])?;
            super::signal::simulate(vm, number)?;
            Ok(Value::NONE)
        }),
        Def::frame("_yield()", 0, |_, _, input| match input {
            Input::Start => Step::Park,
            Input::Raised(raised) => Step::Raise(raised),
            _ => Step::Return(Value::NONE),
        }),
    ],
    types: &[&LOCK, &RLOCK, &LOCAL],
    setup: Some(|vm, module| {
        vm.forget_run.push(forget_run);
        let error = vm.known_class(Known::RuntimeError).into_value();
        vm.set_name(&module.namespace, "error", error)?;
        let lock = vm.class_of_def(&LOCK).into_value();
        vm.set_name(&module.namespace, "LockType", lock)?;
        vm.set_name(
            &module.namespace,
            "TIMEOUT_MAX",
            crate::object::float::float(LONGEST),
        )
    }),
};

/// The longest time to wait for a lock, in seconds.
const LONGEST: f64 = 9_223_372_036.0;

fn identity(vm: &mut Vm) -> Value {
    int::from_u64(vm.current_fiber().ident.get())
}

fn start_new_thread(vm: &mut Vm, args: &[Value]) -> R {
    let Some(positional) = args[1].get::<Tuple>() else {
        return Err(vm.type_error("2nd arg must be a tuple"));
    };
    let positional = positional.items().to_vec();
    let keywords = match args[2].get::<Dict>() {
        Some(dict) => dict.pairs(),
        None if args[2].is_undef() => Vec::new(),
        None => return Err(vm.type_error("optional 3rd arg must be a dictionary")),
    };
    let fiber = if keywords.is_empty() {
        vm.spawn_fiber(&args[0], positional)
    } else {
        let names = keywords.iter().map(|(name, _)| name.clone()).collect();
        let values = keywords.into_iter().map(|(_, value)| value);
        let all: Vec<Value> = positional.into_iter().chain(values).collect();
        let call =
            crate::object::native::Native::alloc(&CALL_KW, Value::UNDEF, Value::NONE).into_value();
        let arguments = vec![
            args[0].clone(),
            Tuple::of(all).into_value(),
            Tuple::of(names).into_value(),
        ];
        vm.spawn_fiber(&call, arguments)
    };
    Ok(int::from_u64(fiber.ident.get()))
}

/// Calls with keywords in a new fiber. Registers: function, all arguments, names of the last ones.
static CALL_KW: Def = Def::frame(
    "<thread call>(function, arguments, names, /)",
    0,
    |_, frame, _| {
        let args = frame.regs[1]
            .get::<Tuple>()
            .map_or_else(Default::default, |t| t.items().iter().cloned().collect());
        Step::TailCallKw(frame.regs[0].clone(), args, frame.regs[2].clone())
    },
);

traced_object! {
    /// A lock, plain or reentrant.
    pub struct Lock: THREAD_LOCK {
        /// How often it is held.
        held: Cell<u64>,
        /// The fiber that holds a reentrant lock.
        owner: Cell<u64>,
        /// Fibers that wait, which the scheduler holds as well.
        waiters: RefCell<VecDeque<Ref<Fiber>>>,
    }
}

fn new_lock() -> Value {
    blank(kind::THREAD_LOCK as u32)
}

/// A lock that nobody holds, as an instance of the class with this shape.
fn blank(shape: u32) -> Value {
    Lock::alloc(shape, Cell::new(0), Cell::new(0), RefCell::default()).into_value()
}

/// `_thread.lock`
pub static LOCK: TypeDef = TypeDef {
    new: Some(Def::leaf("lock(cls, /)", |_, _| Ok(new_lock())).stat()),
    methods: &[
        Def::frame("acquire(self, blocking=True, timeout=-1)", 0, acquire).at_once(acquire_at_once),
        Def::frame("acquire_lock(self, blocking=True, timeout=-1)", 0, acquire),
        Def::leaf("release(self, /)", release),
        Def::leaf("release_lock(self, /)", release),
        Def::leaf("locked(self, /)", locked),
        Def::leaf("locked_lock(self, /)", locked),
        Def::frame("__enter__(self, /)", 2, acquire).at_once(acquire_at_once),
        Def::leaf("__exit__(self, /, *args)", release)
            .at_once(|vm, args| exit_at_once(vm, args, release)),
        Def::leaf("__repr__(self, /)", repr),
    ],
    ..TypeDef::new("_thread", "lock", kind::THREAD_LOCK)
};

/// `_thread.RLock`
pub static RLOCK: TypeDef = TypeDef {
    flags: class_flags::BASE,
    new: Some(
        Def::leaf("RLock(cls, /)", |vm, args| {
            let shape = vm.shape_for_new(&args[0], &RLOCK)?;
            Ok(blank(shape))
        })
        .stat(),
    ),
    methods: &[
        Def::frame("acquire(self, blocking=True, timeout=-1)", 0, acquire_again)
            .at_once(acquire_again_at_once),
        Def::leaf("release(self, /)", release_again),
        Def::leaf("locked(self, /)", locked),
        Def::frame("__enter__(self, /)", 2, acquire_again).at_once(acquire_again_at_once),
        Def::leaf("__exit__(self, /, *args)", release_again)
            .at_once(|vm, args| exit_at_once(vm, args, release_again)),
        Def::leaf("_is_owned(self, /)", |vm, args| {
            let me = vm.current_fiber().ident.get();
            Ok(Value::bool(
                args[0]
                    .get::<Lock>()
                    .is_some_and(|l| l.held.get() > 0 && l.owner.get() == me),
            ))
        }),
        Def::leaf("_release_save(self, /)", |vm, args| {
            let Some(lock) = args[0].get::<Lock>() else {
                return Ok(Value::NONE);
            };
            if lock.held.get() == 0 {
                return Err(vm.runtime_error("cannot release un-acquired lock"));
            }
            let state = Tuple::pair(
                int::from_u64(lock.held.get()),
                int::from_u64(lock.owner.get()),
            );
            hand_over(vm, lock);
            Ok(state.into_value())
        }),
        Def::frame("_acquire_restore(self, state, /)", 1, |vm, frame, input| {
            let state = frame.regs[1].clone();
            let held = state
                .get::<Tuple>()
                .and_then(|t| t.items()[0].as_small_int())
                .unwrap_or(1);
            if frame.state == 0 {
                frame.state = 1;
                // The state's register is that of `blocking`: any wait will do.
                frame.regs[1] = Value::TRUE;
                frame.regs[2] = state.clone();
            }
            let step = acquire(vm, frame, input);
            if matches!(step, Step::Return(_))
                && let Some(lock) = frame.regs[0].get::<Lock>()
            {
                let held = frame.regs[2]
                    .get::<Tuple>()
                    .and_then(|t| t.items()[0].as_small_int())
                    .unwrap_or(held);
                lock.held.set(held as u64);
                lock.owner.set(vm.current_fiber().ident.get());
                return Step::Return(Value::NONE);
            }
            step
        }),
        Def::leaf("__repr__(self, /)", repr),
    ],
    ..TypeDef::new("_thread", "RLock", kind::THREAD_LOCK)
};

/// The owner of a counter, which no fiber has for its number.
const NOBODY: u64 = u64::MAX;

/// What queues between threads count their items with: `release` gives one, `acquire` takes one or waits for it.
/// Scripts see none of them. Of the lock it is made of, `held` is the number that may be taken.
static COUNTER: TypeDef = TypeDef {
    methods: &[
        Def::frame("acquire(self, blocking=True, timeout=-1)", 0, take_one)
            .at_once(take_one_at_once),
        Def::leaf("release(self, /)", give_one),
    ],
    ..TypeDef::new("_thread", "_counter", kind::THREAD_LOCK)
};

fn new_counter(vm: &mut Vm) -> Value {
    let shape = vm.class_of_def(&COUNTER).root_shape.get();
    let counter = blank(shape);
    if let Some(count) = counter.get::<Lock>() {
        count.owner.set(NOBODY);
    }
    counter
}

fn take_one(vm: &mut Vm, frame: &mut NativeFrame<'_>, input: Input) -> Step {
    let value = frame.regs[0].clone();
    let Some(counter) = value.get::<Lock>() else {
        return Step::Return(Value::FALSE);
    };
    match input {
        Input::Start => match patience(vm, frame) {
            Ok(_) if counter.held.get() > 0 => {
                counter.held.set(counter.held.get() - 1);
                Step::Return(Value::TRUE)
            }
            Ok(patience) => wait(vm, counter, patience),
            Err(raised) => Step::Raise(raised),
        },
        // Woken with True: one was given to this fiber, and to no other. With False: the time is up.
        Input::Value(woken) => {
            if !woken.is_true() {
                forget_waiter(vm, counter);
            }
            Step::Return(Value::bool(woken.is_true()))
        }
        Input::Raised(raised) => {
            forget_waiter(vm, counter);
            Step::Raise(raised)
        }
        Input::Yielded(_) => Step::Return(Value::FALSE),
    }
}

/// `acquire()` and `acquire(blocking)` where one may be taken, or where there is none and nobody wants to wait.
fn take_one_at_once(_: &mut Vm, args: &[Value]) -> Option<R> {
    let counter = lock_asked(args)?;
    let left = counter.held.get();
    if left == 0 {
        return (args.get(1)?.as_bool() == Some(false)).then_some(Ok(Value::FALSE));
    }
    counter.held.set(left - 1);
    Some(Ok(Value::TRUE))
}

fn give_one(vm: &mut Vm, args: &[Value]) -> R {
    if let Some(counter) = args[0].get::<Lock>() {
        let next = counter.waiters.borrow_mut().pop_front();
        match next {
            Some(fiber) => vm.wake_fiber(&fiber, Value::TRUE),
            None => counter.held.set(counter.held.get() + 1),
        }
    }
    Ok(Value::NONE)
}

/// `acquire`: registers self, blocking, timeout.
fn acquire(vm: &mut Vm, frame: &mut NativeFrame<'_>, input: Input) -> Step {
    let value = frame.regs[0].clone();
    let Some(lock) = value.get::<Lock>() else {
        return Step::Return(Value::FALSE);
    };
    match input {
        Input::Start => match patience(vm, frame) {
            Ok(_) if lock.held.get() == 0 => {
                lock.held.set(1);
                lock.owner.set(vm.current_fiber().ident.get());
                Step::Return(Value::TRUE)
            }
            Ok(patience) => wait(vm, lock, patience),
            Err(raised) => Step::Raise(raised),
        },
        // Woken with True: whoever released the lock handed it over. With False: the time is up.
        Input::Value(woken) => {
            if woken.is_true() {
                lock.owner.set(vm.current_fiber().ident.get());
            } else {
                forget_waiter(vm, lock);
            }
            Step::Return(Value::bool(woken.is_true()))
        }
        Input::Raised(raised) => {
            forget_waiter(vm, lock);
            Step::Raise(raised)
        }
        Input::Yielded(_) => Step::Return(Value::FALSE),
    }
}

/// `acquire()`, `acquire(blocking)` and `__enter__()` of a lock that is free.
fn acquire_at_once(vm: &mut Vm, args: &[Value]) -> Option<R> {
    let lock = lock_asked(args)?;
    if lock.held.get() != 0 {
        return None;
    }
    lock.held.set(1);
    lock.owner.set(vm.current_fiber().ident.get());
    Some(Ok(Value::TRUE))
}

/// The same of a reentrant lock that is free, or held by whoever asks.
fn acquire_again_at_once(vm: &mut Vm, args: &[Value]) -> Option<R> {
    let lock = lock_asked(args)?;
    let me = vm.current_fiber().ident.get();
    let held = lock.held.get();
    if held != 0 && lock.owner.get() != me {
        return None;
    }
    lock.held.set(held + 1);
    lock.owner.set(me);
    Some(Ok(Value::TRUE))
}

/// The lock of a call with no more than a plain `blocking`, which says nothing as long as nobody has to wait.
fn lock_asked(args: &[Value]) -> Option<&Lock> {
    match args {
        [lock] => lock.get::<Lock>(),
        [lock, blocking] if blocking.as_bool().is_some() => lock.get::<Lock>(),
        _ => None,
    }
}

/// `__exit__(...)`, whatever it is given.
fn exit_at_once(vm: &mut Vm, args: &[Value], release: fn(&mut Vm, &[Value]) -> R) -> Option<R> {
    let lock = args.first().filter(|lock| lock.is_kind::<Lock>())?;
    Some(release(vm, std::slice::from_ref(lock)))
}

/// For how many seconds a call wants to wait: 0 for not at all, -1 for without an end.
fn patience(vm: &mut Vm, frame: &NativeFrame<'_>) -> R<f64> {
    let blocking = match &frame.regs[1] {
        v if v.is_undef() => true,
        v => vm.truth(&v.clone())?,
    };
    let timeout = match &frame.regs[2] {
        v if v.is_undef() || v.is_kind::<Tuple>() => -1.0,
        v => vm.float(&v.clone())?,
    };
    if !blocking && timeout != -1.0 {
        return Err(vm.value_error("can't specify a timeout for a non-blocking call"));
    }
    if timeout < 0.0 && timeout != -1.0 {
        return Err(vm.value_error("timeout value must be a non-negative number"));
    }
    if timeout > LONGEST {
        return Err(vm.overflow_error("timestamp too large to convert to C PyTime_t"));
    }
    Ok(if blocking { timeout } else { 0.0 })
}

fn wait(vm: &mut Vm, lock: &Lock, timeout: f64) -> Step {
    if timeout == 0.0 {
        return Step::Return(Value::FALSE);
    }
    let deadline = (timeout > 0.0).then(|| vm.host.clock.monotonic() + timeout);
    let me = vm.current_fiber();
    lock.waiters.borrow_mut().push_back(me);
    vm.park(deadline, false);
    Step::Park
}

fn forget_waiter(vm: &mut Vm, lock: &Lock) {
    let me = vm.current_fiber();
    lock.waiters.borrow_mut().retain(|f| !f.is(&me));
}

/// Gives the lock to the first who waits, or frees it.
fn hand_over(vm: &mut Vm, lock: &Lock) {
    let next = lock.waiters.borrow_mut().pop_front();
    match next {
        Some(fiber) => {
            lock.held.set(1);
            lock.owner.set(fiber.ident.get());
            vm.wake_fiber(&fiber, Value::TRUE);
        }
        None => {
            lock.held.set(0);
            lock.owner.set(0);
        }
    }
}

fn release(vm: &mut Vm, args: &[Value]) -> R {
    let Some(lock) = args[0].get::<Lock>() else {
        return Ok(Value::NONE);
    };
    if lock.held.get() == 0 {
        return Err(vm.runtime_error("release unlocked lock"));
    }
    hand_over(vm, lock);
    Ok(Value::NONE)
}

/// A run was taken down, with all its threads: nobody holds a lock, or waits for one, and `threading` knows the main
/// thread only.
fn forget_run(vm: &mut Vm) {
    for value in vm.living(kind::THREAD_LOCK) {
        if let Some(lock) = value.get::<Lock>() {
            // What a counter counts is still there.
            if lock.owner.get() != NOBODY {
                lock.held.set(0);
                lock.owner.set(0);
            }
            drop(lock.waiters.take());
        }
    }
    let main = int::from_u64(MAIN_IDENT);
    for (table, keeps_main) in [("_active", true), ("_limbo", false)] {
        let Some(threads) = vm.plain_global("threading", table).to_ref::<Dict>() else {
            continue;
        };
        for (key, _) in threads.pairs() {
            let is_main = keeps_main && key.as_small_int() == main.as_small_int();
            if !is_main {
                // The keys are numbers or plain threads: no script is asked for their hash.
                let _ = vm.dict_remove(&threads, &key);
            }
        }
    }
}

fn locked(_: &mut Vm, args: &[Value]) -> R {
    Ok(Value::bool(
        args[0].get::<Lock>().is_some_and(|l| l.held.get() > 0),
    ))
}

fn acquire_again(vm: &mut Vm, frame: &mut NativeFrame<'_>, input: Input) -> Step {
    let value = frame.regs[0].clone();
    if let (Input::Start, Some(lock)) = (&input, value.get::<Lock>()) {
        let me = vm.current_fiber().ident.get();
        if lock.held.get() > 0 && lock.owner.get() == me {
            return match patience(vm, frame) {
                Ok(_) => {
                    lock.held.set(lock.held.get() + 1);
                    Step::Return(Value::TRUE)
                }
                Err(raised) => Step::Raise(raised),
            };
        }
    }
    acquire(vm, frame, input)
}

fn release_again(vm: &mut Vm, args: &[Value]) -> R {
    let Some(lock) = args[0].get::<Lock>() else {
        return Ok(Value::NONE);
    };
    if lock.held.get() == 0 || lock.owner.get() != vm.current_fiber().ident.get() {
        return Err(vm.runtime_error("cannot release un-acquired lock"));
    }
    if lock.held.get() > 1 {
        lock.held.set(lock.held.get() - 1);
    } else {
        hand_over(vm, lock);
    }
    Ok(Value::NONE)
}

fn repr(vm: &mut Vm, args: &[Value]) -> R {
    let Some(lock) = args[0].get::<Lock>() else {
        return Ok(Value::NONE);
    };
    let class = vm.class_of(&args[0]);
    let name = vm.qualified_name_of(&class);
    let state = if lock.held.get() > 0 {
        "locked"
    } else {
        "unlocked"
    };
    let address = vm.address(&args[0]);
    let text = if name.ends_with("RLock") {
        format!(
            "<{state} {name} object owner={} count={} at {address}>",
            lock.owner.get(),
            lock.held.get()
        )
    } else {
        format!("<{state} {name} object at {address}>")
    };
    Ok(Str::new(&text).into_value())
}

traced_object! {
    /// `threading.local`: each fiber sees attributes of its own.
    pub struct Local: THREAD_LOCAL {
        /// The arguments of the constructor: a subclass's `__init__` runs once in each fiber.
        args: Field,
    }
}

/// `_thread._local`
pub static LOCAL: TypeDef = TypeDef {
    flags: class_flags::BASE,
    new: Some(
        Def::leaf("_local(cls, /, *args, **kwargs)", |vm, args| {
            let shape = vm.shape_for_new(&args[0], &LOCAL)?;
            let local = Local::alloc(shape, Field::new(args[1].clone())).into_value();
            // The dict of the fiber that makes it is there at once: its `__init__` is about to run.
            namespace(vm, &local, false)?;
            Ok(local)
        })
        .stat(),
    ),
    methods: &[
        Def::leaf("__getattribute__(self, name, /)", |vm, args| {
            let dict = namespace(vm, &args[0], true)?;
            if args[1].get::<Str>().is_some_and(|n| n.is_text("__dict__")) {
                return Ok(dict.into_value());
            }
            if let Some(value) = vm.dict_get(&dict, &args[1])? {
                return Ok(value);
            }
            let step = vm.generic_get_step(&args[0], &args[1]);
            vm.finish(step)
        }),
        Def::leaf("__setattr__(self, name, value, /)", |vm, args| {
            let dict = namespace(vm, &args[0], true)?;
            vm.dict_set(&dict, &args[1], args[2].clone())?;
            Ok(Value::NONE)
        }),
        Def::leaf("__delattr__(self, name, /)", |vm, args| {
            let dict = namespace(vm, &args[0], true)?;
            match vm.dict_remove(&dict, &args[1])? {
                Some(_) => Ok(Value::NONE),
                None => Err(vm.no_attribute(&args[0], &args[1])),
            }
        }),
    ],
    ..TypeDef::new("_thread", "_local", kind::THREAD_LOCAL)
};

/// The attributes of a local object in the running fiber.
fn namespace(vm: &mut Vm, local: &Value, initialise: bool) -> R<Ref<Dict>> {
    let fiber = vm.current_fiber();
    if fiber.locals.is_undef() {
        fiber.locals.set(Dict::new().into_value());
    }
    let table: Ref<Dict> = fiber.locals.get().to_ref().expect("it was just made");
    let key = int::from_u64(vm.address_number(local));
    if let Some(found) = vm.dict_get(&table, &key)?
        && let Some(dict) = found.to_ref::<Dict>()
    {
        return Ok(dict);
    }
    let dict = Dict::new();
    vm.dict_set(&table, &key, dict.value())?;
    if initialise
        && let Some(init) = vm.special_of(local, crate::vm::special::Special::Init)
        && init.is_kind::<crate::object::function::Function>()
    {
        let args = local.get::<Local>().map_or(Value::NONE, |l| l.args.get());
        let mut all = vec![local.clone()];
        all.extend(
            args.get::<Tuple>()
                .map_or(&[][..], Tuple::items)
                .iter()
                .cloned(),
        );
        vm.call(&init, &all)?;
    }
    Ok(dict)
}
