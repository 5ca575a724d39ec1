//! `_select`: waiting until files are ready, so that other fibers go on.
//! `stdlib/select.async` has the names around it.

use std::cell::RefCell;
use std::sync::Arc;

use crate::builtins::arguments::{float, index, list, outside, pair, small};
use crate::heap::{Ref, Value};
use crate::host::{Direction, Epoll, File, HostError, poll_now};
use crate::object::kind;
use crate::object::list::List;
use crate::object::native::{
    Attribute, Def, Input, ModuleDef, NativeFrame, R, Raised, Step, TypeDef,
};
use crate::object::traced::{Untraced, traced_object};
use crate::vm::Vm;
use crate::vm::waiting::{park_for, stop_watching};

/// `_select`
pub static MODULE: ModuleDef = ModuleDef {
    name: "_select",
    doc: "Waiting for files.",
    functions: &[Def::frame("poll(numbers, masks, timeout, /)", 1, poll)
        .doc("Waits until a file is ready: for what each is, in a list.")],
    types: &[&EPOLL],
    setup: None,
};

/// All types of this module.
pub static TYPES: &[&TypeDef] = &[&EPOLL];

/// Bits of `poll` and `epoll` that mean something to read, room to write, and no such file.
const READS: u16 = 0x1 | 0x2 | 0x40 | 0x80 | 0x2000;
const WRITES: u16 = 0x4 | 0x100 | 0x200;
const INVALID: u16 = 0x20;

traced_object! {
    /// `_select.Epoll`
    pub struct EpollObject: EPOLL {
        /// The set, until it is closed.
        epoll: Untraced<RefCell<Option<Epoll>>>,
    }
}

/// `_select.Epoll`
pub static EPOLL: TypeDef = TypeDef {
    new: Some(Def::leaf("__new__(cls, fd=None, /)", new)),
    methods: &[
        Def::leaf("register(self, fd, eventmask, /)", |vm, args| {
            control(vm, args, Epoll::add)
        })
        .doc("Watches a file."),
        Def::leaf("modify(self, fd, eventmask, /)", |vm, args| {
            control(vm, args, Epoll::modify)
        })
        .doc("Watches a file for something else."),
        Def::leaf("unregister(self, fd, /)", |vm, args| {
            let this = open(vm, &args[0])?;
            let file = file(vm, &args[1])?;
            outside(vm, this.remove(&file))?;
            Ok(Value::NONE)
        })
        .doc("Watches a file no more."),
        Def::frame("poll(self, timeout, maxevents, /)", 1, epoll_poll)
            .doc("Waits until files are ready: pairs of a number and what it is ready for."),
        Def::leaf("fileno(self, /)", |vm, args| {
            let this = open(vm, &args[0])?;
            vm.host.descriptors.lend(this.file());
            Ok(Value::int32(this.file().fileno()))
        })
        .doc("Its own number."),
        Def::leaf("close(self, /)", |vm, args| {
            let taken = this(&args[0]).and_then(|this| this.epoll.take());
            if let Some(epoll) = taken {
                vm.host.poller.forget(epoll.file().fileno());
            }
            Ok(Value::NONE)
        })
        .doc("Ends it."),
    ],
    attributes: &[Attribute::get("closed", |_, value| {
        Ok(Value::bool(
            this(value).is_none_or(|this| this.epoll.borrow().is_none()),
        ))
    })],
    ..TypeDef::new("_select", "Epoll", kind::EPOLL)
};

fn this(value: &Value) -> Option<Ref<EpollObject>> {
    value.to_ref::<EpollObject>()
}

fn open(vm: &mut Vm, value: &Value) -> R<Epoll> {
    let epoll = this(value).and_then(|this| this.epoll.borrow().clone());
    epoll.ok_or_else(|| vm.value_error("I/O operation on closed epoll object"))
}

fn file(vm: &mut Vm, value: &Value) -> R<Arc<File>> {
    let fd = small(vm, value)?;
    let found = vm.host.descriptors.get(fd);
    outside(vm, found)
}

fn new(vm: &mut Vm, args: &[Value]) -> R {
    let made = if args[1].is_none() {
        Epoll::new()
    } else {
        Ok(Epoll::of_file(file(vm, &args[1])?))
    };
    let made = outside(vm, made)?;
    let shape = crate::builtins::arguments::shape_of_class(&args[0]);
    Ok(EpollObject::alloc(shape, Untraced(RefCell::new(Some(made)))).into_value())
}

/// Arguments: self, number, mask.
fn control(
    vm: &mut Vm,
    args: &[Value],
    change: fn(&Epoll, &File, i32, u32) -> Result<(), HostError>,
) -> R {
    let this = open(vm, &args[0])?;
    let mask = index(vm, &args[2])? as u32;
    let number = small(vm, &args[1])?;
    let file = file(vm, &args[1])?;
    let done = change(&this, &file, number, mask);
    outside(vm, done)?;
    Ok(Value::NONE)
}

