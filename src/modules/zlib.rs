//! `zlib`: compression, by a port of zlib without C.

use std::cell::{Cell, RefCell};

use zlib_rs::{
    Deflate, DeflateConfig, DeflateError, DeflateFlush, Inflate, InflateError, InflateFlush,
    Method, Status, Strategy,
};

use super::binary::binascii::{crc32, low_bits};
use super::binary::window::bytes_like;
use crate::builtins::arguments::{bytes, index, int, small, string};
use crate::heap::{Buffer, Charge, Field, OutOfMemory, Ref, Value, current, work};
use crate::object::class::class_flags;
use crate::object::kind;
use crate::object::module::Module;
use crate::object::native::{Attribute, Def, ModuleDef, R, Raised, TypeDef};
use crate::object::traced::{Untraced, traced_object};
use crate::vm::Vm;

/// `zlib`
pub static MODULE: ModuleDef = ModuleDef {
    name: "zlib",
    doc: "The functions in this module allow compression and decompression using the zlib library.",
    functions: &[
        Def::leaf("adler32(data, value=1, /)", |vm, args| {
            let data = bytes_like(vm, &args[0])?;
            vm.tick_bytes(data.len())?;
            let start = low_bits(vm, &args[1])?;
            Ok(int(i64::from(zlib_rs::adler32::adler32(start, &data))))
        })
        .doc("The Adler-32 checksum."),
        Def::leaf("compress(data, /, level=-1, wbits=15)", compress)
            .doc("The data in compressed form."),
        Def::leaf(
            "compressobj(level=-1, method=8, wbits=15, memLevel=8, strategy=0, zdict=None)",
            compressobj,
        )
        .doc("What compresses data that comes in pieces."),
        Def::leaf("crc32(data, value=0, /)", crc32).doc("The CRC-32 checksum."),
        Def::leaf("decompress(data, /, wbits=15, bufsize=16384)", decompress)
            .doc("The data that was compressed."),
        Def::leaf("decompressobj(wbits=15, zdict=b'')", decompressobj)
            .doc("What decompresses data that comes in pieces."),
    ],
    types: &[&ERROR, &ZLIB_DECOMPRESSOR],
    setup: Some(setup),
};

/// All types of this file.
pub static TYPES: &[&TypeDef] = &[&ERROR, &COMPRESS, &DECOMPRESS, &ZLIB_DECOMPRESSOR];

const CONSTANTS: &[(&str, i32)] = &[
    ("DEFLATED", 8),
    ("DEF_BUF_SIZE", 16384),
    ("DEF_MEM_LEVEL", 8),
    ("MAX_WBITS", 15),
    ("Z_BEST_COMPRESSION", 9),
    ("Z_BEST_SPEED", 1),
    ("Z_BLOCK", 5),
    ("Z_DEFAULT_COMPRESSION", -1),
    ("Z_DEFAULT_STRATEGY", 0),
    ("Z_FILTERED", 1),
    ("Z_FINISH", 4),
    ("Z_FIXED", 4),
    ("Z_FULL_FLUSH", 3),
    ("Z_HUFFMAN_ONLY", 2),
    ("Z_NO_COMPRESSION", 0),
    ("Z_NO_FLUSH", 0),
    ("Z_PARTIAL_FLUSH", 1),
    ("Z_RLE", 3),
    ("Z_SYNC_FLUSH", 2),
    ("Z_TREES", 6),
];

fn setup(vm: &mut Vm, module: &Ref<Module>) -> R<()> {
    for (name, value) in CONSTANTS {
        vm.set_name(&module.namespace, name, Value::int32(*value))?;
    }
    for name in ["ZLIB_VERSION", "ZLIB_RUNTIME_VERSION"] {
        vm.set_name(&module.namespace, name, string("1.3.1"))?;
    }
    vm.set_name(&module.namespace, "__version__", string("1.0"))
}

