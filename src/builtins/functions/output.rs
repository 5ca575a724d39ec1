//! `print` and `input`.
//!
//! As long as a script has not replaced `sys.stdout`, print writes to the host
//! at once; else it calls the file's `write`, in a frame of its own.

use super::outcome;
use crate::builtins::arguments::{outside, plain, shown_type, string, wtf8};
use crate::heap::{Ref, Value};
use crate::host::{Direction, File};
use crate::object::dict::Dict;
use crate::object::native::{Def, Input, NativeFrame, R, Step};
use crate::object::str::Str;
use crate::object::tuple::Tuple;
use crate::vm::Vm;
use crate::vm::waiting::wait_for_file;
use std::sync::Arc;

/// See the module's text.
pub static FUNCTIONS: &[Def] = &[
    Def::frame(
        "print(*args, sep=' ', end='\\n', file=None, flush=False)",
        4,
        print,
    )
    .doc("Writes values as text, to sys.stdout or another file."),
    Def::frame("input(prompt='', /)", 2, input).doc("Reads a line and gives it without its end."),
];

/// Keys of `Vm::state`: the namespace of `sys`, and the three file objects that `sys` began with.
pub const SYS: &str = "sys";
/// See `SYS`.
pub const STDIN: &str = "sys.stdin";
/// See `SYS`.
pub const STDOUT: &str = "sys.stdout";
/// See `SYS`.
pub const STDERR: &str = "sys.stderr";

/// Where one of the standard streams leads.
pub enum Stream {
    /// To the host: the script has not replaced it.
    Host,
    /// To an object of the script.
    Object(Value),
    /// Nowhere: it is None.
    None,
    /// The script has deleted it.
    Lost,
}

/// What `sys.stdout` (or another name) is now.
pub fn stream(vm: &Vm, name: &str) -> Stream {
    let Some(sys) = vm.state.get(SYS).and_then(Value::to_ref::<Dict>) else {
        return Stream::Host;
    };
    let key = match name {
        "stdout" => &vm.names.stdout,
        "stderr" => &vm.names.stderr,
        _ => &vm.names.stdin,
    };
    let Some(now) = sys.get_str(key) else {
        return Stream::Lost;
    };
    if now.is_none() {
        return Stream::None;
    }
    let original = match name {
        "stdout" => vm.state.get(STDOUT),
        "stderr" => vm.state.get(STDERR),
        _ => vm.state.get(STDIN),
    };
    if original.is_some_and(|o| o.is(&now)) {
        Stream::Host
    } else {
        Stream::Object(now)
    }
}

const SEP: usize = 0;
const END: usize = 1;
const FILE: usize = 2;
const FLUSH: usize = 3;
const ARGS: usize = 4;
/// The number of the next argument.
const NEXT: usize = 5;
/// The file's `write`; None for the host.
const WRITE: usize = 6;
/// Whether the separator before the next argument was written.
const SEPARATED: usize = 7;

/// States: 0 begin, 1 the write method comes, 2 the text of an argument comes, 3 it (or a separator) was written,
/// 4 the end was written, 5 the flush method comes, 6 flushed.
fn print(vm: &mut Vm, frame: &mut NativeFrame<'_>, input: Input) -> Step {
    let value = match input {
        Input::Start => match begin_print(vm, frame) {
            Some(step) => return step,
            None => Value::UNDEF,
        },
        Input::Value(value) | Input::Yielded(value) => value,
        Input::Raised(raised) => return Step::Raise(raised),
    };
    match frame.state {
        1 => frame.regs[WRITE] = value,
        2 => {
            if let Some(step) = write(vm, frame, value, 3) {
                return step;
            }
        }
        4 => return flush_after(vm, frame),
        5 => {
            frame.state = 6;
            return Step::Call(value, Default::default());
        }
        6 => return Step::Return(Value::NONE),
        _ => {}
    }
    print_on(vm, frame)
}

/// Checks the arguments and finds out where to write; None to go on at once.
fn begin_print(vm: &mut Vm, frame: &mut NativeFrame<'_>) -> Option<Step> {
    for (register, name, default) in [(SEP, "sep", " "), (END, "end", "\n")] {
        if frame.regs[register].is_none() {
            frame.regs[register] = vm.intern(default).into_value();
        } else if !frame.regs[register].is_kind::<Str>() {
            let given = shown_type(vm, &frame.regs[register]);
            return Some(Step::Raise(vm.type_error(format!(
                "{name} must be None or a string, not {given}"
            ))));
        }
    }
    frame.regs[NEXT] = Value::int32(0);
    frame.regs[WRITE] = Value::NONE;
    frame.regs[SEPARATED] = Value::TRUE;
    let file = if frame.regs[FILE].is_none() {
        match stream(vm, "stdout") {
            Stream::Host => None,
            Stream::None => return Some(Step::Return(Value::NONE)),
            Stream::Lost => return Some(Step::Raise(vm.runtime_error("lost sys.stdout"))),
            Stream::Object(file) => Some(file),
        }
    } else {
        let original = vm
            .state
            .get(STDOUT)
            .is_some_and(|o| o.is(&frame.regs[FILE]));
        if original {
            None
        } else {
            Some(frame.regs[FILE].clone())
        }
    };
    let file = file?;
    frame.regs[FILE] = file.clone();
    frame.state = 1;
    let name = vm.names.write.value();
    match outcome(vm.get_attr_step(&file, &name)) {
        Ok(method) => {
            frame.regs[WRITE] = method;
            frame.state = 0;
            None
        }
        Err(wait) => Some(wait),
    }
}

