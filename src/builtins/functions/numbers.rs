//! Built-in functions of numbers, characters and texts.

use crate::builtins::arguments::{int, long_string, string};
use crate::builtins::functions::{at_once, passed_on};
use crate::heap::Value;
use crate::object::int::IntView;
use crate::object::native::{Def, Input, NativeFrame, R, Step};
use crate::object::str::Str;
use crate::vm::Vm;
use crate::vm::ops::BinaryOp;
use crate::vm::special::Special;

/// See the module's text.
pub static FUNCTIONS: &[Def] = &[
    Def::frame("abs(x, /)", 0, abs)
        .at_once(at_once::abs)
        .doc("The number without its sign."),
    Def::frame("round(number, ndigits=None)", 0, round)
        .at_once(at_once::round)
        .doc("The number with so many digits behind the point; halves go to the even one."),
    Def::frame("divmod(x, y, /)", 0, divmod)
        .at_once(at_once::divmod)
        .doc("Quotient and remainder in one go."),
    Def::frame("pow(base, exp, mod=None)", 0, pow)
        .at_once(at_once::pow)
        .doc("Equivalent to base**exp with 2 arguments or base**exp % mod with 3 arguments."),
    Def::leaf("bin(number, /)", bin).doc("The number in base two, as text."),
    Def::leaf("oct(number, /)", oct).doc("The number in base eight, as text."),
    Def::leaf("hex(number, /)", hex).doc("The number in base sixteen, as text."),
    Def::leaf("chr(i, /)", chr).doc("The character of that code point."),
    Def::leaf("ord(c, /)", ord).doc("The code point of a character."),
    Def::frame("repr(obj, /)", 0, repr)
        .at_once(at_once::repr)
        .doc("Text that shows the object to developers."),
    Def::frame("ascii(obj, /)", 0, ascii).doc("As repr(), with escapes for all that is not ASCII."),
    Def::frame("format(value, format_spec='', /)", 0, format)
        .doc("Return type(value).__format__(value, format_spec)."),
];

fn abs(vm: &mut Vm, frame: &mut NativeFrame<'_>, input: Input) -> Step {
    passed_on(vm, frame, input, |vm, regs| {
        if let Some(i) = regs[0].as_small_int() {
            return Step::Return(int(i.abs()));
        }
        if let Some(f) = regs[0].as_inline_float() {
            return Step::Return(crate::object::float::float(f.abs()));
        }
        method_step(
            vm,
            &regs[0],
            Special::Abs,
            "bad operand type for abs(): '",
            "'",
        )
    })
}

/// Calls a special method without arguments, or raises TypeError with the type's name between two texts.
fn method_step(vm: &mut Vm, value: &Value, special: Special, before: &str, after: &str) -> Step {
    match vm.special_of(value, special) {
        Some(method) => vm.call_special(method, value, &[]),
        None => {
            let name = vm.type_name(value);
            Step::Raise(vm.type_error(format!("{before}{name}{after}")))
        }
    }
}

fn round(vm: &mut Vm, frame: &mut NativeFrame<'_>, input: Input) -> Step {
    passed_on(vm, frame, input, |vm, regs| {
        let Some(method) = vm.special_of(&regs[0], Special::Round) else {
            let name = vm.type_name(&regs[0]);
            return Step::Raise(
                vm.type_error(format!("type {name} doesn't define __round__ method")),
            );
        };
        let digits = if regs[1].is_none() {
            &[]
        } else {
            std::slice::from_ref(&regs[1])
        };
        vm.call_special(method, &regs[0], digits)
    })
}

fn divmod(vm: &mut Vm, frame: &mut NativeFrame<'_>, input: Input) -> Step {
    passed_on(vm, frame, input, |vm, regs| {
        vm.binary_step(BinaryOp::DivMod, false, &regs[0], &regs[1])
    })
}

fn pow(vm: &mut Vm, frame: &mut NativeFrame<'_>, input: Input) -> Step {
    match pow_step(vm, frame, input) {
        Step::Return(result) if result.is_not_implemented() => {
            Step::Raise(no_power(vm, frame.regs))
        }
        step => step,
    }
}

