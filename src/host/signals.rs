//! Signals, for the one engine of a process that takes them.
//!
//! A handler only sets flags and writes a byte into a pipe that ends a sleep;
//! the engine finds out at its next look and the script's handler runs there.

use super::{Event, HostError, Inbox};
use rustix::io::Errno;
use signal_hook::SigId;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::os::fd::AsRawFd;
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// True while some host of this process takes signals.
static TAKEN: AtomicBool = AtomicBool::new(false);

/// Signals that were taken over and let go again. A handler cannot be taken
/// back, so one stays that does what the system would; it must be gone before
/// the signal is taken over anew. Of the process, as signals are.
static LET_GO: Mutex<BTreeMap<i32, SigId>> = Mutex::new(BTreeMap::new());

/// The signal that asks how a program stands.
const SIGQUIT: i32 = signal_hook::consts::SIGQUIT;

/// One signal that is watched.
struct Watch {
    arrived: Arc<AtomicBool>,
    /// Nobody is told of it.
    ignored: bool,
    ids: Vec<SigId>,
}

/// The signals one host takes. Dropping it lets them go.
pub struct Signals {
    watches: BTreeMap<i32, Watch>,
    /// What the handlers write to, and what the poller reads.
    pipe: Option<(UnixStream, UnixStream)>,
    /// Whether scripts may change what the process does at any signal; else only at those that the
    /// engine has taken for itself.
    free: bool,
}

impl Signals {
    pub(super) fn new(free: bool) -> Self {
        Signals {
            free,
            watches: BTreeMap::new(),
            pipe: None,
        }
    }

    /// From now on `signal` (SIGINT is 2) becomes an event of `inbox` instead
    /// of what the system does by default. Refused with EBUSY when another
    /// engine of this process takes signals, with EINVAL for SIGKILL, SIGSTOP
    /// and what reports a fault of the program itself.
    pub fn take_over(&mut self, signal: i32, inbox: &Inbox) -> Result<(), HostError> {
        self.check(signal)?;
        self.take_for_engine(signal, inbox)
    }

    /// As `take_over`, for the engine itself, which needs no grant: who made it asks for that.
    pub fn take_for_engine(&mut self, signal: i32, inbox: &Inbox) -> Result<(), HostError> {
        match self.watches.get(&signal) {
            Some(watch) if watch.ignored => self.release(signal),
            Some(_) => return Ok(()),
            None => {}
        }
        if signal_hook::consts::FORBIDDEN.contains(&signal) || !(1..=64).contains(&signal) {
            return Err(HostError::from(Errno::INVAL));
        }
        self.claim()?;
        let watch = self.register(signal, inbox)?;
        self.watches.insert(signal, watch);
        Ok(())
    }

    /// Ignores `signal` from now on. To the system a handler is in place, so
    /// children are born with the default action.
    pub fn ignore(&mut self, signal: i32) -> Result<(), HostError> {
        self.check(signal)?;
        self.claim()?;
        let nobody = Inbox::new();
        self.release(signal);
        let mut watch = self.register(signal, &nobody)?;
        watch.ignored = true;
        self.watches.insert(signal, watch);
        Ok(())
    }

    /// Lets a signal do again what the system does by default.
    pub fn let_go(&mut self, signal: i32) -> Result<(), HostError> {
        self.check(signal)?;
        self.release(signal);
        Ok(())
    }

    /// An error unless a script may have to do with this signal.
    fn check(&self, signal: i32) -> Result<(), HostError> {
        if self.free || self.watches.contains_key(&signal) {
            return Ok(());
        }
        let name = Signals::name(signal).unwrap_or("this signal");
        Err(HostError::denied(
            &format!("having to do with {name}"),
            "run",
        ))
    }

    fn release(&mut self, signal: i32) {
        if let Some(watch) = self.watches.remove(&signal) {
            watch.ids.into_iter().for_each(|id| {
                signal_hook::low_level::unregister(id);
            });
            let always = Arc::new(AtomicBool::new(true));
            if let Ok(id) = signal_hook::flag::register_conditional_default(signal, always) {
                let mut all = LET_GO.lock().unwrap_or_else(PoisonError::into_inner);
                all.insert(signal, id);
            }
        }
    }

    /// Whether this process was started with a signal ignored, as a shell does with what it runs
    /// in the background. Where the system does not tell, it was not.
    pub fn is_ignored(&self, signal: i32) -> bool {
        let status = own_status().unwrap_or_default();
        signal_mask(&status, "SigIgn:") & (1 << (signal - 1)) != 0
    }

