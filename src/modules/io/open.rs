//! `open`, and the classes of files called directly.

use std::cell::{Cell, RefCell};
use std::path::PathBuf;
use std::rc::Rc;

use super::buffer::{Source, Stream};
use super::methods::DEFAULT_ENCODING;
use super::{FileObject, Newline, TextMode};
use crate::builtins::adapt::c_int;
use crate::builtins::arguments::{
    int, outside, outside_named, path_of_text, path_value, plain, shape_of_class, shown_type,
    string,
};
use crate::heap::Value;
use crate::host::{OpenMode, path_from_bytes};
use crate::object::bytes::Bytes;
use crate::object::codec::{Encoding, Handler};
use crate::object::native::{Def, R, TypeDef};
use crate::object::str::Str;
use crate::vm::Vm;
use crate::vm::types::Known;

/// `open`
pub const OPEN: Def = Def::leaf(
    "open(file, mode='r', buffering=-1, encoding=None, errors=None, newline=None, closefd=True, opener=None)",
    open,
)
.doc("Opens a file; an OSError if that is not possible.");

/// `TextIOWrapper(buffer, ...)`
pub const WRAP_TEXT: Def = Def::leaf(
    "__new__(cls, buffer, encoding=None, errors=None, newline=None, line_buffering=False, write_through=False)",
    wrap_text,
);
/// `BufferedReader(raw)`
pub const WRAP_READER: Def = Def::leaf("__new__(cls, raw, buffer_size=8192)", |vm, args| {
    wrap_bytes(vm, args, true)
});
/// `BufferedWriter(raw)`
pub const WRAP_WRITER: Def = Def::leaf("__new__(cls, raw, buffer_size=8192)", |vm, args| {
    wrap_bytes(vm, args, false)
});
/// `FileIO(file, mode)`
pub const RAW: Def = Def::leaf(
    "__new__(cls, file, mode='r', closefd=True, opener=None)",
    raw,
);

/// What the letters of a mode say.
struct Letters {
    open: OpenMode,
    text: bool,
    shown: String,
}

fn letters(vm: &mut Vm, mode: &str) -> R<Letters> {
    let invalid = |vm: &mut Vm| vm.value_error(format!("invalid mode: '{mode}'"));
    let count = |c: char| mode.chars().filter(|&m| m == c).count();
    if mode.chars().any(|c| !"rwaxbt+".contains(c) || count(c) > 1) {
        return Err(invalid(vm));
    }
    let text = !mode.contains('b');
    if !text && mode.contains('t') {
        return Err(vm.value_error("can't have text and binary mode at once"));
    }
    let kinds: Vec<char> = mode.chars().filter(|c| "rwax".contains(*c)).collect();
    let [kind] = kinds[..] else {
        return Err(vm.value_error(match kinds.is_empty() {
            true => "Must have exactly one of create/read/write/append mode and at most one plus",
            false => "must have exactly one of create/read/write/append mode",
        }));
    };
    let plus = mode.contains('+');
    let Some(open) = OpenMode::of_letter(kind, plus) else {
        return Err(invalid(vm));
    };
    let shown = match (kind, plus) {
        ('r', true) | ('w', true) => "rb+".to_string(),
        (kind, true) => format!("{kind}b+"),
        (kind, false) => format!("{kind}b"),
    };
    Ok(Letters {
        open,
        text,
        shown: if text { mode.to_string() } else { shown },
    })
}

/// The encoding of this name.
pub fn encoding(vm: &mut Vm, name: &Value) -> R<Encoding> {
    let name = plain(name);
    match Encoding::named(&name) {
        Some(encoding) => Ok(encoding),
        None if name == "locale" => Ok(Encoding::Utf8),
        None => Err(vm.lookup_error(format!("unknown encoding: {name}"))),
    }
}

/// The error handler of this name.
pub fn handler(vm: &mut Vm, name: &Value) -> R<Handler> {
    let name = plain(name);
    match Handler::named(&name) {
        Some(handler) => Ok(handler),
        None => Err(vm.lookup_error(format!("unknown error handler name '{name}'"))),
    }
}

