//! `float`: its table.

use super::adapt::{given, lift, made};
use super::operators;
use super::str::format::formatted;
use crate::heap::Value;
use crate::object::class::class_flags;
use crate::object::float::{self, Float, float};
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

/// `float`
pub static FLOAT: TypeDef = TypeDef {
    at_once: Some(crate::builtins::functions::at_once::float_),
    flags: class_flags::BASE | class_flags::MATCH_SELF,
    doc: "A float of a number or of text.",
    new: Some(Def::leaf("__new__(cls, x=<unset>, /)", new)),
    methods: METHODS,
    attributes: ATTRIBUTES,
    ..TypeDef::new("builtins", "float", kind::FLOAT)
};

static METHODS: &[Def] = &[
    Def::leaf("as_integer_ratio(self, /)", as_integer_ratio)
        .doc("The fraction that the float is, as two integers in lowest terms."),
    Def::leaf("conjugate(self, /)", plain).doc("The float itself."),
    Def::leaf("fromhex(cls, string, /)", fromhex)
        .class()
        .doc("The float that hexadecimal text stands for."),
    Def::leaf("hex(self, /)", hex).doc("The float in hexadecimal, without any loss."),
    Def::leaf("is_integer(self, /)", is_integer).doc("Whether nothing follows the point."),
    Def::leaf("__abs__(self, /)", operators::abs),
    Def::leaf("__add__(self, value, /)", operators::add),
    Def::leaf("__bool__(self, /)", truth),
    Def::leaf("__ceil__(self, /)", ceil),
    Def::leaf("__divmod__(self, value, /)", operators::divmod),
    Def::leaf("__eq__(self, value, /)", operators::eq),
    Def::leaf("__float__(self, /)", plain),
    Def::leaf("__floor__(self, /)", floor),
    Def::leaf("__floordiv__(self, value, /)", operators::floordiv),
    Def::leaf("__format__(self, format_spec, /)", format),
    Def::leaf("__ge__(self, value, /)", operators::ge),
    Def::leaf("__getformat__(cls, typestr, /)", getformat).class(),
    Def::leaf("__getnewargs__(self, /)", getnewargs),
    Def::leaf("__gt__(self, value, /)", operators::gt),
    Def::leaf("__hash__(self, /)", hash),
    Def::leaf("__int__(self, /)", trunc),
    Def::leaf("__le__(self, value, /)", operators::le),
    Def::leaf("__lt__(self, value, /)", operators::lt),
    Def::leaf("__mod__(self, value, /)", operators::modulo),
    Def::leaf("__mul__(self, value, /)", operators::mul),
    Def::leaf("__ne__(self, value, /)", operators::ne),
    Def::leaf("__neg__(self, /)", operators::neg),
    Def::leaf("__pos__(self, /)", plain),
    Def::leaf("__pow__(self, value, mod=None, /)", pow),
    Def::leaf("__radd__(self, value, /)", operators::radd),
    Def::leaf("__rdivmod__(self, value, /)", operators::rdivmod),
    Def::leaf("__repr__(self, /)", operators::repr),
    Def::leaf("__rfloordiv__(self, value, /)", operators::rfloordiv),
    Def::leaf("__rmod__(self, value, /)", operators::rmod),
    Def::leaf("__rmul__(self, value, /)", operators::rmul),
    Def::leaf("__round__(self, ndigits=None, /)", round),
    Def::leaf("__rpow__(self, value, mod=None, /)", rpow),
    Def::leaf("__rsub__(self, value, /)", operators::rsub),
    Def::leaf("__rtruediv__(self, value, /)", operators::rtruediv),
    Def::leaf("__sub__(self, value, /)", operators::sub),
    Def::leaf("__truediv__(self, value, /)", operators::truediv),
    Def::leaf("__trunc__(self, /)", trunc),
];

static ATTRIBUTES: &[Attribute] = &[
    Attribute::get("real", |vm, value| plain(vm, std::slice::from_ref(value))),
    Attribute::get("imag", |_, _| Ok(float(0.0))),
];

fn number(value: &Value) -> f64 {
    float::as_float(value).unwrap_or(0.0)
}

fn plain(_: &mut Vm, args: &[Value]) -> R {
    Ok(float(number(&args[0])))
}

fn new(vm: &mut Vm, args: &[Value]) -> R {
    let shape = vm.shape_for_new(&args[0], &FLOAT)?;
    let f = if given(&args[1]) {
        float_of_value(vm, &args[1])?
    } else {
        0.0
    };
    if shape == kind::FLOAT as u32 {
        return Ok(float(f));
    }
    Ok(Float::with_shape(shape, f).into_value())
}

/// `float(text)`
pub fn float_of_text(vm: &mut Vm, value: &Value) -> R<f64> {
    let text = receiver!(vm, value, Str, "str");
    let parsed = int_text::ascii_float(text).and_then(|plain| float::parse(&plain));
    match parsed {
        Some(f) => Ok(f),
        None => {
            // A subclass may have a `__repr__` of its own.
            let shown = vm.repr(value)?;
            Err(vm.value_error(format!(
                "could not convert string to float: {}",
                shown.to_text()
            )))
        }
    }
}

