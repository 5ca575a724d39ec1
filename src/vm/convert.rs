//! Conversions: truth, text, hash, index, length, equality. The nested forms
//! are for natives that need an answer at once.

use super::Vm;
use super::compare::CompareOp;
use super::special::Special;
use crate::heap::{Kind, Ref, Value};
use crate::object::bytes::{ByteArray, Bytes};
use crate::object::complex::Complex;
use crate::object::dict::Dict;
use crate::object::function::Function;
use crate::object::hash::{frozenset_hash, simple_hash, tuple_hash};
use crate::object::int::{self, IntView};
use crate::object::int_text;
use crate::object::iterator::{DictItems, DictKeys, DictValues};
use crate::object::list::List;
use crate::object::native::{Def, Input, Native, NativeCode, R, Step};
use crate::object::range::Range;
use crate::object::set::with_table;
use crate::object::slice::Slice;
use crate::object::str::Str;
use crate::object::tuple::Tuple;
use crate::object::{compare, float, kind};
use crate::vm::types::{Known, is_core_method};

/// Checks the result of a special method in script. Registers: method, receiver, which check.
static CHECKED: Def = Def::frame(
    "<conversion>(method, value, check, /)",
    0,
    |vm, frame, input| match (frame.state, input) {
        (0, _) => {
            frame.state = 1;
            vm.call_special(frame.regs[0].clone(), &frame.regs[1].clone(), &[])
                .then_go_on()
        }
        (_, Input::Raised(raised)) => Step::Raise(raised),
        (_, Input::Value(result) | Input::Yielded(result)) => {
            let check = frame.regs[2].as_small_int().unwrap_or(0);
            Step::from(vm.check_conversion(&result, check))
        }
        (_, Input::Start) => Step::Return(Value::NONE),
    },
);

const CHECK_BOOL: i32 = 0;
const CHECK_LEN_TRUTH: i32 = 1;
const CHECK_STR: i32 = 2;
const CHECK_REPR: i32 = 3;
const CHECK_FORMAT: i32 = 4;
const NEGATED: i32 = 16;

impl Vm {
    pub(super) fn check_conversion(&mut self, result: &Value, check: i64) -> R {
        let negated = check as i32 & NEGATED != 0;
        match check as i32 & !NEGATED {
            CHECK_BOOL => match result.as_bool() {
                Some(truth) => Ok(Value::bool(truth != negated)),
                None => {
                    let name = self.type_name(result);
                    Err(self.type_error(format!("__bool__ should return bool, returned {name}")))
                }
            },
            CHECK_LEN_TRUTH => Ok(Value::bool((self.checked_len(result)? != 0) != negated)),
            which => {
                if result.is_kind::<Str>() {
                    return Ok(result.clone());
                }
                let name = self.type_name(result);
                Err(self.type_error(match which {
                    CHECK_STR => format!("__str__ returned non-string (type {name})"),
                    CHECK_REPR => format!("__repr__ returned non-string (type {name})"),
                    _ => format!("__format__ must return a str, not {name}"),
                }))
            }
        }
    }

    fn checked(&mut self, method: Value, value: &Value, check: i32) -> Step {
        Step::Enter(
            &CHECKED,
            smallvec::smallvec![method, value.clone(), Value::int32(check)],
        )
    }

    /// The truth of a value of a built-in type; None for any other.
    pub(crate) fn native_truth(&self, value: &Value) -> Option<bool> {
        if let Some(truth) = value.as_bool() {
            return Some(truth);
        }
        if let Some(i) = value.as_small_int() {
            return Some(i != 0);
        }
        if let Some(f) = value.as_inline_float() {
            return Some(f != 0.0);
        }
        if !value.is_object() {
            return Some(!value.is_none() && !value.is_undef());
        }
        Some(match value.shape() as Kind {
            _ if value.shape() >= crate::heap::FIRST_FREE_SHAPE => return None,
            kind::STR => !value.get::<Str>()?.is_empty(),
            kind::LIST => !value.get::<List>()?.is_empty(),
            kind::TUPLE => !value.get::<Tuple>()?.is_empty(),
            kind::DICT => !value.get::<Dict>()?.is_empty(),
            kind::SET | kind::FROZENSET => with_table(value, |t| !t.is_empty())?,
            kind::INT | kind::FLOAT => true,
            kind::BYTES => !value.get::<Bytes>()?.bytes().is_empty(),
            kind::BYTEARRAY => !value.get::<ByteArray>()?.data.borrow().is_empty(),
            kind::COMPLEX => {
                let c = value.get::<Complex>()?;
                c.re != 0.0 || c.im != 0.0
            }
            kind::FUNCTION
            | kind::NATIVE
            | kind::BOUND_METHOD
            | kind::CLASS
            | kind::MODULE
            | kind::GENERATOR => true,
            _ => return None,
        })
    }

