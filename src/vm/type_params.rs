//! What the syntax of type parameters makes: TypeVar and its kin, type aliases.
//! The classes are those of the module `typing`.

use super::Vm;
use crate::bytecode::op::Intrinsic;
use crate::heap::Value;
use crate::object::native::R;
use crate::object::tuple::Tuple;

impl Vm {
    /// One of the intrinsics about type parameters.
    pub(crate) fn type_parameter(&mut self, which: u16, items: &[Value]) -> R {
        const TYPE_VAR: u16 = Intrinsic::TypeVar as u16;
        const BOUND: u16 = Intrinsic::TypeVarBound as u16;
        const CONSTRAINTS: u16 = Intrinsic::TypeVarConstraints as u16;
        const TUPLE: u16 = Intrinsic::TypeVarTuple as u16;
        const PARAM_SPEC: u16 = Intrinsic::ParamSpec as u16;
        const DEFAULT: u16 = Intrinsic::SetTypeParamDefault as u16;
        const ALIAS: u16 = Intrinsic::TypeAlias as u16;
        const GENERIC: u16 = Intrinsic::SubscriptGeneric as u16;
        const UNPACK: u16 = Intrinsic::Unpack as u16;
        let maker = match which {
            TYPE_VAR => "_make_typevar",
            BOUND => "_make_typevar_bound",
            CONSTRAINTS => "_make_typevar_constraints",
            TUPLE => "_make_typevartuple",
            PARAM_SPEC => "_make_paramspec",
            DEFAULT => "_set_typeparam_default",
            ALIAS => "_make_typealias",
            GENERIC => "_subscript_generic",
            UNPACK => return self.unpack_in_subscript(&items[0]),
            _ => return self.set_type_params(items),
        };
        let typing = self.import("typing")?;
        self.call_method(&typing, maker, items)
    }

    /// `*x` in a subscript gives the items of `x`.
    fn unpack_in_subscript(&mut self, value: &Value) -> R {
        let items = self.collect(value)?;
        Ok(Tuple::of(items).into_value())
    }

    fn set_type_params(&mut self, items: &[Value]) -> R {
        self.set_attr(&items[0], "__type_params__", &items[1])?;
        Ok(items[0].clone())
    }
}
