//! Time: the system's, or one that a test or a simulation moves by hand.

use rustix::time::{ClockId, Timespec, clock_getres, clock_gettime};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// A source of time. Seconds are CPython's: nanoseconds divided by 1e9.
pub trait Clock: Send {
    /// Nanoseconds that only grow, from an unspecified start.
    fn monotonic_ns(&self) -> u64;

    /// Nanoseconds since 1970 in UTC.
    fn wall_ns(&self) -> i64;

    /// Processor time of the whole process.
    fn process_ns(&self) -> u64;

    /// Processor time of this thread.
    fn thread_ns(&self) -> u64;

    /// Nanoseconds of the system's clock with a number (`CLOCK_BOOTTIME` ...), None if there is none.
    fn numbered_ns(&self, number: i32) -> Option<i64> {
        match number {
            0 => Some(self.wall_ns()),
            1 | 4 | 7 => Some(self.monotonic_ns() as i64),
            2 => Some(self.process_ns() as i64),
            3 => Some(self.thread_ns() as i64),
            _ => None,
        }
    }

    /// The smallest step of the clock with a number, in nanoseconds.
    fn numbered_step_ns(&self, number: i32) -> Option<i64> {
        self.numbered_ns(number).map(|_| 1)
    }

    /// The smallest step of the monotonic clock, in seconds.
    fn resolution(&self) -> f64;

    /// Blocks this thread; a clock moved by hand moves instead.
    fn sleep(&self, duration: Duration);

    /// A clock moved by hand goes forward to `deadline` (seconds of
    /// `monotonic`); any other does nothing.
    fn jump_to(&self, _deadline: f64) {}

    /// True if time passes only through `sleep` and `jump_to`.
    fn is_manual(&self) -> bool {
        false
    }

    /// `monotonic_ns` in seconds.
    fn monotonic(&self) -> f64 {
        self.monotonic_ns() as f64 / 1e9
    }
}

/// The clocks of the operating system.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[inline]
    fn monotonic_ns(&self) -> u64 {
        unsigned(clock_gettime(ClockId::Monotonic))
    }

    fn wall_ns(&self) -> i64 {
        let now = clock_gettime(ClockId::Realtime);
        now.tv_sec
            .wrapping_mul(1_000_000_000)
            .wrapping_add(now.tv_nsec)
    }

    fn process_ns(&self) -> u64 {
        unsigned(clock_gettime(ClockId::ProcessCPUTime))
    }

    fn thread_ns(&self) -> u64 {
        unsigned(clock_gettime(ClockId::ThreadCPUTime))
    }

    fn resolution(&self) -> f64 {
        // Asked once a turn; the answer never changes.
        static RESOLUTION: std::sync::OnceLock<f64> = std::sync::OnceLock::new();
        *RESOLUTION.get_or_init(|| unsigned(clock_getres(ClockId::Monotonic)) as f64 / 1e9)
    }

    fn numbered_ns(&self, number: i32) -> Option<i64> {
        Some(unsigned(clock_gettime(ClockId::try_from(number).ok()?)) as i64)
    }

    fn numbered_step_ns(&self, number: i32) -> Option<i64> {
        Some(unsigned(clock_getres(ClockId::try_from(number).ok()?)) as i64)
    }

    fn sleep(&self, duration: Duration) {
        std::thread::sleep(duration);
    }
}

fn unsigned(time: Timespec) -> u64 {
    (time.tv_sec as u64)
        .wrapping_mul(1_000_000_000)
        .wrapping_add(time.tv_nsec as u64)
}

/// A clock that stands still until it is moved. Clones share one time.
#[derive(Clone, Debug)]
pub struct ManualClock {
    now: Arc<AtomicU64>,
}

impl ManualClock {
    /// 2000-01-01T00:00:00Z, where the wall clock of a simulation starts.
    const EPOCH_NS: i64 = 946_684_800_000_000_000;

    /// A clock at zero.
    pub fn new() -> Self {
        ManualClock {
            now: Arc::new(AtomicU64::new(0)),
        }
    }

    /// Moves the clock forward.
    pub fn advance(&self, duration: Duration) {
        let step = u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX);
        let now = self.now.load(Ordering::SeqCst);
        self.now.store(now.saturating_add(step), Ordering::SeqCst);
    }
}

impl Default for ManualClock {
    fn default() -> Self {
        ManualClock::new()
    }
}

impl Clock for ManualClock {
    fn monotonic_ns(&self) -> u64 {
        self.now.load(Ordering::SeqCst)
    }

    fn wall_ns(&self) -> i64 {
        Self::EPOCH_NS.saturating_add_unsigned(self.monotonic_ns())
    }

    fn process_ns(&self) -> u64 {
        self.monotonic_ns()
    }

    fn thread_ns(&self) -> u64 {
        self.monotonic_ns()
    }

    fn resolution(&self) -> f64 {
        1e-9
    }

    fn sleep(&self, duration: Duration) {
        self.advance(duration);
    }

    fn jump_to(&self, deadline: f64) {
        // Far from zero a float cannot tell nanoseconds apart, so go on until
        // who waits for the deadline finds that it has passed.
        let mut target = (deadline * 1e9).ceil() as u64;
        let mut step = 1;
        while target < u64::MAX && target as f64 / 1e9 + self.resolution() <= deadline {
            target = target.saturating_add(step);
            step *= 2;
        }
        self.now.fetch_max(target, Ordering::SeqCst);
    }

    fn is_manual(&self) -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_system_clock_moves_forward() {
        let clock = SystemClock;
        let before = clock.monotonic();
        clock.sleep(Duration::from_millis(2));
        assert!(clock.monotonic() - before >= 0.002);
        assert!(clock.wall_ns() > 1_700_000_000_000_000_000);
        assert!(clock.resolution() > 0.0 && clock.resolution() <= 0.01);
    }

    #[test]
    fn a_manual_clock_moves_only_when_moved() {
        let clock = ManualClock::new();
        assert_eq!(clock.monotonic(), 0.0);
        clock.jump_to(0.1);
        assert!(clock.monotonic() >= 0.1);
        clock.jump_to(0.05);
        assert!(clock.monotonic() >= 0.1);
        clock.clone().sleep(Duration::from_secs(1));
        assert!(clock.monotonic() >= 1.1);
    }
}
