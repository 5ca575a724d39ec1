//! The methods of streams over files.

use super::buffer::is_not_yet;
use super::{FileObject, Newline, attached, file, open_file, open_for, text, unsupported};
use crate::builtins::arguments::{bytes, index, int, list, long_string, plain, string};
use crate::builtins::functions::iterators::itself;
use crate::heap::{Ref, Value};
use crate::host::{Direction, SeekFrom};
use crate::modules::binary::window::{Window, bytes_like};
use crate::object::class::class_flags;
use crate::object::codec::{Encoding, Handler};
use crate::object::list::List;
use crate::object::native::{Attribute, Def, Input, Leaf, NativeFrame, R, Raised, Step};
use crate::object::str::Str;
use crate::vm::Vm;
use crate::vm::types::Known;
use crate::vm::waiting::wait_for_file;

/// See the module's text.
pub static METHODS: &[Def] = &[
    Def::frame("read(self, size=-1, /)", 0, |vm, frame, input| {
        reading(vm, frame, input, read)
    }),
    Def::frame("read1(self, size=-1, /)", 0, |vm, frame, input| {
        reading(vm, frame, input, read_some)
    }),
    Def::frame("readline(self, size=-1, /)", 0, |vm, frame, input| {
        reading(vm, frame, input, readline)
    }),
    Def::frame("readlines(self, hint=-1, /)", 1, |vm, frame, input| {
        if let Input::Start = input {
            frame.regs[2] = list(Vec::new());
        }
        reading(vm, frame, input, readlines)
    }),
    Def::frame("readinto(self, buffer, /)", 0, |vm, frame, input| {
        reading(vm, frame, input, readinto)
    }),
    Def::frame("readinto1(self, buffer, /)", 0, |vm, frame, input| {
        reading(vm, frame, input, readinto_some)
    }),
    Def::frame("readall(self, /)", 0, |vm, frame, input| {
        reading(vm, frame, input, |vm, args| {
            read(vm, &[args[0].clone(), Value::int32(-1)])
        })
    }),
    Def::frame("peek(self, size=0, /)", 0, |vm, frame, input| {
        reading(vm, frame, input, peek)
    }),
    Def::leaf("write(self, data, /)", write),
    Def::leaf("writelines(self, lines, /)", writelines),
    Def::leaf("seek(self, offset, whence=0, /)", seek),
    Def::leaf("tell(self, /)", tell),
    Def::leaf("truncate(self, size=None, /)", truncate),
    Def::leaf("flush(self, /)", flush),
    Def::leaf("close(self, /)", close),
    Def::leaf("fileno(self, /)", fileno),
    Def::leaf("isatty(self, /)", isatty),
    Def::leaf("readable(self, /)", |vm, args| {
        open_file(vm, &args[0]).map(|f| Value::bool(f.stream.borrow().readable))
    }),
    Def::leaf("writable(self, /)", |vm, args| {
        open_file(vm, &args[0]).map(|f| Value::bool(f.stream.borrow().writable))
    }),
    Def::leaf("seekable(self, /)", |vm, args| {
        open_file(vm, &args[0]).map(|f| Value::bool(f.stream.borrow().is_seekable()))
    }),
    Def::leaf("detach(self, /)", detach),
    Def::leaf(
        "reconfigure(self, *, encoding=None, errors=None, newline=<unset>, line_buffering=None, write_through=None)",
        reconfigure,
    ),
    Def::leaf("__enter__(self, /)", |vm, args| {
        open_file(vm, &args[0]).map(|f| f.into_value())
    }),
    Def::leaf("__exit__(self, /, *exc)", |vm, args| {
        vm.call_method(&args[0], "close", &[])?;
        Ok(Value::NONE)
    }),
    Def::leaf("__iter__(self, /)", |vm, args| {
        open_file(vm, &args[0])?;
        itself(vm, args)
    }),
    Def::frame("__next__(self, /)", 0, |vm, frame, input| {
        reading(vm, frame, input, next)
    }),
    Def::leaf("__repr__(self, /)", repr),
];

