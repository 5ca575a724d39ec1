//! Waiting for futures of the embedding program. They are polled here, one at a time, when they are begun and whenever their
//! wakers say so; what they say comes through the inbox like everything from outside.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::task::{Context, Poll};

use super::Vm;
use super::fiber::Fiber;
use crate::heap::Value;
use crate::host::{WakeHandle, panic_text, poll_freely};
use crate::object::frame::Frame;
use crate::object::host_work::{Alarm, HostWork, Settle};
use crate::object::native::{Def, Input, Native, NativeCode, NativeFrame, R, Step};

/// What is waited for.
#[derive(Default)]
pub struct HostWorks {
    waited: BTreeMap<u64, Value>,
    last: u64,
}

impl HostWorks {
    /// Nobody waits for any of it: the futures are dropped.
    pub fn take_all(&mut self) -> Vec<Value> {
        std::mem::take(&mut self.waited).into_values().collect()
    }
}

/// Parks the fiber until the work in register 0 is done: how a script calls an async function of the embedding program as a
/// plain one.
pub static BLOCK: Def = Def::frame("<blocking host function>(work, /)", 0, block);

fn block(vm: &mut Vm, frame: &mut NativeFrame<'_>, input: Input) -> Step {
    match (frame.state, input) {
        (0, _) => {
            let work = frame.regs[0].clone();
            if let Some(result) = vm.poll_host_work(&work) {
                return result.into();
            }
            frame.state = 1;
            let fiber = vm.current_fiber().into_value();
            vm.wait_for_host_work(&work, fiber, |vm, fiber, result| {
                if let Some(fiber) = fiber.to_ref::<Fiber>() {
                    vm.wake_fiber_with(&fiber, result);
                }
                Ok(())
            });
            vm.park(None, false);
            Step::Park
        }
        (_, Input::Value(value) | Input::Yielded(value)) => Step::Return(value),
        (_, Input::Raised(raised)) => {
            vm.forget_host_work(&frame.regs[0].clone());
            Step::Raise(raised)
        }
        (_, Input::Start) => Step::Return(Value::NONE),
    }
}

impl Vm {
    /// A host function has answered: with a value, or with work that the caller waits for.
    pub(super) fn host_answered(
        &mut self,
        native: &Native,
        parent: *mut Frame,
        dst: u16,
        flags: u16,
        result: R,
    ) {
        match result {
            Ok(work) if matches!(native.def.code, NativeCode::HostWaiting) => {
                let wait = Step::Enter(&BLOCK, smallvec::smallvec![work]);
                self.perform(wait, parent, dst, flags);
            }
            result => self.deliver_result(parent, dst, flags, result),
        }
    }

    /// Looks whether work is done: what came out if it is.
    pub fn poll_host_work(&mut self, value: &Value) -> Option<R> {
        let work = value.get::<HostWork>()?;
        if work.number.get() == 0 {
            self.host_works.last += 1;
            let number = self.host_works.last;
            work.number.set(number);
            let bell = WakeHandle::new(self.host.inbox.clone(), number);
            *work.alarm.borrow_mut() = Some(Alarm::new(move || bell.wake()));
        }
        let waker = work.alarm.borrow().as_ref().map(Alarm::waker)?;
        // Taken out, so that what it does can do nothing to itself.
        let mut future = work.work.borrow_mut().take()?;
        let mut context = Context::from_waker(&waker);
        let polled = catch_unwind(AssertUnwindSafe(|| {
            poll_freely(future.as_mut(), &mut context)
        }));
        match polled {
            Ok(Poll::Pending) => {
                *work.work.borrow_mut() = Some(future);
                None
            }
            Ok(Poll::Ready(outcome)) => Some(outcome(self)),
            Err(panic) => {
                let text = panic_text(&*panic);
                let name = &work.name;
                Some(Err(self.runtime_error(format!(
                    "host function '{name}' panicked: {text}"
                ))))
            }
        }
    }

    /// From now on `waiting` waits for work that is not done, and is told by `settle`.
    pub fn wait_for_host_work(&mut self, value: &Value, waiting: Value, settle: Settle) {
        if let Some(work) = value.get::<HostWork>() {
            work.waiting.set(waiting);
            work.settle.set(Some(settle));
            self.host_works
                .waited
                .insert(work.number.get(), value.clone());
        }
    }

    /// Nobody wants what comes out of some work: its future is dropped.
    pub fn forget_host_work(&mut self, value: &Value) {
        if let Some(work) = value.get::<HostWork>() {
            drop(self.host_works.waited.remove(&work.number.get()));
            drop(work.waiting.take());
            let future = work.work.borrow_mut().take();
            // A panic of the embedder's must not go through the VM. The hook has told of it.
            let _ = catch_unwind(AssertUnwindSafe(|| drop(future)));
        }
    }

    /// The future of this number can go on.
    pub(super) fn host_work_wakes(&mut self, number: u64) -> R<()> {
        let Some(value) = self.host_works.waited.get(&number).cloned() else {
            return Ok(());
        };
        let Some(result) = self.poll_host_work(&value) else {
            return Ok(());
        };
        drop(self.host_works.waited.remove(&number));
        let Some(work) = value.get::<HostWork>() else {
            return Ok(());
        };
        let waiting = work.waiting.take();
        match work.settle.get() {
            Some(settle) => settle(self, &waiting, result),
            None => Ok(()),
        }
    }
}
