//! Calls: who is called how, and how results are delivered.

use super::dispatch::{Cursor, LEAVE_WORD};
use super::{Vm, candidates};
use crate::heap::{Ref, Value};
use crate::object::class::{Class, Instance, class_flags};
use crate::object::exception::Exception;
use crate::object::frame::{Frame, frame_flags};
use crate::object::frame_object::FrameObject;
use crate::object::function::{BoundMethod, Function};
use crate::object::generator::Flavour;
use crate::object::kind;
use crate::object::native::{Args, Def, Input, Native, NativeCode, NativeFrame, R, Raised, Step};
use crate::object::tuple::Tuple;
use crate::vm::special::Special;
use crate::vm::types::Known;

/// `getattr(a, b)(*d, **c)`, when looking the method up takes script code.
/// Registers: receiver, name, keyword names or None, arguments.
pub(crate) static LOOK_UP_AND_CALL: Def = Def::frame(
    "<method call>(receiver, name, names, arguments, /)",
    0,
    look_up_and_call,
);

fn look_up_and_call(vm: &mut Vm, frame: &mut NativeFrame<'_>, input: Input) -> Step {
    match (frame.state, input) {
        (0, _) => {
            frame.state = 1;
            vm.get_attr_step(&frame.regs[0], &frame.regs[1])
                .then_go_on()
        }
        (_, Input::Value(callee)) => {
            let args: Args = frame.regs[3]
                .get::<Tuple>()
                .map_or_else(Args::new, |t| t.items().iter().cloned().collect());
            let names = frame.regs[2].clone();
            if names.is_none() {
                Step::TailCall(callee, args)
            } else {
                Step::TailCallKw(callee, args, names)
            }
        }
        (_, Input::Raised(raised)) => {
            vm.blame_attribute();
            Step::Raise(raised)
        }
        _ => unreachable!("nothing else resumes this frame"),
    }
}

