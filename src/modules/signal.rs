//! `signal`: handlers, which run between two instructions.

use crate::builtins::arguments::{float, int, outside, pair, small, string};
use crate::heap::{Ref, Value};
use crate::host::Event;
use crate::object::class::class_flags;
use crate::object::dict::Dict;
use crate::object::kind;
use crate::object::module::Module;
use crate::object::native::{Def, Input, ModuleDef, NativeFrame, R, Raised, Step, TypeDef};
use crate::vm::Vm;

/// `signal`
pub static MODULE: ModuleDef = ModuleDef {
    name: "signal",
    doc: "This module provides mechanisms to use signal handlers in Python.",
    functions: &[
        Def::leaf("signal(signalnum, handler, /)", set_handler)
            .doc("Says what is to be done about a signal."),
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
        Def::leaf("alarm(seconds, /)", alarm)
            .doc("Arrange for SIGALRM to arrive after the given number of seconds."),
        Def::leaf("setitimer(which, seconds, interval=0.0, /)", set_timer)
            .doc("Sets given itimer (one of ITIMER_REAL, ITIMER_VIRTUAL or ITIMER_PROF)."),
        Def::leaf("getitimer(which, /)", |vm, args| {
            check_timer(vm, &args[0])?;
            Ok(timer_value(vm.host.alarm.left()))
        })
        .doc("Returns current value of given itimer."),
        Def::frame("pause()", 1, pause).doc("Wait until a signal arrives."),
        Def::leaf(
            "set_wakeup_fd(fd, /, *, warn_on_full_buffer=True)",
            set_wakeup,
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

/// All types of this module.
pub static TYPES: &[&TypeDef] = &[&ITIMER_ERROR];

/// `signal.itimer_error`
pub static ITIMER_ERROR: TypeDef = TypeDef {
    base: Some(&crate::builtins::exceptions::OS_ERROR),
    flags: class_flags::BASE | class_flags::HAS_DICT,
    ..TypeDef::new("signal", "itimer_error", kind::EXCEPTION)
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

/// The one timer: that of real time.
const ITIMER_REAL: i32 = 0;

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

/// Where the VM keeps the file to write to.
const WAKEUP: &str = "signal.wakeup";

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
    let error = vm.class_of_def(&ITIMER_ERROR).into_value();
    vm.set_name(&namespace, "ItimerError", error)?;
    vm.set_name(&namespace, "ITIMER_REAL", Value::int32(ITIMER_REAL))?;
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

/// Handlers are the main thread's affair.
fn check_thread(vm: &mut Vm, what: &str) -> R<()> {
    let running = vm.current_fiber();
    if vm
        .main_fiber
        .as_ref()
        .is_some_and(|main| !main.is(&running))
    {
        return Err(vm.value_error(format!(
            "{what} only works in main thread of the main interpreter"
        )));
    }
    Ok(())
}

/// From now on the number of a signal that comes is written to a file, as a byte; -1 ends that.
fn set_wakeup(vm: &mut Vm, args: &[Value]) -> R {
    let fd = small(vm, &args[0])?;
    check_thread(vm, "set_wakeup_fd")?;
    if fd != -1 {
        let file = vm.host.descriptors.get(fd);
        let file = outside(vm, file)?;
        if !file.is_nonblocking().unwrap_or(true) {
            return Err(vm.value_error(format!("the fd {fd} must be in non-blocking mode")));
        }
    }
    vm.tell_signal = Some(tell_wakeup);
    let before = vm.state.insert(WAKEUP, Value::int32(fd));
    Ok(before.unwrap_or(Value::int32(-1)))
}

/// Writes a signal's number to the file that `set_wakeup_fd` named.
fn tell_wakeup(vm: &mut Vm, number: i32) {
    let fd = vm.state.get(WAKEUP).and_then(Value::as_small_int);
    let Some(fd) = fd
        .and_then(|fd| i32::try_from(fd).ok())
        .filter(|fd| *fd >= 0)
    else {
        return;
    };
    if let Ok(file) = vm.host.descriptors.get(fd) {
        // Full is full: whoever reads knows already that something came.
        let _ = file.write(&[number as u8]);
    }
}

fn set_handler(vm: &mut Vm, args: &[Value]) -> R {
    let number = small(vm, &args[0])?;
    check_thread(vm, "signal")?;
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
        // What the program does of itself at SIGQUIT is to tell of its tasks.
        Some(0) if number == 3 && vm.tell_standing.is_some() => {
            vm.host.signals.take_over(number, &vm.host.inbox)
        }
        Some(0) => vm.host.signals.let_go(number),
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
        vm.state.remove(crate::modules::asyncio::turns::OWN_SIGINT);
    }
    Ok(before)
}

/// Seconds of a timer, which are not negative and not more than the system takes.
fn timer_seconds(vm: &mut Vm, value: &Value) -> R<f64> {
    let seconds = crate::modules::time::duration(vm, value)?;
    if seconds < 0.0 {
        return Err(timer_error(vm));
    }
    Ok(seconds.min(1e9))
}

/// A timer that cannot be set.
fn timer_error(vm: &mut Vm) -> Raised {
    let class = vm.class_of_def(&ITIMER_ERROR).into_value();
    let args = [Value::int32(22), string("Invalid argument")];
    vm.call(&class, &args).map_or_else(|raised| raised, Raised)
}

fn check_timer(vm: &mut Vm, which: &Value) -> R<()> {
    match small(vm, which)? {
        ITIMER_REAL => Ok(()),
        _ => Err(timer_error(vm)),
    }
}

fn timer_value((left, interval): (f64, f64)) -> Value {
    pair(float(left), float(interval))
}

/// Arguments: which, seconds, interval.
fn set_timer(vm: &mut Vm, args: &[Value]) -> R {
    check_timer(vm, &args[0])?;
    let (after, interval) = (timer_seconds(vm, &args[1])?, timer_seconds(vm, &args[2])?);
    let before = vm.host.set_alarm(after, interval);
    outside(vm, before).map(timer_value)
}

fn alarm(vm: &mut Vm, args: &[Value]) -> R {
    let seconds = small(vm, &args[0])?.max(0);
    let before = vm.host.set_alarm(f64::from(seconds), 0.0);
    let (left, _) = outside(vm, before)?;
    Ok(Value::int32(left.ceil() as i32))
}

/// The register holds how many signals were handled at the start.
fn pause(vm: &mut Vm, frame: &mut NativeFrame<'_>, input: Input) -> Step {
    let handled = vm.signals_handled as i64;
    match input {
        Input::Raised(raised) => return Step::Raise(raised),
        Input::Start => frame.regs[0] = int(handled),
        _ if frame.regs[0].as_small_int() != Some(handled) => return Step::Return(Value::NONE),
        _ => {}
    }
    vm.park(None, true);
    Step::Park
}

/// Does what would be done if a signal had come, but for its default.
pub fn simulate(vm: &mut Vm, number: i32) -> R<()> {
    checked(vm, number)?;
    let known = handlers(vm);
    let handler = vm.dict_get(&known, &Value::int32(number))?;
    let ignored = match &handler {
        Some(handler) => !vm.is_callable(handler),
        // A loop may want it all the same.
        None => number != 2,
    };
    if ignored {
        return Ok(());
    }
    vm.hand_out_all(vec![Event::Signal(number)])
}

/// Runs the handlers of what has arrived.
pub fn deliver(vm: &mut Vm) -> R<()> {
    let mut events: Vec<Event> = Vec::new();
    let looked = vm.host.look(true, &mut events);
    outside(vm, looked)?;
    vm.handle_events(events)
}
