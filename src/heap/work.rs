//! Work that runs no script. It is counted here, where every room can reach it, and now and then somebody above is
//! asked whether it may go on.

use super::buffer::OutOfMemory;
use super::store::current;

/// Says whether work may go on that must be over at a moment of the monotonic clock.
pub type Watch = Box<dyn Fn(f64) -> bool + Send>;

/// So many units, a tenth of a millisecond, are done between two looks.
const LOOK_EVERY: usize = 1000;

/// What was done without script, and how much there may be. A unit takes about a hundred nanoseconds.
pub struct Work {
    /// Units since the VM counted them last.
    pub done: usize,
    /// 1 once somebody below the VM has looked: what only the VM sees to has waited as long.
    pub looked: usize,
    /// At so many somebody looks.
    pub next_look: usize,
    /// So many are too many.
    pub allowed: usize,
    /// When it must be over; infinity for no such moment.
    pub deadline: f64,
    /// Somebody may stop it: what takes long is done in pieces.
    pub guarded: bool,
    /// It may not go on: what fails for lack of memory fails for that.
    pub halted: bool,
    /// Who is asked.
    pub watch: Option<Watch>,
}

impl Work {
    pub(super) const fn new() -> Work {
        Work {
            done: 0,
            looked: 0,
            next_look: LOOK_EVERY,
            allowed: usize::MAX,
            deadline: f64::INFINITY,
            guarded: false,
            halted: false,
            watch: None,
        }
    }

    /// From now on there may be so many units, those counted included.
    pub fn allow(&mut self, units: usize) {
        (self.halted, self.looked) = (false, 0);
        self.allowed = units;
        self.next_look = self.done.saturating_add(LOOK_EVERY).min(units);
    }

    #[inline]
    pub(super) fn count(&mut self, units: usize) -> Result<(), OutOfMemory> {
        self.done = self.done.saturating_add(units);
        if self.done < self.next_look {
            return Ok(());
        }
        self.look()
    }

    /// As `work_on_bytes`.
    #[inline]
    pub(super) fn count_bytes(&mut self, bytes: usize) -> Result<(), OutOfMemory> {
        if bytes < BYTES_A_UNIT {
            return Ok(());
        }
        self.count(bytes / BYTES_A_UNIT)
    }

    #[cold]
    #[inline(never)]
    fn look(&mut self) -> Result<(), OutOfMemory> {
        self.looked = 1;
        let goes_on = self.watch.as_ref().is_none_or(|watch| watch(self.deadline));
        if self.done >= self.allowed || !goes_on {
            self.halted = true;
            return Err(OutOfMemory);
        }
        self.next_look = self.done.saturating_add(LOOK_EVERY).min(self.allowed);
        Ok(())
    }
}

/// Counts units of work where no VM is at hand.
///
/// # Errors
/// When a limit is reached or somebody wants the run to stop. Who passes it on to the VM need not know that it is no lack of
/// memory: the VM does.
#[inline]
pub fn work(units: usize) -> Result<(), OutOfMemory> {
    current().work.count(units)
}

/// Counts units of work of who can leave the rest of it to the VM: whether it may go on without. Nobody is asked: once a look
/// is due it is no, until the VM has had it, which also sees to signals and to other fibers.
#[inline]
pub fn work_before_look(units: usize) -> bool {
    let work = &mut current().work;
    work.done = work.done.saturating_add(units);
    work.done < work.next_look
}

/// As `work_before_look`, of so many bytes that are compared or looked through.
#[inline]
pub fn bytes_before_look(bytes: usize) -> bool {
    bytes < BYTES_A_UNIT || work_before_look(bytes / BYTES_A_UNIT)
}

/// As `work`, for who may be outside of any engine, where nobody counts: whether to go on.
pub fn work_goes_on(units: usize) -> bool {
    !super::store::is_entered() || work(units).is_ok()
}

/// How many bytes are copied, compared or looked through in one unit.
const BYTES_A_UNIT: usize = 1024;

/// Counts the work that is done on so many bytes one after the other.
///
/// # Errors
/// As `work`.
#[inline]
pub fn work_on_bytes(bytes: usize) -> Result<(), OutOfMemory> {
    current().work.count_bytes(bytes)
}
