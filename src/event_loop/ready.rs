//! The ready ring: a first-in, first-out queue that knows where the turn ends.

use std::collections::VecDeque;

/// A ring this long is given back once it has run empty, so that a burst of a
/// million entries does not hold its memory for the rest of the program.
const KEEP: usize = 64 * 1024;

/// Entries that are ready, and how many of them belong to the turn under way.
pub struct Ready<J> {
    ring: VecDeque<J>,
    left: usize,
}

impl<J> Ready<J> {
    /// An empty ring; it allocates with its first entry.
    pub fn new() -> Self {
        Ready {
            ring: VecDeque::new(),
            left: 0,
        }
    }

    /// Appends an entry; it runs in the next turn.
    #[inline(always)]
    pub fn push(&mut self, job: J) {
        self.ring.push_back(job);
    }

    /// Fixes the count of this turn: exactly what is ready now.
    #[inline]
    pub fn begin_turn(&mut self) -> usize {
        if self.ring.is_empty() && self.ring.capacity() > KEEP {
            self.ring = VecDeque::new();
        }
        self.left = self.ring.len();
        self.left
    }

    /// The next entry of this turn, or None when the count is used up.
    #[inline(always)]
    pub fn next_in_turn(&mut self) -> Option<J> {
        if self.left == 0 {
            return None;
        }
        self.left -= 1;
        if cfg!(hoop_mutant = "1") {
            return self.ring.pop_back();
        }
        self.ring.pop_front()
    }

    /// How many entries of the turn under way are left.
    #[inline(always)]
    pub fn turn_left(&self) -> usize {
        self.left
    }

    /// Ends the turn early; what was left of it begins the next one.
    #[inline]
    pub fn abandon_turn(&mut self) {
        self.left = 0;
    }

    /// Entries in the ring, of this turn and the next.
    #[inline]
    pub fn len(&self) -> usize {
        self.ring.len()
    }

    /// True when nothing is ready.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.ring.is_empty()
    }

    /// Empties the ring and hands back what was in it.
    pub fn take_all(&mut self) -> Vec<J> {
        self.left = 0;
        std::mem::take(&mut self.ring).into()
    }

    /// Visits every entry, oldest first.
    pub fn for_each(&self, visit: &mut dyn FnMut(&J)) {
        self.ring.iter().for_each(visit);
    }
}

impl<J> Default for Ready<J> {
    fn default() -> Self {
        Ready::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_turn_runs_what_was_ready_when_it_began() {
        let mut ready = Ready::new();
        ready.push(1);
        ready.push(2);
        assert_eq!(ready.begin_turn(), 2);
        assert_eq!(ready.next_in_turn(), Some(1));
        ready.push(3);
        assert_eq!(ready.next_in_turn(), Some(2));
        assert_eq!(ready.next_in_turn(), None);
        assert_eq!(ready.begin_turn(), 1);
        assert_eq!(ready.next_in_turn(), Some(3));
    }

    #[test]
    fn an_abandoned_turn_leaves_its_rest_to_the_next() {
        let mut ready = Ready::new();
        (0..4).for_each(|n| ready.push(n));
        ready.begin_turn();
        assert_eq!(ready.next_in_turn(), Some(0));
        ready.abandon_turn();
        assert_eq!(ready.next_in_turn(), None);
        assert_eq!(ready.begin_turn(), 3);
        assert_eq!(ready.take_all(), vec![1, 2, 3]);
        assert_eq!(ready.turn_left(), 0);
    }

    #[test]
    fn a_large_ring_is_given_back() {
        let mut ready = Ready::new();
        (0..2 * KEEP).for_each(|n| ready.push(n));
        ready.begin_turn();
        while ready.next_in_turn().is_some() {}
        ready.begin_turn();
        assert_eq!(ready.ring.capacity(), 0);
    }
}
