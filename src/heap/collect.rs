//! The cycle collector: trial deletion over all cyclic objects.
//!
//! Each object's count less the references that come from other objects is
//! what is held from outside (frames, Rust). What nothing from outside reaches
//! is garbage. The collector only runs between instructions, when every Value
//! in a register is counted.

use super::pages::{FIRST_SLOT, NO_MARKS, Page, page_of};
use super::refs::Visitor;
use super::store::{self, Header, Heap, shape_flags};
use super::value::Value;

/// What is known during a collection: for each slot of each page the count that comes from outside, or `MARKED`. A page says
/// where those of its slots begin.
struct Marks(Vec<u32>);

const MARKED: u32 = u32::MAX;

impl Marks {
    /// The mark of an object; None if it lies on no page of this heap.
    #[inline(always)]
    fn slot(&mut self, header: *const Header) -> Option<&mut u32> {
        // SAFETY: every object lies on a page.
        let (first, index) = unsafe {
            let page = page_of(header);
            (
                (*page).marks,
                (*page).slot_at(header.addr() - page.addr() - FIRST_SLOT),
            )
        };
        match first {
            NO_MARKS => None,
            _ => self.0.get_mut(first + index),
        }
    }
}

struct Subtract<'a>(&'a mut Marks);

impl Visitor for Subtract<'_> {
    fn visit(&mut self, value: &Value) {
        if value.is_object()
            && let Some(mark) = self.0.slot(value.header())
        {
            assert!(
                !cfg!(hoop_heap_debug) || *mark > 0,
                "an object of kind {} has more references than its count says",
                store::kind_of_shape(value.shape())
            );
            *mark = mark.saturating_sub(1);
        }
    }
}

struct Reach<'a> {
    marks: &'a mut Marks,
    todo: &'a mut Vec<*mut Header>,
}

impl Visitor for Reach<'_> {
    fn visit(&mut self, value: &Value) {
        if value.is_object()
            && let Some(mark) = self.marks.slot(value.header())
            && *mark != MARKED
        {
            *mark = MARKED;
            self.todo.push(value.header());
        }
    }
}

impl Heap {
    /// Finds and frees garbage cycles; those with finalizers wait in `finalize`.
    /// Returns how many objects were found unreachable.
    pub fn collect(&mut self) -> usize {
        let (live, mut marks) = self.initial_marks();
        for &object in &live {
            self.trace(object, &mut Subtract(&mut marks));
        }
        let garbage = self.unreached(&live, &mut marks);
        for page in self.each_page() {
            // SAFETY: the page is live.
            unsafe { (*page).marks = NO_MARKS };
        }
        self.debt = 0;
        if !self.stress {
            self.threshold = 50_000.max((live.len() - garbage.len()) as isize);
        }
        let found = garbage.len();
        self.clear(garbage);
        found
    }

    /// The process is about to end: if nobody would notice the death of any object that is left, they are left to the
    /// system, which is told by true. `hears` says of a link to a weak reference whether anything hears of the death.
    pub fn leave_behind(&mut self, hears: impl Fn(&Value) -> bool) -> bool {
        // Tests want each death.
        self.left_behind = !self.stress
            && !cfg!(hoop_heap_debug)
            && self.finalize.is_empty()
            && !self.weak.values().flatten().any(hears)
            && !self.any_has_a_last_word();
        self.left_behind
    }

    fn any_has_a_last_word(&self) -> bool {
        let mut any = false;
        // SAFETY: the object is live and whole, and of the kind that its shape says.
        self.each_object(|header| unsafe {
            let entry = &self.shapes[(*header).shape as usize];
            let table = &self.kinds[entry.kind as usize];
            any |= table.reaches_out
                || entry.flags & shape_flags::FINALIZER != 0
                || table.needs_finalizer.is_some_and(|needs| needs(header));
        });
        any
    }

