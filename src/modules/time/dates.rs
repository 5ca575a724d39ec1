//! `_dates`: the arithmetic of `datetime`, in days and microseconds since day 0 of the calendar.

use super::calendar::{civil_from_days, days_from_civil, days_in_month};
use crate::builtins::adapt::c_int;
use crate::builtins::arguments::{int, small};
use crate::heap::Value;
use crate::object::int::IntView;
use crate::object::native::{Def, ModuleDef, R, Raised};
use crate::object::tuple::Tuple;
use crate::vm::Vm;

/// `_dates`
pub static MODULE: ModuleDef = ModuleDef {
    name: "_dates",
    doc: "Days of the proleptic Gregorian calendar, and moments of them.",
    functions: &[
        Def::leaf("part(value, /)", |vm, args| {
            small(vm, &args[0]).map(|part| int(part.into()))
        })
        .doc("A part of a date or time as a plain integer, which has to be a C int."),
        Def::leaf("new_part(value, /)", |vm, args| {
            c_int(vm, &args[0]).map(int)
        })
        .doc("As part(), for one that takes the place of another."),
        Def::leaf("ordinal(year, month, day, /)", |vm, args| {
            let [year, month, day] = words(vm, args)?;
            Ok(int(ordinal(year, month, day)))
        })
        .doc("The number of a day; 1 January of the year 1 is the first."),
        Def::leaf("of_ordinal(number, /)", |vm, args| {
            let [number] = words(vm, args)?;
            let (year, month, day) = civil_from_days(number.saturating_sub(DAYS_BEFORE_1970));
            Ok(Tuple::few([year, month, day].map(int)).into_value())
        })
        .doc("(year, month, day) of such a number."),
        Def::leaf(
            "micros(year, month, day, hour, minute, second, microsecond, /)",
            micros,
        )
        .doc("The microseconds from day 0 to a moment."),
        Def::leaf("of_micros(microseconds, /)", of_micros)
            .doc("The seven parts of a moment; None if it lies in no year from 1 to 9999."),
        Def::leaf(
            "is_moment(year, month, day, hour, minute, second, microsecond, fold, /)",
            is_moment,
        )
        .doc("Whether these are plain integers, each in its range."),
    ],
    types: &[],
    setup: None,
};

/// The number of 31 December 1969.
const DAYS_BEFORE_1970: i64 = 719_163;
const MICROS_OF_DAY: i64 = 86_400_000_000;
/// The number of 31 December 9999.
const LAST_DAY: i64 = 3_652_059;

fn ordinal(year: i64, month: i64, day: i64) -> i64 {
    days_from_civil(year, month, day) + DAYS_BEFORE_1970
}

fn word(value: &Value) -> Option<i64> {
    IntView::of(value).and_then(IntView::as_i64)
}

fn out_of_range(vm: &mut Vm) -> Raised {
    vm.overflow_error("date value out of range")
}

/// Whether the parts of a moment, from the year to the microsecond, are such.
fn is_in_range([year, month, day, hour, minute, second, microsecond]: [i64; 7]) -> bool {
    (1..=9999).contains(&year)
        && (1..=12).contains(&month)
        && (1..=days_in_month(year, month)).contains(&day)
        && (0..24).contains(&hour)
        && (0..60).contains(&minute)
        && (0..60).contains(&second)
        && (0..1_000_000).contains(&microsecond)
}

/// So many words, which `datetime` has held against their ranges.
fn words<const N: usize>(vm: &mut Vm, args: &[Value]) -> R<[i64; N]> {
    let mut words = [0; N];
    for (place, value) in words.iter_mut().zip(args) {
        match word(value).filter(|word| word.unsigned_abs() < 1 << 40) {
            Some(word) => *place = word,
            None => return Err(out_of_range(vm)),
        }
    }
    Ok(words)
}

fn micros(vm: &mut Vm, args: &[Value]) -> R {
    let parts: [i64; 7] = words(vm, args)?;
    if !is_in_range(parts) {
        return Err(out_of_range(vm));
    }
    let [year, month, day, hour, minute, second, microsecond] = parts;
    let seconds = (hour * 60 + minute) * 60 + second;
    Ok(int(ordinal(year, month, day) * MICROS_OF_DAY
        + seconds * 1_000_000
        + microsecond))
}

fn of_micros(_: &mut Vm, args: &[Value]) -> R {
    let Some(micros) = word(&args[0]) else {
        return Ok(Value::NONE);
    };
    let (number, rest) = (
        micros.div_euclid(MICROS_OF_DAY),
        micros.rem_euclid(MICROS_OF_DAY),
    );
    if !(1..=LAST_DAY).contains(&number) {
        return Ok(Value::NONE);
    }
    let (year, month, day) = civil_from_days(number - DAYS_BEFORE_1970);
    let (seconds, microsecond) = (rest / 1_000_000, rest % 1_000_000);
    let parts = [
        year,
        month,
        day,
        seconds / 3600,
        seconds / 60 % 60,
        seconds % 60,
        microsecond,
    ];
    Ok(Tuple::few(parts.map(int)).into_value())
}

fn is_moment(_: &mut Vm, args: &[Value]) -> R {
    let mut parts = [0; 8];
    for (place, value) in parts.iter_mut().zip(args) {
        match value.as_small_int() {
            Some(word) => *place = word,
            None => return Ok(Value::FALSE),
        }
    }
    let [parts @ .., fold] = parts;
    Ok(Value::bool(is_in_range(parts) && (0..2).contains(&fold)))
}
