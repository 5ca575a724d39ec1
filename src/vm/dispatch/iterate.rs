//! Iteration, awaiting, yielding.

use super::at::{a, b, c, copy_of, flags, lose, take_b, wide};
use super::calls::save;
use super::generators::for_iter_begins;
use super::returns::return_slow;
use super::values::finalize_and_go;
use super::{At, Exit};
use crate::bytecode::Op;
use crate::bytecode::code::flags as code_flags;
use crate::bytecode::op::{TEMP_A, TEMP_B};
use crate::heap::Value;
use crate::object::frame::{Frame, frame_flags};
use crate::object::function::Function;
use crate::object::generator::{Flavour, Generator, State};
use crate::object::iterator::{ListIterator, RangeIterator, TupleIterator};
use crate::object::kind;
use crate::object::list::List;
use crate::object::native::{AwaitOutcome, Native, Step};
use crate::object::range::Range;
use crate::object::tuple::Tuple;
use crate::vm::Vm;
use crate::vm::async_generator::SEND;
use crate::vm::dispatch::{go, go_on, op, plain_ops, store, store_and_lose_b};
use crate::vm::generator::{AsyncStep, ENTRY};
use crate::vm::iter::short_range_iterator;
use crate::vm::special::Special;

/// Goes on with the next number of a range or the next item of a list, where the ForIter at `ip` asks for it.
macro_rules! next_of_common {
    ($ip:ident, $regs:ident, $k:ident, $vm:ident) => {
        let iterator = &*$regs.add(b($ip));
        if iterator.is_object() {
            let header = iterator.header();
            if (*header).shape == crate::object::kind::RANGE_ITERATOR as u32 {
                match (*header.cast::<crate::object::iterator::RangeIterator>()).step() {
                    Some(value) => store!($ip, $regs, $k, $vm, value, 1),
                    None => return crate::vm::dispatch::iterate::end_of_loop($ip, $regs, $k, $vm),
                }
            }
            if (*header).shape == crate::object::kind::LIST_ITERATOR as u32
                && let Some(item) =
                    (*header.cast::<crate::object::iterator::ListIterator>()).step_at_place()
            {
                store!($ip, $regs, $k, $vm, copy_of(item), 1)
            }
        }
    };
}

pub(super) use next_of_common;