/// `zlib.error`
pub static ERROR: TypeDef = TypeDef {
    base: Some(&crate::builtins::exceptions::EXCEPTION),
    flags: class_flags::BASE | class_flags::HAS_DICT | class_flags::WEAKREF,
    ..TypeDef::new("zlib", "error", kind::EXCEPTION)
};

traced_object! {
    /// `zlib.Compress`
    pub struct Compressor: COMPRESSOR {
        /// The stream, until it is finished.
        stream: Untraced<RefCell<Option<Deflate>>>,
        /// What that takes.
        charge: Untraced<Charge>,
    }
}

traced_object! {
    /// `zlib.Decompress`, and `zlib._ZlibDecompressor`.
    pub struct Decompressor: DECOMPRESSOR {
        /// The stream.
        stream: Untraced<RefCell<Inflate>>,
        /// What that takes.
        charge: Untraced<Charge>,
        /// The dictionary that the stream may ask for.
        dictionary: Untraced<Vec<u8>>,
        /// Input that was not looked at yet, of `_ZlibDecompressor`.
        waiting: Untraced<RefCell<Vec<u8>>>,
        /// What lies behind the end of the stream.
        unused_data: Field,
        /// What did not fit the limit of the output.
        unconsumed_tail: Field,
        /// Whether the end was seen.
        eof: Cell<bool>,
        /// Whether `flush` found the end: then nothing may follow.
        ended: Cell<bool>,
        /// Whether more input is needed before there is more output.
        needs_input: Cell<bool>,
    }
}

/// `zlib.Compress`
pub static COMPRESS: TypeDef = TypeDef {
    methods: &[
        Def::leaf("compress(self, data, /)", |vm, args| {
            let data = bytes_like(vm, &args[1])?;
            with_compressor(
                vm,
                &args[0],
                &data,
                DeflateFlush::NoFlush,
                "compressing data",
            )
        })
        .doc("The data in compressed form."),
        Def::leaf("flush(self, mode=4, /)", flush_compressor)
            .doc("Return a bytes object containing any remaining compressed data."),
    ],
    ..TypeDef::new("zlib", "Compress", kind::COMPRESSOR)
};

const EOF: Attribute = Attribute::get("eof", |_, value| {
    Ok(Value::bool(
        value.get::<Decompressor>().is_some_and(|d| d.eof.get()),
    ))
});
const UNUSED: Attribute = Attribute::get("unused_data", |_, value| {
    Ok(value
        .get::<Decompressor>()
        .map_or(Value::NONE, |d| d.unused_data.get()))
});

/// `zlib.Decompress`
pub static DECOMPRESS: TypeDef = TypeDef {
    methods: &[
        Def::leaf("decompress(self, data, /, max_length=0)", decompress_some)
            .doc("Return a bytes object containing the decompressed version of the data."),
        Def::leaf("flush(self, length=16384, /)", flush_decompressor)
            .doc("Return a bytes object containing any remaining decompressed data."),
    ],
    attributes: &[
        EOF,
        UNUSED,
        Attribute::get("unconsumed_tail", |_, value| {
            Ok(value
                .get::<Decompressor>()
                .map_or(Value::NONE, |d| d.unconsumed_tail.get()))
        }),
    ],
    ..TypeDef::new("zlib", "Decompress", kind::DECOMPRESSOR)
};

/// `zlib._ZlibDecompressor`: keeps the input that it could not use yet.
pub static ZLIB_DECOMPRESSOR: TypeDef = TypeDef {
    new: Some(Def::leaf(
        "__new__(cls, wbits=15, zdict=b'')",
        |vm, args| {
            let shape = crate::builtins::arguments::shape_of_class(&args[0]);
            new_decompressor(vm, shape, &args[1], &args[2])
        },
    )),
    methods: &[
        Def::leaf("decompress(self, /, data, max_length=-1)", decompress_kept)
            .doc("Takes in data and gives what comes out of it so far."),
    ],
    attributes: &[
        EOF,
        UNUSED,
        Attribute::get("needs_input", |_, value| {
            Ok(Value::bool(
                value
                    .get::<Decompressor>()
                    .is_some_and(|d| d.needs_input.get()),
            ))
        }),
    ],
    ..TypeDef::new("zlib", "_ZlibDecompressor", kind::DECOMPRESSOR)
};

