//! `contextvars`: variables that each task has values of its own for.
//!
//! A Context holds a map from variables to values. A map is never changed
//! while two contexts share it, so a copy of a context costs one small object.

use std::cell::{Cell, RefCell};

use super::asyncio::script;
use crate::heap::{Field, Ref, Value};
use crate::object::dict::Dict;
use crate::object::kind;
use crate::object::native::{
    Args, Attribute, Def, Input, ModuleDef, Native, NativeFrame, R, Step, TypeDef,
};
use crate::object::str::Str;
use crate::object::traced::traced_object;
use crate::object::tuple::Tuple;
use crate::vm::Vm;
use crate::vm::compare::CompareOp;
use crate::vm::types::Known;

traced_object! {
    /// Variables with their values, ordered by the variables' addresses.
    pub struct ContextMap: CONTEXT_MAP {
        /// The pairs.
        pairs: RefCell<Vec<(Value, Value)>>,
    }
}

traced_object! {
    /// `contextvars.Context`
    pub struct Context: CONTEXT {
        /// A ContextMap, or Undef for an empty one.
        map: Field,
        /// Whether somebody runs in it.
        entered: Cell<bool>,
    }
}

traced_object! {
    /// `contextvars.ContextVar`
    pub struct ContextVar: CONTEXT_VAR {
        /// Its name.
        name: Value,
        /// Its default, or Undef.
        default: Value,
    }
}

traced_object! {
    /// `contextvars.Token`
    pub struct Token: CONTEXT_TOKEN {
        /// The variable that was set.
        var: Value,
        /// In which context.
        context: Field,
        /// What it held before, or Undef.
        old: Value,
        /// `reset` was called.
        used: Cell<bool>,
    }
}

impl Context {
    /// A context of a map (Undef for an empty one).
    pub fn of_map(map: Value) -> Ref<Context> {
        Context::alloc(kind::CONTEXT as u32, Field::new(map), Cell::new(false))
    }

    /// The value of a variable.
    #[inline]
    pub fn lookup(&self, var: &Value) -> Option<Value> {
        let map = self.map.as_value().get::<ContextMap>()?;
        let pairs = map.pairs.borrow();
        let at = position(&pairs, var).ok()?;
        Some(pairs[at].1.clone())
    }

    /// Sets a variable, or with Undef takes it out; the answer is what it held, or Undef. The map is copied first if
    /// it is shared.
    fn store(&self, var: &Value, value: Value) -> Value {
        let shared = self.map.as_value().reference_count() > 1;
        match self.map.as_value().get::<ContextMap>() {
            Some(map) if !shared => return put(&mut map.pairs.borrow_mut(), var, value),
            _ => {}
        }
        let mut pairs = self.pairs();
        let old = put(&mut pairs, var, value);
        self.map.set(new_map(pairs).into_value());
        old
    }

    /// Whether somebody runs in it.
    pub fn is_entered(&self) -> bool {
        self.entered.get()
    }

    /// Notes that somebody runs in it.
    pub fn mark_entered(&self) {
        self.entered.set(true);
    }

    fn pairs(&self) -> Vec<(Value, Value)> {
        let map = self.map.get();
        map.get::<ContextMap>()
            .map_or_else(Vec::new, |map| map.pairs.borrow().clone())
    }
}

fn new_map(pairs: Vec<(Value, Value)>) -> Ref<ContextMap> {
    ContextMap::alloc(kind::CONTEXT_MAP as u32, RefCell::new(pairs))
}

/// Among so few variables each is looked at.
const FEW: usize = 8;

#[inline]
fn position(pairs: &[(Value, Value)], var: &Value) -> Result<usize, usize> {
    let word = var.word();
    if pairs.len() > FEW {
        return pairs.binary_search_by_key(&word, |(known, _)| known.word());
    }
    match pairs.iter().position(|(known, _)| known.word() >= word) {
        Some(at) if pairs[at].0.word() == word => Ok(at),
        Some(at) => Err(at),
        None => Err(pairs.len()),
    }
}

/// Sets a variable, or with Undef takes it out; the answer is what it held, or Undef.
fn put(pairs: &mut Vec<(Value, Value)>, var: &Value, value: Value) -> Value {
    match position(pairs, var) {
        Ok(at) if value.is_undef() => pairs.remove(at).1,
        Ok(at) => std::mem::replace(&mut pairs[at].1, value),
        Err(_) if value.is_undef() => Value::UNDEF,
        Err(at) => {
            pairs.insert(at, (var.clone(), value));
            Value::UNDEF
        }
    }
}

