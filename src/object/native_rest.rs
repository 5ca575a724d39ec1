//! A native coroutine that waits, for which nobody but the Await of a script frame ever asked: its
//! state and registers, and nothing of what a coroutine object is for others.

use std::cell::Cell;

use super::kind;
use super::native::Native;
use crate::heap::{self, Header, Kind, Object, Ref, Value, Visitor};

/// See the module. The registers follow, the last of which holds what is awaited.
#[repr(C)]
pub struct NativeRest {
    head: Header,
    /// The coroutine function, a Native.
    pub native: Value,
    /// Where it stands.
    pub ip: *const u64,
    /// How many registers follow; 0 once they were taken out.
    count: Cell<usize>,
}

// SAFETY: repr(C), header first; each register is visited once, as long as it is there.
unsafe impl Object for NativeRest {
    const KIND: Kind = kind::NATIVE_REST;
    fn trace(&self, visitor: &mut dyn Visitor) {
        visitor.visit(&self.native);
        for i in 0..self.count.get() {
            // SAFETY: the registers are the object's trailing memory.
            visitor.visit(unsafe { &*self.registers().add(i) });
        }
    }
}

impl NativeRest {
    /// Moves `count` registers into a new object.
    ///
    /// # Safety
    /// `registers` are so many values, which the caller does not use again; `ip` is a native word.
    pub unsafe fn alloc(
        native: &Native,
        ip: *const u64,
        registers: *mut Value,
        count: usize,
    ) -> Ref<NativeRest> {
        let rest = NativeRest {
            head: Header::new(),
            native: native.to_ref().into_value(),
            ip,
            count: Cell::new(count),
        };
        let rest = heap::alloc_trailing(rest, count * size_of::<Value>());
        // SAFETY: there is room for them behind the object.
        unsafe { std::ptr::copy_nonoverlapping(registers, rest.registers(), count) };
        rest
    }

    fn registers(&self) -> *mut Value {
        (&raw const *self).wrapping_add(1).cast_mut().cast()
    }

    /// What it awaits.
    pub fn awaited(&self) -> Value {
        match self.count.get() {
            0 => Value::UNDEF,
            // SAFETY: the registers are the object's trailing memory.
            n => unsafe { (*self.registers().add(n - 1)).clone() },
        }
    }

    /// How many registers there are.
    pub fn count(&self) -> usize {
        self.count.get()
    }

    /// Moves the registers out.
    ///
    /// # Safety
    /// There is room for `count` of them at `to`, which holds nothing that is to be dropped.
    pub unsafe fn take_registers(&self, to: *mut Value) {
        let count = self.count.replace(0);
        // SAFETY: they are moved once, as the count says.
        unsafe { std::ptr::copy_nonoverlapping(self.registers(), to, count) };
    }
}

impl Drop for NativeRest {
    fn drop(&mut self) {
        if heap::current().is_torn_down() {
            return;
        }
        for i in 0..self.count.replace(0) {
            // SAFETY: the registers that were not moved out are dropped once.
            unsafe { std::ptr::drop_in_place(self.registers().add(i)) };
        }
    }
}
