//! `_subprocess`: children, and waiting for them and for pipes so that other fibers go on.
//! `stdlib/subprocess.async` has the names around it.

use std::cell::RefCell;
use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::sync::Arc;

use crate::builtins::arguments::{float, int, list, outside, path_of_text, small, tuple};
use crate::heap::Value;
use crate::host::{Child, Command, Direction, File, Redirect, pass_on, path_from_bytes, ready_now};
use crate::object::bytes::Bytes;
use crate::object::kind;
use crate::object::list::List;
use crate::object::native::{Attribute, Def, Input, ModuleDef, NativeFrame, R, Step, TypeDef};
use crate::object::str::Str;
use crate::object::traced::{Untraced, traced_object};
use crate::object::tuple::Tuple;
use crate::vm::Vm;

/// `_subprocess`
pub static MODULE: ModuleDef = ModuleDef {
    name: "_subprocess",
    doc: "Child processes.",
    functions: &[
        Def::leaf(
            "spawn(arguments, executable, environment, directory, streams, group, passed, /)",
            spawn,
        )
        .doc("Starts a child; answers it and the parent's ends of its pipes."),
        Def::frame("wait(child, reads, writes, timeout, /)", 1, wait)
            .doc("Waits until the child has ended or a descriptor is ready: whether it ended, and what is ready."),
    ],
    types: &[&CHILD],
    setup: None,
};

/// All types of this module.
pub static TYPES: &[&TypeDef] = &[&CHILD];

traced_object! {
    /// `_subprocess.Child`
    pub struct ChildObject: CHILD {
        /// The child.
        child: Untraced<RefCell<Child>>,
    }
}

/// `_subprocess.Child`
pub static CHILD: TypeDef = TypeDef {
    methods: &[
        Def::leaf("poll(self, /)", |vm, args| {
            let polled = args[0]
                .get::<ChildObject>()
                .map_or(Ok(None), |this| this.child.borrow_mut().poll());
            Ok(outside(vm, polled)?.map_or(Value::NONE, Value::int32))
        })
        .doc("How it ended; None while it runs."),
        Def::leaf("send_signal(self, number, /)", |vm, args| {
            let number = small(vm, &args[1])?;
            let sent = args[0]
                .get::<ChildObject>()
                .map_or(Ok(()), |this| this.child.borrow().send_signal(number));
            outside(vm, sent)?;
            Ok(Value::NONE)
        })
        .doc("Sends it a signal; nothing happens if it has ended."),
    ],
    attributes: &[Attribute::get("pid", |_, value| {
        let id = value
            .get::<ChildObject>()
            .map_or(0, |this| this.child.borrow().process_id());
        Ok(int(i64::from(id)))
    })],
    ..TypeDef::new("_subprocess", "Child", kind::CHILD)
};

/// The text of an argument of a program.
fn os_text(vm: &mut Vm, value: &Value) -> R<OsString> {
    let text = if let Some(text) = value.get::<Str>() {
        path_of_text(text)
    } else if let Some(bytes) = value.get::<Bytes>() {
        bytes.bytes().to_vec()
    } else {
        let given = vm.type_name(value);
        return Err(vm.type_error(format!(
            "expected str, bytes or os.PathLike object, not {given}"
        )));
    };
    if text.contains(&0) {
        return Err(vm.value_error("embedded null byte"));
    }
    Ok(OsString::from_vec(text))
}

fn items(value: &Value) -> Vec<Value> {
    if let Some(list) = value.get::<List>() {
        return (0..list.len()).filter_map(|i| list.get(i)).collect();
    }
    value
        .get::<Tuple>()
        .map_or_else(Vec::new, |tuple| tuple.items().to_vec())
}

/// Whether a stream is inherited (None), a pipe (-1), standard output (-2), nothing (-3), or a file.
fn redirect(vm: &mut Vm, value: &Value) -> R<Redirect> {
    if value.is_none() {
        return Ok(Redirect::Inherit);
    }
    Ok(match small(vm, value)? {
        -1 => Redirect::Pipe,
        -2 => Redirect::Output,
        -3 => Redirect::Null,
        fd => Redirect::File(file(vm, fd)?),
    })
}

fn file(vm: &mut Vm, fd: i32) -> R<Arc<File>> {
    let found = vm.host.descriptors.get(fd);
    outside(vm, found)
}

fn files(vm: &mut Vm, value: &Value) -> R<Vec<Arc<File>>> {
    let mut found = Vec::new();
    for value in items(value) {
        let fd = small(vm, &value)?;
        found.push(file(vm, fd)?);
    }
    Ok(found)
}

/// The environment of a child: pairs of names and values; None: ours.
fn environment(vm: &mut Vm, value: &Value) -> R<Option<Vec<(OsString, OsString)>>> {
    if value.is_none() {
        return Ok(None);
    }
    let mut pairs = Vec::new();
    for entry in items(value) {
        let entry = items(&entry);
        if let [name, value] = &entry[..] {
            let name = os_text(vm, name)?;
            if name.as_encoded_bytes().contains(&b'=') {
                return Err(vm.value_error("illegal environment variable name"));
            }
            pairs.push((name, os_text(vm, value)?));
        }
    }
    Ok(Some(pairs))
}

