//! The dispatch loop: one handler an opcode, each of which ends by jumping to
//! the next one's handler through a table (optimised builds make sibling calls
//! of these; with `--cfg hoop_trampoline` they return to a loop instead).
//!
//! Rules for a handler: nothing with `Drop` alive at the hand-over, no address
//! of a local escapes, and what is not the common case is a method of `Vm`
//! that leaves where to go on in `vm.cursor`. A handler calls nothing on its
//! common way: a call makes it save registers first, on every way. So a value
//! is not dropped but given up with `lose`, and if an object died with it,
//! another handler frees it (`free_and_go`, `free_and_store`).
//!
//! The frame's instruction pointer is stored (`At::save`) before anything that
//! may run other code, raise, or look at the frame: it then lies behind the
//! running instruction, so `ip - 1` is always inside it.

mod arith;
mod at;
mod build;
mod calls;
mod coroutines;
mod enter;
mod flow;
mod generators;
mod iterate;
mod leaf;
mod loaded;
mod names;
mod objects;
mod plain;
mod raising;
mod returns;
mod spread;
mod values;

pub(crate) use at::{At, put, put_back_b, take_b};
pub(crate) use objects::found_at;

use super::Vm;
use crate::bytecode::{Form, Op};
use crate::heap::Value;
use crate::object::function::BEGIN;

/// Why the dispatch loop was left.
#[repr(u32)]
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Exit {
    /// A boundary was reached: `vm.outcome` has the result.
    Boundary,
    /// (Trampoline only) go on at `vm.cursor`.
    #[cfg_attr(not(hoop_trampoline), expect(dead_code))]
    Continue,
}

/// Where the VM goes on.
#[derive(Clone, Copy)]
pub(crate) struct Cursor {
    pub ip: *mut u64,
    pub regs: *mut Value,
    pub consts: *const Value,
}

impl Cursor {
    pub(crate) const NOWHERE: Cursor = Cursor {
        ip: std::ptr::null_mut(),
        regs: std::ptr::null_mut(),
        consts: std::ptr::null(),
    };
}

#[cfg(target_arch = "x86_64")]
type Handler =
    unsafe extern "sysv64-unwind" fn(*mut u64, *mut Value, *const Value, &mut Vm) -> Exit;
#[cfg(not(target_arch = "x86_64"))]
type Handler = unsafe extern "C-unwind" fn(*mut u64, *mut Value, *const Value, &mut Vm) -> Exit;