/// A read, which may have to wait for what a pipe or a terminal will say: others go on meanwhile.
/// State 1: it waits.
fn reading(vm: &mut Vm, frame: &mut NativeFrame<'_>, input: Input, operation: Leaf) -> Step {
    let waits_on = file(&frame.regs[0]).and_then(|file| {
        let source = file.stream.borrow_mut().waits_on(vm)?;
        Some((source, file))
    });
    let Some((source, file)) = waits_on else {
        return match input {
            Input::Raised(raised) => Step::Raise(raised),
            _ => Step::from(operation(vm, frame.regs)),
        };
    };
    let mut input = input;
    loop {
        if frame.state == 1
            && let Some(step) = wait_for_file(vm, &source, Direction::Read, input)
        {
            return step;
        }
        file.stream.borrow_mut().patient = true;
        let result = operation(vm, frame.regs);
        file.stream.borrow_mut().patient = false;
        match result {
            Err(raised) if is_not_yet(&raised) => {
                frame.state = 1;
                input = Input::Start;
            }
            result => return Step::from(result),
        }
    }
}

fn readable(vm: &mut Vm, value: &Value) -> R<Ref<FileObject>> {
    readable_for(vm, value, "read of closed")
}

fn readable_for(vm: &mut Vm, value: &Value, doing: &str) -> R<Ref<FileObject>> {
    let file = open_for(vm, value, doing)?;
    if !file.stream.borrow().readable {
        let text = if file.text().is_some() {
            "not readable"
        } else {
            "read"
        };
        return Err(unsupported(vm, text));
    }
    file.stream.borrow_mut().empty_handed = false;
    Ok(file)
}

fn writable(vm: &mut Vm, value: &Value) -> R<Ref<FileObject>> {
    let file = open_for(vm, value, "write to closed")?;
    if !file.stream.borrow().writable {
        let text = if file.text().is_some() {
            "not writable"
        } else {
            "write"
        };
        return Err(unsupported(vm, text));
    }
    Ok(file)
}

/// A size argument: None and negative numbers mean all.
fn size(vm: &mut Vm, value: &Value) -> R<Option<usize>> {
    if value.is_none() {
        return Ok(None);
    }
    if !value.is_small_int()
        && vm
            .special_of(value, crate::vm::special::Special::Index)
            .is_none()
    {
        let name = vm.type_name(value);
        return Err(vm.type_error(format!("argument should be integer or None, not '{name}'")));
    }
    Ok(usize::try_from(index(vm, value)?).ok())
}

fn read(vm: &mut Vm, args: &[Value]) -> R {
    let file = readable(vm, &args[0])?;
    let count = size(vm, &args[1])?;
    let mut stream = file.stream.borrow_mut();
    match file.text() {
        Some(mode) => {
            let raw = match count {
                None => stream.read_all(vm)?,
                Some(count) => text::characters(vm, &mut stream, mode, count)?,
            };
            if count.is_none() && raw.is_empty() && stream.empty_handed {
                return Err(vm.type_error("can't concat NoneType to bytes"));
            }
            drop(stream);
            text::decoded(vm, mode, raw)
        }
        None => {
            let raw = match count {
                None => stream.read_all(vm)?,
                Some(count) if stream.unbuffered => stream.read_some(vm, count)?,
                Some(count) => stream.read(vm, count)?,
            };
            if raw.is_empty() && stream.empty_handed {
                return Ok(Value::NONE);
            }
            drop(stream);
            bytes(vm, &raw)
        }
    }
}

fn read_some(vm: &mut Vm, args: &[Value]) -> R {
    let file = readable_for(vm, &args[0], "read of closed")?;
    let count = size(vm, &args[1])?.unwrap_or(super::buffer::HOLD);
    let raw = file.stream.borrow_mut().read_some(vm, count)?;
    bytes(vm, &raw)
}

fn peek(vm: &mut Vm, args: &[Value]) -> R {
    let file = readable_for(vm, &args[0], "peek of closed")?;
    let mut stream = file.stream.borrow_mut();
    if stream.ahead().is_empty() {
        stream.fill(vm)?;
    }
    let ahead = stream.ahead().to_vec();
    drop(stream);
    bytes(vm, &ahead)
}

