//! Which operands an operator of a built-in type takes, and the error when nobody takes them.

use super::Vm;
use super::ops::{BinaryOp, is_sequence, is_set};
use super::special::Special;
use super::types::is_core_method;
use crate::heap::Value;
use crate::object::class::class_flags;
use crate::object::kind;
use crate::object::native::Raised;

impl Vm {
    /// Whether a built-in type's own operator looks at such an operand at all: a number leaves
    /// what is wider than it (an int a float) and what is no number to the other operand.
    pub(super) fn takes_operand(&self, owner: &Value, other: &Value) -> bool {
        match number_width(self.kind_of(owner), owner) {
            None => true,
            Some(width) => number_width(self.kind_of(other), other).is_some_and(|w| w <= width),
        }
    }

    /// Whether a value is joined (`+`) or repeated (`*`) as a built-in sequence: its class is one, or
    /// inherits all of these methods from it.
    fn has_sequence_methods(&mut self, value: &Value, methods: &[Special]) -> bool {
        if !is_sequence(self.kind_of(value)) {
            return false;
        }
        let class = self.class_of(value);
        class.has(class_flags::BUILTIN)
            || methods
                .iter()
                .all(|&name| match self.special(&class, name) {
                    Some(method) => is_core_method(&method),
                    None => true,
                })
    }

    /// Whether a value is of a type that could be a sequence, so that the right operand of `*=` is not looked at.
    fn is_container(&mut self, value: &Value) -> bool {
        let kind = self.kind_of(value);
        is_set(kind)
            || matches!(kind, kind::RANGE | kind::DICT)
            || !self.class_of(value).has(class_flags::BUILTIN)
    }

    /// The error when no operand knows the operator.
    pub(crate) fn unsupported_operands(
        &mut self,
        op: BinaryOp,
        inplace: bool,
        a: &Value,
        b: &Value,
    ) -> Raised {
        let (left, right) = (self.type_name(a), self.type_name(b));
        if op == BinaryOp::Add && self.has_sequence_methods(a, &[Special::Add]) {
            match self.kind_of(a) {
                x @ (kind::STR | kind::LIST | kind::TUPLE) => {
                    let (name, given) = (sequence_name(x), right);
                    return self.type_error(format!(
                        "can only concatenate {name} (not \"{given}\") to {name}"
                    ));
                }
                kind::BYTES | kind::BYTEARRAY => {
                    return self.type_error(format!("can't concat {right} to {left}"));
                }
                _ => {}
            }
        }
        if op == BinaryOp::Mul {
            let methods = [Special::Mul, Special::RMul];
            let of_left = self.has_sequence_methods(a, &methods);
            let of_right = !of_left
                && self.has_sequence_methods(b, &methods)
                && !(inplace && self.is_container(a));
            if of_left || of_right {
                let other = if of_left { right } else { left };
                return self.type_error(format!(
                    "can't multiply sequence by non-int of type '{other}'"
                ));
            }
        }
        let text = if inplace {
            op.inplace_text()
        } else {
            op.text()
        };
        self.type_error(format!(
            "unsupported operand type(s) for {text}: '{left}' and '{right}'"
        ))
    }
}

/// How wide a number's type is: an int fits a float, and that a complex.
pub(super) fn number_width(kind: u8, value: &Value) -> Option<u8> {
    match kind {
        0 if value.is_small_int() || value.as_bool().is_some() => Some(0),
        0 if value.is_inline_float() => Some(1),
        kind::INT => Some(0),
        kind::FLOAT => Some(1),
        kind::COMPLEX => Some(2),
        _ => None,
    }
}

fn sequence_name(kind: u8) -> &'static str {
    match kind {
        kind::STR => "str",
        kind::LIST => "list",
        _ => "tuple",
    }
}
