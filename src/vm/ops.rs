//! Arithmetic.

use super::Vm;
use super::candidates::{Candidates, Question};
use super::compare::is_plain;
use super::operands::number_width;
use crate::heap::{Buffer, OutOfMemory, Ref, Value};
use crate::object::bytes::{self, ByteArray, Bytes};
use crate::object::complex;
use crate::object::dict::Dict;
use crate::object::error::Outcome;
use crate::object::float;
use crate::object::function::Function;
use crate::object::int::{self, IntView};
use crate::object::int_math;
use crate::object::kind;
use crate::object::list::List;
use crate::object::memoryview::MemoryView;
use crate::object::native::{Def, Input, NativeFrame, R, Raised, Step};
use crate::object::set::{FrozenSet, Set, SetTable, with_table};
use crate::object::set_ops::{self, Refused};
use crate::object::str::Str;
use crate::object::tuple::Tuple;
use crate::vm::special::Special;
use crate::vm::types::is_core_method;

/// A binary operator.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[allow(missing_docs)]
pub enum BinaryOp {
    Add,
    Sub,
    Mul,
    TrueDiv,
    FloorDiv,
    Mod,
    Pow,
    MatMul,
    LShift,
    RShift,
    And,
    Or,
    Xor,
    DivMod,
}

/// A unary operator.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[allow(missing_docs)]
pub enum UnaryOp {
    Neg,
    Pos,
    Invert,
    Abs,
}

impl BinaryOp {
    pub(crate) const ALL: [BinaryOp; 14] = [
        BinaryOp::Add,
        BinaryOp::Sub,
        BinaryOp::Mul,
        BinaryOp::TrueDiv,
        BinaryOp::FloorDiv,
        BinaryOp::Mod,
        BinaryOp::Pow,
        BinaryOp::MatMul,
        BinaryOp::LShift,
        BinaryOp::RShift,
        BinaryOp::And,
        BinaryOp::Or,
        BinaryOp::Xor,
        BinaryOp::DivMod,
    ];

    /// As it is written.
    pub fn text(self) -> &'static str {
        [
            "+",
            "-",
            "*",
            "/",
            "//",
            "%",
            "** or pow()",
            "@",
            "<<",
            ">>",
            "&",
            "|",
            "^",
            "divmod()",
        ][self as usize]
    }

    /// The augmented form.
    pub fn inplace_text(self) -> &'static str {
        [
            "+=", "-=", "*=", "/=", "//=", "%=", "**=", "@=", "<<=", ">>=", "&=", "|=", "^=",
            "divmod()",
        ][self as usize]
    }

    /// The method, its reflected form and its augmented one.
    pub(super) fn specials(self) -> (Special, Special, Special) {
        use Special::*;
        [
            (Add, RAdd, IAdd),
            (Sub, RSub, ISub),
            (Mul, RMul, IMul),
            (TrueDiv, RTrueDiv, ITrueDiv),
            (FloorDiv, RFloorDiv, IFloorDiv),
            (Mod, RMod, IMod),
            (Pow, RPow, IPow),
            (MatMul, RMatMul, IMatMul),
            (LShift, RLShift, ILShift),
            (RShift, RRShift, IRShift),
            (And, RAnd, IAnd),
            (Or, ROr, IOr),
            (Xor, RXor, IXor),
            (DivMod, RDivMod, DivMod),
        ][self as usize]
    }
}

/// `list += iterable` where the iterable is script code. Registers: list, iterable.
static EXTEND: Def = Def::frame("__iadd__(list, iterable, /)", 0, extend);

fn extend(vm: &mut Vm, frame: &mut NativeFrame<'_>, input: Input) -> Step {
    match input {
        Input::Start => {
            let (list, iterable) = (frame.regs[0].clone(), frame.regs[1].clone());
            vm.extend_list_step(&list, &iterable).then_go_on()
        }
        Input::Value(_) | Input::Yielded(_) => Step::Return(frame.regs[0].clone()),
        Input::Raised(raised) => Step::Raise(raised),
    }
}

