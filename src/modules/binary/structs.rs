//! `_struct`: values as bytes and back.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use super::layout::{self, Layout};
use super::window::{Window, bytes_like};
use crate::builtins::arguments::{int, long_string, shape_of_class, string};
use crate::builtins::functions::iterators::itself;
use crate::heap::Value;
use crate::object::class::class_flags;
use crate::object::kind;
use crate::object::native::{Attribute, Def, ModuleDef, R, Raised, TypeDef};
use crate::object::traced::{Untraced, traced_object};
use crate::vm::Vm;

/// `_struct`
pub static MODULE: ModuleDef = ModuleDef {
    name: "_struct",
    doc: "Values as the bytes that C would keep them in.",
    functions: &[
        Def::leaf("calcsize(format, /)", calcsize).doc("How many bytes the format takes."),
        Def::leaf("iter_unpack(format, buffer, /)", |vm, args| {
            let layout = known(vm, &args[0])?;
            iterate(vm, &layout, &args[1])
        })
        .doc("The values of one stretch of bytes after the other."),
        Def::raw("pack(format, /, *values)", pack)
            .doc("Return bytes containing values packed according to the format string."),
        Def::raw("pack_into(format, buffer, offset, /, *values)", pack_into)
            .doc("Pack values and write the packed bytes into the buffer."),
        Def::leaf("unpack(format, buffer, /)", |vm, args| {
            let layout = known(vm, &args[0])?;
            unpack(vm, &layout, &args[1])
        })
        .doc("The values that the bytes hold, as the format says."),
        Def::leaf("unpack_from(format, /, buffer, offset=0)", |vm, args| {
            let layout = known(vm, &args[0])?;
            unpack_from(vm, &layout, &args[1], &args[2])
        })
        .doc("The values that the bytes hold, as the format says."),
        Def::leaf("_clearcache()", |vm, _| {
            vm.state.remove(CACHE);
            Ok(Value::NONE)
        })
        .doc("Forgets the formats understood so far."),
    ],
    types: &[&STRUCT, &ERROR],
    setup: None,
};

/// All types of this file.
pub static TYPES: &[&TypeDef] = &[&STRUCT, &ERROR, &ITERATOR];

/// `struct.error`
pub static ERROR: TypeDef = TypeDef {
    base: Some(&crate::builtins::exceptions::EXCEPTION),
    flags: class_flags::BASE | class_flags::HAS_DICT | class_flags::WEAKREF,
    ..TypeDef::new("struct", "error", kind::EXCEPTION)
};

traced_object! {
    /// `_struct.Struct`
    pub struct Struct: STRUCT {
        /// Its format, once `__init__` has run.
        layout: Untraced<RefCell<Option<Rc<Layout>>>>,
    }
}

traced_object! {
    /// The iterator of `iter_unpack`.
    pub struct UnpackIterator: STRUCT_ITERATOR {
        /// The format.
        layout: Untraced<Rc<Layout>>,
        /// The bytes.
        data: Untraced<Vec<u8>>,
        /// Where the next record starts.
        at: Cell<usize>,
    }
}

/// `_struct.Struct`
pub static STRUCT: TypeDef = TypeDef {
    flags: class_flags::BASE | class_flags::WEAKREF,
    doc: "A format, understood once and for all.",
    new: Some(Def::leaf("__new__(cls, /, *args, **kwargs)", |_, args| {
        let empty = Untraced(RefCell::new(None));
        Ok(Struct::alloc(shape_of_class(&args[0]), empty).into_value())
    })),
    methods: &[
        Def::leaf("__init__(self, /, format)", |vm, args| {
            let layout = layout::of_argument(vm, &args[1])?;
            if let Some(this) = args[0].get::<Struct>() {
                this.layout.replace(Some(Rc::new(layout)));
            }
            Ok(Value::NONE)
        }),
        Def::raw("pack(self, /, *values)", |vm, args, names| {
            no_keywords(vm, names, "pack")?;
            let layout = of(vm, &args[0])?;
            pack_values(vm, &layout, &args[1..])
        })
        .doc("S.pack(v1, v2, ...) -> bytes"),
        Def::raw(
            "pack_into(self, buffer, offset, /, *values)",
            |vm, args, names| {
                no_keywords(vm, names, "pack_into")?;
                let layout = of(vm, &args[0])?;
                pack_at(vm, &layout, &args[1..])
            },
        )
        .doc("S.pack_into(buffer, offset, v1, v2, ...)"),
        Def::leaf("unpack(self, buffer, /)", |vm, args| {
            let layout = of(vm, &args[0])?;
            unpack(vm, &layout, &args[1])
        })
        .doc("The values that the bytes hold."),
        Def::leaf("unpack_from(self, /, buffer, offset=0)", |vm, args| {
            let layout = of(vm, &args[0])?;
            unpack_from(vm, &layout, &args[1], &args[2])
        })
        .doc("The values that the bytes hold."),
        Def::leaf("iter_unpack(self, buffer, /)", |vm, args| {
            let layout = of(vm, &args[0])?;
            iterate(vm, &layout, &args[1])
        })
        .doc("The values of one stretch of bytes after the other."),
        Def::leaf("__repr__(self, /)", |vm, args| {
            let layout = of(vm, &args[0])?;
            let class = vm.class_of(&args[0]).name_str();
            let format = vm.repr_text(&string(&layout.format))?;
            long_string(vm, &format!("{class}({format})"))
        }),
    ],
    attributes: &[
        Attribute::get("format", |vm, value| Ok(string(&of(vm, value)?.format))),
        Attribute::get("size", |vm, value| Ok(int(of(vm, value)?.size as i64))),
    ],
    ..TypeDef::new("_struct", "Struct", kind::STRUCT)
};

