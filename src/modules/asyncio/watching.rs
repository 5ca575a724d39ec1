//! The descriptors that a loop watches: `add_reader` and its like.

use std::cell::RefCell;

use super::base_events::{Loop, open, this};
use super::handles::cancel_handle;
use super::jobs::Job;
use super::{debug, script};
use crate::builtins::arguments::outside;
use crate::heap::Value;
use crate::host::Direction;
use crate::modules::contextvars;
use crate::object::native::R;
use crate::object::task::Handle;
use crate::object::traced::Traced;
use crate::vm::Vm;
use crate::vm::types::Known;

/// What descriptors were watched by, where that was no number: it stays alive meanwhile, and once
/// it is closed it still stands for its descriptor.
#[derive(Default)]
pub struct Files(RefCell<Vec<(i32, Value)>>);

impl Traced for Files {
    fn trace(&self, visitor: &mut dyn crate::heap::Visitor) {
        if let Ok(files) = self.0.try_borrow() {
            files.iter().for_each(|(_, file)| visitor.visit(file));
        }
    }
}

impl Files {
    fn keep(&self, fd: i32, file: &Value) {
        let mut files = self.0.borrow_mut();
        if file.as_small_int().is_none() && !files.iter().any(|(known, _)| *known == fd) {
            files.push((fd, file.clone()));
        }
    }

    /// Answers what was kept, for the caller to drop when nothing is borrowed.
    fn forget(&self, fd: i32) -> Option<Value> {
        let mut files = self.0.borrow_mut();
        let at = files.iter().position(|(known, _)| *known == fd)?;
        Some(files.swap_remove(at).1)
    }

    fn descriptor(&self, file: &Value) -> Option<i32> {
        let files = self.0.borrow();
        files
            .iter()
            .find(|(_, kept)| kept.is(file))
            .map(|(fd, _)| *fd)
    }
}

fn descriptor(vm: &mut Vm, looped: &Loop, value: &Value) -> R<i32> {
    let number = match value.as_small_int() {
        Some(number) => number,
        None => {
            let answer = match script::attr_or_none(vm, value, "fileno")? {
                Some(method) => script::call(vm, &method, &[])?,
                None => Value::NONE,
            };
            let Some(number) = answer.as_small_int() else {
                let shown = script::repr(vm, value)?;
                return Err(script::error(
                    vm,
                    Known::ValueError,
                    &format!("Invalid file object: {shown}"),
                ));
            };
            number
        }
    };
    match i32::try_from(number) {
        Ok(fd) if fd >= 0 => Ok(fd),
        _ => looped.files.descriptor(value).ok_or_else(|| {
            let text = format!("Invalid file descriptor: {number}");
            script::error(vm, Known::ValueError, &text)
        }),
    }
}

/// Watches a descriptor for a job, in place of the one that watched it.
pub fn watch(vm: &mut Vm, owner: &Value, fd: i32, direction: Direction, job: Job) -> R<()> {
    let looped = open(vm, owner)?;
    let watched = looped
        .turns
        .0
        .borrow_mut()
        .watch(&mut vm.host.poller, fd, direction, job);
    match watched {
        Ok(Some(Job::Handle(old))) => {
            cancel_handle(&old);
            Ok(())
        }
        Ok(_) => Ok(()),
        Err(error) => Err(script::os_error(vm, &error)),
    }
}

/// Watches a descriptor no more; false if nobody did.
pub fn unwatch(vm: &mut Vm, owner: &Value, fd: i32, direction: Direction) -> bool {
    let Some(looped) = owner.get::<Loop>() else {
        return false;
    };
    let (job, over) = {
        let mut turns = looped.turns.0.borrow_mut();
        let job = turns.unwatch(&mut vm.host.poller, fd, direction);
        (job, !turns.interests().watches(fd))
    };
    if let Some(Job::Handle(old)) = &job {
        cancel_handle(old);
    }
    if over {
        drop(looped.files.forget(fd));
    }
    job.is_some()
}