// ----- Waiting ---------------------------------------------------------------

/// The moment at which a wait is over, kept in the last register; None for never.
fn set_deadline(vm: &mut Vm, regs: &mut [Value], timeout: usize) -> R<()> {
    if !regs[timeout].is_none() {
        let seconds = vm.float(&regs[timeout])?;
        let last = regs.len() - 1;
        regs[last] = float(vm.host.clock.monotonic() + seconds);
    }
    Ok(())
}

/// Whether the deadline in the last register is over.
fn is_late(vm: &Vm, regs: &[Value]) -> bool {
    deadline(regs).is_some_and(|deadline| vm.host.clock.monotonic() >= deadline)
}

fn deadline(regs: &[Value]) -> Option<f64> {
    regs.last().and_then(crate::object::float::as_float)
}

/// Registers: numbers, masks, timeout or None; the deadline.
fn poll(vm: &mut Vm, frame: &mut NativeFrame<'_>, input: Input) -> Step {
    if let Input::Start = input
        && let Err(raised) = set_deadline(vm, frame.regs, 2)
    {
        return Step::Raise(raised);
    }
    match poll_again(vm, frame.regs, input) {
        Ok(step) => step,
        Err(raised) => Step::Raise(raised),
    }
}

fn poll_again(vm: &mut Vm, regs: &[Value], input: Input) -> R<Step> {
    let first = matches!(input, Input::Start);
    let mut asked = Vec::new();
    let mut places = Vec::new();
    let numbers = items(&regs[0]);
    let mut found = vec![0; numbers.len()];
    for (at, (number, mask)) in numbers.iter().zip(items(&regs[1])).enumerate() {
        let (number, mask) = (small(vm, number)?, index(vm, &mask)? as u16);
        match vm.host.descriptors.get(number) {
            Ok(file) => {
                asked.push((file, mask));
                places.push(at);
            }
            Err(_) => found[at] = INVALID,
        }
    }
    let watches = watches(&asked);
    if !first {
        stop_watching(vm, &watches);
    }
    if let Input::Raised(raised) = input {
        return Err(raised);
    }
    let bits = poll_now(&asked);
    for (at, bits) in places.into_iter().zip(outside(vm, bits)?) {
        found[at] = bits;
    }
    if found.iter().any(|bits| *bits != 0) || is_late(vm, regs) {
        let found = found.into_iter().map(|bits| Value::int32(bits.into()));
        return Ok(Step::Return(list(found.collect())));
    }
    Ok(park_for(vm, &watches, deadline(regs)))
}

fn items(value: &Value) -> Vec<Value> {
    value.get::<List>().map_or_else(Vec::new, |list| {
        (0..list.len()).filter_map(|at| list.get(at)).collect()
    })
}

/// What the poller has to watch for these.
fn watches(asked: &[(Arc<File>, u16)]) -> Vec<(i32, Direction)> {
    let mut watches = Vec::new();
    for (file, mask) in asked {
        if mask & READS != 0 || mask & WRITES == 0 {
            watches.push((file.fileno(), Direction::Read));
        }
        if mask & WRITES != 0 {
            watches.push((file.fileno(), Direction::Write));
        }
    }
    watches
}

/// Registers: self, timeout or None, how many; the deadline.
fn epoll_poll(vm: &mut Vm, frame: &mut NativeFrame<'_>, input: Input) -> Step {
    if let Input::Start = input
        && let Err(raised) = set_deadline(vm, frame.regs, 1)
    {
        return Step::Raise(raised);
    }
    match epoll_again(vm, frame.regs, input) {
        Ok(step) => step,
        Err(raised) => Step::Raise(raised),
    }
}

fn epoll_again(vm: &mut Vm, regs: &[Value], input: Input) -> R<Step> {
    let epoll = open(vm, &regs[0])?;
    let watches = [(epoll.file().fileno(), Direction::Read)];
    if !matches!(input, Input::Start) {
        stop_watching(vm, &watches);
    }
    if let Input::Raised(raised) = input {
        return Err::<Step, Raised>(raised);
    }
    let most = index(vm, &regs[2])?.clamp(1, 1 << 16) as usize;
    let ready = outside(vm, epoll.ready(most))?;
    if ready.is_empty() && !is_late(vm, regs) {
        return Ok(park_for(vm, &watches, deadline(regs)));
    }
    let mut found = Vec::new();
    for (number, bits) in ready {
        found.push(pair(
            Value::int32(number),
            crate::builtins::arguments::int(i64::from(bits)),
        ));
    }
    Ok(Step::Return(list(found)))
}
