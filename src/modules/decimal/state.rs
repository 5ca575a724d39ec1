//! What all parts of the module share: the classes of the signals, the current context, and the
//! way of a number into an operation and out of it.

use dashu_int::UBig;
use std::borrow::Cow;

use super::context::{CONTEXT, ContextObject, SignalDict};
use super::work::{Out, Rounding, Settings, Stop, Work, signal};
use crate::heap::{Ref, Value};
use crate::modules::asyncio::script;
use crate::modules::contextvars;
use crate::object::class::Class;
use crate::object::decimal::{Decimal, Number};
use crate::object::dict::Dict;
use crate::object::int::IntView;
use crate::object::kind;
use crate::object::list::List;
use crate::object::native::{R, Raised};
use crate::vm::Vm;
use crate::vm::types::Known;

/// Where the state is found in `Vm::state`.
const KEY: &str = "decimal";

/// What is kept between calls, by its place in the tuple that keeps it.
#[derive(Clone, Copy)]
pub enum Kept {
    /// The classes of the signals, in the order of their bits.
    Signals,
    /// The classes of the conditions behind them.
    Conditions,
    /// The class of `flags` and `traps`.
    SignalDict,
    /// The class of what `as_tuple` gives.
    Tuple,
    /// `DefaultContext`
    Default,
    /// `BasicContext`
    Basic,
    /// `ExtendedContext`
    Extended,
    /// `DecimalException`
    Exception,
}

/// Names and bases of the signals, in the order of their bits.
const SIGNALS: [(&str, &[&str]); signal::COUNT] = [
    ("InvalidOperation", &["DecimalException"]),
    ("FloatOperation", &["DecimalException", "TypeError"]),
    ("DivisionByZero", &["DecimalException", "ZeroDivisionError"]),
    ("Overflow", &["Inexact", "Rounded"]),
    ("Underflow", &["Inexact", "Rounded", "Subnormal"]),
    ("Subnormal", &["DecimalException"]),
    ("Inexact", &["DecimalException"]),
    ("Rounded", &["DecimalException"]),
    ("Clamped", &["DecimalException"]),
];

/// Names of the conditions, and their bases.
const CONDITIONS: [(&str, &[&str]); 4] = [
    ("ConversionSyntax", &["InvalidOperation"]),
    ("DivisionImpossible", &["InvalidOperation"]),
    (
        "DivisionUndefined",
        &["InvalidOperation", "ZeroDivisionError"],
    ),
    ("InvalidContext", &["InvalidOperation"]),
];

/// Name of a signal by its bit's number.
pub fn signal_name(at: usize) -> &'static str {
    SIGNALS[at].0
}

/// Something that is kept.
pub fn kept(vm: &Vm, what: Kept) -> Value {
    vm.state.get(KEY).map_or(Value::NONE, |state| {
        script::tuple_item(state, what as usize)
    })
}

/// Makes the classes and contexts, once.
pub fn set_up(vm: &mut Vm) -> R<()> {
    if vm.state.contains_key(KEY) {
        return Ok(());
    }
    let mut made: Vec<(&str, Value)> = Vec::new();
    let root = new_class(vm, "DecimalException", &["ArithmeticError"], &made)?;
    made.push(("DecimalException", root.clone()));
    // The simple ones first: others derive from them.
    let mut order: Vec<usize> = (0..SIGNALS.len()).collect();
    order.sort_by_key(|&at| SIGNALS[at].1.contains(&"Inexact"));
    for at in order {
        let (name, bases) = SIGNALS[at];
        let class = new_class(vm, name, bases, &made)?;
        made.push((name, class));
    }
    let find = |made: &[(&str, Value)], name: &str| {
        let found = made.iter().find(|(known, _)| *known == name);
        found.map_or(Value::NONE, |(_, class)| class.clone())
    };
    let signals = SIGNALS.iter().map(|(name, _)| find(&made, name)).collect();
    let mut conditions = Vec::new();
    for (name, bases) in CONDITIONS {
        conditions.push(new_class(vm, name, bases, &made)?);
    }
    let signal_dict = signal_dict_class(vm)?;
    vm.decimal_variable = contextvars::variable("decimal_context");
    let tuple = tuple_class(vm)?;
    let mut items = vec![
        script::tuple(signals),
        script::tuple(conditions),
        signal_dict,
        tuple,
        Value::NONE,
        Value::NONE,
        Value::NONE,
        root,
    ];
    vm.state.insert(KEY, script::tuple(items.clone()));
    let usual = signal::ALL_INVALID | signal::DIVISION_BY_ZERO | signal::OVERFLOW;
    let all = usual | signal::CLAMPED | signal::UNDERFLOW;
    let contexts = [
        (28, Rounding::HalfEven, usual),
        (9, Rounding::HalfUp, all),
        (9, Rounding::HalfEven, 0),
    ];
    for (at, (prec, rounding, traps)) in contexts.into_iter().enumerate() {
        let settings = Settings {
            prec,
            rounding,
            emax: 999_999,
            emin: -999_999,
            capitals: true,
            clamp: false,
        };
        items[Kept::Default as usize + at] =
            ContextObject::make(vm, kind::DECIMAL_CONTEXT as u32, settings, 0, traps).into_value();
    }
    vm.state.insert(KEY, script::tuple(items));
    register_number(vm)
}

