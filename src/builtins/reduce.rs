//! What `object` says about how an object is made anew: `__reduce_ex__`, `__reduce__` and
//! `__getstate__`. `copy` and `pickle` ask for it. What runs script is a native frame.

use crate::heap::{Ref, Value, shape_flags};
use crate::object::class::{Class, class_flags};
use crate::object::descriptor::SlotDescriptor;
use crate::object::dict::Dict;
use crate::object::kind;
use crate::object::native::{Args, Def, Input, Native, NativeFrame, R, Step};
use crate::object::tuple::Tuple;
use crate::vm::Vm;
use crate::vm::special::Special;

use super::adapt::c_int;
use super::functions::{outcome, received};

/// `object.__reduce_ex__`
pub const REDUCE_EX: Def = Def::frame("__reduce_ex__(self, protocol, /)", 0, reduce_ex)
    .doc("How to make it again, for pickles.");
/// `object.__reduce__`
pub const REDUCE: Def = Def::frame("__reduce__(self, /)", 0, |vm, frame, input| match input {
    Input::Raised(raised) => Step::Raise(raised),
    Input::Value(copyreg) | Input::Yielded(copyreg) => {
        old_reduction(vm, &copyreg, &frame.regs[0], &Value::int32(0))
    }
    Input::Start => copyreg(vm).then_go_on(),
})
.doc("How to make it again, for pickles.");
/// `object.__getstate__`
pub const GET_STATE: Def = Def::leaf("__getstate__(self, /)", |vm, args| {
    state_of(vm, &args[0], false)
})
.doc("How to make it again, for pickles.");

/// Where the frame of `REDUCTION` goes on.
mod stage {
    pub const COPYREG: u8 = 1;
    pub const NEW_ARGS_EX: u8 = 2;
    pub const NEW_ARGS: u8 = 3;
    pub const GET_STATE: u8 = 4;
    pub const STATE: u8 = 5;
    pub const ITEMS: u8 = 6;
    pub const PAIRS_METHOD: u8 = 7;
    pub const PAIRS_VIEW: u8 = 8;
    pub const PAIRS: u8 = 9;
}

/// The registers of `REDUCTION`; PARTS is where the result is collected.
mod reg {
    pub const OBJECT: usize = 0;
    pub const COPYREG: usize = 1;
    pub const ARGS: usize = 2;
    pub const KEYWORDS: usize = 3;
    pub const STATE: usize = 4;
    pub const ITEMS: usize = 5;
}

/// The reduction of protocol 2 and later: a maker, its arguments, state, items, pairs.
static REDUCTION: Def = Def::frame("__reduce_ex__(self, /)", 5, reduction);

/// The module `copyreg`.
fn copyreg(vm: &mut Vm) -> Step {
    let name = vm.intern("copyreg").into_value();
    let globals = vm.builtins.clone();
    vm.import_step(&name, &globals, &Value::NONE, 0)
}

/// The reduction of protocols 0 and 1, which `copyreg` makes.
fn old_reduction(vm: &mut Vm, copyreg: &Value, obj: &Value, protocol: &Value) -> Step {
    match vm.get_attr(copyreg, "_reduce_ex") {
        Ok(reduce) => Step::TailCall(reduce, smallvec::smallvec![obj.clone(), protocol.clone()]),
        Err(raised) => Step::Raise(raised),
    }
}

/// Registers: self, protocol. State 1: `copyreg` comes.
fn reduce_ex(vm: &mut Vm, frame: &mut NativeFrame<'_>, input: Input) -> Step {
    match input {
        Input::Raised(raised) => return Step::Raise(raised),
        Input::Value(module) | Input::Yielded(module) => {
            return old_reduction(vm, &module, &frame.regs[0], &frame.regs[1]);
        }
        Input::Start => {}
    }
    let protocol = match c_int(vm, &frame.regs[1]) {
        Ok(protocol) => protocol,
        Err(raised) => return Step::Raise(raised),
    };
    let class = vm.class_of(&frame.regs[0]);
    if let Some(own) = vm.special(&class, Special::Reduce)
        && vm.overrides_object(&class, Special::Reduce)
    {
        return vm.call_special(own, &frame.regs[0], &[]);
    }
    if protocol >= 2 {
        return Step::Enter(&REDUCTION, smallvec::smallvec![frame.regs[0].clone()]);
    }
    copyreg(vm).then_go_on()
}

/// The classes that a class derives from, itself first.
fn line_of(class: &Ref<Class>) -> Vec<Ref<Class>> {
    std::iter::once(class.clone())
        .chain(class.ancestors.borrow().iter().cloned())
        .collect()
}

/// A method of the object's class by this name, bound.
fn method_of(vm: &mut Vm, obj: &Value, name: &str) -> Option<Step> {
    let class = vm.class_of(obj);
    let name = vm.intern(name).into_value();
    let found = vm.lookup_in_class(&class, &name)?;
    Some(vm.call_special(found, obj, &[]))
}