fn add_watch(vm: &mut Vm, args: &[Value], direction: Direction) -> R {
    let looped = open(vm, &args[0])?;
    let fd = descriptor(vm, &looped, &args[1])?;
    if !vm.host.grants.is_all() {
        // What the script has not opened is not there, as for `os.read`.
        let known = vm.host.descriptors.get(fd);
        outside(vm, known)?;
    }
    let context = contextvars::copy(vm);
    let handle = Handle::alloc(args[0].clone(), args[2].clone(), args[3].clone(), context);
    if debug::is_on(&args[0]) {
        debug::note_handle(vm, &handle)?;
    }
    let handle = handle.into_value();
    watch(vm, &args[0], fd, direction, Job::Handle(handle.clone()))?;
    looped.files.keep(fd, &args[1]);
    Ok(handle)
}

/// RuntimeError for a descriptor that a transport watches.
fn check_transport(vm: &mut Vm, looped: &Loop, fd: i32) -> R<()> {
    let mut found = None;
    {
        let turns = looped.turns.0.borrow();
        for direction in [Direction::Read, Direction::Write] {
            if let Some(job) = turns.interests().get(fd, direction) {
                found = found.or_else(|| super::selector_events::transport_of(job));
            }
        }
    }
    let Some(transport) = found else {
        return Ok(());
    };
    let shown = script::repr(vm, &transport)?;
    let text = format!("File descriptor {fd} is used by transport {shown}");
    Err(script::error(vm, Known::RuntimeError, &text))
}

pub(super) fn ensure_no_transport(vm: &mut Vm, args: &[Value]) -> R {
    let looped = this(vm, &args[0])?;
    let fd = descriptor(vm, &looped, &args[1])?;
    check_transport(vm, &looped, fd)?;
    Ok(Value::NONE)
}

pub(super) fn is_watched(vm: &mut Vm, args: &[Value]) -> R {
    let looped = this(vm, &args[0])?;
    let fd = script::integer(vm, &args[1])? as i32;
    let direction = if script::truth(vm, &args[2])? {
        Direction::Write
    } else {
        Direction::Read
    };
    let watched = looped
        .turns
        .0
        .borrow()
        .interests()
        .get(fd, direction)
        .is_some();
    Ok(Value::bool(watched))
}

pub(super) fn add_reader(vm: &mut Vm, args: &[Value]) -> R {
    ensure_no_transport(vm, args)?;
    add_watch(vm, args, Direction::Read)?;
    Ok(Value::NONE)
}

pub(super) fn add_writer(vm: &mut Vm, args: &[Value]) -> R {
    ensure_no_transport(vm, args)?;
    add_watch(vm, args, Direction::Write)?;
    Ok(Value::NONE)
}

pub(super) fn add_reader_inside(vm: &mut Vm, args: &[Value]) -> R {
    add_watch(vm, args, Direction::Read)
}

pub(super) fn add_writer_inside(vm: &mut Vm, args: &[Value]) -> R {
    add_watch(vm, args, Direction::Write)
}

fn remove_watch(vm: &mut Vm, args: &[Value], direction: Direction) -> R {
    let looped = this(vm, &args[0])?;
    if looped.closed.get() {
        return Ok(Value::FALSE);
    }
    let fd = descriptor(vm, &looped, &args[1])?;
    Ok(Value::bool(unwatch(vm, &args[0], fd, direction)))
}

pub(super) fn remove_reader(vm: &mut Vm, args: &[Value]) -> R {
    ensure_no_transport(vm, args)?;
    remove_watch(vm, args, Direction::Read)
}

pub(super) fn remove_writer(vm: &mut Vm, args: &[Value]) -> R {
    ensure_no_transport(vm, args)?;
    remove_watch(vm, args, Direction::Write)
}

pub(super) fn remove_reader_inside(vm: &mut Vm, args: &[Value]) -> R {
    remove_watch(vm, args, Direction::Read)
}

pub(super) fn remove_writer_inside(vm: &mut Vm, args: &[Value]) -> R {
    remove_watch(vm, args, Direction::Write)
}
