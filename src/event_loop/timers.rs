//! Timers: entries that become ready at a deadline.
//!
//! Most programs use a handful of delays over and over (a million tasks that
//! sleep one second, a timeout of thirty around each request), so deadlines
//! mostly arrive in ascending order. A few *lanes*, queues that are ascending
//! by construction, take those at the cost of a push and a pop; whatever fits
//! no lane goes to a four-way heap. The next timer is the least of a few heads.
//!
//! A record in the queue is 16 bytes. The entry itself lies in a slot that a
//! [`TimerId`] names, so cancelling frees it at once and in constant time; the
//! record stays behind and is dropped when it reaches the head, or when
//! cancelled records outnumber the live ones (CPython's rule and numbers).

use std::collections::VecDeque;

/// Fewer records than this are never cleaned up ahead of time.
const MIN_SCHEDULED: usize = 100;
/// Queues that are ascending by construction, beside the heap.
const LANES: usize = 4;
/// Bits of a record's `order` that name the slot; the rest is the sequence.
const SLOT_BITS: u32 = 32;
const SLOT_MASK: u64 = (1 << SLOT_BITS) - 1;
const MAX_SEQUENCE: u64 = 1 << (64 - SLOT_BITS);
const NO_SLOT: u32 = u32::MAX;

/// Names one timer; a stale one is recognised and does nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TimerId {
    slot: u32,
    generation: u32,
}

impl TimerId {
    /// The id as one word, for a register or a field of an object.
    pub fn to_bits(self) -> u64 {
        u64::from(self.generation) << 32 | u64::from(self.slot)
    }

    /// The inverse of `to_bits`.
    pub fn from_bits(bits: u64) -> Self {
        TimerId {
            slot: bits as u32,
            generation: (bits >> 32) as u32,
        }
    }
}

/// What the queues hold: when, and (sequence, slot) in one word, so that equal
/// deadlines order by creation.
#[derive(Clone, Copy)]
struct Record {
    when: f64,
    order: u64,
}

impl Record {
    #[inline]
    fn slot(self) -> u32 {
        (self.order & SLOT_MASK) as u32
    }

    #[inline]
    fn before(self, other: Record) -> bool {
        self.when < other.when || (self.when == other.when && self.order < other.order)
    }
}

/// The life of a slot.
enum Slot<J> {
    /// A timer waits: its generation and entry.
    Waiting(u32, J),
    /// Cancelled, but its record is still in a queue.
    Cancelled(u32),
    /// Nobody's; the generation to use next and the next free slot.
    Free(u32, u32),
}

/// A set of timers ordered by deadline.
pub struct Timers<J> {
    lanes: [VecDeque<Record>; LANES],
    heap: Vec<Record>,
    slots: Vec<Slot<J>>,
    first_free: u32,
    sequence: u64,
    scheduled: usize,
    cancelled: usize,
}

impl<J> Timers<J> {
    /// No timers; nothing is allocated.
    pub fn new() -> Self {
        Timers {
            lanes: Default::default(),
            heap: Vec::new(),
            slots: Vec::new(),
            first_free: NO_SLOT,
            sequence: 0,
            scheduled: 0,
            cancelled: 0,
        }
    }

    /// Timers that will still come due.
    pub fn len(&self) -> usize {
        self.scheduled - self.cancelled
    }

