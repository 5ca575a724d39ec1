//! Frames, their locals and tracebacks as scripts see them.

use super::arguments::small;
use super::generator::line_value;
use crate::heap::{Ref, Value};
use crate::object::dict::Dict;
use crate::object::exception::Traceback;
use crate::object::frame_object::{FrameLocals, FrameObject};
use crate::object::int;
use crate::object::kind;
use crate::object::list::List;
use crate::object::native::{Attribute, Def, R, TypeDef};
use crate::object::str::Str;
use crate::vm::Vm;
use crate::vm::compare::CompareOp;
use crate::vm::ops::BinaryOp;

/// `traceback`
pub static TRACEBACK: TypeDef = TypeDef {
    new: Some(
        Def::leaf(
            "__new__(cls, tb_next, tb_frame, tb_lasti, tb_lineno)",
            new_entry,
        )
        .stat(),
    ),
    attributes: &[
        Attribute::get("tb_frame", |_, v| {
            Ok(v.get::<Traceback>()
                .map_or(Value::NONE, |t| t.frame.value()))
        }),
        Attribute::get("tb_lineno", |_, v| {
            Ok(v.get::<Traceback>()
                .map_or(Value::NONE, |t| line_value(t.line())))
        }),
        Attribute::get("tb_lasti", |_, v| {
            Ok(v.get::<Traceback>()
                .map_or(Value::NONE, |t| int::from_i64(t.lasti())))
        }),
        Attribute::get_set(
            "tb_next",
            |_, v| Ok(v.get::<Traceback>().map_or(Value::NONE, |t| t.next.get())),
            set_next,
        ),
    ],
    ..TypeDef::new("builtins", "traceback", kind::TRACEBACK)
};

fn new_entry(vm: &mut Vm, args: &[Value]) -> R {
    let (next, frame) = (&args[1], &args[2]);
    if !next.is_none() && !next.is_kind::<Traceback>() {
        let name = vm.type_name(next);
        return Err(vm.type_error(format!("expected traceback object or None, got '{name}'")));
    }
    let Some(frame) = frame.to_ref::<FrameObject>() else {
        let name = vm.type_name(frame);
        return Err(vm.type_error(format!(
            "traceback() argument 'tb_frame' must be frame, not {name}"
        )));
    };
    let (lasti, line) = (small(vm, &args[3])?, small(vm, &args[4])?);
    let line = u32::try_from(line).ok();
    Ok(Traceback::made(next.clone(), frame, lasti, line).into_value())
}

fn set_next(vm: &mut Vm, value: &Value, new: &Value) -> R<()> {
    if new.is_undef() {
        return Err(vm.type_error("can't delete tb_next attribute"));
    }
    if !new.is_none() && !new.is_kind::<Traceback>() {
        let name = vm.type_name(new);
        return Err(vm.type_error(format!("expected traceback object, got '{name}'")));
    }
    let mut link = new.clone();
    while let Some(entry) = link.get::<Traceback>() {
        if link.is(value) {
            return Err(vm.value_error("traceback loop detected"));
        }
        let next = entry.next.get();
        link = next;
    }
    if let Some(entry) = value.get::<Traceback>() {
        entry.next.set(new.clone());
    }
    Ok(())
}

/// `frame`
pub static FRAME: TypeDef = TypeDef {
    methods: &[
        Def::leaf("clear(self, /)", |vm, args| {
            if let Some(frame) = args[0].to_ref::<FrameObject>() {
                vm.clear_frame(&frame)?;
            }
            Ok(Value::NONE)
        }),
        Def::leaf("__repr__(self, /)", |vm, args| {
            let Some(frame) = args[0].get::<FrameObject>() else {
                return Ok(Value::NONE);
            };
            let plain = &frame.code.plain;
            let (file, line) = (plain.source.name(), vm.frame_line(frame));
            let address = vm.address(&args[0]);
            let text = format!(
                "<frame at {address}, file '{file}', line {line}, code {}>",
                plain.name
            );
            Ok(Str::new(&text).into_value())
        }),
    ],
    attributes: &[
        Attribute::get("f_code", |_, v| of(v, |f| f.code.value())),
        Attribute::get_set(
            "f_lineno",
            |vm, v| of(v, |f| line_value(vm.frame_line(f))),
            |vm, _, new| {
                if new.is_undef() {
                    return Err(vm.type_error("cannot delete f_lineno"));
                }
                Err(vm.value_error("f_lineno can only be set by a trace function"))
            },
        ),
        Attribute::get("f_lasti", |_, v| {
            of(v, |f| int::from_i64(i64::from(f.at()) * 2))
        }),
        Attribute::get("f_globals", |_, v| of(v, FrameObject::globals)),
        Attribute::get("f_locals", |vm, v| match v.get::<FrameObject>() {
            Some(frame) if !frame.has_fast_locals() => vm.frame_namespace(frame),
            _ => Ok(FrameLocals::alloc(v.clone()).into_value()),
        }),
        Attribute::get("f_back", |vm, v| of(v, |f| vm.frame_back(f))),
        Attribute::get("f_builtins", |vm, _| Ok(vm.builtins.value())),
        Attribute::get_set(
            "f_trace",
            |_, v| of(v, |f| f.trace_function()),
            |_, v, new| {
                if let Some(frame) = v.get::<FrameObject>() {
                    let gone = new.is_undef();
                    frame.set_trace_function(if gone { Value::NONE } else { new.clone() });
                }
                Ok(())
            },
        ),
        Attribute::get_set(
            "f_trace_lines",
            |_, v| of(v, |f| Value::bool(f.trace_flags().0)),
            |vm, v, new| set_flag(vm, v, new, |(lines, _), new| *lines = new),
        ),
        Attribute::get_set(
            "f_trace_opcodes",
            |_, v| of(v, |f| Value::bool(f.trace_flags().1)),
            |vm, v, new| set_flag(vm, v, new, |(_, opcodes), new| *opcodes = new),
        ),
    ],
    ..TypeDef::new("builtins", "frame", kind::FRAME)
};

