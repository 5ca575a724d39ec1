//! `setitimer`: a signal at a moment, once or again and again.

use super::{Host, HostError};
use rustix::process::{Signal, getpid, kill_process};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// The alarm clock of a host. Its thread starts with the first alarm.
#[derive(Default)]
pub struct Alarm {
    shared: Option<Arc<Shared>>,
}

#[derive(Default)]
struct Shared {
    setting: Mutex<Setting>,
    changed: Condvar,
}

#[derive(Clone, Copy, Default)]
struct Setting {
    due: Option<Instant>,
    interval: Duration,
}

impl Host {
    /// Lets SIGALRM come after a while, and then in an interval, neither of them if zero. Answers
    /// how it was set before: what was left, and the interval. All in seconds.
    pub fn set_alarm(&mut self, after: f64, interval: f64) -> Result<(f64, f64), HostError> {
        self.grants.check_processes("setting an alarm")?;
        let before = self.alarm.left();
        let duration = |seconds| Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX);
        let (after, interval) = (duration(after), duration(interval));
        if after.is_zero() && self.alarm.shared.is_none() {
            return Ok(before);
        }
        let shared = self.alarm.shared.get_or_insert_with(begin).clone();
        let mut setting = shared
            .setting
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        setting.due = if after.is_zero() {
            None
        } else {
            Instant::now().checked_add(after)
        };
        setting.interval = interval;
        shared.changed.notify_one();
        Ok(before)
    }
}

impl Alarm {
    /// What is left until the next one, and the interval, in seconds.
    pub fn left(&self) -> (f64, f64) {
        let Some(shared) = &self.shared else {
            return Default::default();
        };
        let setting = *shared
            .setting
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let left = |due: Instant| {
            let left = due.saturating_duration_since(Instant::now());
            // What is due this moment is not off.
            left.max(Duration::from_micros(1))
        };
        match setting.due {
            Some(due) => (left(due).as_secs_f64(), setting.interval.as_secs_f64()),
            None => Default::default(),
        }
    }
}

impl Drop for Alarm {
    fn drop(&mut self) {
        if let Some(shared) = &self.shared {
            let mut setting = shared
                .setting
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            setting.due = None;
            shared.changed.notify_one();
        }
    }
}

fn begin() -> Arc<Shared> {
    let shared = Arc::new(Shared::default());
    let watched = shared.clone();
    std::thread::spawn(move || watch(&watched));
    shared
}

/// Sends the signal whenever it is due; ends when nobody can set the alarm any more.
fn watch(shared: &Arc<Shared>) {
    let mut setting = shared
        .setting
        .lock()
        .unwrap_or_else(PoisonError::into_inner);
    while Arc::strong_count(shared) > 1 {
        let now = Instant::now();
        let wait = match setting.due {
            Some(due) if due <= now => {
                let again = !setting.interval.is_zero();
                setting.due = again.then(|| (due + setting.interval).max(now));
                let _ = kill_process(getpid(), Signal::ALARM);
                continue;
            }
            Some(due) => due - now,
            None => Duration::from_secs(3600),
        };
        let waited = shared.changed.wait_timeout(setting, wait);
        setting = waited.unwrap_or_else(PoisonError::into_inner).0;
    }
}
