//! `asyncio.StreamReader`.

use std::cell::{Cell, RefCell};

use super::selector_events::{self, Transport};
use super::{debug, events, exceptions, futures, script};
use crate::heap::{Field, Ref, Value};
use crate::object::bytes::{self, ByteArray, Bytes};
use crate::object::class::class_flags;
use crate::object::kind;
use crate::object::native::{
    Attribute, Awaited, Def, Input, NativeFrame, R, Raised, Step, TypeDef,
};
use crate::object::task::Future;
use crate::object::traced::{Traced, traced_object};
use crate::object::tuple::Tuple;
use crate::vm::Vm;
use crate::vm::class::DICT;
use crate::vm::types::Known;

/// The usual limit of a line.
const LIMIT: i64 = 64 * 1024;

/// Bytes that were received and not read; what was read is dropped now and then.
#[derive(Default)]
pub struct Received {
    bytes: RefCell<Vec<u8>>,
    read: Cell<usize>,
}

impl Traced for Received {
    fn trace(&self, _: &mut dyn crate::heap::Visitor) {}
}

impl Received {
    fn len(&self) -> usize {
        self.bytes.borrow().len() - self.read.get()
    }

    fn extend(&self, data: &[u8]) {
        let mut bytes = self.bytes.borrow_mut();
        let read = self.read.get();
        if read > 0 && (read == bytes.len() || read > 64 * 1024) {
            bytes.drain(..read);
            self.read.set(0);
        }
        bytes.extend_from_slice(data);
    }

    fn with<T>(&self, use_them: impl FnOnce(&[u8]) -> T) -> T {
        use_them(&self.bytes.borrow()[self.read.get()..])
    }

    fn skip(&self, count: usize) {
        self.read.set(self.read.get() + count.min(self.len()));
        let mut bytes = self.bytes.borrow_mut();
        if self.read.get() == bytes.len() {
            self.read.set(0);
            if bytes.capacity() > 1 << 20 {
                *bytes = Vec::new();
            } else {
                bytes.clear();
            }
        }
    }

    /// Takes the first `count` bytes out.
    fn take(&self, vm: &mut Vm, count: usize) -> R {
        let taken = self.with(|all| Bytes::new(&all[..count.min(all.len())]));
        let taken = vm.lift(taken)?;
        self.skip(count);
        Ok(taken.into_value())
    }
}

traced_object! {
    /// `asyncio.StreamReader`
    pub struct StreamReader: STREAM_READER, attributes in attributes; {
        /// The other side sends no more.
        eof: Cell<bool>,
        /// The transport was told to pause.
        paused: Cell<bool>,
        /// The longest line.
        limit: Cell<i64>,
        /// What was received.
        received: Received,
        /// The loop.
        owner: Field,
        /// The future of who waits for data, or None.
        waiter: Field,
        /// Why the connection failed, or None.
        exception: Field,
        /// The transport, or None.
        transport: Field,
        /// Attributes that a script set.
        attributes: Field,
    }
}

fn this(vm: &mut Vm, value: &Value) -> R<Ref<StreamReader>> {
    match value.to_ref::<StreamReader>() {
        Some(reader) => Ok(reader),
        None => Err(script::error(
            vm,
            Known::TypeError,
            "a StreamReader was expected",
        )),
    }
}

fn new(vm: &mut Vm, args: &[Value]) -> R {
    let shape = vm.shape_for_new(&args[0], &STREAM_READER)?;
    Ok(unfed(shape).into_value())
}

/// A reader that nothing is known of yet.
pub(super) fn unfed(shape: u32) -> Ref<StreamReader> {
    let none = || Field::new(Value::NONE);
    let no = || Cell::new(false);
    StreamReader::alloc(
        shape,
        no(),
        no(),
        Cell::new(LIMIT),
        Received::default(),
        none(),
        none(),
        none(),
        none(),
        Field::undef(),
    )
}

/// `__init__(self, limit, loop)`
pub(super) fn init(vm: &mut Vm, args: &[Value]) -> R {
    let limit = script::integer(vm, &args[1])?;
    if limit <= 0 {
        return Err(script::error(vm, Known::ValueError, "Limit cannot be <= 0"));
    }
    let reader = this(vm, &args[0])?;
    reader.limit.set(limit);
    let owner = if args[2].is_none() {
        events::get_event_loop(vm)?
    } else {
        args[2].clone()
    };
    reader.owner.set(owner);
    Ok(Value::NONE)
}

