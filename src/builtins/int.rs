//! `int` and `bool`: their tables.

use dashu_int::IBig;

use super::adapt::{given, int_view, lift, made, size_value, word};
use super::operators;
use super::str::format::formatted;
use crate::heap::Value;
use crate::object::bytes::{self, Bytes};
use crate::object::class::class_flags;
use crate::object::error::Fault;
use crate::object::float;
use crate::object::format_spec::Subject;
use crate::object::int::{self, Int, IntView};
use crate::object::int_large;
use crate::object::int_math;
use crate::object::int_text;
use crate::object::kind;
use crate::object::native::{Attribute, Def, R, TypeDef};
use crate::object::str::Str;
use crate::object::tuple::Tuple;
use crate::vm::Vm;
use crate::vm::ops::BinaryOp;
use crate::vm::special::Special;
use crate::vm::types::Known;

/// `int`
pub static INT: TypeDef = TypeDef {
    at_once: Some(crate::builtins::functions::at_once::int_),
    flags: class_flags::BASE | class_flags::MATCH_SELF,
    doc: "int([x]) -> integer\nint(x, base=10) -> integer",
    new: Some(Def::leaf("__new__(cls, x=<unset>, /, base=<unset>)", new)),
    methods: METHODS,
    attributes: ATTRIBUTES,
    ..TypeDef::new("builtins", "int", kind::INT)
};

/// `bool`
pub static BOOL: TypeDef = TypeDef {
    at_once: Some(crate::builtins::functions::at_once::bool_),
    base: Some(&INT),
    flags: class_flags::MATCH_SELF,
    doc: "True or False, as the argument counts in an if.",
    new: Some(Def::leaf("__new__(cls, object=False, /)", new_bool)),
    methods: BOOL_METHODS,
    ..TypeDef::new("builtins", "bool", kind::INT)
};

static METHODS: &[Def] = &[
    Def::leaf("as_integer_ratio(self, /)", as_integer_ratio).doc("The number and 1."),
    Def::leaf("bit_count(self, /)", bit_count).doc("How many bits are set, the sign aside."),
    Def::leaf("bit_length(self, /)", bit_length)
        .doc("How many bits the number takes, the sign aside."),
    Def::leaf("conjugate(self, /)", plain).doc("The number itself."),
    Def::leaf(
        "from_bytes(cls, /, bytes, byteorder='big', *, signed=False)",
        from_bytes,
    )
    .class()
    .doc("The number that the bytes stand for."),
    Def::leaf("is_integer(self, /)", is_integer)
        .doc("Always true, as of a float without a fraction."),
    Def::leaf(
        "to_bytes(self, /, length=1, byteorder='big', *, signed=False)",
        to_bytes,
    )
    .doc("The number as so many bytes."),
    Def::leaf("__abs__(self, /)", operators::abs),
    Def::leaf("__add__(self, value, /)", operators::add),
    Def::leaf("__and__(self, value, /)", operators::and),
    Def::leaf("__bool__(self, /)", truth),
    Def::leaf("__ceil__(self, /)", plain),
    Def::leaf("__divmod__(self, value, /)", operators::divmod),
    Def::leaf("__eq__(self, value, /)", operators::eq),
    Def::leaf("__float__(self, /)", to_float),
    Def::leaf("__floor__(self, /)", plain),
    Def::leaf("__floordiv__(self, value, /)", operators::floordiv),
    Def::leaf("__format__(self, format_spec, /)", format),
    Def::leaf("__ge__(self, value, /)", operators::ge),
    Def::leaf("__getnewargs__(self, /)", getnewargs),
    Def::leaf("__gt__(self, value, /)", operators::gt),
    Def::leaf("__hash__(self, /)", hash),
    Def::leaf("__index__(self, /)", plain),
    Def::leaf("__int__(self, /)", plain),
    Def::leaf("__invert__(self, /)", operators::invert),
    Def::leaf("__le__(self, value, /)", operators::le),
    Def::leaf("__lshift__(self, value, /)", operators::lshift),
    Def::leaf("__lt__(self, value, /)", operators::lt),
    Def::leaf("__mod__(self, value, /)", operators::modulo),
    Def::leaf("__mul__(self, value, /)", operators::mul),
    Def::leaf("__ne__(self, value, /)", operators::ne),
    Def::leaf("__neg__(self, /)", operators::neg),
    Def::leaf("__or__(self, value, /)", operators::or),
    Def::leaf("__pos__(self, /)", plain),
    Def::leaf("__pow__(self, value, mod=None, /)", pow),
    Def::leaf("__radd__(self, value, /)", operators::radd),
    Def::leaf("__rand__(self, value, /)", operators::rand),
    Def::leaf("__rdivmod__(self, value, /)", operators::rdivmod),
    Def::leaf("__repr__(self, /)", |vm, args| {
        // As a number, even if it is a bool.
        let number = plain(vm, args)?;
        operators::repr(vm, &[number])
    }),
    Def::leaf("__rfloordiv__(self, value, /)", operators::rfloordiv),
    Def::leaf("__rlshift__(self, value, /)", operators::rlshift),
    Def::leaf("__rmod__(self, value, /)", operators::rmod),
    Def::leaf("__rmul__(self, value, /)", operators::rmul),
    Def::leaf("__ror__(self, value, /)", operators::ror),
    Def::leaf("__round__(self, ndigits=<unset>, /)", round),
    Def::leaf("__rpow__(self, value, mod=None, /)", rpow),
    Def::leaf("__rrshift__(self, value, /)", operators::rrshift),
    Def::leaf("__rshift__(self, value, /)", operators::rshift),
    Def::leaf("__rsub__(self, value, /)", operators::rsub),
    Def::leaf("__rtruediv__(self, value, /)", operators::rtruediv),
    Def::leaf("__rxor__(self, value, /)", operators::rxor),
    Def::leaf("__sizeof__(self, /)", sizeof),
    Def::leaf("__sub__(self, value, /)", operators::sub),
    Def::leaf("__truediv__(self, value, /)", operators::truediv),
    Def::leaf("__trunc__(self, /)", plain),
    Def::leaf("__xor__(self, value, /)", operators::xor),
];