    /// `bool(value)`
    pub fn truth_step(&mut self, value: &Value) -> Step {
        self.truth_or_not(value, 0)
    }

    /// `not value`
    pub fn not_step(&mut self, value: &Value) -> Step {
        self.truth_or_not(value, NEGATED)
    }

    fn truth_or_not(&mut self, value: &Value, negated: i32) -> Step {
        if let Some(truth) = self.native_truth(value) {
            return Step::Return(Value::bool(truth != (negated != 0)));
        }
        if let Some(method) = self.special_of(value, Special::Bool) {
            if let Some(number) = IntView::of(value)
                && self.is_ints_truth(&method)
            {
                let truth = !matches!(number, IntView::Small(0));
                return Step::Return(Value::bool(truth != (negated != 0)));
            }
            return self.checked(method, value, CHECK_BOOL | negated);
        }
        if let Some(method) = self.special_of(value, Special::Len) {
            return self.checked(method, value, CHECK_LEN_TRUTH | negated);
        }
        Step::Return(Value::bool(negated == 0))
    }

    /// The function of a script that says whether an object is true, and which check its result takes.
    pub(super) fn plain_truth(&mut self, value: &Value) -> Option<(Value, i32)> {
        let class = self.script_class(value)?;
        let epoch = self.heap.type_epoch;
        let known = |special: Special| class.known_special(special as usize, epoch);
        let (method, check) = match known(Special::Bool)? {
            none if none.is_not_implemented() => (known(Special::Len)?, CHECK_LEN_TRUTH),
            method => (method, CHECK_BOOL),
        };
        let function = method.get_exact::<Function>()?;
        (function.simple.get() == 1).then(|| (method.clone(), check))
    }

    /// Whether a method is `int.__bool__`.
    fn is_ints_truth(&mut self, method: &Value) -> bool {
        let int = self.known_class(Known::Int);
        self.special(&int, Special::Bool)
            .is_some_and(|own| own.is(method))
    }

    /// `bool(value)`, nested.
    pub fn truth(&mut self, value: &Value) -> R<bool> {
        if let Some(truth) = self.native_truth(value) {
            return Ok(truth);
        }
        let step = self.truth_step(value);
        Ok(self.finish(step)?.is_true())
    }

    // Text.

    /// `str(value)`: a script's `__str__` runs in a frame of its own.
    pub fn str_step(&mut self, value: &Value) -> Step {
        if value.is_exact::<Str>() {
            return Step::Return(value.clone());
        }
        match self.special_of(value, Special::Str) {
            Some(method) if method.is_exact::<Function>() => self.checked(method, value, CHECK_STR),
            // That of `object` is the `__repr__`, which runs in a frame of its own too.
            Some(method) if self.is_objects_str(&method) => {
                match self.special_of(value, Special::Repr) {
                    Some(repr) if repr.is_exact::<Function>() => {
                        self.checked(repr, value, CHECK_STR)
                    }
                    _ => Step::from(self.str(value).map(Ref::into_value)),
                }
            }
            _ => Step::from(self.str(value).map(Ref::into_value)),
        }
    }

    /// `repr(value)`: a script's `__repr__` runs in a frame of its own.
    pub fn repr_step(&mut self, value: &Value) -> Step {
        match self.special_of(value, Special::Repr) {
            Some(method) if method.is_exact::<Function>() => {
                self.checked(method, value, CHECK_REPR)
            }
            _ => Step::from(self.repr(value).map(Ref::into_value)),
        }
    }

    /// `<module.Class object at 0x...>`
    pub fn default_repr(&mut self, value: &Value) -> String {
        let class = self.class_of(value);
        let name = self.qualified_name_of(&class);
        format!("<{name} object at {}>", self.address(value))
    }

