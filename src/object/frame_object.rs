//! Frames as scripts see them: made when somebody looks at a frame, or when an exception leaves it.
//!
//! A live frame counts its one object (flag OBSERVED). When the frame ends and somebody else holds
//! the object too, the locals move into it; else the object goes with the frame.

use std::cell::{Cell, RefCell};

use super::descriptor::plain_object;
use super::frame::{Frame, frame_flags};
use super::function::{Code, Function};
use super::kind;
use crate::bytecode::code::flags as code_flags;
use crate::heap::{self, Field, Header, Kind, Object, Ref, Value, Visitor};

/// A frame as scripts see it (`sys._getframe`, `tb_frame`, `gi_frame`). The registers for the
/// locals of a frame that has ended follow it.
#[repr(C)]
pub struct FrameObject {
    head: Header,
    /// `f_code`
    pub code: Ref<Code>,
    /// The function whose code it runs.
    pub function: Ref<Function>,
    /// Word offset of the instruction it stood at when it ended.
    at: Cell<u32>,
    /// The frame, or null when it has ended.
    frame: Cell<*mut Frame>,
    /// `f_back` of a frame that has ended, or None.
    pub back: Field,
    /// `clear` was called.
    cleared: Cell<bool>,
    /// What few frames have.
    rare: RefCell<Option<Box<Rare>>>,
}

/// What few frame objects have.
struct Rare {
    /// Names that were set through `f_locals` and are no locals: a dict, or Undef.
    extra: Value,
    /// `f_trace`, or None.
    trace: Value,
    /// `f_trace_lines`
    trace_lines: bool,
    /// `f_trace_opcodes`
    trace_opcodes: bool,
    /// What locals of the live frame held before `f_locals` was written to: an instruction that is
    /// under way may still look at it.
    replaced: Vec<Value>,
    /// Of the outermost frame of a task that failed: a tuple of the task's name and where it was made,
    /// for reports. Undef if nobody noted it.
    task: Value,
}

impl Default for Rare {
    fn default() -> Rare {
        Rare {
            extra: Value::UNDEF,
            trace: Value::NONE,
            trace_lines: true,
            trace_opcodes: false,
            replaced: Vec::new(),
            task: Value::UNDEF,
        }
    }
}

// SAFETY: repr(C), header first; every counted reference is visited once. The locals of a live
// frame are its own; the registers here are Undef until it has ended.
unsafe impl Object for FrameObject {
    const KIND: Kind = kind::FRAME;
    fn trace(&self, visitor: &mut dyn Visitor) {
        visitor.visit(self.code.as_value());
        visitor.visit(self.function.as_value());
        visitor.visit(self.back.as_value());
        if let Ok(rare) = self.rare.try_borrow()
            && let Some(rare) = &*rare
        {
            visitor.visit(&rare.extra);
            visitor.visit(&rare.trace);
            visitor.visit(&rare.task);
            rare.replaced.iter().for_each(|value| visitor.visit(value));
        }
        for i in 0..self.code.nlocals as usize {
            // SAFETY: the registers are the object's trailing memory and hold values.
            visitor.visit(unsafe { &*self.own_registers().add(i) });
        }
    }
    fn clear(&self) {
        self.back.set(Value::NONE);
        self.clear_locals();
    }
}

impl FrameObject {
    fn alloc(code: Ref<Code>, function: Ref<Function>, frame: *mut Frame) -> Ref<FrameObject> {
        let count = code.nlocals as usize;
        let object = crate::heap::alloc_trailing(
            FrameObject {
                head: Header::new(),
                code,
                function,
                at: Cell::new(0),
                frame: Cell::new(frame),
                back: Field::new(Value::NONE),
                cleared: Cell::new(false),
                rare: RefCell::new(None),
            },
            count * 8,
        );
        for i in 0..count {
            // SAFETY: the registers are the object's trailing memory.
            unsafe { object.own_registers().add(i).write(Value::UNDEF) };
        }
        object
    }

    /// The object of a frame that never ran: what stands for a function that is native here.
    pub fn without_frame(function: &Ref<Function>, at: u32) -> Ref<FrameObject> {
        let code = function.code.borrow().clone();
        let object = FrameObject::alloc(code, function.clone(), std::ptr::null_mut());
        object.at.set(at);
        object
    }

