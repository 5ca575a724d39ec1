//! `Scope::from_script`: whatever serde can deserialize from values of a script.

use ::serde::de::{
    DeserializeOwned, DeserializeSeed, Deserializer, EnumAccess, Error as _, MapAccess, SeqAccess,
    VariantAccess, Visitor,
};
use ::serde::forward_to_deserialize_any;

use super::convert::expected;
use super::error::Error;
use super::scope::{Local, Scope};
use super::serialize::{Failure, check_stack, deeper};
use crate::heap::Value;
use crate::object::bytes::with_bytes;
use crate::object::dict::Dict;
use crate::object::float::as_float;
use crate::object::int::IntView;
use crate::object::list::List;
use crate::object::set::with_table;
use crate::object::str::Str;
use crate::object::tuple::Tuple;

impl<'s> Scope<'s> {
    /// A value that serde can deserialize from one of a script: what `to_script` makes is understood,
    /// and sets are sequences too.
    ///
    /// # Errors
    /// `Error::Conversion` if the value is of another form, and for data that is nested too deeply.
    pub fn from_script<T: DeserializeOwned>(&mut self, value: &Local<'s>) -> Result<T, Error> {
        let _entered = self.vm().enter();
        let source = FromScript {
            scope: self,
            value: value.clone(),
            depth: 0,
        };
        T::deserialize(source).map_err(|failure| failure.0)
    }
}

/// Reads one value.
struct FromScript<'a, 's> {
    scope: &'a mut Scope<'s>,
    value: Local<'s>,
    depth: usize,
}

/// The items of a sequence, or the entries of a mapping, as they were when it was looked at.
struct Parts<'a, 's> {
    scope: &'a mut Scope<'s>,
    depth: usize,
    items: std::vec::IntoIter<(Value, Value)>,
    next: usize,
    kind: &'static str,
    key: Option<Local<'s>>,
    value: Value,
}

/// A variant of an enum, and what is in it.
struct Variant<'a, 's> {
    scope: &'a mut Scope<'s>,
    name: Local<'s>,
    content: Option<Local<'s>>,
    depth: usize,
}

/// The items of what is a sequence, and what it is called.
fn items_of(value: &Value) -> Option<(Vec<Value>, &'static str)> {
    if let Some(list) = value.get::<List>() {
        let items = list.copy().ok()?;
        return Some((items.into_vec(), "list"));
    }
    if let Some(tuple) = value.get::<Tuple>() {
        return Some((tuple.items().to_vec(), "tuple"));
    }
    let members = with_table(value, |table| table.iter().cloned().collect())?;
    Some((members, "set"))
}

impl<'a, 's> FromScript<'a, 's> {
    fn sequence<'de, V: Visitor<'de>>(
        self,
        (items, kind): (Vec<Value>, &'static str),
        visitor: V,
    ) -> Result<V::Value, Failure> {
        let depth = deeper(self.scope, self.depth)?;
        let items: Vec<_> = items.into_iter().map(|item| (item, Value::UNDEF)).collect();
        let left = items.len();
        let mut parts = Parts::new(self.scope, items, kind, depth);
        let made = visitor.visit_seq(&mut parts)?;
        match parts.items.len() {
            0 => Ok(made),
            _ => Err(Failure::invalid_length(left, &"fewer items")),
        }
    }

    fn mapping<'de, V: Visitor<'de>>(
        self,
        entries: Vec<(Value, Value)>,
        visitor: V,
    ) -> Result<V::Value, Failure> {
        let depth = deeper(self.scope, self.depth)?;
        visitor.visit_map(&mut Parts::new(self.scope, entries, "dict", depth))
    }
}

impl<'a, 's> Parts<'a, 's> {
    fn new(
        scope: &'a mut Scope<'s>,
        items: Vec<(Value, Value)>,
        kind: &'static str,
        depth: usize,
    ) -> Parts<'a, 's> {
        Parts {
            scope,
            depth,
            items: items.into_iter(),
            next: 0,
            kind,
            key: None,
            value: Value::UNDEF,
        }
    }