    /// `module.qualname` of a class; without the module where it is `builtins`.
    pub fn qualified_name_of(&mut self, class: &Ref<crate::object::class::Class>) -> String {
        let qualname = class.qualname.get();
        let qualname = qualname
            .get::<Str>()
            .map_or_else(String::new, |s| s.to_text().into_owned());
        let class = class.value();
        match self.get_attr_optional(&class, "__module__") {
            Ok(Some(module)) => match module.get::<Str>().map(|m| m.to_text().into_owned()) {
                Some(module) if module != "builtins" => format!("{module}.{qualname}"),
                _ => qualname,
            },
            _ => qualname,
        }
    }

    /// `id(value)`
    pub fn address_number(&self, value: &Value) -> u64 {
        self.heap.identity(value)
    }

    /// The identity of an object as the default `repr` shows it.
    pub fn address(&self, value: &Value) -> String {
        let identity = self.heap.identity(value);
        // What lies in a word has no place on the heap: it is shown as if it had.
        format!(
            "0x{:x}",
            if value.is_object() {
                identity
            } else {
                0x5500_0000_0000 | identity & 0xFFFF_FFFF
            }
        )
    }

    /// `format(value, spec)` of an f-string's field: `conversion` is 0 none, 1 `!s`, 2 `!r`, 3 `!a`;
    /// `spec` is Undef when there is none.
    pub fn format_step(&mut self, value: &Value, conversion: u8, spec: &Value) -> Step {
        let converted = match conversion {
            0 => {
                let plain = spec.is_undef() || spec.get::<Str>().is_some_and(|s| s.is_empty());
                if plain && value.is_exact::<Str>() {
                    return Step::Return(value.clone());
                }
                if plain && let Some(i) = value.as_small_int() {
                    return Step::Return(int_text::small_to_str(i).into_value());
                }
                if plain && !value.is_object() {
                    return self.str_step(value);
                }
                return self.format_value_step(value, spec);
            }
            1 => self.str(value),
            2 => self.repr(value),
            _ => self.ascii(value),
        };
        match converted {
            Ok(text) if spec.is_undef() => Step::Return(text.into_value()),
            Ok(text) => self.format_value_step(text.as_value(), spec),
            Err(raised) => Step::Raise(raised),
        }
    }

    fn format_value_step(&mut self, value: &Value, spec: &Value) -> Step {
        let spec = if spec.is_undef() {
            Str::empty().into_value()
        } else {
            spec.clone()
        };
        match self.special_of(value, Special::Format) {
            // The built-in types give a string.
            Some(method) if is_core_method(&method) => {
                match method.get_exact::<Native>().map(|n| n.def.code) {
                    Some(NativeCode::Leaf(leaf)) => leaf(self, &[value.clone(), spec]).into(),
                    _ => Step::TailCall(method, smallvec::smallvec![value.clone(), spec]),
                }
            }
            Some(method) => match self.bind_special(&method, value) {
                Ok(bound) => Step::Enter(&CHECKED_FORMAT, smallvec::smallvec![bound, spec]),
                Err(raised) => Step::Raise(raised),
            },
            None => self.str_step(value),
        }
    }

    /// `str(x)`, `int(x)`, `float(x)` where no more than a conversion is to be done.
    pub(crate) fn convert_at_once(&mut self, class: &Value, value: &Value) -> Option<Step> {
        if self.is_known_class(class, Known::Str) {
            return Some(self.str_step(value));
        }
        let small = value.as_small_int();
        if self.is_known_class(class, Known::Int) {
            let whole = value.as_inline_float().filter(|f| f.abs() < 1e15);
            let int = small.or(whole.map(|f| f as i64))?;
            return Some(Step::Return(int::from_i64(int)));
        }
        if self.is_known_class(class, Known::Float) {
            if value.as_inline_float().is_some() {
                return Some(Step::Return(value.clone()));
            }
            return Some(Step::Return(float::float(small? as f64)));
        }
        None
    }

    // Hash.

