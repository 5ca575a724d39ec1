//! `complex`: its table.

use super::adapt::{given, lift};
use super::operators;
use super::str::format::formatted;
use crate::heap::Value;
use crate::object::class::class_flags;
use crate::object::complex::{self, Complex, Parts, complex};
use crate::object::float::float;
use crate::object::format_spec::Subject;
use crate::object::int;
use crate::object::int_text;
use crate::object::kind;
use crate::object::native::{Attribute, Def, R, TypeDef};
use crate::object::str::Str;
use crate::object::tuple::Tuple;
use crate::receiver;
use crate::vm::Vm;
use crate::vm::ops::BinaryOp;
use crate::vm::special::Special;
use crate::vm::types::Known;

/// `complex`
pub static COMPLEX: TypeDef = TypeDef {
    flags: class_flags::BASE,
    doc: "A complex number of two numbers, or of text.",
    new: Some(Def::leaf("__new__(cls, real=<unset>, imag=<unset>)", new)),
    methods: METHODS,
    attributes: ATTRIBUTES,
    ..TypeDef::new("builtins", "complex", kind::COMPLEX)
};

static METHODS: &[Def] = &[
    Def::leaf("conjugate(self, /)", conjugate)
        .doc("The number with the sign of its imaginary part turned."),
    Def::leaf("__abs__(self, /)", operators::abs),
    Def::leaf("__add__(self, value, /)", operators::add),
    Def::leaf("__bool__(self, /)", truth),
    Def::leaf("__complex__(self, /)", plain).doc("The same as a plain complex number."),
    Def::leaf("__eq__(self, value, /)", operators::eq),
    Def::leaf("__format__(self, format_spec, /)", format),
    Def::leaf("__ge__(self, value, /)", unordered),
    Def::leaf("__getnewargs__(self, /)", getnewargs),
    Def::leaf("__gt__(self, value, /)", unordered),
    Def::leaf("__hash__(self, /)", hash),
    Def::leaf("__le__(self, value, /)", unordered),
    Def::leaf("__lt__(self, value, /)", unordered),
    Def::leaf("__mul__(self, value, /)", operators::mul),
    Def::leaf("__ne__(self, value, /)", operators::ne),
    Def::leaf("__neg__(self, /)", operators::neg),
    Def::leaf("__pos__(self, /)", plain),
    Def::leaf("__pow__(self, value, mod=None, /)", pow),
    Def::leaf("__radd__(self, value, /)", operators::radd),
    Def::leaf("__repr__(self, /)", operators::repr),
    Def::leaf("__rmul__(self, value, /)", operators::rmul),
    Def::leaf("__rpow__(self, value, mod=None, /)", rpow),
    Def::leaf("__rsub__(self, value, /)", operators::rsub),
    Def::leaf("__rtruediv__(self, value, /)", operators::rtruediv),
    Def::leaf("__sub__(self, value, /)", operators::sub),
    Def::leaf("__truediv__(self, value, /)", operators::truediv),
];

static ATTRIBUTES: &[Attribute] = &[
    Attribute::get("real", |_, value| Ok(float(parts(value).0))),
    Attribute::get("imag", |_, value| Ok(float(parts(value).1))),
];

fn parts(value: &Value) -> Parts {
    value.get::<Complex>().map_or((0.0, 0.0), Complex::parts)
}

fn new(vm: &mut Vm, args: &[Value]) -> R {
    let shape = vm.shape_for_new(&args[0], &COMPLEX)?;
    let result = parts_for(vm, &args[1], &args[2])?;
    if shape == kind::COMPLEX as u32 {
        return Ok(complex(result));
    }
    Ok(Complex::with_shape(shape, result).into_value())
}

fn parts_for(vm: &mut Vm, real: &Value, imag: &Value) -> R<Parts> {
    if let Some(text) = real.get::<Str>() {
        if given(imag) {
            return Err(vm.type_error("complex() can't take second arg if first is a string"));
        }
        let parsed = int_text::ascii_float(text).and_then(|plain| complex::parse(&plain));
        return match parsed {
            Some(parts) => Ok(parts),
            // Underscores are looked at first, and what is wrong with them is said otherwise.
            None if text.bytes().contains(&b'_') => {
                let shown = vm.repr_text(real)?;
                Err(vm.value_error(format!("could not convert string to complex: {shown}")))
            }
            None => Err(vm.value_error("complex() arg is a malformed string")),
        };
    }
    if imag.is_kind::<Str>() {
        return Err(vm.type_error("complex() second arg can't be a string"));
    }
    let mut first_is_complex = real.is_kind::<Complex>();
    let method = match given(real) {
        true => by_method(vm, real)?,
        false => Some((0.0, 0.0)),
    };
    if method.is_none() && !converts(vm, real) {
        let given = vm.type_name(real);
        return Err(vm.type_error(format!(
            "complex() first argument must be a string or a number, not '{given}'"
        )));
    }
    if given(imag) && !converts(vm, imag) {
        let given = vm.type_name(imag);
        return Err(vm.type_error(format!(
            "complex() second argument must be a number, not '{given}'"
        )));
    }
    let first = match method {
        Some(parts) => {
            first_is_complex |= given(real);
            parts
        }
        None => converted(vm, real)?,
    };
    if !given(imag) {
        return Ok(first);
    }
    let second = converted(vm, imag)?;
    // real + imag * 1j, where each may be complex; what is not keeps the sign of its zeros.
    let re = if imag.is_kind::<Complex>() {
        first.0 - second.1
    } else {
        first.0
    };
    let im = if first_is_complex {
        first.1 + second.0
    } else {
        second.0
    };
    Ok((re, im))
}