static BOOL_METHODS: &[Def] = &[
    Def::leaf("__and__(self, value, /)", operators::and),
    Def::leaf("__invert__(self, /)", operators::invert),
    Def::leaf("__or__(self, value, /)", operators::or),
    Def::leaf("__rand__(self, value, /)", operators::rand),
    Def::leaf("__repr__(self, /)", bool_repr),
    Def::leaf("__ror__(self, value, /)", operators::ror),
    Def::leaf("__rxor__(self, value, /)", operators::rxor),
    Def::leaf("__xor__(self, value, /)", operators::xor),
];

static ATTRIBUTES: &[Attribute] = &[
    Attribute::get("real", |vm, value| plain(vm, std::slice::from_ref(value))),
    Attribute::get("imag", |_, _| Ok(Value::int32(0))),
    Attribute::get("numerator", |vm, value| {
        plain(vm, std::slice::from_ref(value))
    }),
    Attribute::get("denominator", |_, _| Ok(Value::int32(1))),
];

/// The number of the receiver.
fn view(value: &Value) -> IntView<'_> {
    int_view(value).unwrap_or(IntView::Small(0))
}

/// The number as a plain int.
fn plain(_: &mut Vm, args: &[Value]) -> R {
    if args[0].is_small_int() || args[0].is_exact::<Int>() {
        return Ok(args[0].clone());
    }
    Ok(view(&args[0]).to_value())
}

fn new(vm: &mut Vm, args: &[Value]) -> R {
    let shape = vm.shape_for_new(&args[0], &INT)?;
    let number = number_for(vm, &args[1], &args[2])?;
    if shape == kind::INT as u32 {
        return Ok(number);
    }
    Ok(Int::with_shape(shape, view(&number)).into_value())
}

fn number_for(vm: &mut Vm, x: &Value, base: &Value) -> R {
    if !given(x) {
        return match given(base) {
            true => Err(vm.type_error("int() missing string argument")),
            false => Ok(Value::int32(0)),
        };
    }
    if !given(base) {
        return int_of_value(vm, x);
    }
    let base = vm.index_value(base)?;
    let base = IntView::of(&base).map_or(0, IntView::clamped);
    if base != 0 && !(2..=36).contains(&base) {
        return Err(vm.value_error("int() base must be >= 2 and <= 36, or 0"));
    }
    match text_number(vm, x, base)? {
        Some(number) => Ok(number),
        None => Err(vm.type_error("int() can't convert non-string with explicit base")),
    }
}