// ----- feeding --------------------------------------------------------------------------

fn wake(vm: &mut Vm, reader: &StreamReader) -> R<()> {
    let waiter = reader.waiter.replace(Value::NONE);
    match Future::to_ref(&waiter) {
        Some(waiter) => futures::finish_unless_done(vm, &waiter, Value::NONE),
        None => Ok(()),
    }
}

/// `feed_data`
pub fn feed_data(vm: &mut Vm, reader: &Ref<StreamReader>, data: &[u8]) -> R<()> {
    if reader.eof.get() {
        return Err(script::error(
            vm,
            Known::AssertionError,
            "feed_data after feed_eof",
        ));
    }
    if data.is_empty() {
        return Ok(());
    }
    reader.received.extend(data);
    wake(vm, reader)?;
    let transport = reader.transport.get();
    if transport.is_none()
        || reader.paused.get()
        || reader.received.len() as i64 <= 2 * reader.limit.get()
    {
        return Ok(());
    }
    match transport.to_ref::<Transport>() {
        Some(transport) => {
            selector_events::pause_reading(vm, &transport)?;
            reader.paused.set(true);
        }
        None => match script::call_method(vm, &transport, "pause_reading", &[]) {
            Ok(_) => reader.paused.set(true),
            Err(raised) if script::is_instance(vm, &raised.0, Known::NotImplementedError) => {
                reader.transport.set(Value::NONE);
            }
            Err(raised) => return Err(raised),
        },
    }
    Ok(())
}

/// `feed_eof`
pub fn feed_eof(vm: &mut Vm, reader: &StreamReader) -> R<()> {
    reader.eof.set(true);
    wake(vm, reader)
}

/// `set_exception`
pub fn set_exception(vm: &mut Vm, reader: &StreamReader, exception: Value) -> R<()> {
    reader.exception.set(exception.clone());
    let waiter = reader.waiter.replace(Value::NONE);
    match Future::to_ref(&waiter) {
        Some(waiter) if !waiter.is_cancelled() => futures::set_exception(vm, &waiter, &exception),
        _ => Ok(()),
    }
}

fn resume(vm: &mut Vm, reader: &StreamReader) -> R<()> {
    reader.paused.set(false);
    let transport = reader.transport.get();
    match transport.to_ref::<Transport>() {
        Some(transport) => selector_events::resume_reading(vm, &transport),
        None if transport.is_none() => Ok(()),
        None => script::call_method(vm, &transport, "resume_reading", &[]).map(|_| ()),
    }
}

fn maybe_resume(vm: &mut Vm, reader: &StreamReader) -> R<()> {
    if reader.paused.get() && reader.received.len() as i64 <= reader.limit.get() {
        return resume(vm, reader);
    }
    Ok(())
}

// ----- reading --------------------------------------------------------------------------

/// Waits until something arrives.
fn wait_for_data(vm: &mut Vm, reader: &StreamReader, function: &str) -> R<Step> {
    if !reader.waiter.as_value().is_none() {
        let text = format!(
            "{function}() called while another coroutine is already waiting for incoming data"
        );
        return Err(script::error(vm, Known::RuntimeError, &text));
    }
    if reader.paused.get() {
        resume(vm, reader)?;
    }
    let waiter = debug::made_by(vm, debug::DATA, reader.owner.get())?.into_value();
    reader.waiter.set(waiter.clone());
    Ok(Step::Await(waiter))
}

/// The exception of a connection that failed.
fn check(reader: &StreamReader) -> R<()> {
    let exception = reader.exception.get();
    if exception.is_none() {
        Ok(())
    } else {
        Err(Raised(exception))
    }
}

/// What comes of a wait: an exception ends the read.
fn woken(reader: &StreamReader, input: Input) -> R<()> {
    reader.waiter.set(Value::NONE);
    match input {
        Input::Raised(raised) => Err(raised),
        _ => Ok(()),
    }
}

