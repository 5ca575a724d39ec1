//! Files known by number.

use super::TERMINAL_SIZE;
use super::files::path_of;
use crate::builtins::arguments::{buffer, bytes, index, int, outside, outside_named, pair, small};
use crate::heap::Value;
use crate::host::{Direction, File, OpenMode, SeekFrom};
use crate::modules::struct_sequence;
use crate::object::native::{Input, NativeFrame, R, Step};
use crate::vm::Vm;
use crate::vm::waiting::wait_for_file;

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
    // std makes a file only for writing; the system makes it for reading too.
    let more = if access == 0 { 0o3 } else { 0o3303 };
    let wanted = OpenMode {
        read: access != 1,
        write: access != 0,
        append: access != 0 && flags & 0o2000 != 0,
        create: access != 0 && flags & 0o300 == 0o100,
        exclusive: access != 0 && flags & 0o300 == 0o300,
        truncate: flags & 0o1000 != 0 && access != 0,
        flags: Some((flags & !more) as i32),
    };
    let opened = vm.host.files.open(&path, wanted, mode);
    let opened = outside_named(vm, opened, &args[0], None)?;
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

/// `os.read(fd, length)`; others go on while there is nothing to read.
pub fn read(vm: &mut Vm, frame: &mut NativeFrame<'_>, input: Input) -> Step {
    if let Input::Start = input {
        // A wrong length is told before a descriptor that is not there.
        let length = small(vm, &frame.regs[0]).and_then(|_| length_of(vm, &frame.regs[1]));
        match length {
            Ok(length) => frame.regs[1] = int(length as i64),
            Err(raised) => return Step::Raise(raised),
        }
    }
    let file = match file(vm, &frame.regs[0]) {
        Ok(file) => file,
        Err(raised) => return Step::Raise(raised),
    };
    match wait_for_file(vm, &file, Direction::Read, input) {
        Some(step) => step,
        None => Step::from(read_now(vm, &file, &frame.regs[1])),
    }
}

/// How much is to be read: what is wrong is told before anybody waits.
fn length_of(vm: &mut Vm, length: &Value) -> R<usize> {
    let length = index(vm, length)?;
    usize::try_from(length).map_err(|_| vm.os_error(22, Value::UNDEF))
}

fn read_now(vm: &mut Vm, file: &File, length: &Value) -> R {
    let length = length_of(vm, length)?;
    if length > KEPT_ROOM {
        let mut room = vec![0; length.min(1 << 24)];
        let got = file.read(&mut room);
        let got = outside(vm, got)?;
        return bytes(vm, &room[..got]);
    }
    // What is there from the last read need not be cleared.
    let mut room = std::mem::take(&mut vm.host.read_room);
    if room.len() < length {
        room.resize(length, 0);
    }
    let got = file.read(&mut room[..length]);
    let data = outside(vm, got).and_then(|got| bytes(vm, &room[..got]));
    vm.host.read_room = room;
    data
}

/// As much room as a reader of pipes asks for is kept for the next read.
const KEPT_ROOM: usize = 256 * 1024;

/// The most that a pipe with any room takes without waiting.
const PIPE_ROOM: usize = 4096;

/// `os.write(fd, data)`; others go on while there is no room. The last register counts what was
/// written to a pipe, which takes it in pieces.
pub fn write(vm: &mut Vm, frame: &mut NativeFrame<'_>, input: Input) -> Step {
    let file = match file(vm, &frame.regs[0]) {
        Ok(file) => file,
        Err(raised) => return Step::Raise(raised),
    };
    if let Input::Start = input {
        flush_standard(vm, &frame.regs[0]);
    }
    let mut input = input;
    loop {
        if let Some(step) = wait_for_file(vm, &file, Direction::Write, input) {
            return step;
        }
        match write_some(vm, frame.regs, &file) {
            Ok(Some(count)) => return Step::Return(count),
            Ok(None) => input = Input::Value(Value::NONE),
            Err(raised) => return Step::Raise(raised),
        }
    }
}

/// Writes what can be written without waiting; None if there is more.
fn write_some(vm: &mut Vm, regs: &mut [Value], file: &File) -> R<Option<Value>> {
    let data = buffer(vm, &regs[1])?;
    // What any pipe takes whole is written without asking what the file is.
    if regs[2].is_undef() && data.len() <= PIPE_ROOM {
        return write_now(vm, &data, file).map(Some);
    }
    let stat = file.stat();
    let waits = outside(vm, stat)?.is_pipe() && !file.is_nonblocking().unwrap_or(true);
    if !waits {
        return write_now(vm, &data, file).map(Some);
    }
    let done = regs[2].as_small_int().unwrap_or(0) as usize;
    let end = data.len().min(done + PIPE_ROOM);
    let written = file.write(&data[done.min(end)..end]);
    let done = done + outside(vm, written)?;
    regs[2] = int(done as i64);
    Ok((done >= data.len()).then(|| regs[2].clone()))
}

fn write_now(vm: &mut Vm, data: &[u8], file: &File) -> R {
    let written = file.write(data);
    let written = outside(vm, written)?;
    Ok(int(written as i64))
}

/// Before somebody writes to a standard stream by its number: what print has held back comes first.
fn flush_standard(vm: &mut Vm, fd: &Value) {
    let _ = match fd.as_small_int() {
        Some(1) => vm.host.stdio.output.flush(),
        Some(2) => vm.host.stdio.error.flush(),
        _ => Ok(()),
    };
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
