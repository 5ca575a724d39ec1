//! `signal`: handlers, which run between two instructions.

use crate::builtins::arguments::{outside, small, string};
use crate::heap::{Ref, Value};
use crate::host::Event;
use crate::object::dict::Dict;
use crate::object::module::Module;
use crate::object::native::{Def, ModuleDef, R};
use crate::vm::Vm;

/// `signal`
pub static MODULE: ModuleDef = ModuleDef {
    name: "signal",
    doc: "This module provides mechanisms to use signal handlers in Python.",
    functions: &[
        Def::leaf("signal(signalnum, handler, /)", set_handler)
            .doc("Set the action for the given signal."),
        Def::leaf("getsignal(signalnum, /)", |vm, args| {
            let number = small(vm, &args[0])?;
            checked(vm, number)?;
            handler_of(vm, number)
        }),
        Def::leaf("raise_signal(signalnum, /)", |vm, args| {
            let number = small(vm, &args[0])?;
            let done = vm.host.signals.raise(number);
            outside(vm, done)?;
            deliver(vm)?;
            Ok(Value::NONE)
        }),
        Def::leaf("default_int_handler(signalnum, frame, /)", |vm, _| {
            Err(vm.raise_bare(crate::vm::types::Known::KeyboardInterrupt))
        }),
        Def::leaf("strsignal(signalnum, /)", |vm, args| {
            let number = small(vm, &args[0])?;
            checked(vm, number)?;
            Ok(DESCRIPTIONS
                .iter()
                .find(|d| d.0 == number)
                .map_or(Value::NONE, |d| string(d.1)))
        }),
        Def::leaf(
            "set_wakeup_fd(fd, /, *, warn_on_full_buffer=True)",
            |_, _| Ok(Value::int32(-1)),
        ),
        Def::leaf("siginterrupt(signalnum, flag, /)", |_, _| Ok(Value::NONE)),
        Def::leaf("valid_signals()", |vm, _| {
            let all = NUMBERS.iter().map(|&(_, n)| Value::int32(n)).collect();
            let all = crate::builtins::arguments::tuple(vm, all)?;
            vm.set_of(&all).map(Ref::into_value)
        }),
    ],
    types: &[],
    setup: Some(setup),
};

/// The signals of Linux.
const NUMBERS: &[(&str, i32)] = &[
    ("SIGHUP", 1),
    ("SIGINT", 2),
    ("SIGQUIT", 3),
    ("SIGILL", 4),
    ("SIGTRAP", 5),
    ("SIGABRT", 6),
    ("SIGBUS", 7),
    ("SIGFPE", 8),
    ("SIGKILL", 9),
    ("SIGUSR1", 10),
    ("SIGSEGV", 11),
    ("SIGUSR2", 12),
    ("SIGPIPE", 13),
    ("SIGALRM", 14),
    ("SIGTERM", 15),
    ("SIGSTKFLT", 16),
    ("SIGCHLD", 17),
    ("SIGCONT", 18),
    ("SIGSTOP", 19),
    ("SIGTSTP", 20),
    ("SIGTTIN", 21),
    ("SIGTTOU", 22),
    ("SIGURG", 23),
    ("SIGXCPU", 24),
    ("SIGXFSZ", 25),
    ("SIGVTALRM", 26),
    ("SIGPROF", 27),
    ("SIGWINCH", 28),
    ("SIGIO", 29),
    ("SIGPWR", 30),
    ("SIGSYS", 31),
];

const DESCRIPTIONS: &[(i32, &str)] = &[
    (1, "Hangup"),
    (2, "Interrupt"),
    (3, "Quit"),
    (4, "Illegal instruction"),
    (6, "Aborted"),
    (8, "Floating point exception"),
    (9, "Killed"),
    (10, "User defined signal 1"),
    (11, "Segmentation fault"),
    (12, "User defined signal 2"),
    (13, "Broken pipe"),
    (14, "Alarm clock"),
    (15, "Terminated"),
    (17, "Child exited"),
    (18, "Continued"),
];

