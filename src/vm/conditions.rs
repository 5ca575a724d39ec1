//! Conditions whose truth takes script to find out: the jump waits in a frame of its own.

use super::Vm;
use super::dispatch::{At, NATIVE_WORDS};
use crate::heap::Value;
use crate::object::frame::{Frame, frame_flags};
use crate::object::native::{Def, Input, NativeFrame, Step};

/// Decides a jump of its parent by the truth of a step's result. Registers: the result,
/// when to jump, the target's address, the register to drop when it does not jump (or None).
static TEST: Def = Def::frame("<test>(value, when, target, drop, /)", 0, test);

fn test(vm: &mut Vm, frame: &mut NativeFrame<'_>, input: Input) -> Step {
    match (frame.state, input) {
        (0, _) => {
            // The value to be tested is in register 0, or comes when a call is over.
            frame.state = 1;
            vm.truth_step(&frame.regs[0]).then_go_on()
        }
        (_, Input::Value(value)) if value.as_bool().is_some() => {
            decide(vm, frame, value.is_true());
            Step::Return(Value::NONE)
        }
        (_, Input::Value(value)) => vm.truth_step(&value).then_go_on(),
        // What was to be dropped is live there: unwinding drops it.
        (_, Input::Raised(raised)) => Step::Raise(raised),
        _ => unreachable!("nothing else resumes this frame"),
    }
}

/// The same where a method of the class was called for the truth. Registers: as there, and which check its result takes.
static TEST_ASKED: Def = Def::frame(
    "<test>(value, when, target, drop, check, /)",
    0,
    |vm, frame, input| match input {
        Input::Value(result) => {
            let check = frame.regs[4].as_small_int().unwrap_or(0);
            match vm.check_conversion(&result, check) {
                Ok(truth) => {
                    decide(vm, frame, truth.is_true());
                    Step::Return(Value::NONE)
                }
                Err(raised) => Step::Raise(raised),
            }
        }
        Input::Raised(raised) => Step::Raise(raised),
        _ => unreachable!("nothing else resumes this frame"),
    },
);

/// Has the parent go on where the truth says.
fn decide(vm: &mut Vm, frame: &mut NativeFrame<'_>, truth: bool) {
    // SAFETY: vm.frame is this native frame; its parent is the script frame that jumps.
    unsafe {
        let parent = (*vm.frame).parent;
        if truth == frame.regs[1].is_true() {
            (*parent).ip = frame.regs[2].as_small_int().unwrap_or(0) as *const u64;
        } else if let Some(register) = frame.regs[3].as_small_int() {
            drop(Frame::regs(parent).add(register as usize).read());
        }
    }
}

impl Vm {
    /// Asks an object for its truth that decides a jump of `parent`, where its class has a plain function for that. False where
    /// the general way must look, and nothing was done.
    pub(crate) fn test_asked(
        &mut self,
        value: &Value,
        parent: *mut Frame,
        when: bool,
        target: *mut u64,
    ) -> bool {
        let Some((method, check)) = self.plain_truth(value) else {
            return false;
        };
        let target = Value::small_int(target as i64).expect("addresses have 47 bits");
        let mut argument = std::mem::ManuallyDrop::new(value.clone());
        // SAFETY: as in `enter_def`; the argument passes to the callee.
        unsafe {
            let frame = self.push_native(&TEST_ASKED, 5, parent, 0, frame_flags::DISCARD);
            let regs = Frame::regs(frame);
            regs.add(1).write(Value::bool(when));
            regs.add(2).write(target);
            regs.add(3).write(Value::NONE);
            regs.add(4).write(Value::int32(check));
            (*frame).ip = &NATIVE_WORDS[1];
            self.invoke(method, &raw mut *argument, 1, None, frame, 0, 0);
        }
        true
    }

    /// Performs a step whose result decides a jump of `parent`.
    pub(crate) fn perform_test(
        &mut self,
        step: Step,
        parent: *mut Frame,
        when: bool,
        target: *mut u64,
    ) {
        self.push_test(step, parent, when, target, Value::NONE);
    }

    /// As `perform_test`; where it does not jump, the temporary A is dropped.
    pub(crate) fn perform_test_keeping(
        &mut self,
        step: Step,
        at: At,
        when: bool,
        target: *mut u64,
    ) {
        self.push_test(step, at.frame(), when, target, Value::int32(at.a() as i32));
    }

    fn push_test(
        &mut self,
        step: Step,
        parent: *mut Frame,
        when: bool,
        target: *mut u64,
        drop: Value,
    ) {
        let target = Value::small_int(target as i64).expect("addresses have 47 bits");
        // SAFETY: as in `enter_def`.
        unsafe {
            let frame = self.push_native(&TEST, 4, parent, 0, frame_flags::DISCARD);
            let regs = Frame::regs(frame);
            regs.add(1).write(Value::bool(when));
            regs.add(2).write(target);
            regs.add(3).write(drop);
            (*frame).ip = &NATIVE_WORDS[1];
            self.perform(step, frame, 0, 0);
        }
    }
}