op! {
    fn get_iter(ip, regs, k, vm) {
        let source = &*regs.add(b(ip));
        if source.is_exact::<List>() || source.is_exact::<Tuple>() {
            let iterator = iterator_of(take_b(ip, regs));
            store!(ip, regs, k, vm, iterator, 0)
        }
        if source.is_exact::<Generator>() {
            let itself = take_b(ip, regs);
            store!(ip, regs, k, vm, itself, 0)
        }
        if source.is_exact::<Range>() { return get_iter_range(ip, regs, k, vm); }
        return get_iter_slow(ip, regs, k, vm);
    }
    fn get_iter_range(ip, regs, k, vm) {
        let iterator = range_iterator_of(&*regs.add(b(ip)));
        if iterator.is_undef() { iterator.forget(); return get_iter_slow(ip, regs, k, vm); }
        store_and_lose_b!(ip, regs, k, vm, iterator, 0)
    }
    fn for_iter(ip, regs, k, vm) {
        next_of_common!(ip, regs, k, vm);
        return for_iter_others(ip, regs, k, vm);
    }
    fn for_iter_others(ip, regs, k, vm) {
        let iterator = &*regs.add(b(ip));
        if iterator.is_exact::<ListIterator>() { return for_iter_list(ip, regs, k, vm); }
        if iterator.is_exact::<TupleIterator>() { return for_iter_tuple(ip, regs, k, vm); }
        if iterator.is_exact::<Generator>() { return for_iter_generator(ip, regs, k, vm); }
        return for_iter_core(ip, regs, k, vm);
    }
    fn end_of_loop(ip, regs, k, vm) {
        // The iterator goes, and with it mostly the last reference to it.
        let register = regs.add(b(ip));
        let target = ip.add(2).offset(*ip.add(1) as i32 as isize);
        if lose(vm, std::ptr::replace(register, Value::UNDEF)) {
            free_iterator(vm);
            if vm.heap.wants_attention() { return finalize_and_go(target, regs, k, vm); }
        }
        go!(target, regs, k, vm)
    }
    fn for_iter_tuple(ip, regs, k, vm) {
        let iterator = &*(*regs.add(b(ip))).header().cast::<TupleIterator>();
        let source = iterator.source.as_value();
        let position = iterator.position.get();
        if source.is_exact::<Tuple>() {
            let items = (*source.header().cast::<Tuple>()).items();
            if let Some(item) = items.get(position) {
                iterator.position.set(position + 1);
                store!(ip, regs, k, vm, copy_of(item), 1)
            }
            // Nobody else sees whether the iterator knows that it is at its end.
            if (*regs.add(b(ip))).reference_count() == 1 { return end_of_loop(ip, regs, k, vm); }
        }
        return for_iter_slow(ip, regs, k, vm);
    }
    fn for_iter_list(ip, regs, k, vm) {
        let iterator = &*(*regs.add(b(ip))).header().cast::<ListIterator>();
        let source = iterator.source.as_value();
        let position = iterator.position.get();
        if source.is_exact::<List>() || source.is_kind::<List>() {
            let items = &*(*source.header().cast::<List>()).items.as_ptr();
            if let Some(item) = items.get(position) {
                iterator.position.set(position + 1);
                store!(ip, regs, k, vm, copy_of(item), 1)
            }
            // Nobody else sees whether the iterator knows that it is at its end.
            if (*regs.add(b(ip))).reference_count() == 1 { return end_of_loop(ip, regs, k, vm); }
        }
        return for_iter_slow(ip, regs, k, vm);
    }
    fn for_iter_core(ip, regs, k, vm) {
        // A pair that the next instruction would take apart is not put together.
        let next = ip.add(2);
        let takes_apart = *next as u8 == Op::Unpack as u8 && c(next) == 2 && b(next) == a(ip)
            && flags(ip) & TEMP_A != 0 && flags(next) & TEMP_B != 0;
        if takes_apart && next_pair(vm, &*regs.add(b(ip)), regs.add(a(next))) {
            go!(next.add(1), regs, k, vm)
        }
        let value = next_of_core(vm, &*regs.add(b(ip)));
        if value.is_undef() { value.forget(); return for_iter_hooked(ip, regs, k, vm); }
        store!(ip, regs, k, vm, value, 1)
    }
    fn for_iter_hooked(ip, regs, k, vm) {
        if !vm.gives_at_once(&*regs.add(b(ip))) { return for_iter_slow(ip, regs, k, vm); }
        save(ip, regs, vm, 1);
        let value = next_at_once(vm, regs.add(b(ip)));
        if value.is_undef() || vm.heap.wants_attention() {
            std::ptr::write(&mut vm.leaf_result, value);
            return for_iter_answered(ip, regs, k, vm);
        }
        store!(ip, regs, k, vm, value, 1)
    }
    fn for_iter_generator(ip, regs, k, vm) {
        // The common case: it rests at a `yield`, its own or that of one it yields from.
        let generator = (*regs.add(b(ip))).header().cast::<Generator>();
        let leaf = (*generator).leaf.get();
        if leaf.is_null() { return for_iter_begins(ip, regs, k, vm); }
        if (*generator).state.get() != State::Suspended || (*leaf).flags & frame_flags::NATIVE != 0 {
            return for_iter_slow(ip, regs, k, vm);
        }
        let stands_at = (*leaf).ip.sub(1);
        let root = (*generator).frame_ptr();
        let parent = Frame::of(regs);
        let sent = Frame::regs(leaf).add(a(stands_at));
        vm.budget -= 1;
        if *stands_at as u8 != Op::Yield as u8
            || flags(stands_at) & TEMP_A == 0
            || (*root).flags & frame_flags::DELEGATED != 0
            || (*parent).depth >= vm.recursion_limit
            || vm.budget < 0
        {
            return for_iter_slow(ip, regs, k, vm);
        }
        (*parent).ip = ip.add(2);
        (*root).parent = parent;
        (*root).dst = a(ip) as u16;
        let dst_flag = if flags(ip) & TEMP_A != 0 { 0 } else { frame_flags::DST_LOCAL };
        (*root).flags = (*root).flags & !ENTRY | frame_flags::FOR_ITER | dst_flag;
        (*root).depth = (*parent).depth + 1;
        (*generator).leaf.set(std::ptr::null_mut());
        Generator::of_frame(leaf).state.set(State::Running);
        sent.write(Value::NONE);
        let code = (*(*(*leaf).function).code.as_ptr()).as_ptr();
        go!((*leaf).ip as *mut u64, Frame::regs(leaf), (*code).consts(), vm)
    }
    fn get_awaitable(ip, regs, k, vm) {
        // The common case: a coroutine, a task or a future, which is awaited itself.
        let value = regs.add(b(ip));
        let shape = (*value).shape();
        let itself = shape == vm.flavour_shape(Flavour::Coroutine)
            || shape == kind::TASK as u32
            || shape == kind::FUTURE as u32;
        if !itself || flags(ip) & TEMP_A == 0 {
            return get_awaitable_slow(ip, regs, k, vm);
        }
        let value = take_b(ip, regs);
        regs.add(a(ip)).write(value);
        go!(ip.add(1), regs, k, vm)
    }
    fn await_(ip, regs, k, vm) {
        // The common case: a coroutine or generator of script that has not begun.
        if (*Frame::of(regs)).is_stack_coroutine() { return await_from_heap(ip, regs, k, vm); }
        let target = regs.add(b(ip));
        let shape = (*target).shape();
        if shape != vm.flavour_shape(Flavour::Coroutine) && shape != kind::GENERATOR as u32 {
            return await_slow(ip, regs, k, vm);
        }
        let coroutine = (*target).header().cast::<Generator>();
        let inner = (*coroutine).frame_ptr();
        let parent = Frame::of(regs);
        if (*coroutine).state.get() != State::Created
            || (*inner).flags & (frame_flags::NATIVE | frame_flags::DELEGATED) != 0
            || (*parent).depth >= vm.recursion_limit
        {
            return await_slow(ip, regs, k, vm);
        }
        (*parent).ip = ip.add(1);
        if (*parent).flags & frame_flags::GENERATOR != 0 {
            Generator::of_frame(parent).state.set(State::Suspended);
        }
        (*coroutine).state.set(State::Running);
        (*inner).parent = parent;
        (*inner).dst = a(ip) as u16;
        (*inner).flags = (*inner).flags & !ENTRY | frame_flags::DELEGATED;
        (*inner).depth = (*parent).depth + 1;
        let code = (*(*(*inner).function).code.as_ptr()).as_ptr();
        go!((*inner).ip as *mut u64, Frame::regs(inner), (*code).consts(), vm)
    }
    fn await_from_heap(ip, regs, k, vm) {
        (*Frame::of(regs)).ip = ip.add(1);
        let regs = vm.leave_stack(regs);
        return await_(ip, regs, k, vm);
    }
    fn yield_(ip, regs, k, vm) {
        // The common case: to a `for` loop of a script frame.
        let frame = Frame::of(regs);
        if (*frame).flags & (frame_flags::DELEGATED | frame_flags::GENERATOR)
            == frame_flags::DELEGATED | frame_flags::GENERATOR
            && Generator::of_frame(frame).flavour == Flavour::AsyncGenerator
        {
            return async_yield(ip, regs, k, vm);
        }
        let mut root = frame;
        while (*root).flags & frame_flags::DELEGATED != 0 {
            root = (*root).parent;
        }
        if (*root).flags & (frame_flags::FOR_ITER | frame_flags::GENERATOR | frame_flags::NATIVE)
            != frame_flags::FOR_ITER | frame_flags::GENERATOR
            || Generator::of_frame(frame).flavour == Flavour::AsyncGenerator
        {
            // An async generator yields to who asked for its next item, whoever drives them both.
            return yield_to_native(ip, regs, k, vm);
        }
        let value = take_b(ip, regs);
        (*frame).ip = ip.add(1);
        Generator::of_frame(frame).state.set(State::Suspended);
        Generator::of_frame(root).leaf.set(frame);
        let parent = (*root).parent;
        (*root).parent = std::ptr::null_mut();
        let registers = Frame::regs(parent);
        let dst = registers.add((*root).dst as usize);
        if (*root).flags & frame_flags::DST_LOCAL != 0 {
            if lose(vm, std::ptr::replace(dst, value)) {
                let code = (*(*(*parent).function).code.as_ptr()).as_ptr();
                let ip = (*parent).ip as *mut u64;
                return crate::vm::dispatch::values::free_and_go(ip, registers, (*code).consts(), vm);
            }
        } else {
            dst.write(value);
        }
        let code = (*(*(*parent).function).code.as_ptr()).as_ptr();
        go!((*parent).ip as *mut u64, registers, (*code).consts(), vm)
    }
    fn yield_to_native(ip, regs, k, vm) {
        // The common case: to `sum`, `join`, `sorted`... that ask a generator of script for its items.
        let frame = Frame::of(regs);
        let mut root = frame;
        while (*root).flags & frame_flags::DELEGATED != 0 {
            root = (*root).parent;
        }
        if (*root).flags & (frame_flags::SENT | frame_flags::NATIVE) == frame_flags::SENT
            && Generator::of_frame(frame).flavour != Flavour::AsyncGenerator
        {
            let value = take_b(ip, regs);
            (*frame).ip = ip.add(1);
            vm.yield_to_sender(frame, root, value);
            go_on!(vm)
        }
        if (*root).flags & (frame_flags::NEXT | frame_flags::GENERATOR | frame_flags::NATIVE)
            != frame_flags::NEXT | frame_flags::GENERATOR
            || Generator::of_frame(frame).flavour == Flavour::AsyncGenerator
            || (*(*root).parent).flags & frame_flags::NATIVE == 0
        {
            return yield_slow(ip, regs, k, vm);
        }
        if vm.feed(ip, regs, (*root).parent) {
            if vm.heap.wants_attention() {
                At { ip, regs, consts: k }.go_on(vm);
                go_on!(vm)
            }
            go!(ip.add(1), regs, k, vm)
        }
        let value = take_b(ip, regs);
        (*frame).ip = ip.add(1);
        vm.yield_to_native(frame, root, value);
        go_on!(vm)
    }
    fn async_yield(ip, regs, k, vm) {
        // The common case: to an `async for` of a script frame.
        let frame = Frame::of(regs);
        let generator = Generator::of_frame(frame);
        let parent = (*frame).parent;
        if generator.step.get() != 1 + SEND as u8 || (*parent).flags & frame_flags::NATIVE != 0 {
            return yield_slow(ip, regs, k, vm);
        }
        let value = take_b(ip, regs);
        (*frame).ip = ip.add(1);
        vm.yield_awaited(frame, value);
        go_on!(vm)
    }
    fn return_awaited(ip, regs, k, vm) {
        // A coroutine or generator that nobody but the Await or YieldFrom of a script frame holds.
        let frame = Frame::of(regs);
        let parent = (*frame).parent;
        let coroutine = std::ptr::from_ref(Generator::of_frame(frame));
        let is_plain = matches!((*coroutine).flavour, Flavour::Coroutine | Flavour::Generator);
        if !is_plain || (*parent).flags & frame_flags::NATIVE != 0 {
            return return_slow(ip, regs, k, vm);
        }
        let held = &*Frame::regs(parent).add(b((*parent).ip.sub(1)));
        if !held.is_object() || held.header().cast() != coroutine.cast_mut() || held.reference_count() != 1 {
            return return_slow(ip, regs, k, vm);
        }
        let value = if *ip as u8 == Op::ReturnConst as u8 {
            (*k.add(wide(ip) as usize)).clone()
        } else if flags(ip) & TEMP_B != 0 {
            regs.add(b(ip)).read()
        } else {
            std::ptr::replace(regs.add(b(ip)), Value::UNDEF)
        };
        vm.end_awaited(frame, value);
        go_on!(vm)
    }
}

