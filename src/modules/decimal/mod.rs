//! `decimal`: decimal arithmetic of any precision, after the General Decimal Arithmetic Specification.
//!
//! The arithmetic (`work`, `basic`, `order`, `places`, `series`) knows no Values: it takes numbers and
//! the settings of a context, and gives a number and the signals it raised. `methods` and `context` are
//! the tables of the types; `state` stands between.

pub mod basic;
pub mod construct;
pub mod context;
pub mod context_methods;
pub mod format;
pub mod methods;
pub mod order;
pub mod places;
pub mod series;
pub mod small;
pub mod state;
pub mod text;
pub mod work;

use crate::heap::{Ref, Value};
use crate::modules::asyncio::script;
use crate::object::int;
use crate::object::module::Module;
use crate::object::native::{Def, ModuleDef, R, TypeDef};
use crate::vm::Vm;

/// `decimal`
pub static MODULE: ModuleDef = ModuleDef {
    name: "decimal",
    doc: "Decimal fixed-point and floating-point arithmetic.",
    functions: &[
        Def::leaf("getcontext()", getcontext).doc("The context of the running task."),
        Def::leaf("setcontext(context, /)", setcontext)
            .doc("Makes this the context of the running task."),
        Def::leaf("localcontext(ctx=None, **kwargs)", context::localcontext).doc(
            "Return a context manager that will set the default context to a copy of ctx on entry.",
        ),
    ],
    types: &[&methods::DECIMAL, &context::CONTEXT],
    setup: Some(setup),
};

/// All types of this module.
pub static TYPES: &[&TypeDef] = &[
    &methods::DECIMAL,
    &context::CONTEXT,
    &context::SIGNAL_DICT,
    &context::MANAGER,
];

fn setup(vm: &mut Vm, module: &Ref<Module>) -> R<()> {
    state::set_up(vm)?;
    let names = module.namespace.clone();
    state::fill_module(vm, &names)?;
    for (_, name) in work::Rounding::ALL {
        let interned = vm.intern(name).into_value();
        vm.set_name(&names, name, interned)?;
    }
    for (name, value) in [
        ("MAX_PREC", work::MAX_PREC),
        ("MAX_EMAX", work::MAX_EMAX),
        ("MIN_EMIN", work::MIN_EMIN),
        ("MIN_ETINY", work::MIN_ETINY),
    ] {
        vm.set_name(&names, name, int::from_i64(value))?;
    }
    vm.set_name(&names, "HAVE_THREADS", Value::TRUE)?;
    vm.set_name(&names, "HAVE_CONTEXTVAR", Value::TRUE)?;
    vm.set_name(&names, "__version__", script::text("1.70"))?;
    vm.set_name(&names, "__libmpdec_version__", script::text("2.5.1"))
}

fn getcontext(vm: &mut Vm, _: &[Value]) -> R {
    state::current(vm).map(Ref::into_value)
}

fn setcontext(vm: &mut Vm, args: &[Value]) -> R {
    state::set_current(vm, &args[0])?;
    Ok(Value::NONE)
}
