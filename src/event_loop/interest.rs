//! Which entry a loop runs when a descriptor is ready.

use crate::host::{ByDescriptor, Direction, HostError, Owner, Poller};
use std::collections::HashMap;

/// The two entries of one descriptor.
struct Pair<J> {
    read: Option<J>,
    write: Option<J>,
    /// The turns for which they were last reported ready.
    reported: [u64; 2],
}

impl<J> Pair<J> {
    fn slot(&mut self, direction: Direction) -> &mut Option<J> {
        match direction {
            Direction::Read => &mut self.read,
            Direction::Write => &mut self.write,
        }
    }

    fn is_empty(&self) -> bool {
        self.read.is_none() && self.write.is_none()
    }
}

/// One loop's readers and writers, at most one of each a descriptor.
pub struct Interests<J> {
    pairs: HashMap<i32, Pair<J>, ByDescriptor>,
}

impl<J> Interests<J> {
    /// No interest in anything.
    pub fn new() -> Self {
        Interests {
            pairs: HashMap::default(),
        }
    }

    /// True when no descriptor is watched.
    pub fn is_empty(&self) -> bool {
        self.pairs.is_empty()
    }

    /// Whether a descriptor is watched.
    pub fn watches(&self, fd: i32) -> bool {
        self.pairs.contains_key(&fd)
    }

    /// The entry that watches a direction.
    pub fn get(&self, fd: i32, direction: Direction) -> Option<&J> {
        let pair = self.pairs.get(&fd)?;
        match direction {
            Direction::Read => pair.read.as_ref(),
            Direction::Write => pair.write.as_ref(),
        }
    }

    /// Notes that a direction is ready, and answers the entry that watches it: Some(None) if that
    /// was said before for this turn, None if nobody watches it.
    pub fn report(&mut self, fd: i32, direction: Direction, turn: u64) -> Option<Option<&J>> {
        let pair = self.pairs.get_mut(&fd)?;
        let (job, reported) = match direction {
            Direction::Read => (pair.read.as_ref()?, &mut pair.reported[0]),
            Direction::Write => (pair.write.as_ref()?, &mut pair.reported[1]),
        };
        let fresh = std::mem::replace(reported, turn) != turn;
        Some(fresh.then_some(job))
    }

    /// Sets the entry for a direction and answers the one it replaces. The
    /// poller is told first: if it refuses the descriptor nothing changes.
    pub fn add(
        &mut self,
        poller: &mut Poller,
        owner: Owner,
        fd: i32,
        direction: Direction,
        job: J,
    ) -> Result<Option<J>, HostError> {
        poller.watch(fd, direction, owner)?;
        let pair = self.pairs.entry(fd).or_insert(Pair {
            read: None,
            write: None,
            reported: [0; 2],
        });
        Ok(pair.slot(direction).replace(job))
    }

    /// Forgets a direction and answers the entry that watched it.
    pub fn remove(
        &mut self,
        poller: &mut Poller,
        owner: Owner,
        fd: i32,
        direction: Direction,
    ) -> Option<J> {
        let pair = self.pairs.get_mut(&fd)?;
        let job = pair.slot(direction).take()?;
        if pair.is_empty() {
            self.pairs.remove(&fd);
        }
        poller.unwatch(fd, direction, owner);
        Some(job)
    }

    /// Forgets everything and hands back the entries.
    pub fn take_all(&mut self, poller: &mut Poller, owner: Owner) -> Vec<J> {
        let mut jobs = Vec::new();
        for (fd, pair) in self.pairs.drain() {
            for (direction, job) in [(Direction::Read, pair.read), (Direction::Write, pair.write)] {
                if let Some(job) = job {
                    poller.unwatch(fd, direction, owner);
                    jobs.push(job);
                }
            }
        }
        jobs
    }

    /// Visits every entry.
    pub fn for_each(&self, visit: &mut dyn FnMut(&J)) {
        for pair in self.pairs.values() {
            pair.read.iter().chain(&pair.write).for_each(&mut *visit);
        }
    }
}

impl<J> Default for Interests<J> {
    fn default() -> Self {
        Interests::new()
    }
}
