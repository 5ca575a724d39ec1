//! `_report`: the text of exceptions that nobody caught.

use crate::builtins::arguments::string;
use crate::heap::Value;
use crate::object::exception::Exception;
use crate::object::native::{Def, ModuleDef, R};
use crate::vm::Vm;

/// `_report`
pub static MODULE: ModuleDef = ModuleDef {
    name: "_report",
    doc: "The text of exceptions that nobody caught.",
    functions: &[
        Def::leaf("uncaught(exception, /)", uncaught).doc(
            "The report that the interpreter itself would write: with pictures on a terminal, else in CPython's words.",
        ),
        Def::leaf("fancy(exception, /, colors=False)", fancy)
            .doc("The report with pictures."),
    ],
    types: &[],
    setup: None,
};

fn expect_exception(vm: &mut Vm, value: &Value) -> R<()> {
    match value.get::<Exception>() {
        Some(_) => Ok(()),
        None => {
            let name = vm.type_name(value);
            Err(vm.type_error(format!("Exception expected for value, {name} found")))
        }
    }
}

fn uncaught(vm: &mut Vm, args: &[Value]) -> R {
    expect_exception(vm, &args[0])?;
    Ok(string(&vm.report_exception(&args[0])))
}

fn fancy(vm: &mut Vm, args: &[Value]) -> R {
    expect_exception(vm, &args[0])?;
    let colors = vm.truth(&args[1])?;
    Ok(string(&vm.format_exception_fancy(&args[0], colors)))
}