    /// `hash(value)`, nested.
    ///
    /// # Errors
    /// TypeError for an unhashable value.
    pub fn hash(&mut self, value: &Value) -> R<i64> {
        if let Some(hash) = simple_hash(value) {
            return Ok(hash);
        }
        self.check_stack()?;
        self.tick(1)?;
        if let Some(tuple) = value.get_exact::<Tuple>() {
            self.check_room(tuple.len() * 16)?;
            let mut hashes = Vec::with_capacity(tuple.len());
            for item in tuple.items() {
                hashes.push(Some(self.hash(item)?));
            }
            return Ok(tuple_hash(hashes.into_iter()).unwrap_or(0));
        }
        if value.is_exact::<crate::object::set::FrozenSet>() {
            let hashes: Vec<i64> = with_table(value, |t| t.iter_hashed().map(|(h, _)| h).collect())
                .unwrap_or_default();
            let n = hashes.len();
            return Ok(frozenset_hash(hashes.into_iter(), n));
        }
        match self.special_of(value, Special::Hash) {
            Some(method) if method.is_none() => Err(self.unhashable(value)),
            Some(method) if self.is_objects_own_hash(&method) => Ok(self.identity_hash(value)),
            Some(method) => {
                let step = self.call_special(method, value, &[]);
                let result = self.finish(step)?;
                match IntView::of(&result) {
                    Some(hash) => Ok(hash
                        .as_i64()
                        .filter(|&h| h != -1)
                        .unwrap_or_else(|| hash.hash())),
                    None => Err(self.type_error("__hash__ method should return an integer")),
                }
            }
            None => Ok(self.identity_hash(value)),
        }
    }

    fn is_objects_own_hash(&mut self, method: &Value) -> bool {
        let object = self.known_class(Known::Object);
        self.special(&object, Special::Hash)
            .is_some_and(|own| own.is(method))
    }

    /// The TypeError for a value that cannot be hashed.
    pub fn unhashable(&mut self, value: &Value) -> crate::object::native::Raised {
        let name = self.type_name(value);
        self.type_error(format!("unhashable type: '{name}'"))
    }

    /// The hash of an object that is equal to itself only.
    pub fn identity_hash(&self, value: &Value) -> i64 {
        // A NaN has the hash of its identity, and floats have none of their own.
        if value.as_inline_float().is_some_and(f64::is_nan) {
            return float::hash(f64::NAN);
        }
        (self.heap.identity(value) as i64).rotate_right(4) & i64::MAX
    }

    // Numbers and lengths.

    /// The integer that `value.__index__()` gives, as a value.
    ///
    /// # Errors
    /// TypeError "'x' object cannot be interpreted as an integer".
    pub fn index_value(&mut self, value: &Value) -> R {
        if value.is_small_int() || value.is_exact::<int::Int>() {
            return Ok(value.clone());
        }
        if let Some(view) = IntView::of(value) {
            return Ok(view.to_value());
        }
        let Some(method) = self.special_of(value, Special::Index) else {
            let name = self.type_name(value);
            return Err(self.type_error(format!(
                "'{name}' object cannot be interpreted as an integer"
            )));
        };
        let step = self.call_special(method, value, &[]);
        let result = self.finish(step)?;
        self.int_result(&result, "__index__")
    }

    /// As `index_value`, as a number that fits 64 bits.
    ///
    /// # Errors
    /// Also IndexError "cannot fit 'int' into an index-sized integer".
    pub fn index(&mut self, value: &Value) -> R<i64> {
        let i = self.index_value(value)?;
        match IntView::of(&i).and_then(IntView::as_i64) {
            Some(i) => Ok(i),
            None => {
                let name = self.type_name(value);
                Err(self.index_error(format!("cannot fit '{name}' into an index-sized integer")))
            }
        }
    }

    /// As `index`, large numbers cut off at the ends of 64 bits.
    pub fn index_clamped(&mut self, value: &Value) -> R<i64> {
        let i = self.index_value(value)?;
        Ok(IntView::of(&i).map_or(0, IntView::clamped))
    }

    /// A float from a number, or from `__float__` or `__index__`.
    ///
    /// # Errors
    /// TypeError "must be real number, not x".
    pub fn float(&mut self, value: &Value) -> R<f64> {
        if let Some(f) = float::as_float(value) {
            return Ok(f);
        }
        // A subclass of int may have a `__float__` of its own.
        let plain = value.shape() < crate::heap::FIRST_FREE_SHAPE || !value.is_object();
        if plain && let Some(number) = float::number(value) {
            return self.lift(number);
        }
        if self.special_of(value, Special::Float).is_some() {
            return self.float_by_method(value);
        }
        if self.special_of(value, Special::Index).is_some() {
            let i = self.index_value(value)?;
            if let Some(view) = IntView::of(&i) {
                let f = view.to_f64();
                return self.lift(f);
            }
        }
        let name = self.type_name(value);
        Err(self.type_error(format!("must be real number, not {name}")))
    }

