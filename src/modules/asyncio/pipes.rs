//! Reads and writes of files that a loop watches. They never wait: `os.read` and `os.write` look first whether they would,
//! and let others go on.

use std::sync::Arc;

use super::script;
use crate::builtins::arguments::{buffer, bytes, outside, small};
use crate::heap::Value;
use crate::host::File;
use crate::object::bytes::Bytes;
use crate::object::native::R;
use crate::vm::Vm;

fn file(vm: &mut Vm, value: &Value) -> R<Arc<File>> {
    let fd = small(vm, value)?;
    let found = vm.host.descriptors.get(fd);
    outside(vm, found)
}

/// `_read_now(fd, most)`: as `os.read`.
pub(super) fn read_now(vm: &mut Vm, args: &[Value]) -> R {
    let file = file(vm, &args[0])?;
    let most = usize::try_from(small(vm, &args[1])?);
    let most = most.map_err(|_| vm.os_error(22, Value::UNDEF))?;
    let mut data = std::mem::take(&mut vm.host.read_room);
    data.clear();
    let got = file.read_into_spare(&mut data, most);
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