/// The `newline` argument.
pub fn newline(vm: &mut Vm, value: &Value) -> R<Newline> {
    if value.is_none() {
        return Ok(Newline::Universal);
    }
    if !value.is_kind::<Str>() {
        let name = shown_type(vm, value);
        return Err(vm.type_error(format!("newline must be str or None, not {name}")));
    }
    Ok(match plain(value).as_str() {
        "" => Newline::Kept,
        "\n" => Newline::Feed,
        "\r" => Newline::Return,
        "\r\n" => Newline::Both,
        other => {
            let shown = vm.repr_text(&string(other))?;
            return Err(vm.value_error(format!("illegal newline value: {shown}")));
        }
    })
}

/// A path argument: str, bytes, or what has `__fspath__`.
pub fn path(vm: &mut Vm, value: &Value) -> R<PathBuf> {
    let bytes = if let Some(text) = value.get::<Str>() {
        vm.check_path(text)?;
        path_of_text(text)
    } else if let Some(bytes) = value.get::<Bytes>() {
        bytes.bytes().to_vec()
    } else {
        return path_of_object(vm, value);
    };
    if bytes.contains(&0) {
        let what = if value.is_kind::<Str>() {
            "embedded null character"
        } else {
            "embedded null byte"
        };
        return Err(vm.value_error(what));
    }
    Ok(path_from_bytes(&bytes))
}

/// What `open` opens: a number, or a path as str or bytes.
fn path_or_number(vm: &mut Vm, file: &Value) -> R {
    match file.is_kind::<Str>() || file.is_kind::<Bytes>() || vm.is_number(file) {
        true => Ok(file.clone()),
        false => path_value(vm, file),
    }
}

fn path_of_object(vm: &mut Vm, value: &Value) -> R<PathBuf> {
    let made = path_value(vm, value)?;
    path(vm, &made)
}

/// Opens the file of an `open` call: a number is a descriptor.
fn source(vm: &mut Vm, file: &Value, mode: OpenMode, opener: &Value, owns: bool) -> R<Source> {
    if let Some(fd) = file.as_small_int().filter(|&fd| i32::try_from(fd).is_ok()) {
        if fd < 0 {
            return Err(vm.value_error("negative file descriptor"));
        }
        let found = vm.host.descriptors.get(fd as i32);
        let found = outside(vm, found)?;
        if owns {
            let taken = vm.host.descriptors.remove(fd as i32);
            let taken = outside(vm, taken)?;
            vm.host.descriptors.lend(&taken);
        }
        return Ok(Source::File(found));
    }
    if !opener.is_none() {
        let fd = vm.call(opener, &[file.clone(), Value::int32(flags(mode))])?;
        return source(vm, &fd, mode, &Value::NONE, true);
    }
    if file
        .get::<Str>()
        .is_some_and(|text| text.bytes().contains(&0))
    {
        return Err(vm.value_error("embedded null byte"));
    }
    let path = path(vm, file)?;
    let opened = vm.host.files.open(&path, mode, 0o666);
    let opened = outside_named(vm, opened, file, None)?;
    let stat = opened.stat();
    if outside(vm, stat)?.is_directory() {
        return Err(vm.os_error(21, file.clone()));
    }
    if mode.append {
        // `tell` of a fresh file for appending is its end.
        let _ = opened.seek(crate::host::SeekFrom::End(0));
    }
    let opened = std::sync::Arc::new(opened);
    vm.host.descriptors.lend(&opened);
    Ok(Source::File(opened))
}

/// The arguments of `open` as far as their types go: the mode and the size of the buffer.
fn checked_types<'a>(vm: &mut Vm, args: &'a [Value]) -> R<(&'a Str, i64)> {
    let [_, mode, buffering, encoding_name, errors, newline_value, ..] = args else {
        return Err(vm.type_error("open() missing required argument 'file' (pos 1)"));
    };
    let Some(mode_text) = mode.get::<Str>() else {
        let name = shown_type(vm, mode);
        return Err(vm.type_error(format!("open() argument 'mode' must be str, not {name}")));
    };
    if mode_text.has_surrogates() {
        return Err(vm.surrogates_error(mode_text));
    }
    let buffering = c_int(vm, buffering)?;
    for (value, name) in [
        (encoding_name, "encoding"),
        (errors, "errors"),
        (newline_value, "newline"),
    ] {
        if !value.is_none() && !value.is_kind::<Str>() {
            let given = vm.type_name(value);
            return Err(vm.type_error(format!(
                "open() argument '{name}' must be str or None, not {given}"
            )));
        }
    }
    Ok((mode_text, buffering))
}

