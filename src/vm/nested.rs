//! Nested runs: script that a native waits for in Rust, and how deep Rust may go.

use super::Vm;
use crate::heap::Value;
use crate::object::frame::{Frame, frame_flags};
use crate::object::native::{Args, Def, R, Step};

/// The frame under every nested run: what reaches it ends the run.
static BOUNDARY: Def = Def::frame("<boundary>()", 0, |_, _, _| {
    unreachable!("a boundary is never resumed")
});

impl Vm {
    /// Runs a step of a protocol to its end.
    pub fn finish(&mut self, step: Step) -> R {
        match step {
            Step::Return(value) => Ok(value),
            Step::Raise(raised) => Err(raised),
            step => self.run_nested(|vm, boundary| vm.perform(step, boundary, 0, 0)),
        }
    }

    /// Calls `callee` with positional arguments, to its end, in a nested run.
    ///
    /// # Errors
    /// Whatever the callee raises.
    pub fn call(&mut self, callee: &Value, args: &[Value]) -> R {
        self.call_taking(callee.clone(), args.iter().cloned().collect(), None)
    }

    /// As `call`, with what the call may keep; the last arguments are named by the tuple `names`.
    pub(crate) fn call_taking(&mut self, callee: Value, args: Args, names: Option<&Value>) -> R {
        // SAFETY: the boundary is the live frame that waits for the result.
        self.run_nested(|vm, boundary| unsafe {
            vm.invoke_args(callee, args, names, boundary, 0, 0);
        })
    }

    /// As `call`; the last arguments are named by the tuple `names`.
    pub fn call_kw(&mut self, callee: &Value, args: &[Value], names: &Value) -> R {
        let args = args.iter().cloned().collect();
        self.call_taking(callee.clone(), args, Some(names))
    }

    /// Pushes a boundary, lets `start` set the cursor, and runs until the boundary is reached.
    pub(crate) fn run_nested(&mut self, start: impl FnOnce(&mut Vm, *mut Frame)) -> R {
        self.check_stack()?;
        if self.stopping.is_some() {
            return Err(self.stop_signal());
        }
        let (frame, cursor, input) = (self.frame, self.cursor, self.input.take());
        // SAFETY: the boundary is the topmost frame until the run is over.
        unsafe {
            let boundary = self.push_native(&BOUNDARY, 0, frame, 0, frame_flags::BOUNDARY);
            self.frame = boundary;
            self.nested += 1;
            start(self, boundary);
            self.dispatch();
            self.nested -= 1;
            self.pop_native(boundary);
        }
        self.frame = frame;
        self.cursor = cursor;
        self.input = input;
        self.outcome
            .take()
            .expect("the loop is left with an outcome only")
    }

    /// RecursionError when the Rust stack is nearly used up.
    pub fn check_stack(&mut self) -> R<()> {
        self.check_stack_for("")
    }

    /// As `check_stack`; the message ends with what is being done.
    pub fn check_stack_for(&mut self, doing: &str) -> R<()> {
        let here = 0u8;
        if (&raw const here as usize) < self.stack_limit {
            return Err(self.recursion_error(format!("maximum recursion depth exceeded{doing}")));
        }
        Ok(())
    }
}
