//! Sleeping in a future: what would wake the poller wakes the future's task, whoever's it is.
//!
//! Where the task runs on a runtime of tokio (feature `tokio`), that runtime's own reactor watches the poller's descriptor
//! and the time. Anywhere else the reactor of `async-io` does, on a thread of its own that all engines of the process share.

use super::{Event, Host, HostError, Wait};
use std::os::fd::{BorrowedFd, OwnedFd};
use std::task::Context;
use std::time::Duration;

/// What a future that sleeps is woken by, kept from one sleep to the next.
#[derive(Default)]
pub struct Sleeper {
    reactor: Option<Reactor>,
}

/// Who watches.
enum Reactor {
    #[cfg(feature = "tokio")]
    Tokio(on_tokio::Watch),
    #[cfg(feature = "async-io")]
    Own(on_any::Watch),
}

impl Sleeper {
    /// Has the task of `context` woken when something happens in this host, or `wait` is over. True if the task may sleep; if
    /// not, there is something to do already: what happened is in `events`, or in the inbox.
    ///
    /// # Errors
    /// What the system, or the runtime, has against it.
    pub fn sleep(
        &mut self,
        context: &mut Context<'_>,
        wait: Wait,
        host: &mut Host,
        events: &mut Vec<Event>,
    ) -> Result<bool, HostError> {
        let left = match wait {
            Wait::Now => return Ok(false),
            Wait::Until(deadline) => Some(deadline - host.clock.monotonic()),
            Wait::Forever => None,
        };
        if left.is_some_and(|left| left <= 0.0) || !host.inbox.sleep_in_task(context.waker()) {
            return Ok(false);
        }
        let left = left.map(|left| Duration::try_from_secs_f64(left).unwrap_or(Duration::MAX));
        // A day at most, as any sleep: the task just looks again.
        let left = left.map(|left| left.min(Duration::from_secs(86_400)));
        let watched = host.poller.has_watches();
        if left.is_none() && !watched {
            return Ok(true);
        }
        let reactor = self.reactor()?;
        let mut asleep = !reactor.time_is_up(context, left);
        if asleep && watched {
            let poller = host.poller.descriptor()?;
            reactor.watch(context, poller)?;
            // What came before the watch was there is found now; what comes after it wakes the task.
            let before = events.len();
            host.look(true, events)?;
            asleep = events.len() == before;
        }
        if !asleep {
            host.inbox.wake_in_task();
        }
        Ok(asleep)
    }

    fn reactor(&mut self) -> Result<&mut Reactor, HostError> {
        if self.reactor.is_none() {
            self.reactor = Some(Reactor::here()?);
        }
        self.reactor
            .as_mut()
            .ok_or_else(|| no_reactor("sleeping needs a reactor"))
    }
}

fn no_reactor(text: &str) -> HostError {
    HostError::from(rustix::io::Errno::NOTSUP).with_message(text)
}

impl Reactor {
    /// The one that goes with the executor of this thread.
    fn here() -> Result<Reactor, HostError> {
        #[cfg(feature = "tokio")]
        if tokio::runtime::Handle::try_current().is_ok() {
            return Ok(Reactor::Tokio(on_tokio::Watch::default()));
        }
        #[cfg(feature = "async-io")]
        {
            Ok(Reactor::Own(on_any::Watch::default()))
        }
        #[cfg(not(feature = "async-io"))]
        Err(no_reactor(
            "waiting outside of a runtime of tokio needs the feature async-io",
        ))
    }

    fn time_is_up(&mut self, context: &mut Context<'_>, left: Option<Duration>) -> bool {
        match self {
            #[cfg(feature = "tokio")]
            Reactor::Tokio(watch) => watch.time_is_up(context, left),
            #[cfg(feature = "async-io")]
            Reactor::Own(watch) => watch.time_is_up(context, left),
        }
    }

