//! Comparisons of integers whose classes may be those of a script (`IntEnum`).

use super::Vm;
use super::compare::CompareOp;
use crate::heap::{Ref, Value};
use crate::object::class::Class;
use crate::object::int::{self, Int, IntView};
use crate::vm::types::Known;

impl Vm {
    /// As `compare_generic` of integers whose classes, which may be those of a script, were asked before.
    pub(super) fn known_order_of_ints(
        &mut self,
        op: CompareOp,
        a: &Value,
        b: &Value,
    ) -> Option<bool> {
        let (x, y) = (IntView::of(a)?, IntView::of(b)?);
        let epoch = self.heap.type_epoch;
        let int = self.known_class(Known::Int);
        let is_ints_own = |value: &Value, op: CompareOp| {
            let special = op.special() as usize;
            let known = |class: &Class| class.known_special(special, epoch).map(Value::word);
            value.is_small_int()
                || self
                    .script_class(value)
                    .and_then(known)
                    .is_some_and(|own| known(&int) == Some(own))
        };
        let known = is_ints_own(a, op) && is_ints_own(b, op.reflected());
        if known {
            self.note_int_like(a, op);
            self.note_int_like(b, op.reflected());
        }
        known.then(|| op.holds(int::cmp(x, y)))
    }

    fn note_int_like(&mut self, value: &Value, op: CompareOp) {
        if !value.is_small_int() {
            let (shape, epoch) = (value.shape(), self.heap.type_epoch);
            let (known_shape, known_epoch, operators) = self.int_like;
            let is_known = (known_shape, known_epoch) == (shape, epoch);
            let operators = if is_known { operators } else { 0 };
            self.int_like = (shape, epoch, operators | 1 << op as u8);
        }
    }

    /// The number that a value is for this operator, whose left operand it is: of a small one, or of an instance of the
    /// class that was found last to compare as `int` does.
    #[inline(always)]
    pub(crate) fn known_int(&self, value: &Value, op: CompareOp) -> Option<i64> {
        if let Some(number) = value.as_small_int() {
            return Some(number);
        }
        let (shape, epoch, operators) = self.int_like;
        if value.shape() != shape || epoch != self.heap.type_epoch || operators >> op as u8 & 1 == 0
        {
            return None;
        }
        i64::try_from(value.get::<Int>()?.value()).ok()
    }

    /// Whether integers of a class, which may be one of a script, are compared as those of `int`.
    pub(super) fn compares_as_int(&mut self, class: &Ref<Class>, op: CompareOp) -> bool {
        let int = self.known_class(Known::Int);
        let own = self.special(class, op.special());
        let of_int = self.special(&int, op.special());
        own.zip(of_int).is_some_and(|(own, int)| own.is(&int))
    }
}