/// The flags that `os.open` would be given for a mode.
fn flags(mode: OpenMode) -> i32 {
    let access = match (mode.read, mode.write) {
        (true, true) => 2,
        (false, true) => 1,
        _ => 0,
    };
    let bit = |on: bool, bit: i32| if on { bit } else { 0 };
    access
        | bit(mode.create, 0o100)
        | bit(mode.exclusive, 0o200)
        | bit(mode.truncate, 0o1000)
        | bit(mode.append, 0o2000)
        | 0o2_000_000
}

fn open(vm: &mut Vm, args: &[Value]) -> R {
    let [
        file,
        _,
        _,
        encoding_name,
        errors,
        newline_value,
        closefd,
        opener,
    ] = args
    else {
        return Ok(Value::NONE);
    };
    let (mode_text, buffering) = checked_types(vm, args)?;
    let owns = vm.truth(closefd)?;
    let made = path_or_number(vm, file)?;
    let file = &made;
    let letters = letters(vm, &mode_text.to_text())?;
    for (value, name) in [(encoding_name, "encoding"), (errors, "errors")] {
        if !letters.text && !value.is_none() {
            let an = if name == "encoding" {
                "an encoding"
            } else {
                "an errors"
            };
            return Err(vm.value_error(format!("binary mode doesn't take {an} argument")));
        }
    }
    if !letters.text && !newline_value.is_none() {
        return Err(vm.value_error("binary mode doesn't take a newline argument"));
    }
    let newline = match letters.text && buffering == 0 {
        true => Err(vm.value_error("can't have unbuffered text I/O")),
        false => newline(vm, newline_value),
    };
    if !owns && !file.is_small_int() {
        return Err(vm.value_error("Cannot use closefd=False with file name"));
    }
    if newline.is_err() {
        // The file is there already when text is asked for.
        source(vm, file, letters.open, opener, owns)?;
    }
    let newline = newline?;
    let text = match letters.text {
        true => Some(text_mode(vm, encoding_name, errors, newline)?),
        false => None,
    };
    if let Some((mode, _)) = &text
        && matches!(
            mode.encoding.get(),
            Encoding::Utf8Sig | Encoding::Utf16(_) | Encoding::Utf32(_)
        )
    {
        return layered(vm, args, &letters);
    }
    let mut stream = Stream::new(
        source(vm, file, letters.open, opener, owns)?,
        letters.open.read,
        letters.open.write,
    );
    stream.owns = owns;
    stream.unbuffered = buffering == 0;
    let terminal = stream.is_terminal(vm);
    let def: &'static TypeDef = match (
        letters.text,
        buffering,
        letters.open.read,
        letters.open.write,
    ) {
        (true, ..) => &super::TEXT_IO_WRAPPER,
        (_, 0, ..) => &super::FILE_IO,
        (_, _, true, true) => &super::BUFFERED_RANDOM,
        (_, _, true, _) => &super::BUFFERED_READER,
        _ => &super::BUFFERED_WRITER,
    };
    let (text, labels) = match text {
        Some((mode, labels)) => {
            mode.line_buffering.set(buffering == 1 || terminal);
            (Some(mode), labels)
        }
        None => (None, (Value::NONE, Value::NONE)),
    };
    let class = vm.class_of_def(def);
    let shape = class.root_shape.get();
    Ok(FileObject::make(
        shape,
        Rc::new(RefCell::new(stream)),
        text,
        file.clone(),
        string(&letters.shown),
        labels,
    ))
}

