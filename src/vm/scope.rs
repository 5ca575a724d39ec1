//! The frame that runs, as natives see it: its code, names, namespaces.

use super::Vm;
use crate::bytecode::code::flags as code_flags;
use crate::heap::{Ref, Value};
use crate::object::dict::Dict;
use crate::object::frame::{Frame, frame_flags};
use crate::object::frame_object::FrameObject;
use crate::object::function::{Cell_, Code, Function};
use crate::object::native::{Native, R, Raised};
use crate::object::str::Str;

impl Vm {
    /// The innermost script frame, counted outward from the one that runs; null if there is none.
    pub(crate) fn script_frame(&self, outward: usize) -> *mut Frame {
        let mut frame = self.frame;
        let mut left = outward;
        // SAFETY: parents of live frames are live.
        unsafe {
            while !frame.is_null() {
                let native = (*frame).has(frame_flags::NATIVE) || (*frame).function.is_null();
                if !native {
                    if left == 0 {
                        return frame;
                    }
                    left -= 1;
                }
                frame = (*frame).parent;
            }
        }
        frame
    }

    /// How deep the running frame lies, as `sys.setrecursionlimit` counts.
    pub fn depth(&self) -> u32 {
        // SAFETY: the running frame is live.
        unsafe {
            if self.frame.is_null() {
                0
            } else {
                (*self.frame).depth
            }
        }
    }

    /// The code of the running script frame and the offset it stands at.
    pub fn running_code(&self) -> Option<(Ref<Code>, u32)> {
        let frame = self.script_frame(0);
        if frame.is_null() {
            return None;
        }
        // SAFETY: a live script frame.
        unsafe {
            let code = (*(*frame).function).code.borrow().clone();
            let at = code.offset((*frame).ip).saturating_sub(1);
            Some((code, at))
        }
    }

    /// The running function.
    pub fn running_function(&self) -> Option<&Function> {
        let frame = self.script_frame(0);
        // SAFETY: a live script frame owns its function.
        unsafe {
            if frame.is_null() {
                None
            } else {
                Some(&*(*frame).function)
            }
        }
    }

    /// The globals of the running script frame; without one, those of `__main__`.
    pub fn running_globals(&self) -> Option<Ref<Dict>> {
        self.running_function().map(|f| f.globals.clone())
    }

    /// `__name__` of the running code's module.
    pub(crate) fn calling_module_name(&mut self) -> Option<Value> {
        self.running_globals()?.get_name("__name__")
    }

    /// `locals()` of the running script frame: the namespace itself of a module or class, else a new dict.
    pub fn running_locals(&mut self) -> R {
        let frame = self.script_frame(0);
        if frame.is_null() {
            return Ok(Dict::new().into_value());
        }
        self.locals_of(frame)
    }

    /// The locals of a script frame, as `locals` gives them.
    pub(crate) fn locals_of(&mut self, frame: *mut Frame) -> R {
        // SAFETY: a live script frame.
        let object = unsafe { FrameObject::of(frame) };
        if !object.has_fast_locals() {
            return self.frame_namespace(&object);
        }
        let dict = Dict::new();
        for (name, value) in self.local_pairs(&object) {
            self.dict_set(&dict, &name, value)?;
        }
        Ok(dict.into_value())
    }

    /// A frame object for the script frame so far outward; None if there is none.
    pub fn frame_object(&self, outward: usize) -> Option<Ref<FrameObject>> {
        let frame = self.script_frame(outward);
        // SAFETY: a live script frame.
        (!frame.is_null()).then(|| unsafe { FrameObject::of(frame) })
    }

    /// The text of a file that is compiled, where it is not to be read anew: a module of the library,
    /// what an embedder has given, or what a running script was given as text.
    pub fn known_source(
        &mut self,
        name: &str,
    ) -> Option<std::sync::Arc<crate::source::SourceFile>> {
        if !name.starts_with('<') {
            return self.loader.source_of(name);
        }
        let mut frame = self.frame;
        // SAFETY: parents of live frames are live, and the functions of script frames.
        unsafe {
            while !frame.is_null() {
                if !(*frame).has(frame_flags::NATIVE) && !(*frame).function.is_null() {
                    let code = (*(*frame).function).code.borrow();
                    if code.plain.source.name() == name {
                        return Some(code.plain.source.clone());
                    }
                }
                frame = (*frame).parent;
            }
        }
        self.loader.source_of(name)
    }

