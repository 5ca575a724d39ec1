//! `decimal.Context`, its signal dicts, and `localcontext`.

use std::cell::Cell;

use super::state::{self, Kept, context_of, kept, rounding_of};
use super::work::{MAX_EMAX, MAX_PREC, MIN_EMIN, Rounding, Settings, signal};
use crate::builtins::arguments::shape_of_class;
use crate::heap::{Ref, Value};
use crate::modules::asyncio::script;
use crate::object::class::class_flags;
use crate::object::dict::Dict;
use crate::object::int::{self, IntView};
use crate::object::kind;
use crate::object::list::List;
use crate::object::native::{Attribute, Def, R, TypeDef};
use crate::object::traced::traced_object;
use crate::vm::Vm;
use crate::vm::types::Known;

traced_object! {
    /// A set of signals that shows as a dict.
    pub struct SignalDict: SIGNAL_DICT {
        /// See `work::signal`.
        bits: Cell<u32>,
    }
}

traced_object! {
    /// `decimal.Context`
    pub struct ContextObject: DECIMAL_CONTEXT {
        /// Precision, range, rounding.
        settings: Cell<Settings>,
        /// A SignalDict.
        flags: Value,
        /// A SignalDict.
        traps: Value,
    }
}

traced_object! {
    /// What `localcontext` gives.
    pub struct ContextManager: DECIMAL_CONTEXT_MANAGER {
        /// The context inside.
        inside: Value,
        /// The one that was current.
        outside: Value,
    }
}

impl ContextObject {
    /// A context.
    pub fn make(
        vm: &Vm,
        shape: u32,
        settings: Settings,
        flags: u32,
        traps: u32,
    ) -> Ref<ContextObject> {
        let (flags, traps) = (state::signal_dict(vm, flags), state::signal_dict(vm, traps));
        ContextObject::alloc(shape, Cell::new(settings), flags, traps)
    }

    /// A plain context with the same contents.
    pub fn copied(&self, vm: &Vm) -> Ref<ContextObject> {
        let shape = kind::DECIMAL_CONTEXT as u32;
        let (flags, traps) = (
            self.flags_object().bits.get(),
            self.traps_object().bits.get(),
        );
        ContextObject::make(vm, shape, self.settings.get(), flags, traps)
    }

    /// The flags.
    pub fn flags_object(&self) -> &SignalDict {
        self.flags.get::<SignalDict>().expect("made with one")
    }

    /// The traps.
    pub fn traps_object(&self) -> &SignalDict {
        self.traps.get::<SignalDict>().expect("made with one")
    }

    fn change(&self, change: impl FnOnce(&mut Settings)) {
        let mut settings = self.settings.get();
        change(&mut settings);
        self.settings.set(settings);
    }
}

/// The receiver of a method of Context.
pub fn this<'a>(vm: &mut Vm, value: &'a Value) -> R<&'a ContextObject> {
    match value.get::<ContextObject>() {
        Some(context) => Ok(context),
        None => Err(crate::builtins::adapt::bad_receiver(
            vm,
            value,
            "decimal.Context",
        )),
    }
}

// ----- Signal dicts ---------------------------------------------------------

const NO_SIGNAL: &str = "valid values for signals are:\n  [InvalidOperation, FloatOperation, DivisionByZero,\n   Overflow, Underflow, Subnormal, Inexact, Rounded,\n   Clamped]";

/// The bit of a signal dict that belongs to no context.
const ORPHAN: u32 = 1 << 31;

/// The bit of a signal's class.
fn bit_of(vm: &mut Vm, signal: &Value) -> R<u32> {
    let known = script::tuple_items(&kept(vm, Kept::Signals));
    match known.iter().position(|class| class.is(signal)) {
        Some(at) => Ok(signal::meaning(at)),
        None => Err(vm.key_error_text(NO_SIGNAL)),
    }
}

