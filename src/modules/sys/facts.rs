//! Names of `sys` that say what this interpreter is.

use crate::builtins::arguments::{float, int, put, string, tuple};
use crate::heap::{Ref, Value};
use crate::modules::struct_sequence::{self, struct_sequence};
use crate::object::dict::Dict;
use crate::object::native::{R, TypeDef};
use crate::vm::Vm;

/// All types of this module.
pub static TYPES: &[&TypeDef] = &[
    &VERSION_INFO,
    &FLAGS,
    &FLOAT_INFO,
    &INT_INFO,
    &HASH_INFO,
    &THREAD_INFO,
    &ASYNCGEN_HOOKS,
    &UNRAISABLE,
];

struct_sequence! {
    static VERSION_INFO = "sys" "version_info" new(None) [
        0 "major",
        1 "minor",
        2 "micro",
        3 "releaselevel",
        4 "serial",
    ]
}

struct_sequence! {
    static FLAGS = "sys" "flags" new(None) [
        0 "debug",
        1 "inspect",
        2 "interactive",
        3 "optimize",
        4 "dont_write_bytecode",
        5 "no_user_site",
        6 "no_site",
        7 "ignore_environment",
        8 "verbose",
        9 "bytes_warning",
        10 "quiet",
        11 "hash_randomization",
        12 "isolated",
        13 "dev_mode",
        14 "utf8_mode",
        15 "warn_default_encoding",
        16 "safe_path",
        17 "int_max_str_digits",
    ]
}

struct_sequence! {
    static FLOAT_INFO = "sys" "float_info" new(None) [
        0 "max",
        1 "max_exp",
        2 "max_10_exp",
        3 "min",
        4 "min_exp",
        5 "min_10_exp",
        6 "dig",
        7 "mant_dig",
        8 "epsilon",
        9 "radix",
        10 "rounds",
    ]
}

struct_sequence! {
    static INT_INFO = "sys" "int_info" new(None) [
        0 "bits_per_digit",
        1 "sizeof_digit",
        2 "default_max_str_digits",
        3 "str_digits_check_threshold",
    ]
}

struct_sequence! {
    static HASH_INFO = "sys" "hash_info" new(None) [
        0 "width",
        1 "modulus",
        2 "inf",
        3 "nan",
        4 "imag",
        5 "algorithm",
        6 "hash_bits",
        7 "seed_bits",
        8 "cutoff",
    ]
}

struct_sequence! {
    static THREAD_INFO = "sys" "thread_info" new(None) [
        0 "name",
        1 "lock",
        2 "version",
    ]
}

struct_sequence! {
    /// What `get_asyncgen_hooks` gives.
    pub static ASYNCGEN_HOOKS = "sys" "asyncgen_hooks" new(None) [
        0 "firstiter",
        1 "finalizer",
    ]
}

struct_sequence! {
    static UNRAISABLE = "sys" "UnraisableHookArgs" new(None) [
        0 "exc_type",
        1 "exc_value",
        2 "exc_traceback",
        3 "err_msg",
        4 "object",
    ]
}

/// What `sys.unraisablehook` is called with.
fn unraisable(vm: &mut Vm, exception: &Value, object: &Value) -> R {
    let class = vm.class_of(exception).into_value();
    let traceback = exception
        .get::<crate::object::exception::Exception>()
        .map_or(Value::NONE, |e| e.traceback.get());
    let values = [
        class,
        exception.clone(),
        traceback,
        Value::NONE,
        object.clone(),
    ];
    struct_sequence::make(vm, &UNRAISABLE, &values)
}

