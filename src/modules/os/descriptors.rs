//! Files known by number.

use super::TERMINAL_SIZE;
use super::files::path_of;
use crate::builtins::arguments::{buffer, bytes, index, int, outside, pair, small};
use crate::heap::Value;
use crate::host::{File, OpenMode, SeekFrom};
use crate::modules::struct_sequence;
use crate::object::native::R;
use crate::vm::Vm;

fn file(vm: &mut Vm, value: &Value) -> R<std::sync::Arc<File>> {
    let fd = small(vm, value)?;
    let found = vm.host.descriptors.get(fd);
    outside(vm, found)
}

/// `os.open(path, flags, mode)`
pub fn open(vm: &mut Vm, args: &[Value]) -> R {
    let path = path_of(vm, &args[0], "open")?;
    let flags = index(vm, &args[1])?;
    let mode = index(vm, &args[2])? as u32;
    let access = flags & 3;
    let wanted = OpenMode {
        read: access != 1,
        write: access != 0,
        append: flags & 0o2000 != 0,
        create: flags & 0o100 != 0 && flags & 0o200 == 0,
        exclusive: flags & 0o100 != 0 && flags & 0o200 != 0,
        truncate: flags & 0o1000 != 0 && access != 0,
    };
    let opened = vm.host.files.open(&path, wanted, mode);
    let opened = outside(vm, opened)?;
    Ok(Value::int32(vm.host.descriptors.insert(opened)))
}

/// `os.close(fd)`
pub fn close(vm: &mut Vm, args: &[Value]) -> R {
    let fd = small(vm, &args[0])?;
    let done = vm.host.close_descriptor(fd);
    outside(vm, done)?;
    Ok(Value::NONE)
}

/// `os.closerange(low, high)`
pub fn closerange(vm: &mut Vm, args: &[Value]) -> R {
    let (low, high) = (small(vm, &args[0])?, small(vm, &args[1])?);
    for fd in low..high.min(low.saturating_add(65_536)) {
        let _ = vm.host.close_descriptor(fd);
    }
    Ok(Value::NONE)
}

/// `os.read(fd, length)`
pub fn read(vm: &mut Vm, args: &[Value]) -> R {
    let file = file(vm, &args[0])?;
    let length = index(vm, &args[1])?;
    let Ok(length) = usize::try_from(length) else {
        return Err(vm.os_error(22, Value::UNDEF));
    };
    let mut room = vec![0; length.min(1 << 24)];
    let got = file.read(&mut room);
    let got = outside(vm, got)?;
    bytes(vm, &room[..got])
}

/// `os.write(fd, data)`
pub fn write(vm: &mut Vm, args: &[Value]) -> R {
    let data = buffer(vm, &args[1])?;
    let fd = small(vm, &args[0])?;
    if fd == 1 || fd == 2 {
        // What print has held back comes first.
        let stream = if fd == 1 {
            &mut vm.host.stdio.output
        } else {
            &mut vm.host.stdio.error
        };
        let _ = stream.flush();
    }
    let file = file(vm, &args[0])?;
    let written = file.write(&data);
    let written = outside(vm, written)?;
    Ok(int(written as i64))
}

/// `os.lseek(fd, position, whence)`
pub fn lseek(vm: &mut Vm, args: &[Value]) -> R {
    let file = file(vm, &args[0])?;
    let position = index(vm, &args[1])?;
    let to = match index(vm, &args[2])? {
        0 => SeekFrom::Start(position.max(0) as u64),
        1 => SeekFrom::Current(position),
        2 => SeekFrom::End(position),
        _ => return Err(vm.os_error(22, Value::UNDEF)),
    };
    let place = file.seek(to);
    outside(vm, place).map(|place| int(place as i64))
}

/// `os.ftruncate(fd, length)`
pub fn ftruncate(vm: &mut Vm, args: &[Value]) -> R {
    let file = file(vm, &args[0])?;
    let length = index(vm, &args[1])?.max(0) as u64;
    let done = file.truncate(length);
    outside(vm, done)?;
    Ok(Value::NONE)
}

/// `os.fsync(fd)`
pub fn fsync(vm: &mut Vm, args: &[Value]) -> R {
    let file = file(vm, &args[0])?;
    let done = file.sync();
    outside(vm, done)?;
    Ok(Value::NONE)
}

/// `os.dup(fd)`
pub fn dup(vm: &mut Vm, args: &[Value]) -> R {
    let file = file(vm, &args[0])?;
    let copy = file.duplicate();
    let copy = outside(vm, copy)?;
    Ok(Value::int32(vm.host.descriptors.insert(copy)))
}

/// `os.pipe()`
pub fn pipe(vm: &mut Vm, _: &[Value]) -> R {
    let ends = File::pipe();
    let (reader, writer) = outside(vm, ends)?;
    let reader = vm.host.descriptors.insert(reader);
    let writer = vm.host.descriptors.insert(writer);
    Ok(pair(Value::int32(reader), Value::int32(writer)))
}

/// `os.isatty(fd)`
pub fn isatty(vm: &mut Vm, args: &[Value]) -> R {
    Ok(Value::bool(
        file(vm, &args[0]).is_ok_and(|f| f.is_terminal()),
    ))
}

/// `os.set_blocking(fd, blocking)`
pub fn set_blocking(vm: &mut Vm, args: &[Value]) -> R {
    let file = file(vm, &args[0])?;
    let blocking = vm.truth(&args[1])?;
    let done = file.set_nonblocking(!blocking);
    outside(vm, done)?;
    Ok(Value::NONE)
}

/// `os.get_terminal_size(fd)`: what COLUMNS and LINES say, else an error as for what is no terminal.
pub fn get_terminal_size(vm: &mut Vm, args: &[Value]) -> R {
    let file = file(vm, &args[0])?;
    if !file.is_terminal() {
        return Err(vm.os_error(25, Value::UNDEF));
    }
    let variable = |vm: &Vm, name: &str, default: i64| {
        let value = vm.host.environment.variable(name);
        value
            .and_then(|v| v.to_str().and_then(|t| t.parse().ok()))
            .unwrap_or(default)
    };
    let (columns, lines) = (variable(vm, "COLUMNS", 80), variable(vm, "LINES", 24));
    struct_sequence::make(vm, &TERMINAL_SIZE, &[int(columns), int(lines)])
}