fn failed(vm: &mut Vm, number: i32, doing: &str, message: Option<&str>) -> Raised {
    let message = match (message, number) {
        (Some(message), _) => format!(": {message}"),
        (None, -2) => ": inconsistent stream state".into(),
        (None, -3) => ": invalid input data".into(),
        (None, -5) => ": incomplete or truncated stream".into(),
        _ => String::new(),
    };
    vm.raise(&ERROR, format!("Error {number} {doing}{message}"))
}

// ----- compression -----------------------------------------------------------

/// A compressor with these settings; None when zlib knows no such.
fn deflate(numbers: [i32; 5]) -> Option<Deflate> {
    let [level, method, wbits, mem_level, strategy] = numbers;
    let window_bits = match wbits {
        8 => 9,
        24 => 25,
        9..=15 | 25..=31 | -15..=-9 => wbits,
        _ => return None,
    };
    if !(-1..=9).contains(&level) || method != 8 || !(1..=9).contains(&mem_level) {
        return None;
    }
    Some(Deflate::new_with_config(DeflateConfig {
        level,
        method: Method::Deflated,
        window_bits,
        mem_level,
        strategy: match strategy {
            0 => Strategy::Default,
            1 => Strategy::Filtered,
            2 => Strategy::HuffmanOnly,
            3 => Strategy::Rle,
            4 => Strategy::Fixed,
            _ => return None,
        },
    }))
}

/// Why there is no result.
enum Lack {
    /// No room, or no time.
    Memory,
    /// The stream is wrong.
    Stream(DeflateError),
}

impl From<OutOfMemory> for Lack {
    fn from(_: OutOfMemory) -> Lack {
        Lack::Memory
    }
}

impl From<DeflateError> for Lack {
    fn from(error: DeflateError) -> Lack {
        Lack::Stream(error)
    }
}

impl Lack {
    fn raise(self, vm: &mut Vm, doing: &str) -> Raised {
        match self {
            Lack::Memory => vm.memory_error(),
            Lack::Stream(error) => failed(vm, error as i32, doing, None),
        }
    }
}

/// So many bytes go through a stream between two looks, and so many in a unit of work.
const PIECE: usize = 1 << 16;
const BYTES_A_UNIT: usize = 8;
/// What a stream takes outside the heap.
const COMPRESSOR_SIZE: usize = 270 << 10;
const DECOMPRESSOR_SIZE: usize = 48 << 10;

/// Compresses all of the input; true when the stream has ended.
fn deflated(
    stream: &mut Deflate,
    data: &[u8],
    flush: DeflateFlush,
) -> Result<(Buffer<u8>, bool), Lack> {
    let (mut out, mut at) = (Buffer::new(), 0);
    // Where somebody may stop it, it goes in pieces.
    let piece = match current().work.guarded {
        true => PIECE,
        false => data.len().max(1),
    };
    let mut room = vec![0; (data.len() / 2).clamp(1 << 10, 1 << 18)];
    loop {
        let (before_in, before_out) = (stream.total_in(), stream.total_out());
        let rest = &data[at..];
        let (part, how) = match rest.len() > piece {
            true => (&rest[..piece], DeflateFlush::NoFlush),
            false => (rest, flush),
        };
        work(part.len() / BYTES_A_UNIT)?;
        let status = stream.compress(part, &mut room, how)?;
        let made = (stream.total_out() - before_out) as usize;
        at += (stream.total_in() - before_in) as usize;
        out.extend_from_slice(&room[..made])?;
        match status {
            Status::StreamEnd => return Ok((out, true)),
            Status::Ok if made == room.len() || at < data.len() => {}
            _ => return Ok((out, false)),
        }
    }
}

