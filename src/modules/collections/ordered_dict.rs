//! `collections.OrderedDict`: a dict that can move its entries. Dicts keep the
//! order of insertion anyway, so only what is special is here.

use super::default_dict::dict_of;
use super::odict_views;
use crate::builtins::arguments::{long_string, pair, tuple};
use crate::heap::Value;
use crate::object::class::class_flags;
use crate::object::dict::Dict;
use crate::object::iterator::{BACKWARD, KEYS};
use crate::object::kind;
use crate::object::native::{Def, R, TypeDef};
use crate::vm::Vm;

fn move_to_end(vm: &mut Vm, args: &[Value]) -> R {
    let last = vm.truth(&args[2])?;
    let dict = dict_of(&args[0]);
    let Some(position) = vm.dict_find(&dict, &args[1])? else {
        return Err(vm.key_error(&args[1]));
    };
    let moved = dict.table.borrow_mut().move_entry(position, last);
    vm.lift(moved)?;
    Ok(Value::NONE)
}

fn popitem(vm: &mut Vm, args: &[Value]) -> R {
    let last = vm.truth(&args[1])?;
    let dict = dict_of(&args[0]);
    let entry = {
        let mut table = dict.table.borrow_mut();
        if last {
            table.pop_last()
        } else {
            table.position_from(0).and_then(|at| table.remove_at(at))
        }
    };
    match entry {
        Some((key, value)) => Ok(pair(key, value)),
        None => Err(vm.key_error_text("dictionary is empty")),
    }
}

fn repr(vm: &mut Vm, args: &[Value]) -> R {
    let name = vm.class_of(&args[0]).name_str();
    let dict = dict_of(&args[0]);
    if dict.is_empty() {
        return long_string(vm, &format!("{name}()"));
    }
    if !vm.enter_repr(&args[0]) {
        return long_string(vm, "...");
    }
    let mut inside: R<String> = Ok(String::new());
    for (key, value) in dict.pairs() {
        inside = inside.and_then(|text: String| {
            let sep = if text.is_empty() { "" } else { ", " };
            Ok(format!(
                "{text}{sep}{}: {}",
                vm.repr_text(&key)?,
                vm.repr_text(&value)?
            ))
        });
    }
    vm.leave_repr();
    let text = format!("{name}({{{}}})", inside?);
    long_string(vm, &text)
}

/// Between two OrderedDicts the order counts.
fn equal(vm: &mut Vm, args: &[Value]) -> R {
    let Some(other) = args[1].to_ref::<Dict>() else {
        return Ok(Value::NOT_IMPLEMENTED);
    };
    let dict = dict_of(&args[0]);
    if dict.len() != other.len() {
        return Ok(Value::FALSE);
    }
    let ordered = vm.class_of_def(&ORDERED_DICT);
    let in_order = vm.class_of(&args[1]).is_subclass(&ordered);
    let others = other.pairs();
    for (at, (key, value)) in dict.pairs().into_iter().enumerate() {
        let found = if in_order {
            match others.get(at) {
                Some((other_key, other_value)) if vm.eq(&key, other_key)? => {
                    Some(other_value.clone())
                }
                _ => None,
            }
        } else {
            vm.dict_get(&other, &key)?
        };
        let same = match found {
            Some(found) => vm.eq(&value, &found)?,
            None => false,
        };
        if !same {
            return Ok(Value::FALSE);
        }
    }
    Ok(Value::TRUE)
}

fn unequal(vm: &mut Vm, args: &[Value]) -> R {
    let result = equal(vm, args)?;
    Ok(result.as_bool().map_or(result, |same| Value::bool(!same)))
}

fn copy(vm: &mut Vm, args: &[Value]) -> R {
    let class = vm.class_of(&args[0]).into_value();
    vm.call(&class, std::slice::from_ref(&args[0]))
}

fn or(vm: &mut Vm, args: &[Value]) -> R {
    merged(vm, &args[0], &args[0], &args[1])
}

fn reversed_or(vm: &mut Vm, args: &[Value]) -> R {
    merged(vm, &args[0], &args[1], &args[0])
}

fn merged(vm: &mut Vm, owner: &Value, first: &Value, second: &Value) -> R {
    if !first.is_kind::<Dict>() || !second.is_kind::<Dict>() {
        return Ok(Value::NOT_IMPLEMENTED);
    }
    let class = vm.class_of(owner).into_value();
    let made = vm.call(&class, std::slice::from_ref(first))?;
    vm.dict_update_mapping(&dict_of(&made), second)?;
    Ok(made)
}

fn reduce(vm: &mut Vm, args: &[Value]) -> R {
    let class = vm.class_of(&args[0]).into_value();
    let items = vm.call_method(&args[0], "items", &[])?;
    let items = vm.iter(&items)?;
    let empty = tuple(vm, Vec::new())?;
    tuple(vm, vec![class, empty, Value::NONE, Value::NONE, items])
}

fn reversed(vm: &mut Vm, args: &[Value]) -> R {
    Ok(odict_views::iterator(vm, &args[0], KEYS | BACKWARD))
}

/// `collections.OrderedDict`
pub static ORDERED_DICT: TypeDef = TypeDef {
    base: Some(&crate::builtins::dict::DICT),
    flags: class_flags::BASE | class_flags::HAS_DICT | class_flags::WEAKREF | class_flags::MAPPING,
    doc: "A dict whose order can be changed.",
    new: Some(Def::leaf("__new__(cls, *args, **kwargs)", |_, args| {
        let shape = crate::builtins::arguments::shape_of_class(&args[0]);
        Ok(Dict::with_shape(shape, Default::default()).into_value())
    })),
    methods: &[
        Def::leaf("move_to_end(self, /, key, last=True)", move_to_end)
            .doc("Moves a key to one of the ends."),
        Def::leaf("popitem(self, /, last=True)", popitem)
            .doc("Takes out the last pair, or the first."),
        Def::leaf("__repr__(self, /)", repr),
        Def::leaf("__eq__(self, value, /)", equal),
        Def::leaf("__ne__(self, value, /)", unequal),
        Def::leaf("copy(self, /)", copy),
        Def::leaf("__copy__(self, /)", copy),
        Def::leaf("__or__(self, value, /)", or),
        Def::leaf("__ror__(self, value, /)", reversed_or),
        Def::leaf("__reduce__(self, /)", reduce),
        Def::leaf("__reversed__(self, /)", reversed),
        Def::leaf("__iter__(self, /)", |vm, args| {
            Ok(odict_views::iterator(vm, &args[0], KEYS))
        }),
        Def::leaf("keys(self, /)", odict_views::keys).doc("A view of the keys."),
        Def::leaf("values(self, /)", odict_views::values).doc("A view of the values."),
        Def::leaf("items(self, /)", odict_views::items)
            .doc("A view of the pairs of key and value."),
    ],
    attributes: &[crate::builtins::arguments::LASTING_DICT],
    ..TypeDef::new("collections", "OrderedDict", kind::DICT)
};