/// The bits that a list, a dict or a signal dict stands for.
fn bits_of(vm: &mut Vm, value: &Value, lists: bool) -> R<u32> {
    if value.is_kind::<SignalDict>() {
        return Ok(dict_of(vm, value)?.bits.get());
    }
    if lists && let Some(list) = value.get::<List>() {
        let items = list.copy();
        let items = vm.lift(items)?;
        let mut bits = 0;
        for item in items.iter() {
            bits |= bit_of(vm, item)?;
        }
        return Ok(bits);
    }
    let Some(dict) = value.get::<Dict>() else {
        return Err(vm.type_error("argument must be a signal dict"));
    };
    let pairs = dict.pairs();
    if pairs.len() != signal::COUNT {
        return Err(vm.key_error_text("invalid signal dict"));
    }
    let mut bits = 0;
    for (key, value) in pairs {
        let bit = match bit_of(vm, &key) {
            Ok(bit) => bit,
            Err(_) => return Err(vm.key_error_text("invalid signal dict")),
        };
        if vm.truth(&value)? {
            bits |= bit;
        }
    }
    Ok(bits)
}

fn dict_of<'a>(vm: &mut Vm, value: &'a Value) -> R<&'a SignalDict> {
    match value.get::<SignalDict>() {
        Some(dict) if dict.bits.get() & ORPHAN != 0 => Err(vm.value_error("invalid signal dict")),
        Some(dict) => Ok(dict),
        None => Err(crate::builtins::adapt::bad_receiver(
            vm,
            value,
            "decimal.SignalDictMixin",
        )),
    }
}

fn dict_new(vm: &mut Vm, args: &[Value]) -> R {
    let shape = vm.shape_for_new(&args[0], &SIGNAL_DICT)?;
    Ok(SignalDict::alloc(shape, Cell::new(ORPHAN)).into_value())
}

fn dict_len(vm: &mut Vm, args: &[Value]) -> R {
    dict_of(vm, &args[0])?;
    Ok(Value::int32(signal::COUNT as i32))
}

fn dict_iter(vm: &mut Vm, args: &[Value]) -> R {
    dict_of(vm, &args[0])?;
    let signals = kept(vm, Kept::Signals);
    vm.iter(&signals)
}

fn dict_getitem(vm: &mut Vm, args: &[Value]) -> R {
    let bit = bit_of(vm, &args[1])?;
    Ok(Value::bool(dict_of(vm, &args[0])?.bits.get() & bit != 0))
}

fn dict_setitem(vm: &mut Vm, args: &[Value]) -> R {
    let bit = bit_of(vm, &args[1])?;
    let on = vm.truth(&args[2])?;
    let bits = &dict_of(vm, &args[0])?.bits;
    bits.set(if on {
        bits.get() | bit
    } else {
        bits.get() & !bit
    });
    Ok(Value::NONE)
}

fn dict_delitem(vm: &mut Vm, args: &[Value]) -> R {
    dict_of(vm, &args[0])?;
    Err(vm.value_error("signal keys cannot be deleted"))
}

fn dict_repr(vm: &mut Vm, args: &[Value]) -> R {
    let bits = dict_of(vm, &args[0])?.bits.get();
    let part = |at: usize| {
        let on = if bits & signal::meaning(at) != 0 {
            "True"
        } else {
            "False"
        };
        format!("<class 'decimal.{}'>:{on}", state::signal_name(at))
    };
    let parts: Vec<String> = (0..signal::COUNT).map(part).collect();
    Ok(script::text(&format!("{{{}}}", parts.join(", "))))
}

fn dict_eq(vm: &mut Vm, args: &[Value]) -> R {
    let own = dict_of(vm, &args[0])?.bits.get();
    if !args[1].is_kind::<SignalDict>() && !args[1].is_kind::<Dict>() {
        return Ok(Value::NOT_IMPLEMENTED);
    }
    match bits_of(vm, &args[1], false) {
        Ok(bits) => Ok(Value::bool(bits == own)),
        Err(raised) if script::is_instance(vm, &raised.0, Known::KeyError) => {
            Ok(Value::NOT_IMPLEMENTED)
        }
        Err(raised) => Err(raised),
    }
}