fn compress(vm: &mut Vm, args: &[Value]) -> R {
    let data = bytes_like(vm, &args[0])?;
    let (level, wbits) = (small(vm, &args[1])?, small(vm, &args[2])?);
    let Some(mut stream) = deflate([level, 8, wbits, 8, 0]) else {
        return Err(vm.raise(&ERROR, "Bad compression level"));
    };
    match deflated(&mut stream, &data, DeflateFlush::Finish) {
        Ok((out, _)) => bytes(vm, &out),
        Err(lack) => Err(lack.raise(vm, "while compressing data")),
    }
}

fn compressobj(vm: &mut Vm, args: &[Value]) -> R {
    let mut numbers = [0; 5];
    for (number, value) in numbers.iter_mut().zip(args) {
        *number = small(vm, value)?;
    }
    let dictionary = match &args[5] {
        none if none.is_none() => None,
        value => Some(bytes_like(vm, value)?),
    };
    let charge = Charge::take(COMPRESSOR_SIZE);
    let charge = Untraced(vm.lift(charge)?);
    let Some(mut stream) = deflate(numbers) else {
        return Err(vm.value_error("Invalid initialization option"));
    };
    if let Some(dictionary) = dictionary
        && stream.set_dictionary(&dictionary).is_err()
    {
        return Err(vm.value_error("Invalid dictionary"));
    }
    let stream = Untraced(RefCell::new(Some(stream)));
    let class = vm.class_of_def(&COMPRESS);
    Ok(Compressor::alloc(class.root_shape.get(), stream, charge).into_value())
}

fn with_compressor(vm: &mut Vm, value: &Value, data: &[u8], flush: DeflateFlush, doing: &str) -> R {
    let doing = format!("while {doing}");
    let Some(this) = value.get::<Compressor>() else {
        return Err(failed(vm, -2, &doing, None));
    };
    let mut place = this.stream.borrow_mut();
    let Some(stream) = place.as_mut() else {
        return Err(failed(vm, -2, &doing, None));
    };
    match deflated(stream, data, flush) {
        Ok((out, ended)) => {
            if ended {
                *place = None;
            }
            drop(place);
            bytes(vm, &out)
        }
        Err(lack) => Err(lack.raise(vm, &doing)),
    }
}

fn flush_compressor(vm: &mut Vm, args: &[Value]) -> R {
    let flush = match small(vm, &args[1])? {
        0 => return bytes(vm, &[]),
        1 => DeflateFlush::PartialFlush,
        2 => DeflateFlush::SyncFlush,
        3 => DeflateFlush::FullFlush,
        4 => DeflateFlush::Finish,
        5 => DeflateFlush::Block,
        _ => return Err(failed(vm, -2, "while flushing", None)),
    };
    with_compressor(vm, &args[0], &[], flush, "flushing")
}

// ----- decompression ---------------------------------------------------------

fn inflate(wbits: i32) -> Option<Inflate> {
    Some(match wbits {
        -15..=-8 => Inflate::new(false, (-wbits).max(9) as u8),
        8 | 24 | 40 => Inflate::new(true, wbits as u8 + 1),
        0 | 9..=15 | 25..=31 | 41..=47 => Inflate::new(true, wbits as u8),
        _ => return None,
    })
}

