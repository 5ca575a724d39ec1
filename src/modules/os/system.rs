//! The rarer things that `os` asks of the system: groups, priorities, sessions, places in files.

use super::STATVFS_RESULT;
use super::files::path_of;
use crate::builtins::arguments::{
    buffer, bytes, index, int, list, outside, outside_named, pair, put, small,
};
use crate::heap::Value;
use crate::host::File;
use crate::modules::struct_sequence;
use crate::object::native::{Def, ModuleDef, R};
use crate::object::tuple::Tuple;
use crate::vm::Vm;
use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::sync::Arc;

/// `_posix_system`: more of what `os` has.
pub static MODULE: ModuleDef = ModuleDef {
    name: "_posix_system",
    doc: "More functions of the operating system.",
    functions: FUNCTIONS,
    types: &[&STATVFS_RESULT],
    setup: Some(|vm, module| {
        for (name, value) in CONSTANTS {
            put(vm, &module.namespace, name, Value::int32(*value))?;
        }
        Ok(())
    }),
};

static FUNCTIONS: &[Def] = &[
    Def::leaf("_dup2(fd, fd2, /)", dup2),
    Def::leaf("pread(fd, length, offset, /)", pread),
    Def::leaf("pwrite(fd, buffer, offset, /)", pwrite),
    Def::leaf("sendfile(out_fd, in_fd, offset, count)", sendfile),
    Def::leaf("get_blocking(fd, /)", |vm, args| {
        let blocks = file(vm, &args[0])?.is_nonblocking().map(|not| !not);
        outside(vm, blocks).map(Value::bool)
    }),
    Def::leaf("get_inheritable(fd, /)", |vm, args| {
        let answer = file(vm, &args[0])?.is_inheritable();
        outside(vm, answer).map(Value::bool)
    }),
    Def::leaf("set_inheritable(fd, inheritable, /)", |vm, args| {
        let inheritable = index(vm, &args[1])? != 0;
        let done = file(vm, &args[0])?.set_inheritable(inheritable);
        outside(vm, done)?;
        Ok(Value::NONE)
    }),
    Def::leaf("fchmod(fd, mode)", |vm, args| {
        let mode = index(vm, &args[1])? as u32;
        let done = file(vm, &args[0])?.set_mode(mode);
        outside(vm, done)?;
        Ok(Value::NONE)
    }),
    Def::leaf("fchown(fd, uid, gid)", |vm, args| {
        let (user, group) = (owner(vm, &args[1])?, owner(vm, &args[2])?);
        let done = file(vm, &args[0])?.set_owner(user, group);
        outside(vm, done)?;
        Ok(Value::NONE)
    }),
    Def::leaf(
        "chown(path, uid, gid, *, dir_fd=None, follow_symlinks=True)",
        |vm, args| {
            let follow = vm.truth(&args[4])?;
            chown(vm, args, follow, "chown")
        },
    ),
    Def::leaf("lchown(path, uid, gid)", |vm, args| {
        chown(vm, args, false, "lchown")
    }),
    Def::leaf("mkfifo(path, mode=438, *, dir_fd=None)", |vm, args| {
        let path = path_of(vm, &args[0], "mkfifo")?;
        let mode = index(vm, &args[1])? as u32;
        let done = vm.host.files.make_pipe(&path, mode);
        outside(vm, done)?;
        Ok(Value::NONE)
    }),
    Def::leaf("statvfs(path)", statvfs),
    Def::leaf("fstatvfs(fd, /)", |vm, args| {
        let found = file(vm, &args[0])?.file_system();
        let found = outside(vm, found)?;
        statvfs_result(vm, &found)
    }),
    Def::leaf("flock(fd, operation, /)", |vm, args| {
        let operation = index(vm, &args[1])? as u32;
        let done = file(vm, &args[0])?.lock(operation);
        outside(vm, done)?;
        Ok(Value::NONE)
    }),
    Def::leaf("memfd_create(name, flags=1)", |vm, args| {
        let name = path_of(vm, &args[0], "memfd_create")?;
        let flags = index(vm, &args[1])? as u32;
        let file = vm.host.memory_file(&name, flags);
        made(vm, file)
    }),
    Def::leaf("eventfd(initval, flags=524288)", |vm, args| {
        let (start, flags) = (index(vm, &args[0])? as u32, index(vm, &args[1])? as u32);
        made(vm, File::event_counter(start, flags))
    }),
    Def::leaf("pidfd_open(pid, flags=0)", |vm, args| {
        let pid = small(vm, &args[0])?;
        let file = vm.host.process_file(pid);
        made(vm, file)
    }),
    Def::leaf("getpgid(pid)", |vm, args| {
        let pid = small(vm, &args[0])?;
        let group = vm.host.process_group(pid);
        outside(vm, group).map(Value::int32)
    }),
    Def::leaf("getpgrp()", |vm, _| {
        let group = vm.host.process_group(0);
        outside(vm, group).map(Value::int32)
    }),
    Def::leaf("setpgid(pid, pgrp, /)", |vm, args| {
        let (pid, group) = (small(vm, &args[0])?, small(vm, &args[1])?);
        let done = vm.host.set_process_group(pid, group);
        outside(vm, done)?;
        Ok(Value::NONE)
    }),
    Def::leaf("setpgrp()", |vm, _| {
        let done = vm.host.set_process_group(0, 0);
        outside(vm, done)?;
        Ok(Value::NONE)
    }),
    Def::leaf("getsid(pid, /)", |vm, args| {
        let pid = small(vm, &args[0])?;
        let session = vm.host.session(pid);
        outside(vm, session).map(Value::int32)
    }),
    Def::leaf("setsid()", |vm, _| {
        let done = vm.host.begin_session();
        outside(vm, done)?;
        Ok(Value::NONE)
    }),
    Def::leaf("getgroups()", |vm, _| {
        let groups = vm.host.groups();
        let groups = outside(vm, groups)?.into_iter();
        Ok(list(groups.map(|group| int(i64::from(group))).collect()))
    }),
    Def::leaf("getpriority(which, who)", |vm, args| {
        let (which, who) = (small(vm, &args[0])?, small(vm, &args[1])?);
        let priority = vm.host.priority(which, who);
        outside(vm, priority).map(Value::int32)
    }),
    Def::leaf("setpriority(which, who, priority)", |vm, args| {
        let (which, who) = (small(vm, &args[0])?, small(vm, &args[1])?);
        let priority = small(vm, &args[2])?;
        let done = vm.host.set_priority(which, who, priority);
        outside(vm, done)?;
        Ok(Value::NONE)
    }),
    Def::leaf("nice(increment, /)", |vm, args| {
        let more = small(vm, &args[0])?;
        let priority = vm.host.add_nice(more);
        outside(vm, priority).map(Value::int32)
    }),
    Def::leaf("umask(mask, /)", |vm, args| {
        let mask = small(vm, &args[0])? as u32;
        let before = vm.host.set_mask(mask);
        outside(vm, before).map(|mask| Value::int32(mask as i32))
    }),
    Def::leaf("killpg(pgid, signal, /)", |vm, args| {
        let (group, signal) = (small(vm, &args[0])?, small(vm, &args[1])?);
        let done = vm.host.signal_group(group, signal);
        outside(vm, done)?;
        crate::modules::signal::deliver(vm)?;
        Ok(Value::NONE)
    }),
    Def::leaf("_wait_child(pid, /)", |vm, args| {
        let pid = small(vm, &args[0])?;
        let found = vm.host.wait_child(pid);
        let (pid, status) = outside(vm, found)?.unwrap_or((0, 0));
        Ok(pair(Value::int32(pid), Value::int32(status)))
    }),
    Def::leaf("_replace_program(path, argv, env, /)", replace_program),
];