fn dict_copy(vm: &mut Vm, args: &[Value]) -> R {
    let bits = dict_of(vm, &args[0])?.bits.get();
    let copy = Dict::new();
    for (at, signal) in script::tuple_items(&kept(vm, Kept::Signals))
        .iter()
        .enumerate()
    {
        vm.dict_set(&copy, signal, Value::bool(bits & signal::meaning(at) != 0))?;
    }
    Ok(copy.into_value())
}

/// What `SignalDict` derives from.
pub static SIGNAL_DICT: TypeDef = TypeDef {
    flags: class_flags::BASE,
    new: Some(Def::leaf("__new__(cls, *args, **kwargs)", dict_new)),
    methods: &[
        Def::leaf("__len__(self, /)", dict_len),
        Def::leaf("__iter__(self, /)", dict_iter),
        Def::leaf("__getitem__(self, key, /)", dict_getitem),
        Def::leaf("__setitem__(self, key, value, /)", dict_setitem),
        Def::leaf("__delitem__(self, key, /)", dict_delitem),
        Def::leaf("__repr__(self, /)", dict_repr),
        Def::leaf("__eq__(self, value, /)", dict_eq),
        Def::leaf("copy(self, /)", dict_copy),
    ],
    ..TypeDef::new("decimal", "SignalDictMixin", kind::SIGNAL_DICT)
};

// ----- Attributes of contexts -----------------------------------------------

fn integer(vm: &mut Vm, value: &Value) -> R<i64> {
    match IntView::of(value) {
        Some(view) => match view.as_i64() {
            Some(i) => Ok(i),
            None => Err(vm.overflow_error("Python int too large to convert to C ssize_t")),
        },
        None => Err(vm.type_error("an integer is required")),
    }
}

fn ranged(vm: &mut Vm, value: &Value, (least, most): (i64, i64), text: &str) -> R<i64> {
    let i = integer(vm, value)?;
    if i < least || i > most {
        return Err(vm.value_error(text));
    }
    Ok(i)
}

/// Sets one of the attributes.
pub fn set_field(vm: &mut Vm, context: &ContextObject, name: &str, value: &Value) -> R<()> {
    if value.is_undef() {
        return Err(vm.attribute_error_plain("context attributes cannot be deleted"));
    }
    match name {
        "prec" => {
            let text = "valid range for prec is [1, MAX_PREC]";
            let prec = ranged(vm, value, (1, MAX_PREC), text)?;
            context.change(|s| s.prec = prec);
        }
        "Emin" => {
            let text = "valid range for Emin is [MIN_EMIN, 0]";
            let emin = ranged(vm, value, (MIN_EMIN, 0), text)?;
            context.change(|s| s.emin = emin);
        }
        "Emax" => {
            let text = "valid range for Emax is [0, MAX_EMAX]";
            let emax = ranged(vm, value, (0, MAX_EMAX), text)?;
            context.change(|s| s.emax = emax);
        }
        "capitals" => {
            let text = "valid values for capitals are 0 or 1";
            let capitals = ranged(vm, value, (0, 1), text)? == 1;
            context.change(|s| s.capitals = capitals);
        }
        "clamp" => {
            let clamp = ranged(vm, value, (0, 1), "valid values for clamp are 0 or 1")? == 1;
            context.change(|s| s.clamp = clamp);
        }
        "rounding" => {
            let rounding = rounding_of(vm, value)?;
            context.change(|s| s.rounding = rounding);
        }
        _ => {
            let bits = bits_of(vm, value, false)?;
            let dict = if name == "flags" {
                context.flags_object()
            } else {
                context.traps_object()
            };
            dict.bits.set(bits);
        }
    }
    Ok(())
}

macro_rules! fields {
    ($($name:literal => $get:expr;)+) => {
        &[$(Attribute::get_set(
            $name,
            |vm, value| {
                let context = this(vm, value)?;
                let get: fn(&mut Vm, &ContextObject) -> Value = $get;
                Ok(get(vm, context))
            },
            |vm, object, value| {
                let context = this(vm, object)?;
                set_field(vm, context, $name, value)
            },
        )),+]
    };
}