/// The context that runs; one is made when there is none.
pub fn current(vm: &mut Vm) -> Ref<Context> {
    if let Some(context) = vm.context.to_ref::<Context>() {
        return context;
    }
    let context = Context::of_map(Value::UNDEF);
    context.entered.set(true);
    vm.context = context.value();
    context
}

/// A variable of a native module.
pub fn variable(name: &str) -> Value {
    let name = Str::new(name).into_value();
    ContextVar::alloc(kind::CONTEXT_VAR as u32, name, Value::UNDEF).into_value()
}

/// What a variable holds in the context that runs.
pub fn value_of(vm: &Vm, var: &Value) -> Option<Value> {
    vm.context.get::<Context>()?.lookup(var)
}

/// Sets a variable in the context that runs.
pub fn assign(vm: &mut Vm, var: &Value, value: Value) {
    drop(current(vm).store(var, value));
}

/// `copy_context()`
pub fn copy(vm: &mut Vm) -> Value {
    match vm.context.get::<Context>() {
        Some(context) => Context::of_map(context.map.get()).into_value(),
        None => Context::of_map(Value::UNDEF).into_value(),
    }
}

/// What `copy` would make a context of, for who may never need that: the map of the context that runs, or None
/// for an empty one.
pub fn snapshot(vm: &Vm) -> Value {
    let map = vm.context.get::<Context>().map(|context| context.map.get());
    match map {
        Some(map) if !map.is_undef() => map,
        _ => Value::NONE,
    }
}

/// Whether it is what `snapshot` gives, and no context.
pub fn is_snapshot(value: &Value) -> bool {
    value.is_none() || value.is_kind::<ContextMap>()
}

/// The context of a snapshot; any other value stands for itself.
pub fn of_snapshot(value: Value) -> Value {
    match value.is_none() {
        true => Context::of_map(Value::UNDEF).into_value(),
        false if value.is_kind::<ContextMap>() => Context::of_map(value).into_value(),
        false => value,
    }
}

/// Begins to run in a new context of a snapshot, which is made of `spare` if that is one; the answer is what
/// `leave` wants.
pub fn enter_snapshot(vm: &mut Vm, snapshot: Value, spare: &mut Value) -> Value {
    let made = match std::mem::take(spare) {
        spare if spare.is_kind::<Context>() => spare,
        _ => Context::of_map(Value::UNDEF).into_value(),
    };
    if let Some(context) = made.get::<Context>() {
        if !snapshot.is_none() {
            context.map.set(snapshot);
        }
        context.entered.set(true);
    }
    std::mem::replace(&mut vm.context, made)
}

/// As `leave`; the answer is the context that was left, for `keep`.
pub fn leave_from(vm: &mut Vm, previous: Value) -> Value {
    let left = std::mem::replace(&mut vm.context, previous);
    if let Some(context) = left.get::<Context>() {
        context.entered.set(false);
    }
    left
}

/// Keeps a context that was left, empty, if nobody else has it.
pub fn keep(left: Value, spare: &mut Value) {
    if left.reference_count() != 1 {
        return;
    }
    if let Some(context) = left.get::<Context>() {
        drop(context.map.take());
        *spare = left;
    }
}

/// Begins to run in a context; the answer is what `leave` wants.
pub fn enter(vm: &mut Vm, context: &Value) -> R {
    match context.get::<Context>() {
        Some(entered) if entered.entered.get() => {
            let shown = script::repr(vm, context)?;
            Err(script::error(
                vm,
                Known::RuntimeError,
                &format!("cannot enter context: {shown} is already entered"),
            ))
        }
        Some(entered) => {
            entered.entered.set(true);
            Ok(std::mem::replace(&mut vm.context, context.clone()))
        }
        None => {
            let name = vm.type_name(context);
            Err(script::error(
                vm,
                Known::TypeError,
                &format!("a Context was expected, got '{name}'"),
            ))
        }
    }
}

/// Ends what `enter` began.
pub fn leave(vm: &mut Vm, previous: Value) {
    drop(leave_from(vm, previous));
}

fn copy_context(vm: &mut Vm, _: &[Value]) -> R {
    Ok(copy(vm))
}

fn context_of<'a>(vm: &mut Vm, value: &'a Value) -> R<&'a Context> {
    match value.get::<Context>() {
        Some(context) => Ok(context),
        None => Err(script::error(
            vm,
            Known::TypeError,
            "a Context object was expected",
        )),
    }
}

fn var_of<'a>(vm: &mut Vm, value: &'a Value) -> R<&'a ContextVar> {
    match value.get::<ContextVar>() {
        Some(var) => Ok(var),
        None => {
            let name = vm.type_name(value);
            Err(script::error(
                vm,
                Known::TypeError,
                &format!("an instance of ContextVar was expected, got '{name}'"),
            ))
        }
    }
}

