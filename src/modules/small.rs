//! Small modules: `gc`, `atexit`, `errno`.

use crate::builtins::arguments::{index, int, list, string, tuple};
use crate::heap::{Ref, Value};
use crate::object::dict::Dict;
use crate::object::list::List;
use crate::object::module::Module;
use crate::object::native::{Def, Input, ModuleDef, NativeFrame, R, Step};
use crate::object::tuple::Tuple;
use crate::vm::Vm;

// ----- gc --------------------------------------------------------------------

/// `gc`
pub static GC: ModuleDef = ModuleDef {
    name: "gc",
    doc: "What is known about unreachable cycles, and how to have them looked for.",
    functions: &[
        Def::frame("collect(generation=2)", 1, collect)
            .doc("Looks for cycles that nobody can reach, and frees them."),
        Def::leaf("enable()", |vm, _| {
            vm.heap.collector_off = false;
            Ok(Value::NONE)
        }),
        Def::leaf("disable()", |vm, _| {
            vm.heap.collector_off = true;
            Ok(Value::NONE)
        }),
        Def::leaf("isenabled()", |vm, _| {
            Ok(Value::bool(!vm.heap.collector_off))
        }),
        Def::leaf("get_count()", |vm, _| {
            let debt = int(vm.heap.debt.max(0) as i64);
            tuple(vm, vec![debt, int(0), int(0)])
        }),
        Def::leaf("get_threshold()", |vm, _| {
            let threshold = int(vm.heap.threshold as i64);
            tuple(vm, vec![threshold, int(10), int(0)])
        }),
        Def::leaf(
            "set_threshold(threshold0, threshold1=<unset>, threshold2=<unset>, /)",
            set_threshold,
        ),
        Def::leaf("get_objects(generation=None)", |_, _| Ok(list(Vec::new()))),
        Def::leaf("get_referrers(*objs)", |_, _| Ok(list(Vec::new()))),
        Def::leaf("get_referents(*objs)", |_, _| Ok(list(Vec::new()))),
        Def::leaf("get_stats()", |_, _| Ok(list(Vec::new()))),
        Def::leaf("get_debug()", |_, _| Ok(int(0))),
        Def::leaf("set_debug(flags, /)", |vm, args| {
            crate::builtins::adapt::c_int(vm, &args[0]).map(|_| Value::NONE)
        }),
        Def::leaf("is_tracked(obj, /)", |_, args| {
            Ok(Value::bool(args[0].is_object()))
        }),
        Def::leaf("is_finalized(obj, /)", |_, _| Ok(Value::FALSE)),
        Def::leaf("freeze()", |_, _| Ok(Value::NONE)),
        Def::leaf("unfreeze()", |_, _| Ok(Value::NONE)),
        Def::leaf("get_freeze_count()", |_, _| Ok(int(0))),
    ],
    types: &[],
    setup: Some(|vm, module: &Ref<Module>| {
        vm.set_name(&module.namespace, "garbage", list(Vec::new()))?;
        vm.set_name(&module.namespace, "callbacks", list(Vec::new()))?;
        for (name, value) in [
            ("DEBUG_STATS", 1),
            ("DEBUG_COLLECTABLE", 2),
            ("DEBUG_UNCOLLECTABLE", 4),
            ("DEBUG_SAVEALL", 32),
            ("DEBUG_LEAK", 38),
        ] {
            vm.set_name(&module.namespace, name, int(value))?;
        }
        Ok(())
    }),
};

/// Registers: the generation, then how many objects were found.
fn collect(vm: &mut Vm, frame: &mut NativeFrame<'_>, input: Input) -> Step {
    if frame.state != 0 {
        if let Input::Raised(raised) = input {
            return Step::Raise(raised);
        }
        // What had a finalizer went no further than to it: now it goes, unless it was saved.
        vm.heap.collect();
        return Step::Return(frame.regs[1].clone());
    }
    match index(vm, &frame.regs[0]) {
        Ok(0..=2) => {}
        Ok(_) => return Step::Raise(vm.value_error("invalid generation")),
        Err(raised) => return Step::Raise(raised),
    }
    let found = int(vm.heap.collect() as i64);
    match vm.finalizers_step() {
        Some(finalizers) => {
            frame.state = 1;
            frame.regs[1] = found;
            finalizers
        }
        None => Step::Return(found),
    }
}

fn set_threshold(vm: &mut Vm, args: &[Value]) -> R {
    let threshold = index(vm, &args[0])?;
    vm.heap.threshold = if threshold <= 0 {
        isize::MAX
    } else {
        threshold as isize
    };
    Ok(Value::NONE)
}

