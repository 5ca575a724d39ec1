//! Generators, coroutines and async generators: one frame of its own, in the
//! object, run where it lies. A native coroutine is one whose frame is native.

use std::cell::{Cell, UnsafeCell};

use super::frame::{Frame, frame_flags};
use super::frame_object::FrameObject;
use super::function::Function;
use super::kind;
use super::native::Def;
use crate::heap::{self, Field, Header, Kind, Object, Ref, Value, Visitor};

/// Which of the three (four) it is; its class and shape follow from it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Flavour {
    /// `def` with `yield`.
    Generator,
    /// `async def`.
    Coroutine,
    /// `async def` with `yield`.
    AsyncGenerator,
    /// What `coroutine.__await__()` gives.
    Wrapper,
}

/// Where it is in its life.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum State {
    /// Not begun.
    Created,
    /// Stands at a yield or an await.
    Suspended,
    /// Runs, or waits for what it called.
    Running,
    /// Returned, raised or closed.
    Closed,
}

/// See the module's text. The frame's registers follow the object.
#[repr(C)]
pub struct Generator {
    head: Header,
    /// See `State`.
    pub state: Cell<State>,
    /// See `Flavour`.
    pub flavour: Flavour,
    /// Of an async generator, the step that is under way: 0 none, 1 send, 2 throw, 3 close.
    pub step: Cell<u8>,
    /// `aclose()` was begun, whatever came of it.
    pub shut: Cell<bool>,
    /// The number of the step that was begun last.
    pub newest_step: Cell<u16>,
    /// The hooks of an async generator were called.
    pub hooks_done: Cell<bool>,
    /// Its finalizer ran: what it then still holds goes without another word.
    pub finalized: Cell<bool>,
    /// The innermost frame of the chain of awaits that begins here; null unless suspended.
    pub leaf: Cell<*mut Frame>,
    /// `__name__`
    pub name: Field,
    /// `__qualname__`
    pub qualname: Field,
    /// An async generator's finalizer hook; a coroutine's origin (`cr_origin`).
    pub hook: Field,
    /// Registers of the frame.
    pub registers: u32,
    /// The frame; its registers follow.
    pub frame: UnsafeCell<Frame>,
}

// SAFETY: repr(C), header first. A running frame's registers are not visited:
// what they hold counts as held from outside. A suspended one's locals and live
// temporaries are visited once.
unsafe impl Object for Generator {
    const KIND: Kind = kind::GENERATOR;

    fn trace(&self, visitor: &mut dyn Visitor) {
        visitor.visit(self.name.as_value());
        visitor.visit(self.qualname.as_value());
        visitor.visit(self.hook.as_value());
        if !matches!(self.state.get(), State::Created | State::Suspended) {
            return;
        }
        // SAFETY: the frame is at rest, so nobody else uses it.
        unsafe {
            let frame = self.frame.get();
            if !(*frame).has(frame_flags::NATIVE) && !(*frame).function.is_null() {
                let function = Value::from_header((*frame).function.cast());
                visitor.visit(&function);
                function.forget();
            }
            if (*frame).has(frame_flags::OBSERVED) {
                let object = Value::from_header((*frame).native.cast_mut().cast());
                visitor.visit(&object);
                object.forget();
            }
            let regs = Frame::regs(frame);
            for i in 0..self.live_registers() {
                visitor.visit(&*regs.add(i));
            }
        }
    }

    const MAY_NEED_FINALIZER: bool = true;
    fn needs_finalizer(&self) -> bool {
        match self.state.get() {
            State::Created => self.flavour == Flavour::Coroutine,
            State::Suspended => !self.finalized.get() && self.has_live_handler(),
            State::Running | State::Closed => false,
        }
    }
}

