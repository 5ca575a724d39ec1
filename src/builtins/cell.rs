//! `cell`: what a closure keeps a variable in.

use crate::heap::Value;
use crate::object::function::Cell_;
use crate::object::kind;
use crate::object::native::{Attribute, Def, R, TypeDef};
use crate::object::str::Str;
use crate::vm::Vm;
use crate::vm::compare::CompareOp;

/// `cell`
pub static CELL: TypeDef = TypeDef {
    doc: "Create a new cell object.",
    new: Some(
        Def::leaf("__new__(cls, contents=<unset>, /)", |_, args| {
            Ok(Cell_::alloc(args[1].clone()).into_value())
        })
        .stat(),
    ),
    methods: &[
        Def::leaf("__repr__(self, /)", cell_repr),
        Def::leaf("__eq__(self, value, /)", |vm, args| {
            cell_compare(vm, CompareOp::Eq, args)
        }),
        Def::leaf("__ne__(self, value, /)", |vm, args| {
            cell_compare(vm, CompareOp::Ne, args)
        }),
        Def::leaf("__lt__(self, value, /)", |vm, args| {
            cell_compare(vm, CompareOp::Lt, args)
        }),
        Def::leaf("__le__(self, value, /)", |vm, args| {
            cell_compare(vm, CompareOp::Le, args)
        }),
        Def::leaf("__gt__(self, value, /)", |vm, args| {
            cell_compare(vm, CompareOp::Gt, args)
        }),
        Def::leaf("__ge__(self, value, /)", |vm, args| {
            cell_compare(vm, CompareOp::Ge, args)
        }),
    ],
    attributes: &[Attribute::get_set(
        "cell_contents",
        cell_contents,
        |_, c, v| {
            if let Some(cell) = c.get::<Cell_>() {
                cell.content.set(v.clone());
            }
            Ok(())
        },
    )],
    ..TypeDef::new("builtins", "cell", kind::CELL)
};

/// The tables of this file.
pub static TYPES: &[&TypeDef] = &[&CELL];

fn cell_contents(vm: &mut Vm, cell: &Value) -> R {
    match cell.get::<Cell_>().map(|c| c.content.get()) {
        Some(content) if !content.is_undef() => Ok(content),
        _ => Err(vm.value_error("Cell is empty")),
    }
}

/// Cells are compared by what they hold; an empty one is less than any other.
fn cell_compare(vm: &mut Vm, op: CompareOp, args: &[Value]) -> R {
    let (Some(a), Some(b)) = (args[0].to_ref::<Cell_>(), args[1].to_ref::<Cell_>()) else {
        return Ok(Value::NOT_IMPLEMENTED);
    };
    let (a, b) = (a.content.get(), b.content.get());
    if a.is_undef() || b.is_undef() {
        let order = (!a.is_undef()).cmp(&!b.is_undef());
        return Ok(Value::bool(op.holds(order)));
    }
    vm.check_stack()?;
    vm.compare(op, &a, &b)
}

fn cell_repr(vm: &mut Vm, args: &[Value]) -> R {
    let at = vm.address(&args[0]);
    let content = args[0]
        .get::<Cell_>()
        .map_or(Value::UNDEF, |c| c.content.get());
    let text = if content.is_undef() {
        format!("<cell at {at}: empty>")
    } else {
        format!(
            "<cell at {at}: {} object at {}>",
            vm.type_name(&content),
            vm.address(&content)
        )
    };
    Ok(Str::new(&text).into_value())
}
