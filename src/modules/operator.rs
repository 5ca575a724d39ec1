//! `_operator`: the operators as functions. They run in frames, so that what a script's operator
//! does may wait.

use crate::builtins::arguments::{long_string, plain, shape_of_class, string, tuple};
use crate::builtins::functions::{outcome, pull, received};
use crate::heap::{Ref, Value};
use crate::object::dict::Dict;
use crate::object::int::IntView;
use crate::object::kind;
use crate::object::native::{Args, Def, Input, ModuleDef, NativeFrame, R, Step, TypeDef};
use crate::object::str::Str;
use crate::object::traced::traced_object;
use crate::object::tuple::Tuple;
use crate::vm::Vm;
use crate::vm::compare::CompareOp;
use crate::vm::ops::{BinaryOp, UnaryOp};
use crate::vm::special::Special;

/// `_operator`
pub static MODULE: ModuleDef = ModuleDef {
    name: "_operator",
    doc: "Operator interface.",
    functions: FUNCTIONS,
    types: TYPES,
    setup: None,
};

/// All types of this module.
pub static TYPES: &[&TypeDef] = &[&ITEM_GETTER, &ATTR_GETTER, &METHOD_CALLER];

macro_rules! binary {
    ($sig:literal, $op:ident, $inplace:literal, $doc:literal) => {
        Def::frame($sig, 0, |vm, frame, _| {
            vm.binary_step(BinaryOp::$op, $inplace, &frame.regs[0], &frame.regs[1])
        })
        .doc($doc)
    };
}

macro_rules! unary {
    ($sig:literal, $op:ident, $doc:literal) => {
        Def::frame($sig, 0, |vm, frame, _| {
            vm.unary_step(UnaryOp::$op, &frame.regs[0])
        })
        .doc($doc)
    };
}

macro_rules! comparison {
    ($sig:literal, $op:ident, $doc:literal) => {
        Def::frame($sig, 0, |vm, frame, _| {
            vm.compare_step(CompareOp::$op, &frame.regs[0], &frame.regs[1])
        })
        .doc($doc)
    };
}

