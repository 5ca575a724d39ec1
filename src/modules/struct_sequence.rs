//! Tuples whose items have names (`time.struct_time`, `os.stat_result`,
//! `sys.version_info` ...). Their classes derive from `tuple`; further fields
//! that are not items lie in the instance's dict.

use crate::builtins::arguments::{pair, shape_of_class, string, tuple};
use crate::heap::{Ref, Value};
use crate::object::class::{Class, class_flags};
use crate::object::dict::Dict;
use crate::object::native::{R, TypeDef};
use crate::object::tuple::Tuple;
use crate::vm::Vm;
use crate::vm::types::Known;

/// The item at a place, for a table of attributes.
pub fn field<const N: usize>(_: &mut Vm, value: &Value) -> R {
    Ok(value
        .get::<Tuple>()
        .and_then(|t| t.get(N))
        .unwrap_or(Value::NONE))
}

/// Declares the table of such a type: `place name`, in order.
macro_rules! struct_sequence {
    ($(#[$meta:meta])* $vis:vis static $table:ident = $module:literal $name:literal new($new:expr) [
        $($place:literal $field:literal,)+
    ]) => {
        $(#[$meta])*
        $vis static $table: $crate::object::native::TypeDef = $crate::object::native::TypeDef {
            base: Some(&$crate::builtins::tuple::TUPLE),
            flags: $crate::object::class::class_flags::HAS_DICT
                | $crate::object::class::class_flags::SETATTR,
            new: $new,
            methods: &[
                $crate::object::native::Def::leaf("__repr__(self, /)", |vm, args| {
                    $crate::modules::struct_sequence::repr(vm, &args[0], concat!($module, ".", $name), &[$($field),+])
                }),
                $crate::object::native::Def::leaf("__reduce__(self, /)", |vm, args| {
                    $crate::modules::struct_sequence::reduce(vm, &args[0])
                }),
                $crate::object::native::Def::leaf("__setattr__(self, name, value, /)", |vm, args| {
                    $crate::modules::struct_sequence::refuse(vm, args, concat!($module, ".", $name), &[$($field),+])
                }),
                $crate::object::native::Def::leaf("__delattr__(self, name, /)", |vm, args| {
                    $crate::modules::struct_sequence::refuse(vm, args, concat!($module, ".", $name), &[$($field),+])
                }),
                $crate::object::native::Def::leaf("__replace__(self, /, **changes)", |vm, args| {
                    $crate::modules::struct_sequence::replace(vm, &args[0], &args[1], &[$($field),+])
                }),
            ],
            attributes: &[
                $($crate::object::native::Attribute::get($field, $crate::modules::struct_sequence::field::<$place>),)+
                $crate::object::native::Attribute::get("n_fields", |_, _| Ok(Value::int32([$($field),+].len() as i32))),
                $crate::object::native::Attribute::get("n_sequence_fields", |_, _| Ok(Value::int32([$($field),+].len() as i32))),
                $crate::object::native::Attribute::get("n_unnamed_fields", |_, _| Ok(Value::int32(0))),
            ],
            ..$crate::object::native::TypeDef::new($module, $name, $crate::object::kind::TUPLE)
        };
    };
}
pub(crate) use struct_sequence;

/// `module.name(a=1, b=2)`
pub fn repr(vm: &mut Vm, value: &Value, name: &str, fields: &[&str]) -> R {
    let mut text = format!("{name}(");
    let values: Vec<Value> = value
        .get::<Tuple>()
        .map_or_else(Vec::new, |t| t.items().to_vec());
    for (i, (field, value)) in fields.iter().zip(values).enumerate() {
        if i > 0 {
            text.push_str(", ");
        }
        text.push_str(&format!("{field}={}", vm.repr_text(&value)?));
    }
    text.push(')');
    Ok(string(&text))
}

/// What makes the same value again: its class, the items, and the fields that are no items.
pub fn reduce(vm: &mut Vm, value: &Value) -> R {
    let items = value
        .get::<Tuple>()
        .map_or_else(Vec::new, |t| t.items().to_vec());
    let items = tuple(vm, items)?;
    let rest = Dict::new();
    for (name, field) in vm.object_dict(value).map_or_else(Vec::new, |d| d.pairs()) {
        vm.dict_set(&rest, &name, field)?;
    }
    let class = vm.class_of(value).into_value();
    Ok(pair(class, pair(items, rest.into_value())))
}

/// Fields are not set, and there is no room for more.
pub fn refuse(vm: &mut Vm, args: &[Value], type_name: &str, fields: &[&str]) -> R {
    if !vm.class_of(&args[0]).has(class_flags::BUILTIN) {
        // A subclass has room of its own.
        let step = match args.get(2) {
            Some(value) => vm.generic_set_step(&args[0], &args[1], value),
            None => vm.generic_delete_step(&args[0], &args[1]),
        };
        return vm.finish(step);
    }
    let name = crate::builtins::arguments::plain(&args[1]);
    let hidden = vm
        .object_dict(&args[0])
        .map_or_else(Vec::new, |d| d.pairs());
    let known = fields.contains(&name.as_str())
        || hidden
            .iter()
            .any(|(key, _)| crate::builtins::arguments::plain(key) == name);
    let text = if known {
        "readonly attribute".to_string()
    } else {
        format!(
            "'{type_name}' object has no attribute '{name}' and no __dict__ for setting new attributes"
        )
    };
    Err(vm.raise_known(Known::AttributeError, &text))
}

/// `copy.replace(value, ...)`
pub fn replace(vm: &mut Vm, value: &Value, changes: &Value, fields: &[&str]) -> R {
    let mut values: Vec<Value> = value
        .get::<Tuple>()
        .map_or_else(Vec::new, |t| t.items().to_vec());
    for (key, change) in changes.get::<Dict>().map_or_else(Vec::new, Dict::pairs) {
        let key = crate::builtins::arguments::plain(&key);
        match fields.iter().position(|f| *f == key) {
            Some(at) if at < values.len() => values[at] = change,
            _ => return Err(vm.type_error(format!("Got unexpected field name(s): ['{key}']"))),
        }
    }
    let class = vm.class_of(value);
    let made = Tuple::with_shape(class.root_shape.get(), &values);
    vm.lift(made).map(Ref::into_value)
}

/// A value of this type.
pub fn make(vm: &mut Vm, def: &'static TypeDef, values: &[Value]) -> R {
    let class = vm.class_of_def(def);
    let made = Tuple::with_shape(class.root_shape.get(), values);
    vm.lift(made).map(Ref::into_value)
}

/// `__new__(cls, sequence)`: of `least` items, and up to `most` with those that are only attributes.
pub fn from_sequence(vm: &mut Vm, args: &[Value], least: usize, hidden: &[&str]) -> R {
    let values = vm.collect(&args[1])?;
    let most = least + hidden.len();
    let name = args[0].to_ref::<Class>().map_or_else(String::new, |c| {
        let module = c.def.map_or("", |d| d.module);
        format!("{module}.{}", c.name_str())
    });
    if values.len() < least || values.len() > most {
        let how = match (most > least, values.len() < least) {
            (false, _) => format!("a {least}-sequence"),
            (true, true) => format!("an at least {least}-sequence"),
            (true, false) => format!("an at most {most}-sequence"),
        };
        return Err(vm.type_error(format!(
            "{name}() takes {how} ({}-sequence given)",
            values.len()
        )));
    }
    let made = Tuple::with_shape(shape_of_class(&args[0]), &values[..least]);
    let made = vm.lift(made)?.into_value();
    for (i, name) in hidden.iter().enumerate() {
        let value = values.get(least + i).cloned().unwrap_or(Value::NONE);
        set_hidden(vm, &made, name, value)?;
    }
    let more = args.get(2).and_then(|more| more.get::<Dict>());
    for (name, field) in more.map_or_else(Vec::new, Dict::pairs) {
        set_hidden(vm, &made, &crate::builtins::arguments::plain(&name), field)?;
    }
    Ok(made)
}

/// Sets a field that is no item.
pub fn set_hidden(vm: &mut Vm, value: &Value, name: &str, field: Value) -> R<()> {
    match vm.object_dict(value) {
        Some(dict) => vm.set_name(&dict, name, field),
        None => Ok(()),
    }
}

/// A field that is no item.
pub fn hidden(vm: &mut Vm, value: &Value, name: &str) -> R<Value> {
    Ok(vm.get_attr_optional(value, name)?.unwrap_or(Value::NONE))
}