/// Arguments: as in the table.
fn spawn(vm: &mut Vm, args: &[Value]) -> R {
    let mut arguments = Vec::new();
    for argument in items(&args[0]) {
        arguments.push(os_text(vm, &argument)?);
    }
    if arguments.is_empty() {
        return Err(vm.value_error("a program is needed"));
    }
    let name = arguments.remove(0);
    let program = if args[1].is_none() {
        name.clone()
    } else {
        os_text(vm, &args[1])?
    };
    let directory = if args[3].is_none() {
        None
    } else {
        Some(path_from_bytes(&os_text(vm, &args[3])?.into_vec()))
    };
    let streams = items(&args[4]);
    let [input, output, error] = &streams[..] else {
        return Err(vm.value_error("three streams are needed"));
    };
    let command = Command {
        program,
        arguments,
        name: Some(name),
        environment: environment(vm, &args[2])?,
        directory,
        input: redirect(vm, input)?,
        output: redirect(vm, output)?,
        error: redirect(vm, error)?,
        process_group: match &args[5] {
            none if none.is_none() => None,
            group => Some(small(vm, group)?),
        },
    };
    let passed = files(vm, &args[6])?;
    // What a script has written before must not come after what the child writes.
    let _ = vm.host.stdio.output.flush();
    let done = pass_on(&passed, true);
    outside(vm, done)?;
    let spawned = vm.host.spawn(command);
    let done = pass_on(&passed, false);
    let mut child = outside(vm, spawned)?;
    outside(vm, done)?;
    let ends = [child.input.take(), child.output.take(), child.error.take()];
    let ends = ends.map(|end| match end {
        Some(file) => Value::int32(vm.host.descriptors.insert(file)),
        None => Value::int32(-1),
    });
    let class = vm.class_of_def(&CHILD);
    let child = Untraced(RefCell::new(child));
    let child = ChildObject::alloc(class.root_shape.get(), child).into_value();
    tuple(vm, [vec![child], ends.to_vec()].concat())
}

/// Registers: child or None, descriptors to read, to write, timeout or None; the deadline.
fn wait(vm: &mut Vm, frame: &mut NativeFrame<'_>, input: Input) -> Step {
    if let Input::Start = input
        && !frame.regs[3].is_none()
    {
        match vm.float(&frame.regs[3]) {
            Ok(seconds) => frame.regs[4] = float(vm.host.clock.monotonic() + seconds),
            Err(raised) => return Step::Raise(raised),
        }
    }
    let raised = match input {
        Input::Raised(raised) => Some(raised),
        _ => None,
    };
    let outcome = look(vm, frame.regs, raised.is_some());
    match (raised, outcome) {
        (Some(raised), _) | (None, Err(raised)) => Step::Raise(raised),
        (None, Ok(Some(found))) => Step::Return(found),
        (None, Ok(None)) => {
            let deadline = crate::object::float::as_float(&frame.regs[4]);
            vm.park(deadline, true);
            Step::Park
        }
    }
}

/// What is ready; None, with everything watched, when nothing is yet.
fn look(vm: &mut Vm, regs: &[Value], give_up: bool) -> R<Option<Value>> {
    let (reads, writes) = (files(vm, &regs[1])?, files(vm, &regs[2])?);
    let child = regs[0].get::<ChildObject>();
    let watched = watches(child, &reads, &writes);
    if give_up {
        unwatch(vm, &watched);
        return Ok(None);
    }
    let found = match child {
        Some(child) => ready_now(Some(&child.child.borrow()), &reads, &writes),
        None => ready_now(None, &reads, &writes),
    };
    let (ended, readable, writable) = outside(vm, found)?;
    let late = crate::object::float::as_float(&regs[4])
        .is_some_and(|deadline| vm.host.clock.monotonic() >= deadline);
    if ended || late || !readable.is_empty() || !writable.is_empty() {
        unwatch(vm, &watched);
        let numbers = |value: &Value, places: Vec<usize>| {
            let all = items(value);
            list(places.into_iter().map(|at| all[at].clone()).collect())
        };
        let found = vec![
            Value::bool(ended),
            numbers(&regs[1], readable),
            numbers(&regs[2], writable),
        ];
        return tuple(vm, found).map(Some);
    }
    let owner = vm.fiber_owner();
    for (fd, direction) in &watched {
        let done = vm.host.poller.watch(*fd, *direction, owner);
        outside(vm, done)?;
    }
    Ok(None)
}

fn watches(
    child: Option<&ChildObject>,
    reads: &[Arc<File>],
    writes: &[Arc<File>],
) -> Vec<(i32, Direction)> {
    let child = child.map(|child| (child.child.borrow().watch_fd(), Direction::Read));
    let reads = reads.iter().map(|file| (file.fileno(), Direction::Read));
    let writes = writes.iter().map(|file| (file.fileno(), Direction::Write));
    child.into_iter().chain(reads).chain(writes).collect()
}

fn unwatch(vm: &mut Vm, watched: &[(i32, Direction)]) {
    let owner = vm.fiber_owner();
    for (fd, direction) in watched {
        vm.host.poller.unwatch(*fd, *direction, owner);
    }
}