static ATTRIBUTES: &[Attribute] = fields! {
    "prec" => |_, c| int::from_i64(c.settings.get().prec);
    "Emin" => |_, c| int::from_i64(c.settings.get().emin);
    "Emax" => |_, c| int::from_i64(c.settings.get().emax);
    "rounding" => |vm, c| vm.intern(c.settings.get().rounding.name()).into_value();
    "capitals" => |_, c| Value::int32(i32::from(c.settings.get().capitals));
    "clamp" => |_, c| Value::int32(i32::from(c.settings.get().clamp));
    "flags" => |_, c| c.flags.clone();
    "traps" => |_, c| c.traps.clone();
};

// ----- Making contexts ------------------------------------------------------

fn new(vm: &mut Vm, args: &[Value]) -> R {
    vm.shape_for_new(&args[0], &CONTEXT)?;
    let settings = Settings {
        prec: 28,
        emax: 999_999,
        emin: -999_999,
        rounding: Rounding::HalfEven,
        capitals: true,
        clamp: false,
    };
    let template = kept(vm, Kept::Default);
    let (settings, traps) = match template.get::<ContextObject>() {
        Some(default) => (default.settings.get(), default.traps_object().bits.get()),
        None => (settings, 0),
    };
    Ok(ContextObject::make(vm, shape_of_class(&args[0]), settings, 0, traps).into_value())
}

/// Registers: self, prec, rounding, Emin, Emax, capitals, clamp, flags, traps.
pub fn init(vm: &mut Vm, args: &[Value]) -> R {
    let context = this(vm, &args[0])?;
    let names = ["prec", "rounding", "Emin", "Emax", "capitals", "clamp"];
    for (name, value) in names.into_iter().zip(&args[1..]) {
        if !value.is_none() {
            set_field(vm, context, name, value)?;
        }
    }
    for (value, dict) in [
        (&args[7], context.flags_object()),
        (&args[8], context.traps_object()),
    ] {
        if !value.is_none() {
            let bits = bits_of(vm, value, true)?;
            dict.bits.set(bits);
        }
    }
    Ok(Value::NONE)
}