/// `read(n=-1)`: registers self, n; then the blocks read so far, of a read to the end.
fn read(vm: &mut Vm, frame: &mut NativeFrame<'_>, input: Input) -> Step {
    read_step(vm, frame, input).unwrap_or_else(Step::Raise)
}

fn read_step(vm: &mut Vm, frame: &mut NativeFrame<'_>, input: Input) -> R<Step> {
    let reader = this(vm, &frame.regs[0])?;
    let count = script::integer(vm, &frame.regs[1].clone())?;
    if frame.state == 0 {
        check(&reader)?;
        if count == 0 {
            return Ok(Step::Return(Bytes::empty().into_value()));
        }
        if count < 0 {
            frame.regs[2] = ByteArray::new(Default::default()).into_value();
        }
    } else {
        woken(&reader, input)?;
    }
    if count < 0 {
        return read_to_end(vm, frame, &reader);
    }
    if frame.state == 0 && reader.received.len() == 0 && !reader.eof.get() {
        frame.state = 1;
        return wait_for_data(vm, &reader, "read");
    }
    let data = reader.received.take(vm, count as usize)?;
    maybe_resume(vm, &reader)?;
    Ok(Step::Return(data))
}

/// Takes what is there, the limit at a time as `read(limit)` does, until the end.
fn read_to_end(vm: &mut Vm, frame: &mut NativeFrame<'_>, reader: &Ref<StreamReader>) -> R<Step> {
    let whole = frame.regs[2].clone();
    let mut woken = frame.state != 0;
    loop {
        if !woken {
            check(reader)?;
            if reader.received.len() == 0 && !reader.eof.get() {
                frame.state = 1;
                return wait_for_data(vm, reader, "read");
            }
        }
        // Who is woken takes what is there, and nothing is the end, even if somebody else was faster.
        woken = false;
        let limit = reader.limit.get().max(1) as usize;
        let block = reader.received.take(vm, limit)?;
        maybe_resume(vm, reader)?;
        if block.get::<Bytes>().is_some_and(Bytes::is_empty) {
            break;
        }
        let (Some(whole), Some(block)) = (whole.get::<ByteArray>(), block.get::<Bytes>()) else {
            break;
        };
        let kept = whole.data.borrow_mut().extend_from_slice(block.bytes());
        vm.lift(kept)?;
    }
    let bytes = bytes::with_bytes(&whole, Bytes::new).unwrap_or_else(|| Ok(Bytes::empty()));
    Ok(Step::Return(vm.lift(bytes)?.into_value()))
}

/// `readexactly(n)`
fn readexactly(vm: &mut Vm, frame: &mut NativeFrame<'_>, input: Input) -> Step {
    readexactly_step(vm, frame, input).unwrap_or_else(Step::Raise)
}

fn readexactly_step(vm: &mut Vm, frame: &mut NativeFrame<'_>, input: Input) -> R<Step> {
    let reader = this(vm, &frame.regs[0])?;
    let count = script::integer(vm, &frame.regs[1].clone())?;
    if frame.state == 0 {
        if count < 0 {
            return Err(script::error(
                vm,
                Known::ValueError,
                "readexactly size can not be less than zero",
            ));
        }
        check(&reader)?;
        if count == 0 {
            return Ok(Step::Return(Bytes::empty().into_value()));
        }
    } else {
        woken(&reader, input)?;
    }
    if (reader.received.len() as i64) < count {
        if reader.eof.get() {
            let partial = reader.received.take(vm, usize::MAX)?;
            return Err(incomplete(vm, partial, frame.regs[1].clone()));
        }
        frame.state = 1;
        return wait_for_data(vm, &reader, "readexactly");
    }
    let data = reader.received.take(vm, count as usize)?;
    maybe_resume(vm, &reader)?;
    Ok(Step::Return(data))
}

fn incomplete(vm: &mut Vm, partial: Value, expected: Value) -> Raised {
    script::raise_called(vm, &exceptions::INCOMPLETE_READ_ERROR, &[partial, expected])
}

fn overrun(vm: &mut Vm, message: &str, consumed: usize) -> Raised {
    let args = [script::text(message), script::int(consumed as i64)];
    script::raise_called(vm, &exceptions::LIMIT_OVERRUN_ERROR, &args)
}

