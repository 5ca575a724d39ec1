//! Special methods that a script wrote and the dispatch loop calls (`obj[key]`, `obj[key] = value`): in a plain frame, as any
//! function.

use super::Vm;
use super::dispatch::Cursor;
use super::special::Special;
use crate::heap::Value;
use crate::object::frame::Frame;
use crate::object::function::Function;

impl Vm {
    /// Begins a special method of the first of `args`, which is called with all of them, if that is a function that takes just
    /// so many. Gives them back where the general way must look.
    ///
    /// # Safety
    /// `parent` is the running frame, whose `ip` is saved, and takes the result in `dst` as the flags say.
    #[inline(never)]
    pub(super) unsafe fn begin_special<const N: usize>(
        &mut self,
        special: Special,
        args: [Value; N],
        parent: *mut Frame,
        (dst, flags): (u16, u16),
    ) -> Result<(), [Value; N]> {
        let epoch = self.heap.type_epoch;
        let class = self.script_class(&args[0]);
        let method = class.and_then(|class| class.known_special(special as usize, epoch));
        let takes_all = method
            .and_then(|method| method.get_exact::<Function>())
            .is_some_and(|function| function.simple.get() as usize == N);
        let Some(method) = method.filter(|_| takes_all) else {
            return Err(args);
        };
        let function: *mut Function = method.header().cast();
        // SAFETY: the class holds the function, which the frame counts from now on; the arguments pass to it.
        unsafe {
            if (*parent).depth >= self.recursion_limit {
                return Err(args);
            }
            (*function).retain();
            let code = (*(*function).code.as_ptr()).as_ptr();
            let frame = self.push_frame((*code).nregisters as usize, parent, dst, flags);
            (*frame).function = function;
            (*frame).depth = (*parent).depth + 1;
            (*frame).ip = (*code).start().add(1);
            let regs = Frame::regs(frame);
            for (i, arg) in args.into_iter().enumerate() {
                regs.add(i).write(arg);
            }
            for i in N..(*code).nlocals as usize {
                regs.add(i).write(Value::UNDEF);
            }
            self.cursor = Cursor {
                ip: (*code).start(),
                regs,
                consts: (*code).consts(),
            };
            self.budget -= 1;
            if self.budget < 0 {
                (*frame).ip = (*code).start();
                self.frame = frame;
                self.check_budget();
            }
        }
        Ok(())
    }
}