/// Names of signals in the order in which a context shows them: that of the conditions,
/// of which several are InvalidOperation.
fn shown(bits: u32) -> String {
    const ORDER: [u32; 11] = [
        signal::CLAMPED,
        signal::SYNTAX,
        signal::DIVISION_BY_ZERO,
        signal::IMPOSSIBLE | signal::UNDEFINED,
        signal::INEXACT,
        signal::FLOAT,
        signal::INVALID,
        signal::OVERFLOW,
        signal::ROUNDED,
        signal::SUBNORMAL,
        signal::UNDERFLOW,
    ];
    let mut names: Vec<&str> = Vec::new();
    for bit in ORDER.into_iter().filter(|bit| bits & bit != 0) {
        let at = signal::collapsed(bit).trailing_zeros() as usize;
        let name = state::signal_name(at);
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names.join(", ")
}

/// See the table.
pub fn repr(vm: &mut Vm, args: &[Value]) -> R {
    let context = this(vm, &args[0])?;
    let set = context.settings.get();
    Ok(script::text(&format!(
        "Context(prec={}, rounding={}, Emin={}, Emax={}, capitals={}, clamp={}, flags=[{}], traps=[{}])",
        set.prec,
        set.rounding.name(),
        set.emin,
        set.emax,
        u8::from(set.capitals),
        u8::from(set.clamp),
        shown(context.flags_object().bits.get()),
        shown(context.traps_object().bits.get()),
    )))
}

/// See the table.
pub fn copy(vm: &mut Vm, args: &[Value]) -> R {
    Ok(this(vm, &args[0])?.copied(vm).into_value())
}

fn listed(vm: &Vm, bits: u32) -> Value {
    let signals = script::tuple_items(&kept(vm, Kept::Signals)).into_iter();
    let on = signals
        .enumerate()
        .filter(|(at, _)| bits & signal::meaning(*at) != 0);
    List::from_vec(on.map(|(_, class)| class).collect()).into_value()
}

/// See the table.
pub fn reduce(vm: &mut Vm, args: &[Value]) -> R {
    let context = this(vm, &args[0])?;
    let set = context.settings.get();
    let contents = script::tuple(vec![
        int::from_i64(set.prec),
        script::text(set.rounding.name()),
        int::from_i64(set.emin),
        int::from_i64(set.emax),
        Value::int32(i32::from(set.capitals)),
        Value::int32(i32::from(set.clamp)),
        listed(vm, context.flags_object().bits.get()),
        listed(vm, context.traps_object().bits.get()),
    ]);
    let class = vm.class_of(&args[0]).into_value();
    Ok(script::tuple(vec![class, contents]))
}

/// See the table.
pub fn clear_flags(vm: &mut Vm, args: &[Value]) -> R {
    this(vm, &args[0])?.flags_object().bits.set(0);
    Ok(Value::NONE)
}

/// See the table.
pub fn clear_traps(vm: &mut Vm, args: &[Value]) -> R {
    this(vm, &args[0])?.traps_object().bits.set(0);
    Ok(Value::NONE)
}

/// See the table.
pub fn etiny(vm: &mut Vm, args: &[Value]) -> R {
    Ok(int::from_i64(this(vm, &args[0])?.settings.get().etiny()))
}

/// See the table.
pub fn etop(vm: &mut Vm, args: &[Value]) -> R {
    Ok(int::from_i64(this(vm, &args[0])?.settings.get().etop()))
}

/// `decimal.Context`
pub static CONTEXT: TypeDef = TypeDef {
    flags: class_flags::BASE,
    doc: "How decimals are calculated: precision, rounding, limits, and which signals are raised.",
    new: Some(Def::leaf("__new__(cls, *args, **kwargs)", new)),
    methods: super::context_methods::METHODS,
    attributes: ATTRIBUTES,
    ..TypeDef::new("decimal", "Context", kind::DECIMAL_CONTEXT)
};

// ----- localcontext ---------------------------------------------------------

/// `localcontext(ctx=None, **kwargs)`
pub fn localcontext(vm: &mut Vm, args: &[Value]) -> R {
    let outside = state::current(vm)?;
    let source = context_of(vm, &args[0])?;
    let inside = source.copied(vm);
    for (name, value) in script::entries(&args[1]) {
        let name = script::as_text(&name);
        let known = ATTRIBUTES.iter().any(|a| a.name == name);
        if !known {
            return Err(vm.type_error(format!(
                "this function got an unexpected keyword argument '{name}'"
            )));
        }
        if value.is_none() {
            continue;
        }
        if matches!(name.as_str(), "flags" | "traps") {
            let bits = bits_of(vm, &value, true)?;
            let dict = if name == "flags" {
                inside.flags_object()
            } else {
                inside.traps_object()
            };
            dict.bits.set(bits);
        } else {
            set_field(vm, &inside, &name, &value)?;
        }
    }
    let shape = kind::DECIMAL_CONTEXT_MANAGER as u32;
    Ok(ContextManager::alloc(shape, inside.into_value(), outside.into_value()).into_value())
}

fn manager_enter(vm: &mut Vm, args: &[Value]) -> R {
    let Some(manager) = args[0].to_ref::<ContextManager>() else {
        return Ok(Value::NONE);
    };
    state::set_current(vm, &manager.inside)?;
    Ok(manager.inside.clone())
}

fn manager_exit(vm: &mut Vm, args: &[Value]) -> R {
    if let Some(manager) = args[0].to_ref::<ContextManager>() {
        state::set_current(vm, &manager.outside)?;
    }
    Ok(Value::FALSE)
}

/// What `localcontext` gives.
pub static MANAGER: TypeDef = TypeDef {
    methods: &[
        Def::leaf("__enter__(self, /)", manager_enter),
        Def::leaf("__exit__(self, *args)", manager_exit),
    ],
    ..TypeDef::new("decimal", "ContextManager", kind::DECIMAL_CONTEXT_MANAGER)
};