/// Defines handlers: `op! { fn name(ip, regs, k, vm) { ... go!(...) } }`.
macro_rules! op {
    ($($(#[$meta:meta])* fn $name:ident($ip:ident, $regs:ident, $k:ident, $vm:ident) $body:block)+) => {
        $(
            $(#[$meta])*
            #[inline(never)]
            #[cfg(target_arch = "x86_64")]
            #[allow(clippy::missing_safety_doc, unused_unsafe)]
            pub(super) unsafe extern "sysv64-unwind" fn $name(
                $ip: *mut u64, $regs: *mut Value, $k: *const Value, $vm: &mut Vm,
            ) -> Exit {
                // SAFETY: the dispatch loop's contract: ip is an instruction of the running
                // frame's verified code, regs its registers, k its constants.
                unsafe { $body }
            }
            $(#[$meta])*
            #[inline(never)]
            #[cfg(not(target_arch = "x86_64"))]
            #[allow(clippy::missing_safety_doc, unused_unsafe)]
            pub(super) unsafe extern "C-unwind" fn $name(
                $ip: *mut u64, $regs: *mut Value, $k: *const Value, $vm: &mut Vm,
            ) -> Exit {
                // SAFETY: as above.
                unsafe { $body }
            }
        )+
    };
}

/// Hands over to the instruction at `ip`. Always the last thing a handler does.
macro_rules! go {
    ($ip:expr, $regs:expr, $k:expr, $vm:expr) => {{
        let ip: *mut u64 = $ip;
        #[cfg(not(hoop_trampoline))]
        return (crate::vm::dispatch::HANDLERS[(*ip & 0xFF) as usize])(ip, $regs, $k, $vm);
        #[cfg(hoop_trampoline)]
        {
            $vm.cursor = crate::vm::dispatch::Cursor {
                ip,
                regs: $regs,
                consts: $k,
            };
            return crate::vm::dispatch::Exit::Continue;
        }
    }};
}

/// Writes a result into register A and hands over to the instruction behind
/// this one, `words` words on. Only a local's old value can die here.
macro_rules! store {
    ($ip:ident, $regs:ident, $k:ident, $vm:ident, $value:expr, $words:literal) => {{
        let dst = $regs.add(crate::vm::dispatch::at::a($ip));
        let value = $value;
        if crate::vm::dispatch::at::flags($ip) & crate::bytecode::op::TEMP_A != 0 {
            dst.write(value);
        } else {
            let old = std::ptr::replace(dst, value);
            if crate::vm::dispatch::at::lose($vm, old) {
                return crate::vm::dispatch::values::free_and_go(
                    $ip.add(1 + $words),
                    $regs,
                    $k,
                    $vm,
                );
            }
        }
        go!($ip.add(1 + $words), $regs, $k, $vm)
    }};
}

/// As `store!`, where A is known to be a temporary.
macro_rules! store_in {
    ($ip:ident, $regs:ident, $k:ident, $vm:ident, $value:expr, $words:literal) => {{
        let value = $value;
        $regs.add(crate::vm::dispatch::at::a($ip)).write(value);
        go!($ip.add(1 + $words), $regs, $k, $vm)
    }};
}

/// As `store!`, and gives up operand B, which the result came from, if it is a temporary.
macro_rules! store_and_lose_b {
    ($ip:ident, $regs:ident, $k:ident, $vm:ident, $value:expr, $words:literal) => {{
        let value = $value;
        if crate::vm::dispatch::at::flags($ip) & crate::bytecode::op::TEMP_B != 0
            && crate::vm::dispatch::at::lose($vm, $regs.add(b($ip)).read())
        {
            std::ptr::write(&mut $vm.leaf_result, value);
            return crate::vm::dispatch::values::free_and_store($ip, $regs, $k, $vm);
        }
        store!($ip, $regs, $k, $vm, value, $words)
    }};
}

/// Hands over to where `vm.cursor` says.
macro_rules! go_on {
    ($vm:expr) => {{
        let cursor = $vm.cursor;
        go!(cursor.ip, cursor.regs, cursor.consts, $vm)
    }};
}

/// Handlers that leave everything to a method of Vm.
macro_rules! plain_ops {
    ($($name:ident = $method:ident;)+) => {
        op! { $(
            fn $name(ip, regs, k, vm) {
                // Out of line, so that nothing of it keeps the hand-over from being a jump.
                #[inline(never)]
                fn outlined(vm: &mut Vm, ip: *mut u64, regs: *mut Value, k: *const Value) {
                    vm.$method(At { ip, regs, consts: k });
                }
                outlined(vm, ip, regs, k);
                go_on!(vm)
            }
        )+ }
    };
}

/// Handlers that ask a function of `leaf` for the result, which goes into A. If it does not know, another handler does all.
macro_rules! leaf_ops {
    ($($name:ident = $leaf:ident, else $slow:path;)+) => {
        op! { $(
            fn $name(ip, regs, k, vm) {
                let value = crate::vm::dispatch::leaf::$leaf(vm, ip, regs, k);
                if value.is_undef() {
                    value.forget();
                    return $slow(ip, regs, k, vm);
                }
                if vm.heap.wants_attention() {
                    std::ptr::write(&mut vm.leaf_result, value);
                    return crate::vm::dispatch::values::finalize_and_store(ip, regs, k, vm);
                }
                store!(ip, regs, k, vm, value, 0)
            }
        )+ }
    };
}

/// The same for functions that give no result but say whether they have done it.
macro_rules! doing_ops {
    ($($name:ident = $leaf:ident, else $slow:path;)+) => {
        op! { $(
            fn $name(ip, regs, k, vm) {
                if !crate::vm::dispatch::leaf::$leaf(ip, regs) { return $slow(ip, regs, k, vm); }
                if vm.heap.wants_attention() {
                    return crate::vm::dispatch::values::finalize_and_go(ip.add(1), regs, k, vm);
                }
                go!(ip.add(1), regs, k, vm)
            }
        )+ }
    };
}

pub(crate) use {doing_ops, go, go_on, leaf_ops, op, plain_ops, store, store_and_lose_b, store_in};

op! {
    fn leave(_ip, _regs, _k, _vm) {
        return Exit::Boundary;
    }
    fn no_such_opcode(ip, _regs, _k, _vm) {
        panic!("opcode {} does not exist", *ip & 0xFF);
    }
    fn nop(ip, regs, k, vm) {
        go!(ip.add(1), regs, k, vm)
    }
}

plain_ops! {
    native_resume = resume_native;
    begin = begin_code;
}

/// Number of the pseudo-opcode at which the loop is left.
pub(crate) const LEAVE: u64 = 255;

/// A word that leaves the loop.
pub(crate) static LEAVE_WORD: [u64; 1] = [LEAVE];

/// The instruction of native frames: the state of a frame is which of these words it stands at.
pub(crate) static NATIVE_WORDS: [u64; 64] = [Op::NativeResume as u64; 64];

pub(crate) static HANDLERS: [Handler; 256] = make_table();

const fn make_table() -> [Handler; 256] {
    let mut table: [Handler; 256] = [no_such_opcode; 256];
    macro_rules! set {
        ($($op:ident => $handler:path,)+) => { $(table[Op::$op as usize] = $handler;)+ };
    }
    set! {
        Nop => nop, NativeResume => native_resume,
        Move => values::move_, Copy => values::copy, LoadConst => values::load_const, LoadInt => values::load_int,
        CheckLocal => values::check_local, DeleteLocal => values::delete_local, Clear => values::clear,
        MakeCell => values::make_cell, GetCell => values::get_cell, SetCell => values::set_cell,
        DeleteCell => values::delete_cell, GetFree => values::get_free, SetFree => values::set_free,
        DeleteFree => values::delete_free, GetFreeCell => values::get_free_cell,
        LoadCommon => values::load_common, LoadBuildClass => values::load_build_class,
        GetClassFree => names::get_class_free, GetClassGlobal => names::get_name,
        GetGlobal => names::get_global, SetGlobal => names::set_global, DeleteGlobal => names::delete_global,
        GetName => names::get_name, SetName => names::set_name, DeleteName => names::delete_name,
        ImportName => names::import_name, ImportFrom => names::import_from, ImportStar => names::import_star,
        GetAttr => objects::get_attr, SetAttr => objects::set_attr, DeleteAttr => objects::delete_attr,
        GetItem => objects::get_item, GetItemConst => objects::get_item_const, SetItem => objects::set_item,
        DeleteItem => objects::delete_item, BuildSlice => build::build_slice, LoadSpecial => objects::load_special,
        Add => arith::add, Sub => arith::sub, Mul => arith::mul, TrueDiv => arith::true_div,
        FloorDiv => arith::floor_div, Mod => arith::modulo, Pow => arith::binary, MatMul => arith::binary,
        LShift => arith::shift_left, RShift => arith::shift_right, And => arith::and, Or => arith::or, Xor => arith::xor,
        AddConst => arith::add_const, SubConst => arith::sub_const, MulConst => arith::mul_const,
        TrueDivConst => arith::true_div_const, FloorDivConst => arith::floor_div_const, ModConst => arith::mod_const,
        AndConst => arith::and_const, RShiftConst => arith::shift_right_const, LShiftConst => arith::shift_left_const,
        Neg => arith::neg, Pos => arith::unary, Invert => arith::invert, Not => arith::not,
        Lt => arith::lt, Le => arith::le, Eq => arith::eq, Ne => arith::ne, Gt => arith::gt, Ge => arith::ge,
        Is => arith::is, In => arith::contains,
        Jump => flow::jump, Loop => flow::loop_back, JumpIfTrue => flow::jump_if_true, JumpIfFalse => flow::jump_if_false,
        JumpIfTrueOrDrop => flow::jump_if_true_or_drop, JumpIfFalseOrDrop => flow::jump_if_false_or_drop,
        JumpIfNone => flow::jump_if_none, JumpIfIs => flow::jump_if_is,
        JumpIfLt => flow::jump_if_lt, JumpIfLe => flow::jump_if_le, JumpIfEq => flow::jump_if_eq,
        JumpIfNe => flow::jump_if_ne, JumpIfGt => flow::jump_if_gt, JumpIfGe => flow::jump_if_ge,
        JumpIfLtConst => flow::jump_if_lt_const, JumpIfLeConst => flow::jump_if_le_const,
        JumpIfEqConst => flow::jump_if_eq_const, JumpIfNeConst => flow::jump_if_ne_const,
        JumpIfGtConst => flow::jump_if_gt_const, JumpIfGeConst => flow::jump_if_ge_const,
        GetIter => iterate::get_iter, ForIter => iterate::for_iter, GetAIter => iterate::get_aiter,
        GetANext => coroutines::get_anext, EndAsyncFor => iterate::end_async_for,
        GetAwaitable => iterate::get_awaitable, GetYieldFrom => generators::get_yield_from,
        Await => iterate::await_, YieldFrom => iterate::await_, Yield => iterate::yield_,
        Return => returns::return_, ReturnConst => returns::return_const,
        Call => calls::call, CallMethod => calls::call_method, CallKw => calls::call_kw,
        CallMethodKw => calls::call_method_kw, CallEx => spread::call_ex,
        GetMethod => loaded::get_method, CallLoaded => loaded::call_loaded, CallLoadedKw => loaded::call_loaded_kw,
        BuildTuple => build::build_tuple, BuildList => build::build_list, BuildSet => build::build_set,
        BuildDict => build::build_dict, BuildString => build::build_string, Format => build::format,
        ListAppend => build::list_append, SetAdd => build::set_add, DictPut => build::dict_put,
        ListExtend => spread::list_extend, SetUpdate => build::set_update, DictUpdate => build::dict_update,
        DictMerge => spread::dict_merge, ListToTuple => build::list_to_tuple, Unpack => build::unpack,
        UnpackEx => build::unpack_ex, MakeFunction => build::make_function, Intrinsic => build::intrinsic,
        Raise => raising::raise, Reraise => raising::reraise, RaiseBare => raising::raise_bare,
        ExceptMatch => raising::except_match, ExceptStarMatch => raising::except_star_match,
        ExceptStarEnd => raising::except_star_end, ExcInfo => raising::exc_info,
        MatchSequence => raising::match_sequence, MatchMapping => raising::match_mapping,
        MatchKeys => raising::match_keys, MatchClass => raising::match_class, GetLen => raising::get_len,
    }
    macro_rules! set_forms {
        ($($form:ident => $handler:path,)+) => { $(table[Form::$form.number() as usize] = $handler;)+ };
    }
    set_forms! {
        MoveIn => values::move_in, MoveOut => values::move_out, MoveTwoIn => values::move_two_in,
        MoveInCall => values::move_in_call, MoveInCallMethod => values::move_in_call_method,
        LoadConstIn => values::load_const_in, ClearLoopFor => values::clear_loop_for,
        GetGlobalIn => names::get_global_in, GetAttrIn => objects::get_attr_in,
        AddIn => arith::add_in, AddConstIn => arith::add_const_in, SubIn => arith::sub_in,
        SubConstIn => arith::sub_const_in, MulIn => arith::mul_in, MulConstIn => arith::mul_const_in,
        LoopFor => flow::loop_for,
    }
    table[LEAVE as usize] = leave;
    const { assert!(crate::bytecode::op::ALL.len() + Form::ALL.len() <= BEGIN as usize) };
    table[BEGIN as usize] = begin;
    table
}

impl Vm {
    /// Runs from `vm.cursor` on until a boundary is reached.
    pub(crate) fn dispatch(&mut self) {
        loop {
            let Cursor { ip, regs, consts } = self.cursor;
            // SAFETY: the cursor names an instruction of the frame that runs.
            let exit = unsafe { (HANDLERS[(*ip & 0xFF) as usize])(ip, regs, consts, self) };
            if exit == Exit::Boundary {
                return;
            }
        }
    }
}