/// How an attempt to decompress ended.
enum Ended {
    /// The end of the stream was seen.
    Eof,
    /// All input is used up.
    Hungry,
    /// The limit of the output was reached.
    Full,
    /// No room, or no time.
    Lacking,
    /// With an error, and the words for what was tried.
    Failed(i32, &'static str, Option<String>),
}

/// What was made of some input, how much of it was used, and how it ended.
struct Inflated {
    out: Buffer<u8>,
    used: usize,
    ended: Ended,
}

/// Decompresses input to at most so many bytes.
fn inflated(stream: &mut Inflate, dictionary: &[u8], data: &[u8], most: usize) -> Inflated {
    let (mut out, mut at) = (Buffer::new(), 0);
    let mut room = vec![0; data.len().saturating_mul(4).clamp(1 << 10, 1 << 18)];
    let ended = loop {
        if work(room.len() / BYTES_A_UNIT / 4).is_err() {
            break Ended::Lacking;
        }
        let limit = room.len().min(most - out.len());
        let (before_in, before_out) = (stream.total_in(), stream.total_out());
        let result = stream.decompress(&data[at..], &mut room[..limit], InflateFlush::SyncFlush);
        let made = (stream.total_out() - before_out) as usize;
        at += (stream.total_in() - before_in) as usize;
        if out.extend_from_slice(&room[..made]).is_err() {
            break Ended::Lacking;
        }
        match result {
            Ok(Status::StreamEnd) => break Ended::Eof,
            Ok(_) if made < limit => break Ended::Hungry,
            Ok(_) if out.len() >= most => break Ended::Full,
            Ok(_) => {}
            Err(InflateError::NeedDict { .. }) if !dictionary.is_empty() => {
                if stream.set_dictionary(dictionary).is_err() {
                    break Ended::Failed(-3, "while setting zdict", None);
                }
            }
            Err(InflateError::NeedDict { .. }) => {
                break Ended::Failed(2, "while decompressing data", None);
            }
            Err(error) => {
                let number = match error {
                    InflateError::StreamError => -2,
                    InflateError::MemError => -4,
                    _ => -3,
                };
                let message = stream.error_message().map(str::to_owned);
                break Ended::Failed(number, "while decompressing data", message);
            }
        }
    };
    Inflated {
        out,
        used: at,
        ended,
    }
}

fn decompress(vm: &mut Vm, args: &[Value]) -> R {
    let data = bytes_like(vm, &args[0])?;
    let wbits = small(vm, &args[1])?;
    if index(vm, &args[2])? < 0 {
        return Err(vm.value_error("bufsize must be non-negative"));
    }
    let Some(mut stream) = inflate(wbits) else {
        return Err(failed(vm, -2, "while preparing to decompress data", None));
    };
    let done = inflated(&mut stream, &[], &data, usize::MAX);
    match done.ended {
        Ended::Eof => bytes(vm, &done.out),
        Ended::Lacking => Err(vm.memory_error()),
        Ended::Failed(number, doing, message) => Err(failed(vm, number, doing, message.as_deref())),
        _ => Err(failed(vm, -5, "while decompressing data", None)),
    }
}

fn decompressobj(vm: &mut Vm, args: &[Value]) -> R {
    let class = vm.class_of_def(&DECOMPRESS);
    new_decompressor(vm, class.root_shape.get(), &args[0], &args[1])
}

fn new_decompressor(vm: &mut Vm, shape: u32, wbits: &Value, dictionary: &Value) -> R {
    let wbits = small(vm, wbits)?;
    let dictionary = match bytes_like(vm, dictionary) {
        Ok(dictionary) => dictionary,
        Err(_) => return Err(vm.type_error("zdict argument must support the buffer protocol")),
    };
    let charge = Charge::take(DECOMPRESSOR_SIZE);
    let charge = Untraced(vm.lift(charge)?);
    let Some(mut stream) = inflate(wbits) else {
        return Err(vm.value_error("Invalid initialization option"));
    };
    // A raw stream cannot ask for its dictionary.
    if wbits < 0 && !dictionary.is_empty() && stream.set_dictionary(&dictionary).is_err() {
        return Err(vm.value_error("Invalid dictionary"));
    }
    let empty = bytes(vm, &[])?;
    Ok(Decompressor::alloc(
        shape,
        Untraced(RefCell::new(stream)),
        charge,
        Untraced(dictionary),
        Untraced(RefCell::default()),
        Field::new(empty.clone()),
        Field::new(empty),
        Cell::new(false),
        Cell::new(false),
        Cell::new(true),
    )
    .into_value())
}

fn this<'a>(vm: &mut Vm, value: &'a Value) -> R<&'a Decompressor> {
    match value.get::<Decompressor>() {
        Some(this) => Ok(this),
        None => Err(vm.type_error("a decompressor is required")),
    }
}