impl Vm {
    /// `a op b`, or the augmented form.
    pub fn binary_step(&mut self, op: BinaryOp, inplace: bool, a: &Value, b: &Value) -> Step {
        if is_plain(a) && is_plain(b) {
            let (own, reflected, augmented) = op.specials();
            let known = match a.is_small_int() {
                true => self.ask_own_method((reflected, None), b, a),
                false => self.ask_own_method((own, inplace.then_some(augmented)), a, b),
            };
            if let Some(answer) = known {
                return answer.into();
            }
            if inplace && let Some(step) = self.native_inplace(op, a, b) {
                return step;
            }
            match self.native_binary(op, a, b) {
                Ok(result) if result.is_not_implemented() => {}
                result => return result.into(),
            }
        }
        self.binary_generic(op, inplace, a, b)
    }

    /// `a op b`, nested.
    pub fn binary(&mut self, op: BinaryOp, a: &Value, b: &Value) -> R {
        let step = self.binary_step(op, false, a, b);
        self.finish(step)
    }

    #[inline(never)]
    fn binary_generic(&mut self, op: BinaryOp, inplace: bool, a: &Value, b: &Value) -> Step {
        let (left, right) = (self.class_of(a), self.class_of(b));
        if inplace
            && let Some(method) = self.special(&left, op.specials().2)
            && is_core_method(&method)
            && !self.is_answered_elsewhere(op, &left, b)
            && let Some(step) = self.native_inplace(op, a, b)
        {
            return step;
        }
        let question = Question::Binary(op, inplace);
        if !inplace
            && !self.right_goes_first(&left, &right)
            && let Some(method) = self.special(&left, op.specials().0)
            && method.is_exact::<Function>()
        {
            return self.ask_script(question, a, b, method);
        }
        match self.binary_candidates(op, inplace, a, b) {
            Ok(candidates) => self.ask_candidates(question, a, b, candidates),
            Err(raised) => Step::Raise(raised),
        }
    }

    /// Who may know the answer, in the order in which they are asked. What a built-in type says is known at once
    /// if it comes first.
    pub(crate) fn binary_candidates(
        &mut self,
        op: BinaryOp,
        inplace: bool,
        a: &Value,
        b: &Value,
    ) -> R<Candidates> {
        let list = self.methods_of_operands(op, inplace, a, b);
        if let Some(first) = list.first().filter(|first| first.core) {
            let result = self.core_operator(op, first.reflected, a, b)?;
            if !result.is_not_implemented() {
                return Ok(Err(result));
            }
        }
        Ok(Ok(list))
    }

    /// `a op b` as the built-in types answer it that the operands are laid out as, or NotImplemented.
    pub fn native_binary(&mut self, op: BinaryOp, a: &Value, b: &Value) -> R {
        if let (Some(x), Some(y)) = (IntView::of(a), IntView::of(b)) {
            if let (Some(p), Some(q)) = (a.as_bool(), b.as_bool()) {
                match op {
                    BinaryOp::And => return Ok(Value::bool(p & q)),
                    BinaryOp::Or => return Ok(Value::bool(p | q)),
                    BinaryOp::Xor => return Ok(Value::bool(p ^ q)),
                    _ => {}
                }
            }
            let result = int_op(op, x, y);
            return self.lift(result);
        }
        let (x, y) = (self.kind_of(a), self.kind_of(b));
        if is_number(x, a) && is_number(y, b) {
            return self.number_op(op, a, b);
        }
        match op {
            BinaryOp::Add => self.concat(x, a, b),
            BinaryOp::Mul => self.repeat(x, y, a, b),
            BinaryOp::Or if x == kind::DICT && y == kind::DICT => self.merge_dicts(a, b),
            BinaryOp::Sub | BinaryOp::And | BinaryOp::Or | BinaryOp::Xor
                if is_set(x) && is_set(y) =>
            {
                self.set_op(op, a, b)
            }
            _ => Ok(Value::NOT_IMPLEMENTED),
        }
    }

