//! Coroutines that wait for a future of the embedding program.

use super::asyncio::{events, futures};
use crate::heap::Value;
use crate::object::native::{Def, Input, NativeFrame, R, Step};
use crate::object::task::Future;
use crate::vm::Vm;

/// Register 0: the work. What comes out of it is the coroutine's result; a cancellation drops its future.
pub static AWAIT: Def = Def::coroutine("<host function>(work, /)", 0, wait);

fn wait(vm: &mut Vm, frame: &mut NativeFrame<'_>, input: Input) -> Step {
    match (frame.state, input) {
        (0, Input::Raised(raised)) => Step::Raise(raised),
        (0, _) => begin(vm, frame).unwrap_or_else(Step::Raise),
        (_, Input::Raised(raised)) => {
            vm.forget_host_work(&frame.regs[0].clone());
            Step::Raise(raised)
        }
        (_, Input::Value(value) | Input::Yielded(value)) => Step::Return(value),
        (_, Input::Start) => Step::Return(Value::NONE),
    }
}

fn begin(vm: &mut Vm, frame: &mut NativeFrame<'_>) -> R<Step> {
    let work = frame.regs[0].clone();
    if let Some(result) = vm.poll_host_work(&work) {
        return Ok(result.into());
    }
    let owner = events::running(vm)?;
    let future = Future::alloc(owner);
    vm.wait_for_host_work(&work, future.value(), settle);
    frame.state = 1;
    Ok(Step::Await(future.into_value()))
}

fn settle(vm: &mut Vm, future: &Value, result: R) -> R<()> {
    let Some(future) = Future::to_ref(future).filter(|future| future.is_pending()) else {
        return Ok(());
    };
    // Whichever fiber learns of it: it is the loop's own affair.
    let here = std::mem::replace(&mut vm.running_loop, future.owner.get());
    let done = match result {
        Ok(value) => futures::set_result(vm, &future, value),
        Err(raised) => futures::fail(vm, &future, raised.0),
    };
    vm.running_loop = here;
    done
}