    /// True when no record is queued, not even a cancelled one.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.scheduled == 0
    }

    /// Adds a timer. A deadline that is not a number counts as long past.
    pub fn insert(&mut self, deadline: f64, job: J) -> TimerId {
        let when = if deadline.is_nan() {
            f64::NEG_INFINITY
        } else {
            deadline
        };
        let id = self.take_slot(job);
        if self.sequence == MAX_SEQUENCE {
            self.renumber();
        }
        let order = self.sequence << SLOT_BITS | u64::from(id.slot);
        self.sequence += 1;
        self.scheduled += 1;
        self.enqueue(Record { when, order });
        id
    }

    /// Takes a timer back: its entry, or None when it is no longer waiting.
    pub fn cancel(&mut self, id: TimerId) -> Option<J> {
        let slot = self.slots.get_mut(id.slot as usize)?;
        match slot {
            Slot::Waiting(generation, _) if *generation == id.generation => {}
            _ => return None,
        }
        self.cancelled += 1;
        match std::mem::replace(slot, Slot::Cancelled(id.generation)) {
            Slot::Waiting(_, job) => Some(job),
            Slot::Cancelled(_) | Slot::Free(..) => None,
        }
    }

    /// The entry of a timer that is waiting.
    pub fn get(&self, id: TimerId) -> Option<&J> {
        match self.slots.get(id.slot as usize)? {
            Slot::Waiting(generation, job) if *generation == id.generation => Some(job),
            _ => None,
        }
    }

    /// Forgets cancelled records: all of them when they are more than half of
    /// more than a hundred, else those at the head.
    pub fn drop_cancelled(&mut self) {
        if self.cancelled == 0 {
            return;
        }
        if self.scheduled > MIN_SCHEDULED && self.cancelled * 2 > self.scheduled {
            self.rebuild();
            return;
        }
        while let Some(source) = self.least() {
            let slot = self.head(source).slot();
            if !matches!(self.slots[slot as usize], Slot::Cancelled(_)) {
                break;
            }
            self.pop(source);
            self.free_slot(slot);
            self.cancelled -= 1;
        }
    }

    /// The earliest deadline. Call `drop_cancelled` first, or it may be one
    /// that nobody waits for.
    pub fn next_deadline(&self) -> Option<f64> {
        self.least().map(|source| self.head(source).when)
    }

    /// When a timer comes due that waits. It is looked for among all.
    pub fn deadline(&self, id: TimerId) -> Option<f64> {
        self.get(id)?;
        self.records()
            .find(|record| record.slot() == id.slot)
            .map(|record| record.when)
    }

    /// Visits the entry of every timer that waits, with its number and its deadline, in no order.
    pub fn for_each_timed(&self, visit: &mut dyn FnMut(TimerId, f64, &J)) {
        for record in self.records() {
            let slot = record.slot();
            if let Some(Slot::Waiting(generation, job)) = self.slots.get(slot as usize) {
                let id = TimerId {
                    slot,
                    generation: *generation,
                };
                visit(id, record.when, job);
            }
        }
    }

    fn records(&self) -> impl Iterator<Item = &Record> {
        self.lanes.iter().flatten().chain(&self.heap)
    }

    /// The entry of the earliest timer whose deadline is before `end`.
    pub fn pop_due(&mut self, end: f64) -> Option<J> {
        loop {
            let source = self.least()?;
            if self.head(source).when >= end {
                return None;
            }
            let record = self.pop(source);
            match self.free_slot(record.slot()) {
                Some(job) => return Some(job),
                None => self.cancelled -= 1,
            }
        }
    }

    /// Empties the set and hands back the entries, earliest first.
    pub fn take_all(&mut self) -> Vec<J> {
        let mut jobs = Vec::with_capacity(self.len());
        while let Some(source) = self.least() {
            let record = self.pop(source);
            jobs.extend(self.free_slot(record.slot()));
        }
        self.cancelled = 0;
        jobs
    }

    /// Visits every entry that is waiting, in no order.
    pub fn for_each(&self, visit: &mut dyn FnMut(&J)) {
        for slot in &self.slots {
            if let Slot::Waiting(_, job) = slot {
                visit(job);
            }
        }
    }

    // ----- slots ----------------------------------------------------------

    fn take_slot(&mut self, job: J) -> TimerId {
        if self.first_free != NO_SLOT {
            let index = self.first_free;
            let slot = &mut self.slots[index as usize];
            if let Slot::Free(generation, next) = *slot {
                self.first_free = next;
                *slot = Slot::Waiting(generation, job);
                return TimerId {
                    slot: index,
                    generation,
                };
            }
        }
        // Memory ends long before 2^32 slots of 16 bytes or more.
        let index = self.slots.len() as u32;
        self.slots.push(Slot::Waiting(0, job));
        TimerId {
            slot: index,
            generation: 0,
        }
    }

    /// Frees a slot whose record has left the queues; its entry unless the
    /// timer was cancelled.
    fn free_slot(&mut self, index: u32) -> Option<J> {
        let slot = &mut self.slots[index as usize];
        let generation = match slot {
            Slot::Waiting(generation, _) | Slot::Cancelled(generation) => *generation,
            Slot::Free(..) => return None,
        };
        let free = Slot::Free(generation.wrapping_add(1), self.first_free);
        self.first_free = index;
        match std::mem::replace(slot, free) {
            Slot::Waiting(_, job) => Some(job),
            Slot::Cancelled(_) | Slot::Free(..) => None,
        }
    }

    // ----- queues ---------------------------------------------------------

    /// Puts a new record where it costs least: behind the latest tail that it
    /// does not overtake, so that lanes sort themselves by length of delay;
    /// else into an empty lane; else into the heap.
    fn enqueue(&mut self, record: Record) {
        let mut best: Option<(usize, f64)> = None;
        let mut empty = None;
        for (index, lane) in self.lanes.iter().enumerate() {
            match lane.back() {
                Some(tail) if tail.when <= record.when => {
                    if best.is_none_or(|(_, when)| tail.when > when) {
                        best = Some((index, tail.when));
                    }
                }
                Some(_) => {}
                None => empty = empty.or(Some(index)),
            }
        }
        match best.map(|(index, _)| index).or(empty) {
            Some(lane) => self.lanes[lane].push_back(record),
            None => self.heap_push(record),
        }
    }

    /// Where the earliest record is: a lane, or `LANES` for the heap.
    #[inline]
    fn least(&self) -> Option<usize> {
        let mut best = self.heap.first().map(|&record| (LANES, record));
        for (index, lane) in self.lanes.iter().enumerate() {
            if let Some(&record) = lane.front()
                && best.is_none_or(|(_, least)| record.before(least))
            {
                best = Some((index, record));
            }
        }
        best.map(|(source, _)| source)
    }

    /// The first record of a source that `least` named.
    #[inline]
    fn head(&self, source: usize) -> Record {
        match self.lanes.get(source) {
            Some(lane) => lane[0],
            None => self.heap[0],
        }
    }

    fn pop(&mut self, source: usize) -> Record {
        let record = self.head(source);
        self.scheduled -= 1;
        match self.lanes.get_mut(source) {
            Some(lane) => {
                lane.pop_front();
                if lane.is_empty() && lane.capacity() > 64 * 1024 {
                    *lane = VecDeque::new();
                }
            }
            None => self.heap_pop(),
        }
        record
    }

    fn heap_push(&mut self, record: Record) {
        self.heap.push(record);
        let mut at = self.heap.len() - 1;
        while at > 0 {
            let parent = (at - 1) / 4;
            if !record.before(self.heap[parent]) {
                break;
            }
            self.heap[at] = self.heap[parent];
            at = parent;
        }
        self.heap[at] = record;
    }

    /// Removes the heap's first record: the last one sinks from the top.
    fn heap_pop(&mut self) {
        let Some(last) = self.heap.pop() else { return };
        let len = self.heap.len();
        if len == 0 {
            return;
        }
        let mut at = 0;
        loop {
            let first = at * 4 + 1;
            if first >= len {
                break;
            }
            let mut child = first;
            for other in first + 1..(first + 4).min(len) {
                if self.heap[other].before(self.heap[child]) {
                    child = other;
                }
            }
            if !self.heap[child].before(last) {
                break;
            }
            self.heap[at] = self.heap[child];
            at = child;
        }
        self.heap[at] = last;
    }

    // ----- cleaning -------------------------------------------------------

    /// Drops every cancelled record at once.
    fn rebuild(&mut self) {
        let live = self.drain_live();
        self.adopt_sorted(live);
    }

    /// Starts the sequence anew, keeping the order; after 2^32 timers.
    fn renumber(&mut self) {
        let mut live = self.drain_live();
        for (sequence, record) in live.iter_mut().enumerate() {
            record.order = (sequence as u64) << SLOT_BITS | u64::from(record.slot());
        }
        self.sequence = live.len() as u64;
        self.adopt_sorted(live);
    }

    /// Takes all records out, frees the cancelled, sorts the rest.
    fn drain_live(&mut self) -> Vec<Record> {
        let mut records = std::mem::take(&mut self.heap);
        for lane in &mut self.lanes {
            records.extend(std::mem::take(lane));
        }
        let mut live = Vec::with_capacity(self.len() + 1);
        for record in records {
            if matches!(self.slots[record.slot() as usize], Slot::Cancelled(_)) {
                self.free_slot(record.slot());
            } else {
                live.push(record);
            }
        }
        self.cancelled = 0;
        live.sort_unstable_by(|a, b| a.when.total_cmp(&b.when).then(a.order.cmp(&b.order)));
        live
    }

    /// What is sorted is a lane.
    fn adopt_sorted(&mut self, live: Vec<Record>) {
        self.scheduled = live.len();
        self.lanes[0] = live.into();
    }
}