/// Decompresses input and keeps what is left of it in the two attributes.
fn decompress_into(vm: &mut Vm, this: &Decompressor, data: &[u8], most: usize) -> R<Buffer<u8>> {
    if this.ended.get() && !data.is_empty() {
        return Err(failed(vm, -2, "while decompressing data", None));
    }
    if this.eof.get() {
        let unused = bytes_like(vm, &this.unused_data.get())?;
        this.unused_data
            .set(bytes(vm, &[&unused[..], data].concat())?);
        return Ok(Buffer::new());
    }
    let done = inflated(&mut this.stream.borrow_mut(), &this.dictionary, data, most);
    let rest = &data[done.used..];
    let tail: &[u8] = match done.ended {
        Ended::Eof => {
            this.eof.set(true);
            this.unused_data.set(bytes(vm, rest)?);
            &[]
        }
        Ended::Lacking => return Err(vm.memory_error()),
        Ended::Failed(number, doing, message) => {
            this.unconsumed_tail.set(bytes(vm, rest)?);
            return Err(failed(vm, number, doing, message.as_deref()));
        }
        _ => rest,
    };
    this.unconsumed_tail.set(bytes(vm, tail)?);
    Ok(done.out)
}

fn decompress_some(vm: &mut Vm, args: &[Value]) -> R {
    let this = this(vm, &args[0])?;
    let data = bytes_like(vm, &args[1])?;
    let most = match index(vm, &args[2])? {
        ..0 => return Err(vm.value_error("max_length must be non-negative")),
        0 => usize::MAX,
        most => most as usize,
    };
    let out = decompress_into(vm, this, &data, most)?;
    bytes(vm, &out)
}

fn flush_decompressor(vm: &mut Vm, args: &[Value]) -> R {
    let this = this(vm, &args[0])?;
    if index(vm, &args[1])? <= 0 {
        return Err(vm.value_error("length must be greater than zero"));
    }
    let tail = bytes_like(vm, &this.unconsumed_tail.get())?;
    let out = decompress_into(vm, this, &tail, usize::MAX)?;
    this.ended.set(this.eof.get());
    bytes(vm, &out)
}

fn decompress_kept(vm: &mut Vm, args: &[Value]) -> R {
    let this = this(vm, &args[0])?;
    let data = bytes_like(vm, &args[1])?;
    let most = index(vm, &args[2])?;
    if this.eof.get() {
        return Err(vm.raise(
            &crate::builtins::exceptions::EOF_ERROR,
            "End of stream already reached",
        ));
    }
    let mut input = this.waiting.take();
    input.extend_from_slice(&data);
    let most = usize::try_from(most).unwrap_or(usize::MAX);
    let done = inflated(
        &mut this.stream.borrow_mut(),
        &this.dictionary,
        &input,
        most,
    );
    let rest = &input[done.used..];
    match done.ended {
        Ended::Lacking => return Err(vm.memory_error()),
        Ended::Failed(number, doing, message) => {
            return Err(failed(vm, number, doing, message.as_deref()));
        }
        Ended::Eof => {
            this.eof.set(true);
            this.needs_input.set(false);
            this.unused_data.set(bytes(vm, rest)?);
        }
        Ended::Full => {
            this.needs_input.set(false);
            this.waiting.replace(rest.to_vec());
        }
        Ended::Hungry => this.needs_input.set(true),
    }
    bytes(vm, &done.out)
}
