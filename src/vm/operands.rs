//! Which operands an operator of a built-in type takes, and the error when nobody takes them.

use super::Vm;
use super::candidates::Candidate;
use super::ops::{BinaryOp, is_core, is_sequence, is_set};
use super::special::Special;
use super::types::is_core_method;
use crate::heap::{Ref, Value};
use crate::object::class::{Class, class_flags};
use crate::object::kind;
use crate::object::native::{Native, NativeCode, R, Raised};

/// How a class answers an operator. CPython's types hold one function for both directions, so that
/// a script's method for one of them makes both a script's.
#[derive(Clone, Copy, PartialEq)]
enum Answers {
    Not,
    Natively,
    ByScript,
}

/// What an operand's class has for an operator.
struct Operand {
    class: Ref<Class>,
    how: Answers,
    own: Option<Value>,
    reflected: Option<Value>,
}

impl Operand {
    /// Whether the subclass `other` has another reflected method.
    fn is_overridden_by(&self, other: &Operand) -> bool {
        match (&self.reflected, &other.reflected) {
            (Some(a), Some(b)) => !a.is(b),
            (None, Some(_)) => true,
            (_, None) => false,
        }
    }

    /// Whether both are answered by the same native function.
    fn shares_native(&self, other: &Operand) -> bool {
        let same = |a: &Option<Value>, b: &Option<Value>| match (a, b) {
            (Some(a), Some(b)) => a.is(b),
            (None, None) => true,
            _ => false,
        };
        self.how == Answers::Natively
            && other.how == Answers::Natively
            && same(&self.own, &other.own)
            && same(&self.reflected, &other.reflected)
    }
}

impl Vm {
    fn operand(&mut self, op: BinaryOp, value: &Value) -> Operand {
        let class = self.class_of(value);
        let (own, reflected, _) = op.specials();
        let (own, reflected) = (self.special(&class, own), self.special(&class, reflected));
        let joins = matches!(op, BinaryOp::Add | BinaryOp::Mul) && is_joined(self.kind_of(value));
        let mut methods = own.iter().chain(&reflected);
        let how = if own.is_none() && reflected.is_none() {
            Answers::Not
        } else if methods.any(|method| !method.is_exact::<Native>()) {
            Answers::ByScript
        } else if joins && own.iter().chain(&reflected).all(is_joining) {
            Answers::Not
        } else {
            Answers::Natively
        };
        Operand {
            class,
            how,
            own,
            reflected,
        }
    }

    /// The methods that are asked for an operator, in the order in which they are: first those that
    /// take any operand, then joining and repeating as the sequences have it.
    pub(super) fn methods_of_operands(
        &mut self,
        op: BinaryOp,
        inplace: bool,
        a: &Value,
        b: &Value,
    ) -> smallvec::SmallVec<[Candidate; 3]> {
        let (left, right) = (self.operand(op, a), self.operand(op, b));
        let mut list = smallvec::SmallVec::new();
        let augmented = match inplace {
            true => self.special(&left.class, op.specials().2),
            false => None,
        };
        let of_sequence = self.is_sequence_method(op, augmented.as_ref(), a);
        // A subclass of list inherits `+=` as a method that takes any operand.
        let is_inherited = op == BinaryOp::Add && !left.class.has(class_flags::BUILTIN);
        if let Some(method) = augmented.clone().filter(|_| !of_sequence || is_inherited) {
            list.push(Candidate::new(method, false, false));
        }
        let same = left.class.is(&right.class) || left.shares_native(&right);
        let asks_right = !same && right.how != Answers::Not;
        let right_first = asks_right
            && right.class.is_subclass(&left.class)
            && (left.how != Answers::ByScript
                || right.how != Answers::ByScript
                || left.is_overridden_by(&right));
        let of_left = left.own.filter(|_| left.how != Answers::Not);
        let of_left = of_left.and_then(|method| self.operand_method(op, method, false, a, b));
        let of_right = right.reflected.filter(|_| asks_right);
        let of_right = of_right.and_then(|method| self.operand_method(op, method, true, b, a));
        let ordered = match right_first {
            true => [of_right, of_left],
            false => [of_left, of_right],
        };
        list.extend(ordered.into_iter().flatten());
        if let Some(method) = augmented.filter(|_| of_sequence && !is_inherited)
            && (op == BinaryOp::Add || self.has_index(b))
        {
            list.push(Candidate::new(method, false, false));
        }
        list.extend(self.sequence_method(op, inplace, a, b));
        list
    }

    /// What a native type's own method says that is asked before any other: an instance of a type that is neither a number
    /// nor a collection (a Decimal), and another one or an integer. None where the general way must look.
    #[inline]
    pub(super) fn ask_own_method(
        &mut self,
        (special, augmented): (Special, Option<Special>),
        owner: &Value,
        other: &Value,
    ) -> Option<R> {
        let (shape, kind) = (owner.shape(), self.kind_of(owner));
        if !owner.is_object() || is_core(kind, owner) || is_joined(kind) {
            return None;
        }
        let narrow = || number_width(self.kind_of(other), other) == Some(0);
        if other.shape() != shape && !narrow() {
            return None;
        }
        let class = self.heap.shapes.get(shape as usize)?.class.get::<Class>()?;
        let epoch = self.heap.type_epoch;
        if let Some(augmented) = augmented
            && !class
                .known_special(augmented as usize, epoch)?
                .is_not_implemented()
        {
            return None;
        }
        let method = class.known_special(special as usize, epoch)?;
        let native = method.get_exact::<Native>()?;
        let NativeCode::Leaf(leaf) = native.def.code else {
            return None;
        };
        let is_own = native
            .owner
            .get::<Class>()
            .is_some_and(|c| std::ptr::eq(c, class));
        if native.exact != 2 || !is_own {
            return None;
        }
        let answer = leaf(self, &[owner.clone(), other.clone()]);
        match &answer {
            Ok(value) if value.is_not_implemented() => None,
            _ => Some(answer),
        }
    }

