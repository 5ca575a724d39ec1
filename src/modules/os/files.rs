//! Paths: what is there, and changing it.

use std::path::PathBuf;

use super::STAT_RESULT;
use crate::builtins::arguments::{float, index, int, outside, outside_named, small};
use crate::heap::Value;
use crate::host::{FileStat, path_bytes};
use crate::modules::io::{bare_type_name, path, path_value};
use crate::modules::struct_sequence;
use crate::object::bytes::Bytes;
use crate::object::int;
use crate::object::native::R;
use crate::object::str::Str;
use crate::object::tuple::Tuple;
use crate::vm::Vm;
use crate::vm::special::Special;

/// `os.fspath(path)`
pub fn fspath(vm: &mut Vm, args: &[Value]) -> R {
    let value = &args[0];
    if value.is_kind::<Str>() || value.is_kind::<Bytes>() {
        return Ok(value.clone());
    }
    path_value(vm, value)
}

/// A path argument of the function `who`.
pub fn path_of(vm: &mut Vm, value: &Value, who: &str) -> R<PathBuf> {
    let plain = value.is_kind::<Str>() || value.is_kind::<Bytes>();
    if !plain
        && vm
            .special_of(value, Special::FsPath)
            .is_none_or(|method| method.is_none())
    {
        let name = bare_type_name(vm, value);
        let kinds = match who {
            "listdir" | "scandir" => "string, bytes, os.PathLike, integer or None",
            "stat" | "chdir" | "chmod" | "chown" | "truncate" | "utime" | "statvfs"
            | "pathconf"
                if !value.is_kind::<crate::object::int::Int>() && name != "int" =>
            {
                "string, bytes, os.PathLike or integer"
            }
            _ => "string, bytes or os.PathLike",
        };
        return Err(vm.type_error(format!("{who}: path should be {kinds}, not {name}")));
    }
    path(vm, value)
}

/// `os.chdir(path)`
pub fn chdir(vm: &mut Vm, args: &[Value]) -> R {
    let path = path_of(vm, &args[0], "chdir")?;
    let done = vm.host.files.change_directory(&path);
    outside_named(vm, done, &args[0], None)?;
    Ok(Value::NONE)
}

/// `os.mkdir(path, mode)`
pub fn mkdir(vm: &mut Vm, args: &[Value]) -> R {
    let path = path_of(vm, &args[0], "mkdir")?;
    let mode = index(vm, &args[1])? as u32;
    let done = vm.host.files.make_directory(&path, mode);
    outside_named(vm, done, &args[0], None)?;
    Ok(Value::NONE)
}

/// `os.rmdir(path)`
pub fn rmdir(vm: &mut Vm, args: &[Value]) -> R {
    let path = path_of(vm, &args[0], "rmdir")?;
    let done = vm.host.files.remove_directory(&path);
    outside_named(vm, done, &args[0], None)?;
    Ok(Value::NONE)
}

/// `os.remove(path)`
pub fn remove(vm: &mut Vm, args: &[Value]) -> R {
    let path = path_of(vm, &args[0], "remove")?;
    let done = vm.host.files.remove(&path);
    outside_named(vm, done, &args[0], None)?;
    Ok(Value::NONE)
}

/// `os.rename(src, dst)`
pub fn rename(vm: &mut Vm, args: &[Value]) -> R {
    let from = path_of(vm, &args[0], "rename")?;
    let to = path_of(vm, &args[1], "rename")?;
    let done = vm.host.files.rename(&from, &to);
    outside_named(vm, done, &args[0], Some(&args[1]))?;
    Ok(Value::NONE)
}

/// `os.link(src, dst)`
pub fn link(vm: &mut Vm, args: &[Value]) -> R {
    let from = path_of(vm, &args[0], "link")?;
    let to = path_of(vm, &args[1], "link")?;
    let done = vm.host.files.hard_link(&from, &to);
    outside_named(vm, done, &args[0], Some(&args[1]))?;
    Ok(Value::NONE)
}

/// `os.symlink(src, dst)`
pub fn symlink(vm: &mut Vm, args: &[Value]) -> R {
    let target = path_of(vm, &args[0], "symlink")?;
    let link = path_of(vm, &args[1], "symlink")?;
    let done = vm.host.files.symbolic_link(&target, &link);
    outside_named(vm, done, &args[0], Some(&args[1]))?;
    Ok(Value::NONE)
}

/// `os.readlink(path)`
pub fn readlink(vm: &mut Vm, args: &[Value]) -> R {
    let path = path_of(vm, &args[0], "readlink")?;
    let target = vm.host.files.read_link(&path);
    let target = outside_named(vm, target, &args[0], None)?;
    super::like(vm, &args[0], path_bytes(&target))
}

/// The object of what the system knows of a file.
pub fn stat_result(vm: &mut Vm, stat: &FileStat) -> R {
    let times = [stat.accessed_ns, stat.modified_ns, stat.changed_ns];
    let unsigned = |n: u64| int::from_u64(n);
    let mut fields = vec![
        unsigned(u64::from(stat.mode)),
        unsigned(stat.inode),
        unsigned(stat.device),
        unsigned(stat.links),
        unsigned(u64::from(stat.uid)),
        unsigned(u64::from(stat.gid)),
        unsigned(stat.size),
    ];
    fields.extend(
        times
            .iter()
            .map(|t| int(t.div_euclid(1_000_000_000) as i64)),
    );
    let made = struct_sequence::make(vm, &STAT_RESULT, &fields)?;
    for (name, time) in ["st_atime", "st_mtime", "st_ctime"].iter().zip(times) {
        struct_sequence::set_hidden(vm, &made, name, float(time as f64 / 1e9))?;
        struct_sequence::set_hidden(vm, &made, &format!("{name}_ns"), int::from_i128(time))?;
    }
    for (name, value) in [
        ("st_blksize", stat.block_size),
        ("st_blocks", stat.blocks),
        ("st_rdev", stat.special_device),
    ] {
        struct_sequence::set_hidden(vm, &made, name, int::from_u64(value))?;
    }
    Ok(made)
}