/// The next of an iterator over a tuple, a dict or a text; Undef if there is none, or for any other.
#[inline(never)]
fn next_of_core(vm: &mut Vm, iterator: &Value) -> Value {
    vm.next_of_core(iterator).unwrap_or(Value::UNDEF)
}

/// The next of an iterator that mostly gives it at once; Undef if it does not, at its end, or for an exception, which then
/// waits in `vm.raised`.
#[inline(never)]
unsafe fn next_at_once(vm: &mut Vm, iterator: *const Value) -> Value {
    // SAFETY: a loop's iterator stays in its register.
    let answer = unsafe { vm.native_next(&*iterator) };
    vm.is_over = matches!(answer, Some(Ok(None)));
    match answer {
        Some(Ok(Some(item))) => item,
        Some(Err(raised)) => {
            vm.raised = Some(raised);
            Value::UNDEF
        }
        _ => Value::UNDEF,
    }
}

/// Frees the iterator that `lose` left.
#[inline(never)]
fn free_iterator(vm: &mut Vm) {
    let dead = std::mem::replace(&mut vm.dead, std::ptr::null_mut());
    // SAFETY: its count is zero, and nobody else knows it. Iterators of built-in types have no finalizers.
    unsafe {
        let shape = (*dead).shape;
        if !vm.heap.dies_plainly(shape) {
            return crate::heap::free(dead);
        }
        if shape == kind::LIST_ITERATOR as u32 || shape == kind::TUPLE_ITERATOR as u32 {
            const { assert!(size_of::<ListIterator>() == size_of::<TupleIterator>()) };
            let iterator = dead.cast::<ListIterator>();
            std::ptr::drop_in_place(&raw mut (*iterator).source);
            return vm.heap.give_back(iterator);
        }
        if shape == kind::RANGE_ITERATOR as u32 {
            return vm.heap.give_back(dead.cast::<RangeIterator>());
        }
        crate::heap::free(dead);
    }
}