/// Nobody knows the power of these operands.
fn no_power(vm: &mut Vm, regs: &[Value]) -> crate::object::native::Raised {
    // The first operand that is no integer speaks for all; a complex number looks at the first two before.
    let are_numbers = |values: &[Value]| {
        let mut values = values.iter();
        values.all(|value| crate::object::complex::number(value).is_some())
    };
    for operand in regs[..3].iter().filter(|_| !regs[2].is_none()) {
        if operand.is_kind::<crate::object::complex::Complex>() {
            if are_numbers(&regs[..2]) {
                return vm.value_error("complex modulo");
            }
            continue;
        }
        if crate::object::float::as_float(operand).is_some() {
            let text = "pow() 3rd argument not allowed unless all arguments are integers";
            return vm.type_error(text);
        }
    }
    let names: Vec<String> = regs[..3]
        .iter()
        .map(|v| format!("'{}'", vm.type_name(v)))
        .collect();
    vm.type_error(format!(
        "unsupported operand type(s) for ** or pow(): {}",
        names.join(", ")
    ))
}

fn pow_step(vm: &mut Vm, frame: &mut NativeFrame<'_>, input: Input) -> Step {
    passed_on(vm, frame, input, |vm, regs| {
        if regs[2].is_none() {
            return vm.binary_step(BinaryOp::Pow, false, &regs[0], &regs[1]);
        }
        if is_plain_int(vm, &regs[0])
            && let (Some(a), Some(b), Some(m)) = (
                IntView::of(&regs[0]),
                IntView::of(&regs[1]),
                IntView::of(&regs[2]),
            )
        {
            let result = crate::object::int_math::pow_mod(a, b, m);
            return vm.lift(result).into();
        }
        pow_of_objects(vm, regs)
    })
}

/// Whether an int has the power of ints: a subclass may have a `__pow__` of its own.
fn is_plain_int(vm: &mut Vm, value: &Value) -> bool {
    value.as_small_int().is_some()
        || vm
            .special_of(value, Special::Pow)
            .is_some_and(|method| crate::vm::types::is_core_method(&method))
}

fn pow_of_objects(vm: &mut Vm, regs: &[Value]) -> Step {
    match vm.special_of(&regs[0], Special::Pow) {
        Some(method) => {
            let args = [regs[1].clone(), regs[2].clone()];
            vm.call_special(method, &regs[0], &args)
        }
        None => Step::Raise(no_power(vm, regs)),
    }
}

/// The digits of an integer with a prefix and, before it, its sign.
fn in_radix(vm: &mut Vm, value: &Value, radix: u32, prefix: &str) -> R {
    let number = vm.index_value(value)?;
    let Some(view) = IntView::of(&number) else {
        return Ok(Value::NONE);
    };
    let text = match view.as_i64() {
        Some(i) => {
            let sign = if i < 0 { "-" } else { "" };
            let digits = match radix {
                2 => format!("{:b}", i.unsigned_abs()),
                8 => format!("{:o}", i.unsigned_abs()),
                _ => format!("{:x}", i.unsigned_abs()),
            };
            format!("{sign}{prefix}{digits}")
        }
        None => {
            let digits = view.into_big().in_radix(radix).to_string();
            match digits.strip_prefix('-') {
                Some(rest) => format!("-{prefix}{rest}"),
                None => format!("{prefix}{digits}"),
            }
        }
    };
    long_string(vm, &text)
}

fn bin(vm: &mut Vm, args: &[Value]) -> R {
    in_radix(vm, &args[0], 2, "0b")
}

fn oct(vm: &mut Vm, args: &[Value]) -> R {
    in_radix(vm, &args[0], 8, "0o")
}

fn hex(vm: &mut Vm, args: &[Value]) -> R {
    in_radix(vm, &args[0], 16, "0x")
}