fn namespace(vm: &mut Vm, module: &str) -> R {
    let module = script::text(module);
    script::dict(vm, "__module__", module)
}

fn new_class(vm: &mut Vm, name: &str, bases: &[&str], made: &[(&str, Value)]) -> R {
    let mut found = Vec::new();
    for base in bases {
        let own = made.iter().find(|(known, _)| known == base);
        let class = match own {
            Some((_, class)) => class.clone(),
            None => {
                let known = match *base {
                    "TypeError" => Known::TypeError,
                    "ZeroDivisionError" => Known::ZeroDivisionError,
                    _ => Known::ArithmeticError,
                };
                vm.known_class(known).into_value()
            }
        };
        found.push(class);
    }
    let namespace = namespace(vm, "decimal")?;
    let ty = vm.known_class(Known::Type).into_value();
    let args = [script::text(name), script::tuple(found), namespace];
    vm.call(&ty, &args)
}

fn signal_dict_class(vm: &mut Vm) -> R {
    let mapping = script::import_attr(vm, "collections.abc", "MutableMapping")?;
    let mixin = vm.class_of_def(&super::context::SIGNAL_DICT).into_value();
    let namespace = namespace(vm, "abc")?;
    let meta = vm.class_of(&mapping).into_value();
    let args = [
        script::text("SignalDict"),
        script::tuple(vec![mixin, mapping]),
        namespace,
    ];
    vm.call(&meta, &args)
}

fn tuple_class(vm: &mut Vm) -> R {
    let named = script::import_attr(vm, "collections", "namedtuple")?;
    let names = script::names(vm, &["module"]);
    let args = [
        script::text("DecimalTuple"),
        script::text("sign digits exponent"),
        script::text("decimal"),
    ];
    vm.call_kw(&named, &args, &names)
}

fn register_number(vm: &mut Vm) -> R<()> {
    let number = script::import_attr(vm, "numbers", "Number")?;
    let class = vm.class_of_def(&super::methods::DECIMAL).into_value();
    vm.call_method(&number, "register", &[class]).map(drop)
}

/// Names and values of the exceptions.
pub fn exceptions(vm: &Vm) -> Vec<(&'static str, Value)> {
    let signals = script::tuple_items(&kept(vm, Kept::Signals));
    let conditions = script::tuple_items(&kept(vm, Kept::Conditions));
    let names = SIGNALS.iter().chain(&CONDITIONS).map(|(name, _)| *name);
    names.zip(signals.into_iter().chain(conditions)).collect()
}

// ----- Contexts -------------------------------------------------------------

/// The context of this task or thread; one is made of the default when there is none.
pub fn current(vm: &mut Vm) -> R<Ref<ContextObject>> {
    if let Some(found) = contextvars::value_of(vm, &vm.decimal_variable)
        && let Some(context) = found.to_ref::<ContextObject>()
    {
        return Ok(context);
    }
    let template = kept(vm, Kept::Default);
    let Some(template) = template.get::<ContextObject>() else {
        return Err(vm.system_error("decimal has no contexts"));
    };
    let fresh = template.copied(vm);
    fresh.flags_object().bits.set(0);
    let variable = vm.decimal_variable.clone();
    contextvars::assign(vm, &variable, fresh.value());
    Ok(fresh)
}