/// Writes arguments from the next one on.
fn print_on(vm: &mut Vm, frame: &mut NativeFrame<'_>) -> Step {
    loop {
        let number = frame.regs[NEXT].as_small_int().unwrap_or(0) as usize;
        let Some(argument) = frame.regs[ARGS].get::<Tuple>().and_then(|t| t.get(number)) else {
            break;
        };
        if frame.regs[SEPARATED].is_false() {
            frame.regs[SEPARATED] = Value::TRUE;
            let sep = frame.regs[SEP].clone();
            if let Some(step) = write(vm, frame, sep, 3) {
                return step;
            }
        }
        frame.regs[NEXT] = Value::int32(number as i32 + 1);
        frame.regs[SEPARATED] = Value::FALSE;
        let text = if argument.is_exact::<Str>() {
            argument
        } else {
            frame.state = 2;
            match outcome(vm.str_step(&argument)) {
                Ok(text) => text,
                Err(wait) => return wait,
            }
        };
        if let Some(step) = write(vm, frame, text, 3) {
            return step;
        }
    }
    let end = frame.regs[END].clone();
    match write(vm, frame, end, 4) {
        Some(step) => step,
        None => flush_after(vm, frame),
    }
}

/// Writes a text; None when it is done, else the call of the file's method.
fn write(vm: &mut Vm, frame: &mut NativeFrame<'_>, text: Value, then: u8) -> Option<Step> {
    frame.state = then;
    if !frame.regs[WRITE].is_none() {
        return Some(Step::Call(
            frame.regs[WRITE].clone(),
            smallvec::smallvec![text],
        ));
    }
    match write_to_host(vm, &text, false) {
        Ok(()) => None,
        Err(raised) => Some(Step::Raise(raised)),
    }
}

/// Writes a text to standard output or standard error.
pub fn write_to_host(vm: &mut Vm, text: &Value, error: bool) -> R<()> {
    let Some(text) = text.get::<Str>() else {
        return Ok(());
    };
    let escaped;
    let bytes = if text.has_surrogates() {
        if !error {
            return Err(vm.surrogates_error(text));
        }
        escaped = backslashed(text);
        escaped.as_bytes()
    } else {
        text.bytes()
    };
    let stream = if error {
        &mut vm.host.stdio.error
    } else {
        &mut vm.host.stdio.output
    };
    let done = stream.write(bytes);
    outside(vm, done)
}

/// The text with surrogates as escapes: what standard error does with them.
pub fn backslashed(text: &Str) -> String {
    let mut out = String::with_capacity(text.byte_len());
    for point in text.points() {
        match char::from_u32(point) {
            Some(ch) => out.push(ch),
            None => out.push_str(&format!("\\u{point:04x}")),
        }
    }
    out
}

fn flush_after(vm: &mut Vm, frame: &mut NativeFrame<'_>) -> Step {
    match vm.truth(&frame.regs[FLUSH]) {
        Ok(false) => return Step::Return(Value::NONE),
        Ok(true) => {}
        Err(raised) => return Step::Raise(raised),
    }
    if frame.regs[WRITE].is_none() {
        let done = vm.host.stdio.output.flush();
        return match outside(vm, done) {
            Ok(()) => Step::Return(Value::NONE),
            Err(raised) => Step::Raise(raised),
        };
    }
    frame.state = 5;
    let name = vm.names.flush.value();
    match outcome(vm.get_attr_step(&frame.regs[FILE], &name)) {
        Ok(method) => {
            frame.state = 6;
            Step::Call(method, Default::default())
        }
        Err(wait) => wait,
    }
}