fn chr(vm: &mut Vm, args: &[Value]) -> R {
    let number = vm.index_value(&args[0])?;
    match IntView::of(&number).and_then(IntView::as_i64) {
        Some(point @ 0..=0x10_FFFF) => Ok(Str::from_point(point as u32).into_value()),
        Some(other) if i32::try_from(other).is_ok() => {
            Err(vm.value_error("chr() arg not in range(0x110000)"))
        }
        _ => Err(vm.value_error("chr() arg not in range(0x110000)")),
    }
}

fn ord(vm: &mut Vm, args: &[Value]) -> R {
    if let Some(text) = args[0].get::<Str>() {
        if text.len() == 1 {
            return Ok(int(i64::from(text.char_at(0).unwrap_or(0))));
        }
        let text = format!(
            "ord() expected a character, but string of length {} found",
            text.len()
        );
        return Err(vm.type_error(text));
    }
    match crate::object::bytes::with_bytes(&args[0], |bytes| (bytes.len(), bytes.first().copied()))
    {
        Some((1, Some(byte))) => Ok(int(i64::from(byte))),
        Some((len, _)) => Err(vm.type_error(format!(
            "ord() expected a character, but string of length {len} found"
        ))),
        None => {
            let name = vm.type_name(&args[0]);
            Err(vm.type_error(format!(
                "ord() expected string of length 1, but {name} found"
            )))
        }
    }
}

fn repr(vm: &mut Vm, frame: &mut NativeFrame<'_>, input: Input) -> Step {
    passed_on(vm, frame, input, |vm, regs| vm.repr_step(&regs[0]))
}

fn ascii(vm: &mut Vm, frame: &mut NativeFrame<'_>, input: Input) -> Step {
    let shown = match input {
        Input::Start => match super::outcome(vm.repr_step(&frame.regs[0])) {
            Ok(value) => value,
            Err(wait) => return wait,
        },
        Input::Value(value) | Input::Yielded(value) => value,
        Input::Raised(raised) => return Step::Raise(raised),
    };
    match shown.get::<Str>() {
        Some(text) if !text.is_ascii() => Step::Return(string(&escaped(text))),
        _ => Step::Return(shown),
    }
}

/// Every character beyond ASCII as an escape.
pub fn escaped(text: &Str) -> String {
    let mut out = String::with_capacity(text.byte_len() * 2);
    for point in text.points() {
        match point {
            0..=0x7F => out.push(point as u8 as char),
            0x80..=0xFF => out.push_str(&format!("\\x{point:02x}")),
            0x100..=0xFFFF => out.push_str(&format!("\\u{point:04x}")),
            _ => out.push_str(&format!("\\U{point:08x}")),
        }
    }
    out
}

fn format(vm: &mut Vm, frame: &mut NativeFrame<'_>, input: Input) -> Step {
    passed_on(vm, frame, input, |vm, regs| {
        if !regs[1].is_kind::<Str>() {
            let name = crate::builtins::arguments::shown_type(vm, &regs[1]);
            return Step::Raise(
                vm.type_error(format!("format() argument 2 must be str, not {name}")),
            );
        }
        vm.format_step(&regs[0], 0, &regs[1])
    })
}

/// The sum of floats as CPython 3.12 and later make it: with a running compensation.
#[derive(Default)]
pub struct CompensatedSum {
    high: f64,
    low: f64,
}

impl CompensatedSum {
    /// A sum that goes on from its two parts.
    pub fn resumed(high: f64, low: f64) -> CompensatedSum {
        CompensatedSum { high, low }
    }

    /// The sum without its compensation, and the compensation.
    pub fn parts(&self) -> (f64, f64) {
        (self.high, self.low)
    }

    /// Adds one more.
    pub fn add(&mut self, x: f64) {
        let total = self.high + x;
        if self.high.abs() >= x.abs() {
            self.low += (self.high - total) + x;
        } else {
            self.low += (x - total) + self.high;
        }
        self.high = total;
    }

    /// Adds an integer, which CPython does not compensate for.
    pub fn add_plainly(&mut self, x: f64) {
        self.high += x;
    }

    /// The sum.
    pub fn total(&self) -> f64 {
        // An infinite or NaN correction would spoil an infinite sum.
        if self.low != 0.0 && self.low.is_finite() {
            self.high + self.low
        } else {
            self.high
        }
    }
}