/// The iterator of a range of small numbers; Undef for any other.
#[inline(never)]
fn range_iterator_of(source: &Value) -> Value {
    let range = source.get_exact::<Range>();
    range.and_then(short_range_iterator).unwrap_or(Value::UNDEF)
}

/// The iterator of a list or a tuple.
#[inline(never)]
fn iterator_of(source: Value) -> Value {
    if source.is_exact::<List>() {
        return ListIterator::alloc(source, 0, 0).into_value();
    }
    TupleIterator::alloc(source, 0, 0).into_value()
}

/// Writes the next pair of an iterator as `Unpack` does, if there is one at hand.
#[inline(never)]
unsafe fn next_pair(vm: &mut Vm, iterator: &Value, dst: *mut Value) -> bool {
    let Some((first, second)) = vm.next_pair(iterator) else {
        return false;
    };
    // SAFETY: the two temporaries are the instruction's.
    unsafe {
        dst.write(second);
        dst.add(1).write(first);
    }
    true
}

plain_ops! {
    for_iter_slow = op_for_iter;
    for_iter_answered = op_for_iter_answered;
    get_iter_slow = op_get_iter;
    get_aiter = op_get_aiter;
    get_anext_slow = op_get_anext;
    end_async_for = op_end_async_for;
    get_awaitable_slow = op_get_awaitable;
    get_yield_from_slow = op_get_yield_from;
    await_slow = op_await;
    yield_slow = op_yield;
}

