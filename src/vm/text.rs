//! `repr`, `str`, `ascii` and `format` of any value. Containers are written in
//! Rust, item by item, as deep as the stack allows.

use super::Vm;
use crate::heap::{Buffer, Ref, Value};
use crate::object::class::Class;
use crate::object::dict::Dict;
use crate::object::float;
use crate::object::function::Function;
use crate::object::int::IntView;
use crate::object::int_text;
use crate::object::kind;
use crate::object::list::List;
use crate::object::native::{Native, R, Step};
use crate::object::range::Range;
use crate::object::repr::quoted;
use crate::object::set::with_table;
use crate::object::slice::Slice;
use crate::object::str::{Str, with_surrogates};
use crate::object::tuple::Tuple;
use crate::vm::special::Special;
use crate::vm::types::{Known, is_core_method};

/// Text under construction: WTF-8.
pub type Text = Buffer<u8>;

impl Vm {
    /// `repr(value)`
    pub fn repr(&mut self, value: &Value) -> R<Ref<Str>> {
        let mut out = Text::new();
        self.repr_into(value, &mut out)?;
        let text = Str::from_wtf8(&out);
        self.lift(text)
    }

    /// `repr(value)` as Rust text.
    pub fn repr_text(&mut self, value: &Value) -> R<String> {
        Ok(self.repr(value)?.to_text().into_owned())
    }

    /// `ascii(value)`
    pub fn ascii(&mut self, value: &Value) -> R<Ref<Str>> {
        let text = self.repr(value)?;
        if text.is_ascii() {
            return Ok(text);
        }
        let mut out = Text::new();
        for point in text.points() {
            let pushed = if point < 0x80 {
                out.push(point as u8)
            } else {
                crate::object::repr::push_hex(&mut out, point)
            };
            self.lift(pushed)?;
        }
        let text = Str::from_wtf8(&out);
        self.lift(text)
    }

    /// `str(value)`
    pub fn str(&mut self, value: &Value) -> R<Ref<Str>> {
        if value.is_exact::<Str>()
            && let Some(text) = value.to_ref::<Str>()
        {
            return Ok(text);
        }
        if let Some(i) = value.as_small_int() {
            return Ok(int_text::small_to_str(i));
        }
        if value.shape() <= u8::MAX as u32 && !self.has_own_str(value) {
            return self.repr(value);
        }
        let class = self.class_of(value);
        match self.special(&class, Special::Str) {
            Some(method) if !self.is_objects_str(&method) => self.text_of(method, value, "__str__"),
            _ => match self.special(&class, Special::Repr) {
                Some(method) if method.is_exact::<Function>() => {
                    self.text_of(method, value, "__str__")
                }
                _ => self.repr(value),
            },
        }
    }

    /// Whether a method is `object.__str__`.
    pub(crate) fn is_objects_str(&mut self, method: &Value) -> bool {
        let object = self.known_class(Known::Object);
        let own = self.special(&object, Special::Str);
        own.is_some_and(|own| own.is(method))
    }

    /// `str(value)` as Rust text; as `Str::to_text` gives it.
    pub fn str_text(&mut self, value: &Value) -> R<String> {
        Ok(self.str(value)?.to_text().into_owned())
    }

    /// Exact instances of most built-in types have no `__str__` of their own.
    fn has_own_str(&self, value: &Value) -> bool {
        let kind = value.shape() as u8;
        value.is_object()
            && (kind >= kind::DEQUE || matches!(kind, kind::EXCEPTION | kind::MAPPINGPROXY))
    }

    /// Calls a method that must return a string.
    fn text_of(&mut self, method: Value, value: &Value, name: &str) -> R<Ref<Str>> {
        self.check_stack()?;
        let step = self.call_special(method, value, &[]);
        let result = self.finish(step)?;
        match result.to_ref::<Str>() {
            Some(text) => Ok(text),
            None => {
                let given = self.type_name(&result);
                Err(self.type_error(format!("{name} returned non-string (type {given})")))
            }
        }
    }

    /// Appends `repr(value)`.
    pub fn repr_into(&mut self, value: &Value, out: &mut Text) -> R<()> {
        self.check_stack()?;
        self.count_one()?;
        if value.shape() <= u8::MAX as u32 && self.repr_layout(value, out)? {
            return Ok(());
        }
        let class = self.class_of(value);
        let Some(method) = self.special(&class, Special::Repr) else {
            return self.push(out, "<object>");
        };
        // A subclass that leaves `__repr__` alone is written as what it derives from.
        let core = method
            .get_exact::<Native>()
            .and_then(|n| n.owner.to_ref::<Class>());
        if core.is_some_and(|owner| owner.root_shape.get() <= u8::MAX as u32)
            && self.repr_layout(value, out)?
        {
            return Ok(());
        }
        let text = self.text_of(method, value, "__repr__")?;
        let pushed = out.extend_from_slice(text.bytes());
        self.lift(pushed)
    }