/// Whether a complex number can be made of it.
fn converts(vm: &mut Vm, value: &Value) -> bool {
    value.is_kind::<Complex>()
        || vm.special_of(value, Special::Float).is_some()
        || vm.has_index(value)
}

/// A number as `complex()` and `float()` convert it: by its own `__float__`.
fn converted(vm: &mut Vm, value: &Value) -> R<Parts> {
    match value.get::<Complex>() {
        Some(number) => Ok(number.parts()),
        None => vm.float_by_method(value).map(|re| (re, 0.0)),
    }
}

/// What `value.__complex__()` gives; None without one.
pub fn by_method(vm: &mut Vm, value: &Value) -> R<Option<Parts>> {
    if value.is_exact::<Complex>() {
        return Ok(None);
    }
    let Some(method) = vm.special_of(value, Special::Complex) else {
        return Ok(None);
    };
    let step = vm.call_special(method, value, &[]);
    let result = vm.finish(step)?;
    let given = vm.type_name(&result);
    let complaint = format!("__complex__ returned non-complex (type {given})");
    let Some(number) = result.get::<Complex>() else {
        return Err(vm.type_error(complaint));
    };
    if !result.is_exact::<Complex>() {
        vm.warn(
            Known::DeprecationWarning,
            &format!(
                "{complaint}.  The ability to return an instance of a strict subclass of complex \
                 is deprecated, and may be removed in a future version of Python."
            ),
        )?;
    }
    Ok(Some(number.parts()))
}

/// A complex or real number as its parts; `error` begins the message for anything else.
pub fn part(vm: &mut Vm, value: &Value, error: &str) -> R<Parts> {
    if let Some(number) = value.get_exact::<Complex>() {
        return Ok(number.parts());
    }
    if let Some(number) = complex::number(value) {
        return lift(vm, number);
    }
    if vm.special_of(value, Special::Float).is_some() || vm.has_index(value) {
        return vm.float(value).map(|re| (re, 0.0));
    }
    let given = vm.type_name(value);
    Err(vm.type_error(format!("{error}'{given}'")))
}

fn plain(_: &mut Vm, args: &[Value]) -> R {
    Ok(complex(parts(&args[0])))
}

fn conjugate(_: &mut Vm, args: &[Value]) -> R {
    let (re, im) = parts(&args[0]);
    Ok(complex((re, -im)))
}

fn truth(_: &mut Vm, args: &[Value]) -> R {
    Ok(Value::bool(parts(&args[0]) != (0.0, 0.0)))
}

fn unordered(_: &mut Vm, _: &[Value]) -> R {
    Ok(Value::NOT_IMPLEMENTED)
}

fn hash(_: &mut Vm, args: &[Value]) -> R {
    Ok(int::from_i64(complex::hash(parts(&args[0]))))
}

fn getnewargs(_: &mut Vm, args: &[Value]) -> R {
    let (re, im) = parts(&args[0]);
    Ok(Tuple::pair(float(re), float(im)).into_value())
}

fn format(vm: &mut Vm, args: &[Value]) -> R {
    let number = receiver!(vm, args[0], Complex, "complex").parts();
    if args[1].get::<Str>().is_some_and(Str::is_empty) {
        return vm.str(&args[0]).map(Into::into);
    }
    formatted(vm, Subject::Complex(number), &args[0], &args[1])
}

fn pow(vm: &mut Vm, args: &[Value]) -> R {
    if !operators::accepts(&args[0], &args[1]) {
        return Ok(Value::NOT_IMPLEMENTED);
    }
    power(vm, &args[0], &args[1], &args[2])
}

fn rpow(vm: &mut Vm, args: &[Value]) -> R {
    if !operators::accepts(&args[0], &args[1]) {
        return Ok(Value::NOT_IMPLEMENTED);
    }
    power(vm, &args[1], &args[0], &args[2])
}

fn power(vm: &mut Vm, a: &Value, b: &Value, m: &Value) -> R {
    if !m.is_none() {
        return Err(vm.value_error("complex modulo"));
    }
    vm.native_binary(BinaryOp::Pow, a, b)
}