    /// The object of a live script frame.
    ///
    /// # Safety
    /// `frame` is a live script frame with its function; when it ends, `detach` is called.
    pub unsafe fn of(frame: *mut Frame) -> Ref<FrameObject> {
        // SAFETY: with the flag, `native` is a counted pointer to the frame's object; the function
        // is alive for as long as the frame.
        unsafe {
            if (*frame).has(frame_flags::OBSERVED) {
                let object = std::mem::ManuallyDrop::new(Ref::<FrameObject>::from_raw(
                    (*frame).native.cast_mut().cast(),
                ));
                return (*object).clone();
            }
            (*(*frame).function).retain();
            let function = Ref::<Function>::from_raw((*frame).function);
            let code = function.code.borrow().clone();
            let object = FrameObject::alloc(code, function, frame);
            let counted = std::mem::ManuallyDrop::new(object.clone());
            (*frame).native = counted.as_ptr().cast_const().cast();
            (*frame).flags |= frame_flags::OBSERVED;
            object
        }
    }

    /// The frame ends: if anybody but the frame holds its object, that takes over the locals and,
    /// unless the frame is one that rested, remembers who called it.
    ///
    /// # Safety
    /// `frame` is a live script frame whose locals hold values, and which runs no more.
    pub unsafe fn detach(frame: *mut Frame, ran: bool) {
        // SAFETY: as in `of`; the count of the frame passes to the reference here.
        unsafe {
            if !(*frame).has(frame_flags::OBSERVED) {
                return;
            }
            (*frame).flags &= !frame_flags::OBSERVED;
            let object = Ref::<FrameObject>::from_raw((*frame).native.cast_mut().cast());
            (*frame).native = std::ptr::null();
            object.frame.set(std::ptr::null_mut());
            if object.as_value().reference_count() == 1 {
                return;
            }
            object
                .at
                .set(object.code.offset((*frame).ip).saturating_sub(1));
            let regs = Frame::regs(frame);
            // What the compiler keeps in locals of its own goes with the frame: the exception that
            // was being handled would be held by its own traceback.
            let names = &object.code.plain.local_names;
            for (i, name) in names.iter().enumerate() {
                if !name.starts_with('.') {
                    let local = std::ptr::replace(regs.add(i), Value::UNDEF);
                    object.own_registers().add(i).write(local);
                }
            }
            if ran {
                let outward = next_script_frame((*frame).parent);
                if !outward.is_null() {
                    object.back.set(FrameObject::of(outward).into_value());
                }
            }
        }
    }

    /// The frame moved to this place, with all that it has.
    ///
    /// # Safety
    /// `frame` is a live script frame, and nobody uses its former place.
    pub unsafe fn follow(frame: *mut Frame) {
        // SAFETY: with the flag, `native` is a counted pointer to the frame's object.
        unsafe {
            if (*frame).has(frame_flags::OBSERVED) {
                let object = (*frame).native.cast::<FrameObject>();
                (*object).frame.set(frame);
            }
        }
    }

    /// The frame, or null when it has ended.
    pub fn frame(&self) -> *mut Frame {
        self.frame.get()
    }

    /// Word offset of the instruction at which the frame stands, or stood last.
    pub fn at(&self) -> u32 {
        let frame = self.frame.get();
        if frame.is_null() {
            return self.at.get();
        }
        // SAFETY: the frame is alive; it tells its object when it ends.
        unsafe { self.code.offset((*frame).ip).saturating_sub(1) }
    }

    /// Whether `clear` was called.
    pub fn is_cleared(&self) -> bool {
        self.cleared.get()
    }

    /// `f_globals`
    pub fn globals(&self) -> Value {
        self.function.globals.value()
    }

    fn own_registers(&self) -> *mut Value {
        let object = self as *const FrameObject as *mut FrameObject;
        // SAFETY: the registers follow the object.
        unsafe { object.add(1).cast() }
    }

    fn registers(&self) -> *mut Value {
        if self.frame.get().is_null() {
            self.own_registers()
        } else {
            Frame::regs(self.frame.get())
        }
    }

