//! What is in a folder.

use std::cell::Cell;
use std::path::Path;

use super::files::path_of;
use crate::builtins::arguments::{int, list, long_string, outside, outside_named, string};
use crate::builtins::functions::iterators::itself;
use crate::heap::{Field, Value};
use crate::host::path_bytes;
use crate::object::kind;
use crate::object::list::List;
use crate::object::native::{Attribute, Def, R, TypeDef};
use crate::object::traced::traced_object;
use crate::vm::Vm;

/// `os.listdir(path)`
pub fn listdir(vm: &mut Vm, args: &[Value]) -> R {
    let given = if args[0].is_none() {
        string(".")
    } else {
        args[0].clone()
    };
    let path = path_of(vm, &given, "listdir")?;
    let entries = vm.host.files.list(&path);
    let entries = outside_named(vm, entries, &args[0], None)?;
    let mut names = Vec::new();
    for entry in entries {
        names.push(super::like(vm, &given, path_bytes(&entry.name))?);
    }
    Ok(list(names))
}

traced_object! {
    /// `os.DirEntry`
    pub struct DirEntry: DIR_ENTRY {
        /// `name`; of the iterator the list of entries.
        name: Field,
        /// `path`
        path: Field,
        /// 1 folder, 2 file, 4 link; of the iterator the next index.
        bits: Cell<u32>,
    }
}

/// `os.scandir(path)`
pub fn scandir(vm: &mut Vm, args: &[Value]) -> R {
    let given = if args[0].is_none() {
        string(".")
    } else {
        args[0].clone()
    };
    let folder = path_of(vm, &given, "scandir")?;
    let entries = vm.host.files.list(&folder);
    let entries = outside_named(vm, entries, &args[0], None)?;
    let class = vm.class_of_def(&DIR_ENTRY);
    let shape = class.root_shape.get();
    let mut made = Vec::new();
    for entry in entries {
        let full = folder.join(&entry.name);
        let full = if folder.as_os_str() == "." && args[0].is_none() {
            Path::new("./").join(&entry.name)
        } else {
            full
        };
        let name = super::like(vm, &given, path_bytes(&entry.name))?;
        let path = super::like(vm, &given, path_bytes(&full))?;
        let bits = u32::from(entry.is_directory)
            | u32::from(entry.is_file) << 1
            | u32::from(entry.is_link) << 2;
        made.push(
            DirEntry::alloc(shape, Field::new(name), Field::new(path), Cell::new(bits))
                .into_value(),
        );
    }
    let class = vm.class_of_def(&SCANDIR_ITERATOR);
    let shape = class.root_shape.get();
    Ok(DirEntry::alloc(shape, Field::new(list(made)), Field::undef(), Cell::new(0)).into_value())
}

fn next(vm: &mut Vm, args: &[Value]) -> R {
    let found = args[0].get::<DirEntry>().and_then(|iterator| {
        let at = iterator.bits.get();
        iterator.bits.set(at + 1);
        iterator.name.get().get::<List>()?.get(at as usize)
    });
    match found {
        Some(entry) => Ok(entry),
        None => Err(vm.stop_iteration(Value::NONE)),
    }
}

fn close(_: &mut Vm, args: &[Value]) -> R {
    if let Some(iterator) = args[0].get::<DirEntry>() {
        iterator.name.set(Value::NONE);
    }
    Ok(Value::NONE)
}

/// The iterator of `scandir`.
pub static SCANDIR_ITERATOR: TypeDef = TypeDef {
    methods: &[
        Def::leaf("__iter__(self, /)", itself),
        Def::leaf("__next__(self, /)", next),
        Def::leaf("__enter__(self, /)", itself),
        Def::leaf("__exit__(self, /, *args)", close),
        Def::leaf("close(self, /)", close),
    ],
    ..TypeDef::new("posix", "ScandirIterator", kind::DIR_ENTRY)
};

/// Whether an entry is of a kind; a link is what it leads to if `follow`.
fn is(vm: &mut Vm, args: &[Value], bit: u32) -> R {
    let Some(entry) = args[0].to_ref::<DirEntry>() else {
        return Ok(Value::FALSE);
    };
    let bits = entry.bits.get();
    if bits & 4 == 0 || !vm.truth(&args[1])? {
        return Ok(Value::bool(bits & bit != 0));
    }
    let path = crate::modules::io::path(vm, &entry.path.get())?;
    let files = &vm.host.files;
    Ok(Value::bool(if bit == 1 {
        files.is_directory(&path)
    } else {
        files.is_file(&path)
    }))
}

fn stat(vm: &mut Vm, args: &[Value]) -> R {
    let Some(entry) = args[0].to_ref::<DirEntry>() else {
        return Ok(Value::NONE);
    };
    let path = crate::modules::io::path(vm, &entry.path.get())?;
    let follow = vm.truth(&args[1])?;
    let stat = vm.host.files.stat(&path, follow);
    let stat = outside(vm, stat)?;
    super::files::stat_result(vm, &stat)
}

fn inode(vm: &mut Vm, args: &[Value]) -> R {
    let stat = stat(vm, &[args[0].clone(), Value::FALSE])?;
    Ok(stat
        .get::<crate::object::tuple::Tuple>()
        .and_then(|t| t.get(1))
        .unwrap_or(int(0)))
}

/// `os.DirEntry`
pub static DIR_ENTRY: TypeDef = TypeDef {
    methods: &[
        Def::leaf("is_dir(self, /, *, follow_symlinks=True)", |vm, args| {
            is(vm, args, 1)
        }),
        Def::leaf("is_file(self, /, *, follow_symlinks=True)", |vm, args| {
            is(vm, args, 2)
        }),
        Def::leaf("is_symlink(self, /)", |_, args| {
            Ok(Value::bool(
                args[0]
                    .get::<DirEntry>()
                    .is_some_and(|e| e.bits.get() & 4 != 0),
            ))
        }),
        Def::leaf("is_junction(self, /)", |_, _| Ok(Value::FALSE)),
        Def::leaf("stat(self, /, *, follow_symlinks=True)", stat),
        Def::leaf("inode(self, /)", inode),
        Def::leaf("__fspath__(self, /)", |_, args| {
            Ok(args[0]
                .get::<DirEntry>()
                .map_or(Value::NONE, |e| e.path.get()))
        }),
        Def::leaf("__repr__(self, /)", |vm, args| {
            let name = args[0]
                .get::<DirEntry>()
                .map_or(Value::NONE, |e| e.name.get());
            let text = format!("<DirEntry {}>", vm.repr_text(&name)?);
            long_string(vm, &text)
        }),
    ],
    attributes: &[
        Attribute::get("name", |_, v| {
            Ok(v.get::<DirEntry>().map_or(Value::NONE, |e| e.name.get()))
        }),
        Attribute::get("path", |_, v| {
            Ok(v.get::<DirEntry>().map_or(Value::NONE, |e| e.path.get()))
        }),
    ],
    ..TypeDef::new("posix", "DirEntry", kind::DIR_ENTRY)
};
