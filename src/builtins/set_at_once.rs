//! Methods of sets whose one operand is a set too: nothing has to be gathered, and no frame is needed.

use crate::heap::Value;
use crate::object::native::R;
use crate::object::set::{FrozenSet, Set, with_table};
use crate::vm::Vm;
use crate::vm::compare::CompareOp;
use crate::vm::ops::BinaryOp;

/// What a method was called with: its receiver, which is of the built-in type that has the method, and another set.
fn both_sets<const FROZEN: bool>(args: &[Value]) -> Option<(&Value, &Value)> {
    let [own, other] = args else { return None };
    let is_own = match FROZEN {
        true => own.is_kind::<FrozenSet>(),
        false => own.is_kind::<Set>(),
    };
    (is_own && with_table(other, |_| ()).is_some()).then_some((own, other))
}

/// `union`
pub(super) fn union<const FROZEN: bool>(vm: &mut Vm, args: &[Value]) -> Option<R> {
    let (own, other) = both_sets::<FROZEN>(args)?;
    Some(vm.set_op(BinaryOp::Or, own, other))
}

/// `intersection`
pub(super) fn intersection<const FROZEN: bool>(vm: &mut Vm, args: &[Value]) -> Option<R> {
    let (own, other) = both_sets::<FROZEN>(args)?;
    Some(vm.set_op(BinaryOp::And, own, other))
}

/// `difference`
pub(super) fn difference<const FROZEN: bool>(vm: &mut Vm, args: &[Value]) -> Option<R> {
    let (own, other) = both_sets::<FROZEN>(args)?;
    Some(vm.set_op(BinaryOp::Sub, own, other))
}

/// `issubset`
pub(super) fn issubset<const FROZEN: bool>(vm: &mut Vm, args: &[Value]) -> Option<R> {
    let (own, other) = both_sets::<FROZEN>(args)?;
    Some(vm.native_compare(CompareOp::Le, own, other))
}

/// `issuperset`
pub(super) fn issuperset<const FROZEN: bool>(vm: &mut Vm, args: &[Value]) -> Option<R> {
    let (own, other) = both_sets::<FROZEN>(args)?;
    Some(vm.native_compare(CompareOp::Ge, own, other))
}

/// `update`
pub(super) fn update(vm: &mut Vm, args: &[Value]) -> Option<R> {
    let (own, other) = both_sets::<false>(args)?;
    let own = own.to_ref::<Set>()?;
    Some(vm.set_merge(&own, other).map(|_| Value::NONE))
}