    fn number_op(&mut self, op: BinaryOp, a: &Value, b: &Value) -> R {
        use BinaryOp::{Add, DivMod, FloorDiv, Mod, Mul, Pow, Sub, TrueDiv};
        let of_complex = a.is_kind::<complex::Complex>() || b.is_kind::<complex::Complex>();
        let known = match op {
            Add | Sub | Mul | TrueDiv | Pow => true,
            FloorDiv | Mod | DivMod => !of_complex,
            _ => false,
        };
        // Before an integer is found to be too large for a float.
        if !known {
            return Ok(Value::NOT_IMPLEMENTED);
        }
        if of_complex {
            let (Some(x), Some(y)) = (complex::number(a), complex::number(b)) else {
                return Ok(Value::NOT_IMPLEMENTED);
            };
            let (x, y) = (self.lift(x)?, self.lift(y)?);
            let result = match op {
                BinaryOp::Add => Ok(complex::add(x, y)),
                BinaryOp::Sub => Ok(complex::sub(x, y)),
                BinaryOp::Mul => Ok(complex::mul(x, y)),
                BinaryOp::TrueDiv => complex::div(x, y),
                BinaryOp::Pow => complex::pow(x, y),
                _ => return Ok(Value::NOT_IMPLEMENTED),
            };
            return Ok(complex::complex(self.lift(result)?));
        }
        let (Some(x), Some(y)) = (float::number(a), float::number(b)) else {
            return Ok(Value::NOT_IMPLEMENTED);
        };
        let (x, y) = (self.lift(x)?, self.lift(y)?);
        let result = match op {
            BinaryOp::Add => Ok(x + y),
            BinaryOp::Sub => Ok(x - y),
            BinaryOp::Mul => Ok(x * y),
            BinaryOp::TrueDiv => float::div(x, y),
            BinaryOp::FloorDiv => float::floordiv(x, y),
            BinaryOp::Mod => float::modulo(x, y),
            BinaryOp::Pow => return self.float_pow(x, y),
            BinaryOp::DivMod => {
                let pair = float::divmod(x, y);
                let (q, r) = self.lift(pair)?;
                return Ok(Tuple::pair(float::float(q), float::float(r)).into_value());
            }
            _ => return Ok(Value::NOT_IMPLEMENTED),
        };
        Ok(float::float(self.lift(result)?))
    }

    fn float_pow(&mut self, x: f64, y: f64) -> R {
        let result = float::pow(x, y);
        match self.lift(result) {
            Ok(Some(f)) => Ok(float::float(f)),
            Ok(None) => {
                let result = complex::pow((x, 0.0), (y, 0.0));
                Ok(complex::complex(self.lift(result)?))
            }
            // CPython's OverflowError of pow has the errno and its text as arguments.
            Err(raised) if self.is_raised(&raised, crate::vm::types::Known::OverflowError) => {
                let class = self.known_class(crate::vm::types::Known::OverflowError);
                let args = vec![
                    Value::int32(34),
                    Str::new("Numerical result out of range").into_value(),
                ];
                Err(Raised(self.new_exception(&class, args)))
            }
            Err(raised) => Err(raised),
        }
    }

    pub(super) fn concat(&mut self, kind: u8, a: &Value, b: &Value) -> R {
        match kind {
            kind::STR => match (a.get::<Str>(), b.get::<Str>()) {
                (Some(x), Some(y)) => {
                    let result = Str::concat(x, y);
                    self.lift(result).map(Ref::into_value)
                }
                _ => Ok(Value::NOT_IMPLEMENTED),
            },
            kind::LIST => match (a.get::<List>(), b.get::<List>()) {
                (Some(x), Some(y)) => {
                    let joined = Buffer::with_room(x.len() + y.len()).and_then(|mut items| {
                        items.extend_from_slice(&x.items.borrow())?;
                        items.extend_from_slice(&y.items.borrow())?;
                        Ok(List::new(items))
                    });
                    self.lift(joined).map(Ref::into_value)
                }
                _ => Ok(Value::NOT_IMPLEMENTED),
            },
            kind::TUPLE => match (a.get::<Tuple>(), b.get::<Tuple>()) {
                (Some(x), Some(y)) => {
                    let (x, y) = (x.items(), y.items());
                    let joined = Tuple::build(x.len() + y.len(), |i| {
                        x.get(i).unwrap_or_else(|| &y[i - x.len()]).clone()
                    });
                    self.lift(joined).map(Ref::into_value)
                }
                _ => Ok(Value::NOT_IMPLEMENTED),
            },
            kind::BYTES | kind::BYTEARRAY => self.concat_bytes(kind, a, b),
            _ => Ok(Value::NOT_IMPLEMENTED),
        }
    }

