//! `posix`: what `os` asks of the system. `stdlib/os.async` has the rest.

mod descriptors;
pub mod entries;
mod files;
mod process;
pub mod system;

use crate::builtins::arguments::{put, wtf8_lossy};
use crate::heap::{Ref, Value};
use crate::host::path_bytes;
use crate::modules::struct_sequence::struct_sequence;
use crate::object::bytes::Bytes;
use crate::object::module::Module;
use crate::object::native::{Def, ModuleDef, R, TypeDef};
use crate::vm::Vm;

/// `posix`
pub static MODULE: ModuleDef = ModuleDef {
    name: "posix",
    doc: "This module provides access to operating system functionality.",
    functions: FUNCTIONS,
    types: &[
        &STAT_RESULT,
        &TERMINAL_SIZE,
        &UNAME_RESULT,
        &TIMES_RESULT,
        &entries::DIR_ENTRY,
    ],
    setup: Some(setup),
};

/// All types of this module.
pub static TYPES: &[&TypeDef] = &[
    &STAT_RESULT,
    &TERMINAL_SIZE,
    &UNAME_RESULT,
    &TIMES_RESULT,
    &STATVFS_RESULT,
    &entries::DIR_ENTRY,
    &entries::SCANDIR_ITERATOR,
];

struct_sequence! {
    /// `os.stat_result`
    pub static STAT_RESULT = "os" "stat_result"
        new(Some(Def::leaf("__new__(cls, sequence, dict=None, /)", |vm, args| {
            files::stat_of_sequence(vm, args)
        }))) [
        0 "st_mode",
        1 "st_ino",
        2 "st_dev",
        3 "st_nlink",
        4 "st_uid",
        5 "st_gid",
        6 "st_size",
        7 "_st_atime",
        8 "_st_mtime",
        9 "_st_ctime",
    ]
}

struct_sequence! {
    /// `os.terminal_size`
    pub static TERMINAL_SIZE = "os" "terminal_size"
        new(Some(Def::leaf("__new__(cls, sequence, dict=None, /)", |vm, args| {
            crate::modules::struct_sequence::from_sequence(vm, args, 2, &[])
        }))) [
        0 "columns",
        1 "lines",
    ]
}

struct_sequence! {
    /// `os.statvfs_result`
    pub static STATVFS_RESULT = "os" "statvfs_result"
        new(Some(Def::leaf("__new__(cls, sequence, dict=None, /)", |vm, args| {
            crate::modules::struct_sequence::from_sequence(vm, args, 10, &["f_fsid"])
        }))) [
        0 "f_bsize",
        1 "f_frsize",
        2 "f_blocks",
        3 "f_bfree",
        4 "f_bavail",
        5 "f_files",
        6 "f_ffree",
        7 "f_favail",
        8 "f_flag",
        9 "f_namemax",
    ]
}

struct_sequence! {
    /// `os.uname_result`
    pub static UNAME_RESULT = "posix" "uname_result" new(None) [
        0 "sysname",
        1 "nodename",
        2 "release",
        3 "version",
        4 "machine",
    ]
}

struct_sequence! {
    /// `os.times_result`
    pub static TIMES_RESULT = "posix" "times_result" new(None) [
        0 "user",
        1 "system",
        2 "children_user",
        3 "children_system",
        4 "elapsed",
    ]
}