fn sequences(vm: &mut Vm, namespace: &Ref<Dict>) -> R<()> {
    vm.unraisable_arguments = Some(unraisable);
    let version = [int(3), int(13), int(0), string("final"), int(0)];
    let version = struct_sequence::make(vm, &VERSION_INFO, &version)?;
    put(vm, namespace, "version_info", version.clone())?;
    put_implementation(vm, namespace, &version)?;
    let settings = &vm.host.environment.settings;
    let on = |flag: bool| int(i64::from(flag));
    let mut flags = vec![int(0); 18];
    flags[1] = on(settings.inspect);
    flags[2] = on(settings.inspect);
    flags[3] = int(i64::from(settings.optimize));
    flags[4] = int(1);
    flags[5] = on(settings.no_user_site);
    flags[6] = on(settings.no_site);
    flags[7] = on(settings.ignore_environment);
    flags[8] = int(i64::from(settings.verbose));
    flags[10] = on(settings.quiet);
    flags[11] = on(vm.heap.hash_seed != (0, 0));
    flags[12] = on(settings.isolated);
    flags[13] = Value::bool(settings.dev_mode);
    flags[14] = int(1);
    flags[16] = Value::bool(settings.safe_path);
    flags[17] = int(4300);
    let flags = struct_sequence::make(vm, &FLAGS, &flags)?;
    put(vm, namespace, "flags", flags)?;
    let floats = [
        float(f64::MAX),
        int(1024),
        int(308),
        float(f64::MIN_POSITIVE),
        int(-1021),
        int(-307),
        int(15),
        int(53),
        float(f64::EPSILON),
        int(2),
        int(1),
    ];
    let floats = struct_sequence::make(vm, &FLOAT_INFO, &floats)?;
    put(vm, namespace, "float_info", floats)?;
    let ints = struct_sequence::make(vm, &INT_INFO, &[int(30), int(4), int(4300), int(640)])?;
    put(vm, namespace, "int_info", ints)?;
    let hashes = [
        int(64),
        int((1 << 61) - 1),
        int(314_159),
        int(0),
        int(1_000_003),
        string("siphash13"),
        int(64),
        int(128),
        int(0),
    ];
    let hashes = struct_sequence::make(vm, &HASH_INFO, &hashes)?;
    put(vm, namespace, "hash_info", hashes)?;
    let threads = struct_sequence::make(
        vm,
        &THREAD_INFO,
        &[string("pthread"), string("semaphore"), Value::NONE],
    )?;
    put(vm, namespace, "thread_info", threads)
}

fn put_implementation(vm: &mut Vm, namespace: &Ref<Dict>, version: &Value) -> R<()> {
    let attributes = [
        ("name", string("hoopsnake")),
        ("cache_tag", Value::NONE),
        ("version", version.clone()),
        ("hexversion", int(HEX_VERSION)),
    ];
    let implementation = crate::modules::namespace::make(vm, &attributes)?;
    put(vm, namespace, "implementation", implementation)
}

const HEX_VERSION: i64 = 0x030D_00F0;

/// Puts all of them into the namespace.
pub fn put_facts(vm: &mut Vm, namespace: &Ref<Dict>) -> R<()> {
    let version = format!("3.13.0 (hoopsnake {})", env!("CARGO_PKG_VERSION"));
    let platform = vm.host.environment.platform();
    let byteorder = if cfg!(target_endian = "little") {
        "little"
    } else {
        "big"
    };
    let texts = [
        ("version", version.as_str()),
        ("platform", platform),
        ("byteorder", byteorder),
        ("copyright", "MIT OR Apache-2.0"),
        ("prefix", ""),
        ("base_prefix", ""),
        ("exec_prefix", ""),
        ("base_exec_prefix", ""),
        ("platlibdir", "lib"),
        ("float_repr_style", "short"),
        ("abiflags", ""),
        ("_framework", ""),
    ];
    for (name, text) in texts {
        put(vm, namespace, name, string(text))?;
    }
    let numbers = [
        ("maxsize", i64::MAX),
        ("maxunicode", 0x10_FFFF),
        ("hexversion", HEX_VERSION),
        ("api_version", 1013),
    ];
    for (name, number) in numbers {
        put(vm, namespace, name, int(number))?;
    }
    let source = vec![string("Hoopsnake"), string(""), string("")];
    let source = crate::builtins::arguments::tuple(vm, source)?;
    put(vm, namespace, "_git", source)?;
    put(vm, namespace, "dont_write_bytecode", Value::TRUE)?;
    put(vm, namespace, "pycache_prefix", Value::NONE)?;
    module_names(vm, namespace)?;
    sequences(vm, namespace)
}

/// The names of the modules that come with the program: the native ones, and the top names of all.
fn module_names(vm: &mut Vm, namespace: &Ref<Dict>) -> R<()> {
    let mut native: Vec<&str> = vm.library.modules.iter().map(|m| m.name).collect();
    native.push("builtins");
    native.sort_unstable();
    let all = native.iter().copied().chain(vm.loader.library_names());
    let all: Vec<Value> = all.filter(|name| !name.contains('.')).map(string).collect();
    let native = tuple(vm, native.into_iter().map(string).collect())?;
    put(vm, namespace, "builtin_module_names", native)?;
    let all = tuple(vm, all)?;
    let all = vm.frozenset_of(&all)?.into_value();
    put(vm, namespace, "stdlib_module_names", all)
}