    fn concat_bytes(&mut self, kind: u8, a: &Value, b: &Value) -> R {
        if let (Some(x), Some(y)) = (a.get::<Bytes>(), b.get::<Bytes>()) {
            let joined = Bytes::concat(x.bytes(), y.bytes());
            return self.lift(joined).map(Ref::into_value);
        }
        let joined = bytes::with_bytes(a, |x| {
            bytes::with_bytes(b, |y| {
                let mut joined = crate::heap::Buffer::with_room(x.len() + y.len())?;
                joined.extend_from_slice(x)?;
                joined.extend_from_slice(y)?;
                Ok::<_, crate::heap::OutOfMemory>(joined)
            })
        })
        .flatten();
        let Some(joined) = joined else {
            let view = b.get::<MemoryView>().filter(|view| view.is_contiguous());
            let Some(shown) = view.and_then(MemoryView::bytes) else {
                return Ok(Value::NOT_IMPLEMENTED);
            };
            let shown = Bytes::new(&shown);
            let shown = self.lift(shown)?.into_value();
            return self.concat_bytes(kind, a, &shown);
        };
        let joined = self.lift(joined)?;
        if kind == kind::BYTEARRAY {
            return Ok(ByteArray::new(joined).into_value());
        }
        let made = Bytes::new(&joined);
        self.lift(made).map(Ref::into_value)
    }

    /// `sequence * n` and `n * sequence`.
    fn repeat(&mut self, x: u8, y: u8, a: &Value, b: &Value) -> R {
        match (is_sequence(x), is_sequence(y)) {
            (true, _) => self.repeat_sequence(x, a, b),
            (false, true) => self.repeat_sequence(y, b, a),
            _ => Ok(Value::NOT_IMPLEMENTED),
        }
    }

    /// A sequence, again and again.
    pub(super) fn repeat_sequence(&mut self, kind: u8, sequence: &Value, count: &Value) -> R {
        let Some(view) = IntView::of(count) else {
            // Only a number has no `__index__`; any other object may have one.
            if is_plain(count) || self.special_of(count, Special::Index).is_none() {
                return Ok(Value::NOT_IMPLEMENTED);
            }
            let index = self.index_value(count)?;
            let fits = IntView::of(&index).is_some_and(|view| view.as_i64().is_some());
            if !fits {
                let given = self.type_name(count);
                return Err(self
                    .overflow_error(format!("cannot fit '{given}' into an index-sized integer")));
            }
            return self.repeat_sequence(kind, sequence, &index);
        };
        let count = match view.as_i64() {
            Some(n) => n.max(0) as usize,
            None => return Err(self.overflow_error("cannot fit 'int' into an index-sized integer")),
        };
        self.repeated(kind, sequence, count)
    }

    fn repeated(&mut self, kind: u8, sequence: &Value, count: usize) -> R {
        let none = Ok(Value::NOT_IMPLEMENTED);
        let same = sequence.is_exact::<Str>() || sequence.is_exact::<Tuple>();
        if count == 1 && (same || sequence.is_exact::<Bytes>()) {
            return Ok(sequence.clone());
        }
        let too_long = |len: usize| {
            let whole = len.checked_mul(count);
            whole.is_none_or(|whole| whole > isize::MAX as usize)
        };
        match kind {
            kind::STR if sequence.get::<Str>().is_some_and(|s| too_long(s.len())) => {
                Err(self.overflow_error("repeated string is too long"))
            }
            kind::BYTES
                if sequence
                    .get::<Bytes>()
                    .is_some_and(|b| too_long(b.bytes().len())) =>
            {
                Err(self.overflow_error("repeated bytes are too long"))
            }
            kind::STR => sequence.get::<Str>().map_or(none, |text| {
                let result = text.repeat(count);
                self.lift(result).map(Ref::into_value)
            }),
            kind::LIST => sequence.get::<List>().map_or(none, |list| {
                let result = repeat_items(&list.items.borrow(), count);
                self.lift(result).map(|items| List::new(items).into_value())
            }),
            kind::TUPLE => sequence.get::<Tuple>().map_or(none, |tuple| {
                let items = tuple.items();
                let result = match items.len().checked_mul(count) {
                    Some(total) => Tuple::build(total, |i| items[i % items.len()].clone()),
                    None => Err(crate::heap::OutOfMemory),
                };
                self.lift(result).map(Ref::into_value)
            }),
            kind::BYTES => sequence.get::<Bytes>().map_or(none, |pattern| {
                let result = Bytes::repeated(pattern.bytes(), count);
                self.lift(result).map(Ref::into_value)
            }),
            _ => {
                let result = bytes::with_bytes(sequence, |pattern| bytes::repeat(pattern, count));
                let Some(result) = result else { return none };
                let repeated = self.lift(result)?;
                if kind == kind::BYTEARRAY {
                    return Ok(ByteArray::new(repeated).into_value());
                }
                let made = Bytes::new(&repeated);
                self.lift(made).map(Ref::into_value)
            }
        }
    }