    /// What `value.__float__()` gives.
    pub fn float_by_method(&mut self, value: &Value) -> R<f64> {
        let Some(method) = self.special_of(value, Special::Float) else {
            return self.float(value);
        };
        let step = self.call_special(method, value, &[]);
        let result = self.finish(step)?;
        let exact = result.as_inline_float().is_some() || result.is_exact::<float::Float>();
        match float::as_float(&result) {
            Some(f) if exact => Ok(f),
            found => {
                let (owner, name) = (self.type_name(value), self.type_name(&result));
                let complaint = format!("{owner}.__float__ returned non-float (type {name})");
                let Some(f) = found else {
                    return Err(self.type_error(complaint));
                };
                self.warn_subclass(&complaint, "float")?;
                Ok(f)
            }
        }
    }

    /// Warns that a conversion gave an instance of a subclass.
    fn warn_subclass(&mut self, complaint: &str, class: &str) -> R<()> {
        self.warn(
            Known::DeprecationWarning,
            &format!(
                "{complaint}.  The ability to return an instance of a strict subclass of {class} \
                 is deprecated, and may be removed in a future version of Python."
            ),
        )
    }

    /// The int that `__int__` or `__index__`, whose name is given, returned.
    pub fn int_result(&mut self, result: &Value, name: &str) -> R {
        if result.is_small_int() || result.is_exact::<int::Int>() {
            return Ok(result.clone());
        }
        let given = self.type_name(result);
        let complaint = format!("{name} returned non-int (type {given})");
        let view = result.as_bool().map(|b| IntView::Small(b.into()));
        match view.or_else(|| IntView::of(result)) {
            Some(view) => {
                let plain = view.to_value();
                self.warn_subclass(&complaint, "int")?;
                Ok(plain)
            }
            None => Err(self.type_error(complaint)),
        }
    }

    /// `len(value)`, nested.
    pub fn len(&mut self, value: &Value) -> R<usize> {
        if value.is_object()
            && value.shape() < crate::heap::FIRST_FREE_SHAPE
            && let Some(n) = self.layout_len(value)
        {
            return Ok(n);
        }
        self.len_by_method(value)
    }

    /// The length of a value of a built-in type, of its subclasses included; None for any other.
    pub fn layout_len(&self, value: &Value) -> Option<usize> {
        if !value.is_object() {
            return None;
        }
        match self.kind_of(value) {
            kind::STR => value.get::<Str>().map(Str::len),
            kind::LIST => value.get::<List>().map(List::len),
            kind::TUPLE => value.get::<Tuple>().map(Tuple::len),
            kind::DICT => value.get::<Dict>().map(Dict::len),
            kind::BYTES => value.get::<Bytes>().map(|b| b.bytes().len()),
            kind::BYTEARRAY => value.get::<ByteArray>().map(|b| b.data.borrow().len()),
            kind::SET | kind::FROZENSET => with_table(value, |t| t.len()),
            kind::DICT_KEYS => value
                .get::<DictKeys>()
                .and_then(|v| v.dict.as_value().get::<Dict>().map(Dict::len)),
            kind::DICT_VALUES => value
                .get::<DictValues>()
                .and_then(|v| v.dict.as_value().get::<Dict>().map(Dict::len)),
            kind::DICT_ITEMS => value
                .get::<DictItems>()
                .and_then(|v| v.dict.as_value().get::<Dict>().map(Dict::len)),
            kind::RANGE => value
                .get::<Range>()
                .and_then(|r| usize::try_from(IntView::of(&r.length)?.as_i64()?).ok()),
            _ => None,
        }
    }

    /// Whether the value can be an index: an int, or with `__index__`.
    pub fn has_index(&mut self, value: &Value) -> bool {
        IntView::of(value).is_some() || self.special_of(value, Special::Index).is_some()
    }

    fn len_by_method(&mut self, value: &Value) -> R<usize> {
        let Some(method) = self.special_of(value, Special::Len) else {
            let name = self.type_name(value);
            return Err(self.type_error(format!("object of type '{name}' has no len()")));
        };
        if is_core_method(&method)
            && let Some(n) = self.layout_len(value)
        {
            return Ok(n);
        }
        let step = self.call_special(method, value, &[]);
        let result = self.finish(step)?;
        self.checked_len(&result)
    }

    fn checked_len(&mut self, result: &Value) -> R<usize> {
        let i = self.index_value(result)?;
        match IntView::of(&i) {
            Some(view) if view.is_negative() => {
                Err(self.value_error("__len__() should return >= 0"))
            }
            Some(view) => match view.as_i64() {
                Some(n) => Ok(n as usize),
                None => Err(self.overflow_error("cannot fit 'int' into an index-sized integer")),
            },
            None => Ok(0),
        }
    }