/// The next line as a value; empty at the end.
fn next_line(vm: &mut Vm, file: &FileObject, most: Option<usize>) -> R {
    let mut stream = file.stream.borrow_mut();
    match file.text() {
        Some(mode) => {
            let mut raw = text::line(vm, &mut stream, mode.newline.get())?;
            if let Some(most) = most {
                let whole = raw.len();
                let made = String::from_utf8_lossy(&raw)
                    .chars()
                    .take(most)
                    .map(char::len_utf8)
                    .sum::<usize>();
                if made < whole {
                    let rest = raw.split_off(made);
                    stream.put_back(&rest);
                }
            }
            drop(stream);
            text::decoded(vm, mode, raw)
        }
        None => {
            let mut raw = text::line(vm, &mut stream, Newline::Feed)?;
            if stream.unbuffered && stream.empty_handed {
                return Err(nothing_yet(vm)?);
            }
            if let Some(most) = most
                && most < raw.len()
            {
                let rest = raw.split_off(most);
                stream.put_back(&rest);
            }
            drop(stream);
            bytes(vm, &raw)
        }
    }
}

/// What a line of a raw file that never waits ends with, when it is not there yet.
fn nothing_yet(vm: &mut Vm) -> R<Raised> {
    let text = string("read() should have returned a bytes object, not 'NoneType'");
    let class = vm.known_class(Known::OsError);
    vm.call(class.as_value(), &[text]).map(Raised)
}

fn readline(vm: &mut Vm, args: &[Value]) -> R {
    let file = readable_for(vm, &args[0], "readline of closed")?;
    let most = size(vm, &args[1])?;
    next_line(vm, &file, most)
}

/// Registers: file, hint, the lines so far.
fn readlines(vm: &mut Vm, args: &[Value]) -> R {
    let file = readable_for(vm, &args[0], "readline of closed")?;
    let hint = size(vm, &args[1])?.filter(|&h| h > 0);
    let Some(lines) = args[2].to_ref::<List>() else {
        return Ok(Value::NONE);
    };
    let mut total = 0;
    for at in 0..lines.len() {
        if let Some(line) = lines.get(at) {
            total += vm.len(&line)?;
        }
    }
    while hint.is_none_or(|hint| total <= hint) {
        let line = next_line(vm, &file, None)?;
        let len = vm.len(&line)?;
        if len == 0 {
            break;
        }
        total += len;
        let done = lines.push(line);
        vm.lift(done)?;
    }
    Ok(lines.into_value())
}

/// The next line without a frame, of a file that need not be waited for and whose class is no script's.
pub fn next_at_once(vm: &mut Vm, value: &Value) -> Option<R<Option<Value>>> {
    let file = file(value)?;
    if vm.class_of(value).flags.get() & class_flags::BUILTIN == 0
        || file.stream.borrow_mut().waits_on(vm).is_some()
    {
        return None;
    }
    Some(match next(vm, std::slice::from_ref(value)) {
        Ok(line) => Ok(Some(line)),
        Err(raised) if vm.is_raised(&raised, Known::StopIteration) => Ok(None),
        Err(raised) => Err(raised),
    })
}

fn next(vm: &mut Vm, args: &[Value]) -> R {
    let file = readable(vm, &args[0])?;
    let line = next_line(vm, &file, None)?;
    if vm.len(&line)? == 0 {
        Err(vm.stop_iteration(Value::NONE))
    } else {
        Ok(line)
    }
}

fn readinto(vm: &mut Vm, args: &[Value]) -> R {
    let file = readable_for(vm, &args[0], "readinto of closed")?;
    let target = Window::of(vm, &args[1], "readinto() argument")?;
    let mut stream = file.stream.borrow_mut();
    let raw = if stream.unbuffered {
        stream.read_some(vm, target.size())?
    } else {
        stream.read(vm, target.size())?
    };
    if raw.is_empty() && stream.empty_handed {
        return Ok(Value::NONE);
    }
    target.write(0, &raw);
    Ok(int(raw.len() as i64))
}