/// The handlers of a script, by number.
const KEY: &str = "signal.handlers";

fn setup(vm: &mut Vm, module: &Ref<Module>) -> R<()> {
    let namespace = module.namespace.clone();
    let enumeration = vm.import("enum")?;
    let int_enum = vm.get_attr(&enumeration, "IntEnum")?;
    for (class, members) in [
        ("Signals", NUMBERS),
        ("Handlers", &[("SIG_DFL", 0), ("SIG_IGN", 1)][..]),
    ] {
        let dict = Dict::new();
        for (name, number) in members {
            vm.set_name(&dict, name, Value::int32(*number))?;
        }
        let names = crate::builtins::arguments::tuple(vm, vec![string("module")])?;
        let made = vm.call_kw(
            &int_enum,
            &[string(class), dict.value(), string("signal")],
            &names,
        )?;
        for (name, _) in members {
            let member = vm.get_attr(&made, name)?;
            vm.set_name(&namespace, name, member)?;
        }
        vm.set_name(&namespace, class, made)?;
    }
    for (alias, of) in [
        ("SIGIOT", "SIGABRT"),
        ("SIGCLD", "SIGCHLD"),
        ("SIGPOLL", "SIGIO"),
    ] {
        if let Some(value) = namespace.get_name(of) {
            vm.set_name(&namespace, alias, value)?;
        }
    }
    vm.set_name(&namespace, "NSIG", Value::int32(65))
}

fn checked(vm: &mut Vm, number: i32) -> R<()> {
    if (1..65).contains(&number) {
        Ok(())
    } else {
        Err(vm.value_error("signal number out of range"))
    }
}

fn handlers(vm: &mut Vm) -> Ref<Dict> {
    if let Some(dict) = vm.state.get(KEY).and_then(Value::to_ref::<Dict>) {
        return dict;
    }
    let made = Dict::new();
    vm.state.insert(KEY, made.value());
    made
}

/// What `getsignal` gives: the handler, or what stands for the default.
fn handler_of(vm: &mut Vm, number: i32) -> R {
    let known = handlers(vm);
    if let Some(handler) = vm.dict_get(&known, &Value::int32(number))? {
        return Ok(handler);
    }
    let module = vm.import("signal")?;
    match number {
        2 => vm.get_attr(&module, "default_int_handler"),
        13 | 25 => vm.get_attr(&module, "SIG_IGN"),
        _ => vm.get_attr(&module, "SIG_DFL"),
    }
}

fn set_handler(vm: &mut Vm, args: &[Value]) -> R {
    let number = small(vm, &args[0])?;
    checked(vm, number)?;
    let plain = crate::object::int::IntView::of(&args[1]).and_then(|i| i.as_i64());
    if !vm.is_callable(&args[1]) && !matches!(plain, Some(0 | 1)) {
        return Err(vm.type_error(
            "signal handler must be signal.SIG_IGN, signal.SIG_DFL, or a callable object",
        ));
    }
    let before = handler_of(vm, number)?;
    let module = vm.import("signal")?;
    let default_interrupt = vm.get_attr(&module, "default_int_handler")?;
    let done = match plain {
        Some(0) => {
            vm.host.signals.let_go(number);
            Ok(())
        }
        Some(1) => vm.host.signals.ignore(number),
        _ => vm.host.signals.take_over(number, &vm.host.inbox),
    };
    outside(vm, done)?;
    let known = handlers(vm);
    vm.dict_set(&known, &Value::int32(number), args[1].clone())?;
    if number == 2 {
        let handler = if args[1].is(&default_interrupt) || plain.is_some() {
            Value::NONE
        } else {
            args[1].clone()
        };
        vm.state.insert("signal.SIGINT", handler);
    }
    Ok(before)
}

/// Runs the handlers of what has arrived.
pub fn deliver(vm: &mut Vm) -> R<()> {
    let mut events: Vec<Event> = Vec::new();
    let looked = vm.host.look(true, &mut events);
    outside(vm, looked)?;
    vm.handle_events(events)
}