    fn merge_dicts(&mut self, a: &Value, b: &Value) -> R {
        let Some(x) = a.get::<Dict>() else {
            return Ok(Value::NOT_IMPLEMENTED);
        };
        let merged = self.copy_dict(a, x)?;
        self.dict_update_mapping(&merged, b)?;
        Ok(merged.into_value())
    }

    /// `a - b`, `a & b`, `a | b`, `a ^ b` of sets; the result is of the left one's built-in type.
    pub fn set_op(&mut self, op: BinaryOp, a: &Value, b: &Value) -> R {
        let len = |set: &Value| with_table(set, SetTable::len).unwrap_or(0);
        self.tick((len(a) + len(b)) / 4)?;
        // Mostly no script has to be asked: the tables are read where they lie.
        let at_once = with_table(a, |left| {
            with_table(b, |right| {
                combine::<Refused>(op, left, right, &mut set_ops::refuse)
            })
        });
        let table = match at_once.flatten() {
            None => return Ok(Value::NOT_IMPLEMENTED),
            Some(Ok(table)) => table,
            Some(Err(Refused::Memory(lacking))) => return Err(self.out_of_memory(lacking)),
            Some(Err(Refused::Script)) => self.combine_asking(op, a, b)?,
        };
        Ok(set_like(a.is_kind::<FrozenSet>(), table))
    }

    /// The same of their tables, if no script has to be asked and there is memory; for the dispatch loop.
    pub(crate) fn combined_at_once(
        &self,
        op: BinaryOp,
        left: &SetTable,
        right: &SetTable,
        frozen: bool,
    ) -> Option<Value> {
        let table = combine::<Refused>(op, left, right, &mut set_ops::refuse).ok()?;
        Some(set_like(frozen, table))
    }

    /// Combines copies of both tables, since script code must be asked.
    fn combine_asking(&mut self, op: BinaryOp, a: &Value, b: &Value) -> R<SetTable> {
        let copy = |set: &Value| with_table(set, SetTable::snapshot).unwrap_or(Ok(SetTable::new()));
        let (left, right) = (self.lift(copy(a))?, self.lift(copy(b))?);
        combine::<Raised>(op, &left, &right, &mut |x, y| self.eq(x, y))
    }