fn readinto_some(vm: &mut Vm, args: &[Value]) -> R {
    let file = readable_for(vm, &args[0], "readinto of closed")?;
    let target = Window::of(vm, &args[1], "readinto1() argument")?;
    let mut stream = file.stream.borrow_mut();
    let raw = stream.read_some(vm, target.size())?;
    if raw.is_empty() && stream.empty_handed {
        return Ok(Value::NONE);
    }
    target.write(0, &raw);
    Ok(int(raw.len() as i64))
}

fn write(vm: &mut Vm, args: &[Value]) -> R {
    let file = writable(vm, &args[0])?;
    let Some(mode) = file.text() else {
        if args[1].is_kind::<Str>() {
            return Err(vm.type_error("a bytes-like object is required, not 'str'"));
        }
        let raw = bytes_like(vm, &args[1])?;
        let mut stream = file.stream.borrow_mut();
        if stream.unbuffered {
            let taken = stream.write_some(vm, &raw)?;
            return Ok(taken.map_or(Value::NONE, |count| int(count as i64)));
        }
        stream.write(vm, &raw)?;
        return Ok(int(raw.len() as i64));
    };
    let Some(string) = args[1].get::<Str>() else {
        let name = crate::builtins::arguments::shown_type(vm, &args[1]);
        return Err(vm.type_error(format!("write() argument must be str, not {name}")));
    };
    let raw = text::encoded(vm, mode, &args[1])?;
    let mut stream = file.stream.borrow_mut();
    stream.write(vm, &raw)?;
    if mode.line_buffering.get() && (raw.contains(&b'\n') || raw.contains(&b'\r')) {
        stream.flush(vm)?;
    }
    Ok(int(string.len() as i64))
}

fn writelines(vm: &mut Vm, args: &[Value]) -> R {
    let iterator = vm.iter(&args[1])?;
    while let Some(line) = vm.next(&iterator)? {
        write(vm, &[args[0].clone(), line])?;
    }
    Ok(Value::NONE)
}

fn seek(vm: &mut Vm, args: &[Value]) -> R {
    let file = open_for(vm, &args[0], "seek of closed")?;
    let (offset, whence) = (index(vm, &args[1])?, index(vm, &args[2])?);
    if !file.stream.borrow().is_seekable() {
        return Err(unsupported(vm, "underlying stream is not seekable"));
    }
    if file.text().is_some() && whence != 0 && offset != 0 {
        let text = match whence {
            1 => "can't do nonzero cur-relative seeks",
            2 => "can't do nonzero end-relative seeks",
            _ => "invalid whence",
        };
        return Err(unsupported(vm, text));
    }
    let to = match whence {
        0 if offset < 0 => return Err(vm.value_error(format!("negative seek position {offset}"))),
        0 => SeekFrom::Start(offset as u64),
        1 => SeekFrom::Current(offset),
        2 => SeekFrom::End(offset),
        other => {
            return Err(vm.value_error(format!("invalid whence ({other}, should be 0, 1 or 2)")));
        }
    };
    let place = file.stream.borrow_mut().seek(vm, to)?;
    Ok(int(place as i64))
}

fn tell(vm: &mut Vm, args: &[Value]) -> R {
    let file = open_file(vm, &args[0])?;
    if !file.stream.borrow().is_seekable() {
        return Err(unsupported(vm, "underlying stream is not seekable"));
    }
    let place = file.stream.borrow_mut().tell(vm)?;
    Ok(int(place as i64))
}

fn truncate(vm: &mut Vm, args: &[Value]) -> R {
    let file = writable(vm, &args[0])?;
    let mut stream = file.stream.borrow_mut();
    let length = if args[1].is_none() {
        stream.tell(vm)?
    } else {
        index(vm, &args[1])?.max(0) as u64
    };
    stream.truncate(vm, length)?;
    Ok(int(length as i64))
}

fn flush(vm: &mut Vm, args: &[Value]) -> R {
    let file = open_for(vm, &args[0], "flush of closed")?;
    file.stream.borrow_mut().flush(vm)?;
    Ok(Value::NONE)
}