impl<J> Default for Timers<J> {
    fn default() -> Self {
        Timers::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drain(timers: &mut Timers<u32>) -> Vec<u32> {
        std::iter::from_fn(|| timers.pop_due(f64::INFINITY)).collect()
    }

    /// A small generator, so that the test repeats.
    fn scramble(seed: &mut u64) -> u64 {
        *seed ^= *seed << 13;
        *seed ^= *seed >> 7;
        *seed ^= *seed << 17;
        *seed
    }

    #[test]
    fn equal_deadlines_come_in_order_of_creation() {
        let mut timers = Timers::new();
        for (n, when) in [5.0, 1.0, 5.0, 1.0, 3.0, 0.5, 0.25, 5.0, 1.0]
            .iter()
            .enumerate()
        {
            timers.insert(*when, n as u32);
        }
        assert_eq!(drain(&mut timers), vec![6, 5, 1, 3, 8, 4, 0, 2, 7]);
        assert!(timers.is_empty());
    }

    #[test]
    fn random_deadlines_come_sorted() {
        let mut seed = 42;
        let mut timers = Timers::new();
        let mut expected = Vec::new();
        for n in 0..5000u32 {
            let when = (scramble(&mut seed) % 700) as f64;
            expected.push((when as u64, n));
            timers.insert(when, n);
        }
        expected.sort_unstable();
        let expected: Vec<u32> = expected.into_iter().map(|(_, n)| n).collect();
        assert_eq!(drain(&mut timers), expected);
    }

    #[test]
    fn only_what_is_due_is_popped() {
        let mut timers = Timers::new();
        timers.insert(2.0, 2);
        timers.insert(1.0, 1);
        assert_eq!(timers.next_deadline(), Some(1.0));
        assert_eq!(timers.pop_due(1.0), None);
        assert_eq!(timers.pop_due(1.5), Some(1));
        assert_eq!(timers.pop_due(1.5), None);
        assert_eq!(timers.len(), 1);
    }

    #[test]
    fn a_cancelled_timer_is_gone_and_its_id_stale() {
        let mut timers = Timers::new();
        let first = timers.insert(1.0, 1);
        timers.insert(2.0, 2);
        assert_eq!(timers.get(first), Some(&1));
        assert_eq!(timers.cancel(first), Some(1));
        assert_eq!(timers.cancel(first), None);
        assert_eq!(timers.len(), 1);
        timers.drop_cancelled();
        assert_eq!(timers.next_deadline(), Some(2.0));
        let again = timers.insert(0.5, 3);
        assert_ne!(again, first);
        assert_eq!(timers.cancel(first), None);
        assert_eq!(TimerId::from_bits(again.to_bits()), again);
        assert_eq!(drain(&mut timers), vec![3, 2]);
    }

    #[test]
    fn many_cancelled_records_are_swept() {
        let mut timers = Timers::new();
        let ids: Vec<_> = (0..1000)
            .map(|n| timers.insert(f64::from(n % 37), n))
            .collect();
        for id in &ids[..600] {
            timers.cancel(*id);
        }
        assert_eq!(timers.scheduled, 1000);
        timers.drop_cancelled();
        assert_eq!((timers.scheduled, timers.cancelled), (400, 0));
        let rest = drain(&mut timers);
        assert_eq!(rest.len(), 400);
        assert!(rest.iter().all(|n| *n >= 600));
        assert!(rest.is_sorted_by_key(|n| (n % 37, *n)));
    }

    #[test]
    fn the_sequence_starts_anew_without_losing_order() {
        let mut timers = Timers::new();
        timers.insert(1.0, 0);
        timers.sequence = MAX_SEQUENCE;
        timers.insert(1.0, 1);
        timers.insert(1.0, 2);
        timers.insert(0.0, 3);
        assert_eq!(drain(&mut timers), vec![3, 0, 1, 2]);
    }

    #[test]
    fn a_timer_is_small() {
        assert_eq!(size_of::<Record>(), 16);
        assert!(size_of::<Slot<u64>>() <= 16);
        assert!(size_of::<Slot<[u64; 2]>>() <= 24);
    }
}
