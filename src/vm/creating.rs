//! Calls of classes whose `__new__` a script wrote and whose `__init__` is that of `object`: the function runs in a frame of its
//! own, behind whose registers it lies whose instance is made.

use super::Vm;
use super::candidates::Asked;
use super::dispatch::At;
use super::special::Special;
use super::types::Known;
use crate::heap::Value;
use crate::object::class::{Class, class_flags};
use crate::object::descriptor::StaticMethod;
use crate::object::frame::{Frame, frame_flags};
use crate::object::function::Function;
use crate::object::tuple::Tuple;

/// So many arguments are kept at most, for the `__init__` of an instance of a subclass that `__new__` may make.
const MOST_KEPT: usize = 8;

impl Vm {
    /// Whether the `__init__` of a class is known to be that of `object`.
    fn has_objects_init(&self, class: &Class) -> bool {
        let (init, epoch) = (Special::Init as usize, self.heap.type_epoch);
        let known = |class: &Class| class.known_special(init, epoch).map(Value::word);
        let objects = self.class_known_already(Known::Object).and_then(known);
        objects.is_some() && known(class) == objects
    }

    /// The function behind the `__new__` of a class, if it takes the class and so many arguments and is all there is to do.
    fn plain_new(&self, class: &Class, n: usize) -> Option<*mut Function> {
        if !class.has(class_flags::NEW)
            || class.has(class_flags::BUILTIN)
            || !self.has_objects_init(class)
        {
            return None;
        }
        let new = class.known_special(Special::New as usize, self.heap.type_epoch)?;
        let wrapper = new.get_exact::<StaticMethod>()?;
        let function = wrapper.function.as_value();
        let takes_all = function.get_exact::<Function>()?.simple.get() as usize == n + 1;
        takes_all.then(|| function.header().cast())
    }

    /// Begins the `__new__` of the class at `base`, which is called with the `n` arguments behind it. False where the general
    /// way must look, and nothing was done.
    ///
    /// # Safety
    /// `parent` is the running frame, whose `ip` is saved; `base` lies in its window.
    #[inline(never)]
    pub(super) unsafe fn begin_new(
        &mut self,
        base: *mut Value,
        n: usize,
        parent: *mut Frame,
        dst: u16,
        flags: u16,
    ) -> bool {
        // SAFETY: the window holds the class and its arguments, which pass to the frame.
        unsafe {
            let class = &*(*base).header().cast::<Class>();
            let Some(function) = self.plain_new(class, n) else {
                return false;
            };
            if n > MOST_KEPT || (*parent).depth >= self.recursion_limit {
                return false;
            }
            let args = std::slice::from_raw_parts(base.add(1), n);
            let Ok(kept) = Tuple::new(args) else {
                return false;
            };
            let created = Asked::creation((*base).clone(), kept.into_value());
            (*function).retain();
            let code = (*(*function).code.as_ptr()).as_ptr();
            let registers = (*code).nregisters as usize + Asked::WORDS;
            let frame = self.push_frame(registers, parent, dst, flags | frame_flags::ASKED);
            (*frame).function = function;
            (*frame).depth = (*parent).depth + 1;
            (*frame).ip = (*code).start().add(1);
            let regs = Frame::regs(frame);
            std::ptr::copy_nonoverlapping(base, regs, n + 1);
            for i in n + 1..(*code).nlocals as usize {
                regs.add(i).write(Value::UNDEF);
            }
            self.cursor = super::dispatch::Cursor {
                ip: (*code).start(),
                regs,
                consts: (*code).consts(),
            };
            self.begin_asked(frame, created);
            true
        }
    }

    /// The same of a call in the dispatch loop, whose callee lies in register `base`.
    pub(super) fn call_of_class(&mut self, at: At, base: usize, n: usize) -> bool {
        let dst = at.a() as u16;
        // SAFETY: the frame's place is saved, and the window is its own.
        at.reg(base).is_exact::<Class>()
            && unsafe { self.begin_new(at.regs.add(base), n, at.frame(), dst, at.result_flags()) }
    }

    /// Whether what `__new__` gave is an instance of just the class that was called, which has nothing else to do.
    pub(super) fn is_made_plainly(&self, class: &Value, made: &Value) -> bool {
        made.shape_entry()
            .is_some_and(|entry| entry.class.is(class))
            && class
                .get::<Class>()
                .is_some_and(|class| self.has_objects_init(class))
    }

    /// What `__new__` gave may have to be initialised: it may be of a subclass, which has an `__init__`.
    pub(super) fn created(
        &mut self,
        (class, kept): (Value, Value),
        made: Value,
        parent: *mut Frame,
        dst: u16,
        flags: u16,
    ) {
        let own = self.class_of(&made);
        let is_instance = class
            .to_ref::<Class>()
            .is_some_and(|class| own.is_subclass(&class));
        let init = self.special(&own, Special::Init);
        let Some(init) = init.filter(|init| is_instance && !self.is_object_init(init)) else {
            return self.deliver(parent, dst, flags, made);
        };
        let step = self.initialise_step(&own, init, kept, made);
        self.perform(step, parent, dst, flags);
    }
}
