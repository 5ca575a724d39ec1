//! Runs that somebody else drives: a Rust program lets script run until it has nothing to do, and decides itself how to wait.
//!
//! What is called from outside is a fiber. `drive_fibers` lets fibers run until that one is over, none can go on, or the driver wants
//! to do something else; it then leaves the dispatch loop with no Rust frame left behind, so that the engine can wait in a future.

use super::Vm;
use super::fiber::Status;
use super::standing::{Level, is_library};
use crate::heap::{Ref, Value};
use crate::host::{Clock, SystemClock, Wait};
use crate::object::generator::{Flavour, Generator};
use crate::object::native::{Def, Input, NativeFrame, R, Step};
use crate::object::tuple::Tuple;

/// Who lets the VM run, and how far.
pub(crate) struct Driver {
    /// The thread may sleep where a fiber parks in a nested run.
    pub may_sleep: bool,
    /// The moment of the system's monotonic clock at which the driver wants to be asked again.
    pub until: Option<f64>,
    /// The dispatch loop was left because the driver wants to be asked again.
    pub(super) paused: bool,
    /// The number of the fiber whose end is waited for.
    awaited: u64,
    /// What that fiber ended with.
    result: Option<R>,
}

/// How far a driven VM came.
pub enum Drive {
    /// The call is over, with this.
    Done(R),
    /// Nothing can go on before something happens outside, or this moment comes.
    Idle(Wait),
    /// The driver wanted to be asked again: script could go on at once.
    Pause,
    /// The run was stopped: `discard_run` takes it down.
    Stopped,
}

/// The outermost frame of a call from outside. Registers: the function, a tuple of its arguments. A coroutine that it gives
/// is run to its end.
static CALLED: Def = Def::frame("<called from outside>(function, arguments, /)", 0, called);

fn called(vm: &mut Vm, frame: &mut NativeFrame<'_>, input: Input) -> Step {
    match (frame.state, input) {
        (_, Input::Raised(raised)) => vm.call_is_over(Err(raised)),
        (0, Input::Start) => {
            let arguments = frame.regs[1].get::<Tuple>().map(Tuple::items);
            let arguments = arguments.unwrap_or_default().iter().cloned().collect();
            Step::Call(frame.regs[0].clone(), arguments)
        }
        (0, Input::Value(value)) if is_coroutine(&value) => {
            frame.state = 1;
            let run = vm
                .import("asyncio")
                .and_then(|asyncio| vm.get_attr(&asyncio, "run"));
            match run {
                Ok(run) => Step::Call(run, smallvec::smallvec![value]),
                Err(raised) => vm.call_is_over(Err(raised)),
            }
        }
        (_, Input::Value(value) | Input::Yielded(value)) => vm.call_is_over(Ok(value)),
        (_, Input::Start) => vm.call_is_over(Ok(Value::NONE)),
    }
}

fn is_coroutine(value: &Value) -> bool {
    let generator = value.get::<Generator>();
    generator.is_some_and(|generator| generator.flavour == Flavour::Coroutine)
}

impl Vm {
    /// Whether somebody else drives this VM, who waits where it cannot go on.
    #[inline]
    pub fn is_driven(&self) -> bool {
        self.driver.is_some()
    }

    /// Begins a call that a driver waits for. `function` is called in a fiber of its own, the main one.
    pub(crate) fn begin_call(&mut self, function: &Value, arguments: &Ref<Tuple>) {
        let registers = smallvec::smallvec![function.clone(), arguments.value()];
        let fiber = self.make_driven_fiber(&CALLED, registers);
        self.main_fiber = Some(fiber.clone());
        self.driver = Some(Driver {
            may_sleep: false,
            until: None,
            paused: false,
            awaited: fiber.id,
            result: None,
        });
        self.resume_fiber_first(&fiber);
    }

    /// Takes down what was begun and is not over.
    pub(crate) fn abandon_run(&mut self) {
        let _ = self.stop(super::limits::Limit::Interrupt);
        self.discard_run();
        self.driver = None;
        self.end_meter();
    }

    fn call_is_over(&mut self, result: R) -> Step {
        let fiber = self.current_fiber();
        fiber.status.set(Status::Done);
        if let Some(driver) = &mut self.driver
            && driver.awaited == fiber.id
        {
            driver.result = Some(result);
        }
        Step::Park
    }