fn reduction(vm: &mut Vm, frame: &mut NativeFrame<'_>, input: Input) -> Step {
    let mut value = match received(input) {
        Ok(None) => {
            if let Err(raised) = check_constructible(vm, &frame.regs[reg::OBJECT]) {
                return Step::Raise(raised);
            }
            frame.state = stage::COPYREG;
            match outcome(copyreg(vm)) {
                Ok(module) => module,
                Err(wait) => return wait,
            }
        }
        Ok(Some(value)) => value,
        Err(end) => return end,
    };
    loop {
        let (next, step) = match advance(vm, frame, value) {
            Ok(then) => then,
            Err(raised) => return Step::Raise(raised),
        };
        frame.state = next;
        if next == 0 {
            return step;
        }
        value = match outcome(step) {
            Ok(value) => value,
            Err(wait) => return wait,
        };
    }
}

/// Takes what the stage waited for, and says what the next waits for; 0 for none.
fn advance(vm: &mut Vm, frame: &mut NativeFrame<'_>, value: Value) -> R<(u8, Step)> {
    let obj = frame.regs[reg::OBJECT].clone();
    match frame.state {
        stage::COPYREG => {
            frame.regs[reg::COPYREG] = value;
            if let Some(step) = method_of(vm, &obj, "__getnewargs_ex__") {
                return Ok((stage::NEW_ARGS_EX, step));
            }
            if let Some(step) = method_of(vm, &obj, "__getnewargs__") {
                return Ok((stage::NEW_ARGS, step));
            }
            ask_state(vm, frame, &obj)
        }
        stage::NEW_ARGS_EX => {
            let (args, keywords) = both_arguments(vm, &value)?;
            frame.regs[reg::ARGS] = args;
            frame.regs[reg::KEYWORDS] = keywords;
            ask_state(vm, frame, &obj)
        }
        stage::NEW_ARGS => {
            if !value.is_kind::<Tuple>() {
                let given = vm.type_name(&value);
                return Err(vm.type_error(format!(
                    "__getnewargs__ should return a tuple, not '{given}'"
                )));
            }
            frame.regs[reg::ARGS] = value;
            ask_state(vm, frame, &obj)
        }
        stage::GET_STATE => {
            if is_default_getstate(&value, &obj) {
                let required = needs_state(vm, frame, &obj);
                let state = state_of(vm, &obj, required);
                return Ok((stage::STATE, Step::from(state)));
            }
            Ok((stage::STATE, Step::TailCall(value, Args::new())))
        }
        stage::STATE => {
            frame.regs[reg::STATE] = value;
            let items = if vm.class_of(&obj).layout == kind::LIST {
                vm.iter_step(&obj)
            } else {
                Step::Return(Value::NONE)
            };
            Ok((stage::ITEMS, items))
        }
        stage::ITEMS => {
            frame.regs[reg::ITEMS] = value;
            if vm.class_of(&obj).layout != kind::DICT {
                return parts(vm, frame, Value::NONE);
            }
            let name = vm.intern("items").into_value();
            Ok((stage::PAIRS_METHOD, vm.get_attr_step(&obj, &name)))
        }
        stage::PAIRS_METHOD => Ok((stage::PAIRS_VIEW, Step::TailCall(value, Args::new()))),
        stage::PAIRS_VIEW => Ok((stage::PAIRS, vm.iter_step(&value))),
        _ => parts(vm, frame, value),
    }
}

fn ask_state(vm: &mut Vm, _: &mut NativeFrame<'_>, obj: &Value) -> R<(u8, Step)> {
    let name = vm.names.of(Special::GetState).clone().into_value();
    Ok((stage::GET_STATE, vm.get_attr_step(obj, &name)))
}

/// Whether what makes the object anew says nothing about what is in it.
fn needs_state(vm: &mut Vm, frame: &NativeFrame<'_>, obj: &Value) -> bool {
    let layout = vm.class_of(obj).layout;
    frame.regs[reg::ARGS].is_undef() && layout != kind::LIST && layout != kind::DICT
}

fn is_default_getstate(method: &Value, obj: &Value) -> bool {
    method
        .get::<Native>()
        .is_some_and(|n| n.def.name() == "__getstate__" && n.bound.is(obj))
        && method
            .get::<Native>()
            .and_then(|n| n.owner.get::<Class>().map(|c| c.name_str() == "object"))
            .unwrap_or(false)
}