impl Vm {
    fn op_get_iter(&mut self, at: At) {
        at.save(self);
        let value = at.take_b();
        let step = self.iter_step(&value);
        drop(value);
        at.follow(self, step);
    }

    fn op_for_iter(&mut self, at: At) {
        at.save(self);
        let iterator = at.reg(at.b());
        if let Some(generator) = iterator.get_exact::<Generator>() {
            return self.for_iter_generator(at, generator);
        }
        match self.next_step(iterator) {
            Step::Return(value) if value.is_undef() => self.op_end_of_loop(at),
            Step::Return(value) => at.done(self, value),
            Step::Raise(raised) => at.raise(self, raised),
            Step::Next(iterator) if !iterator.is_kind::<Generator>() => {
                let flags = at.result_flags() | frame_flags::FOR_ITER;
                self.invoke_next(iterator, at.frame(), at.a() as u16, flags);
            }
            other => self.perform(
                other,
                at.frame(),
                at.a() as u16,
                at.result_flags() | frame_flags::FOR_ITER,
            ),
        }
    }

    /// Goes on with what `next_at_once` gave; what it gave no answer for is looked at in the general way.
    fn op_for_iter_answered(&mut self, at: At) {
        let value = std::mem::take(&mut self.leaf_result);
        if !value.is_undef() {
            at.done(self, value);
        } else if let Some(raised) = self.raised.take() {
            at.raise(self, raised);
        } else if std::mem::take(&mut self.is_over) {
            self.op_end_of_loop(at);
        } else {
            self.op_for_iter(at);
        }
    }

    fn for_iter_generator(&mut self, at: At, generator: &Generator) {
        match generator.state.get() {
            State::Closed => self.op_end_of_loop(at),
            _ if self.is_running(generator) => {
                let raised = self.value_error("generator already executing");
                at.raise(self, raised);
            }
            _ => {
                let flags = at.result_flags() | frame_flags::FOR_ITER;
                self.enter_generator(generator, Ok(Value::NONE), at.frame(), at.a() as u16, flags);
            }
        }
    }

    /// Drops the iterator and goes to the loop's exit.
    fn op_end_of_loop(&mut self, at: At) {
        let register = at.b();
        let iterator = at.take(register);
        at.write(register, Value::UNDEF);
        drop(iterator);
        // SAFETY: the distance in the operand word counts from the end of the instruction.
        let target = unsafe { at.next().offset(at.word(1) as i32 as isize) };
        at.go_to(self, target);
    }