/// `_struct.unpack_iterator`
pub static ITERATOR: TypeDef = TypeDef {
    methods: &[
        Def::leaf("__iter__(self, /)", itself),
        Def::leaf("__length_hint__(self, /)", |_, args| {
            Ok(args[0].get::<UnpackIterator>().map_or(Value::NONE, |it| {
                int(((it.data.len() - it.at.get()) / it.layout.size.max(1)) as i64)
            }))
        }),
        Def::leaf("__next__(self, /)", |vm, args| match next(vm, &args[0]) {
            Some(Ok(Some(value))) => Ok(value),
            Some(Err(raised)) => Err(raised),
            _ => Err(vm.stop_iteration(Value::NONE)),
        }),
    ],
    next_at_once: Some(next),
    ..TypeDef::new("_struct", "unpack_iterator", kind::STRUCT_ITERATOR)
};

fn next(vm: &mut Vm, value: &Value) -> Option<R<Option<Value>>> {
    let this = value.get::<UnpackIterator>()?;
    let (at, size) = (this.at.get(), this.layout.size);
    let Some(data) = this.data.get(at..at + size) else {
        return Some(Ok(None));
    };
    this.at.set(at + size);
    Some(this.layout.unpack(vm, data).map(Some))
}

fn failed(vm: &mut Vm, text: impl AsRef<str>) -> Raised {
    vm.raise(&ERROR, text)
}

fn of(vm: &mut Vm, value: &Value) -> R<Rc<Layout>> {
    let known = value
        .get::<Struct>()
        .and_then(|this| this.layout.borrow().clone());
    known.ok_or_else(|| vm.runtime_error("Struct object is not initialized"))
}

const CACHE: &str = "struct formats";

/// The layout of a format, out of the cache if it was used before.
fn known(vm: &mut Vm, format: &Value) -> R<Rc<Layout>> {
    use crate::object::dict::Dict;
    use crate::object::str::Str;
    if !format.is_exact::<Str>() {
        return layout::of_argument(vm, format).map(Rc::new);
    }
    let cache = vm.state.get(CACHE).and_then(Value::to_ref::<Dict>);
    if let Some(cache) = &cache
        && let Some(found) = vm.dict_get(cache, format)?
    {
        return of(vm, &found);
    }
    let layout = Rc::new(layout::of_argument(vm, format)?);
    let cache = match cache {
        Some(cache) if cache.len() < 100 => cache,
        _ => {
            let made = Dict::new();
            vm.state.insert(CACHE, made.value());
            made
        }
    };
    let kept = Untraced(RefCell::new(Some(layout.clone())));
    let kept = Struct::alloc(u32::from(kind::STRUCT), kept).into_value();
    vm.dict_set(&cache, format, kept)?;
    Ok(layout)
}

fn calcsize(vm: &mut Vm, args: &[Value]) -> R {
    known(vm, &args[0]).map(|layout| int(layout.size as i64))
}

fn no_keywords(vm: &mut Vm, names: &[Value], function: &str) -> R<()> {
    if names.is_empty() {
        return Ok(());
    }
    Err(vm.type_error(format!("{function}() takes no keyword arguments")))
}

fn pack(vm: &mut Vm, args: &[Value], names: &[Value]) -> R {
    no_keywords(vm, names, "_struct.pack")?;
    let Some(format) = args.first() else {
        return Err(vm.type_error("missing format argument"));
    };
    let layout = known(vm, format)?;
    pack_values(vm, &layout, &args[1..])
}

