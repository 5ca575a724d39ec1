//! Values that Rust code outside the engine holds: each lies in a slot, and what is outside names the
//! slot. Who lets go of one may be on any thread, so the slot's number goes on a list, and the engine
//! empties the slots on it when it is entered next.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use crate::heap::Value;

/// What an engine has in common with those who hold its values.
#[derive(Debug, Default)]
pub struct Released {
    /// The slots that nobody names any more.
    slots: Mutex<Vec<usize>>,
    /// Whether there are any.
    waiting: AtomicBool,
}

impl Released {
    /// Nobody names this slot any more.
    pub fn push(&self, slot: usize) {
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        slots.push(slot);
        self.waiting.store(true, Ordering::Release);
    }

    fn take(&self) -> Vec<usize> {
        if !self.waiting.load(Ordering::Acquire) {
            return Vec::new();
        }
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        self.waiting.store(false, Ordering::Release);
        std::mem::take(&mut *slots)
    }
}

/// The slots.
#[derive(Default)]
pub struct Roots {
    /// Where released slots are told of. No two engines have the same.
    pub released: Arc<Released>,
    slots: Vec<Value>,
    free: Vec<usize>,
}

impl Roots {
    /// Puts a value into a slot and gives its number.
    pub fn hold(&mut self, value: Value) -> usize {
        drop(self.empty_released());
        match self.free.pop() {
            Some(slot) => {
                self.slots[slot] = value;
                slot
            }
            None => {
                self.slots.push(value);
                self.slots.len() - 1
            }
        }
    }

    /// The value in a slot.
    pub fn get(&self, slot: usize) -> Value {
        self.slots[slot].clone()
    }

    /// How many slots are in use.
    pub fn len(&self) -> usize {
        self.slots.len() - self.free.len()
    }

    /// Whether no slot is in use.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Empties the slots that were released. The values are for the caller to drop: what dies then may
    /// ask for a finalizer.
    pub fn empty_released(&mut self) -> Vec<Value> {
        let released = self.released.take();
        let mut values = Vec::new();
        for slot in released {
            values.push(std::mem::take(&mut self.slots[slot]));
            self.free.push(slot);
        }
        values
    }
}
