//! Operators ask several methods one after the other until one does not answer
//! NotImplemented: the left operand's, the right operand's reflected one, and
//! so on. Where a method is script code this happens in a native frame.

use super::Vm;
use super::compare::CompareOp;
use super::ops::BinaryOp;
use crate::heap::{Ref, Value};
use crate::object::class::Class;
use crate::object::native::{Args, Def, Input, Native, NativeCode, NativeFrame, R, Step};

/// A method that may know the answer.
pub(crate) struct Candidate {
    /// As it lies in the class.
    pub method: Value,
    /// Whether it is the right operand's.
    pub reflected: bool,
    /// Whether the answer's truth is to be negated (`!=` by `__eq__`).
    pub negate: bool,
}

/// What is asked for, for the message if nobody knows.
#[derive(Clone, Copy)]
pub(crate) enum Question {
    /// A binary operator; the flag says whether it is augmented.
    Binary(BinaryOp, bool),
    /// A comparison.
    Compare(CompareOp),
}

/// Registers: the question's number, left, right, which candidate is next; then for each
/// candidate its method and its flags.
static ASK: Def = Def::frame("<operator>(question, left, right, next, /)", 0, ask);

const LEFT: usize = 1;
const RIGHT: usize = 2;
const NEXT: usize = 3;
const FIRST: usize = 4;
const REFLECTED: i64 = 1;
const NEGATE: i64 = 2;

fn ask(vm: &mut Vm, frame: &mut NativeFrame<'_>, input: Input) -> Step {
    match input {
        Input::Raised(raised) => return Step::Raise(raised),
        Input::Value(value) | Input::Yielded(value) if !value.is_not_implemented() => {
            let asked = FIRST + 2 * (frame.regs[NEXT].as_small_int().unwrap_or(1) as usize - 1);
            let flags = frame.regs[asked + 1].as_small_int().unwrap_or(0);
            if flags & NEGATE == 0 {
                return Step::Return(value);
            }
            return vm.truth(&value).map(|truth| Value::bool(!truth)).into();
        }
        _ => {}
    }
    let next = frame.regs[NEXT].as_small_int().unwrap_or(0) as usize;
    frame.regs[NEXT] = Value::int32(next as i32 + 1);
    let at = FIRST + 2 * next;
    if at + 1 >= frame.regs.len() {
        let question = Question::of_number(frame.regs[0].as_small_int().unwrap_or(0));
        return vm
            .nobody_knows(
                question,
                &frame.regs[LEFT].clone(),
                &frame.regs[RIGHT].clone(),
            )
            .into();
    }
    let (method, flags) = (
        frame.regs[at].clone(),
        frame.regs[at + 1].as_small_int().unwrap_or(0),
    );
    let (left, right) = (frame.regs[LEFT].clone(), frame.regs[RIGHT].clone());
    let (receiver, arg) = if flags & REFLECTED != 0 {
        (right, left)
    } else {
        (left, right)
    };
    let step = vm.call_special(method, &receiver, &[arg]);
    Step::Do(Box::new(step))
}

impl Question {
    fn number(self) -> i64 {
        match self {
            Question::Binary(op, inplace) => op as i64 * 2 + inplace as i64,
            Question::Compare(op) => -1 - op as i64,
        }
    }

    fn of_number(number: i64) -> Question {
        if number < 0 {
            return Question::Compare(
                CompareOp::ALL[(-1 - number) as usize % CompareOp::ALL.len()],
            );
        }
        Question::Binary(
            BinaryOp::ALL[(number / 2) as usize % BinaryOp::ALL.len()],
            number % 2 == 1,
        )
    }
}

impl Vm {
    /// Asks the candidates in order.
    pub(crate) fn ask_candidates(
        &mut self,
        question: Question,
        left: &Value,
        right: &Value,
        candidates: &[Candidate],
    ) -> Step {
        let mut rest = candidates;
        // Native leaves need no frame.
        while let Some((candidate, after)) = rest.split_first() {
            let Some(result) = self.ask_leaf(candidate, left, right) else {
                break;
            };
            match result {
                Ok(value) if value.is_not_implemented() => rest = after,
                Ok(value) if candidate.negate => {
                    return self.truth(&value).map(|truth| Value::bool(!truth)).into();
                }
                result => return result.into(),
            }
        }
        if rest.is_empty() {
            return self.nobody_knows(question, left, right).into();
        }
        let number = Value::small_int(question.number()).unwrap_or(Value::int32(0));
        let mut args: Args =
            smallvec::smallvec![number, left.clone(), right.clone(), Value::int32(0)];
        for candidate in rest {
            args.push(candidate.method.clone());
            let flags = candidate.reflected as i32 * REFLECTED as i32
                + candidate.negate as i32 * NEGATE as i32;
            args.push(Value::int32(flags));
        }
        Step::Enter(&ASK, args)
    }

    fn ask_leaf(&mut self, candidate: &Candidate, left: &Value, right: &Value) -> Option<R> {
        let native = candidate.method.get_exact::<Native>()?;
        let NativeCode::Leaf(leaf) = native.def.code else {
            return None;
        };
        if native.exact != 2 {
            return None;
        }
        let args = if candidate.reflected {
            [right.clone(), left.clone()]
        } else {
            [left.clone(), right.clone()]
        };
        Some(leaf(self, &args))
    }

    fn nobody_knows(&mut self, question: Question, left: &Value, right: &Value) -> R {
        match question {
            // Sequences are asked last, as they have no place among the numbers.
            Question::Binary(op, inplace) => match self.native_binary(op, left, right)? {
                result if result.is_not_implemented() => {
                    Err(self.unsupported_operands(op, inplace, left, right))
                }
                result => Ok(result),
            },
            Question::Compare(op) => self.compare_unknown(op, left, right),
        }
    }

    /// Whether the right operand's class comes first: it is a strict subclass of the left one's.
    pub(crate) fn right_goes_first(&mut self, left: &Ref<Class>, right: &Ref<Class>) -> bool {
        !left.is(right) && right.is_subclass(left)
    }
}