    /// An operand's own method; None if it is a number's, and the other operand nothing for it.
    fn operand_method(
        &mut self,
        op: BinaryOp,
        method: Value,
        reflected: bool,
        owner: &Value,
        other: &Value,
    ) -> Option<Candidate> {
        let (own, swapped, _) = op.specials();
        let name = if reflected { swapped } else { own };
        let core = is_core(self.kind_of(owner), owner)
            && is_core_method(&method)
            && method
                .get_exact::<Native>()
                .is_some_and(|native| native.def.name() == name.text());
        if core && !self.takes_operand(owner, other) {
            return None;
        }
        Some(Candidate::new(method, reflected, core))
    }

    /// What joins or repeats one of the operands.
    fn sequence_method(
        &mut self,
        op: BinaryOp,
        inplace: bool,
        a: &Value,
        b: &Value,
    ) -> Option<Candidate> {
        let reflected = match op {
            BinaryOp::Add if self.has_sequence_methods(a, &[Special::Add]) => false,
            BinaryOp::Mul => self.repeated_operand(inplace, a, b)?,
            _ => return None,
        };
        let owner = self.class_of(if reflected { b } else { a });
        let method = self.special(&owner, op.specials().0)?;
        // Those of modules are methods, which do not know what to say of what is no number.
        let core = is_core_method(&method);
        let other = if reflected { a } else { b };
        if !core && op == BinaryOp::Mul && !self.has_index(other) {
            return None;
        }
        Some(Candidate::new(method, reflected, core))
    }

    /// Which operand is repeated as a built-in sequence: whether it is the right one.
    fn repeated_operand(&mut self, inplace: bool, a: &Value, b: &Value) -> Option<bool> {
        let methods = [Special::Mul, Special::RMul];
        if self.has_sequence_methods(a, &methods) {
            return Some(false);
        }
        let of_right = self.has_sequence_methods(b, &methods) && !(inplace && self.is_container(a));
        of_right.then_some(true)
    }

    /// `a op b` as the built-in type of one of the operands answers it, or NotImplemented.
    pub(super) fn core_operator(
        &mut self,
        op: BinaryOp,
        reflected: bool,
        a: &Value,
        b: &Value,
    ) -> R {
        let (owner, other) = if reflected { (b, a) } else { (a, b) };
        let kind = self.kind_of(owner);
        match op {
            BinaryOp::Mul if is_sequence(kind) => self.repeat_sequence(kind, owner, other),
            BinaryOp::Add if is_sequence(kind) => self.concat(kind, a, b),
            _ => self.native_binary(op, a, b),
        }
    }

    /// Whether a method is a built-in sequence's own `+` or `*`.
    fn is_sequence_method(&self, op: BinaryOp, method: Option<&Value>, owner: &Value) -> bool {
        matches!(op, BinaryOp::Add | BinaryOp::Mul)
            && is_joined(self.kind_of(owner))
            && method.is_some_and(is_joining)
    }

    /// Whether another method is asked before a list is joined or repeated in place.
    pub(super) fn is_answered_elsewhere(
        &mut self,
        op: BinaryOp,
        left: &Ref<Class>,
        b: &Value,
    ) -> bool {
        match op {
            BinaryOp::Add | BinaryOp::Mul if left.has(class_flags::BUILTIN) => {
                let right = self.operand(op, b);
                match right.how {
                    Answers::Not => false,
                    Answers::Natively => !right.reflected.as_ref().is_none_or(is_core_method),
                    Answers::ByScript => true,
                }
            }
            // A subclass may have a `__mul__` of its own.
            op => op == BinaryOp::Mul,
        }
    }

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
        if !is_joined(self.kind_of(value)) {
            return false;
        }
        let class = self.class_of(value);
        class.has(class_flags::BUILTIN)
            || methods
                .iter()
                .all(|&name| match self.special(&class, name) {
                    Some(method) => is_joining(&method),
                    None => true,
                })
    }

    /// Whether a value is repeated in place as a built-in sequence.
    fn repeats_in_place(&mut self, value: &Value) -> bool {
        let method = self.special_of(value, Special::IMul);
        self.is_sequence_method(BinaryOp::Mul, method.as_ref(), value)
    }

    /// Whether a value is of a type that could be a sequence, so that the right operand of `*=` is not looked at.
    fn is_container(&mut self, value: &Value) -> bool {
        let kind = self.kind_of(value);
        is_set(kind)
            || is_joined(kind)
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
            let in_place = inplace && self.repeats_in_place(a);
            let repeated = match in_place {
                true => Some(false),
                false => self.repeated_operand(inplace, a, b),
            };
            if let Some(of_right) = repeated {
                let other = if of_right { left } else { right };
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

/// Whether what has this layout is joined and repeated as sequences are.
fn is_joined(kind: u8) -> bool {
    is_sequence(kind) || matches!(kind, kind::DEQUE | kind::ARRAY)
}

/// Whether a method is one of such a type.
fn is_joining(method: &Value) -> bool {
    let owner = method
        .get_exact::<Native>()
        .and_then(|native| native.owner.get::<Class>());
    owner.is_some_and(|owner| is_joined(owner.layout))
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
