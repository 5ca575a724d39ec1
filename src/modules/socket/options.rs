//! Options of sockets: those of the module `socket` and those of transports.

use super::{lift, with};
use crate::builtins::arguments::{buffer, bytes, small};
use crate::heap::Value;
use crate::host::{HostError, Socket};
use crate::object::int::IntView;
use crate::object::native::{R, Raised};
use crate::object::str::Str;
use crate::vm::Vm;
use crate::vm::types::Known;

pub(super) fn setsockopt(vm: &mut Vm, args: &[Value]) -> R {
    let socket = args[0].clone();
    set_option(vm, &args[1..], |use_it| with(&socket, use_it))
}

/// `setsockopt(level, option, value)` on the socket that `with` hands out.
pub(in crate::modules) fn set_option(
    vm: &mut Vm,
    args: &[Value],
    with: impl FnOnce(&dyn Fn(&Socket) -> Result<(), HostError>) -> Result<(), HostError>,
) -> R {
    let (level, option) = (small(vm, &args[0])?, small(vm, &args[1])?);
    let value = if IntView::of(&args[2]).is_some() {
        small(vm, &args[2])?
    } else {
        let packed = buffer(vm, &args[2])?;
        if Socket::is_linger(level, option) && packed.len() == 8 {
            let word = |at: usize| {
                i32::from_ne_bytes([packed[at], packed[at + 1], packed[at + 2], packed[at + 3]])
            };
            let seconds = (word(0) != 0).then_some(word(4).max(0) as u32);
            let done = with(&|socket| socket.set_linger(seconds));
            lift(vm, done)?;
            return Ok(Value::NONE);
        }
        match <[u8; 4]>::try_from(&packed[..]) {
            Ok(word) => i32::from_ne_bytes(word),
            Err(_) => return Err(vm.os_error(22, Value::UNDEF)),
        }
    };
    let done = with(&|socket| socket.set_option(level, option, value));
    lift(vm, done)?;
    Ok(Value::NONE)
}

pub(super) fn getsockopt(vm: &mut Vm, args: &[Value]) -> R {
    let socket = args[0].clone();
    option_of(vm, &args[1..], |use_it| with(&socket, use_it))
}

/// `getsockopt(level, option[, buflen])` of the socket that `with` hands out.
pub(in crate::modules) fn option_of(
    vm: &mut Vm,
    args: &[Value],
    with: impl FnOnce(&dyn Fn(&Socket) -> Result<Vec<u8>, HostError>) -> Result<Vec<u8>, HostError>,
) -> R {
    let (level, option) = (small(vm, &args[0])?, small(vm, &args[1])?);
    // No length, or none of its own: the number itself.
    let length = match args.get(2) {
        Some(length) if !length.is_undef() => small(vm, length)?,
        _ => 0,
    };
    if !(0..=1024).contains(&length) {
        let class = vm.known_class(Known::OsError);
        let text = Str::new("getsockopt buflen out of range").into_value();
        return Err(Raised(vm.new_exception(&class, vec![text])));
    }
    let value = with(&|socket| socket.option_bytes(level, option));
    let value = lift(vm, value)?;
    match value.first_chunk() {
        Some(word) if length == 0 => Ok(Value::int32(i32::from_ne_bytes(*word))),
        _ => bytes(vm, &value[..value.len().min(length as usize)]),
    }
}