/// What a search for separators came to.
enum Found {
    /// At the end of the data that counts: where the separator starts and ends.
    At(usize, usize),
    /// Not yet; and not before this offset.
    NotBefore(usize),
    /// Neither, and the line is too long already.
    TooLong(usize),
}

fn find(reader: &StreamReader, separators: &[impl AsRef<[u8]>], offset: usize) -> Found {
    let lengths = || separators.iter().map(|s| s.as_ref().len());
    let shortest = lengths().min().unwrap_or(1);
    let longest = lengths().max().unwrap_or(1);
    reader.received.with(|all| {
        if all.len().saturating_sub(offset) < shortest {
            return Found::NotBefore(offset);
        }
        let mut best: Option<(usize, usize)> = None;
        for separator in separators.iter().map(AsRef::as_ref) {
            let found = match separator {
                [byte] => memchr::memchr(*byte, &all[offset..]),
                _ => memchr::memmem::find(&all[offset..], separator),
            };
            if let Some(at) = found {
                let (start, end) = (offset + at, offset + at + separator.len());
                if best.is_none_or(|(_, known)| end < known) {
                    best = Some((start, end));
                }
            }
        }
        if let Some((start, end)) = best {
            return Found::At(start, end);
        }
        let next = (all.len() + 1).saturating_sub(longest);
        if next as i64 > reader.limit.get() {
            Found::TooLong(next)
        } else {
            Found::NotBefore(next)
        }
    })
}

/// The separators of `readuntil`, shortest first.
fn separators_of(vm: &mut Vm, value: &Value) -> R<Vec<Vec<u8>>> {
    if value.is_undef() {
        return Ok(vec![vec![b'\n']]);
    }
    let items = if value.is_kind::<Tuple>() {
        script::tuple_items(value)
    } else {
        vec![value.clone()]
    };
    let mut separators = Vec::new();
    for item in &items {
        match bytes::with_bytes(item, <[u8]>::to_vec) {
            Some(separator) => separators.push(separator),
            None => {
                let name = vm.type_name(item);
                let text = format!("a bytes-like object is required, not '{name}'");
                return Err(script::error(vm, Known::TypeError, &text));
            }
        }
    }
    if separators.is_empty() {
        return Err(script::error(
            vm,
            Known::ValueError,
            "Separator should contain at least one element",
        ));
    }
    separators.sort_by_key(Vec::len);
    if separators[0].is_empty() {
        return Err(script::error(
            vm,
            Known::ValueError,
            "Separator should be at least one-byte string",
        ));
    }
    Ok(separators)
}

/// `readuntil(separator)`: registers self, separator, offset.
fn readuntil(vm: &mut Vm, frame: &mut NativeFrame<'_>, input: Input) -> Step {
    let answer = separators_of(vm, &frame.regs[1].clone())
        .and_then(|separators| until(vm, frame, input, &separators, 2));
    match answer {
        Ok(Until::Wait(step)) => step,
        Ok(Until::Line(line)) => Step::Return(line),
        Ok(Until::Overrun(message, consumed)) => Step::Raise(overrun(vm, message, consumed)),
        Ok(Until::Incomplete(partial)) => Step::Raise(incomplete(vm, partial, Value::NONE)),
        Err(raised) => Step::Raise(raised),
    }
}