impl Generator {
    /// A generator at rest before its first instruction. Its locals are Undef but for
    /// the arguments, which the caller writes.
    ///
    /// # Safety
    /// `function` is a counted pointer that passes to the frame, or null for a native
    /// frame with `native` set; `ip` is where the frame begins. Of its registers the first
    /// `cleared` are Undef: the locals of a script frame, all of a native one.
    #[inline]
    pub unsafe fn alloc(
        flavour: Flavour,
        shape: u32,
        function: *mut Function,
        native: *const Def,
        ip: *const u64,
        (registers, cleared): (u32, u32),
        name: Value,
        qualname: Value,
    ) -> Ref<Generator> {
        let flags = frame_flags::GENERATOR
            | if native.is_null() {
                0
            } else {
                frame_flags::NATIVE
            };
        let frame = Frame {
            ip,
            parent: std::ptr::null_mut(),
            function,
            native,
            dst: 0,
            flags,
            depth: 0,
        };
        let generator = heap::alloc_shaped(
            Generator {
                head: Header::new(),
                state: Cell::new(State::Created),
                flavour,
                step: Cell::new(0),
                shut: Cell::new(false),
                newest_step: Cell::new(0),
                hooks_done: Cell::new(false),
                finalized: Cell::new(false),
                leaf: Cell::new(std::ptr::null_mut()),
                name: Field::new(name),
                qualname: Field::new(qualname),
                hook: Field::undef(),
                registers,
                frame: UnsafeCell::new(frame),
            },
            registers as usize * 8,
            shape,
        );
        let regs = generator.regs();
        for i in 0..cleared as usize {
            // SAFETY: the registers are the object's trailing memory.
            unsafe { regs.add(i).write(Value::UNDEF) };
        }
        generator
    }

    /// The coroutine or generator that a call of a function with nothing to bind makes. The arguments and the
    /// count of the function pass to it.
    ///
    /// # Safety
    /// `shape` is that of the flavour and dies plainly; there are as many arguments as parameters, or a coroutine function
    /// has defaults for the others.
    #[inline(always)]
    pub unsafe fn of_call(
        heap: &mut heap::Heap,
        flavour: Flavour,
        shape: u32,
        function: *mut Function,
        (args, n): (*mut Value, usize),
    ) -> *mut Generator {
        // SAFETY: the function is alive and its code does not change meanwhile; the registers
        // are the object's trailing memory.
        unsafe {
            let code = (*(*function).code.as_ptr()).as_ptr();
            let registers = (*code).nregisters;
            let generator = Generator {
                head: Header::new(),
                state: Cell::new(State::Created),
                flavour,
                step: Cell::new(0),
                shut: Cell::new(false),
                newest_step: Cell::new(0),
                hooks_done: Cell::new(false),
                finalized: Cell::new(false),
                leaf: Cell::new(std::ptr::null_mut()),
                name: Field::new((*function).name.get()),
                qualname: Field::new((*function).qualname.get()),
                hook: Field::undef(),
                registers,
                frame: UnsafeCell::new(Frame {
                    ip: (*code).start(),
                    parent: std::ptr::null_mut(),
                    function,
                    native: std::ptr::null(),
                    dst: 0,
                    flags: frame_flags::GENERATOR,
                    depth: 0,
                }),
            };
            let generator = heap.place(generator, registers as usize * 8, shape);
            let regs = (*generator).regs();
            for i in 0..n {
                regs.add(i).write(args.add(i).read());
            }
            let n = match flavour {
                Flavour::Coroutine if n < (*function).coroutine.get() as usize => {
                    (*function).write_defaults(regs, n)
                }
                _ => n,
            };
            for i in n..(*code).nlocals as usize {
                regs.add(i).write(Value::UNDEF);
            }
            generator
        }
    }