static FUNCTIONS: &[Def] = &[
    comparison!("lt(a, b, /)", Lt, "The value of a < b."),
    comparison!("le(a, b, /)", Le, "The value of a <= b."),
    comparison!("eq(a, b, /)", Eq, "The value of a == b."),
    comparison!("ne(a, b, /)", Ne, "The value of a != b."),
    comparison!("ge(a, b, /)", Ge, "The value of a >= b."),
    comparison!("gt(a, b, /)", Gt, "The value of a > b."),
    binary!("add(a, b, /)", Add, false, "The value of a + b."),
    binary!("and_(a, b, /)", And, false, "The value of a & b."),
    binary!("floordiv(a, b, /)", FloorDiv, false, "The value of a // b."),
    binary!("lshift(a, b, /)", LShift, false, "The value of a << b."),
    binary!("mod(a, b, /)", Mod, false, "The value of a % b."),
    binary!("mul(a, b, /)", Mul, false, "The value of a * b."),
    binary!("matmul(a, b, /)", MatMul, false, "The value of a @ b."),
    binary!("or_(a, b, /)", Or, false, "The value of a | b."),
    binary!("pow(a, b, /)", Pow, false, "The value of a ** b."),
    binary!("rshift(a, b, /)", RShift, false, "The value of a >> b."),
    binary!("sub(a, b, /)", Sub, false, "The value of a - b."),
    binary!("truediv(a, b, /)", TrueDiv, false, "The value of a / b."),
    binary!("xor(a, b, /)", Xor, false, "The value of a ^ b."),
    binary!(
        "iadd(a, b, /)",
        Add,
        true,
        "a += b, and what it leaves in a."
    ),
    binary!(
        "iand(a, b, /)",
        And,
        true,
        "a &= b, and what it leaves in a."
    ),
    binary!(
        "ifloordiv(a, b, /)",
        FloorDiv,
        true,
        "a //= b, and what it leaves in a."
    ),
    binary!(
        "ilshift(a, b, /)",
        LShift,
        true,
        "a <<= b, and what it leaves in a."
    ),
    binary!(
        "imod(a, b, /)",
        Mod,
        true,
        "a %= b, and what it leaves in a."
    ),
    binary!(
        "imul(a, b, /)",
        Mul,
        true,
        "a *= b, and what it leaves in a."
    ),
    binary!(
        "imatmul(a, b, /)",
        MatMul,
        true,
        "a @= b, and what it leaves in a."
    ),
    binary!("ior(a, b, /)", Or, true, "a |= b, and what it leaves in a."),
    binary!(
        "ipow(a, b, /)",
        Pow,
        true,
        "a **= b, and what it leaves in a."
    ),
    binary!(
        "irshift(a, b, /)",
        RShift,
        true,
        "a >>= b, and what it leaves in a."
    ),
    binary!(
        "isub(a, b, /)",
        Sub,
        true,
        "a -= b, and what it leaves in a."
    ),
    binary!(
        "itruediv(a, b, /)",
        TrueDiv,
        true,
        "a /= b, and what it leaves in a."
    ),
    binary!(
        "ixor(a, b, /)",
        Xor,
        true,
        "a ^= b, and what it leaves in a."
    ),
    unary!(
        "abs(a, /)",
        Abs,
        "The number without its sign, as abs() gives it."
    ),
    unary!("inv(a, /)", Invert, "The value of ~a."),
    unary!("invert(a, /)", Invert, "The value of ~a."),
    unary!("neg(a, /)", Neg, "The value of -a."),
    unary!("pos(a, /)", Pos, "The value of +a."),
    Def::frame("not_(a, /)", 0, |vm, frame, _| vm.not_step(&frame.regs[0]))
        .doc("The value of not a."),
    Def::frame("truth(a, /)", 0, |vm, frame, _| {
        vm.truth_step(&frame.regs[0])
    })
    .doc("Whether a counts as true."),
    Def::leaf("is_(a, b, /)", |_, args| {
        Ok(Value::bool(args[0].is(&args[1])))
    })
    .doc("The value of a is b."),
    Def::leaf("is_not(a, b, /)", |_, args| {
        Ok(Value::bool(!args[0].is(&args[1])))
    })
    .doc("The value of a is not b."),
    Def::leaf("index(a, /)", |vm, args| vm.index_value(&args[0])).doc("What a is as an index."),
    Def::frame("concat(a, b, /)", 0, |vm, frame, _| {
        concat(vm, frame, false)
    })
    .doc("a + b, where both are sequences."),
    Def::frame("iconcat(a, b, /)", 0, |vm, frame, _| {
        concat(vm, frame, true)
    })
    .doc("a += b, where both are sequences."),
    Def::frame("contains(a, b, /)", 0, |vm, frame, _| {
        vm.contains_step(&frame.regs[0], &frame.regs[1], false)
    })
    .doc("b in a: mind the order."),
    Def::frame("getitem(a, b, /)", 0, |vm, frame, _| {
        vm.get_item_step(&frame.regs[0], &frame.regs[1])
    })
    .doc("The value of a[b]."),
    Def::frame("setitem(a, b, c, /)", 0, |vm, frame, input| {
        nothing(frame, input, |f| {
            vm.set_item_step(&f.regs[0], &f.regs[1], &f.regs[2])
        })
    })
    .doc("Sets the item b of a to c."),
    Def::frame("delitem(a, b, /)", 0, |vm, frame, input| {
        nothing(frame, input, |f| {
            vm.delete_item_step(&f.regs[0], &f.regs[1])
        })
    })
    .doc("Takes the item b out of a."),
    Def::frame("countOf(a, b, /)", 2, |vm, frame, input| {
        search(vm, frame, input, true)
    })
    .doc("How many items of a are b or equal to it."),
    Def::frame("indexOf(a, b, /)", 2, |vm, frame, input| {
        search(vm, frame, input, false)
    })
    .doc("Where the first item of a is that is b or equal to it."),
    Def::leaf("length_hint(obj, default=0, /)", length_hint)
        .doc("How many items obj has, or probably has; the default if nothing tells."),
    Def::frame("call(obj, /, *args, **kwargs)", 0, call).doc("Calls obj with what follows."),
    Def::leaf("_compare_digest(a, b, /)", compare_digest)
        .doc("Whether both are equal, in a time that does not tell where they differ."),
];

