//! The process: who it is, its environment, randomness, its end.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;

use super::{TIMES_RESULT, UNAME_RESULT};
use crate::builtins::arguments::{
    buffer, bytes, float, index, int, list, outside, pair, small, string, wtf8_lossy,
};
use crate::heap::Value;
use crate::host::path_bytes;
use crate::modules::struct_sequence;
use crate::object::native::R;
use crate::vm::Vm;

/// One of the numbers of user and group.
pub fn identity(vm: &mut Vm, which: usize) -> Value {
    int(i64::from(vm.host.environment.identity()[which]))
}

/// `os.getlogin()`
pub fn getlogin(vm: &mut Vm, _: &[Value]) -> R {
    match vm
        .host
        .environment
        .variable("LOGNAME")
        .or_else(|| vm.host.environment.variable("USER"))
    {
        Some(name) => Ok(wtf8_lossy(path_bytes(&name))),
        None => Err(vm.os_error(6, Value::UNDEF)),
    }
}

/// `os.urandom(size)`
pub fn urandom(vm: &mut Vm, args: &[Value]) -> R {
    let size = index(vm, &args[0])?;
    let Ok(size) = usize::try_from(size) else {
        return Err(vm.value_error("negative argument not allowed"));
    };
    if size > 1 << 30 {
        return Err(vm.memory_error());
    }
    let mut room = vec![0; size];
    let done = vm.host.entropy.fill(&mut room);
    outside(vm, done)?;
    bytes(vm, &room)
}

/// `os.kill(pid, signal)`
pub fn kill(vm: &mut Vm, args: &[Value]) -> R {
    let (pid, signal) = (index(vm, &args[0])?, small(vm, &args[1])?);
    let own = i64::from(vm.host.environment.process_id());
    if pid != own && pid != 0 {
        let Ok(pid) = i32::try_from(pid) else {
            return Err(vm.overflow_error("Python int too large to convert to C int"));
        };
        let sent = vm.host.send_signal(pid, signal);
        outside(vm, sent)?;
        crate::modules::signal::deliver(vm)?;
        return Ok(Value::NONE);
    }
    if signal == 0 {
        return Ok(Value::NONE);
    }
    let done = vm.host.signals.raise(signal);
    outside(vm, done)?;
    crate::modules::signal::deliver(vm)?;
    Ok(Value::NONE)
}

/// `os.strerror(code)`
pub fn strerror(vm: &mut Vm, args: &[Value]) -> R {
    let code = small(vm, &args[0])?;
    Ok(string(&crate::host::strerror(code)))
}

/// `os.uname()`
pub fn uname(vm: &mut Vm, _: &[Value]) -> R {
    let environment = &vm.host.environment;
    let fields = if environment.is_of_process() && vm.host.grants.is_all() {
        let name = crate::host::SystemName::ask();
        [
            name.system,
            name.node,
            name.release,
            name.version,
            name.machine,
        ]
        .map(|part| string(&part))
    } else {
        let machine = environment.machine().to_string();
        ["Linux", "", "", "", &machine].map(string)
    };
    struct_sequence::make(vm, &UNAME_RESULT, &fields)
}

/// `os.times()`
pub fn times(vm: &mut Vm, _: &[Value]) -> R {
    let used = vm.host.clock.process_ns() as f64 / 1e9;
    let elapsed = vm.host.clock.monotonic();
    let fields = [
        float(used),
        float(0.0),
        float(0.0),
        float(0.0),
        float(elapsed),
    ];
    struct_sequence::make(vm, &TIMES_RESULT, &fields)
}

/// `os._exit(status)`: at once, without anything that a normal end does.
pub fn exit(vm: &mut Vm, args: &[Value]) -> R {
    let status = small(vm, &args[0])?;
    let ended = vm.host.end_process(status);
    outside(vm, ended)?;
    Ok(Value::NONE)
}

/// `os.abort()`
pub fn abort(vm: &mut Vm, _: &[Value]) -> R {
    let ended = vm.host.abort_process();
    outside(vm, ended)?;
    Ok(Value::NONE)
}

/// The variables of the environment as pairs of bytes.
pub fn environ_items(vm: &mut Vm, _: &[Value]) -> R {
    let variables: Vec<(Vec<u8>, Vec<u8>)> = vm
        .host
        .environment
        .variables()
        .iter()
        .map(|(key, value)| (path_bytes(key).to_vec(), path_bytes(value).to_vec()))
        .collect();
    let mut pairs = Vec::new();
    for (key, value) in variables {
        pairs.push(pair(bytes(vm, &key)?, bytes(vm, &value)?));
    }
    Ok(list(pairs))
}

fn name_and_value(vm: &mut Vm, bytes: Vec<u8>, name: bool) -> R<OsString> {
    if name && (bytes.is_empty() || bytes.contains(&b'=')) {
        return Err(vm.value_error("illegal environment variable name"));
    }
    if bytes.contains(&0) {
        return Err(vm.value_error("embedded null byte"));
    }
    Ok(OsString::from_vec(bytes))
}

/// `putenv`
pub fn environ_set(vm: &mut Vm, args: &[Value]) -> R {
    let (name, value) = (buffer(vm, &args[0])?, buffer(vm, &args[1])?);
    let (name, value) = (
        name_and_value(vm, name, true)?,
        name_and_value(vm, value, false)?,
    );
    vm.host.environment.set_variable(name, value);
    Ok(Value::NONE)
}

/// `unsetenv`
pub fn environ_unset(vm: &mut Vm, args: &[Value]) -> R {
    let name = buffer(vm, &args[0])?;
    let name = name_and_value(vm, name, false)?;
    vm.host.environment.remove_variable(&name);
    Ok(Value::NONE)
}
