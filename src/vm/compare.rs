//! Comparisons and membership.

use std::cmp::Ordering;

use super::Vm;
use super::candidates::{Candidate, Candidates, Question};
use super::table::hashed_members;
use crate::heap::{FIRST_FREE_SHAPE, Ref, Value};
use crate::object::bytes::{self, ByteArray};
use crate::object::class::Class;
use crate::object::compare::{cmp_numbers, simple_cmp};
use crate::object::dict::Dict;
use crate::object::float::as_float;
use crate::object::function::Function;
use crate::object::int::{self, IntView};
use crate::object::iterator::{DictItems, DictKeys, DictValues};
use crate::object::kind;
use crate::object::list::List;
use crate::object::memoryview::MemoryView;
use crate::object::native::{Args, Def, Input, Native, NativeFrame, R, Raised, Step};
use crate::object::range::Range;
use crate::object::set::{SetTable, with_table};
use crate::object::set_ops::{self, Refused};
use crate::object::slice::Slice;
use crate::object::str::Str;
use crate::object::tuple::Tuple;
use crate::vm::special::Special;
use crate::vm::types::{Known, is_core_method};

/// A comparing operator.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[allow(missing_docs)]
pub enum CompareOp {
    Lt,
    Le,
    Eq,
    Ne,
    Gt,
    Ge,
}

impl CompareOp {
    pub(crate) const ALL: [CompareOp; 6] = [
        CompareOp::Lt,
        CompareOp::Le,
        CompareOp::Eq,
        CompareOp::Ne,
        CompareOp::Gt,
        CompareOp::Ge,
    ];

    /// As it is written.
    pub fn text(self) -> &'static str {
        ["<", "<=", "==", "!=", ">", ">="][self as usize]
    }

    /// The operator with the operands the other way round.
    pub fn reflected(self) -> CompareOp {
        [
            CompareOp::Gt,
            CompareOp::Ge,
            CompareOp::Eq,
            CompareOp::Ne,
            CompareOp::Lt,
            CompareOp::Le,
        ][self as usize]
    }

    pub(super) fn special(self) -> Special {
        [
            Special::Lt,
            Special::Le,
            Special::Eq,
            Special::Ne,
            Special::Gt,
            Special::Ge,
        ][self as usize]
    }

    /// Whether two values of this order are as the operator says.
    pub fn holds(self, order: Ordering) -> bool {
        match self {
            CompareOp::Lt => order.is_lt(),
            CompareOp::Le => order.is_le(),
            CompareOp::Eq => order.is_eq(),
            CompareOp::Ne => order.is_ne(),
            CompareOp::Gt => order.is_gt(),
            CompareOp::Ge => order.is_ge(),
        }
    }

    pub(super) fn is_equality(self) -> bool {
        matches!(self, CompareOp::Eq | CompareOp::Ne)
    }
}

impl Vm {
    /// `a op b`
    pub fn compare_step(&mut self, op: CompareOp, a: &Value, b: &Value) -> Step {
        // What is compared at once counts its work, and comes here when a look is due.
        if let Err(raised) = self.tick(0) {
            return Step::Raise(raised);
        }
        if is_plain(a) && is_plain(b) {
            return match self.native_compare(op, a, b) {
                Ok(result) if result.is_not_implemented() => self.compare_generic(op, a, b),
                result => result.into(),
            };
        }
        self.compare_generic(op, a, b)
    }

    /// `a op b`, nested; the result may be anything.
    pub fn compare(&mut self, op: CompareOp, a: &Value, b: &Value) -> R {
        let step = self.compare_step(op, a, b);
        self.finish(step)
    }

    /// The truth of `a op b`, nested.
    pub fn compare_truth(&mut self, op: CompareOp, a: &Value, b: &Value) -> R<bool> {
        if let Some(order) = simple_cmp(a, b) {
            return Ok(op.holds(order));
        }
        let result = self.compare(op, a, b)?;
        self.truth(&result)
    }

