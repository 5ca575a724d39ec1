//! What the syntax of type parameters makes: TypeVar and its kin, type aliases.
//! Their types are native and lie in the module `_typing`, which makes them.

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
        let (module, maker) = match which {
            TYPE_VAR => ("_typing", "_type_var"),
            BOUND => ("_typing", "_bound_type_var"),
            CONSTRAINTS => ("_typing", "_constrained_type_var"),
            TUPLE => ("_typing", "_type_var_tuple"),
            PARAM_SPEC => ("_typing", "_param_spec"),
            DEFAULT => ("_typing", "_set_default"),
            ALIAS => ("_typing", "_type_alias"),
            GENERIC => ("typing", "_subscript_generic"),
            UNPACK => return self.unpack_in_subscript(&items[0]),
            _ => return self.set_type_params(items),
        };
        let module = self.import(module)?;
        self.call_method(&module, maker, items)
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
