//! Reads and writes of files that a loop watches. They never wait: `os.read` and `os.write` look first whether they would,
//! and let others go on.

use std::sync::Arc;

use super::script;
use crate::builtins::arguments::{buffer, bytes, outside, small};
use crate::heap::Value;
use crate::host::{Direction, File};
use crate::object::bytes::Bytes;
use crate::object::native::R;
use crate::vm::Vm;

fn file(vm: &mut Vm, value: &Value) -> R<Arc<File>> {
    let fd = small(vm, value)?;
    let found = vm.host.descriptors.get(fd);
    outside(vm, found)
}

/// `_drains(fd)`: whether a read that gives less than it was asked for has left nothing. A terminal gives a line at a time.
pub(super) fn drains(vm: &mut Vm, args: &[Value]) -> R {
    let file = file(vm, &args[0])?;
    Ok(Value::bool(file.is_pipe_of_bytes()))
}

/// `_read_now(fd, most, drains)`: as `os.read`, for the loop that watches the file; the flag is what `_drains` said.
pub(super) fn read_now(vm: &mut Vm, args: &[Value]) -> R {
    let file = file(vm, &args[0])?;
    let most = usize::try_from(small(vm, &args[1])?);
    let most = most.map_err(|_| vm.os_error(22, Value::UNDEF))?;
    let mut data = std::mem::take(&mut vm.host.read_room);
    data.clear();
    let got = file.read_into_spare(&mut data, most);
    if args[2].is_true() && *got.as_ref().unwrap_or(&0) < most {
        // Then the poller need not ask anew; what comes later it reports by itself.
        vm.host.poller.drained(file.fileno(), Direction::Read);
    }
    let answer = outside(vm, got).and_then(|_| bytes(vm, &data));
    vm.host.read_room = data;
    answer
}

/// `_write_now(fd, data)`: as `os.write`.
pub(super) fn write_now(vm: &mut Vm, args: &[Value]) -> R {
    let file = file(vm, &args[0])?;
    let written = match args[1].get::<Bytes>() {
        Some(data) => file.write(data.bytes()),
        None => file.write(&buffer(vm, &args[1])?),
    };
    Ok(script::int(outside(vm, written)? as i64))
}