/// What a call's bound arguments go to.
pub(super) enum Callee<'a> {
    Function(&'a Function),
    Native(&'a Native),
}

impl Vm {
    /// Calls anything. The callee and the `n` values at `args` (the last ones
    /// named by the tuple `names`) pass to the call. The result goes to register
    /// `dst` of `parent`, as `flags` say.
    ///
    /// # Safety
    /// `args` points to `n` initialised values that the caller does not use again;
    /// `parent` is a live frame whose `ip` is saved.
    pub(crate) unsafe fn invoke(
        &mut self,
        callee: Value,
        args: *mut Value,
        n: usize,
        names: Option<&Value>,
        parent: *mut Frame,
        dst: u16,
        flags: u16,
    ) {
        let kind = if callee.is_object() {
            self.kind_of(&callee)
        } else {
            0
        };
        // SAFETY: the contract of this function is handed on.
        unsafe {
            match kind {
                kind::FUNCTION => {
                    let function = callee.header().cast();
                    if names.is_none() && self.begin_args(function, (args, n), parent, dst, flags) {
                        return callee.forget();
                    }
                    self.invoke_function(callee, args, n, names, parent, dst, flags, Value::UNDEF)
                }
                kind::NATIVE => self.invoke_native(callee, args, n, names, parent, dst, flags),
                kind::BOUND_METHOD => {
                    let method = callee.get::<BoundMethod>().expect("kind was checked");
                    let (function, receiver) = (method.function.clone(), method.receiver.clone());
                    self.invoke_with_receiver(
                        function, receiver, args, n, names, parent, dst, flags,
                    );
                }
                kind::CLASS => self.invoke_class(callee, args, n, names, parent, dst, flags),
                _ => self.invoke_object(callee, args, n, names, parent, dst, flags),
            }
        }
    }

    unsafe fn invoke_with_receiver(
        &mut self,
        function: Value,
        receiver: Value,
        args: *mut Value,
        n: usize,
        names: Option<&Value>,
        parent: *mut Frame,
        dst: u16,
        flags: u16,
    ) {
        let mut all = Args::with_capacity(n + 1);
        all.push(receiver);
        // SAFETY: as in `invoke`; the vector forgets what it hands on.
        unsafe {
            all.extend((0..n).map(|i| args.add(i).read()));
            let n = all.len();
            let mut all = std::mem::ManuallyDrop::new(all);
            self.invoke(function, all.as_mut_ptr(), n, names, parent, dst, flags);
            all.set_len(0);
            std::mem::ManuallyDrop::drop(&mut all);
        }
    }

    /// Calls an object through its class's `__call__`.
    unsafe fn invoke_object(
        &mut self,
        callee: Value,
        args: *mut Value,
        n: usize,
        names: Option<&Value>,
        parent: *mut Frame,
        dst: u16,
        flags: u16,
    ) {
        // SAFETY: as in `invoke`.
        unsafe {
            if names.is_none() && self.invoke_partial(&callee, (args, n), parent, dst, flags) {
                return;
            }
            if names.is_none()
                && let Some(result) =
                    self.call_object_at_once(&callee, std::slice::from_raw_parts(args, n))
            {
                for i in 0..n {
                    drop(args.add(i).read());
                }
                return self.deliver_result(parent, dst, flags, result);
            }
            let class = self.class_of(&callee);
            match self.special(&class, Special::Call) {
                Some(call) if call.is_exact::<Function>() || call.is_exact::<Native>() => {
                    self.invoke_with_receiver(call, callee, args, n, names, parent, dst, flags);
                }
                Some(call) => {
                    // A `__call__` may be an object with a `__call__`, and so on.
                    let bound = self
                        .check_stack()
                        .and_then(|()| self.bind_special(&call, &callee));
                    match bound {
                        Ok(bound) => self.invoke(bound, args, n, names, parent, dst, flags),
                        Err(raised) => self.fail_call(args, n, parent, raised),
                    }
                }
                None => {
                    let name = self.type_name(&callee);
                    let raised = self.type_error(format!("'{name}' object is not callable"));
                    self.fail_call(args, n, parent, raised);
                }
            }
        }
    }

    /// Drops a call's arguments and raises in the caller.
    unsafe fn fail_call(&mut self, args: *mut Value, n: usize, parent: *mut Frame, raised: Raised) {
        for i in 0..n {
            // SAFETY: the arguments passed to us.
            unsafe { drop(args.add(i).read()) };
        }
        self.raise_in(parent, raised);
    }

    /// Calls a function that a script defined. With the flag INIT it is the `__init__` of `instance`.
    unsafe fn invoke_function(
        &mut self,
        callee: Value,
        args: *mut Value,
        n: usize,
        names: Option<&Value>,
        parent: *mut Frame,
        dst: u16,
        flags: u16,
        instance: Value,
    ) {
        // SAFETY: the callee is a Function; the frame takes over its count.
        unsafe {
            let callee = Function::running(callee);
            let function: *mut Function = callee.header().cast();
            let code = (*function).code.borrow().clone();
            let is_simple = names.is_none() && (*function).simple.get() as usize == n;
            if let Some(flavour) = Flavour::of_code(code.flags) {
                let result = self.make_generator(callee, flavour, args, n, names);
                if flavour == Flavour::Coroutine
                    && flags == 0
                    && let Ok(coroutine) = &result
                    && let Some(wait) = self.awaited_at_once(parent, dst)
                {
                    return self.await_new_coroutine(coroutine, parent, wait);
                }
                return match result {
                    Ok(generator) => self.deliver(parent, dst, flags, generator),
                    Err(raised) => self.raise_in(parent, raised),
                };
            }
            if (*parent).depth >= self.recursion_limit {
                let raised = self.recursion_error("maximum recursion depth exceeded");
                return self.fail_call(args, n, parent, raised);
            }
            let frame = self.push_frame(code.nregisters as usize + 1, parent, dst, flags);
            (*frame).function = function;
            (*frame).depth = (*parent).depth + 1;
            (*frame).ip = code.start().add(1);
            let regs = Frame::regs(frame);
            let given = if is_simple { n } else { 0 };
            std::ptr::copy_nonoverlapping(args, regs, given);
            for i in given..code.nlocals as usize {
                regs.add(i).write(Value::UNDEF);
            }
            if !is_simple
                && let Err(raised) = self.bind(&Callee::Function(&*function), args, n, names, regs)
            {
                for i in 0..code.nlocals as usize {
                    drop(std::ptr::replace(regs.add(i), Value::UNDEF));
                }
                (*frame).function = std::ptr::null_mut();
                self.pop_frame(frame);
                drop(callee);
                return self.raise_in(parent, raised);
            }
            callee.forget();
            // The word behind the registers. It is there before the check, which may go to another fiber.
            regs.add(code.nregisters as usize).write(instance);
            self.cursor = Cursor {
                ip: code.start(),
                regs,
                consts: code.consts(),
            };
            self.budget -= 1;
            if self.budget < 0 {
                (*frame).ip = code.start();
                self.frame = frame;
                self.check_budget();
            }
        }
    }

    /// Calls a native function.
    unsafe fn invoke_native(
        &mut self,
        callee: Value,
        args: *mut Value,
        n: usize,
        names: Option<&Value>,
        parent: *mut Frame,
        dst: u16,
        flags: u16,
    ) {
        // SAFETY: as in `invoke`.
        unsafe {
            let native: &Native = &*callee.header().cast::<Native>();
            if native.bound.is_undef() {
                return self.invoke_unbound(native, args, n, names, parent, dst, flags);
            }
            let mut all = Args::with_capacity(n + 1);
            all.push(native.bound.clone());
            all.extend((0..n).map(|i| args.add(i).read()));
            let n = all.len();
            all.set_len(0);
            self.invoke_unbound(native, all.as_mut_ptr(), n, names, parent, dst, flags);
        }
    }

    /// As `invoke_native`; the receiver is among the arguments.
    unsafe fn invoke_unbound(
        &mut self,
        native: &Native,
        args: *mut Value,
        n: usize,
        names: Option<&Value>,
        parent: *mut Frame,
        dst: u16,
        flags: u16,
    ) {
        // SAFETY: as in `invoke`.
        unsafe {
            match native.def.code {
                NativeCode::Leaf(leaf) => {
                    let result = self.call_leaf(native, leaf, args, n, names);
                    self.deliver_result(parent, dst, flags, result);
                }
                NativeCode::Host | NativeCode::HostWaiting => {
                    let call = native.host.as_deref().expect("it has what it does");
                    let result = self.call_leaf(native, call, args, n, names);
                    self.host_answered(native, parent, dst, flags, result);
                }
                NativeCode::Raw(raw) => {
                    let given = std::slice::from_raw_parts(args, n);
                    let result = self.run_raw(native, raw, given, names);
                    for i in 0..n {
                        drop(args.add(i).read());
                    }
                    self.deliver_result(parent, dst, flags, result);
                }
                NativeCode::Frame(extra, _) => {
                    if self.send_at_once(native, (args, n), names, parent, dst, flags) {
                        return;
                    }
                    let count = self.parameter_count(native) + extra as usize;
                    let frame = self.push_native(native.def, count, parent, dst, flags);
                    if let Err(raised) =
                        self.bind(&Callee::Native(native), args, n, names, Frame::regs(frame))
                    {
                        self.pop_native(frame);
                        return self.raise_in(parent, raised);
                    }
                    self.start_native(frame);
                }
                NativeCode::Coroutine(extra, _) => {
                    if flags == 0
                        && let Some(wait) = self.awaited_at_once(parent, dst)
                    {
                        return self.run_awaited(native, (extra, args, n), names, parent, wait);
                    }
                    let result = self.make_native_coroutine(native, extra, args, n, names);
                    self.deliver_result(parent, dst, flags, result);
                }
            }
        }
    }

    unsafe fn call_leaf(
        &mut self,
        native: &Native,
        leaf: impl FnOnce(&mut Vm, &[Value]) -> R,
        args: *mut Value,
        n: usize,
        names: Option<&Value>,
    ) -> R {
        // SAFETY: as in `invoke`.
        unsafe {
            if names.is_none() && native.most as usize == n {
                let result = self
                    .check_method_receiver(native, if n > 0 { Some(&*args) } else { None })
                    .and_then(|()| leaf(self, std::slice::from_raw_parts(args, n)));
                for i in 0..n {
                    drop(args.add(i).read());
                }
                return result;
            }
            let count = self.parameter_count(native);
            // Undef is no object: the room need not be dropped where binding fails half-way.
            let mut bound: smallvec::SmallVec<[Value; 8]> = smallvec::SmallVec::new();
            bound.resize_with(count, || Value::UNDEF);
            self.bind(&Callee::Native(native), args, n, names, bound.as_mut_ptr())?;
            leaf(self, &bound)
        }
    }

    /// Calls a class: makes an instance.
    unsafe fn invoke_class(
        &mut self,
        callee: Value,
        args: *mut Value,
        n: usize,
        names: Option<&Value>,
        parent: *mut Frame,
        dst: u16,
        flags: u16,
    ) {
        // SAFETY: as in `invoke`.
        unsafe {
            let class: Ref<Class> = callee.to_ref().expect("kind was checked");
            if callee.is_exact::<Class>()
                && class.layout == kind::INSTANCE
                && !class.has(class_flags::NEW | class_flags::ABSTRACT | class_flags::BUILTIN)
                && let Some(init) = self.special(&class, Special::Init)
                && init.is_exact::<Function>()
            {
                let instance = Instance::alloc(class.root_shape.get()).into_value();
                let mut all = Args::with_capacity(n + 1);
                all.push(instance.clone());
                all.extend((0..n).map(|i| args.add(i).read()));
                let n = all.len();
                all.set_len(0);
                return self.invoke_init(
                    init,
                    instance,
                    all.as_mut_ptr(),
                    n,
                    names,
                    parent,
                    dst,
                    flags,
                );
            }
            if n == 0 && names.is_none() && self.makes_plainly(&callee, &class) {
                let instance = Instance::alloc(class.root_shape.get()).into_value();
                return self.deliver(parent, dst, flags, instance);
            }
            if class.layout == kind::EXCEPTION
                && names.is_none()
                && !class.has(class_flags::ABSTRACT)
                && self.is_plain_exception(&callee, &class)
                && let Ok(given) = Tuple::new_uncopied(args, n)
            {
                let exception = Exception::alloc(class.root_shape.get(), given.into_value());
                return self.deliver(parent, dst, flags, exception.into_value());
            }
            if n == 1
                && names.is_none()
                && let Some(step) = self.convert_at_once(&callee, &*args)
            {
                drop(args.read());
                return self.perform(step, parent, dst, flags);
            }
            if let Some(NativeCode::Raw(make)) = self.makes_super(&callee, &class) {
                let mut all = Args::with_capacity(n + 1);
                all.push(callee);
                all.extend((0..n).map(|i| args.add(i).read()));
                let names = names
                    .and_then(|t| t.get::<Tuple>())
                    .map_or(&[][..], Tuple::items);
                let result = make(self, &all, names);
                return self.deliver_result(parent, dst, flags, result);
            }
            if let Some(new) = self.constructor(&class) {
                return self.invoke_with_receiver(new, callee, args, n, names, parent, dst, flags);
            }
            let all: Args = (0..n).map(|i| args.add(i).read()).collect();
            let step = self.instantiate_step(&class, all, names);
            self.perform(step, parent, dst, flags);
        }
    }

    /// Whether a call of the class makes an instance, and no script has a say in that.
    fn makes_plainly(&mut self, callee: &Value, class: &Ref<Class>) -> bool {
        callee.is_exact::<Class>()
            && class.layout == kind::INSTANCE
            && !class.has(class_flags::NEW | class_flags::ABSTRACT | class_flags::BUILTIN)
            && self
                .special(class, Special::Init)
                .is_some_and(|init| self.is_object_init(&init))
    }

    /// Whether a call of the class does what BaseException's `__new__` and `__init__` do, and no more.
    pub(crate) fn is_plain_exception(&mut self, callee: &Value, class: &Ref<Class>) -> bool {
        if class.plain_exception_epoch.get() == self.heap.type_epoch {
            return true;
        }
        let base = self.known_class(Known::BaseException);
        let inherits = |vm: &mut Vm, special| {
            let (own, plain) = (vm.special(class, special), vm.special(&base, special));
            own.zip(plain).is_some_and(|(own, plain)| {
                own.is(&plain) || super::types::is_same_native(&own, &plain)
            })
        };
        let is_plain = callee.is_exact::<Class>()
            && inherits(self, Special::New)
            && inherits(self, Special::Init);
        if is_plain {
            class.plain_exception_epoch.set(self.heap.type_epoch);
        }
        is_plain
    }

    /// What makes a `super`, if it is that class itself that is called.
    fn makes_super(&mut self, callee: &Value, class: &Class) -> Option<NativeCode> {
        if class.layout != kind::SUPER || !self.is_known_class(callee, Known::Super) {
            return None;
        }
        Some(class.def?.call?.code)
    }

    /// Runs `__init__` of an instance whose creation is the call's result.
    unsafe fn invoke_init(
        &mut self,
        init: Value,
        instance: Value,
        args: *mut Value,
        n: usize,
        names: Option<&Value>,
        parent: *mut Frame,
        dst: u16,
        flags: u16,
    ) {
        // SAFETY: as in `invoke`; `invoke_function` pushes a frame with a word behind its registers.
        unsafe {
            let init = Function::running(init);
            let function: *mut Function = init.header().cast();
            if Flavour::of_code((*function).code.borrow().flags).is_some() {
                let made = self.make_generator(init, Flavour::Generator, args, n, names);
                let raised = match made {
                    Ok(_) => self.type_error("__init__() should return None, not 'generator'"),
                    Err(raised) => raised,
                };
                return self.raise_in(parent, raised);
            }
            let flags = flags | frame_flags::INIT;
            self.invoke_function(init, args, n, names, parent, dst, flags, instance);
        }
    }

    /// Does what a protocol's step says: pushes what has to run, or delivers what is there.
    pub(crate) fn perform(&mut self, step: Step, parent: *mut Frame, dst: u16, flags: u16) {
        // SAFETY: the arguments pass to the call; the parent is the caller's live frame.
        unsafe {
            match step {
                Step::Return(value) => self.deliver(parent, dst, flags, value),
                Step::Raise(raised) => self.raise_in(parent, raised),
                Step::TailCall(callee, args) | Step::Call(callee, args) => {
                    self.invoke_args(callee, args, None, parent, dst, flags);
                }
                Step::NextCall(callee, args) => {
                    let flags = match flags & frame_flags::FOR_ITER {
                        0 => flags | frame_flags::NEXT,
                        _ => flags,
                    };
                    self.invoke_args(callee, args, None, parent, dst, flags);
                }
                Step::TailCallKw(callee, args, names) | Step::CallKw(callee, args, names) => {
                    self.invoke_args(callee, args, Some(&names), parent, dst, flags);
                }
                Step::Enter(def, args) if std::ptr::eq(def, &candidates::ASK) => {
                    self.ask_at_once(args, parent, dst, flags);
                }
                Step::Enter(def, args) => self.enter_def(def, args, parent, dst, flags),
                Step::Next(iterator) => self.perform_next(iterator, parent, dst, flags),
                Step::Do(step) => self.perform(*step, parent, dst, flags),
                Step::Await(_)
                | Step::Yield(_)
                | Step::Pause
                | Step::Send(..)
                | Step::Throw(..)
                | Step::Park => {
                    unreachable!("only a native frame answers so")
                }
            }
        }
    }

    /// As `invoke`, with arguments in a vector.
    ///
    /// # Safety
    /// `parent` is a live frame whose `ip` is saved.
    pub(super) unsafe fn invoke_args(
        &mut self,
        callee: Value,
        mut args: Args,
        names: Option<&Value>,
        parent: *mut Frame,
        dst: u16,
        flags: u16,
    ) {
        let n = args.len();
        // SAFETY: the vector forgets its values, which pass to the call.
        unsafe {
            args.set_len(0);
            self.invoke(callee, args.as_mut_ptr(), n, names, parent, dst, flags);
        }
    }

    /// Runs the native frame of `def` with these arguments as its first registers.
    pub(crate) fn enter_def(
        &mut self,
        def: &'static Def,
        args: Args,
        parent: *mut Frame,
        dst: u16,
        flags: u16,
    ) {
        let frame = self.push_def(def, args, parent, dst, flags);
        self.start_native(frame);
    }

    /// The same, but the frame does not run yet.
    pub(super) fn push_def(
        &mut self,
        def: &'static Def,
        args: Args,
        parent: *mut Frame,
        dst: u16,
        flags: u16,
    ) -> *mut Frame {
        let NativeCode::Frame(extra, _) = def.code else {
            unreachable!("only native frames are entered")
        };
        // SAFETY: the parent is the caller's live frame; the registers were just made.
        unsafe {
            let frame = self.push_native(def, args.len() + extra as usize, parent, dst, flags);
            for (i, value) in args.into_iter().enumerate() {
                drop(std::ptr::replace(Frame::regs(frame).add(i), value));
            }
            frame
        }
    }

    /// Goes on in a native frame with `input`.
    pub(crate) fn enter_native(&mut self, frame: *mut Frame, input: Input) {
        self.input = Some(input);
        // SAFETY: the frame is native: its ip is one of the native words.
        unsafe {
            self.cursor = Cursor {
                ip: (*frame).ip as *mut u64,
                regs: Frame::regs(frame),
                consts: std::ptr::null(),
            };
        }
    }

    /// Goes on in a script frame at its saved instruction.
    pub(crate) fn go_on_in(&mut self, frame: *mut Frame) {
        // SAFETY: the frame is a live script frame.
        unsafe {
            let code = (*(*frame).function).code.borrow().as_ptr();
            self.cursor = Cursor {
                ip: (*frame).ip as *mut u64,
                regs: Frame::regs(frame),
                consts: (*code).consts(),
            };
        }
        if self.heap.has_finalizers() {
            self.run_finalizers_at_cursor();
        }
    }

    /// Brings a result to the frame that waits for it.
    pub(crate) fn deliver(&mut self, parent: *mut Frame, dst: u16, flags: u16, value: Value) {
        if flags & frame_flags::FOR_ITER != 0 && value.is_undef() {
            return self.end_for_loop(parent);
        }
        // SAFETY: the parent is a live frame that waits for this value.
        unsafe {
            if (*parent).flags & frame_flags::NATIVE != 0 {
                if (*parent).flags & frame_flags::BOUNDARY != 0 {
                    self.outcome = Some(Ok(value));
                    self.leave();
                    return;
                }
                let value = if flags & frame_flags::DISCARD != 0 {
                    Value::NONE
                } else {
                    value
                };
                return self.enter_native(parent, Input::Value(value));
            }
            if flags & frame_flags::DISCARD != 0 {
                drop(value);
            } else {
                let register = Frame::regs(parent).add(dst as usize);
                if flags & frame_flags::DST_LOCAL != 0 {
                    drop(std::ptr::replace(register, value));
                } else {
                    register.write(value);
                }
            }
        }
        self.go_on_in(parent);
    }

    /// Leaves the dispatch loop; `outcome` is set.
    pub(crate) fn leave(&mut self) {
        self.cursor = Cursor {
            ip: LEAVE_WORD.as_ptr() as *mut u64,
            ..Cursor::NOWHERE
        };
    }

    /// Brings a native's result, or raises in the caller.
    pub(crate) fn deliver_result(&mut self, parent: *mut Frame, dst: u16, flags: u16, result: R) {
        match result {
            Ok(value) => self.deliver(parent, dst, flags, value),
            Err(raised) => self.raise_out(parent, dst, flags, raised),
        }
    }

    /// An exception leaves a frame (or a leaf) that was entered with these flags for `parent`.
    pub(crate) fn raise_out(&mut self, parent: *mut Frame, dst: u16, flags: u16, raised: Raised) {
        if self.is_end_of_iteration(flags, &raised) {
            // What its traceback holds goes now, and not behind the next finalizers.
            drop(raised);
            return self.deliver(parent, dst, flags, Value::UNDEF);
        }
        self.raise_in(parent, raised);
    }

    /// Whether the exception says that an iterator which was asked for its next value has no more.
    #[inline]
    pub(crate) fn is_end_of_iteration(&mut self, flags: u16, raised: &Raised) -> bool {
        flags & (frame_flags::FOR_ITER | frame_flags::NEXT) != 0
            && self.is_raised(raised, Known::StopIteration)
    }

    /// Returns `value` from a script frame with special flags.
    pub(crate) fn return_from(&mut self, frame: *mut Frame, value: Value) {
        // SAFETY: the frame is the running one.
        unsafe {
            if (*frame).has(frame_flags::GENERATOR) {
                return self.generator_returned(frame, value);
            }
            let function = (*frame).function;
            let (nlocals, nregisters) = {
                let code = (*function).code.borrow();
                (code.nlocals as usize, code.nregisters as usize)
            };
            FrameObject::detach(frame, true);
            let regs = Frame::regs(frame);
            for i in 0..nlocals {
                std::ptr::drop_in_place(regs.add(i));
            }
            drop(Value::from_header(function.cast()));
            let (parent, dst, flags) = ((*frame).parent, (*frame).dst, (*frame).flags);
            let mut value = value;
            if flags & frame_flags::ASKED != 0 {
                let asked = candidates::Asked::take(regs.add(nregisters));
                self.pop_frame(frame);
                let keep = flags & !(frame_flags::ASKED | frame_flags::SEGMENT);
                return self.answered(asked, value, parent, dst, keep);
            }
            if flags & frame_flags::INIT != 0 {
                let instance = regs.add(nregisters).read();
                if !value.is_none() {
                    self.pop_frame(frame);
                    drop(instance);
                    let message = format!(
                        "__init__() should return None, not '{}'",
                        self.type_name(&value)
                    );
                    let raised = self.type_error(message);
                    return self.raise_in(parent, raised);
                }
                value = instance;
            }
            self.pop_frame(frame);
            self.deliver(parent, dst, flags, value);
        }
    }
}

impl Vm {
    /// The look-up of a method call failed: the script frame that calls stands at the attribute,
    /// whose place belongs to word 1 of the instruction.
    fn blame_attribute(&mut self) {
        let frame = self.script_frame(0);
        if frame.is_null() {
            return;
        }
        // SAFETY: a live script frame, which stands behind a method call of four words.
        unsafe { (*frame).ip = (*frame).ip.sub(2) };
    }
}