fn of(value: &Value, get: impl FnOnce(&FrameObject) -> Value) -> R {
    Ok(value.get::<FrameObject>().map_or(Value::NONE, get))
}

fn set_flag(
    vm: &mut Vm,
    value: &Value,
    new: &Value,
    change: impl Fn(&mut (bool, bool), bool),
) -> R<()> {
    if new.is_undef() || !(new.is_true() || new.is(&Value::bool(false))) {
        return Err(vm.type_error("attribute value type must be bool"));
    }
    if let Some(frame) = value.get::<FrameObject>() {
        let mut flags = frame.trace_flags();
        change(&mut flags, new.is_true());
        frame.set_trace_flags(flags.0, flags.1);
    }
    Ok(())
}

/// `FrameLocalsProxy`: a mapping that reads and writes the locals of a frame.
pub static FRAME_LOCALS: TypeDef = TypeDef {
    flags: crate::object::class::class_flags::MAPPING,
    new: Some(Def::leaf("__new__(cls, frame, /)", new_locals).stat()),
    methods: &[
        Def::leaf("__getitem__(self, key, /)", |vm, args| {
            let frame = frame_of(vm, &args[0])?;
            match vm.read_local(&frame, &args[1])? {
                Some(value) => Ok(value),
                None => {
                    let key = vm.repr_text(&args[1])?;
                    let text = Str::new(&format!("local variable '{key}' is not defined"));
                    Err(vm.key_error(text.as_value()))
                }
            }
        }),
        Def::leaf("__setitem__(self, key, value, /)", |vm, args| {
            let frame = frame_of(vm, &args[0])?;
            vm.write_local(&frame, &args[1], args[2].clone())?;
            Ok(Value::NONE)
        }),
        Def::leaf("__delitem__(self, key, /)", |vm, _| {
            Err(vm.type_error("cannot remove variables from FrameLocalsProxy"))
        }),
        Def::leaf("__contains__(self, key, /)", |vm, args| {
            let frame = frame_of(vm, &args[0])?;
            Ok(Value::bool(vm.read_local(&frame, &args[1])?.is_some()))
        }),
        Def::leaf("__len__(self, /)", |vm, args| {
            let frame = frame_of(vm, &args[0])?;
            Ok(int::from_usize(vm.local_pairs(&frame).len()))
        }),
        Def::leaf("__iter__(self, /)", |vm, args| {
            let names = names(vm, &args[0])?;
            vm.iter(&names)
        }),
        Def::leaf("__reversed__(self, /)", |vm, args| {
            let frame = frame_of(vm, &args[0])?;
            let mut names = vm.bound_locals(&frame);
            names.reverse();
            Ok(List::from_vec(names).into_value())
        }),
        Def::leaf("get(self, key, default=None, /)", |vm, args| {
            let frame = frame_of(vm, &args[0])?;
            let found = vm.read_local(&frame, &args[1])?;
            Ok(found.unwrap_or_else(|| args[2].clone()))
        }),
        Def::leaf("setdefault(self, key, default=None, /)", |vm, args| {
            let frame = frame_of(vm, &args[0])?;
            if let Some(value) = vm.read_local(&frame, &args[1])? {
                return Ok(value);
            }
            vm.write_local(&frame, &args[1], args[2].clone())?;
            Ok(args[2].clone())
        }),
        Def::leaf("keys(self, /)", |vm, args| names(vm, &args[0])),
        Def::leaf("values(self, /)", |vm, args| {
            let frame = frame_of(vm, &args[0])?;
            let pairs = vm.local_pairs(&frame);
            Ok(List::from_vec(pairs.into_iter().map(|(_, value)| value).collect()).into_value())
        }),
        Def::leaf("items(self, /)", |vm, args| {
            let dict = snapshot(vm, &args[0])?;
            let items = vm.call_method(&dict, "items", &[])?;
            let items = vm.collect(&items)?;
            Ok(List::from_vec(items).into_value())
        }),
        Def::leaf("copy(self, /)", |vm, args| snapshot(vm, &args[0])),
        Def::leaf("update(self, other, /)", |vm, args| {
            merge(vm, &args[0], &args[1])?;
            Ok(Value::NONE)
        }),
        Def::leaf("__repr__(self, /)", repr),
        Def::leaf("__or__(self, value, /)", |vm, args| {
            either(vm, &args[0], &args[1])
        }),
        Def::leaf("__ror__(self, value, /)", |vm, args| {
            either(vm, &args[1], &args[0])
        }),
        Def::leaf("__ior__(self, value, /)", |vm, args| {
            if !is_dict_like(&args[1]) {
                return Ok(Value::NOT_IMPLEMENTED);
            }
            merge(vm, &args[0], &args[1])?;
            Ok(args[0].clone())
        }),
        Def::leaf("__eq__(self, value, /)", |vm, args| {
            if let Some(other) = args[1].get::<FrameLocals>() {
                let own = args[0].get::<FrameLocals>();
                return Ok(Value::bool(
                    own.is_some_and(|l| l.frame.get().is(&other.frame.get())),
                ));
            }
            if !args[1].is_kind::<Dict>() {
                return Ok(Value::NOT_IMPLEMENTED);
            }
            let dict = snapshot(vm, &args[0])?;
            vm.compare(CompareOp::Eq, &dict, &args[1])
        }),
        Def::leaf("__hash__(self, /)", |vm, _| {
            Err(vm.type_error("unhashable type: 'FrameLocalsProxy'"))
        }),
    ],
    ..TypeDef::new("builtins", "FrameLocalsProxy", kind::FRAME_LOCALS)
};