fn file(vm: &mut Vm, value: &Value) -> R<Arc<File>> {
    let fd = small(vm, value)?;
    let found = vm.host.descriptors.get(fd);
    outside(vm, found)
}

/// The number of a file that was made.
fn made(vm: &mut Vm, made: Result<File, crate::host::HostError>) -> R {
    let file = outside(vm, made)?;
    Ok(Value::int32(vm.host.descriptors.insert(file)))
}

fn dup2(vm: &mut Vm, args: &[Value]) -> R {
    let source = file(vm, &args[0])?;
    let number = small(vm, &args[1])?;
    let own = small(vm, &args[0])?;
    if number < 0 {
        return Err(vm.os_error(9, Value::UNDEF));
    }
    if own != number {
        // What was said before goes where it was meant to.
        let _ = vm.host.stdio.output.flush();
        let _ = vm.host.stdio.error.flush();
        let done = vm.host.descriptors.duplicate_onto(&source, number);
        outside(vm, done)?;
    }
    Ok(Value::int32(number))
}

fn place(vm: &mut Vm, value: &Value) -> R<u64> {
    match u64::try_from(index(vm, value)?) {
        Ok(place) => Ok(place),
        Err(_) => Err(vm.os_error(22, Value::UNDEF)),
    }
}

fn pread(vm: &mut Vm, args: &[Value]) -> R {
    let file = file(vm, &args[0])?;
    let Ok(length) = usize::try_from(index(vm, &args[1])?) else {
        return Err(vm.os_error(22, Value::UNDEF));
    };
    let place = place(vm, &args[2])?;
    let mut room = vec![0; length.min(1 << 24)];
    let got = file.read_at(&mut room, place);
    let got = outside(vm, got)?;
    bytes(vm, &room[..got])
}

fn pwrite(vm: &mut Vm, args: &[Value]) -> R {
    let file = file(vm, &args[0])?;
    let data = buffer(vm, &args[1])?;
    let place = place(vm, &args[2])?;
    let written = file.write_at(&data, place);
    outside(vm, written).map(|count| int(count as i64))
}