    fn read<'de, T: DeserializeSeed<'de>>(
        &mut self,
        value: Local<'s>,
        seed: T,
    ) -> Result<T::Value, Failure> {
        seed.deserialize(FromScript {
            scope: self.scope,
            value,
            depth: self.depth,
        })
    }
}

/// The same error, of what lies at this place.
fn at(failure: Failure, place: impl FnOnce() -> String) -> Failure {
    Failure(failure.0.at(place))
}

impl<'de> Deserializer<'de> for FromScript<'_, '_> {
    type Error = Failure;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        let value = self.value.value();
        if value.is_none() {
            return visitor.visit_unit();
        }
        if let Some(flag) = value.as_bool() {
            return visitor.visit_bool(flag);
        }
        if let Some(number) = IntView::of(value) {
            return integer(number, visitor);
        }
        if let Some(number) = as_float(value) {
            return visitor.visit_f64(number);
        }
        if let Some(text) = value.get::<Str>() {
            return match text.as_str() {
                Some(text) => visitor.visit_str(text),
                None => Err(Failure::custom("the str has surrogates, and is no UTF-8")),
            };
        }
        if let Some(bytes) = with_bytes(value, <[u8]>::to_vec) {
            return visitor.visit_byte_buf(bytes);
        }
        if let Some(dict) = value.get::<Dict>() {
            let entries = dict.pairs();
            return self.mapping(entries, visitor);
        }
        if let Some(items) = items_of(value) {
            return self.sequence(items, visitor);
        }
        Err(Failure(expected("data", &self.value, self.scope)))
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        match self.value.is_none() {
            true => visitor.visit_none(),
            false => {
                // A type may be nothing but an option of itself.
                check_stack(self.scope)?;
                visitor.visit_some(self)
            }
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Failure> {
        check_stack(self.scope)?;
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Failure> {
        let value = self.value.value();
        let depth = deeper(self.scope, self.depth)?;
        let (name, content) = match value.get::<Dict>().map(Dict::pairs) {
            None if value.is_kind::<Str>() => (value.clone(), None),
            Some(mut pairs) if pairs.len() == 1 => {
                let (name, content) = pairs.remove(0);
                (name, Some(self.scope.local(content)))
            }
            _ => {
                let what = "a str, or a dict of one entry, for an enum";
                return Err(Failure(expected(what, &self.value, self.scope)));
            }
        };
        let name = self.scope.local(name);
        visitor.visit_enum(Variant {
            scope: self.scope,
            name,
            content,
            depth,
        })
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        visitor.visit_unit()
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit
        unit_struct seq tuple tuple_struct map struct identifier
    }
}

fn integer<'de, V: Visitor<'de>>(number: IntView<'_>, visitor: V) -> Result<V::Value, Failure> {
    if let Some(number) = number.as_i64() {
        return visitor.visit_i64(number);
    }
    if let Some(number) = number.as_u64() {
        return visitor.visit_u64(number);
    }
    let big = number.big();
    if let Ok(number) = i128::try_from(&*big) {
        return visitor.visit_i128(number);
    }
    match u128::try_from(&*big) {
        Ok(number) => visitor.visit_u128(number),
        Err(_) => Err(Failure(Error::out_of_range(
            "an int has more than 128 bits",
        ))),
    }
}

impl<'de> SeqAccess<'de> for &mut Parts<'_, '_> {
    type Error = Failure;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Failure> {
        let Some((item, _)) = self.items.next() else {
            return Ok(None);
        };
        let item = self.scope.local(item);
        let (place, kind) = (self.next, self.kind);
        self.next += 1;
        let read = self.read(item, seed);
        read.map(Some)
            .map_err(|failure| at(failure, || format!("{kind} item {place}")))
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.items.len())
    }
}

impl<'de> MapAccess<'de> for &mut Parts<'_, '_> {
    type Error = Failure;

    fn next_key_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Failure> {
        let Some((key, value)) = self.items.next() else {
            return Ok(None);
        };
        let key = self.scope.local(key);
        (self.key, self.value) = (Some(key.clone()), value);
        let read = self.read(key, seed);
        read.map(Some)
            .map_err(|failure| at(failure, || "dict key".into()))
    }

    fn next_value_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<T::Value, Failure> {
        let value = std::mem::take(&mut self.value);
        let value = self.scope.local(value);
        let key = self.key.take();
        self.read(value, seed).map_err(|failure| {
            let key = key.map(|key| self.scope.repr(&key).unwrap_or_default());
            at(failure, || {
                format!("dict value {}", key.unwrap_or_default())
            })
        })
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.items.len())
    }
}

impl<'de, 'a, 's> EnumAccess<'de> for Variant<'a, 's> {
    type Error = Failure;
    type Variant = Variant<'a, 's>;

    fn variant_seed<T: DeserializeSeed<'de>>(
        self,
        seed: T,
    ) -> Result<(T::Value, Variant<'a, 's>), Failure> {
        let name = seed.deserialize(FromScript {
            scope: self.scope,
            value: self.name.clone(),
            depth: self.depth,
        })?;
        Ok((name, self))
    }
}

impl<'a, 's> Variant<'a, 's> {
    /// What is in the variant.
    fn content(self) -> Result<FromScript<'a, 's>, Failure> {
        match self.content {
            Some(value) => Ok(FromScript {
                scope: self.scope,
                value,
                depth: self.depth,
            }),
            None => Err(Failure::custom(
                "a variant that has something in it comes as a dict",
            )),
        }
    }
}

impl<'de> VariantAccess<'de> for Variant<'_, '_> {
    type Error = Failure;

    fn unit_variant(self) -> Result<(), Failure> {
        match self.content {
            Some(content) if !content.is_none() => Err(Failure(expected(
                "None in a variant without content",
                &content,
                self.scope,
            ))),
            _ => Ok(()),
        }
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, Failure> {
        seed.deserialize(self.content()?)
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Failure> {
        self.content()?.deserialize_any(visitor)
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Failure> {
        self.content()?.deserialize_any(visitor)
    }
}