// ----- Context --------------------------------------------------------------

fn context_new(vm: &mut Vm, args: &[Value]) -> R {
    let given = args[1].get::<Tuple>().is_some_and(|all| !all.is_empty());
    if given || args[2].get::<Dict>().is_some_and(|all| !all.is_empty()) {
        return Err(vm.type_error("Context() does not accept any arguments"));
    }
    Ok(Context::of_map(Value::UNDEF).into_value())
}

/// `Context.run(callable, *args, **kwargs)`: registers self, callable, args, kwargs, the previous context.
fn context_run(vm: &mut Vm, frame: &mut NativeFrame<'_>, input: Input) -> Step {
    const PREVIOUS: usize = 4;
    match input {
        Input::Start if frame.regs[1].is_undef() => {
            Step::Raise(vm.type_error("run() missing 1 required positional argument"))
        }
        Input::Start => match enter(vm, &frame.regs[0]) {
            Ok(previous) => {
                frame.regs[PREVIOUS] = previous;
                frame.state = 1;
                script::call_step(
                    vm,
                    frame.regs[1].clone(),
                    &frame.regs[2].clone(),
                    &frame.regs[3].clone(),
                )
            }
            Err(raised) => Step::Raise(raised),
        },
        Input::Raised(raised) => {
            leave(vm, std::mem::take(&mut frame.regs[PREVIOUS]));
            Step::Raise(raised)
        }
        Input::Value(value) | Input::Yielded(value) => {
            leave(vm, std::mem::take(&mut frame.regs[PREVIOUS]));
            Step::Return(value)
        }
    }
}

/// `run(callable, *args)`, where a native answers at once, as the `get` of a variable does.
fn run_at_once(vm: &mut Vm, args: &[Value]) -> Option<R> {
    let [context, callable, rest @ ..] = args else {
        return None;
    };
    let native = callable.get_exact::<Native>()?;
    let answer = native.def.at_once?;
    if context.get_exact::<Context>()?.entered.get() {
        return None;
    }
    let previous = enter(vm, context).ok()?;
    let answered = match native.bound.is_undef() {
        true if native.is_function => answer(vm, rest),
        true => None,
        false => {
            let mut all = Args::from_iter([native.bound.clone()]);
            all.extend(rest.iter().cloned());
            answer(vm, &all)
        }
    };
    leave(vm, previous);
    answered
}

fn context_copy(vm: &mut Vm, args: &[Value]) -> R {
    let map = context_of(vm, &args[0])?.map.get();
    Ok(Context::of_map(map).into_value())
}

fn key_of(vm: &mut Vm, key: &Value) -> R<()> {
    if key.is_kind::<ContextVar>() {
        return Ok(());
    }
    let shown = script::repr(vm, key)?;
    Err(script::error(
        vm,
        Known::TypeError,
        &format!("a ContextVar key was expected, got {shown}"),
    ))
}

fn context_getitem(vm: &mut Vm, args: &[Value]) -> R {
    key_of(vm, &args[1])?;
    match context_of(vm, &args[0])?.lookup(&args[1]) {
        Some(value) => Ok(value),
        None => Err(script::error_with(vm, Known::KeyError, &[args[1].clone()])),
    }
}

fn context_contains(vm: &mut Vm, args: &[Value]) -> R {
    key_of(vm, &args[1])?;
    Ok(Value::bool(
        context_of(vm, &args[0])?.lookup(&args[1]).is_some(),
    ))
}

fn context_get(vm: &mut Vm, args: &[Value]) -> R {
    key_of(vm, &args[1])?;
    Ok(context_of(vm, &args[0])?
        .lookup(&args[1])
        .unwrap_or_else(|| args[2].clone()))
}

fn context_len(vm: &mut Vm, args: &[Value]) -> R {
    let count = context_of(vm, &args[0])?.pairs().len();
    Ok(script::int(count as i64))
}

fn context_keys(vm: &mut Vm, args: &[Value]) -> R {
    let pairs = context_of(vm, &args[0])?.pairs();
    script::list(vm, pairs.into_iter().map(|(var, _)| var).collect())
}

fn context_iter(vm: &mut Vm, args: &[Value]) -> R {
    let keys = context_keys(vm, args)?;
    script::iter(vm, &keys)
}

fn context_values(vm: &mut Vm, args: &[Value]) -> R {
    let pairs = context_of(vm, &args[0])?.pairs();
    script::list(vm, pairs.into_iter().map(|(_, value)| value).collect())
}