fn new_locals(vm: &mut Vm, args: &[Value]) -> R {
    if !args[1].is_kind::<FrameObject>() {
        let name = vm.type_name(&args[1]);
        return Err(vm.type_error(format!("expect frame, not {name}")));
    }
    Ok(FrameLocals::alloc(args[1].clone()).into_value())
}

fn frame_of(vm: &mut Vm, value: &Value) -> R<Ref<FrameObject>> {
    let frame = value
        .get::<FrameLocals>()
        .and_then(|l| l.frame.get().to_ref::<FrameObject>());
    frame.ok_or_else(|| vm.type_error("expect frame"))
}

fn names(vm: &mut Vm, value: &Value) -> R {
    let frame = frame_of(vm, value)?;
    Ok(List::from_vec(vm.bound_locals(&frame)).into_value())
}

/// A dict of what the locals are now.
fn snapshot(vm: &mut Vm, value: &Value) -> R {
    let frame = frame_of(vm, value)?;
    let dict = Dict::new();
    for (name, value) in vm.local_pairs(&frame) {
        vm.dict_set(&dict, &name, value)?;
    }
    Ok(dict.into_value())
}

fn is_dict_like(value: &Value) -> bool {
    value.is_kind::<Dict>() || value.is_kind::<FrameLocals>()
}

fn merge(vm: &mut Vm, target: &Value, other: &Value) -> R<()> {
    if !is_dict_like(other) {
        return Err(vm.type_error("update() argument must be dict or another FrameLocalsProxy"));
    }
    let frame = frame_of(vm, target)?;
    for (name, value) in vm.mapping_entries(other)? {
        vm.write_local(&frame, &name, value)?;
    }
    Ok(())
}

fn either(vm: &mut Vm, a: &Value, b: &Value) -> R {
    let mut sides = [a.clone(), b.clone()];
    for side in &mut sides {
        if side.is_kind::<FrameLocals>() {
            *side = snapshot(vm, side)?;
        } else if !side.is_kind::<Dict>() {
            return Ok(Value::NOT_IMPLEMENTED);
        }
    }
    vm.binary(BinaryOp::Or, &sides[0], &sides[1])
}

fn repr(vm: &mut Vm, args: &[Value]) -> R {
    let dict = snapshot(vm, &args[0])?;
    vm.repr(&dict).map(Ref::into_value)
}