/// `float(value)`
fn float_of_value(vm: &mut Vm, value: &Value) -> R<f64> {
    if let Some(f) = value.as_inline_float() {
        return Ok(f);
    }
    if value.is_exact::<Str>() {
        return float_of_text(vm, value);
    }
    // A subclass of float or str may have a `__float__` of its own.
    if vm.special_of(value, Special::Float).is_some() {
        return vm.float_by_method(value);
    }
    if vm.special_of(value, Special::Index).is_some() {
        return vm.float(value);
    }
    if value.is_kind::<Str>() {
        return float_of_text(vm, value);
    }
    if let Some(data) = super::bytes::buffer_of(vm, value) {
        let text = std::str::from_utf8(&data)
            .ok()
            .map(|s| s.trim_matches(|c: char| c.is_ascii_whitespace() || c == '\x0b'));
        return match text.and_then(float::parse) {
            Some(f) => Ok(f),
            None => {
                let shown = vm.repr(value)?;
                Err(vm.value_error(format!(
                    "could not convert string to float: {}",
                    shown.to_text()
                )))
            }
        };
    }
    let given = vm.type_name(value);
    Err(vm.type_error(format!(
        "float() argument must be a string or a real number, not '{given}'"
    )))
}

fn as_integer_ratio(vm: &mut Vm, args: &[Value]) -> R {
    let ratio = float::as_integer_ratio(number(&args[0]));
    let (n, d) = lift(vm, ratio)?;
    Ok(Tuple::pair(n, d).into_value())
}

fn fromhex(vm: &mut Vm, args: &[Value]) -> R {
    let Some(text) = args[1].get::<Str>() else {
        return Err(vm.type_error("bad argument type for built-in operation"));
    };
    let parsed = float::from_hex(&text.to_text());
    let result = float(lift(vm, parsed)?);
    let class = vm.class_of_def(&FLOAT);
    if args[0].is(class.as_value()) {
        return Ok(result);
    }
    vm.call(&args[0], &[result])
}

fn hex(vm: &mut Vm, args: &[Value]) -> R {
    super::adapt::string(vm, &float::hex(number(&args[0])))
}

fn is_integer(_: &mut Vm, args: &[Value]) -> R {
    let f = number(&args[0]);
    Ok(Value::bool(f.is_finite() && f.fract() == 0.0))
}

fn truth(_: &mut Vm, args: &[Value]) -> R {
    Ok(Value::bool(number(&args[0]) != 0.0))
}

fn whole(vm: &mut Vm, f: f64) -> R {
    let result = int::from_f64(f);
    made(vm, result)
}

fn ceil(vm: &mut Vm, args: &[Value]) -> R {
    whole(vm, number(&args[0]).ceil())
}

fn floor(vm: &mut Vm, args: &[Value]) -> R {
    whole(vm, number(&args[0]).floor())
}

fn trunc(vm: &mut Vm, args: &[Value]) -> R {
    whole(vm, number(&args[0]))
}

fn round(vm: &mut Vm, args: &[Value]) -> R {
    let f = number(&args[0]);
    if args[1].is_none() {
        let rounded = float::round_to_int(f);
        return made(vm, rounded);
    }
    let digits = vm.index_clamped(&args[1])?;
    let rounded = float::round_to_digits(f, digits);
    lift(vm, rounded).map(float)
}

fn format(vm: &mut Vm, args: &[Value]) -> R {
    if args[1].get::<Str>().is_some_and(Str::is_empty) {
        return vm.str(&args[0]).map(Into::into);
    }
    formatted(vm, Subject::Float(number(&args[0])), &args[0], &args[1])
}

fn getformat(vm: &mut Vm, args: &[Value]) -> R {
    match args[1].get::<Str>() {
        Some(text) if text.is_text("double") || text.is_text("float") => {
            Ok(Str::new("IEEE, little-endian").into_value())
        }
        Some(text) if text.has_surrogates() => Err(vm.surrogates_error(text)),
        Some(text) if text.bytes().contains(&0) => Err(vm.value_error("embedded null character")),
        Some(_) => Err(vm.value_error("__getformat__() argument 1 must be 'double' or 'float'")),
        None => {
            let given = super::adapt::shown_type(vm, &args[1]);
            Err(vm.type_error(format!("__getformat__() argument must be str, not {given}")))
        }
    }
}

fn getnewargs(vm: &mut Vm, args: &[Value]) -> R {
    plain(vm, args).map(|f| Tuple::one(f).into_value())
}

fn hash(vm: &mut Vm, args: &[Value]) -> R {
    let f = number(&args[0]);
    if f.is_nan() && args[0].is_object() {
        return Ok(int::from_i64(vm.identity_hash(&args[0])));
    }
    Ok(int::from_i64(float::hash(f)))
}

fn pow(vm: &mut Vm, args: &[Value]) -> R {
    no_third(vm, &args[2])?;
    if !operators::accepts(&args[0], &args[1]) {
        return Ok(Value::NOT_IMPLEMENTED);
    }
    power(vm, &args[0], &args[1])
}

fn rpow(vm: &mut Vm, args: &[Value]) -> R {
    no_third(vm, &args[2])?;
    if !operators::accepts(&args[0], &args[1]) {
        return Ok(Value::NOT_IMPLEMENTED);
    }
    power(vm, &args[1], &args[0])
}

/// A float has no power modulo anything, whatever the other operand is.
fn no_third(vm: &mut Vm, m: &Value) -> R<()> {
    match m.is_none() {
        true => Ok(()),
        false => {
            Err(vm.type_error("pow() 3rd argument not allowed unless all arguments are integers"))
        }
    }
}

fn power(vm: &mut Vm, a: &Value, b: &Value) -> R {
    vm.native_binary(BinaryOp::Pow, a, b)
}