    /// The running coroutine whose frame lay on the stack. All that is in the frame passes to it.
    ///
    /// # Safety
    /// `frame` is a script frame on the stack that lies in no generator; `shape` is that of coroutines. Nobody uses the
    /// frame again.
    pub unsafe fn of_stack_frame(shape: u32, frame: *mut Frame) -> Ref<Generator> {
        // SAFETY: the function is alive for as long as the frame; as many registers are copied as there are.
        unsafe {
            let function = (*frame).function;
            let registers = (*(*(*function).code.as_ptr()).as_ptr()).nregisters;
            let coroutine = Generator::alloc(
                Flavour::Coroutine,
                shape,
                function,
                std::ptr::null(),
                (*frame).ip,
                (registers, 0),
                (*function).name.get(),
                (*function).qualname.get(),
            );
            coroutine.state.set(State::Running);
            let moved = coroutine.frame_ptr();
            if (*frame).has(frame_flags::OBSERVED) {
                (*moved).native = (*frame).native;
            }
            (*moved).dst = (*frame).dst;
            (*moved).depth = (*frame).depth;
            (*moved).flags |= (*frame).flags & (frame_flags::DELEGATED | frame_flags::OBSERVED);
            std::ptr::copy_nonoverlapping(Frame::regs(frame), coroutine.regs(), registers as usize);
            FrameObject::follow(moved);
            coroutine
        }
    }

    /// Frees a coroutine that has ended, and whose registers are dropped.
    ///
    /// # Safety
    /// The caller holds the only reference to it.
    #[inline]
    pub unsafe fn free_ended(heap: &mut heap::Heap, generator: *mut Generator) {
        // SAFETY: nobody looks at it again.
        unsafe {
            if !heap.dies_plainly((*generator).head.shape()) {
                return drop(Ref::from_raw(generator));
            }
            std::ptr::drop_in_place(&raw mut (*generator).name);
            std::ptr::drop_in_place(&raw mut (*generator).qualname);
            std::ptr::drop_in_place(&raw mut (*generator).hook);
            heap.give_back(generator);
        }
    }

    /// Whether its frame is native.
    pub fn is_native(&self) -> bool {
        // SAFETY: the flag never changes.
        unsafe { (*self.frame.get()).has(frame_flags::NATIVE) }
    }

    /// The frame.
    #[inline(always)]
    pub fn frame_ptr(&self) -> *mut Frame {
        self.frame.get()
    }

    /// The registers.
    #[inline(always)]
    pub fn regs(&self) -> *mut Value {
        Frame::regs(self.frame.get())
    }

    /// The generator whose frame this is.
    ///
    /// # Safety
    /// `frame` lies in a live Generator.
    #[inline(always)]
    pub unsafe fn of_frame<'a>(frame: *mut Frame) -> &'a Generator {
        let offset = std::mem::offset_of!(Generator, frame);
        // SAFETY: the frame is a field of the object.
        unsafe { &*((frame as usize - offset) as *const Generator) }
    }

    /// A new reference to this generator.
    pub fn to_ref(&self) -> Ref<Generator> {
        // SAFETY: self is a live object; the new count is made here.
        unsafe {
            let header = self as *const Generator as *mut Header;
            (*header).count += 1;
            Ref::from_raw(header.cast())
        }
    }

    /// The function whose code it runs; None when it ended or is native.
    pub fn function(&self) -> Option<Ref<Function>> {
        // SAFETY: the frame of a generator of script holds a counted reference to its function
        // until it ends, when the pointer becomes null.
        unsafe {
            let frame = self.frame.get();
            if (*frame).has(frame_flags::NATIVE) || (*frame).function.is_null() {
                return None;
            }
            let function = Value::from_header((*frame).function.cast());
            let counted = function.to_ref();
            function.forget();
            counted
        }
    }

    /// The offset of the instruction at which it stands; None when it ended or is native.
    pub fn offset(&self) -> Option<u32> {
        let function = self.function()?;
        // SAFETY: the frame is the object's own; its `ip` points into the code of its function.
        let ip = unsafe { (*self.frame.get()).ip };
        Some(function.code.borrow().offset(ip).saturating_sub(1))
    }

    /// What it waits for, if it is suspended in an `await` or `yield from` of script.
    pub fn delegate(&self) -> Option<Value> {
        if self.state.get() != State::Suspended {
            return None;
        }
        let function = self.function()?;
        // SAFETY: the frame is at rest. It stands behind an Await or YieldFrom, whose operand B,
        // a register, holds what is awaited.
        unsafe {
            let frame = self.frame.get();
            if !function.code.borrow().is_delegating((*frame).ip) {
                return None;
            }
            let register = *(*frame).ip.sub(1).cast::<u16>().add(2) as usize;
            let awaited = (*self.regs().add(register)).clone();
            (!awaited.is_undef()).then_some(awaited)
        }
    }