static FUNCTIONS: &[Def] = &[
    Def::leaf("getcwd()", |vm, _| {
        Ok(wtf8_lossy(path_bytes(vm.host.files.current_directory())))
    }),
    Def::leaf("getcwdb()", |vm, _| {
        let path = path_bytes(vm.host.files.current_directory()).to_vec();
        crate::builtins::arguments::bytes(vm, &path)
    }),
    Def::leaf("chdir(path)", files::chdir),
    Def::leaf("listdir(path=None)", entries::listdir),
    Def::leaf("scandir(path=None)", entries::scandir),
    Def::leaf("mkdir(path, mode=511, *, dir_fd=None)", files::mkdir),
    Def::leaf("rmdir(path, *, dir_fd=None)", files::rmdir),
    Def::leaf("remove(path, *, dir_fd=None)", files::remove),
    Def::leaf("unlink(path, *, dir_fd=None)", files::remove),
    Def::leaf(
        "rename(src, dst, *, src_dir_fd=None, dst_dir_fd=None)",
        files::rename,
    ),
    Def::leaf(
        "replace(src, dst, *, src_dir_fd=None, dst_dir_fd=None)",
        files::rename,
    ),
    Def::leaf(
        "link(src, dst, *, src_dir_fd=None, dst_dir_fd=None, follow_symlinks=True)",
        files::link,
    ),
    Def::leaf(
        "symlink(src, dst, target_is_directory=False, *, dir_fd=None)",
        files::symlink,
    ),
    Def::leaf("readlink(path, *, dir_fd=None)", files::readlink),
    Def::leaf(
        "stat(path, *, dir_fd=None, follow_symlinks=True)",
        files::stat,
    ),
    Def::leaf("lstat(path, *, dir_fd=None)", files::lstat),
    Def::leaf("fstat(fd)", files::fstat),
    Def::leaf(
        "chmod(path, mode, *, dir_fd=None, follow_symlinks=True)",
        files::chmod,
    ),
    Def::leaf(
        "access(path, mode, *, dir_fd=None, effective_ids=False, follow_symlinks=True)",
        files::access,
    ),
    Def::leaf(
        "utime(path, times=None, *, ns=<unset>, dir_fd=None, follow_symlinks=True)",
        files::utime,
    ),
    Def::leaf("truncate(path, length)", files::truncate),
    Def::leaf("fspath(path)", files::fspath),
    Def::leaf(
        "open(path, flags, mode=511, *, dir_fd=None)",
        descriptors::open,
    ),
    Def::leaf("close(fd)", descriptors::close),
    Def::leaf("closerange(fd_low, fd_high, /)", descriptors::closerange),
    Def::frame("read(fd, length, /)", 0, descriptors::read),
    Def::frame("write(fd, data, /)", 1, descriptors::write),
    Def::leaf("lseek(fd, position, whence, /)", descriptors::lseek),
    Def::leaf("ftruncate(fd, length, /)", descriptors::ftruncate),
    Def::leaf("fsync(fd)", descriptors::fsync),
    Def::leaf("fdatasync(fd)", descriptors::fsync),
    Def::leaf("dup(fd, /)", descriptors::dup),
    Def::leaf("pipe()", descriptors::pipe),
    Def::leaf("isatty(fd, /)", descriptors::isatty),
    Def::leaf("set_blocking(fd, blocking, /)", descriptors::set_blocking),
    Def::leaf("get_terminal_size(fd=1, /)", descriptors::get_terminal_size),
    Def::leaf("getpid()", |vm, _| {
        Ok(crate::builtins::arguments::int(i64::from(
            vm.host.environment.process_id(),
        )))
    }),
    Def::leaf("getppid()", |vm, _| {
        Ok(Value::int32(vm.host.environment.parent_process_id()))
    }),
    Def::leaf("getuid()", |vm, _| Ok(process::identity(vm, 0))),
    Def::leaf("geteuid()", |vm, _| Ok(process::identity(vm, 1))),
    Def::leaf("getgid()", |vm, _| Ok(process::identity(vm, 2))),
    Def::leaf("getegid()", |vm, _| Ok(process::identity(vm, 3))),
    Def::leaf("getlogin()", process::getlogin),
    Def::leaf("cpu_count()", |vm, _| {
        Ok(crate::builtins::arguments::int(
            vm.host.environment.cpu_count() as i64,
        ))
    }),
    Def::leaf("urandom(size, /)", process::urandom),
    Def::leaf("getrandom(size, flags=0)", process::urandom),
    Def::leaf("kill(pid, signal, /)", process::kill),
    Def::leaf("strerror(code, /)", process::strerror),
    Def::leaf("uname()", process::uname),
    Def::leaf("times()", process::times),
    Def::leaf("_exit(status)", process::exit),
    Def::leaf("abort()", process::abort),
    Def::leaf("_environ_items()", process::environ_items),
    Def::leaf("_environ_set(name, value, /)", process::environ_set),
    Def::leaf("_environ_unset(name, /)", process::environ_unset),
];

fn setup(vm: &mut Vm, module: &Ref<Module>) -> R<()> {
    let constants: &[(&str, i32)] = &[
        ("F_OK", 0),
        ("X_OK", 1),
        ("W_OK", 2),
        ("R_OK", 4),
        ("O_RDONLY", 0),
        ("O_WRONLY", 1),
        ("O_RDWR", 2),
        ("O_CREAT", 0o100),
        ("O_EXCL", 0o200),
        ("O_NOCTTY", 0o400),
        ("O_TRUNC", 0o1000),
        ("O_APPEND", 0o2000),
        ("O_NONBLOCK", 0o4000),
        ("O_SYNC", 0o4010000),
        ("O_CLOEXEC", 0o2000000),
        ("O_DIRECTORY", 0o200000),
        ("EX_OK", 0),
        ("EX_USAGE", 64),
        ("EX_SOFTWARE", 70),
        ("WNOHANG", 1),
    ];
    for (name, value) in constants {
        put(vm, &module.namespace, name, Value::int32(*value))?;
    }
    Ok(())
}

/// A path as scripts get it back: text, or bytes where bytes were given.
fn like(vm: &mut Vm, given: &Value, path: &[u8]) -> R {
    if given.is_kind::<Bytes>() {
        crate::builtins::arguments::bytes(vm, path)
    } else {
        Ok(wtf8_lossy(path))
    }
}