fn context_items(vm: &mut Vm, args: &[Value]) -> R {
    let pairs = context_of(vm, &args[0])?.pairs();
    let items = pairs
        .into_iter()
        .map(|(var, value)| script::tuple(vec![var, value]))
        .collect();
    script::list(vm, items)
}

/// Two contexts are equal if they have equal values for the same variables.
fn context_eq(vm: &mut Vm, args: &[Value]) -> R {
    let (Some(a), Some(b)) = (args[0].get::<Context>(), args[1].get::<Context>()) else {
        return Ok(Value::NOT_IMPLEMENTED);
    };
    let (a, b) = (a.pairs(), b.pairs());
    if a.len() != b.len() {
        return Ok(Value::FALSE);
    }
    for ((var, left), (other, right)) in a.iter().zip(&b) {
        let same =
            var.is(other) && (left.is(right) || vm.compare_truth(CompareOp::Eq, left, right)?);
        if !same {
            return Ok(Value::FALSE);
        }
    }
    Ok(Value::TRUE)
}

/// `contextvars.Context`
pub static CONTEXT: TypeDef = TypeDef {
    new: Some(Def::leaf("__new__(cls, *args, **kwargs)", context_new).stat()),
    methods: &[
        Def::frame(
            "run(self, callable=<unset>, /, *args, **kwargs)",
            1,
            context_run,
        )
        .at_once(run_at_once),
        Def::leaf("copy(self)", context_copy),
        Def::leaf("get(self, key, default=None, /)", context_get),
        Def::leaf("keys(self)", context_keys),
        Def::leaf("values(self)", context_values),
        Def::leaf("items(self)", context_items),
        Def::leaf("__getitem__(self, key, /)", context_getitem),
        Def::leaf("__contains__(self, key, /)", context_contains),
        Def::leaf("__len__(self)", context_len),
        Def::leaf("__iter__(self)", context_iter),
        Def::leaf("__eq__(self, value, /)", context_eq),
    ],
    ..TypeDef::new("_contextvars", "Context", kind::CONTEXT)
};

// ----- ContextVar -----------------------------------------------------------

fn var_new(vm: &mut Vm, args: &[Value]) -> R {
    if !args[1].is_kind::<Str>() {
        return Err(script::error(
            vm,
            Known::TypeError,
            "context variable name must be a str",
        ));
    }
    Ok(ContextVar::alloc(kind::CONTEXT_VAR as u32, args[1].clone(), args[2].clone()).into_value())
}

fn var_get(vm: &mut Vm, args: &[Value]) -> R {
    let var = var_of(vm, &args[0])?;
    if let Some(context) = vm.context.get::<Context>()
        && let Some(value) = context.lookup(&args[0])
    {
        return Ok(value);
    }
    if !args[1].is_undef() {
        return Ok(args[1].clone());
    }
    if !var.default.is_undef() {
        return Ok(var.default.clone());
    }
    Err(script::error_with(
        vm,
        Known::LookupError,
        &[args[0].clone()],
    ))
}

/// `get()` and `get(default)`, where there is a value.
fn var_get_at_once(vm: &mut Vm, args: &[Value]) -> Option<R> {
    let var = args.first()?.get_exact::<ContextVar>()?;
    let found = vm.context.get::<Context>();
    if let Some(found) = found.and_then(|context| context.lookup(&args[0])) {
        return (args.len() <= 2).then_some(Ok(found));
    }
    match args {
        [_] if !var.default.is_undef() => Some(Ok(var.default.clone())),
        [_, default] => Some(Ok(default.clone())),
        _ => None,
    }
}

fn var_set(vm: &mut Vm, args: &[Value]) -> R {
    var_of(vm, &args[0])?;
    let context = current(vm);
    let old = context.store(&args[0], args[1].clone());
    let token = Token::alloc(
        kind::CONTEXT_TOKEN as u32,
        args[0].clone(),
        Field::new(context.into_value()),
        old,
        Cell::new(false),
    );
    Ok(token.into_value())
}

fn var_reset(vm: &mut Vm, args: &[Value]) -> R {
    var_of(vm, &args[0])?;
    let Some(token) = args[1].get::<Token>() else {
        let name = vm.type_name(&args[1]);
        return Err(script::error(
            vm,
            Known::TypeError,
            &format!("expected an instance of Token, got {name}"),
        ));
    };
    let shown = |vm: &mut Vm| script::repr(vm, &args[1]);
    if token.used.get() {
        let text = format!("{} has already been used once", shown(vm)?);
        return Err(script::error(vm, Known::RuntimeError, &text));
    }
    if !token.var.is(&args[0]) {
        let text = format!("{} was created by a different ContextVar", shown(vm)?);
        return Err(script::error(vm, Known::ValueError, &text));
    }
    let context = current(vm);
    if !token.context.as_value().is(context.as_value()) {
        let text = format!("{} was created in a different Context", shown(vm)?);
        return Err(script::error(vm, Known::ValueError, &text));
    }
    token.used.set(true);
    drop(context.store(&args[0], token.old.clone()));
    Ok(Value::NONE)
}

