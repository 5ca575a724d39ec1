//! `time`: clocks, sleeping, broken-down time.

pub mod calendar;
pub mod dates;
pub mod format;

use crate::builtins::arguments::{float, int as integer, number, plain, put, small, string, text};
use crate::heap::{Ref, Value};
use crate::host::Clock;
use crate::modules::struct_sequence::{self, struct_sequence};
use crate::object::int::{self, IntView};
use crate::object::module::Module;
use crate::object::native::{Def, Input, ModuleDef, NativeFrame, R, Step};
use crate::object::tuple::Tuple;
use crate::vm::Vm;
use calendar::{Broken, DAYS, MONTHS};
use format::Extra;

/// `time`
pub static MODULE: ModuleDef = ModuleDef {
    name: "time",
    doc: "Clocks, and times as people write them.",
    functions: FUNCTIONS,
    types: &[&STRUCT_TIME],
    setup: Some(setup),
};

struct_sequence! {
    /// `time.struct_time`
    pub static STRUCT_TIME = "time" "struct_time"
        new(Some(Def::leaf("__new__(cls, sequence, dict=None, /)", |vm, args| {
            struct_sequence::from_sequence(vm, args, 9, &["tm_zone", "tm_gmtoff"])
        }))) [
        0 "tm_year",
        1 "tm_mon",
        2 "tm_mday",
        3 "tm_hour",
        4 "tm_min",
        5 "tm_sec",
        6 "tm_wday",
        7 "tm_yday",
        8 "tm_isdst",
    ]
}

/// All types of this module.
pub static TYPES: &[&crate::object::native::TypeDef] = &[&STRUCT_TIME];

static FUNCTIONS: &[Def] = &[
    Def::leaf("time()", |vm, _| {
        Ok(seconds(i128::from(vm.host.clock.wall_ns())))
    })
    .doc("Return the current time in seconds since the Epoch."),
    Def::leaf("time_ns()", |vm, _| {
        Ok(int::from_i128(i128::from(vm.host.clock.wall_ns())))
    }),
    Def::leaf("monotonic()", |vm, _| {
        Ok(seconds(i128::from(vm.host.clock.monotonic_ns())))
    })
    .doc("A clock that is never set back."),
    Def::leaf("monotonic_ns()", |vm, _| {
        Ok(int::from_i128(i128::from(vm.host.clock.monotonic_ns())))
    }),
    Def::leaf("perf_counter()", |vm, _| {
        Ok(seconds(i128::from(vm.host.clock.monotonic_ns())))
    })
    .doc("Performance counter for benchmarking."),
    Def::leaf("perf_counter_ns()", |vm, _| {
        Ok(int::from_i128(i128::from(vm.host.clock.monotonic_ns())))
    }),
    Def::leaf("process_time()", |vm, _| {
        Ok(seconds(i128::from(vm.host.clock.process_ns())))
    })
    .doc("The time that the process has used of the processors."),
    Def::leaf("process_time_ns()", |vm, _| {
        Ok(int::from_i128(i128::from(vm.host.clock.process_ns())))
    }),
    Def::leaf("thread_time()", |vm, _| {
        Ok(seconds(i128::from(vm.host.clock.thread_ns())))
    }),
    Def::leaf("thread_time_ns()", |vm, _| {
        Ok(int::from_i128(i128::from(vm.host.clock.thread_ns())))
    }),
    Def::leaf("clock_gettime(clk_id, /)", |vm, args| {
        numbered(vm, &args[0], <dyn Clock>::numbered_ns).map(|ns| seconds(i128::from(ns)))
    })
    .doc("Return the time of the specified clock clk_id as a float."),
    Def::leaf("clock_gettime_ns(clk_id, /)", |vm, args| {
        numbered(vm, &args[0], <dyn Clock>::numbered_ns).map(|ns| int::from_i128(i128::from(ns)))
    })
    .doc("Return the time of the specified clock clk_id as nanoseconds (int)."),
    Def::leaf("clock_getres(clk_id, /)", |vm, args| {
        numbered(vm, &args[0], <dyn Clock>::numbered_step_ns).map(|ns| seconds(i128::from(ns)))
    })
    .doc("Return the resolution of the specified clock clk_id."),
    Def::frame("sleep(seconds, /)", 0, sleep).doc("Delay execution for a given number of seconds."),
    Def::leaf("gmtime(seconds=None, /)", gmtime),
    Def::leaf("localtime(seconds=None, /)", localtime),
    Def::leaf("mktime(time_tuple, /)", mktime),
    Def::leaf("ctime(seconds=None, /)", ctime),
    Def::leaf("asctime(time_tuple=<unset>, /)", asctime),
    Def::leaf("strftime(format, time_tuple=<unset>, /)", strftime),
    Def::frame(
        "strptime(string, format='%a %b %d %H:%M:%S %Y', /)",
        0,
        strptime,
    ),
    Def::leaf("get_clock_info(name, /)", get_clock_info),
    Def::leaf("tzset()", tzset),
];