/// How far a `readuntil` has got.
enum Until {
    Wait(Step),
    Line(Value),
    Overrun(&'static str, usize),
    Incomplete(Value),
}

fn until(
    vm: &mut Vm,
    frame: &mut NativeFrame<'_>,
    input: Input,
    separators: &[impl AsRef<[u8]>],
    register: usize,
) -> R<Until> {
    let reader = this(vm, &frame.regs[0])?;
    if frame.state == 0 {
        check(&reader)?;
    } else {
        woken(&reader, input)?;
    }
    let offset = frame.regs[register].as_small_int().unwrap_or(0) as usize;
    match find(&reader, separators, offset) {
        Found::At(start, _) if start as i64 > reader.limit.get() => Ok(Until::Overrun(
            "Separator is found, but chunk is longer than limit",
            start,
        )),
        Found::At(_, end) => {
            let line = reader.received.take(vm, end)?;
            maybe_resume(vm, &reader)?;
            Ok(Until::Line(line))
        }
        Found::TooLong(next) => Ok(Until::Overrun(
            "Separator is not found, and chunk exceed the limit",
            next,
        )),
        Found::NotBefore(_) if reader.eof.get() => {
            Ok(Until::Incomplete(reader.received.take(vm, usize::MAX)?))
        }
        Found::NotBefore(next) => {
            frame.regs[register] = script::int(next as i64);
            frame.state = 1;
            wait_for_data(vm, &reader, "readuntil").map(Until::Wait)
        }
    }
}

/// A line, or what there is of it at the end. Register 1: the offset.
fn line(vm: &mut Vm, frame: &mut NativeFrame<'_>, input: Input) -> R<Until> {
    match until(vm, frame, input, &[b"\n"], 1)? {
        Until::Incomplete(partial) => Ok(Until::Line(partial)),
        Until::Overrun(message, consumed) => {
            let reader = this(vm, &frame.regs[0])?;
            let ends = reader
                .received
                .with(|all| all.get(consumed) == Some(&b'\n'));
            reader
                .received
                .skip(if ends { consumed + 1 } else { usize::MAX });
            maybe_resume(vm, &reader)?;
            let handled = overrun(vm, message, consumed);
            vm.set_context(&handled.0, vm.frame);
            let raised = script::error(vm, Known::ValueError, message);
            script::set_context(&raised.0, handled.0);
            Err(raised)
        }
        other => Ok(other),
    }
}

/// As `readline` and `__anext__`, where the line is there.
fn line_at_once(vm: &mut Vm, args: &[Value]) -> Option<R<Awaited>> {
    let [reader] = args else {
        return None;
    };
    let reader = reader.to_ref::<StreamReader>()?;
    if !reader.exception.as_value().is_none() {
        return None;
    }
    let Found::At(start, end) = find(&reader, &[b"\n"], 0) else {
        return None;
    };
    if start as i64 > reader.limit.get() {
        return None;
    }
    let line = reader.received.take(vm, end);
    let line = line.and_then(|line| maybe_resume(vm, &reader).map(|()| line));
    Some(line.map(Awaited::Done))
}

fn readline(vm: &mut Vm, frame: &mut NativeFrame<'_>, input: Input) -> Step {
    match line(vm, frame, input) {
        Ok(Until::Wait(step)) => step,
        Ok(Until::Line(line)) => Step::Return(line),
        Ok(_) => Step::Return(Value::NONE),
        Err(raised) => Step::Raise(raised),
    }
}

fn anext(vm: &mut Vm, frame: &mut NativeFrame<'_>, input: Input) -> Step {
    match line(vm, frame, input) {
        Ok(Until::Wait(step)) => step,
        Ok(Until::Line(line)) if line.get::<Bytes>().is_some_and(Bytes::is_empty) => {
            Step::Raise(vm.stop_async_iteration())
        }
        Ok(Until::Line(line)) => Step::Return(line),
        Ok(_) => Step::Return(Value::NONE),
        Err(raised) => Step::Raise(raised),
    }
}

// ----- what scripts see --------------------------------------------------------------------

fn feed_data_method(vm: &mut Vm, args: &[Value]) -> R {
    let reader = this(vm, &args[0])?;
    let data = bytes::with_bytes(&args[1], <[u8]>::to_vec);
    match data {
        Some(data) => feed_data(vm, &reader, &data)?,
        None => {
            let name = vm.type_name(&args[1]);
            let text = format!("a bytes-like object is required, not '{name}'");
            return Err(script::error(vm, Known::TypeError, &text));
        }
    }
    Ok(Value::NONE)
}

fn feed_eof_method(vm: &mut Vm, args: &[Value]) -> R {
    let reader = this(vm, &args[0])?;
    feed_eof(vm, &reader)?;
    Ok(Value::NONE)
}

fn at_eof(vm: &mut Vm, args: &[Value]) -> R {
    let reader = this(vm, &args[0])?;
    Ok(Value::bool(reader.eof.get() && reader.received.len() == 0))
}

fn exception_method(vm: &mut Vm, args: &[Value]) -> R {
    Ok(this(vm, &args[0])?.exception.get())
}

fn set_exception_method(vm: &mut Vm, args: &[Value]) -> R {
    let reader = this(vm, &args[0])?;
    set_exception(vm, &reader, args[1].clone())?;
    Ok(Value::NONE)
}

fn set_transport(vm: &mut Vm, args: &[Value]) -> R {
    let reader = this(vm, &args[0])?;
    if !reader.transport.as_value().is_none() {
        return Err(script::error(
            vm,
            Known::AssertionError,
            "Transport already set",
        ));
    }
    reader.transport.set(args[1].clone());
    Ok(Value::NONE)
}

fn aiter(_: &mut Vm, args: &[Value]) -> R {
    Ok(args[0].clone())
}

fn repr(vm: &mut Vm, args: &[Value]) -> R {
    let reader = this(vm, &args[0])?;
    let mut text = "<StreamReader".to_owned();
    if reader.received.len() > 0 {
        text += &format!(" {} bytes", reader.received.len());
    }
    if reader.eof.get() {
        text += " eof";
    }
    if reader.limit.get() != LIMIT {
        text += &format!(" limit={}", reader.limit.get());
    }
    for (name, value) in [
        ("waiter", &reader.waiter),
        ("exception", &reader.exception),
        ("transport", &reader.transport),
    ] {
        let value = value.get();
        if !value.is_none() {
            text += &format!(" {name}={}", script::repr(vm, &value)?);
        }
    }
    if reader.paused.get() {
        text += " paused";
    }
    Ok(script::text(&(text + ">")))
}

fn limit(vm: &mut Vm, value: &Value) -> R {
    Ok(script::int(this(vm, value)?.limit.get()))
}

fn buffer(vm: &mut Vm, value: &Value) -> R {
    let copy = this(vm, value)?.received.with(ByteArray::copy_of);
    Ok(vm.lift(copy)?.into_value())
}

/// A field as an attribute.
macro_rules! field {
    ($name:literal, $field:ident) => {
        Attribute::get_set(
            $name,
            |vm, value| Ok(this(vm, value)?.$field.get()),
            |vm, value, to| {
                this(vm, value)?.$field.set(to.clone());
                Ok(())
            },
        )
    };
}

/// `asyncio.StreamReader`
pub static STREAM_READER: TypeDef = TypeDef {
    flags: class_flags::BASE | class_flags::WEAKREF | class_flags::HAS_DICT,
    new: Some(Def::leaf("__new__(cls, /, *args, **kwargs)", new).stat()),
    methods: &[
        Def::leaf("__init__(self, limit=65536, loop=None)", init),
        Def::coroutine("read(self, n=-1)", 1, read),
        Def::coroutine("readexactly(self, n)", 0, readexactly),
        Def::coroutine("readline(self)", 1, readline).awaited(line_at_once),
        Def::coroutine("readuntil(self, separator=b'\\n')", 1, readuntil),
        Def::coroutine("__anext__(self)", 1, anext).awaited(line_at_once),
        Def::leaf("__aiter__(self)", aiter),
        Def::leaf("at_eof(self)", at_eof),
        Def::leaf("feed_data(self, data)", feed_data_method),
        Def::leaf("feed_eof(self)", feed_eof_method),
        Def::leaf("exception(self)", exception_method),
        Def::leaf("set_exception(self, exc)", set_exception_method),
        Def::leaf("set_transport(self, transport)", set_transport),
        Def::leaf("__repr__(self)", repr),
    ],
    attributes: &[
        DICT,
        Attribute::get("_limit", limit),
        Attribute::get("_buffer", buffer),
        Attribute::get("_eof", |vm, value| {
            Ok(Value::bool(this(vm, value)?.eof.get()))
        }),
        Attribute::get("_paused", |vm, value| {
            Ok(Value::bool(this(vm, value)?.paused.get()))
        }),
        field!("_loop", owner),
        field!("_waiter", waiter),
        field!("_exception", exception),
        field!("_transport", transport),
    ],
    ..TypeDef::new("asyncio.streams", "StreamReader", kind::STREAM_READER)
};
