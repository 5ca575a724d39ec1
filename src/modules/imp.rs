//! `_imp` and `_opcode`: what the script halves of `importlib` and `dis` ask the interpreter.

use crate::builtins::arguments::{bytes, int, outside_named, plain, string, tuple};
use crate::bytecode::{op, rows};
use crate::heap::{Ref, Value};
use crate::object::function::Code;
use crate::object::list::List;
use crate::object::module::Module;
use crate::object::native::{Def, ModuleDef, R, Raised};
use crate::vm::Vm;
use crate::vm::types::Known;

/// `_imp`
pub static MODULE: ModuleDef = ModuleDef {
    name: "_imp",
    doc: "(Extremely) low-level import machinery bits as used by importlib.",
    functions: &[
        Def::leaf("is_builtin(name, /)", |vm, args| {
            Ok(int(is_native(vm, &plain(&args[0])).into()))
        }),
        Def::leaf("create_builtin(spec, /)", create_builtin),
        Def::leaf("is_frozen(name, /)", |vm, args| {
            let kind = vm.loader.library_kind(&plain(&args[0]));
            Ok(Value::bool(kind.is_some()))
        }),
        Def::leaf("is_frozen_package(name, /)", |vm, args| {
            let name = plain(&args[0]);
            match vm.loader.library_kind(&name) {
                Some(is_package) => Ok(Value::bool(is_package)),
                None => Err(no_frozen(vm, &name)),
            }
        }),
        Def::leaf("get_frozen_object(name, data=None, /)", get_frozen_object),
        Def::leaf("_frozen_module_names()", |vm, _| {
            let names = vm.loader.library_names().into_iter().map(string).collect();
            Ok(List::from_vec(names).into_value())
        }),
        Def::leaf("extension_suffixes()", |_, _| {
            Ok(List::from_vec(Vec::new()).into_value())
        })
        .doc("Nothing: modules of other languages cannot be loaded."),
        Def::leaf("_override_frozen_modules_for_tests(override, /)", |_, _| {
            Ok(Value::NONE)
        })
        .doc("The library has no other form than the built-in one, so there is nothing to prefer."),
        Def::leaf("_module_kind(path, /)", |vm, args| {
            let path = crate::modules::io::path(vm, &args[0])?;
            let stat = vm.host.files.stat_module(&path);
            Ok(match stat {
                Ok(stat) if stat.is_file() => string("file"),
                Ok(stat) if stat.is_directory() => string("folder"),
                _ => Value::NONE,
            })
        })
        .doc("What is there, for who looks for modules: 'file', 'folder' or None."),
        Def::leaf("_read_module(path, /)", |vm, args| {
            let path = crate::modules::io::path(vm, &args[0])?;
            let read = vm.host.files.read_module(&path);
            let read = outside_named(vm, read, &args[0], None)?;
            bytes(vm, &read)
        })
        .doc("The bytes of a module's file, which under a sandbox need not be open to scripts otherwise."),
    ],
    types: &[],
    setup: None,
};

fn is_native(vm: &Vm, name: &str) -> bool {
    name == "builtins" || vm.library.modules.iter().any(|m| m.name == name)
}

fn create_builtin(vm: &mut Vm, args: &[Value]) -> R {
    let name = vm.get_attr(&args[0], "name")?;
    vm.import(&plain(&name))
}

fn no_frozen(vm: &mut Vm, name: &str) -> Raised {
    let text = format!("No such frozen object named {name}");
    vm.import_error(Known::ImportError, &text, string(name), Value::NONE)
}

fn get_frozen_object(vm: &mut Vm, args: &[Value]) -> R {
    let name = plain(&args[0]);
    match vm.loader.library(&name) {
        Some((code, _)) => Ok(vm.instantiate_code(code).into_value()),
        None => Err(no_frozen(vm, &name)),
    }
}

/// `_opcode`
pub static OPCODE: ModuleDef = ModuleDef {
    name: "_opcode",
    doc: "The interpreter's own operations, for dis.",
    functions: &[
        Def::leaf("operations()", operations).doc("The names of the operations, by number."),
        Def::leaf("instructions(code, /)", instructions)
            .doc("Offset, number, operands, place and whether it is a jump's target, of each."),
    ],
    types: &[],
    setup: Some(|vm, module: &Ref<Module>| {
        vm.set_name(&module.namespace, "ENABLE_SPECIALIZATION", Value::FALSE)
    }),
};

fn operations(_: &mut Vm, _: &[Value]) -> R {
    let names = op::ALL.iter().map(|op| string(op.name())).collect();
    Ok(List::from_vec(names).into_value())
}

fn instructions(vm: &mut Vm, args: &[Value]) -> R {
    let Some(code) = args[0].to_ref::<Code>() else {
        let name = vm.type_name(&args[0]);
        return Err(vm.type_error(format!("expected a code object, got {name}")));
    };
    let mut all = Vec::new();
    for row in rows(&code.plain) {
        let place = row.position;
        let number = |n: u32| if n == 0 { Value::NONE } else { int(n.into()) };
        let column = |n: u32| {
            if place.line == 0 {
                Value::NONE
            } else {
                int(n.into())
            }
        };
        let positions = vec![
            number(place.line),
            number(place.end_line),
            column(place.column),
            column(place.end_column),
        ];
        let positions = tuple(vm, positions)?;
        let fields = vec![
            int(row.at.into()),
            int(row.op as i64),
            string(&row.operands),
            positions,
            Value::bool(row.is_target),
        ];
        all.push(tuple(vm, fields)?);
    }
    Ok(List::from_vec(all).into_value())
}
