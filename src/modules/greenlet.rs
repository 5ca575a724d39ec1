//! `_greenlet`: fibers of one thread that hand over to each other by name. `greenlet` is written on it.

use crate::builtins::arguments::shown_type;
use crate::heap::{Ref, Value};
use crate::object::kind;
use crate::object::native::{Def, Input, ModuleDef, NativeFrame, R, Step, TypeDef};
use crate::vm::Vm;
use crate::vm::fiber::{Fiber, Status};

/// The module.
pub static MODULE: ModuleDef = ModuleDef {
    name: "_greenlet",
    doc: "Fibers of one thread that hand over to each other by name.",
    functions: &[
        Def::leaf("branch(function, /)", |vm, args| {
            Ok(vm.branch_fiber(&args[0]).into_value())
        })
        .doc("A fiber of this thread that will call the function when it is first handed over to."),
        Def::frame("transfer(fiber, greenlet, value, /)", 0, transfer)
            .doc("Hands over to the fiber of a greenlet, which goes on with the value; what this one is handed is the result."),
        Def::leaf("finish(fiber, greenlet, value, /)", |vm, args| {
            hand(vm, args)?;
            Ok(Value::NONE)
        })
        .doc("Names the fiber that goes on when the function of this one returns, as the next thing it does."),
        Def::leaf("get()", |vm, _| {
            let greenlet = vm.current_fiber().greenlet.get();
            Ok(if greenlet.is_undef() { Value::NONE } else { greenlet })
        })
        .doc("What `set` attached to the running fiber, or None."),
        Def::leaf("set(greenlet, /)", |vm, args| {
            vm.current_fiber().greenlet.set(args[0].clone());
            Ok(Value::NONE)
        })
        .doc("Attaches an object to the running fiber."),
        Def::leaf("here()", |vm, _| Ok(vm.current_fiber().into_value()))
            .doc("The running fiber."),
        Def::leaf("get_context(fiber, /)", |vm, args| {
            let fiber = fiber(vm, &args[0])?;
            Ok(vm.context_of(&fiber))
        })
        .doc("The context of a fiber, or None."),
        Def::leaf("set_context(fiber, context, /)", |vm, args| {
            let fiber = fiber(vm, &args[0])?;
            vm.set_context_of(&fiber, args[1].clone());
            Ok(Value::NONE)
        })
        .doc("Gives a fiber another context."),
    ],
    types: &[],
    setup: None,
};

/// All types of this file.
pub static TYPES: &[&TypeDef] = &[&FIBER];

/// `_greenlet.Fiber`
pub static FIBER: TypeDef = TypeDef::new("_greenlet", "Fiber", kind::FIBER);

fn fiber(vm: &mut Vm, value: &Value) -> R<Ref<Fiber>> {
    match value.to_ref::<Fiber>() {
        Some(fiber) => Ok(fiber),
        None => {
            let text = format!("a fiber is required, not {}", shown_type(vm, value));
            Err(vm.type_error(text))
        }
    }
}

/// Hands over: fiber, greenlet, value. Only the fiber that runs keeps its greenlet alive.
fn hand(vm: &mut Vm, args: &[Value]) -> R<()> {
    let fiber = waiting(vm, &args[0])?;
    fiber.greenlet.set(args[1].clone());
    vm.current_fiber().greenlet.take();
    vm.hand_over(&fiber, handed(&args[2]));
    Ok(())
}

/// A fiber that can be handed over to.
fn waiting(vm: &mut Vm, value: &Value) -> R<Ref<Fiber>> {
    let fiber = fiber(vm, value)?;
    let current = vm.current_fiber();
    if fiber.status.get() != Status::Parked || fiber.ident.get() != current.ident.get() {
        return Err(vm.runtime_error("this fiber does not wait to be handed over to"));
    }
    Ok(fiber)
}

/// What is handed over: nothing to a fiber that has not begun.
fn handed(value: &Value) -> Option<Value> {
    (!value.is_none()).then(|| value.clone())
}

fn transfer(vm: &mut Vm, frame: &mut NativeFrame<'_>, input: Input) -> Step {
    match input {
        Input::Start => {
            let args: [Value; 3] = std::array::from_fn(|i| std::mem::take(&mut frame.regs[i]));
            match hand(vm, &args) {
                Ok(()) => {
                    vm.park(None, false);
                    Step::Park
                }
                Err(raised) => Step::Raise(raised),
            }
        }
        Input::Raised(raised) => Step::Raise(raised),
        Input::Value(value) | Input::Yielded(value) => Step::Return(value),
    }
}
