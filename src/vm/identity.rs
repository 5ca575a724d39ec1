//! `==` and `!=` of objects whose classes leave them to `object`: each is equal to itself alone, and nobody is asked.

use super::Vm;
use super::compare::CompareOp;
use super::types::Known;
use crate::heap::Value;
use crate::object::class::Class;
use crate::object::kind;
use crate::object::str::Str;

impl Vm {
    /// The answer of `x op y`, where neither has an equality of its own that knows the other; None where the general way
    /// must look.
    pub(crate) fn compared_by_identity(&self, op: CompareOp, x: &Value, y: &Value) -> Option<bool> {
        if !op.is_equality() {
            return None;
        }
        let known = match (
            self.has_objects_equality(x, op),
            self.has_objects_equality(y, op),
        ) {
            (true, true) => true,
            (true, false) => self.means_nothing_to(x, y),
            (false, true) => self.means_nothing_to(y, x),
            (false, false) => false,
        };
        known.then(|| x.is(y) == (op == CompareOp::Eq))
    }

    /// Whether a built-in value surely has no answer for an instance of a script's class: one that is not laid out like it.
    fn means_nothing_to(&self, instance: &Value, value: &Value) -> bool {
        let is_plain = |class: &Class| class.layout == kind::INSTANCE;
        (!value.is_object() || value.is_exact::<Str>())
            && self.script_class(instance).is_some_and(is_plain)
    }

    /// Whether a value is an instance of a script's class whose `==`, and for `!=` both, are those of `object`. What is not
    /// known of a class yet counts as another one.
    fn has_objects_equality(&self, value: &Value, op: CompareOp) -> bool {
        let Some(class) = self.script_class(value) else {
            return false;
        };
        let Some(object) = self.class_known_already(Known::Object) else {
            return false;
        };
        let epoch = self.heap.type_epoch;
        let is_objects_own = |op: CompareOp| {
            let special = op.special() as usize;
            let known = |class: &Class| class.known_special(special, epoch).map(Value::word);
            known(class).is_some_and(|own| known(object) == Some(own))
        };
        is_objects_own(CompareOp::Eq) && (op == CompareOp::Eq || is_objects_own(op))
    }
}