    // Equality and attributes.

    /// `a is b or a == b`, as a truth, nested.
    pub fn eq(&mut self, a: &Value, b: &Value) -> R<bool> {
        self.count_one()?;
        if a.is(b) {
            return Ok(true);
        }
        if let Some(equal) = compare::simple_eq(a, b) {
            return Ok(equal);
        }
        let known = self.known_int(a, CompareOp::Eq);
        if let Some((left, right)) = known.zip(self.known_int(b, CompareOp::Eq)) {
            return Ok(left == right);
        }
        self.check_stack()?;
        let step = self.compare_step(CompareOp::Eq, a, b);
        let result = self.finish(step)?;
        self.truth(&result)
    }

    /// `a < b` as a truth, nested.
    pub fn lt(&mut self, a: &Value, b: &Value) -> R<bool> {
        if let Some(order) = compare::simple_cmp(a, b) {
            return Ok(order.is_lt());
        }
        let step = self.compare_step(CompareOp::Lt, a, b);
        let result = self.finish(step)?;
        self.truth(&result)
    }

    /// `value.name`, nested.
    pub fn get_attr(&mut self, value: &Value, name: &str) -> R {
        let name = self.intern(name).into_value();
        let step = self.get_attr_step(value, &name);
        self.finish(step)
    }

    /// `value.name`, nested; None for an AttributeError.
    pub fn get_attr_optional(&mut self, value: &Value, name: &str) -> R<Option<Value>> {
        let name = self.intern(name).into_value();
        self.get_attr_value_optional(value, &name)
    }

    /// As `get_attr_optional`; the name is a value.
    pub fn get_attr_value_optional(&mut self, value: &Value, name: &Value) -> R<Option<Value>> {
        if self.lacks_attribute(value, name) {
            return Ok(None);
        }
        let step = self.get_attr_step(value, name);
        match self.finish(step) {
            Ok(found) => Ok(Some(found)),
            Err(raised) if self.is_raised(&raised, super::types::Known::AttributeError) => Ok(None),
            Err(raised) => Err(raised),
        }
    }

    /// `value.name = new`, nested.
    pub fn set_attr(&mut self, value: &Value, name: &str, new: &Value) -> R<()> {
        let name = self.intern(name).into_value();
        let step = self.set_attr_step(value, &name, new);
        self.finish(step).map(drop)
    }

    /// `value.name(*args)`, nested.
    pub fn call_method(&mut self, value: &Value, name: &str, args: &[Value]) -> R {
        let method = self.get_attr(value, name)?;
        self.call(&method, args)
    }

    /// The repr of a slice's parts, a range or another small tuple of values joined by commas.
    pub fn join_reprs(&mut self, values: &[Value]) -> R<String> {
        let mut out = String::new();
        for (i, value) in values.iter().enumerate() {
            if i > 0 {
                out.push_str(", ");
            }
            out.push_str(&self.repr(value)?.to_text());
        }
        Ok(out)
    }

    /// `value[start:stop:step]` bounds as the slice says them.
    pub fn slice_parts(slice: &Slice) -> [Value; 3] {
        [slice.start.clone(), slice.stop.clone(), slice.step.clone()]
    }

    /// The kind of an object, of a subclass's instance that of its layout; 0 for what is no object.
    #[inline]
    pub fn kind_of(&self, value: &Value) -> Kind {
        let shape = value.shape();
        if shape < crate::heap::FIRST_SHARED_SHAPE {
            shape as Kind
        } else {
            self.heap.shapes[shape as usize].kind
        }
    }
}

/// `__format__(spec)`, and a check that it gave a string. Registers: bound method, specification.
static CHECKED_FORMAT: Def =
    Def::frame("<format>(method, spec, /)", 0, |vm, frame, input| {
        match (frame.state, input) {
            (0, _) => {
                frame.state = 1;
                Step::Call(
                    frame.regs[0].clone(),
                    smallvec::smallvec![frame.regs[1].clone()],
                )
            }
            (_, Input::Raised(raised)) => Step::Raise(raised),
            (_, Input::Value(result) | Input::Yielded(result)) => {
                Step::from(vm.check_conversion(&result, CHECK_FORMAT as i64))
            }
            (_, Input::Start) => Step::Return(Value::NONE),
        }
    });