/// A step whose result is of no interest.
fn nothing(
    frame: &mut NativeFrame<'_>,
    input: Input,
    step: impl FnOnce(&NativeFrame<'_>) -> Step,
) -> Step {
    match received(input) {
        Ok(Some(_)) => Step::Return(Value::NONE),
        Ok(None) => match outcome(step(frame)) {
            Ok(_) => Step::Return(Value::NONE),
            Err(wait) => wait,
        },
        Err(end) => end,
    }
}

fn concat(vm: &mut Vm, frame: &mut NativeFrame<'_>, inplace: bool) -> Step {
    let (a, b) = (&frame.regs[0], &frame.regs[1]);
    if vm.special_of(a, Special::GetItem).is_none() || a.is_kind::<Dict>() {
        let name = vm.type_name(a);
        return Step::Raise(vm.type_error(format!("'{name}' object can't be concatenated")));
    }
    vm.binary_step(BinaryOp::Add, inplace, a, b)
}

/// `countOf` and `indexOf`. Registers: a, b, the iterator, how many were seen or found.
/// States: 0 the iterator comes, 1 an item, 2 the answer to `item == b`, 3 whether that is true.
fn search(vm: &mut Vm, frame: &mut NativeFrame<'_>, input: Input, counts: bool) -> Step {
    const ITERATOR: usize = 2;
    const SO_FAR: usize = 3;
    let mut value = match received(input) {
        Ok(Some(value)) => value,
        Ok(None) => {
            if !vm.is_iterable(&frame.regs[0]) {
                let name = vm.type_name(&frame.regs[0]);
                let text = format!("argument of type '{name}' is not iterable");
                return Step::Raise(vm.type_error(text));
            }
            frame.regs[SO_FAR] = Value::int32(0);
            match outcome(vm.iter_step(&frame.regs[0])) {
                Ok(iterator) => iterator,
                Err(wait) => return wait,
            }
        }
        Err(end) => return end,
    };
    loop {
        let step = match frame.state {
            0 | 3 => {
                if frame.state == 0 {
                    frame.regs[ITERATOR] = value;
                } else {
                    let found = value.is_true();
                    if found && !counts {
                        return Step::Return(frame.regs[SO_FAR].clone());
                    }
                    if found == counts
                        && let Some(more) = frame.regs[SO_FAR].add_small(&Value::int32(1))
                    {
                        frame.regs[SO_FAR] = more;
                    }
                }
                frame.state = 1;
                match pull(vm, &frame.regs[ITERATOR]) {
                    Ok(item) => Step::Return(item),
                    Err(wait) => return wait,
                }
            }
            1 if value.is_undef() && counts => return Step::Return(frame.regs[SO_FAR].clone()),
            1 if value.is_undef() => {
                return Step::Raise(vm.value_error("sequence.index(x): x not in sequence"));
            }
            1 if value.is(&frame.regs[1]) => {
                frame.state = 3;
                Step::Return(Value::TRUE)
            }
            1 => {
                frame.state = 2;
                vm.compare_step(CompareOp::Eq, &value, &frame.regs[1])
            }
            _ => {
                frame.state = 3;
                vm.truth_step(&value)
            }
        };
        value = match outcome(step) {
            Ok(value) => value,
            Err(wait) => return wait,
        };
    }
}

fn length_hint(vm: &mut Vm, args: &[Value]) -> R {
    let default = &args[1];
    if IntView::of(default).is_none() {
        let name = vm.type_name(default);
        return Err(vm.type_error(format!(
            "'{name}' object cannot be interpreted as an integer"
        )));
    }
    if vm.special_of(&args[0], Special::Len).is_some() {
        match vm.len(&args[0]) {
            Ok(n) => return Ok(crate::builtins::arguments::int(n as i64)),
            Err(raised) if !vm.is_raised(&raised, crate::vm::types::Known::TypeError) => {
                return Err(raised);
            }
            Err(_) => {}
        }
    }
    let Some(method) = vm.special_of(&args[0], Special::LengthHint) else {
        return Ok(default.clone());
    };
    let step = vm.call_special(method, &args[0], &[]);
    let hint = match vm.finish(step) {
        Ok(hint) => hint,
        Err(raised) if vm.is_raised(&raised, crate::vm::types::Known::TypeError) => {
            return Ok(default.clone());
        }
        Err(raised) => return Err(raised),
    };
    if hint.is_not_implemented() {
        return Ok(default.clone());
    }
    if IntView::of(&hint).is_none() {
        let name = vm.type_name(&hint);
        return Err(vm.type_error(format!("__length_hint__ must be an integer, not {name}")));
    }
    if vm.index(&hint).is_err() {
        return Err(vm.overflow_error("Python int too large to convert to C ssize_t"));
    }
    match vm.index(&hint)? {
        hint @ 0.. => Ok(crate::builtins::arguments::int(hint)),
        _ => Err(vm.value_error("__length_hint__() should return >= 0")),
    }
}

fn call(vm: &mut Vm, frame: &mut NativeFrame<'_>, _: Input) -> Step {
    let callee = frame.regs[0].clone();
    call_with(vm, callee, Args::new(), &frame.regs[1], &frame.regs[2])
}

/// Calls with these first arguments, then those of a tuple and of a dict.
fn call_with(vm: &mut Vm, callee: Value, first: Args, args: &Value, keywords: &Value) -> Step {
    let mut all = first;
    all.extend(
        args.get::<Tuple>()
            .map_or(&[][..], Tuple::items)
            .iter()
            .cloned(),
    );
    let pairs = keywords.get::<Dict>().map_or_else(Vec::new, Dict::pairs);
    if pairs.is_empty() {
        return Step::TailCall(callee, all);
    }
    let mut names = Vec::new();
    for (name, value) in pairs {
        names.push(name);
        all.push(value);
    }
    match tuple(vm, names) {
        Ok(names) => Step::TailCallKw(callee, all, names),
        Err(raised) => Step::Raise(raised),
    }
}

/// Compares every byte, whether or not one differs before it.
fn compare_digest(vm: &mut Vm, args: &[Value]) -> R {
    let (a, b) = if let (Some(a), Some(b)) = (args[0].get::<Str>(), args[1].get::<Str>()) {
        if !a.bytes().is_ascii() || !b.bytes().is_ascii() {
            return Err(
                vm.type_error("comparing strings with non-ASCII characters is not supported")
            );
        }
        (a.bytes().to_vec(), b.bytes().to_vec())
    } else {
        let both = [&args[0], &args[1]].map(|v| match v.is_kind::<Str>() {
            true => None,
            false => crate::builtins::arguments::buffer(vm, v).ok(),
        });
        let [Some(a), Some(b)] = both else {
            let names = [vm.type_name(&args[0]), vm.type_name(&args[1])];
            return Err(vm.type_error(format!(
                "unsupported operand types(s) or combination of types: '{}' and '{}'",
                names[0], names[1]
            )));
        };
        (a, b)
    };
    let mut differs = u8::from(a.len() != b.len());
    for (i, byte) in b.iter().enumerate() {
        differs |= byte ^ a.get(i).unwrap_or(byte);
    }
    Ok(Value::bool(std::hint::black_box(differs) == 0))
}

// ----- callables that fetch --------------------------------------------------

traced_object! {
    /// `itemgetter`, `attrgetter` and `methodcaller`.
    pub struct Fetcher: FETCHER {
        /// What is fetched: a tuple; of `methodcaller`, the name and the arguments.
        wanted: Value,
        /// Keyword arguments of `methodcaller`: a dict. Of `attrgetter`, the parts of the names:
        /// a tuple of tuples.
        extra: Value,
    }
}

fn fetcher(class: &Value, wanted: Value, extra: Value) -> Value {
    Fetcher::alloc(shape_of_class(class), wanted, extra).into_value()
}

/// Fetchers are made with one thing at least; only `methodcaller` takes keywords.
fn check_given(vm: &mut Vm, args: &[Value], names: &[Value], name: &str) -> R<()> {
    if !names.is_empty() {
        return Err(vm.type_error(format!("{name}() takes no keyword arguments")));
    }
    if args.len() < 2 {
        return Err(vm.type_error(format!("{name} expected 1 argument, got 0")));
    }
    Ok(())
}

fn item_getter_new(vm: &mut Vm, args: &[Value], names: &[Value]) -> R {
    check_given(vm, args, names, "itemgetter")?;
    let wanted = tuple(vm, args[1..].to_vec())?;
    Ok(fetcher(&args[0], wanted, Value::NONE))
}

fn attr_getter_new(vm: &mut Vm, args: &[Value], names: &[Value]) -> R {
    if args.len() > 1 || names.is_empty() {
        check_given(vm, args, names, "attrgetter")?;
    } else {
        return Err(vm.type_error("attrgetter expected 1 argument, got 0"));
    }
    let mut paths = Vec::new();
    for name in &args[1..] {
        let Some(text) = name.get::<Str>() else {
            return Err(vm.type_error("attribute name must be a string"));
        };
        let text = text.to_text().into_owned();
        let parts = if text.contains('.') {
            text.split('.')
                .map(|part| vm.intern(part).into_value())
                .collect()
        } else {
            vec![name.clone()]
        };
        paths.push(tuple(vm, parts)?);
    }
    let wanted = tuple(vm, args[1..].to_vec())?;
    let paths = tuple(vm, paths)?;
    Ok(fetcher(&args[0], wanted, paths))
}

fn method_caller_new(vm: &mut Vm, args: &[Value], names: &[Value]) -> R {
    let positional = args.len() - names.len();
    if positional < 2 {
        return Err(vm.type_error("methodcaller needs at least one argument, the method name"));
    }
    if !args[1].is_kind::<Str>() {
        return Err(vm.type_error("method name must be a string"));
    }
    let keywords = Dict::new();
    for (name, value) in names.iter().zip(&args[positional..]) {
        vm.dict_set(&keywords, name, value.clone())?;
    }
    let wanted = tuple(vm, args[1..positional].to_vec())?;
    Ok(fetcher(&args[0], wanted, keywords.into_value()))
}

fn items_of(value: &Value) -> &[Value] {
    value.get::<Tuple>().map_or(&[][..], Tuple::items)
}

/// Registers: self, object, what was fetched so far (a list in a tuple's place).
/// The state is 1 when an item comes; how many came already lies in register 3.
fn item_getter_call(vm: &mut Vm, frame: &mut NativeFrame<'_>, input: Input) -> Step {
    let Some(getter) = frame.regs[0].to_ref::<Fetcher>() else {
        return Step::Return(Value::NONE);
    };
    let wanted = items_of(&getter.wanted);
    if let [only] = wanted {
        return vm.get_item_step(&frame.regs[1], only);
    }
    collect(frame, input, wanted.len(), |frame, i| {
        vm.get_item_step(&frame.regs[1], &wanted[i])
    })
}

/// The items, where all of them are known at once.
fn items_at_once(vm: &mut Vm, args: &[Value]) -> Option<R> {
    let [getter, object] = args else { return None };
    let getter = getter.to_ref::<Fetcher>()?;
    let wanted = items_of(&getter.wanted);
    // Nothing is asked that could be asked twice.
    let at_hand = object.is_exact::<Tuple>() || object.is_exact::<crate::object::list::List>();
    if !at_hand || !wanted.iter().all(Value::is_small_int) {
        return None;
    }
    let mut items = Args::new();
    for key in wanted {
        match vm.get_item_step(object, key) {
            Step::Return(item) => items.push(item),
            Step::Raise(raised) => return Some(Err(raised)),
            _ => return None,
        }
    }
    if wanted.len() == 1 {
        return items.pop().map(Ok);
    }
    let tuple = Tuple::new(&items).map(Ref::into_value);
    Some(vm.lift(tuple))
}

/// One attribute, where it is known at once.
fn attribute_at_once(vm: &mut Vm, args: &[Value]) -> Option<R> {
    let [getter, object] = args else { return None };
    let getter = getter.to_ref::<Fetcher>()?;
    let [path] = items_of(&getter.extra) else {
        return None;
    };
    let [name] = items_of(path) else { return None };
    match vm.get_attr_step(object, name) {
        Step::Return(value) => Some(Ok(value)),
        Step::Raise(raised) => Some(Err(raised)),
        _ => None,
    }
}

/// Gathers the results of `n` steps into a tuple. Registers 2..: a list of what there is.
fn collect(
    frame: &mut NativeFrame<'_>,
    input: Input,
    n: usize,
    mut step: impl FnMut(&mut NativeFrame<'_>, usize) -> Step,
) -> Step {
    let mut come = match received(input) {
        Ok(come) => come,
        Err(end) => return end,
    };
    if frame.regs[2].is_undef() {
        frame.regs[2] = crate::builtins::arguments::list(Vec::new());
    }
    let Some(list) = frame.regs[2].to_ref::<crate::object::list::List>() else {
        return Step::Return(Value::NONE);
    };
    loop {
        if let Some(value) = come.take()
            && list.items.borrow_mut().push(value).is_err()
        {
            return Step::Return(Value::NONE);
        }
        let i = list.items.borrow().len();
        if i == n {
            let items = list.items.borrow().to_vec();
            return Step::Return(Tuple::of(items).into_value());
        }
        match outcome(step(frame, i)) {
            Ok(value) => come = Some(value),
            Err(wait) => return wait,
        }
    }
}

/// Registers: self, object, what was fetched so far, where on the path it is, how far that is.
fn attr_getter_call(vm: &mut Vm, frame: &mut NativeFrame<'_>, input: Input) -> Step {
    let Some(getter) = frame.regs[0].to_ref::<Fetcher>() else {
        return Step::Return(Value::NONE);
    };
    let paths = items_of(&getter.extra);
    if let [path] = paths
        && let [name] = items_of(path)
    {
        return vm.get_attr_step(&frame.regs[1], name);
    }
    let mut fetched = Vec::new();
    let mut come = match received(input) {
        Ok(come) => come,
        Err(end) => return end,
    };
    if let Some(list) = frame.regs[2].to_ref::<Tuple>() {
        fetched = list.items().to_vec();
    }
    loop {
        let step = frame.regs[4].as_small_int().unwrap_or(0) as usize;
        if let Some(value) = come.take() {
            frame.regs[3] = value;
        } else {
            frame.regs[3] = frame.regs[1].clone();
        }
        let path = items_of(&paths[fetched.len()]);
        if step == path.len() {
            fetched.push(std::mem::take(&mut frame.regs[3]));
            frame.regs[4] = Value::int32(0);
            if fetched.len() == paths.len() {
                return match &fetched[..] {
                    [only] => Step::Return(only.clone()),
                    _ => Step::from(tuple(vm, fetched)),
                };
            }
            continue;
        }
        frame.regs[4] = Value::int32(step as i32 + 1);
        match outcome(vm.get_attr_step(&frame.regs[3], &path[step])) {
            Ok(value) => come = Some(value),
            Err(wait) => {
                frame.regs[2] = Tuple::of(fetched).into_value();
                return wait;
            }
        }
    }
}

/// Registers: self, object. State 1: the method comes.
fn method_caller_call(vm: &mut Vm, frame: &mut NativeFrame<'_>, input: Input) -> Step {
    let Some(caller) = frame.regs[0].to_ref::<Fetcher>() else {
        return Step::Return(Value::NONE);
    };
    let [name, args @ ..] = items_of(&caller.wanted) else {
        return Step::Return(Value::NONE);
    };
    let method = match received(input) {
        Ok(Some(method)) => method,
        Ok(None) => match outcome(vm.get_attr_step(&frame.regs[1], name)) {
            Ok(method) => method,
            Err(wait) => return wait,
        },
        Err(end) => return end,
    };
    let args: Args = args.iter().cloned().collect();
    call_with(vm, method, args, &Value::NONE, &caller.extra)
}

fn repr(vm: &mut Vm, args: &[Value]) -> R {
    if !vm.enter_repr(&args[0]) {
        let name = vm.type_name(&args[0]);
        return Ok(string(&format!("{name}(...)")));
    }
    let text = repr_text(vm, &args[0]);
    vm.leave_repr();
    long_string(vm, &text?)
}

fn repr_text(vm: &mut Vm, value: &Value) -> R<String> {
    let name = vm.type_name(value);
    let Some(this) = value.to_ref::<Fetcher>() else {
        return Ok(name);
    };
    let mut parts = Vec::new();
    for item in items_of(&this.wanted) {
        parts.push(vm.repr_text(item)?);
    }
    for (key, value) in this.extra.get::<Dict>().map_or_else(Vec::new, Dict::pairs) {
        parts.push(format!("{}={}", plain(&key), vm.repr_text(&value)?));
    }
    Ok(format!("{name}({})", parts.join(", ")))
}

fn reduce(vm: &mut Vm, args: &[Value]) -> R {
    let Some(this) = args[0].to_ref::<Fetcher>() else {
        return Ok(Value::NONE);
    };
    let class = vm.class_of(&args[0]).into_value();
    let keywords = this.extra.get::<Dict>().map_or_else(Vec::new, Dict::pairs);
    if keywords.is_empty() {
        return Ok(Tuple::pair(class, this.wanted.clone()).into_value());
    }
    // Keyword arguments go through a partial.
    let [name, rest @ ..] = items_of(&this.wanted) else {
        return Ok(Value::NONE);
    };
    let partial = vm.class_of_def(&super::functools::PARTIAL).into_value();
    let mut made_of = vec![class, name.clone()];
    let mut names = Vec::new();
    for (name, value) in keywords {
        names.push(name);
        made_of.push(value);
    }
    let names = tuple(vm, names)?;
    let partial = vm.call_kw(&partial, &made_of, &names)?;
    let rest = tuple(vm, rest.to_vec())?;
    Ok(Tuple::pair(partial, rest).into_value())
}

const REPR: Def = Def::leaf("__repr__(self, /)", repr);
const REDUCE: Def =
    Def::leaf("__reduce__(self, /)", reduce).doc("How to make it again, for copies and pickles.");

/// `operator.itemgetter`
pub static ITEM_GETTER: TypeDef = TypeDef {
    doc: "itemgetter(item, /, *items)\n--\n\nReturn a callable object that fetches the given item(s) from its operand.\n\nAfter f = itemgetter(2), the call f(r) returns r[2].\nAfter g = itemgetter(2, 5, 3), the call g(r) returns (r[2], r[5], r[3])",
    new: Some(Def::raw("__new__(cls, item, /, *items)", item_getter_new)),
    methods: &[
        Def::frame("__call__(self, obj, /)", 1, item_getter_call).at_once(items_at_once),
        REPR,
        REDUCE,
    ],
    ..TypeDef::new("operator", "itemgetter", kind::FETCHER)
};

/// `operator.attrgetter`
pub static ATTR_GETTER: TypeDef = TypeDef {
    doc: "attrgetter(attr, /, *attrs)\n--\n\nReturn a callable object that fetches the given attribute(s) from its operand.\n\nAfter f = attrgetter('name'), the call f(r) returns r.name.\nAfter g = attrgetter('name', 'date'), the call g(r) returns (r.name, r.date).\nAfter h = attrgetter('name.first', 'name.last'), the call h(r) returns\n(r.name.first, r.name.last).",
    new: Some(Def::raw("__new__(cls, attr, /, *attrs)", attr_getter_new)),
    methods: &[
        Def::frame("__call__(self, obj, /)", 3, attr_getter_call).at_once(attribute_at_once),
        REPR,
        REDUCE,
    ],
    ..TypeDef::new("operator", "attrgetter", kind::FETCHER)
};

/// `operator.methodcaller`
pub static METHOD_CALLER: TypeDef = TypeDef {
    doc: "methodcaller(name, /, *args, **kwargs)\n--\n\nReturn a callable object that calls the given method on its operand.\n\nAfter f = methodcaller('name'), the call f(r) returns r.name().\nAfter g = methodcaller('name', 'date', foo=1), the call g(r) returns\nr.name('date', foo=1).",
    new: Some(Def::raw(
        "__new__(cls, name, /, *args, **kwargs)",
        method_caller_new,
    )),
    methods: &[
        Def::frame("__call__(self, obj, /)", 0, method_caller_call),
        REPR,
        REDUCE,
    ],
    ..TypeDef::new("operator", "methodcaller", kind::FETCHER)
};