    /// The signals that are taken over.
    pub fn taken(&self) -> impl Iterator<Item = i32> + '_ {
        self.watches.keys().copied()
    }

    /// Sends a signal to this very process, as `signal.raise_signal`.
    pub fn raise(&self, signal: i32) -> Result<(), HostError> {
        self.check(signal)?;
        Ok(signal_hook::low_level::raise(signal)?)
    }

    /// Ends the process as if the signal had not been taken over, so that a
    /// shell sees which signal it died of. Returns only for harmless signals.
    pub fn die_of(&self, signal: i32) {
        let _ = signal_hook::low_level::emulate_default_handler(signal);
    }

    /// The system's name of a signal: "SIGINT".
    pub fn name(signal: i32) -> Option<&'static str> {
        signal_hook::low_level::signal_name(signal)
    }

    /// Appends an event for each signal that arrived, lowest number first.
    pub(super) fn take(&mut self, events: &mut Vec<Event>) {
        for (signal, watch) in &self.watches {
            if watch.arrived.swap(false, Ordering::SeqCst) && !watch.ignored {
                events.push(Event::Signal(*signal));
            }
        }
    }

    pub(super) fn pipe_fd(&self) -> Option<i32> {
        self.pipe.as_ref().map(|(_, reader)| reader.as_raw_fd())
    }

    pub(super) fn drain_pipe(&mut self) {
        if let Some((_, reader)) = &mut self.pipe {
            let mut bytes = [0; 64];
            while reader
                .read(&mut bytes)
                .is_ok_and(|count| count == bytes.len())
            {}
        }
    }

    /// Becomes the one host that takes signals.
    fn claim(&mut self) -> Result<(), HostError> {
        if self.pipe.is_some() {
            return Ok(());
        }
        if TAKEN.swap(true, Ordering::SeqCst) {
            return Err(HostError::from(Errno::BUSY)
                .with_message("another engine of this process takes the signals"));
        }
        match make_pipe() {
            Ok(pipe) => {
                self.pipe = Some(pipe);
                Ok(())
            }
            Err(error) => {
                TAKEN.store(false, Ordering::SeqCst);
                Err(error)
            }
        }
    }

    fn register(&self, signal: i32, inbox: &Inbox) -> Result<Watch, HostError> {
        let mut all = LET_GO.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(id) = all.remove(&signal) {
            signal_hook::low_level::unregister(id);
        }
        let mut watch = Watch {
            arrived: Arc::new(AtomicBool::new(false)),
            ignored: false,
            ids: Vec::new(),
        };
        // In this order: who sees the attention flag must find the other one.
        let arrived = watch.arrived.clone();
        watch
            .ids
            .push(signal_hook::flag::register(signal, arrived)?);
        let attention = inbox.attention_flag();
        watch
            .ids
            .push(signal_hook::flag::register(signal, attention)?);
        if let Some((writer, _)) = &self.pipe {
            let writer = writer.try_clone()?;
            watch
                .ids
                .push(signal_hook::low_level::pipe::register(signal, writer)?);
        }
        Ok(watch)
    }
}

/// What the system says of this process, read at once: it is made anew for each file that is opened, and short.
fn own_status() -> std::io::Result<String> {
    let mut text = vec![0; 4096];
    let read = File::open("/proc/self/status")?.read(&mut text)?;
    text.truncate(read);
    Ok(String::from_utf8_lossy(&text).into_owned())
}

impl Drop for Signals {
    fn drop(&mut self) {
        // Who asks by SIGQUIT how a program stands must not end it while it ends.
        if let Some(watch) = self.watches.remove(&SIGQUIT) {
            watch.ids.into_iter().for_each(|id| {
                signal_hook::low_level::unregister(id);
            });
        }
        let all: Vec<i32> = self.watches.keys().copied().collect();
        all.into_iter().for_each(|signal| self.release(signal));
        if self.pipe.take().is_some() {
            TAKEN.store(false, Ordering::SeqCst);
        }
    }
}

/// A set of signals as the system tells it of a process, in hexadecimal.
pub(super) fn signal_mask(status: &str, name: &str) -> u64 {
    let line = status.lines().find_map(|line| line.strip_prefix(name));
    line.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok())
        .unwrap_or(0)
}

fn make_pipe() -> Result<(UnixStream, UnixStream), HostError> {
    let (writer, reader) = UnixStream::pair()?;
    writer.set_nonblocking(true)?;
    reader.set_nonblocking(true)?;
    Ok((writer, reader))
}

#[cfg(test)]
mod tests {
    use super::super::{Host, Wait};
    use super::*;

    const USR1: i32 = signal_hook::consts::SIGUSR1;

    // One test, because signals are the process's.
    #[test]
    fn signals_become_events_of_one_host() {
        let mut denied = Host::simulated(1).0;
        let mut host = Host::system(Vec::new());
        let mut other = Host::system(Vec::new());
        let inbox = host.inbox.clone();
        let refused = denied.signals.take_over(USR1, &inbox).unwrap_err();
        let text = "having to do with SIGUSR1 is not granted (--allow-run)";
        assert_eq!(refused.message(), text);
        assert!(denied.signals.raise(9).is_err() && denied.signals.ignore(15).is_err());
        host.signals.take_over(USR1, &inbox).unwrap();
        let refused = other.signals.take_over(USR1, &other.inbox);
        assert!(refused.unwrap_err().is(Errno::BUSY));
        let refused = host.signals.take_over(signal_hook::consts::SIGKILL, &inbox);
        assert!(refused.unwrap_err().is(Errno::INVAL));

        host.signals.raise(USR1).unwrap();
        assert!(host.inbox.wants_attention());
        let mut events = Vec::new();
        host.look(false, &mut events).unwrap();
        assert!(matches!(events[..], [Event::Signal(USR1)]));

        // One that comes during a sleep ends it, whichever thread gets it.
        let thread = std::thread::spawn(|| {
            std::thread::sleep(std::time::Duration::from_millis(20));
            signal_hook::low_level::raise(USR1).unwrap();
        });
        events.clear();
        while events.is_empty() {
            host.wait(Wait::Forever, &mut events).unwrap();
        }
        assert!(matches!(events[..], [Event::Signal(USR1)]));
        thread.join().unwrap();

        // Let go and taken again, it does not do what the system would.
        host.signals.let_go(USR1).unwrap();
        host.signals.take_over(USR1, &inbox).unwrap();
        host.signals.raise(USR1).unwrap();
        host.signals.ignore(USR1).unwrap();
        host.signals.raise(USR1).unwrap();
        drop(host);
        other.signals.ignore(USR1).unwrap();
        assert_eq!(other.signals.taken().collect::<Vec<_>>(), vec![USR1]);
        other.signals.raise(USR1).unwrap();
        assert_eq!(Signals::name(2), Some("SIGINT"));
    }
}