/// The number that a str or bytes spell; None for anything else.
fn text_number(vm: &mut Vm, x: &Value, base: i64) -> R<Option<Value>> {
    let parsed = if let Some(text) = x.get::<Str>() {
        let parsed = int_text::parse_str(text, base);
        let is_unreadable =
            matches!(&parsed, Err(Fault::Value(text)) if text.starts_with("invalid literal"));
        if is_unreadable && !x.is_exact::<Str>() {
            // A subclass may have a `__repr__` of its own.
            let shown = vm.repr_text(x)?;
            return Err(vm.value_error(format!(
                "invalid literal for int() with base {base}: {shown}"
            )));
        }
        parsed
    } else if let Some(parsed) = bytes::with_bytes(x, |data| {
        let shown = || Ok(String::from_utf8_lossy(&bytes::repr(data)?).into_owned());
        int_text::parse_bytes(data, base, shown)
    }) {
        parsed
    } else {
        return Ok(None);
    };
    lift(vm, parsed).map(Some)
}

/// `int(value)`
pub fn int_of_value(vm: &mut Vm, value: &Value) -> R {
    if value.is_small_int() || value.is_exact::<Int>() {
        return Ok(value.clone());
    }
    if let Some(b) = value.as_bool() {
        return Ok(Value::int32(b as i32));
    }
    if let Some(f) = value.as_inline_float() {
        let whole = int::from_f64(f);
        return made(vm, whole);
    }
    if let Some(method) = vm.special_of(value, Special::Int) {
        return converted(vm, method, value, "__int__");
    }
    if let Some(method) = vm.special_of(value, Special::Index) {
        return converted(vm, method, value, "__index__");
    }
    if let Some(method) = vm.special_of(value, Special::Trunc) {
        let step = vm.call_special(method, value, &[]);
        let result = vm.finish(step)?;
        vm.warn(
            Known::DeprecationWarning,
            "The delegation of int() to __trunc__ is deprecated.",
        )?;
        if !vm.has_index(&result) {
            let given = vm.type_name(&result);
            return Err(vm.type_error(format!("__trunc__ returned non-Integral (type {given})")));
        }
        return vm.index_value(&result);
    }
    if let Some(number) = text_number(vm, value, 10)? {
        return Ok(number);
    }
    if let Some(data) = super::bytes::buffer_of(vm, value) {
        let object = Bytes::new(&data);
        let object = made(vm, object)?;
        return Ok(text_number(vm, &object, 10)?.unwrap_or(Value::int32(0)));
    }
    let given = vm.type_name(value);
    Err(vm.type_error(format!(
        "int() argument must be a string, a bytes-like object or a real number, not '{given}'"
    )))
}

fn converted(vm: &mut Vm, method: Value, value: &Value, name: &str) -> R {
    let step = vm.call_special(method, value, &[]);
    let result = vm.finish(step)?;
    vm.int_result(&result, name)
}

fn new_bool(vm: &mut Vm, args: &[Value]) -> R {
    vm.truth(&args[1]).map(Value::bool)
}

fn bool_repr(_: &mut Vm, args: &[Value]) -> R {
    Ok(Str::new(if args[0].is_true() { "True" } else { "False" }).into_value())
}

fn as_integer_ratio(vm: &mut Vm, args: &[Value]) -> R {
    let number = plain(vm, args)?;
    Ok(Tuple::pair(number, Value::int32(1)).into_value())
}

fn bit_count(vm: &mut Vm, args: &[Value]) -> R {
    vm.tick_bytes(view(&args[0]).bit_length() as usize / 8 * 8)?;
    Ok(int::from_u64(view(&args[0]).bit_count()))
}

fn bit_length(_: &mut Vm, args: &[Value]) -> R {
    Ok(int::from_u64(view(&args[0]).bit_length()))
}

fn is_integer(_: &mut Vm, _: &[Value]) -> R {
    Ok(Value::TRUE)
}

fn truth(_: &mut Vm, args: &[Value]) -> R {
    Ok(Value::bool(!view(&args[0]).is_zero()))
}

fn to_float(vm: &mut Vm, args: &[Value]) -> R {
    let number = view(&args[0]).to_f64();
    lift(vm, number).map(float::float)
}

fn hash(_: &mut Vm, args: &[Value]) -> R {
    Ok(int::from_i64(view(&args[0]).hash()))
}

fn getnewargs(vm: &mut Vm, args: &[Value]) -> R {
    plain(vm, args).map(|number| Tuple::one(number).into_value())
}

