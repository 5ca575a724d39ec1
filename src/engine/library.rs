//! All native types and modules, and the namespace of the built-in functions.

use std::sync::LazyLock;

use crate::builtins;
use crate::heap::{Ref, Value};
use crate::modules;
use crate::object::dict::Dict;
use crate::object::native::{Native, R, TypeDef};
use crate::vm::{Library, Vm};

/// See `Library`.
pub static LIBRARY: LazyLock<Library> =
    LazyLock::new(|| Library::new(&super::KINDS, all_types(), modules::MODULES));

/// In `builtins` and `modules` everyone adds a line.
fn all_types() -> &'static [&'static TypeDef] {
    static TYPES: LazyLock<Vec<&'static TypeDef>> = LazyLock::new(|| {
        builtins::TYPES
            .iter()
            .chain(modules::TYPES)
            .flat_map(|types| types.iter().copied())
            .collect()
    });
    &TYPES
}

/// The types that are names of `builtins`.
static BUILTIN_TYPES: LazyLock<Vec<&'static TypeDef>> = LazyLock::new(|| {
    let types = all_types().iter().copied();
    types
        .filter(|def| def.module == "builtins" && is_public(def.name))
        .collect()
});

/// The names of the built-in functions and types.
pub fn builtin_names() -> Vec<&'static str> {
    let functions = builtins::functions::FUNCTIONS
        .iter()
        .chain(modules::BUILTIN_FUNCTIONS)
        .flat_map(|table| table.iter().map(|def| def.name()));
    let types = BUILTIN_TYPES.iter().map(|def| def.name);
    functions.chain(types).collect()
}

/// Puts the built-in functions and types into the namespace of `builtins`, and makes its module.
pub(super) fn fill_builtins(vm: &mut Vm) -> R<()> {
    let namespace = vm.builtins.clone();
    let owner = vm.intern("builtins").into_value();
    let functions = builtins::functions::FUNCTIONS
        .iter()
        .chain(modules::BUILTIN_FUNCTIONS);
    for def in functions.flat_map(|table| table.iter()) {
        let native = Native::alloc(def, Value::UNDEF, owner.clone()).into_value();
        vm.set_name(&namespace, def.name(), native)?;
    }
    for def in BUILTIN_TYPES.iter() {
        let class = vm.class_of_def(def).into_value();
        vm.set_name(&namespace, def.name, class)?;
    }
    put_constants(vm, &namespace)
}

fn put_constants(vm: &mut Vm, namespace: &Ref<Dict>) -> R<()> {
    let constants = [
        ("None", Value::NONE),
        ("True", Value::TRUE),
        ("False", Value::FALSE),
        ("Ellipsis", Value::ELLIPSIS),
        ("NotImplemented", Value::NOT_IMPLEMENTED),
        (
            "__debug__",
            Value::bool(vm.host.environment.settings.optimize == 0),
        ),
    ];
    for (name, value) in constants {
        vm.set_name(namespace, name, value)?;
    }
    let build_class = vm.build_class_function();
    vm.set_name(namespace, "__build_class__", build_class)?;
    for (alias, of) in [("EnvironmentError", "OSError"), ("IOError", "OSError")] {
        if let Some(class) = namespace.get_name(of) {
            vm.set_name(namespace, alias, class)?;
        }
    }
    for (name, value) in [
        ("__name__", "builtins"),
        (
            "__doc__",
            "What every program has at hand without an import.",
        ),
    ] {
        let value = crate::builtins::arguments::string(value);
        vm.set_name(namespace, name, value)?;
    }
    for name in ["__package__", "__loader__", "__spec__"] {
        vm.set_name(namespace, name, Value::NONE)?;
    }
    let module = crate::object::module::Module::alloc(namespace.clone()).into_value();
    let modules = vm.modules.clone();
    vm.set_name(&modules, "builtins", module)
}

/// Types of the language that are not names of `builtins`.
fn is_public(name: &str) -> bool {
    !matches!(
        name,
        "NoneType"
            | "ellipsis"
            | "NotImplementedType"
            | "function"
            | "module"
            | "generator"
            | "coroutine"
            | "async_generator"
            | "coroutine_wrapper"
            | "anext_awaitable"
            | "builtin_function_or_method"
            | "method"
            | "method_descriptor"
            | "wrapper_descriptor"
            | "method-wrapper"
            | "classmethod_descriptor"
            | "cell"
            | "code"
            | "frame"
            | "FrameLocalsProxy"
            | "traceback"
            | "mappingproxy"
            | "getset_descriptor"
            | "member_descriptor"
            | "dict_keys"
            | "dict_values"
            | "dict_items"
    ) && !name.contains("iterator")
        && !name.starts_with("async_generator_")
        && (!name.starts_with('_') || name == "_IncompleteInputError")
}