    #[inline(never)]
    fn compare_generic(&mut self, op: CompareOp, a: &Value, b: &Value) -> Step {
        if is_plain(a)
            && is_plain(b)
            && !is_core(self.kind_of(a))
            && let Some(answer) = self.ask_own_method((op.special(), None), a, b)
        {
            return answer.into();
        }
        if let Some(holds) = self.known_order_of_ints(op, a, b) {
            return Step::Return(Value::bool(holds));
        }
        let (left, right) = (self.class_of(a), self.class_of(b));
        if let (Some(x), Some(y)) = (IntView::of(a), IntView::of(b))
            && self.compares_as_int(&left, op)
            && self.compares_as_int(&right, op.reflected())
        {
            // Whoever of them is asked first knows it.
            return Step::Return(Value::bool(op.holds(int::cmp(x, y))));
        }
        if !self.right_goes_first(&left, &right)
            && let Some(method) = self.special(&left, op.special())
            && method.is_exact::<Function>()
        {
            return self.ask_script(Question::Compare(op), a, b, method);
        }
        match self.compare_candidates(op, a, b) {
            Ok(candidates) => self.ask_candidates(Question::Compare(op), a, b, candidates),
            Err(raised) => Step::Raise(raised),
        }
    }

    /// Who may know the answer, in the order in which they are asked.
    pub(crate) fn compare_candidates(
        &mut self,
        op: CompareOp,
        a: &Value,
        b: &Value,
    ) -> R<Candidates> {
        let (left, right) = (self.class_of(a), self.class_of(b));
        let mut list = smallvec::SmallVec::new();
        let right_first = self.right_goes_first(&left, &right);
        for reflected in [right_first, !right_first] {
            let (class, own, other) = if reflected {
                (&right, b, a)
            } else {
                (&left, a, b)
            };
            let op = if reflected { op.reflected() } else { op };
            let Some(candidate) = self.compare_candidate(op, class, (own, other), reflected) else {
                continue;
            };
            if candidate.core && !candidate.negate && list.is_empty() {
                let value = self.native_compare(op, own, other)?;
                if !value.is_not_implemented() {
                    return Ok(Err(value));
                }
            } else {
                list.push(candidate);
            }
        }
        Ok(Ok(list))
    }

    fn compare_candidate(
        &mut self,
        op: CompareOp,
        class: &Ref<Class>,
        (own, other): (&Value, &Value),
        reflected: bool,
    ) -> Option<Candidate> {
        let method = self.special(class, op.special())?;
        // None is asked like any other, which says that it is not callable.
        if !method.is_exact::<Native>() {
            return Some(Candidate::new(method, reflected, false));
        }
        if self.is_objects_own(&method, op) {
            // `object.__eq__` knows identity only, which `compare_unknown` asks in the end;
            // `object.__ne__` is the opposite of `__eq__`.
            if op != CompareOp::Ne {
                return None;
            }
            let equal = self.compare_candidate(CompareOp::Eq, class, (own, other), reflected)?;
            return Some(Candidate {
                negate: true,
                ..equal
            });
        }
        let named = |native: &Native| native.def.name() == op.special().text();
        let core = is_core(self.kind_of(own))
            && self.takes_operand(own, other)
            && is_core_method(&method)
            && method.get_exact::<Native>().is_some_and(named);
        Some(Candidate::new(method, reflected, core))
    }

    fn is_objects_own(&mut self, method: &Value, op: CompareOp) -> bool {
        let object = self.known_class(Known::Object);
        self.special(&object, op.special())
            .is_some_and(|own| own.is(method))
    }

    /// Nobody answered: equality is identity, an order is an error.
    pub(crate) fn compare_unknown(&mut self, op: CompareOp, a: &Value, b: &Value) -> R {
        match op {
            CompareOp::Eq => Ok(Value::bool(a.is(b))),
            CompareOp::Ne => Ok(Value::bool(!a.is(b))),
            _ => {
                let (left, right) = (self.type_name(a), self.type_name(b));
                Err(self.type_error(format!(
                    "'{}' not supported between instances of '{left}' and '{right}'",
                    op.text()
                )))
            }
        }
    }