fn pack_into(vm: &mut Vm, args: &[Value], names: &[Value]) -> R {
    no_keywords(vm, names, "_struct.pack_into")?;
    let Some(format) = args.first() else {
        return Err(vm.type_error("missing format argument"));
    };
    let layout = known(vm, format)?;
    pack_at(vm, &layout, &args[1..])
}

fn packed(vm: &mut Vm, layout: &Layout, values: &[Value], function: &str) -> R<Vec<u8>> {
    if values.len() != layout.values {
        let text = format!(
            "{function} expected {} items for packing (got {})",
            layout.values,
            values.len()
        );
        return Err(failed(vm, text));
    }
    vm.check_room(layout.size)?;
    let mut out = Vec::new();
    if out.try_reserve_exact(layout.size).is_err() {
        return Err(vm.memory_error());
    }
    out.resize(layout.size, 0);
    layout.pack(vm, values, &mut out)?;
    Ok(out)
}

fn pack_values(vm: &mut Vm, layout: &Layout, values: &[Value]) -> R {
    let out = packed(vm, layout, values, "pack")?;
    crate::builtins::arguments::bytes(vm, &out)
}

/// Where a record starts in a buffer; `doing` is "packing" or "unpacking".
fn place(vm: &mut Vm, offset: i64, size: usize, room: usize, doing: &str) -> R<usize> {
    let (function, short) = match doing {
        "packing" => (
            "pack_into",
            format!("no space to pack {size} bytes at offset {offset}"),
        ),
        _ => (
            "unpack_from",
            format!("not enough data to unpack {size} bytes at offset {offset}"),
        ),
    };
    let mut start = i128::from(offset);
    if offset < 0 {
        if start + size as i128 > 0 {
            return Err(failed(vm, short));
        }
        start += room as i128;
        if start < 0 {
            let text = format!("offset {offset} out of range for {room}-byte buffer");
            return Err(failed(vm, text));
        }
    }
    if start + size as i128 > room as i128 {
        let text = format!(
            "{function} requires a buffer of at least {} bytes for {doing} {size} bytes at offset {start} (actual buffer size is {room})",
            start + size as i128
        );
        return Err(failed(vm, text));
    }
    Ok(start as usize)
}

/// Arguments: the buffer, the offset, the values.
fn pack_at(vm: &mut Vm, layout: &Layout, args: &[Value]) -> R {
    let [buffer, offset, values @ ..] = args else {
        let missing = if args.is_empty() { "buffer" } else { "offset" };
        return Err(failed(vm, format!("pack_into expected {missing} argument")));
    };
    if values.len() != layout.values {
        packed(vm, layout, values, "pack_into")?;
    }
    let window = Window::of(vm, buffer, "argument")?;
    if !vm.has_index(offset) {
        let given = vm.type_name(offset);
        return Err(vm.type_error(format!(
            "'{given}' object cannot be interpreted as an integer"
        )));
    }
    let offset = crate::builtins::arguments::index(vm, offset)?;
    let start = place(vm, offset, layout.size, window.size(), "packing")?;
    let mut out = Vec::new();
    if out.try_reserve_exact(layout.size).is_err() {
        return Err(vm.memory_error());
    }
    out.resize(layout.size, 0);
    layout.pack(vm, values, &mut out)?;
    window.write(start, &out);
    Ok(Value::NONE)
}

fn unpack(vm: &mut Vm, layout: &Layout, buffer: &Value) -> R {
    let data = bytes_like(vm, buffer)?;
    if data.len() != layout.size {
        let text = format!("unpack requires a buffer of {} bytes", layout.size);
        return Err(failed(vm, text));
    }
    layout.unpack(vm, &data)
}

fn unpack_from(vm: &mut Vm, layout: &Layout, buffer: &Value, offset: &Value) -> R {
    let data = bytes_like(vm, buffer)?;
    let offset = crate::builtins::arguments::index(vm, offset)?;
    let start = place(vm, offset, layout.size, data.len(), "unpacking")?;
    layout.unpack(vm, &data[start..start + layout.size])
}

fn iterate(vm: &mut Vm, layout: &Rc<Layout>, buffer: &Value) -> R {
    let data = bytes_like(vm, buffer)?;
    if layout.size == 0 {
        return Err(failed(
            vm,
            "cannot iteratively unpack with a struct of length 0",
        ));
    }
    if data.len() % layout.size != 0 {
        let text = format!(
            "iterative unpacking requires a buffer of a multiple of {} bytes",
            layout.size
        );
        return Err(failed(vm, text));
    }
    let shape = u32::from(kind::STRUCT_ITERATOR);
    let (layout, data) = (Untraced(layout.clone()), Untraced(data));
    Ok(UnpackIterator::alloc(shape, layout, data, Cell::new(0)).into_value())
}