/// Makes a context the current one.
pub fn set_current(vm: &mut Vm, context: &Value) -> R<()> {
    let Some(object) = context.to_ref::<ContextObject>() else {
        return Err(vm.type_error("argument must be a context"));
    };
    let templates = [Kept::Default, Kept::Basic, Kept::Extended];
    let is_template = templates.iter().any(|&t| kept(vm, t).is(context));
    let object = if is_template {
        let copy = object.copied(vm);
        copy.flags_object().bits.set(0);
        copy
    } else {
        object
    };
    let variable = vm.decimal_variable.clone();
    contextvars::assign(vm, &variable, object.into_value());
    Ok(())
}

/// The context of an optional argument.
pub fn context_of(vm: &mut Vm, value: &Value) -> R<Ref<ContextObject>> {
    if value.is_none() || value.is_undef() {
        return current(vm);
    }
    match value.to_ref::<ContextObject>() {
        Some(context) => Ok(context),
        None => Err(vm.type_error("optional argument must be a context")),
    }
}

/// Whether a class is that of contexts.
pub fn is_context(value: &Value) -> bool {
    debug_assert_eq!(CONTEXT.kind, kind::DECIMAL_CONTEXT);
    value.is_kind::<ContextObject>()
}

/// The object of `flags` and `traps`.
pub fn signal_dict(vm: &Vm, bits: u32) -> Value {
    let class = kept(vm, Kept::SignalDict);
    let shape = class.get::<Class>().map_or(0, |c| c.root_shape.get());
    SignalDict::alloc(shape, std::cell::Cell::new(bits)).into_value()
}

/// Sets the flags of a context, and raises what is trapped.
pub fn signalled(vm: &mut Vm, context: &ContextObject, status: u32) -> R<()> {
    if status == 0 {
        return Ok(());
    }
    let flags = context.flags_object();
    flags.bits.set(flags.bits.get() | status);
    let trapped = signal::collapsed(status & context.traps_object().bits.get());
    if trapped == 0 {
        return Ok(());
    }
    let signals = kept(vm, Kept::Signals);
    let conditions = kept(vm, Kept::Conditions);
    let at = |n: usize| script::tuple_item(&signals, n);
    let mut listed = Vec::new();
    if trapped & signal::INVALID != 0 {
        if status & signal::INVALID != 0 {
            listed.push(at(0));
        }
        let bits = [signal::SYNTAX, signal::IMPOSSIBLE, signal::UNDEFINED];
        for (n, bit) in bits.into_iter().enumerate() {
            if status & bit != 0 {
                listed.push(script::tuple_item(&conditions, n));
            }
        }
    }
    for n in 1..signal::COUNT {
        if trapped & 1 << n != 0 {
            listed.push(at(n));
        }
    }
    let class = at(trapped.trailing_zeros() as usize);
    let list = List::from_vec(listed).into_value();
    Err(Raised(vm.call(&class, &[list])?))
}

/// Runs an operation in a context.
pub fn perform<T>(
    vm: &mut Vm,
    context: &ContextObject,
    operation: impl Fn(&mut Work) -> Out<T>,
) -> R<T> {
    // Only results of many digits take long.
    let long = context.settings.get().prec > 300;
    perform_watched(vm, context, long, operation)
}

/// Runs an operation in a context; one that may take long looks whether somebody wants attention.
pub fn perform_watched<T>(
    vm: &mut Vm,
    context: &ContextObject,
    long: bool,
    operation: impl Fn(&mut Work) -> Out<T>,
) -> R<T> {
    let mut work = Work::new(context.settings.get());
    if long {
        work.watch = Some(vm.host.inbox.clone());
    }
    let mut result = operation(&mut work);
    if matches!(result, Err(Stop::Interrupted)) {
        // A signal is heard at once; anything else can wait.
        vm.look_outside()?;
        work = Work::new(context.settings.get());
        result = operation(&mut work);
    }
    match result {
        Ok(result) => {
            signalled(vm, context, work.status)?;
            Ok(result)
        }
        Err(_) => Err(vm.memory_error()),
    }
}

