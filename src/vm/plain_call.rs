//! Calls that need no look at how arguments are bound: what a native calls that needs no frame, and plain frames of script
//! functions that natives call (the dispatch loop has its own: `dispatch::enter`).

use std::mem::MaybeUninit;

use super::Vm;
use super::dispatch::Cursor;
use crate::heap::Value;
use crate::object::class::{Class, class_flags};
use crate::object::frame::Frame;
use crate::object::function::{BoundMethod, Function, Partial};
use crate::object::native::{Args, Native, NativeCode, R};
use crate::vm::special::Special;

/// The most arguments, defaults among them, that are put next to one another before a frame is pushed for them.
const MOST_COPIED: usize = 8;

/// Whether a native is a method of a class, called with an object that is an instance of just that class.
fn takes_first(native: &Native, args: &[Value]) -> bool {
    let owner = native.owner.get::<Class>();
    native.is_method
        && native.bound.is_undef()
        && args.first().is_some_and(|receiver| {
            let shape = receiver.shape();
            shape != 0 && owner.is_some_and(|owner| owner.root_shape.get() == shape)
        })
}

impl Vm {
    /// Calls a native function or a built-in class with these arguments, if that needs no frame; None, and nothing is
    /// done, otherwise.
    pub(crate) fn call_at_once(&mut self, callee: &Value, args: &[Value]) -> Option<R> {
        if let Some(native) = callee.get_exact::<Native>() {
            if !native.is_function && !takes_first(native, args) {
                return None;
            }
            if let Some(hook) = native.def.at_once {
                return hook(self, args);
            }
            return match native.def.code {
                NativeCode::Leaf(leaf) if native.most as usize == args.len() => {
                    Some(leaf(self, args))
                }
                _ => None,
            };
        }
        let Some(class) = callee.get_exact::<Class>() else {
            return self.call_object_at_once(callee, args);
        };
        if !class.has(class_flags::BUILTIN) {
            return None;
        }
        class.def?.at_once?(self, args)
    }

    /// As `call_at_once`, of an object whose class has a native `__call__`.
    pub(super) fn call_object_at_once(&mut self, callee: &Value, args: &[Value]) -> Option<R> {
        if callee.is_exact::<Function>() || callee.is_exact::<BoundMethod>() {
            return None;
        }
        let class = self.class_of(callee);
        let method = self.special(&class, Special::Call)?;
        let native = method.get_exact::<Native>()?;
        let hook = native.def.at_once.filter(|_| native.is_method)?;
        if let [arg] = args {
            return hook(self, &[callee.clone(), arg.clone()]);
        }
        let all: Args = std::iter::once(callee).chain(args).cloned().collect();
        hook(self, &all)
    }

    /// Calls what a `functools.partial` stands for, if it takes no keywords along; false, and nothing is done, otherwise.
    ///
    /// # Safety
    /// As `invoke`.
    pub(super) unsafe fn invoke_partial(
        &mut self,
        callee: &Value,
        (args, n): (*mut Value, usize),
        parent: *mut Frame,
        dst: u16,
        flags: u16,
    ) -> bool {
        let Some((function, first)) = callee.get::<Partial>().and_then(Partial::plain) else {
            return false;
        };
        if !self.class_of(callee).has(class_flags::BUILTIN) {
            return false;
        }
        // SAFETY: the arguments pass to the call, and the vector forgets what it hands on.
        unsafe {
            let given = (0..n).map(|i| args.add(i).read());
            let mut all: Args = first.items().iter().cloned().chain(given).collect();
            let n = all.len();
            all.set_len(0);
            self.invoke(function, all.as_mut_ptr(), n, None, parent, dst, flags);
        }
        true
    }

    /// Pushes a plain frame for a function that takes exactly so many arguments; false, and nothing is done, where the
    /// general way must look.
    ///
    /// # Safety
    /// As `invoke`; the count of the function passes to the frame.
    #[inline(always)]
    pub(super) unsafe fn begin_plain(
        &mut self,
        function: *mut Function,
        (args, n): (*mut Value, usize),
        parent: *mut Frame,
        dst: u16,
        flags: u16,
    ) -> bool {
        // SAFETY: what lies between `sp` and `limit` is free.
        unsafe {
            let code = (*(*function).code.as_ptr()).as_ptr();
            let frame = self.sp.cast::<Frame>();
            let regs = Frame::regs(frame);
            let behind = regs.add((*code).nregisters as usize);
            let end = behind.add(1).cast::<u8>();
            let is_full = end > self.limit || (*parent).depth >= self.recursion_limit;
            if is_full || self.budget < 1 || (*function).simple.get() as usize != n {
                return false;
            }
            self.budget -= 1;
            self.sp = end;
            frame.write(Frame {
                ip: (*code).start().add(1),
                parent,
                function,
                native: std::ptr::null(),
                dst,
                flags,
                depth: (*parent).depth + 1,
            });
            std::ptr::copy_nonoverlapping(args, regs, n);
            for i in n..(*code).nlocals as usize {
                regs.add(i).write(Value::UNDEF);
            }
            behind.write(Value::UNDEF);
            self.cursor = Cursor {
                ip: (*code).start(),
                regs,
                consts: (*code).consts(),
            };
            true
        }
    }

    /// As `begin_plain`, also where defaults take the place of the last arguments.
    ///
    /// # Safety
    /// As there.
    #[inline]
    pub(super) unsafe fn begin_args(
        &mut self,
        function: *mut Function,
        (args, n): (*mut Value, usize),
        parent: *mut Frame,
        dst: u16,
        flags: u16,
    ) -> bool {
        // SAFETY: as there; the defaults are counted for the frame, or given up again.
        unsafe {
            if self.begin_plain(function, (args, n), parent, dst, flags) {
                return true;
            }
            let Some(defaults) = (*function).defaults_behind(n) else {
                return false;
            };
            let count = n + defaults.len();
            if defaults.is_empty() || count > MOST_COPIED {
                return false;
            }
            let mut all = [const { MaybeUninit::<Value>::uninit() }; MOST_COPIED];
            std::ptr::copy_nonoverlapping(args, all.as_mut_ptr().cast(), n);
            for (place, value) in all[n..].iter_mut().zip(defaults) {
                place.write(value.clone());
            }
            let begun = self.begin_plain(
                function,
                (all.as_mut_ptr().cast(), count),
                parent,
                dst,
                flags,
            );
            if !begun {
                for place in &mut all[n..count] {
                    place.assume_init_drop();
                }
            }
            begun
        }
    }
}