/// Registers: prompt, its text, the file. States: 0 begin, 1 the prompt's text comes, 2 it was written, 3 a line comes.
fn input(vm: &mut Vm, frame: &mut NativeFrame<'_>, input: Input) -> Step {
    if frame.state == WAITS {
        return typed_line(vm, frame, input);
    }
    let value = match input {
        Input::Start => {
            frame.state = 1;
            match outcome(vm.str_step(&frame.regs[0])) {
                Ok(text) => text,
                Err(wait) => return wait,
            }
        }
        Input::Value(value) | Input::Yielded(value) => value,
        Input::Raised(raised) => return Step::Raise(raised),
    };
    if frame.state == 1 {
        if let Err(raised) = vm.no_lost_streams() {
            return Step::Raise(raised);
        }
        frame.state = 2;
        match stream(vm, "stdout") {
            Stream::Object(file) => match vm.get_attr(&file, "write") {
                Ok(write) => return Step::Call(write, smallvec::smallvec![value]),
                Err(raised) => return Step::Raise(raised),
            },
            _ => {
                let done = write_to_host(vm, &value, false).and_then(|()| {
                    let done = vm.host.stdio.output.flush();
                    outside(vm, done)
                });
                if let Err(raised) = done {
                    return Step::Raise(raised);
                }
            }
        }
    }
    if frame.state == 2 {
        frame.state = 3;
        if let Stream::Object(file) = stream(vm, "stdin") {
            return match vm.get_attr(&file, "readline") {
                Ok(readline) => Step::Call(readline, Default::default()),
                Err(raised) => Step::Raise(raised),
            };
        }
        return typed_line(vm, frame, Input::Start);
    }
    let line = plain(&value);
    match line.strip_suffix('\n') {
        Some(line) => Step::Return(string(line)),
        None if line.is_empty() => Step::Raise(vm.eof_error("EOF when reading a line")),
        None => Step::Return(value),
    }
}

/// State of `input`: a line of standard input is waited for.
const WAITS: u8 = 4;

/// A line of standard input; others go on while a terminal or a pipe has none.
fn typed_line(vm: &mut Vm, frame: &mut NativeFrame<'_>, input: Input) -> Step {
    let mut input = input;
    let source = input_to_wait_for(vm);
    loop {
        let has_line = vm.host.stdio.lock_input().has_line();
        let resumed = !matches!(input, Input::Start);
        if let Some(file) = source.as_ref().filter(|_| resumed || !has_line) {
            frame.state = WAITS;
            if let Some(step) = wait_for_file(vm, file, Direction::Read, input) {
                return step;
            }
        } else if let Input::Raised(raised) = input {
            return Step::Raise(raised);
        }
        let mut stdin = vm.host.stdio.lock_input();
        let read = match source {
            Some(_) => stdin.try_line(None),
            None => stdin.read_line(None).map(Some),
        };
        drop(stdin);
        match outside(vm, read) {
            Ok(Some(line)) => return Step::from(without_end(vm, line)),
            Ok(None) => input = Input::Start,
            Err(raised) => return Step::Raise(raised),
        }
    }
}

/// Standard input, if it is no file of a disk: those are read at once.
fn input_to_wait_for(vm: &mut Vm) -> Option<Arc<File>> {
    let fd = vm.host.stdio.lock_input().fileno()?;
    let file = vm.host.descriptors.get(fd).ok()?;
    let on_disk = file.stat().is_ok_and(|stat| stat.is_file());
    (!on_disk).then_some(file)
}

/// A line that was typed, without its end.
fn without_end(vm: &mut Vm, mut line: Vec<u8>) -> R {
    if line.is_empty() {
        return Err(vm.eof_error("EOF when reading a line"));
    }
    if line.last() == Some(&b'\n') {
        line.pop();
        if line.last() == Some(&b'\r') {
            line.pop();
        }
    }
    match std::str::from_utf8(&line) {
        Ok(_) => wtf8(vm, &line),
        Err(_) => Ok(crate::builtins::arguments::wtf8_lossy(&line)),
    }
}

impl Vm {
    /// RuntimeError if the script has deleted a standard stream.
    fn no_lost_streams(&mut self) -> R<()> {
        for name in ["stdin", "stdout", "stderr"] {
            if matches!(stream(self, name), Stream::Lost | Stream::None) {
                return Err(self.runtime_error(format!("input(): lost sys.{name}")));
            }
        }
        Ok(())
    }

    /// The UnicodeEncodeError of a text with surrogates.
    pub fn surrogates_error(&mut self, text: &Str) -> crate::object::native::Raised {
        self.not_encodable(text, crate::object::str::is_surrogate)
    }

    /// Refuses a path with surrogates that stand for no byte.
    ///
    /// # Errors
    /// UnicodeEncodeError.
    pub fn check_path(&mut self, text: &Str) -> crate::object::native::R<()> {
        let bad =
            |point| crate::object::str::is_surrogate(point) && !(0xDC80..=0xDCFF).contains(&point);
        match text.has_surrogates() && text.points().any(bad) {
            true => Err(self.not_encodable(text, bad)),
            false => Ok(()),
        }
    }

    fn not_encodable(&mut self, text: &Str, bad: fn(u32) -> bool) -> crate::object::native::Raised {
        use crate::object::error::{Fault, UnicodeFault};
        let first = text.points().position(bad).unwrap_or(0);
        let run = text
            .points()
            .skip(first)
            .take_while(|&p| crate::object::str::is_surrogate(p))
            .count();
        let object = Str::from_wtf8(text.bytes()).map_or_else(|_| string(""), Ref::into_value);
        self.fault(Fault::Unicode(Box::new(UnicodeFault {
            encode: true,
            encoding: "utf-8".into(),
            object,
            start: first,
            end: first + run,
            reason: "surrogates not allowed".into(),
        })))
    }
}