    /// Appends text.
    pub fn push(&mut self, out: &mut Text, text: &str) -> R<()> {
        let pushed = match text.is_ascii() {
            true => out.extend_from_slice(text.as_bytes()),
            false => out.extend_from_slice(&with_surrogates(text)),
        };
        self.lift(pushed)
    }

    /// Appends the `repr` of what is laid out as a core type; false for anything else.
    pub(crate) fn repr_layout(&mut self, value: &Value, out: &mut Text) -> R<bool> {
        if !value.is_object() {
            return self.repr_immediate(value, out);
        }
        match self.kind_of(value) {
            kind::INT => {
                let digits = IntView::of(value).map_or(Ok(String::new()), int_text::to_decimal);
                let digits = self.lift(digits)?;
                self.push(out, &digits)?;
            }
            kind::FLOAT => {
                let text = float::repr(float::as_float(value).unwrap_or(0.0));
                self.push(out, &text)?;
            }
            kind::COMPLEX => {
                let text = value
                    .get::<crate::object::complex::Complex>()
                    .map_or_else(String::new, |c| crate::object::complex::repr(c.parts()));
                self.push(out, &text)?;
            }
            kind::STR => {
                let text = value
                    .get::<Str>()
                    .map_or(Ok(Text::new()), |s| quoted(s.bytes()));
                let text = self.lift(text)?;
                let pushed = out.extend_from_slice(&text);
                self.lift(pushed)?;
            }
            kind::BYTES => {
                let text = crate::object::bytes::with_bytes(value, crate::object::bytes::repr)
                    .unwrap_or(Ok(Text::new()));
                let text = self.lift(text)?;
                let pushed = out.extend_from_slice(&text);
                self.lift(pushed)?;
            }
            kind::BYTEARRAY => {
                let text =
                    crate::object::bytes::with_bytes(value, crate::object::bytes::array_repr)
                        .unwrap_or(Ok(Text::new()));
                let text = self.lift(text)?;
                let name = self.type_name(value);
                self.push(out, &format!("{name}("))?;
                let pushed = out.extend_from_slice(&text);
                self.lift(pushed)?;
                self.push(out, ")")?;
            }
            kind::LIST => self.guarded(value, out, "[...]", |vm, out| vm.repr_list(value, out))?,
            kind::TUPLE => {
                self.guarded(value, out, "(...)", |vm, out| vm.repr_tuple(value, out))?
            }
            kind::DICT => self.guarded(value, out, "{...}", |vm, out| vm.repr_dict(value, out))?,
            kind::SET | kind::FROZENSET => {
                let name = self.type_name(value);
                self.guarded(value, out, &format!("{name}(...)"), |vm, out| {
                    vm.repr_set(value, &name, out)
                })?;
            }
            kind::RANGE => self.repr_range(value, out)?,
            kind::SLICE => {
                if let Some(slice) = value.get::<Slice>() {
                    self.push(out, "slice(")?;
                    self.repr_items(
                        &[slice.start.clone(), slice.stop.clone(), slice.step.clone()],
                        out,
                    )?;
                    self.push(out, ")")?;
                }
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn repr_immediate(&mut self, value: &Value, out: &mut Text) -> R<bool> {
        if let Some(i) = value.as_small_int() {
            self.push(out, &i.to_string())?;
        } else if let Some(f) = value.as_inline_float() {
            self.push(out, &float::repr(f))?;
        } else {
            let text = match value.as_bool() {
                Some(true) => "True",
                Some(false) => "False",
                None if value.is_none() => "None",
                None if value.is_ellipsis() => "Ellipsis",
                None if value.is_not_implemented() => "NotImplemented",
                None => "<undefined>",
            };
            self.push(out, text)?;
        }
        Ok(true)
    }

    /// Writes a container, or `again` if it is being written already.
    pub fn guarded(
        &mut self,
        value: &Value,
        out: &mut Text,
        again: &str,
        write: impl FnOnce(&mut Vm, &mut Text) -> R<()>,
    ) -> R<()> {
        let key = value.word() as usize;
        if self.repr_guard.contains(&key) {
            return self.push(out, again);
        }
        self.check_stack_for(" while getting the repr of an object")?;
        self.repr_guard.push(key);
        let result = write(self, out);
        self.repr_guard.pop();
        result
    }

    fn repr_items(&mut self, items: &[Value], out: &mut Text) -> R<()> {
        for (i, item) in items.iter().enumerate() {
            if i > 0 {
                self.push(out, ", ")?;
            }
            self.repr_into(item, out)?;
        }
        Ok(())
    }

    fn repr_list(&mut self, value: &Value, out: &mut Text) -> R<()> {
        let Some(list) = value.to_ref::<List>() else {
            return Ok(());
        };
        self.push(out, "[")?;
        // Each item is looked up anew: a `__repr__` may change the list.
        let mut i = 0;
        while let Some(item) = list.get(i) {
            if i > 0 {
                self.push(out, ", ")?;
            }
            self.repr_into(&item, out)?;
            i += 1;
        }
        self.push(out, "]")
    }

    fn repr_tuple(&mut self, value: &Value, out: &mut Text) -> R<()> {
        let Some(tuple) = value.to_ref::<Tuple>() else {
            return Ok(());
        };
        self.push(out, "(")?;
        self.repr_items(tuple.items(), out)?;
        self.push(out, if tuple.len() == 1 { ",)" } else { ")" })
    }

    fn repr_dict(&mut self, value: &Value, out: &mut Text) -> R<()> {
        let Some(dict) = value.to_ref::<Dict>() else {
            return Ok(());
        };
        self.push(out, "{")?;
        let mut position = 0;
        let mut first = true;
        while let Some((next, key, value)) = dict.next_entry(position) {
            if !std::mem::take(&mut first) {
                self.push(out, ", ")?;
            }
            self.repr_into(&key, out)?;
            self.push(out, ": ")?;
            self.repr_into(&value, out)?;
            position = next;
        }
        self.push(out, "}")
    }

    fn repr_set(&mut self, value: &Value, name: &str, out: &mut Text) -> R<()> {
        let mut members: Vec<Value> =
            with_table(value, |table| table.iter().cloned().collect()).unwrap_or_default();
        // One with an `__iter__` of its own is shown as that goes through it.
        let own = self.special_of(value, Special::Iter);
        if !members.is_empty() && own.is_some_and(|iter| !is_core_method(&iter)) {
            members = self.collect_hinted(value)?;
        }
        if members.is_empty() {
            return self.push(out, &format!("{name}()"));
        }
        let plain = name == "set";
        if !plain {
            self.push(out, &format!("{name}("))?;
        }
        self.push(out, "{")?;
        self.repr_items(&members, out)?;
        self.push(out, if plain { "}" } else { "})" })
    }

    fn repr_range(&mut self, value: &Value, out: &mut Text) -> R<()> {
        let Some(range) = value.to_ref::<Range>() else {
            return Ok(());
        };
        self.push(out, "range(")?;
        let parts = [range.start.clone(), range.stop.clone(), range.step.clone()];
        let shown = if parts[2].as_small_int() == Some(1) {
            &parts[..2]
        } else {
            &parts[..]
        };
        self.repr_items(shown, out)?;
        self.push(out, ")")
    }

    /// `format(value, spec)`; `spec` may be Undef.
    pub fn format(&mut self, value: &Value, spec: &Value) -> R<Ref<Str>> {
        let plain = spec.is_undef() || spec.get::<Str>().is_some_and(Str::is_empty);
        if plain
            && value.shape() <= u8::MAX as u32
            && !(value.is_object() && value.shape() as u8 >= kind::DEQUE)
        {
            return self.str(value);
        }
        let Some(method) = self.special_of(value, Special::Format) else {
            return self.str(value);
        };
        if plain {
            let object = self.known_class(Known::Object);
            if self
                .special(&object, Special::Format)
                .is_some_and(|own| own.is(&method))
            {
                return self.str(value);
            }
        }
        let spec = if spec.is_undef() {
            Str::empty().into_value()
        } else {
            spec.clone()
        };
        let step = self.call_special(method, value, &[spec]);
        let result = self.finish(step)?;
        match result.to_ref::<Str>() {
            Some(text) => Ok(text),
            None => {
                let given = self.type_name(&result);
                Err(self.type_error(format!("__format__ must return a str, not {given}")))
            }
        }
    }

    /// Shows the value of an expression statement of an interactive session: `sys.displayhook(value)`.
    pub fn display_step(&mut self, value: &Value) -> Step {
        // A program that never imported `sys` has its hook all the same.
        let sys = match self.import("sys") {
            Ok(sys) => Some(sys),
            Err(raised) => return Step::Raise(raised),
        };
        let hook = sys.and_then(|sys| {
            sys.get::<crate::object::module::Module>()?
                .namespace
                .get_str(&self.names.displayhook)
        });
        match hook {
            Some(hook) => Step::TailCall(hook, smallvec::smallvec![value.clone()]),
            None => Step::Raise(self.runtime_error("lost sys.displayhook")),
        }
    }
}