    /// The iterator that a script frame's `for` loop had entered is at its end.
    pub(crate) fn end_for_loop(&mut self, parent: *mut Frame) {
        // SAFETY: the parent stands behind a ForIter, which is two words long.
        let at = unsafe {
            let code = (*(*parent).function).code.borrow().as_ptr();
            At {
                ip: (*parent).ip.sub(2) as *mut u64,
                regs: Frame::regs(parent),
                consts: (*code).consts(),
            }
        };
        self.op_end_of_loop(at);
    }

    fn op_get_aiter(&mut self, at: At) {
        at.save(self);
        let value = at.take_b();
        let step = self.aiter_step(&value);
        drop(value);
        at.follow(self, step);
    }

    fn op_get_anext(&mut self, at: At) {
        at.save(self);
        let iterator = at.reg(at.b());
        // SAFETY: the frame was saved; the receiver passes to the call.
        unsafe {
            if let Some(generator) = iterator.get::<Generator>() {
                if let Some(wait) = self.awaited_at_once(at.frame(), at.a() as u16)
                    && self.enter_next_step(generator, at.frame(), wait)
                {
                    return;
                }
            } else if let Some(method) = self.special_of(iterator, Special::ANext)
                && (method.is_exact::<Function>() || method.is_exact::<Native>())
            {
                let mut receiver = std::mem::ManuallyDrop::new(iterator.clone());
                let (dst, flags) = (at.a() as u16, at.result_flags());
                return self.invoke(method, &mut *receiver, 1, None, at.frame(), dst, flags);
            }
        }
        let step = self.anext_step(iterator);
        at.follow(self, step);
    }

    fn op_end_async_for(&mut self, at: At) {
        let exception = at.replace(at.b(), Value::UNDEF);
        if self.is_raised_value(&exception, crate::vm::types::Known::StopAsyncIteration) {
            drop(exception);
            // SAFETY: the distance counts from the end of the instruction.
            let target = unsafe { at.ip.offset(1 + at.a() as u16 as i16 as isize) };
            return at.go_to(self, target);
        }
        at.save(self);
        self.unwind_again(at.frame(), crate::object::native::Raised(exception));
    }

    fn op_get_awaitable(&mut self, at: At) {
        at.save(self);
        let value = at.take_b();
        let result = self.awaitable(&value, at.c());
        drop(value);
        match result {
            Ok(step) => at.follow(self, step),
            Err(raised) => at.raise(self, raised),
        }
    }

    fn op_get_yield_from(&mut self, at: At) {
        at.save(self);
        let value = at.take_b();
        let in_coroutine =
            at.code().flags & (code_flags::COROUTINE | code_flags::ITERABLE_COROUTINE) != 0;
        let step = match value.get::<Generator>() {
            Some(g) if g.flavour == Flavour::Coroutine && !in_coroutine => {
                Step::Raise(self.type_error(
                    "cannot 'yield from' a coroutine object in a non-coroutine generator",
                ))
            }
            Some(g) if g.flavour != Flavour::AsyncGenerator => Step::Return(value.clone()),
            _ => self.yield_from_step(&value),
        };
        drop(value);
        at.follow(self, step);
    }

    fn op_await(&mut self, at: At) {
        at.save(self);
        let target = at.reg(at.b());
        if target.is_kind::<Generator>() {
            return self.delegate(at.frame(), target, at.a() as u16, 0);
        }
        if let Some(step) = target.get::<AsyncStep>() {
            return self.enter_step(step, at.frame(), frame_flags::DELEGATED);
        }
        match self.await_hook(target, true) {
            // SAFETY: the frame stands behind this Await.
            Ok(AwaitOutcome::Done(value)) => unsafe { self.await_is_over(at.frame(), value) },
            Ok(AwaitOutcome::Yield(value)) => self.yield_from_frame(at.frame(), value),
            Err(raised) => {
                self.set_context(&raised.0, at.frame());
                at.raise(self, raised);
            }
        }
    }

    fn op_yield(&mut self, at: At) {
        at.save(self);
        let value = at.take_b();
        if at.code().flags & code_flags::ASYNC_GENERATOR != 0 {
            return self.async_yield(at.frame(), value);
        }
        self.yield_from_frame(at.frame(), value);
    }
}