    /// `a op b` as the built-in types answer it that the operands are laid out as, or NotImplemented.
    pub fn native_compare(&mut self, op: CompareOp, a: &Value, b: &Value) -> R {
        let (x, y) = (core_kind(self.kind_of(a), a), core_kind(self.kind_of(b), b));
        if x == y && x != Core::Number {
            self.tick_bytes(compared_bytes(a).min(compared_bytes(b)))?;
        }
        let answer = match (x, y) {
            (Core::Number, Core::Number) => return Ok(compare_numbers(op, a, b)),
            (Core::Str, Core::Str) => match (a.get::<Str>(), b.get::<Str>()) {
                (Some(s), Some(t)) if op.is_equality() => Some(s.eq(t) == (op == CompareOp::Eq)),
                (Some(s), Some(t)) => Some(op.holds(s.cmp(t))),
                _ => None,
            },
            (Core::Bytes, Core::Bytes) => {
                bytes::with_bytes(a, |s| bytes::with_bytes(b, |t| op.holds(s.cmp(t)))).flatten()
            }
            (Core::Bytes, _) if a.is_kind::<ByteArray>() && b.is_kind::<MemoryView>() => {
                let other = b.get::<MemoryView>().and_then(shown_bytes);
                other.and_then(|other| bytes::with_bytes(a, |s| op.holds(s.cmp(&other))))
            }
            (_, Core::Bytes) if a.is_kind::<MemoryView>() && b.is_kind::<ByteArray>() => {
                let other = a.get::<MemoryView>().and_then(shown_bytes);
                other.and_then(|other| bytes::with_bytes(b, |s| op.holds(other.as_slice().cmp(s))))
            }
            (Core::Tuple, Core::Tuple) => return self.compare_tuples(op, a, b),
            (Core::List, Core::List) => return self.compare_lists(op, a, b),
            (Core::Dict, Core::Dict) if op.is_equality() => {
                Some(self.dicts_equal(a, b)? == (op == CompareOp::Eq))
            }
            (Core::Set, Core::Set) => Some(self.compare_sets(op, a, b)?),
            (Core::Range, Core::Range) if op.is_equality() => {
                match (a.get::<Range>(), b.get::<Range>()) {
                    (Some(r), Some(s)) => Some(r.eq(s) == (op == CompareOp::Eq)),
                    _ => None,
                }
            }
            (Core::Slice, Core::Slice) => match (a.get::<Slice>(), b.get::<Slice>()) {
                (Some(s), Some(t)) => {
                    let parts = |s: &Slice| [s.start.clone(), s.stop.clone(), s.step.clone()];
                    let (s, t) = (parts(s), parts(t));
                    return self.compare_sequences(op, &s, &t);
                }
                _ => None,
            },
            _ => None,
        };
        Ok(answer.map_or(Value::NOT_IMPLEMENTED, Value::bool))
    }

    fn compare_tuples(&mut self, op: CompareOp, a: &Value, b: &Value) -> R {
        let (Some(s), Some(t)) = (a.to_ref::<Tuple>(), b.to_ref::<Tuple>()) else {
            return Ok(Value::NOT_IMPLEMENTED);
        };
        self.compare_sequences(op, s.items(), t.items())
    }

    fn compare_sequences(&mut self, op: CompareOp, s: &[Value], t: &[Value]) -> R {
        self.check_stack_for(" in comparison")?;
        for (x, y) in s.iter().zip(t) {
            if !self.eq(x, y)? {
                return match op {
                    CompareOp::Eq => Ok(Value::FALSE),
                    CompareOp::Ne => Ok(Value::TRUE),
                    _ => self.compare(op, x, y),
                };
            }
        }
        Ok(Value::bool(op.holds(s.len().cmp(&t.len()))))
    }