// ----- atexit ----------------------------------------------------------------

/// `atexit`
pub static ATEXIT: ModuleDef = ModuleDef {
    name: "atexit",
    doc: "Functions that are called when the program ends.",
    functions: &[
        Def::leaf("register(func, /, *args, **kwargs)", register)
            .doc("Register a function to be executed upon normal program termination."),
        Def::leaf("unregister(func, /)", unregister),
        Def::leaf("_clear()", |vm, _| {
            drop(registered(vm).take());
            Ok(Value::NONE)
        }),
        Def::leaf("_ncallbacks()", |vm, _| {
            Ok(int(registered(vm).len() as i64))
        }),
        Def::frame("_run_exitfuncs()", 1, run),
    ],
    types: &[],
    setup: None,
};

const KEY: &str = "atexit";

/// The functions that were registered, each a tuple of function, arguments, keywords.
fn registered(vm: &mut Vm) -> Ref<List> {
    if let Some(list) = vm.state.get(KEY).and_then(Value::to_ref::<List>) {
        return list;
    }
    let made = List::empty();
    vm.state.insert(KEY, made.value());
    made
}

fn register(vm: &mut Vm, args: &[Value]) -> R {
    if !vm.is_callable(&args[0]) {
        return Err(vm.type_error("the first argument must be callable"));
    }
    let entry = tuple(vm, args.to_vec())?;
    let pushed = registered(vm).push(entry);
    vm.lift(pushed)?;
    Ok(args[0].clone())
}

fn unregister(vm: &mut Vm, args: &[Value]) -> R {
    let list = registered(vm);
    let mut kept = Vec::new();
    for entry in list.take().into_vec() {
        let function = entry
            .get::<Tuple>()
            .and_then(|t| t.get(0))
            .unwrap_or(Value::NONE);
        if !vm.eq(&function, &args[0])? {
            kept.push(entry);
        }
    }
    drop(list.items.replace(crate::heap::Buffer::from_vec(kept)));
    Ok(Value::NONE)
}

/// Calls the functions, the last first; what one raises is told and the others are called all the same.
fn run(vm: &mut Vm, frame: &mut NativeFrame<'_>, input: Input) -> Step {
    if let Input::Raised(raised) = input {
        let report = vm.report_exception(&raised.0);
        let function = vm.repr_text(&frame.regs[0]).unwrap_or_default();
        vm.write_error(&format!(
            "Exception ignored in atexit callback {function}:\n{report}"
        ));
    }
    let Some(entry) = registered(vm).pop() else {
        return Step::Return(Value::NONE);
    };
    let Some([function, args, keywords]) = entry.get::<Tuple>().map(Tuple::items) else {
        return Step::Return(Value::NONE);
    };
    frame.regs[0] = function.clone();
    let mut all: Vec<Value> = args
        .get::<Tuple>()
        .map_or_else(Vec::new, |t| t.items().to_vec());
    let mut names = Vec::new();
    for (name, value) in keywords.get::<Dict>().map_or_else(Vec::new, Dict::pairs) {
        names.push(name);
        all.push(value);
    }
    if names.is_empty() {
        return Step::Call(function.clone(), all.into());
    }
    match tuple(vm, names) {
        Ok(names) => Step::CallKw(function.clone(), all.into(), names),
        Err(raised) => Step::Raise(raised),
    }
}

// ----- errno -----------------------------------------------------------------

/// `errno`
pub static ERRNO: ModuleDef = ModuleDef {
    name: "errno",
    doc: "The names of the system's error numbers.",
    functions: &[],
    types: &[],
    setup: Some(|vm, module: &Ref<Module>| {
        let codes = Dict::new();
        for (name, number) in NUMBERS {
            vm.set_name(&module.namespace, name, Value::int32(*number))?;
            vm.dict_set(&codes, &Value::int32(*number), string(name))?;
        }
        for (alias, number) in [("EWOULDBLOCK", 11), ("EOPNOTSUPP", 95), ("EDEADLOCK", 35)] {
            vm.set_name(&module.namespace, alias, Value::int32(number))?;
        }
        vm.set_name(&module.namespace, "errorcode", codes.into_value())
    }),
};