    /// The exception that is being handled where a native was called; None if none is.
    pub fn current_exception(&self) -> Value {
        self.handled_exception(self.frame)
    }

    /// What a zero-argument `super()` in the running function means: the class, and the first argument.
    pub fn super_context(&mut self) -> R<(Value, Value)> {
        let frame = self.script_frame(0);
        if frame.is_null() {
            return Err(self.runtime_error("super(): no current frame"));
        }
        // SAFETY: a live script frame; register 0 is the first argument if there is one.
        let (class, first) = unsafe {
            let function = &*(*frame).function;
            let code = function.code.borrow().clone();
            let index = code
                .plain
                .free_names
                .iter()
                .position(|n| &**n == "__class__");
            let class = index
                .and_then(|i| function.cell(i))
                .map(|cell| cell.content.get());
            let has_argument = code.flags & code_flags::NAMESPACE == 0
                && (code.plain.arg_count > 0 || code.flags & code_flags::VARARGS != 0);
            let first = if has_argument {
                (*Frame::regs(frame)).clone()
            } else {
                Value::UNDEF
            };
            (class, first)
        };
        let first = match first.get::<Cell_>() {
            Some(cell) => cell.content.get(),
            None => first,
        };
        if first.is_undef() {
            return Err(self.runtime_error("super(): no arguments"));
        }
        match class {
            None => Err(self.runtime_error("super(): __class__ cell not found")),
            Some(class) if class.is_undef() => {
                Err(self.runtime_error("super(): empty __class__ cell"))
            }
            Some(class) => Ok((class, first)),
        }
    }

    /// A NameError remembers the local `self` of the frame, whose attribute may have been meant.
    #[cold]
    pub(crate) fn note_receiver(&mut self, raised: &Raised, frame: *mut Frame) {
        // SAFETY: a live script frame; its locals always hold values.
        let receiver = unsafe {
            let code = (*(*frame).function).code.borrow().clone();
            let names = self.local_names(&code);
            let at = names
                .iter()
                .position(|n| n.get::<Str>().is_some_and(|n| n.is_text("self")));
            at.map(|i| (*Frame::regs(frame).add(i)).clone())
        };
        let receiver = match receiver.as_ref().and_then(|r| r.get::<Cell_>()) {
            Some(cell) => Some(cell.content.get()),
            None => receiver,
        };
        if let (Some(receiver), Some(exception)) = (receiver, raised.exception()) {
            exception.extra[super::error::fields::NAME_SELF].set(receiver);
        }
    }

    /// The function `__build_class__`, which code loads whatever the script bound to that name.
    pub(crate) fn build_class_function(&mut self) -> Value {
        if let Some(function) = self.state.get("__build_class__") {
            return function.clone();
        }
        let owner = self.intern("builtins").into_value();
        let function = Native::alloc(&super::class::BUILD_CLASS, Value::UNDEF, owner).into_value();
        self.state.insert("__build_class__", function.clone());
        function
    }

    /// `dir(value)`: the names that `__dir__` gives, sorted.
    pub fn dir(&mut self, value: &Value) -> R<Vec<Value>> {
        let names = match self.special_of(value, super::special::Special::Dir) {
            Some(method) => {
                let step = self.call_special(method, value, &[]);
                let names = self.finish(step)?;
                self.collect(&names)?
            }
            None => Vec::new(),
        };
        let mut names: Vec<(String, Value)> = names
            .into_iter()
            .map(|name| {
                (
                    name.get::<Str>()
                        .map_or_else(String::new, |s| s.to_text().into_owned()),
                    name,
                )
            })
            .collect();
        names.sort_by(|a, b| a.0.cmp(&b.0));
        Ok(names.into_iter().map(|(_, name)| name).collect())
    }
}