fn sizeof(_: &mut Vm, args: &[Value]) -> R {
    let digits = view(&args[0]).bit_length().div_ceil(30).max(1);
    Ok(int::from_u64(24 + 4 * digits))
}

fn format(vm: &mut Vm, args: &[Value]) -> R {
    if args[1].get::<Str>().is_some_and(Str::is_empty) {
        return vm.str(&args[0]).map(Into::into);
    }
    formatted(vm, Subject::Int(view(&args[0])), &args[0], &args[1])
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
    if m.is_none() {
        return vm.native_binary(BinaryOp::Pow, a, b);
    }
    match (int_view(a), int_view(b), int_view(m)) {
        (Some(a), Some(b), Some(m)) => {
            let result = int_math::pow_mod(a, b, m);
            made(vm, result)
        }
        _ => Ok(Value::NOT_IMPLEMENTED),
    }
}

/// `round(number, ndigits)`: half to even.
fn round(vm: &mut Vm, args: &[Value]) -> R {
    if !given(&args[1]) {
        return plain(vm, args);
    }
    let digits = vm.index_value(&args[1])?;
    let digits = IntView::of(&digits).map_or(0, IntView::clamped);
    if digits >= 0 {
        return plain(vm, args);
    }
    let number = view(&args[0]);
    // Beyond its own length every number rounds to 0.
    if digits.unsigned_abs() > number.bit_length() / 3 + 2 {
        return Ok(Value::int32(0));
    }
    let unit = int_large::power_of_ten(digits.unsigned_abs() as usize).map(IBig::from);
    let unit = vm.lift(unit)?;
    let parts = int::divmod_big(&number.big(), &unit);
    let (quotient, rest) = vm.lift(parts)?;
    let twice = rest * IBig::from(2);
    let up = twice > unit || twice == unit && IntView::of_big(&quotient).is_odd();
    let rounded = if up { quotient + IBig::ONE } else { quotient };
    let product = int_large::mul(&rounded, &unit);
    vm.lift(product).map(int::from_big)
}

fn byte_order(vm: &mut Vm, value: &Value, function: &str) -> R<bool> {
    match value.get::<Str>() {
        Some(text) if text.is_text("little") => Ok(true),
        Some(text) if text.is_text("big") => Ok(false),
        Some(_) => Err(vm.value_error("byteorder must be either 'little' or 'big'")),
        None => {
            let given = super::adapt::shown_type(vm, value);
            Err(vm.type_error(format!(
                "{function}() argument 'byteorder' must be str, not {given}"
            )))
        }
    }
}

/// What CPython's bytes have before their contents.
pub(super) const BYTES_HEAD: i64 = 33;

fn to_bytes(vm: &mut Vm, args: &[Value]) -> R {
    let length = word(vm, &args[1])?;
    let little = byte_order(vm, &args[2], "to_bytes")?;
    let signed = vm.truth(&args[3])?;
    if length < 0 {
        return Err(vm.value_error("length argument must be non-negative"));
    }
    // Not even a sign has room in no bytes, but CPython lets -1 pass.
    if length == 0 && signed && view(&args[0]).as_i64() == Some(-1) {
        return Ok(Bytes::empty().into_value());
    }
    if length > i64::MAX - BYTES_HEAD {
        return Err(vm.overflow_error("byte string is too large"));
    }
    if let Some(small) = view(&args[0]).as_i64()
        && let Some((bytes, count)) = int_math::few_bytes(small, length, little, signed)
    {
        let object = Bytes::new(&bytes[..count]);
        return made(vm, object);
    }
    let data = int_math::to_bytes(view(&args[0]), length as usize, little, signed);
    let data = lift(vm, data)?;
    let object = Bytes::new(&data);
    made(vm, object)
}

fn from_bytes(vm: &mut Vm, args: &[Value]) -> R {
    let little = byte_order(vm, &args[2], "from_bytes")?;
    let signed = vm.truth(&args[3])?;
    let number = match args[1].get_exact::<Bytes>() {
        Some(data) => int_math::from_bytes(data.bytes(), little, signed),
        None => {
            let data = super::bytes::bytes_of_object(vm, &args[1])?;
            int_math::from_bytes(&data, little, signed)
        }
    };
    let class = vm.class_of_def(&INT);
    if args[0].is(class.as_value()) {
        return Ok(number);
    }
    vm.call(&args[0], &[number])
}

/// The size of an object as an int, for `__sizeof__` of simple objects.
pub fn fixed_size(size: usize) -> Value {
    size_value(size)
}
