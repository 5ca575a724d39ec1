//! A run as a future.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use super::convert::FromScript;
use super::error::Error;
use super::run::{Came, Run};
use crate::host::{Clock, SystemClock, Wait};

/// How long a run keeps the executor's thread before others have their turn.
const SLICE: f64 = 0.01;

impl<T: FromScript> Run<'_, T> {
    /// Falls asleep in the future that `context` belongs to; false if there is something to do already.
    fn sleep(&mut self, context: &mut Context<'_>, wait: Wait) -> Result<bool, Error> {
        let _entered = self.engine.vm.enter();
        let vm = &mut *self.engine.vm;
        if vm.host.clock.is_manual() && matches!(wait, Wait::Until(_)) {
            // It jumps.
            vm.sleep_outside(wait).map_err(Error::from_host)?;
            return Ok(false);
        }
        let asleep = self
            .sleeper
            .sleep(context, wait, &mut vm.host, &mut vm.happened);
        asleep.map_err(Error::from_host)
    }
}

impl<T: FromScript> Future for Run<'_, T> {
    type Output = Result<T, Error>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.get_mut();
        this.engine.vm.host.inbox.wake_in_task();
        let until = SystemClock.monotonic() + SLICE;
        match this.advance(false, Some(until)) {
            Came::Done(result) => return Poll::Ready(result),
            Came::Pause => context.waker().wake_by_ref(),
            Came::Idle(wait) => match this.sleep(context, wait) {
                Ok(true) => {}
                // What came meanwhile has its turn when others on the executor have had theirs.
                Ok(false) => context.waker().wake_by_ref(),
                Err(error) => return Poll::Ready(Err(error)),
            },
        }
        Poll::Pending
    }
}