fn var_repr(vm: &mut Vm, args: &[Value]) -> R {
    let var = var_of(vm, &args[0])?;
    let mut text = format!("<ContextVar name={}", script::repr(vm, &var.name)?);
    if !var.default.is_undef() {
        text += &format!(" default={}", script::repr(vm, &var.default)?);
    }
    text += &format!(" at {}>", script::address(vm, &args[0]));
    Ok(script::text(&text))
}

fn var_name(vm: &mut Vm, value: &Value) -> R {
    Ok(var_of(vm, value)?.name.clone())
}

/// `contextvars.ContextVar`
pub static CONTEXT_VAR: TypeDef = TypeDef {
    new: Some(Def::leaf("__new__(cls, name, /, *, default=Undef)", var_new).stat()),
    methods: &[
        Def::leaf("get(self, default=Undef, /)", var_get).at_once(var_get_at_once),
        Def::leaf("set(self, value, /)", var_set),
        Def::leaf("reset(self, token, /)", var_reset),
        Def::leaf("__repr__(self)", var_repr),
        Def::leaf("__class_getitem__(cls, item, /)", script::class_getitem).class(),
    ],
    attributes: &[Attribute::get("name", var_name)],
    ..TypeDef::new("_contextvars", "ContextVar", kind::CONTEXT_VAR)
};

// ----- Token ----------------------------------------------------------------

fn token_of<'a>(vm: &mut Vm, value: &'a Value) -> R<&'a Token> {
    match value.get::<Token>() {
        Some(token) => Ok(token),
        None => Err(script::error(
            vm,
            Known::TypeError,
            "a Token object was expected",
        )),
    }
}

fn token_var(vm: &mut Vm, value: &Value) -> R {
    Ok(token_of(vm, value)?.var.clone())
}

fn token_old(vm: &mut Vm, value: &Value) -> R {
    let old = token_of(vm, value)?.old.clone();
    if old.is_undef() {
        let class = vm.class_of(value);
        return script::attr(vm, class.as_value(), "MISSING");
    }
    Ok(old)
}

fn token_repr(vm: &mut Vm, args: &[Value]) -> R {
    let token = token_of(vm, &args[0])?;
    let used = if token.used.get() { " used" } else { "" };
    let var = script::repr(vm, &token.var)?;
    Ok(script::text(&format!(
        "<Token{used} var={var} at {}>",
        script::address(vm, &args[0])
    )))
}

fn missing_repr(_: &mut Vm, _: &[Value]) -> R {
    Ok(script::text("<Token.MISSING>"))
}

/// The type of `Token.MISSING`.
pub static TOKEN_MISSING: TypeDef = TypeDef {
    methods: &[Def::leaf("__repr__(self)", missing_repr)],
    ..TypeDef::new("_contextvars", "_Token_Missing", kind::INSTANCE)
};

fn token_setup(vm: &mut Vm, class: &Ref<crate::object::class::Class>) -> R<()> {
    let missing = vm.class_of_def(&TOKEN_MISSING);
    let missing = crate::object::class::Instance::alloc(missing.root_shape.get());
    script::put_class(vm, class, "MISSING", missing.into_value())
}

/// `contextvars.Token`
pub static TOKEN: TypeDef = TypeDef {
    methods: &[
        Def::leaf("__repr__(self)", token_repr),
        Def::leaf("__class_getitem__(cls, item, /)", script::class_getitem).class(),
    ],
    attributes: &[
        Attribute::get("var", token_var),
        Attribute::get("old_value", token_old),
    ],
    setup: Some(token_setup),
    ..TypeDef::new("_contextvars", "Token", kind::CONTEXT_TOKEN)
};

/// `contextvars`
pub static MODULE: ModuleDef = ModuleDef {
    name: "contextvars",
    doc: "Context Variables",
    functions: &[Def::leaf("copy_context()", copy_context)],
    types: &[&CONTEXT, &CONTEXT_VAR, &TOKEN],
    setup: None,
};

/// The types of this module, those without a name in it included.
pub static TYPES: &[&TypeDef] = &[&CONTEXT, &CONTEXT_VAR, &TOKEN, &TOKEN_MISSING];