    fn each_page(&self) -> impl Iterator<Item = *mut Page> + '_ {
        self.pages.iter().chain(&self.large).copied()
    }

    /// All objects that may be part of a cycle, and the counts of all objects as their marks.
    fn initial_marks(&self) -> (Vec<*mut Header>, Marks) {
        let (mut cyclic, mut marks) = (Vec::new(), Vec::new());
        for page in self.each_page() {
            // SAFETY: the first `used` slots of a live page were handed out, and one that was freed since has shape 0.
            unsafe {
                (*page).marks = marks.len();
                let (size, used) = ((*page).slot_size, (*page).used as usize);
                marks.reserve(used);
                let first = page.cast::<u8>().add(FIRST_SLOT);
                for i in 0..used {
                    let header = first.add(i * size).cast::<Header>();
                    let shape = (*header).shape as usize;
                    if shape == 0 {
                        marks.push(0);
                        continue;
                    }
                    marks.push((*header).count.min(MARKED - 1));
                    if self.kinds[self.shapes[shape].kind as usize].cyclic {
                        cyclic.push(header);
                    }
                }
            }
        }
        (cyclic, Marks(marks))
    }

    fn trace(&self, header: *mut Header, visitor: &mut dyn Visitor) {
        // SAFETY: the object is live; its shape says what it is.
        unsafe {
            let entry = &self.shapes[(*header).shape as usize];
            let table = &self.kinds[entry.kind as usize];
            (table.trace)(header, visitor);
            if entry.flags & (store::shape_flags::SLOTS | store::shape_flags::TAIL_DICT) != 0 {
                for slot in store::slots_of(header, table.size, entry.flags, entry.capacity) {
                    visitor.visit(slot);
                }
            }
            if entry.flags & store::shape_flags::OWNS_CLASS != 0 {
                visitor.visit(&entry.class);
            }
        }
    }

    /// Those of `live` that nothing from outside reaches.
    fn unreached(&self, live: &[*mut Header], marks: &mut Marks) -> Vec<*mut Header> {
        let mut todo = Vec::new();
        for &object in live {
            match marks.slot(object) {
                Some(mark) if *mark != 0 && *mark != MARKED => {
                    *mark = MARKED;
                    todo.push(object);
                }
                _ => continue,
            }
            while let Some(next) = todo.pop() {
                self.trace(
                    next,
                    &mut Reach {
                        marks,
                        todo: &mut todo,
                    },
                );
            }
        }
        live.iter()
            .copied()
            .filter(|&object| marks.slot(object).is_some_and(|m| *m != MARKED))
            .collect()
    }

    /// Breaks the cycles among `garbage`. If an object has a finalizer that has
    /// not run, the whole group waits for it (it may be resurrected) and is found
    /// again by a later collection.
    fn clear(&mut self, garbage: Vec<*mut Header>) {
        // SAFETY: the objects are live (their counts are not zero); holding a Value keeps each alive
        // until all were cleared.
        let held: Vec<Value> = garbage
            .iter()
            .map(|&header| unsafe {
                (*header).count += 1;
                Value::from_header(header)
            })
            .collect();
        let mut waiting = Vec::new();
        for value in &held {
            if self.wants_finalizer(value) {
                waiting.push(value.clone());
            }
        }
        if !waiting.is_empty() {
            self.finalize.extend(waiting);
            return;
        }
        for value in &held {
            self.clear_object(value);
        }
    }

    fn wants_finalizer(&mut self, value: &Value) -> bool {
        let header = value.header();
        // SAFETY: the object is live.
        unsafe {
            let entry = &self.shapes[(*header).shape as usize];
            let (flags, kind) = (entry.flags, entry.kind as usize);
            let kinds = self.kinds;
            self.must_finalize(header, flags, &kinds[kind])
        }
    }

    fn clear_object(&mut self, value: &Value) {
        let header = value.header();
        // SAFETY: the object is live; `clear` and the slots leave it whole.
        unsafe {
            let entry = &self.shapes[(*header).shape as usize];
            let (flags, capacity) = (entry.flags, entry.capacity);
            let table = &self.kinds[entry.kind as usize];
            (table.clear)(header);
            if flags & (store::shape_flags::SLOTS | store::shape_flags::TAIL_DICT) != 0 {
                for slot in store::slots_of(header, table.size, flags, capacity) {
                    drop(std::mem::take(slot));
                }
            }
        }
    }
}