/// A result without a context.
pub fn plain<T>(vm: &mut Vm, result: Out<T>) -> R<T> {
    result.map_err(|_| vm.memory_error())
}

// ----- Numbers --------------------------------------------------------------

/// A Decimal.
pub fn decimal(number: Number) -> Value {
    Decimal::alloc(kind::DECIMAL as u32, number).into_value()
}

/// The number of an int.
pub fn of_int(view: IntView<'_>) -> Number {
    match view {
        IntView::Small(i) => Number::small(i),
        IntView::Big(big) => {
            let (sign, magnitude) = big.clone().into_parts();
            Number::new(sign == dashu_int::Sign::Negative, magnitude, 0)
        }
    }
}

/// The number of a float, exactly.
pub fn of_float(f: f64) -> Out {
    if f.is_nan() {
        return Ok(Number::nan().signed(f.is_sign_negative()));
    }
    if f.is_infinite() {
        return Ok(Number::infinity(f < 0.0));
    }
    if f == 0.0 {
        return Ok(Number::zero(f.is_sign_negative(), 0));
    }
    let bits = f.abs().to_bits();
    let raw = bits >> 52;
    let fraction = bits & ((1 << 52) - 1);
    let (mantissa, exponent) = if raw == 0 {
        (fraction, -1074)
    } else {
        (fraction | 1 << 52, raw as i64 - 1075)
    };
    let zeros = mantissa.trailing_zeros();
    let (mantissa, exponent) = (mantissa >> zeros, exponent + i64::from(zeros));
    let coef = UBig::from(mantissa);
    Ok(if exponent >= 0 {
        Number::new(f < 0.0, coef << exponent as usize, 0)
    } else {
        let fives = UBig::from(5u8).pow(exponent.unsigned_abs() as usize);
        Number::new(f < 0.0, coef * fives, exponent)
    })
}

/// The number of a Decimal or an int; None of anything else.
pub fn number_of(value: &Value) -> Option<Cow<'_, Number>> {
    match value.get::<Decimal>() {
        Some(decimal) => Some(Cow::Borrowed(decimal.number())),
        None => IntView::of(value).map(|view| Cow::Owned(of_int(view))),
    }
}

/// The number of an argument that must be a Decimal or an int.
pub fn operand<'a>(vm: &mut Vm, value: &'a Value) -> R<Cow<'a, Number>> {
    match number_of(value) {
        Some(number) => Ok(number),
        None => Err(no_conversion(vm, value)),
    }
}

/// The TypeError for what is no number.
pub fn no_conversion(vm: &mut Vm, value: &Value) -> Raised {
    let name = vm.class_of(value);
    let name = vm.class_name(&name);
    vm.type_error(format!(
        "conversion from {name} to Decimal is not supported"
    ))
}

/// The rounding mode that a str names.
pub fn rounding_of(vm: &mut Vm, value: &Value) -> R<Rounding> {
    let name = script::as_text(value);
    let found = Rounding::ALL.iter().find(|(_, known)| *known == name);
    match found {
        Some((rounding, _)) => Ok(*rounding),
        None => Err(vm.type_error(
            "valid values for rounding are:\n  [ROUND_CEILING, ROUND_FLOOR, ROUND_UP, ROUND_DOWN,\n   ROUND_HALF_UP, ROUND_HALF_DOWN, ROUND_HALF_EVEN,\n   ROUND_05UP]",
        )),
    }
}

/// The exceptions and constants in the module's namespace.
pub fn fill_module(vm: &mut Vm, names: &Ref<Dict>) -> R<()> {
    let mut values = exceptions(vm);
    for (name, what) in [
        ("DecimalException", Kept::Exception),
        ("DecimalTuple", Kept::Tuple),
        ("DefaultContext", Kept::Default),
        ("BasicContext", Kept::Basic),
        ("ExtendedContext", Kept::Extended),
    ] {
        values.push((name, kept(vm, what)));
    }
    for (name, value) in values {
        vm.set_name(names, name, value)?;
    }
    Ok(())
}