    fn watch(
        &mut self,
        context: &mut Context<'_>,
        poller: BorrowedFd<'_>,
    ) -> Result<(), HostError> {
        match self {
            #[cfg(feature = "tokio")]
            Reactor::Tokio(watch) => watch.watch(context, poller),
            #[cfg(feature = "async-io")]
            Reactor::Own(watch) => watch.watch(context, poller),
        }
    }
}

/// The poller's descriptor once more, so that it may be watched as long as one likes.
fn duplicate(poller: BorrowedFd<'_>) -> Result<OwnedFd, HostError> {
    Ok(poller.try_clone_to_owned()?)
}

#[cfg(feature = "tokio")]
mod on_tokio {
    use super::{BorrowedFd, Context, Duration, HostError, OwnedFd, duplicate};
    use std::future::Future;
    use std::pin::Pin;
    use std::task::Poll;
    use tokio::io::Interest;
    use tokio::io::unix::AsyncFd;
    use tokio::time::{Instant, Sleep, sleep_until};

    #[derive(Default)]
    pub(super) struct Watch {
        timer: Option<Pin<Box<Sleep>>>,
        poller: Option<AsyncFd<OwnedFd>>,
    }

    impl Watch {
        pub(super) fn time_is_up(
            &mut self,
            context: &mut Context<'_>,
            left: Option<Duration>,
        ) -> bool {
            let Some(left) = left else {
                self.timer = None;
                return false;
            };
            let end = Instant::now() + left;
            match &mut self.timer {
                Some(timer) => timer.as_mut().reset(end),
                None => self.timer = Some(Box::pin(sleep_until(end))),
            }
            let timer = self.timer.as_mut();
            timer.is_some_and(|timer| timer.as_mut().poll(context).is_ready())
        }

        pub(super) fn watch(
            &mut self,
            context: &mut Context<'_>,
            poller: BorrowedFd<'_>,
        ) -> Result<(), HostError> {
            let known = match &mut self.poller {
                Some(known) => known,
                none => {
                    let owned = duplicate(poller)?;
                    // SAFETY: an OwnedFd is open, and stays the same, until it is dropped, which the AsyncFd it passes to sees to.
                    let watched =
                        unsafe { AsyncFd::register_with_interest(owned, Interest::READABLE) };
                    none.insert(watched.map_err(|error| error.into_parts().1)?)
                }
            };
            // Until the runtime has nothing to say of the poller, so that it wakes the task when it has again.
            while let Poll::Ready(ready) = known.poll_read_ready(context) {
                ready?.clear_ready();
            }
            Ok(())
        }
    }
}

#[cfg(feature = "async-io")]
mod on_any {
    use super::{BorrowedFd, Context, Duration, HostError, OwnedFd, duplicate};
    use async_io::{Async, Timer};
    use std::future::Future;
    use std::pin::Pin;

    #[derive(Default)]
    pub(super) struct Watch {
        timer: Option<Timer>,
        poller: Option<Async<OwnedFd>>,
    }

    impl Watch {
        pub(super) fn time_is_up(
            &mut self,
            context: &mut Context<'_>,
            left: Option<Duration>,
        ) -> bool {
            let Some(left) = left else {
                self.timer = None;
                return false;
            };
            match &mut self.timer {
                Some(timer) => timer.set_after(left),
                None => self.timer = Some(Timer::after(left)),
            }
            let timer = self.timer.as_mut();
            timer.is_some_and(|timer| Pin::new(timer).poll(context).is_ready())
        }

        pub(super) fn watch(
            &mut self,
            context: &mut Context<'_>,
            poller: BorrowedFd<'_>,
        ) -> Result<(), HostError> {
            let known = match &mut self.poller {
                Some(known) => known,
                none => none.insert(Async::new_nonblocking(duplicate(poller)?)?),
            };
            // Until the reactor has nothing to say of the poller, so that it wakes the task when it has again.
            while known.poll_readable(context)?.is_ready() {}
            Ok(())
        }
    }
}