    /// Whether the call that the driver waits for is over.
    pub(super) fn driver_has_result(&self) -> bool {
        self.driver
            .as_ref()
            .is_some_and(|driver| driver.result.is_some())
    }

    /// Whether the driver wants to be asked again now.
    pub(super) fn driver_wants_pause(&self) -> bool {
        let until = self.driver.as_ref().and_then(|driver| driver.until);
        until.is_some_and(|until| SystemClock.monotonic() >= until)
    }

    /// Lets fibers run. `may_sleep` and `until` are those of `Driver`. A call was begun and is not over.
    pub(crate) fn drive_fibers(&mut self, may_sleep: bool, until: Option<f64>) -> Drive {
        if let Some(driver) = &mut self.driver {
            (driver.may_sleep, driver.until, driver.paused) = (may_sleep, until, false);
        }
        self.resume_step();
        if self.stopping.is_none() {
            if let Err(raised) = self.take_what_happened() {
                self.interrupt_main(raised);
            }
            self.share_limits();
            if let Some(limit) = self.limit_between() {
                self.stop_outside(limit);
            } else {
                self.run_fibers();
            }
        }
        if self.driver_has_result()
            && let Some(limit) = self.limit_exceeded()
        {
            // The last thing that it did was too much: there was no look any more.
            self.stop_outside(limit);
        }
        if self.stopping.is_some() {
            self.driver = None;
            return Drive::Stopped;
        }
        if let Some(result) = self.driver.as_mut().and_then(|driver| driver.result.take()) {
            self.driver = None;
            self.main_fiber = None;
            return Drive::Done(result);
        }
        if self.driver.as_ref().is_some_and(|driver| driver.paused) || self.has_ready_fibers() {
            self.pause_step();
            return Drive::Pause;
        }
        Drive::Idle(self.next_wait())
    }

    /// Enters the dispatch loop where the next fiber stands, until there is nothing to do.
    fn run_fibers(&mut self) {
        self.nested += 1;
        self.schedule();
        self.dispatch();
        self.nested -= 1;
        self.frame = std::ptr::null_mut();
    }

    /// Stops a run while none of its fibers runs.
    fn stop_outside(&mut self, limit: super::limits::Limit) {
        let at = self.place_of_main();
        let _ = self.stop(limit);
        if let Some(stopping) = &mut self.stopping {
            stopping.at = at;
        }
    }

    /// Where the call stands that is waited for, in script that is not the library's.
    fn place_of_main(&mut self) -> Option<(String, u32)> {
        let fibers = self.standing_fibers();
        let main = fibers.into_iter().find(|fiber| fiber.is_main)?;
        main.levels.into_iter().find_map(|level| match level {
            Level::Script { code, at, .. } if !is_library(&code) => {
                let line = code.line_at(at.unwrap_or(0));
                Some((code.source.name().to_string(), line))
            }
            _ => None,
        })
    }

    /// When a sleep has to end by itself: for a fiber, or for a limit of time.
    pub(super) fn next_wait(&mut self) -> Wait {
        let wait = self.wait_of_fibers();
        match self.meter.soonest() {
            Some(deadline) if !self.host.clock.is_manual() => wait.min(Wait::Until(deadline)),
            _ => wait,
        }
    }

    /// Sleeps as a driver without anything better to do.
    ///
    /// # Errors
    /// The poller's.
    pub(crate) fn sleep_outside(&mut self, wait: Wait) -> Result<(), crate::host::HostError> {
        let mut events = Vec::new();
        self.host.wait(wait, &mut events)?;
        self.happened.append(&mut events);
        Ok(())
    }

    /// Looks what has happened outside, and wakes who waits for it.
    fn take_what_happened(&mut self) -> R<()> {
        let mut events = std::mem::take(&mut self.happened);
        if let Err(error) = self.host.look(true, &mut events) {
            return Err(self.host_error(&error));
        }
        let mut answer = Ok(());
        let any = !events.is_empty();
        for event in events {
            if let Err(raised) = self.hand_out(event) {
                answer = Err(raised);
            }
        }
        if any {
            self.wake_loops();
        }
        let now = self.host.clock.monotonic();
        self.wake_due(now);
        answer
    }
}