    /// The augmented forms that change their left operand; None where there is none.
    fn native_inplace(&mut self, op: BinaryOp, a: &Value, b: &Value) -> Option<Step> {
        match (op, self.kind_of(a)) {
            (BinaryOp::Add, kind::LIST) if b.is_exact::<List>() || b.is_exact::<Tuple>() => {
                Some(match self.extend_list_step(a, b) {
                    Step::Return(_) => Step::Return(a.clone()),
                    step => step,
                })
            }
            (BinaryOp::Add, kind::LIST) => Some(Step::Enter(
                &EXTEND,
                smallvec::smallvec![a.clone(), b.clone()],
            )),
            (BinaryOp::Mul, kind::LIST) => {
                let repeated = match self.repeat_sequence(kind::LIST, a, b) {
                    Ok(value) if value.is_not_implemented() => return None,
                    Ok(value) => value,
                    Err(raised) => return Some(Step::Raise(raised)),
                };
                let items = repeated.get::<List>().map(List::take)?;
                let old = a.get::<List>()?.items.replace(items);
                drop(old);
                Some(Step::Return(a.clone()))
            }
            // An OrderedDict has a method of its own for this, with words of its own.
            (BinaryOp::Or, kind::DICT) if a.is_exact::<Dict>() => {
                let dict = a.to_ref::<Dict>()?;
                let result = if b.is_kind::<Dict>() {
                    self.dict_update_mapping(&dict, b)
                } else {
                    self.dict_update_pairs(&dict, b)
                };
                Some(result.map(|()| a.clone()).into())
            }
            (BinaryOp::Sub | BinaryOp::And | BinaryOp::Or | BinaryOp::Xor, kind::SET)
                if is_set(self.kind_of(b)) =>
            {
                Some(self.set_inplace(op, a, b).map(|()| a.clone()).into())
            }
            (BinaryOp::Add, kind::BYTEARRAY) => {
                let view = || b.get::<MemoryView>().filter(|view| view.is_contiguous());
                let view = || view().and_then(MemoryView::bytes);
                let more = bytes::with_bytes(b, <[u8]>::to_vec).or_else(view)?;
                let array = a.to_ref::<ByteArray>()?;
                if !more.is_empty()
                    && let Err(raised) = self.check_grows_by(&array, b)
                {
                    return Some(Step::Raise(raised));
                }
                let result = array.data.borrow_mut().extend_from_slice(&more);
                Some(self.lift(result).map(|()| a.clone()).into())
            }
            (BinaryOp::Mul, kind::BYTEARRAY) => {
                let array = a.to_ref::<ByteArray>()?;
                let repeated = match self.repeat_sequence(kind::BYTEARRAY, a, b) {
                    Ok(value) if value.is_not_implemented() => return None,
                    Ok(value) => value.to_ref::<ByteArray>()?,
                    Err(raised) => return Some(Step::Raise(raised)),
                };
                if repeated.len() != array.len()
                    && let Err(raised) = self.check_resizable(&array)
                {
                    return Some(Step::Raise(raised));
                }
                let old = array.data.replace(repeated.data.take());
                drop(old);
                Some(Step::Return(a.clone()))
            }
            _ => None,
        }
    }

    fn set_inplace(&mut self, op: BinaryOp, a: &Value, b: &Value) -> R<()> {
        let Some(set) = a.to_ref::<Set>() else {
            return Ok(());
        };
        if op == BinaryOp::Or {
            return self.set_update(&set, b);
        }
        let result = self.set_op(op, a, b)?;
        if let Some(made) = result.get::<Set>() {
            let table = made.table.take();
            let old = set.table.replace(table);
            drop(old);
        }
        Ok(())
    }

    /// Puts pairs of key and value in, or the entries of what has `keys`.
    pub fn dict_update_pairs(&mut self, dict: &Dict, source: &Value) -> R<()> {
        if source.is_kind::<Dict>() || self.get_attr_optional(source, "keys")?.is_some() {
            return self.dict_update_mapping(dict, source);
        }
        let iterator = self.iter(source)?;
        let mut number = 0usize;
        while let Some(item) = self.next(&iterator)? {
            if !self.is_iterable(&item) {
                let text = format!(
                    "cannot convert dictionary update sequence element #{number} to a sequence"
                );
                return Err(self.type_error(text));
            }
            let pair = self.collect(&item)?;
            let [key, value] = &pair[..] else {
                let text = format!(
                    "dictionary update sequence element #{number} has length {}; 2 is required",
                    pair.len()
                );
                return Err(self.value_error(text));
            };
            self.dict_set(dict, key, value.clone())?;
            number += 1;
        }
        Ok(())
    }

    /// `-a`, `+a`, `~a`, `abs(a)`
    pub fn unary_step(&mut self, op: UnaryOp, a: &Value) -> Step {
        if is_plain(a)
            && let Some(result) = self.native_unary(op, a)
        {
            return result.into();
        }
        let special = [Special::Neg, Special::Pos, Special::Invert, Special::Abs][op as usize];
        let Some(method) = self.special_of(a, special) else {
            let name = self.type_name(a);
            let text = ["-", "+", "~", "abs()"][op as usize];
            return Step::Raise(match op {
                UnaryOp::Abs => self.type_error(format!("bad operand type for abs(): '{name}'")),
                _ => self.type_error(format!("bad operand type for unary {text}: '{name}'")),
            });
        };
        if is_core_method(&method)
            && let Some(result) = self.native_unary(op, a)
        {
            return result.into();
        }
        self.call_special(method, a, &[])
    }