    /// How many registers hold counted values while the frame is at rest.
    fn live_registers(&self) -> usize {
        // SAFETY: the frame is at rest.
        unsafe {
            let frame = self.frame.get();
            if (*frame).has(frame_flags::NATIVE) {
                return self.registers as usize;
            }
            if (*frame).function.is_null() {
                return 0;
            }
            let code = (*(*frame).function).code.borrow();
            let temps = if self.state.get() == State::Created {
                0
            } else {
                code.live_temps((*frame).ip)
            };
            code.nlocals as usize + temps
        }
    }

    /// Whether the place where the frame stands is covered by a handler, so that
    /// closing it runs script.
    fn has_live_handler(&self) -> bool {
        // SAFETY: the frame is at rest.
        unsafe {
            let frame = self.frame.get();
            if (*frame).has(frame_flags::NATIVE) {
                return true;
            }
            // A chain of awaits may have handlers further in.
            if self.flavour != Flavour::Generator {
                return true;
            }
            let code = (*(*frame).function).code.borrow();
            let at = code.offset((*frame).ip).saturating_sub(1);
            code.plain
                .handlers
                .iter()
                .any(|h| h.start <= at && at < h.end)
                || code.is_delegating((*frame).ip)
        }
    }

    /// What it waits for goes on as a chain of its own, which nobody awaits.
    fn release_inner(&self) {
        let leaf = self.leaf.replace(std::ptr::null_mut());
        let own = self.frame_ptr();
        if leaf.is_null() || leaf == own {
            return;
        }
        // SAFETY: the frames from the leaf outward to `own` are at rest, and alive: each is held by
        // a register of the next one.
        unsafe {
            let mut frame = leaf;
            while (*frame).parent != own {
                frame = (*frame).parent;
            }
            (*frame).parent = std::ptr::null_mut();
            (*frame).flags &= !frame_flags::DELEGATED;
            Generator::of_frame(frame).leaf.set(leaf);
        }
    }

    /// Drops all registers and the function; the frame is not used again.
    pub fn discard_frame(&self) {
        let live = self.live_registers();
        self.state.set(State::Closed);
        self.release_inner();
        // SAFETY: the frame is at rest and, now that the state is Closed, nobody enters it again.
        unsafe {
            FrameObject::detach(self.frame_ptr(), false);
            let regs = self.regs();
            for i in 0..live {
                drop(std::ptr::replace(regs.add(i), Value::UNDEF));
            }
            let frame = self.frame.get();
            let function = std::mem::replace(&mut (*frame).function, std::ptr::null_mut());
            if !function.is_null() {
                self.hook.set((*function).code.borrow().value());
                drop(Value::from_header(function.cast()));
            }
        }
    }
}

impl Drop for Generator {
    fn drop(&mut self) {
        if heap::current().is_torn_down() {
            return;
        }
        if matches!(self.state.get(), State::Created | State::Suspended) {
            self.discard_frame();
        }
    }
}

impl super::function::Code {
    /// How many temporaries are live in a frame that stands behind instruction pointer `ip`.
    pub fn live_temps(&self, ip: *const u64) -> usize {
        let at = self.offset(ip).saturating_sub(1);
        match self.plain.live.partition_point(|l| l.start <= at) {
            0 => 0,
            n => self.plain.live[n - 1].depth as usize,
        }
    }

    /// Whether the frame that stands behind `ip` waits in an Await or YieldFrom.
    pub(crate) fn is_delegating(&self, ip: *const u64) -> bool {
        if self.offset(ip) == 0 {
            return false;
        }
        // SAFETY: ip lies behind a word of this code.
        let op = unsafe { *ip.sub(1) } as u8;
        op == crate::bytecode::Op::Await as u8 || op == crate::bytecode::Op::YieldFrom as u8
    }
}