fn close(vm: &mut Vm, args: &[Value]) -> R {
    if let Some(file) = file(&args[0]) {
        attached(vm, &file)?;
        file.stream.borrow_mut().close(vm)?;
    }
    Ok(Value::NONE)
}

fn fileno(vm: &mut Vm, args: &[Value]) -> R {
    let file = open_file(vm, &args[0])?;
    let number = file.stream.borrow().fileno(vm);
    match number {
        Some(number) => Ok(Value::int32(number)),
        None => Err(unsupported(vm, "fileno")),
    }
}

fn isatty(vm: &mut Vm, args: &[Value]) -> R {
    let file = open_file(vm, &args[0])?;
    let terminal = file.stream.borrow().is_terminal(vm);
    Ok(Value::bool(terminal))
}

fn detach(vm: &mut Vm, args: &[Value]) -> R {
    flush(vm, args)?;
    let file = open_file(vm, &args[0])?;
    let text = file.text().is_some();
    let below = vm.get_attr(&args[0], if text { "buffer" } else { "raw" })?;
    file.detached.0.set(true);
    Ok(below)
}

/// Arguments: self, encoding, errors, newline, line_buffering, write_through.
fn reconfigure(vm: &mut Vm, args: &[Value]) -> R {
    let file = open_file(vm, &args[0])?;
    let Some(mode) = file.text() else {
        return Ok(Value::NONE);
    };
    file.stream.borrow_mut().flush(vm)?;
    if !args[1].is_none() {
        let encoding = super::open::encoding(vm, &args[1])?;
        mode.encoding.set(encoding);
        file.labels.0.set(args[1].clone());
        if args[2].is_none() {
            mode.handler.set(Handler::Strict);
            file.labels.1.set(string("strict"));
        }
    }
    if !args[2].is_none() {
        let handler = super::open::handler(vm, &args[2])?;
        mode.handler.set(handler);
        file.labels.1.set(args[2].clone());
    }
    if !args[3].is_undef() {
        mode.newline.set(super::open::newline(vm, &args[3])?);
    }
    if !args[4].is_none() {
        mode.line_buffering.set(vm.truth(&args[4])?);
    }
    Ok(Value::NONE)
}

fn repr(vm: &mut Vm, args: &[Value]) -> R {
    let Some(file) = file(&args[0]) else {
        return Ok(Value::NONE);
    };
    let class = vm.class_of(&args[0]);
    let class = class.name_str();
    let name = file.name.get();
    let mut shown = format!("<_io.{class}");
    if !name.is_undef() && file.given_away().is_none() {
        shown += &format!(" name={}", vm.repr_text(&name)?);
    }
    if file.text().is_some() {
        shown += &format!(" mode={}", vm.repr_text(&file.mode.get())?);
        shown += &format!(" encoding={}", vm.repr_text(&file.labels.0.get())?);
    } else if class == "FileIO" {
        shown += &format!(" mode={} closefd=True", vm.repr_text(&file.mode.get())?);
    }
    long_string(vm, &(shown + ">"))
}

const fn plain_attribute(name: &'static str, get: fn(&mut Vm, &Value) -> R) -> Attribute {
    Attribute::get(name, get)
}

fn closed(vm: &mut Vm, value: &Value) -> R {
    let Some(file) = file(value) else {
        return Ok(Value::TRUE);
    };
    attached(vm, &file)?;
    Ok(Value::bool(file.stream.borrow().is_closed()))
}

fn name(vm: &mut Vm, value: &Value) -> R {
    if let Some(file) = file(value) {
        attached(vm, &file)?;
    }
    match file(value).map(|f| f.name.get()) {
        Some(name) if !name.is_undef() => Ok(name),
        _ => {
            let key = string("name");
            Err(vm.no_attribute(value, &key))
        }
    }
}

fn mode(vm: &mut Vm, value: &Value) -> R {
    if let Some(file) = file(value).filter(|file| file.text().is_none()) {
        attached(vm, &file)?;
    }
    Ok(file(value).map_or(Value::NONE, |f| f.mode.get()))
}

