//! `_workers`: engines that work for this one, in threads or processes of their own.
//! `stdlib/multiprocessing` and `stdlib/concurrent/futures` have the names around it.

use std::ffi::OsString;

use crate::builtins::arguments::{outside, plain, small};
use crate::heap::Value;
use crate::object::native::{Def, ModuleDef, R};
use crate::vm::Vm;

/// `_workers`
pub static MODULE: ModuleDef = ModuleDef {
    name: "_workers",
    doc: "Engines that work for this one.",
    functions: &[
        Def::leaf("start_engine(text, descriptor, /)", start_engine).doc(
            "Runs a text in an engine on a thread of its own. It has its own copy of the descriptor, \
             whose number is the last of its arguments.",
        ),
        Def::leaf("end_with_parent(parent, /)", |vm, args| {
            let parent = small(vm, &args[0])?;
            let there = vm.host.end_with_parent(parent);
            outside(vm, there).map(Value::bool)
        })
        .doc("Has this process end with the one that started it; whether that is there still."),
        Def::leaf("set_beginning(call, /)", |vm, args| {
            vm.state.insert(BEGINNING, args[0].clone());
            Ok(Value::NONE)
        })
        .doc("What is called when a loop is to begin; None for nothing."),
    ],
    types: &[],
    setup: None,
};

/// The key of what `set_beginning` was given.
pub const BEGINNING: &str = "workers.beginning";

fn start_engine(vm: &mut Vm, args: &[Value]) -> R {
    let text = plain(&args[0]);
    let fd = small(vm, &args[1])?;
    let copy = vm
        .host
        .descriptors
        .get(fd)
        .and_then(|file| file.duplicate());
    let copy = outside(vm, copy)?;
    let arguments = vec![OsString::from("-c"), copy.fileno().to_string().into()];
    let host = vm.host.for_worker(arguments);
    let mut host = outside(vm, host)?;
    host.descriptors.insert(copy);
    // What was printed before must not come after what the worker prints.
    let _ = vm.host.stdio.output.flush();
    let started = vm.loader.start_engine(host, text);
    outside(vm, started)?;
    Ok(Value::NONE)
}