/// The system's clocks.
const CLOCKS: &[(&str, i64)] = &[
    ("CLOCK_REALTIME", 0),
    ("CLOCK_MONOTONIC", 1),
    ("CLOCK_PROCESS_CPUTIME_ID", 2),
    ("CLOCK_THREAD_CPUTIME_ID", 3),
    ("CLOCK_MONOTONIC_RAW", 4),
    ("CLOCK_BOOTTIME", 7),
    ("CLOCK_TAI", 11),
];

/// Something about the clock with a number.
fn numbered(
    vm: &mut Vm,
    number: &Value,
    ask: fn(&(dyn Clock + 'static), i32) -> Option<i64>,
) -> R<i64> {
    let number = small(vm, number)?;
    match ask(&*vm.host.clock, number) {
        Some(found) => Ok(found),
        None => Err(vm.os_error(22, Value::UNDEF)),
    }
}

fn setup(vm: &mut Vm, module: &Ref<Module>) -> R<()> {
    for (name, number) in CLOCKS {
        put(vm, &module.namespace, name, integer(*number))?;
    }
    put(vm, &module.namespace, "_STRUCT_TM_ITEMS", integer(11))?;
    put_zone(vm, module)
}

/// `timezone`, `altzone`, `daylight`, `tzname`.
fn put_zone(vm: &mut Vm, module: &Ref<Module>) -> R<()> {
    let (standard, summer) = zone_kinds(vm);
    let namespace = module.namespace.clone();
    put(vm, &namespace, "timezone", integer(-standard.0))?;
    put(vm, &namespace, "altzone", integer(-summer.0))?;
    put(
        vm,
        &namespace,
        "daylight",
        integer(i64::from(standard.0 != summer.0)),
    )?;
    let names = crate::builtins::arguments::pair(string(&standard.1), string(&summer.1));
    put(vm, &namespace, "tzname", names)
}

/// Offset and name of standard time and of summer time, as they are this year.
pub fn zone_kinds(vm: &Vm) -> ((i64, String), (i64, String)) {
    let now = vm.host.clock.wall_ns() / 1_000_000_000;
    let year = calendar::civil_from_days(now.div_euclid(86_400)).0;
    let zone = vm.host.zone();
    let at = |month| {
        let moment = calendar::days_from_civil(year, month, 1) * 86_400;
        let kind = zone.at(moment);
        (kind.is_dst, (i64::from(kind.offset), kind.name.clone()))
    };
    let (january, july) = (at(1), at(7));
    if january.0 {
        (july.1, january.1)
    } else {
        (january.1, july.1)
    }
}

fn tzset(vm: &mut Vm, _: &[Value]) -> R {
    vm.host.forget_zone();
    if let Some(module) = vm
        .modules
        .get_name("time")
        .and_then(|m| m.to_ref::<Module>())
    {
        put_zone(vm, &module)?;
    }
    Ok(Value::NONE)
}

/// Nanoseconds as a float of seconds.
fn seconds(ns: i128) -> Value {
    float(ns as f64 / 1e9)
}

/// A duration argument in seconds: a number that is no NaN.
pub fn duration(vm: &mut Vm, value: &Value) -> R<f64> {
    if !value.is_small_int()
        && crate::object::float::as_float(value).is_none()
        && IntView::of(value).is_none()
    {
        let index = vm
            .special_of(value, crate::vm::special::Special::Index)
            .is_some();
        let real = vm
            .special_of(value, crate::vm::special::Special::Float)
            .is_some();
        if !index && !real {
            let name = vm.type_name(value);
            return Err(vm.type_error(format!(
                "'{name}' object cannot be interpreted as an integer"
            )));
        }
    }
    let seconds = number(vm, value)?;
    if seconds.is_nan() {
        return Err(vm.value_error("Invalid value NaN (not a number)"));
    }
    Ok(seconds)
}

/// Parks the fiber; the others, and their loops, go on.
fn sleep(vm: &mut Vm, frame: &mut NativeFrame<'_>, input: Input) -> Step {
    match input {
        Input::Start => {
            let seconds = match duration(vm, &frame.regs[0]) {
                Ok(seconds) => seconds,
                Err(raised) => return Step::Raise(raised),
            };
            if seconds < 0.0 {
                return Step::Raise(vm.value_error("sleep length must be non-negative"));
            }
            if seconds > 9_223_372_036.0 {
                return Step::Raise(
                    vm.overflow_error("timestamp too large to convert to C PyTime_t"),
                );
            }
            let deadline = vm.host.clock.monotonic() + seconds;
            vm.park(Some(deadline), false);
            Step::Park
        }
        Input::Value(_) | Input::Yielded(_) => Step::Return(Value::NONE),
        Input::Raised(raised) => Step::Raise(raised),
    }
}

/// The moment of an optional argument, in whole seconds.
fn moment(vm: &mut Vm, value: &Value) -> R<i64> {
    if value.is_none() {
        return Ok(vm.host.clock.wall_ns() / 1_000_000_000);
    }
    let out_of_range =
        |vm: &mut Vm| vm.overflow_error("timestamp out of range for platform time_t");
    if let Some(f) = crate::object::float::as_float(value) {
        if f.is_nan() {
            return Err(vm.value_error("Invalid value NaN (not a number)"));
        }
        if f.abs() > 9.2e18 {
            return Err(out_of_range(vm));
        }
        return Ok(f.floor() as i64);
    }
    let number = vm.index_value(value)?;
    match IntView::of(&number).and_then(IntView::as_i64) {
        Some(moment) if moment.abs() < 60_000_000_000_000_000 => Ok(moment),
        Some(_) => Err(vm.os_error(75, Value::UNDEF)),
        None => Err(out_of_range(vm)),
    }
}

/// The object of a broken-down time.
pub fn struct_time(vm: &mut Vm, t: &Broken, zone: Value, offset: Value) -> R {
    let fields = [
        t.year, t.month, t.day, t.hour, t.minute, t.second, t.weekday, t.yearday, t.dst,
    ];
    let value = struct_sequence::make(vm, &STRUCT_TIME, &fields.map(integer))?;
    struct_sequence::set_hidden(vm, &value, "tm_zone", zone)?;
    struct_sequence::set_hidden(vm, &value, "tm_gmtoff", offset)?;
    Ok(value)
}

fn gmtime(vm: &mut Vm, args: &[Value]) -> R {
    let moment = moment(vm, &args[0])?;
    struct_time(
        vm,
        &Broken::of_moment(moment, 0, 0),
        string("GMT"),
        Value::int32(0),
    )
}

fn local(vm: &Vm, moment: i64) -> (Broken, String, i64) {
    let kind = vm.host.zone().at(moment);
    let offset = i64::from(kind.offset);
    (
        Broken::of_moment(moment, offset, i64::from(kind.is_dst)),
        kind.name.clone(),
        offset,
    )
}

fn localtime(vm: &mut Vm, args: &[Value]) -> R {
    let moment = moment(vm, &args[0])?;
    let (t, name, offset) = local(vm, moment);
    struct_time(vm, &t, string(&name), integer(offset))
}

/// The broken-down time of a tuple of nine.
fn broken(vm: &mut Vm, value: &Value, who: &str) -> R<Broken> {
    let Some(tuple) = value.get::<Tuple>() else {
        return Err(vm.type_error("Tuple or struct_time argument required"));
    };
    let items = tuple.items().to_vec();
    if items.len() != 9 {
        return Err(vm.type_error(format!("{who}(): illegal time tuple argument")));
    }
    let mut fields = [0; 9];
    for (field, item) in fields.iter_mut().zip(&items) {
        *field = i64::from(small(vm, item)?);
    }
    if fields[0] < i64::from(i32::MIN) + 1900 {
        return Err(vm.overflow_error("year out of range"));
    }
    let [
        year,
        month,
        day,
        hour,
        minute,
        second,
        weekday,
        yearday,
        dst,
    ] = fields;
    Ok(Broken {
        year,
        month,
        day,
        hour,
        minute,
        second,
        weekday,
        yearday,
        dst,
    })
}

/// Checks the fields for `strftime` and `asctime`; zeros mean the first.
fn checked(vm: &mut Vm, mut t: Broken) -> R<Broken> {
    t.month = t.month.max(i64::from(t.month == 0));
    t.day = t.day.max(i64::from(t.day == 0));
    t.yearday = t.yearday.max(i64::from(t.yearday == 0));
    let bad = if !(1..=12).contains(&t.month) {
        "month out of range"
    } else if !(1..=31).contains(&t.day) {
        "day of month out of range"
    } else if !(0..=23).contains(&t.hour) {
        "hour out of range"
    } else if !(0..=59).contains(&t.minute) {
        "minute out of range"
    } else if !(0..=61).contains(&t.second) {
        "seconds out of range"
    } else if t.weekday < -1 {
        "day of week out of range"
    } else if !(1..=366).contains(&t.yearday) {
        "day of year out of range"
    } else {
        t.weekday = t.weekday.rem_euclid(7);
        return Ok(t);
    };
    Err(vm.value_error(bad))
}

fn mktime(vm: &mut Vm, args: &[Value]) -> R {
    let t = broken(vm, &args[0], "mktime")?;
    let dst = if t.dst < 0 { None } else { Some(t.dst > 0) };
    Ok(float(vm.host.zone().moment(t.seconds(), dst) as f64))
}

fn shown(t: &Broken) -> String {
    format!(
        "{} {} {:2} {:02}:{:02}:{:02} {}",
        &DAYS[t.weekday as usize][..3],
        &MONTHS[(t.month - 1) as usize][..3],
        t.day,
        t.hour,
        t.minute,
        t.second,
        t.year
    )
}

fn ctime(vm: &mut Vm, args: &[Value]) -> R {
    let moment = moment(vm, &args[0])?;
    Ok(string(&shown(&local(vm, moment).0)))
}

fn asctime(vm: &mut Vm, args: &[Value]) -> R {
    let t = time_argument(vm, &args[0], "asctime")?;
    let t = checked(vm, t)?;
    Ok(string(&shown(&t)))
}

fn time_argument(vm: &mut Vm, value: &Value, who: &str) -> R<Broken> {
    if value.is_undef() {
        let now = vm.host.clock.wall_ns() / 1_000_000_000;
        return Ok(local(vm, now).0);
    }
    broken(vm, value, who)
}

fn strftime(vm: &mut Vm, args: &[Value]) -> R {
    let format = text(vm, &args[0], "strftime() argument 1")?.into_owned();
    if format.contains('\0') {
        return Err(vm.value_error("embedded null character"));
    }
    let t = time_argument(vm, &args[1], "strftime")?;
    let t = checked(vm, t)?;
    let dst = if t.dst < 0 { None } else { Some(t.dst > 0) };
    let moment = vm.host.zone().moment(t.seconds(), dst);
    let kind = vm.host.zone().at(moment);
    let (mut zone, mut offset) = (kind.name.clone(), i64::from(kind.offset));
    // A struct_time knows its zone.
    if args[1].is_kind::<Tuple>() && !args[1].is_exact::<Tuple>() {
        let (name, gmtoff) = (
            struct_sequence::hidden(vm, &args[1], "tm_zone")?,
            struct_sequence::hidden(vm, &args[1], "tm_gmtoff")?,
        );
        if let Some(known) = gmtoff.as_small_int() {
            offset = known;
            zone = plain(&name);
        }
    }
    let sign = if offset < 0 { '-' } else { '+' };
    let size = offset.abs();
    let (hours, minutes) = (size / 3600, size / 60 % 60);
    let plain_offset = format!("{sign}{hours:02}{minutes:02}");
    let colon = format!("{sign}{hours:02}:{minutes:02}");
    let extra = Extra {
        microsecond: None,
        offset: Some(&plain_offset),
        colon_offset: Some(&colon),
        zone: &zone,
        moment,
    };
    vm.check_room(format.len() * 4)?;
    let written = format::strftime(&format, &t, &extra);
    vm.tick(0)?;
    Ok(string(&written))
}

/// `strptime` is written in the language, in a module that `datetime` shares.
fn strptime(vm: &mut Vm, frame: &mut NativeFrame<'_>, input: Input) -> Step {
    match input {
        Input::Start => {
            match crate::modules::asyncio::script::import_attr(vm, "_strptime", "_strptime_time") {
                Ok(function) => Step::TailCall(function, frame.regs[..2].iter().cloned().collect()),
                Err(raised) => Step::Raise(raised),
            }
        }
        Input::Raised(raised) => Step::Raise(raised),
        Input::Value(value) | Input::Yielded(value) => Step::Return(value),
    }
}

fn get_clock_info(vm: &mut Vm, args: &[Value]) -> R {
    let name = text(vm, &args[0], "get_clock_info() argument 1")?.into_owned();
    let (implementation, monotonic, adjustable) = match name.as_str() {
        "time" => ("clock_gettime(CLOCK_REALTIME)", false, true),
        "monotonic" | "perf_counter" => ("clock_gettime(CLOCK_MONOTONIC)", true, false),
        "process_time" => ("clock_gettime(CLOCK_PROCESS_CPUTIME_ID)", true, false),
        "thread_time" => ("clock_gettime(CLOCK_THREAD_CPUTIME_ID)", true, false),
        _ => return Err(vm.value_error("unknown clock")),
    };
    let attributes = [
        ("implementation", string(implementation)),
        ("monotonic", Value::bool(monotonic)),
        ("adjustable", Value::bool(adjustable)),
        ("resolution", float(1e-9)),
    ];
    crate::modules::namespace::make(vm, &attributes)
}