    /// What the register of a local holds: its value, its cell, or Undef.
    pub fn local(&self, index: usize) -> Value {
        debug_assert!(index < self.code.nlocals as usize);
        // SAFETY: the registers of the locals always hold values.
        unsafe { (*self.registers().add(index)).clone() }
    }

    /// Writes the register of a local.
    pub fn set_local(&self, index: usize, value: Value) {
        debug_assert!(index < self.code.nlocals as usize);
        // SAFETY: as in `local`; what the register held is kept alive.
        let before = unsafe { std::ptr::replace(self.registers().add(index), value) };
        if before.is_object() && !self.frame.get().is_null() {
            self.with_rare(|rare| rare.replaced.push(before));
        }
    }

    fn with_rare<T>(&self, use_it: impl FnOnce(&mut Rare) -> T) -> T {
        use_it(self.rare.borrow_mut().get_or_insert_default())
    }

    fn look_at_rare<T>(&self, look: impl FnOnce(&Rare) -> T, otherwise: T) -> T {
        self.rare.borrow().as_deref().map_or(otherwise, look)
    }

    /// Names that were set through `f_locals` and are no locals: a dict, or Undef.
    pub fn extra(&self) -> Value {
        self.look_at_rare(|rare| rare.extra.clone(), Value::UNDEF)
    }

    /// See `extra`.
    pub fn set_extra(&self, dict: Value) {
        self.with_rare(|rare| rare.extra = dict);
    }

    /// `f_trace`, or None.
    pub fn trace_function(&self) -> Value {
        self.look_at_rare(|rare| rare.trace.clone(), Value::NONE)
    }

    /// See `trace_function`.
    pub fn set_trace_function(&self, function: Value) {
        drop(self.with_rare(|rare| std::mem::replace(&mut rare.trace, function)));
    }

    /// What is known of the task whose outermost frame this was; Undef if nothing is.
    pub fn task_note(&self) -> Value {
        self.look_at_rare(|rare| rare.task.clone(), Value::UNDEF)
    }

    /// See `task_note`.
    pub fn set_task_note(&self, note: Value) {
        drop(self.with_rare(|rare| std::mem::replace(&mut rare.task, note)));
    }

    /// `f_trace_lines` and `f_trace_opcodes`.
    pub fn trace_flags(&self) -> (bool, bool) {
        self.look_at_rare(|rare| (rare.trace_lines, rare.trace_opcodes), (true, false))
    }

    /// See `trace_flags`.
    pub fn set_trace_flags(&self, lines: bool, opcodes: bool) {
        self.with_rare(|rare| (rare.trace_lines, rare.trace_opcodes) = (lines, opcodes));
    }

    /// Whether the frame's code is a function's: its locals are registers.
    pub fn has_fast_locals(&self) -> bool {
        self.code.flags & (code_flags::NAMESPACE | code_flags::MODULE) == 0
    }

    /// `frame.clear()` of a frame that has ended.
    pub fn clear_locals(&self) {
        self.cleared.set(true);
        drop(self.rare.take());
        for i in 0..self.code.nlocals as usize {
            // SAFETY: the registers are the object's own and hold values.
            drop(unsafe { std::ptr::replace(self.own_registers().add(i), Value::UNDEF) });
        }
    }
}

impl Drop for FrameObject {
    fn drop(&mut self) {
        if heap::current().is_torn_down() {
            return;
        }
        for i in 0..self.code.nlocals as usize {
            // SAFETY: nobody uses the object's registers again.
            drop(unsafe { std::ptr::replace(self.own_registers().add(i), Value::UNDEF) });
        }
    }
}

/// The first script frame from `frame` outward that scripts may see; null if there is none.
///
/// # Safety
/// `frame` is null or live.
pub unsafe fn next_script_frame(mut frame: *mut Frame) -> *mut Frame {
    // SAFETY: parents of live frames are live.
    unsafe {
        while !frame.is_null() {
            let native = (*frame).has(frame_flags::NATIVE) || (*frame).function.is_null();
            if !native {
                return frame;
            }
            frame = (*frame).parent;
        }
    }
    frame
}

plain_object! {
    /// `f_locals` of a function's frame: reads and writes the frame's own locals.
    FrameLocals FRAME_LOCALS {
        /// The frame object.
        frame,
    }
}