/// The result: maker, arguments, state, items and pairs.
fn parts(vm: &mut Vm, frame: &mut NativeFrame<'_>, pairs: Value) -> R<(u8, Step)> {
    let class = vm.class_of(&frame.regs[reg::OBJECT]).into_value();
    let args = std::mem::take(&mut frame.regs[reg::ARGS]);
    let given = args.get::<Tuple>().map_or(&[][..], Tuple::items);
    let keywords = std::mem::take(&mut frame.regs[reg::KEYWORDS]);
    let copyreg = frame.regs[reg::COPYREG].clone();
    let (maker, made_of) = if keywords.get::<Dict>().is_none_or(Dict::is_empty) {
        let mut all = vec![class];
        all.extend(given.iter().cloned());
        ("__newobj__", all)
    } else {
        ("__newobj_ex__", vec![class, args.clone(), keywords])
    };
    let maker = vm.get_attr(&copyreg, maker)?;
    let made_of = vm.new_tuple(made_of)?;
    let state = std::mem::take(&mut frame.regs[reg::STATE]);
    let items = std::mem::take(&mut frame.regs[reg::ITEMS]);
    let result = Tuple::few([maker, made_of, state, items, pairs]).into_value();
    Ok((0, Step::Return(result)))
}

/// What `__getnewargs_ex__` gave, checked.
fn both_arguments(vm: &mut Vm, given: &Value) -> R<(Value, Value)> {
    let Some(pair) = given.get::<Tuple>() else {
        let name = vm.type_name(given);
        return Err(vm.type_error(format!(
            "__getnewargs_ex__ should return a tuple, not '{name}'"
        )));
    };
    let [args, keywords] = pair.items() else {
        let n = pair.items().len();
        return Err(vm.value_error(format!(
            "__getnewargs_ex__ should return a tuple of length 2, not {n}"
        )));
    };
    if !args.is_kind::<Tuple>() {
        let name = vm.type_name(args);
        return Err(vm.type_error(format!(
            "first item of the tuple returned by __getnewargs_ex__ must be a tuple, not '{name}'"
        )));
    }
    if !keywords.is_kind::<Dict>() {
        let name = vm.type_name(keywords);
        return Err(vm.type_error(format!(
            "second item of the tuple returned by __getnewargs_ex__ must be a dict, not '{name}'"
        )));
    }
    Ok((args.clone(), keywords.clone()))
}

fn cannot_pickle(vm: &mut Vm, class: &Ref<Class>) -> crate::object::native::Raised {
    let name = vm.class_name(class);
    vm.type_error(format!("cannot pickle '{name}' object"))
}

/// Types that script cannot make instances of have no reduction.
fn check_constructible(vm: &mut Vm, obj: &Value) -> R<()> {
    let class = vm.class_of(obj);
    if class.has(class_flags::BUILTIN) && vm.special(&class, Special::New).is_none() {
        return Err(cannot_pickle(vm, &class));
    }
    Ok(())
}

/// What `object.__getstate__` gives: None, the dict, or a pair of it and the slots. Where the state
/// is `required` to say all, a native layout is refused.
pub fn state_of(vm: &mut Vm, obj: &Value, required: bool) -> R {
    let class = vm.class_of(obj);
    if required && class.layout != kind::INSTANCE {
        return Err(match class.layout {
            kind::MEMORYVIEW | kind::CODE => {
                let name = vm.class_name(&class);
                vm.type_error(format!("cannot pickle {name} objects"))
            }
            _ => cannot_pickle(vm, &class),
        });
    }
    let dict = own_dict_copy(vm, obj)?;
    let slots = slot_state(vm, obj)?;
    let dict = dict.map_or(Value::NONE, Ref::into_value);
    if slots.is_empty() {
        return Ok(dict);
    }
    Ok(Tuple::pair(dict, slots.into_value()).into_value())
}

/// The names and values of the slots that hold something, from the classes' slot descriptors.
fn slot_state(vm: &mut Vm, obj: &Value) -> R<Ref<Dict>> {
    let state = Dict::new();
    let class = vm.class_of(obj);
    for class in line_of(&class) {
        if class.has(class_flags::BUILTIN) {
            continue;
        }
        for (name, descriptor) in vm.class_pairs(&class) {
            if descriptor.is_kind::<SlotDescriptor>()
                && let Some(value) = vm.get_attr_value_optional(obj, &name)?
            {
                vm.dict_set(&state, &name, value)?;
            }
        }
    }
    Ok(state)
}

/// A copy of the object's own attributes; None when it has none.
fn own_dict_copy(vm: &mut Vm, obj: &Value) -> R<Option<Ref<Dict>>> {
    if vm.own_names(obj).is_empty() {
        return Ok(None);
    }
    if obj.shape_entry().is_some_and(|e| {
        e.flags & (shape_flags::SLOTS | shape_flags::DICT_MODE) == shape_flags::SLOTS
    }) {
        let copy = Dict::new();
        for name in vm.own_names(obj) {
            if let Some(value) = vm.own_attribute(obj, &name) {
                vm.dict_set(&copy, &name, value)?;
            }
        }
        return Ok(Some(copy));
    }
    let Some(dict) = vm.object_dict(obj) else {
        return Ok(None);
    };
    let copy = dict.table.borrow().copy();
    Ok(Some(Dict::from_table(vm.lift(copy)?)))
}