/// Text in an encoding whose characters have no fixed beginning: bytes as always, and over them
/// the text stream of `_layers`.
fn layered(vm: &mut Vm, args: &[Value], letters: &Letters) -> R {
    let mut below = args.to_vec();
    let binary: String = letters.shown.chars().filter(|c| *c != 't').collect();
    below[1] = string(&(binary + "b"));
    (below[3], below[4], below[5]) = (Value::NONE, Value::NONE, Value::NONE);
    if args[2].is(&int(1)) {
        below[2] = int(-1);
    }
    let buffer = open(vm, &below)?;
    let lines = Value::bool(args[2].is(&int(1)));
    let layers = vm.import("_layers")?;
    let class = vm.get_attr(&layers, "TextIOWrapper")?;
    let wrapped = vm.call(
        &class,
        &[
            buffer.clone(),
            args[3].clone(),
            args[4].clone(),
            args[5].clone(),
            lines,
        ],
    )?;
    vm.set_attr(&wrapped, "mode", &args[1])?;
    Ok(wrapped)
}

fn text_mode(
    vm: &mut Vm,
    encoding_name: &Value,
    errors: &Value,
    newline: Newline,
) -> R<(TextMode, (Value, Value))> {
    let (known, label) = if encoding_name.is_none() {
        (DEFAULT_ENCODING.0, string(DEFAULT_ENCODING.1))
    } else {
        (encoding(vm, encoding_name)?, encoding_name.clone())
    };
    let (how, how_label) = if errors.is_none() {
        (Handler::Strict, string("strict"))
    } else {
        (handler(vm, errors)?, errors.clone())
    };
    let mode = TextMode {
        encoding: Cell::new(known),
        handler: Cell::new(how),
        newline: Cell::new(newline),
        line_buffering: Cell::new(false),
        seen: Cell::new(0),
    };
    Ok((mode, (label, how_label)))
}

/// A text stream over a stream of ours.
fn wrap_text(vm: &mut Vm, args: &[Value]) -> R {
    let Some(inner) = args[1].to_ref::<FileObject>() else {
        return Err(super::unsupported(
            vm,
            "TextIOWrapper works over streams of files only",
        ));
    };
    let newline = newline(vm, &args[4])?;
    let (mode, labels) = text_mode(vm, &args[2], &args[3], newline)?;
    mode.line_buffering.set(vm.truth(&args[5])?);
    let made = FileObject::make(
        shape_of_class(&args[0]),
        inner.stream.0.clone(),
        Some(mode),
        inner.name.get(),
        string(plain(&inner.mode.get()).trim_end_matches('b')),
        labels,
    );
    if let Some(made) = made.get::<FileObject>() {
        made.buffer.set(args[1].clone());
    }
    Ok(made)
}

fn wrap_bytes(vm: &mut Vm, args: &[Value], reads: bool) -> R {
    let Some(inner) = args[1].to_ref::<FileObject>() else {
        return Err(super::unsupported(
            vm,
            "buffered streams work over streams of files only",
        ));
    };
    {
        let stream = inner.stream.borrow();
        if reads && !stream.readable {
            drop(stream);
            return Err(vm.raise_known(Known::OsError, "File or stream is not readable."));
        }
        if !reads && !stream.writable {
            drop(stream);
            return Err(vm.raise_known(Known::OsError, "File or stream is not writable."));
        }
    }
    inner.stream.borrow_mut().unbuffered = false;
    let shape = shape_of_class(&args[0]);
    let labels = (Value::NONE, Value::NONE);
    Ok(FileObject::make(
        shape,
        inner.stream.0.clone(),
        None,
        inner.name.get(),
        inner.mode.get(),
        labels,
    ))
}

/// Arguments: cls, file, mode, closefd, opener.
fn raw(vm: &mut Vm, args: &[Value]) -> R {
    let mode = plain(&args[2]).replace('b', "") + "b";
    let letters = letters(vm, &mode)?;
    let owns = vm.truth(&args[3])?;
    let mut stream = Stream::new(
        source(vm, &args[1], letters.open, &args[4], owns)?,
        letters.open.read,
        letters.open.write,
    );
    stream.unbuffered = true;
    stream.owns = owns;
    let shape = shape_of_class(&args[0]);
    let labels = (Value::NONE, Value::NONE);
    Ok(FileObject::make(
        shape,
        Rc::new(RefCell::new(stream)),
        None,
        args[1].clone(),
        string(&letters.shown),
        labels,
    ))
}