/// What the system knows of a path, or of a descriptor.
fn stat_of(vm: &mut Vm, value: &Value, follow: bool, who: &str) -> R {
    if value.is_small_int() {
        return fstat(vm, std::slice::from_ref(value));
    }
    let path = path_of(vm, value, who)?;
    let stat = vm.host.files.stat(&path, follow);
    let stat = outside_named(vm, stat, value, None)?;
    stat_result(vm, &stat)
}

/// `os.stat(path, follow_symlinks=True)`
pub fn stat(vm: &mut Vm, args: &[Value]) -> R {
    let follow = vm.truth(&args[2])?;
    stat_of(vm, &args[0], follow, "stat")
}

/// `os.lstat(path)`
pub fn lstat(vm: &mut Vm, args: &[Value]) -> R {
    stat_of(vm, &args[0], false, "lstat")
}

/// `os.fstat(fd)`
pub fn fstat(vm: &mut Vm, args: &[Value]) -> R {
    let fd = small(vm, &args[0])?;
    let file = vm.host.descriptors.get(fd);
    let file = outside(vm, file)?;
    let stat = file.stat();
    let stat = outside(vm, stat)?;
    stat_result(vm, &stat)
}

/// `os.chmod(path, mode)`
pub fn chmod(vm: &mut Vm, args: &[Value]) -> R {
    let path = path_of(vm, &args[0], "chmod")?;
    let mode = index(vm, &args[1])? as u32;
    let done = vm.host.files.set_mode(&path, mode);
    outside_named(vm, done, &args[0], None)?;
    Ok(Value::NONE)
}

/// `os.access(path, mode)`
pub fn access(vm: &mut Vm, args: &[Value]) -> R {
    let path = path_of(vm, &args[0], "access")?;
    let mode = index(vm, &args[1])? as u8;
    Ok(Value::bool(vm.host.files.access(&path, mode)))
}

/// `os.utime(path, times=None, ns=...)`
pub fn utime(vm: &mut Vm, args: &[Value]) -> R {
    let path = path_of(vm, &args[0], "utime")?;
    if !args[1].is_none() && !args[2].is_undef() {
        return Err(vm.value_error("utime: you may specify either 'times' or 'ns' but not both"));
    }
    let now = i128::from(vm.host.clock.wall_ns());
    let pair = |value: &Value| {
        value
            .get::<Tuple>()
            .filter(|t| t.len() == 2)
            .map(|t| t.items().to_vec())
    };
    let (accessed, modified) = if !args[2].is_undef() {
        let Some(times) = pair(&args[2]) else {
            return Err(vm.type_error("utime: 'ns' must be a tuple of two ints"));
        };
        (
            i128::from(index(vm, &times[0])?),
            i128::from(index(vm, &times[1])?),
        )
    } else if args[1].is_none() {
        (now, now)
    } else {
        let Some(times) = pair(&args[1]) else {
            return Err(vm.type_error("utime: 'times' must be either a tuple of two ints or None"));
        };
        let ns = |vm: &mut Vm, value: &Value| vm.float(value).map(|s| (s * 1e9).round() as i128);
        (ns(vm, &times[0])?, ns(vm, &times[1])?)
    };

    let clamp = |ns: i128| ns.clamp(i128::from(i64::MIN), i128::from(i64::MAX)) as i64;
    let done = vm
        .host
        .files
        .set_times(&path, clamp(accessed), clamp(modified));
    outside_named(vm, done, &args[0], None)?;
    Ok(Value::NONE)
}

/// `os.truncate(path, length)`
pub fn truncate(vm: &mut Vm, args: &[Value]) -> R {
    if args[0].is_small_int() {
        return super::descriptors::ftruncate(vm, args);
    }
    let path = path_of(vm, &args[0], "truncate")?;
    let length = index(vm, &args[1])?.max(0) as u64;
    let done = vm.host.files.truncate(&path, length);
    outside_named(vm, done, &args[0], None)?;
    Ok(Value::NONE)
}

/// The fields of `os.stat_result` that are no items.
const MORE_FIELDS: &[&str] = &[
    "st_atime",
    "st_mtime",
    "st_ctime",
    "st_atime_ns",
    "st_mtime_ns",
    "st_ctime_ns",
    "st_blksize",
    "st_blocks",
    "st_rdev",
];

/// `os.stat_result(sequence)`: times that are not given are those of the items.
pub fn stat_of_sequence(vm: &mut Vm, args: &[Value]) -> R {
    let made = struct_sequence::from_sequence(vm, args, 10, MORE_FIELDS)?;
    let items = made.get::<Tuple>().map(|t| t.items().to_vec());
    for (name, item) in MORE_FIELDS.iter().zip(items.iter().flatten().skip(7)) {
        if struct_sequence::hidden(vm, &made, name)?.is_none() {
            struct_sequence::set_hidden(vm, &made, name, item.clone())?;
        }
    }
    Ok(made)
}