    /// Lists may change while their items are compared: each item is looked up anew.
    fn compare_lists(&mut self, op: CompareOp, a: &Value, b: &Value) -> R {
        let (Some(s), Some(t)) = (a.to_ref::<List>(), b.to_ref::<List>()) else {
            return Ok(Value::NOT_IMPLEMENTED);
        };
        if op.is_equality() && s.len() != t.len() {
            return Ok(Value::bool(op == CompareOp::Ne));
        }
        self.check_stack_for(" in comparison")?;
        let mut i = 0;
        while let (Some(x), Some(y)) = (s.get(i), t.get(i)) {
            if !self.eq(&x, &y)? {
                // What was asked may have shortened them: then their lengths decide.
                if i >= s.len() || i >= t.len() {
                    break;
                }
                return match op {
                    CompareOp::Eq => Ok(Value::FALSE),
                    CompareOp::Ne => Ok(Value::TRUE),
                    _ => self.compare(op, &x, &y),
                };
            }
            i += 1;
        }
        Ok(Value::bool(op.holds(s.len().cmp(&t.len()))))
    }

    fn dicts_equal(&mut self, a: &Value, b: &Value) -> R<bool> {
        let (Some(s), Some(t)) = (a.to_ref::<Dict>(), b.to_ref::<Dict>()) else {
            return Ok(false);
        };
        if s.len() != t.len() {
            return Ok(false);
        }
        self.check_stack_for(" in comparison")?;
        self.check_room(s.len() * 24)?;
        for (hash, key, value) in s.hashed_entries() {
            let found = self.dict_find_hashed(&t, &key, hash)?;
            let Some(other) = found.and_then(|position| t.entry_value(position)) else {
                return Ok(false);
            };
            if !self.eq(&value, &other)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn compare_sets(&mut self, op: CompareOp, a: &Value, b: &Value) -> R<bool> {
        let len = |set: &Value| with_table(set, |table| table.len()).unwrap_or(0);
        let (m, n) = (len(a), len(b));
        Ok(match op {
            CompareOp::Eq => m == n && self.is_subset(a, b)?,
            CompareOp::Ne => m != n || !self.is_subset(a, b)?,
            CompareOp::Le if cfg!(hoop_mutant = "7") => m < n && self.is_subset(a, b)?,
            CompareOp::Le => m <= n && self.is_subset(a, b)?,
            CompareOp::Lt => m < n && self.is_subset(a, b)?,
            CompareOp::Ge => n <= m && self.is_subset(b, a)?,
            CompareOp::Gt => n < m && self.is_subset(b, a)?,
        })
    }

    fn is_subset(&mut self, a: &Value, b: &Value) -> R<bool> {
        self.tick(with_table(a, SetTable::len).unwrap_or(0) / 4)?;
        let at_once = with_table(a, |left| {
            with_table(b, |right| {
                set_ops::is_subset::<Refused>(left, right, &mut set_ops::refuse)
            })
        });
        if let Some(Ok(holds)) = at_once.flatten() {
            return Ok(holds);
        }
        for (hash, member) in hashed_members(a).unwrap_or_default() {
            self.count_one()?;
            if self.set_find(b, &member, hash)?.is_none() {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// `item in container`, or `not in`.
    pub fn contains_step(&mut self, container: &Value, item: &Value, negate: bool) -> Step {
        if is_plain(container) {
            match self.layout_contains(container, item) {
                Ok(Some(found)) => return Step::Return(Value::bool(found != negate)),
                Ok(None) => {}
                Err(raised) => return Step::Raise(raised),
            }
        }
        let class = self.class_of(container);
        match self.special(&class, Special::Contains) {
            Some(method) if method.is_none() => {
                let name = self.type_name(container);
                Step::Raise(self.type_error(format!("'{name}' object is not a container")))
            }
            Some(method) => {
                if is_core_method(&method) {
                    match self.layout_contains(container, item) {
                        Ok(Some(found)) => return Step::Return(Value::bool(found != negate)),
                        Ok(None) => {}
                        Err(raised) => return Step::Raise(raised),
                    }
                }
                Step::Enter(
                    &CONTAINS,
                    smallvec::smallvec![
                        container.clone(),
                        item.clone(),
                        method,
                        Value::bool(negate)
                    ],
                )
            }
            None if self.is_iterable(container) => {
                let args: Args = smallvec::smallvec![
                    container.clone(),
                    item.clone(),
                    Value::UNDEF,
                    Value::bool(negate)
                ];
                Step::Enter(&SEARCH, args)
            }
            None => Step::Raise(self.not_a_container(container)),
        }
    }

    /// `item in container`, nested.
    pub fn contains(&mut self, container: &Value, item: &Value) -> R<bool> {
        let step = self.contains_step(container, item, false);
        Ok(self.finish(step)?.is_true())
    }

    fn not_a_container(&mut self, container: &Value) -> Raised {
        let name = self.type_name(container);
        self.type_error(format!("argument of type '{name}' is not iterable"))
    }

    /// Membership in what is laid out as a built-in container.
    pub fn layout_contains(&mut self, container: &Value, item: &Value) -> R<Option<bool>> {
        Ok(Some(match self.kind_of(container) {
            kind::LIST => self.list_contains(container, item)?,
            kind::TUPLE => self.tuple_contains(container, item)?,
            kind::DICT => self.dict_contains(container, item)?,
            kind::SET | kind::FROZENSET => self.set_contains(container, item)?,
            kind::STR => self.str_contains(container, item)?,
            kind::BYTES | kind::BYTEARRAY => self.bytes_contain(container, item)?,
            kind::RANGE => return self.range_contains(container, item),
            kind::DICT_KEYS => {
                let dict = container
                    .get::<DictKeys>()
                    .map_or(Value::NONE, |v| v.dict.get());
                self.dict_contains(&dict, item)?
            }
            kind::DICT_VALUES => {
                let dict = container
                    .get::<DictValues>()
                    .map_or(Value::NONE, |v| v.dict.get());
                self.values_contain(&dict, item)?
            }
            kind::DICT_ITEMS => {
                let dict = container
                    .get::<DictItems>()
                    .map_or(Value::NONE, |v| v.dict.get());
                self.items_contain(&dict, item)?
            }
            _ => return Ok(None),
        }))
    }

    fn list_contains(&mut self, container: &Value, item: &Value) -> R<bool> {
        let Some(list) = container.get::<List>() else {
            return Ok(false);
        };
        let mut i = 0;
        while let Some(member) = list.get(i) {
            if self.eq(&member, item)? {
                return Ok(true);
            }
            i += 1;
        }
        Ok(false)
    }

    fn tuple_contains(&mut self, container: &Value, item: &Value) -> R<bool> {
        let Some(tuple) = container.to_ref::<Tuple>() else {
            return Ok(false);
        };
        for member in tuple.items() {
            if self.eq(member, item)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn dict_contains(&mut self, dict: &Value, item: &Value) -> R<bool> {
        match dict.get::<Dict>() {
            Some(dict) => Ok(self.dict_get(dict, item)?.is_some()),
            None => Ok(false),
        }
    }

    fn values_contain(&mut self, dict: &Value, item: &Value) -> R<bool> {
        let values = dict.get::<Dict>().map_or_else(Vec::new, Dict::pairs);
        for (_, value) in values {
            if self.eq(&value, item)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn items_contain(&mut self, dict: &Value, item: &Value) -> R<bool> {
        let (Some(dict), Some(pair)) = (dict.get::<Dict>(), item.to_ref::<Tuple>()) else {
            return Ok(false);
        };
        let [key, wanted] = pair.items() else {
            return Ok(false);
        };
        match self.dict_get(dict, key)? {
            Some(value) => self.eq(&value, wanted),
            None => Ok(false),
        }
    }

    fn str_contains(&mut self, text: &Value, item: &Value) -> R<bool> {
        match (text.get::<Str>(), item.get::<Str>()) {
            (Some(text), Some(part)) => {
                self.tick_bytes(text.byte_len())?;
                Ok(memchr::memmem::find(text.bytes(), part.bytes()).is_some())
            }
            _ => {
                let given = self.type_name(item);
                Err(self.type_error(format!(
                    "'in <string>' requires string as left operand, not {given}"
                )))
            }
        }
    }

    fn bytes_contain(&mut self, container: &Value, item: &Value) -> R<bool> {
        let part = match bytes::with_bytes(item, <[u8]>::to_vec) {
            None => match item.get::<MemoryView>() {
                Some(view) if !view.is_contiguous() => {
                    let text = "memoryview: underlying buffer is not C-contiguous";
                    return Err(self.buffer_error(text));
                }
                view => view.and_then(MemoryView::bytes),
            },
            part => part,
        };
        self.tick_bytes(bytes::with_bytes(container, <[u8]>::len).unwrap_or(0))?;
        if let Some(part) = part {
            return Ok(
                bytes::with_bytes(container, |b| memchr::memmem::find(b, &part).is_some())
                    .unwrap_or(false),
            );
        }
        if item.is_kind::<MemoryView>() {
            let text = "memoryview: underlying buffer is not C-contiguous";
            return Err(self.buffer_error(text));
        }
        if !self.has_index(item) {
            let given = self.type_name(item);
            return Err(self.type_error(format!("a bytes-like object is required, not '{given}'")));
        }
        match self.index_clamped(item)? {
            byte @ 0..=255 => {
                Ok(bytes::with_bytes(container, |b| b.contains(&(byte as u8))).unwrap_or(false))
            }
            _ => Err(self.value_error("byte must be in range(0, 256)")),
        }
    }

    fn range_contains(&mut self, container: &Value, item: &Value) -> R<Option<bool>> {
        let Some(range) = container.get::<Range>() else {
            return Ok(None);
        };
        if item.shape() <= u8::MAX as u32
            && let Some(number) = IntView::of(item)
        {
            return Ok(Some(range.index_of(number).is_some()));
        }
        // A float or any other object is compared with each number.
        let iterator = self.iter(container)?;
        while let Some(number) = self.next(&iterator)? {
            if self.eq(&number, item)? {
                return Ok(Some(true));
            }
        }
        Ok(Some(false))
    }
}

/// Calls `__contains__`. Registers: container, item, method, whether to negate.
static CONTAINS: Def = Def::frame(
    "contains(container, item, method, negate, /)",
    0,
    contains_frame,
);

fn contains_frame(vm: &mut Vm, frame: &mut NativeFrame<'_>, input: Input) -> Step {
    match input {
        Input::Start => {
            let (container, item, method) = (
                frame.regs[0].clone(),
                frame.regs[1].clone(),
                frame.regs[2].clone(),
            );
            let step = vm.call_special(method, &container, &[item]);
            step.then_go_on()
        }
        Input::Raised(raised) => Step::Raise(raised),
        Input::Value(value) | Input::Yielded(value) => {
            let negate = frame.regs[3].is_true();
            vm.truth(&value)
                .map(|found| Value::bool(found != negate))
                .into()
        }
    }
}

/// Compares with each item of an iterator. Registers: container, item, iterator, whether to negate.
static SEARCH: Def = Def::frame("contains(container, item, iterator, negate, /)", 0, search);

fn search(vm: &mut Vm, frame: &mut NativeFrame<'_>, input: Input) -> Step {
    let negate = frame.regs[3].is_true();
    match (frame.state, input) {
        // That `__iter__` fails is told as if there were none.
        (1, Input::Raised(raised)) if vm.is_raised(&raised, Known::TypeError) => {
            Step::Raise(vm.not_a_container(&frame.regs[0]))
        }
        (_, Input::Raised(raised)) => Step::Raise(raised),
        (0, _) => {
            frame.state = 1;
            let container = frame.regs[0].clone();
            vm.iter_step(&container).then_go_on()
        }
        (1, Input::Value(iterator)) => {
            frame.state = 2;
            frame.regs[2] = iterator.clone();
            Step::Next(iterator)
        }
        (_, Input::Value(value)) if value.is_undef() => Step::Return(Value::bool(negate)),
        (_, Input::Value(value)) => {
            let item = frame.regs[1].clone();
            match vm.eq(&value, &item) {
                Ok(true) => Step::Return(Value::bool(!negate)),
                Ok(false) => Step::Next(frame.regs[2].clone()),
                Err(raised) => Step::Raise(raised),
            }
        }
        _ => Step::Return(Value::bool(negate)),
    }
}

/// What the core types are for comparing.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Core {
    Number,
    Str,
    Bytes,
    Tuple,
    List,
    Dict,
    Set,
    Range,
    Slice,
    Other,
}

fn core_kind(kind: u8, value: &Value) -> Core {
    match kind {
        0 if value.is_small_int() || value.is_inline_float() || value.as_bool().is_some() => {
            Core::Number
        }
        kind::INT | kind::FLOAT | kind::COMPLEX => Core::Number,
        kind::STR => Core::Str,
        kind::BYTES | kind::BYTEARRAY => Core::Bytes,
        kind::TUPLE => Core::Tuple,
        kind::LIST => Core::List,
        kind::DICT => Core::Dict,
        kind::SET | kind::FROZENSET => Core::Set,
        kind::RANGE => Core::Range,
        kind::SLICE => Core::Slice,
        _ => Core::Other,
    }
}

/// Kinds whose comparisons `native_compare` knows.
fn is_core(kind: u8) -> bool {
    matches!(
        kind,
        0 | kind::INT
            | kind::FLOAT
            | kind::COMPLEX
            | kind::STR
            | kind::BYTES
            | kind::BYTEARRAY
            | kind::TUPLE
            | kind::LIST
            | kind::DICT
            | kind::SET
            | kind::FROZENSET
            | kind::RANGE
            | kind::SLICE
    )
}

/// Whether a value is an exact instance of a built-in type.
#[inline]
pub(crate) fn is_plain(value: &Value) -> bool {
    value.shape() < FIRST_FREE_SHAPE
}

/// How many bytes a comparison of what is laid out in one piece may look at.
fn compared_bytes(value: &Value) -> usize {
    match value.get::<Str>() {
        Some(text) => text.byte_len(),
        None => bytes::with_bytes(value, <[u8]>::len).unwrap_or(0),
    }
}

fn compare_numbers(op: CompareOp, a: &Value, b: &Value) -> Value {
    use crate::object::complex::Complex;
    if a.is_kind::<Complex>() || b.is_kind::<Complex>() {
        return match op {
            CompareOp::Eq => Value::bool(crate::object::compare::numbers_equal(a, b)),
            CompareOp::Ne => Value::bool(!crate::object::compare::numbers_equal(a, b)),
            _ => Value::NOT_IMPLEMENTED,
        };
    }
    if let (Some(x), Some(y)) = (as_float(a), as_float(b)) {
        return Value::bool(match op {
            CompareOp::Lt => x < y,
            CompareOp::Le => x <= y,
            CompareOp::Eq => x == y,
            CompareOp::Ne => x != y,
            CompareOp::Gt => x > y,
            CompareOp::Ge => x >= y,
        });
    }
    // Not a number is in no order with anything.
    Value::bool(cmp_numbers(a, b).map_or(op == CompareOp::Ne, |order| op.holds(order)))
}

/// The bytes of a view without gaps.
fn shown_bytes(view: &MemoryView) -> Option<Vec<u8>> {
    view.is_contiguous().then(|| view.bytes()).flatten()
}