/// The numbers of Linux.
const NUMBERS: &[(&str, i32)] = &[
    ("EPERM", 1),
    ("ENOENT", 2),
    ("ESRCH", 3),
    ("EINTR", 4),
    ("EIO", 5),
    ("ENXIO", 6),
    ("E2BIG", 7),
    ("ENOEXEC", 8),
    ("EBADF", 9),
    ("ECHILD", 10),
    ("EAGAIN", 11),
    ("ENOMEM", 12),
    ("EACCES", 13),
    ("EFAULT", 14),
    ("ENOTBLK", 15),
    ("EBUSY", 16),
    ("EEXIST", 17),
    ("EXDEV", 18),
    ("ENODEV", 19),
    ("ENOTDIR", 20),
    ("EISDIR", 21),
    ("EINVAL", 22),
    ("ENFILE", 23),
    ("EMFILE", 24),
    ("ENOTTY", 25),
    ("ETXTBSY", 26),
    ("EFBIG", 27),
    ("ENOSPC", 28),
    ("ESPIPE", 29),
    ("EROFS", 30),
    ("EMLINK", 31),
    ("EPIPE", 32),
    ("EDOM", 33),
    ("ERANGE", 34),
    ("EDEADLK", 35),
    ("ENAMETOOLONG", 36),
    ("ENOLCK", 37),
    ("ENOSYS", 38),
    ("ENOTEMPTY", 39),
    ("ELOOP", 40),
    ("ENOMSG", 42),
    ("EIDRM", 43),
    ("ENODATA", 61),
    ("ETIME", 62),
    ("EPROTO", 71),
    ("EBADMSG", 74),
    ("EOVERFLOW", 75),
    ("EILSEQ", 84),
    ("EUSERS", 87),
    ("ENOTSOCK", 88),
    ("EDESTADDRREQ", 89),
    ("EMSGSIZE", 90),
    ("EPROTOTYPE", 91),
    ("ENOPROTOOPT", 92),
    ("EPROTONOSUPPORT", 93),
    ("ESOCKTNOSUPPORT", 94),
    ("ENOTSUP", 95),
    ("EPFNOSUPPORT", 96),
    ("EAFNOSUPPORT", 97),
    ("EADDRINUSE", 98),
    ("EADDRNOTAVAIL", 99),
    ("ENETDOWN", 100),
    ("ENETUNREACH", 101),
    ("ENETRESET", 102),
    ("ECONNABORTED", 103),
    ("ECONNRESET", 104),
    ("ENOBUFS", 105),
    ("EISCONN", 106),
    ("ENOTCONN", 107),
    ("ESHUTDOWN", 108),
    ("ETOOMANYREFS", 109),
    ("ETIMEDOUT", 110),
    ("ECONNREFUSED", 111),
    ("EHOSTDOWN", 112),
    ("EHOSTUNREACH", 113),
    ("EALREADY", 114),
    ("EINPROGRESS", 115),
    ("ESTALE", 116),
    ("EDQUOT", 122),
    ("ECANCELED", 125),
    ("EOWNERDEAD", 130),
    ("ENOTRECOVERABLE", 131),
    // What few systems but Linux have.
    ("ECHRNG", 44),
    ("EL2NSYNC", 45),
    ("EL3HLT", 46),
    ("EL3RST", 47),
    ("ELNRNG", 48),
    ("EUNATCH", 49),
    ("ENOCSI", 50),
    ("EL2HLT", 51),
    ("EBADE", 52),
    ("EBADR", 53),
    ("EXFULL", 54),
    ("ENOANO", 55),
    ("EBADRQC", 56),
    ("EBADSLT", 57),
    ("EBFONT", 59),
    ("ENOSTR", 60),
    ("ENOSR", 63),
    ("ENONET", 64),
    ("ENOPKG", 65),
    ("EREMOTE", 66),
    ("ENOLINK", 67),
    ("EADV", 68),
    ("ESRMNT", 69),
    ("ECOMM", 70),
    ("EMULTIHOP", 72),
    ("EDOTDOT", 73),
    ("ENOTUNIQ", 76),
    ("EBADFD", 77),
    ("EREMCHG", 78),
    ("ELIBACC", 79),
    ("ELIBBAD", 80),
    ("ELIBSCN", 81),
    ("ELIBMAX", 82),
    ("ELIBEXEC", 83),
    ("ERESTART", 85),
    ("ESTRPIPE", 86),
    ("EUCLEAN", 117),
    ("ENOTNAM", 118),
    ("ENAVAIL", 119),
    ("EISNAM", 120),
    ("EREMOTEIO", 121),
    ("ENOMEDIUM", 123),
    ("EMEDIUMTYPE", 124),
    ("ENOKEY", 126),
    ("EKEYEXPIRED", 127),
    ("EKEYREVOKED", 128),
    ("EKEYREJECTED", 129),
    ("ERFKILL", 132),
];