/// Attributes of streams over bytes.
pub static BINARY_ATTRIBUTES: &[Attribute] = &[
    plain_attribute("closed", closed),
    plain_attribute("name", name),
    plain_attribute("mode", mode),
    plain_attribute("raw", raw_of),
    plain_attribute("closefd", |_, value| {
        Ok(Value::bool(
            file(value).is_none_or(|f| f.stream.borrow().owns),
        ))
    }),
];

/// Attributes of streams over text.
pub static TEXT_ATTRIBUTES: &[Attribute] = &[
    plain_attribute("closed", closed),
    plain_attribute("name", name),
    Attribute::get_set("mode", mode, |_, value, new| {
        if let Some(file) = file(value) {
            file.mode.set(new.clone());
        }
        Ok(())
    }),
    plain_attribute("encoding", |_, value| {
        Ok(file(value).map_or(Value::NONE, |f| f.labels.0.get()))
    }),
    plain_attribute("errors", |_, value| {
        Ok(file(value).map_or(Value::NONE, |f| f.labels.1.get()))
    }),
    plain_attribute("newlines", |vm, value| {
        if let Some(file) = file(value) {
            attached(vm, &file)?;
        }
        let seen = file(value).and_then(|f| f.text().map(|t| t.seen.get()));
        let ends: Vec<Value> = ["\r", "\n", "\r\n"]
            .iter()
            .zip([2, 1, 4])
            .filter(|(_, bit)| seen.unwrap_or(0) & bit != 0)
            .map(|(end, _)| string(end))
            .collect();
        match ends.len() {
            0 => Ok(Value::NONE),
            1 => Ok(ends[0].clone()),
            _ => crate::builtins::arguments::tuple(vm, ends),
        }
    }),
    plain_attribute("line_buffering", |_, value| {
        Ok(Value::bool(file(value).is_some_and(|f| {
            f.text().is_some_and(|t| t.line_buffering.get())
        })))
    }),
    plain_attribute("write_through", |_, _| Ok(Value::FALSE)),
    plain_attribute("buffer", buffer_of),
];

/// The unbuffered stream under a buffered one.
fn raw_of(vm: &mut Vm, value: &Value) -> R {
    let Some(file) = file(value) else {
        return Ok(Value::NONE);
    };
    if file.given_away().is_some() {
        return Ok(Value::NONE);
    }
    let known = file.buffer.get();
    if !known.is_undef() {
        return Ok(known);
    }
    let class = vm.class_of_def(&super::FILE_IO);
    let made = FileObject::make(
        class.root_shape.get(),
        file.stream.0.clone(),
        None,
        file.name.get(),
        file.mode.get(),
        (Value::NONE, Value::NONE),
    );
    file.buffer.set(made.clone());
    Ok(made)
}

/// The stream over bytes under one over text.
fn buffer_of(vm: &mut Vm, value: &Value) -> R {
    let Some(file) = file(value) else {
        return Ok(Value::NONE);
    };
    if file.given_away().is_some() {
        return Ok(Value::NONE);
    }
    let known = file.buffer.get();
    if !known.is_undef() {
        return Ok(known);
    }
    let (readable, writable) = {
        let stream = file.stream.borrow();
        (stream.readable, stream.writable)
    };
    let def = match (readable, writable) {
        (true, true) => &super::BUFFERED_RANDOM,
        (true, false) => &super::BUFFERED_READER,
        _ => &super::BUFFERED_WRITER,
    };
    let class = vm.class_of_def(def);
    let mode = plain(&file.mode.get()) + "b";
    let made = FileObject::make(
        class.root_shape.get(),
        file.stream.0.clone(),
        None,
        file.name.get(),
        string(&mode),
        (Value::NONE, Value::NONE),
    );
    file.buffer.set(made.clone());
    Ok(made)
}

/// The label of an encoding that nobody named.
pub const DEFAULT_ENCODING: (Encoding, &str) = (Encoding::Utf8, "UTF-8");