    /// The unary operators of numbers.
    pub fn native_unary(&mut self, op: UnaryOp, a: &Value) -> Option<R> {
        if let Some(view) = IntView::of(a) {
            return Some(Ok(match op {
                UnaryOp::Neg => int::neg(view),
                UnaryOp::Pos => view.to_value(),
                UnaryOp::Invert => int::invert(view),
                UnaryOp::Abs => int::abs(view),
            }));
        }
        if let Some(f) = float::as_float(a) {
            return Some(Ok(float::float(match op {
                UnaryOp::Neg => -f,
                UnaryOp::Pos => f,
                UnaryOp::Abs => f.abs(),
                UnaryOp::Invert => return None,
            })));
        }
        let (re, im) = a.get::<complex::Complex>()?.parts();
        Some(match op {
            UnaryOp::Neg => Ok(complex::complex((-re, -im))),
            UnaryOp::Pos => Ok(complex::complex((re, im))),
            UnaryOp::Abs => {
                let size = complex::abs((re, im));
                self.lift(size).map(float::float)
            }
            UnaryOp::Invert => return None,
        })
    }
}

/// An operator of two ints.
fn int_op(op: BinaryOp, x: IntView<'_>, y: IntView<'_>) -> Outcome<Value> {
    match op {
        BinaryOp::Add => int::add(x, y),
        BinaryOp::Sub => int::sub(x, y),
        BinaryOp::Mul => int::mul(x, y),
        BinaryOp::TrueDiv => int_math::true_div(x, y).map(float::float),
        BinaryOp::FloorDiv => int::floordiv(x, y),
        BinaryOp::Mod => int::modulo(x, y),
        BinaryOp::Pow if y.is_negative() => {
            let result = float::pow(x.to_f64()?, y.to_f64()?)?;
            Ok(float::float(result.unwrap_or(f64::NAN)))
        }
        BinaryOp::Pow => int_math::pow(x, y),
        BinaryOp::LShift => int::shl(x, y),
        BinaryOp::RShift => int::shr(x, y),
        BinaryOp::And => Ok(int::and(x, y)),
        BinaryOp::Or => Ok(int::or(x, y)),
        BinaryOp::Xor => Ok(int::xor(x, y)),
        BinaryOp::DivMod => int::divmod(x, y).map(|(q, r)| Tuple::pair(q, r).into_value()),
        BinaryOp::MatMul => Ok(Value::NOT_IMPLEMENTED),
    }
}

fn repeat_items(
    items: &[Value],
    count: usize,
) -> Result<crate::heap::Buffer<Value>, crate::heap::OutOfMemory> {
    let total = items
        .len()
        .checked_mul(count)
        .ok_or(crate::heap::OutOfMemory)?;
    let mut out = crate::heap::Buffer::with_room(total)?;
    for _ in 0..if items.is_empty() { 0 } else { count } {
        out.extend_from_slice(items)?;
    }
    Ok(out)
}

fn is_number(kind: u8, value: &Value) -> bool {
    number_width(kind, value).is_some()
}

pub(super) fn is_sequence(kind: u8) -> bool {
    matches!(
        kind,
        kind::STR | kind::LIST | kind::TUPLE | kind::BYTES | kind::BYTEARRAY
    )
}

pub(super) fn is_set(kind: u8) -> bool {
    matches!(kind, kind::SET | kind::FROZENSET)
}

/// Types whose operators `native_binary` knows; those of the sequences apart.
pub(super) fn is_core(kind: u8, value: &Value) -> bool {
    is_number(kind, value) || is_set(kind) || kind == kind::DICT
}

/// A set or frozenset of these members.
fn set_like(frozen: bool, table: SetTable) -> Value {
    match frozen {
        true => FrozenSet::new(table).into_value(),
        false => Set::new(table).into_value(),
    }
}

/// `left op right` of the tables of sets.
fn combine<E: From<OutOfMemory>>(
    op: BinaryOp,
    left: &SetTable,
    right: &SetTable,
    ask: &mut impl set_ops::Ask<E>,
) -> Result<SetTable, E> {
    match op {
        BinaryOp::Sub => set_ops::difference(left, right, ask),
        BinaryOp::And => set_ops::intersection(left, right, ask),
        BinaryOp::Xor => set_ops::symmetric_difference(left, right, ask),
        _ => {
            let mut table = left.copy()?;
            set_ops::update(&mut table, right, ask)?;
            Ok(table)
        }
    }
}