/// Arguments: target, source, place or None, count.
fn sendfile(vm: &mut Vm, args: &[Value]) -> R {
    let (target, source) = (file(vm, &args[0])?, file(vm, &args[1])?);
    let mut from = match args[2].is_none() {
        true => None,
        false => Some(place(vm, &args[2])?),
    };
    let count = index(vm, &args[3])?.max(0) as usize;
    let sent = target.send_from(&source, from.as_mut(), count);
    outside(vm, sent).map(|sent| int(sent as i64))
}

/// A user or group; -1 leaves it.
fn owner(vm: &mut Vm, value: &Value) -> R<Option<u32>> {
    let number = index(vm, value)?;
    match u32::try_from(number) {
        Ok(number) => Ok(Some(number)),
        Err(_) if number == -1 => Ok(None),
        Err(_) if number < 0 => Err(vm.overflow_error("uid is less than minimum")),
        Err(_) => Err(vm.overflow_error("uid is greater than maximum")),
    }
}

fn chown(vm: &mut Vm, args: &[Value], follow: bool, who: &str) -> R {
    let (user, group) = (owner(vm, &args[1])?, owner(vm, &args[2])?);
    let path = path_of(vm, &args[0], who)?;
    let done = vm.host.files.set_owner(&path, user, group, follow);
    outside_named(vm, done, &args[0], None)?;
    Ok(Value::NONE)
}

fn statvfs(vm: &mut Vm, args: &[Value]) -> R {
    let found = if args[0].is_small_int() {
        file(vm, &args[0])?.file_system()
    } else {
        let path = path_of(vm, &args[0], "statvfs")?;
        vm.host.files.file_system(&path)
    };
    let found = outside(vm, found)?;
    statvfs_result(vm, &found)
}

fn statvfs_result(vm: &mut Vm, numbers: &[u64; 11]) -> R {
    let values = numbers.map(|number| crate::object::int::from_i128(i128::from(number)));
    let made = struct_sequence::make(vm, &STATVFS_RESULT, &values[..10])?;
    struct_sequence::set_hidden(vm, &made, "f_fsid", values[10].clone())?;
    Ok(made)
}

/// The words of a tuple of bytes.
fn words(vm: &mut Vm, value: &Value) -> R<Vec<OsString>> {
    let items = value.get::<Tuple>().map(|t| t.items().to_vec());
    let mut words = Vec::new();
    for item in items.unwrap_or_default() {
        let word = buffer(vm, &item)?;
        if word.contains(&0) {
            return Err(vm.value_error("embedded null byte"));
        }
        words.push(OsString::from_vec(word));
    }
    Ok(words)
}

/// Arguments: path, words, and names and values in turn.
fn replace_program(vm: &mut Vm, args: &[Value]) -> R {
    let path = path_of(vm, &args[0], "execv")?;
    let arguments = words(vm, &args[1])?;
    let environment: Vec<_> = words(vm, &args[2])?
        .chunks_exact(2)
        .map(|pair| (pair[0].clone(), pair[1].clone()))
        .collect();
    let failed = vm.host.replace_program(&path, &arguments, &environment);
    Err(crate::builtins::arguments::os_error(vm, &failed))
}

/// Numbers that go with these functions.
static CONSTANTS: &[(&str, i32)] = &[
    ("O_ACCMODE", 3),
    ("O_ASYNC", 0o20000),
    ("O_DIRECT", 0o40000),
    ("O_DSYNC", 0o10000),
    ("O_FSYNC", 0o4010000),
    ("O_LARGEFILE", 0),
    ("O_NDELAY", 0o4000),
    ("O_NOATIME", 0o1000000),
    ("O_NOFOLLOW", 0o400000),
    ("O_PATH", 0o10000000),
    ("O_RSYNC", 0o4010000),
    ("O_TMPFILE", 0o20200000),
    ("EX_DATAERR", 65),
    ("EX_NOINPUT", 66),
    ("EX_NOUSER", 67),
    ("EX_NOHOST", 68),
    ("EX_UNAVAILABLE", 69),
    ("EX_OSERR", 71),
    ("EX_OSFILE", 72),
    ("EX_CANTCREAT", 73),
    ("EX_IOERR", 74),
    ("EX_TEMPFAIL", 75),
    ("EX_PROTOCOL", 76),
    ("EX_NOPERM", 77),
    ("EX_CONFIG", 78),
    ("PRIO_PROCESS", 0),
    ("PRIO_PGRP", 1),
    ("PRIO_USER", 2),
    ("MFD_CLOEXEC", 1),
    ("MFD_ALLOW_SEALING", 2),
    ("EFD_SEMAPHORE", 1),
    ("EFD_NONBLOCK", 0o4000),
    ("EFD_CLOEXEC", 0o2000000),
    ("ST_RDONLY", 1),
    ("ST_NOSUID", 2),
    ("ST_NODEV", 4),
    ("ST_NOEXEC", 8),
    ("ST_SYNCHRONOUS", 16),
    ("ST_MANDLOCK", 64),
    ("ST_WRITE", 128),
    ("ST_APPEND", 256),
    ("ST_NOATIME", 1024),
    ("ST_NODIRATIME", 2048),
    ("ST_RELATIME", 4096),
    ("TMP_MAX", 238_328),
    ("NGROUPS_MAX", 65536),
];
