//! `Scope::to_script`: values of a script from whatever serde can serialize.

use ::serde::ser::{
    Error as _, Serialize, SerializeMap, SerializeSeq, SerializeStruct, SerializeStructVariant,
    SerializeTuple, SerializeTupleStruct, SerializeTupleVariant, Serializer,
};

use super::convert::{Bytes, IntoScript};
use super::error::Error;
use super::scope::{Local, Scope};
use crate::heap::Value;
use crate::object::dict::Dict;
use crate::object::list::List;
use crate::object::tuple::Tuple;

/// Data that is nested deeper than this is taken for endless.
pub(super) const DEEPEST: usize = 1000;

/// An error between serde and the engine.
#[derive(Debug)]
pub(super) struct Failure(pub Error);

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for Failure {}

impl ::serde::ser::Error for Failure {
    fn custom<T: std::fmt::Display>(text: T) -> Failure {
        Failure(Error::wrong_value(text.to_string()))
    }
}

impl ::serde::de::Error for Failure {
    fn custom<T: std::fmt::Display>(text: T) -> Failure {
        Failure(Error::conversion(text.to_string()))
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Failure {
        Failure(error)
    }
}

impl<'s> Scope<'s> {
    /// A value of a script from one that serde can serialize: structs and maps become dicts, sequences
    /// lists, tuples tuples, bytes bytes; a variant of an enum is its name, or a dict of its name and
    /// what is in it.
    ///
    /// ```
    /// use hoopsnake::{Engine, Error};
    ///
    /// #[derive(serde::Serialize, serde::Deserialize, PartialEq, Debug)]
    /// struct Order { item: String, count: u32, tags: Vec<String> }
    ///
    /// let order = Order { item: "tea".into(), count: 2, tags: vec!["hot".into()] };
    /// let mut engine = Engine::builder().build()?;
    /// engine.enter(|scope| {
    ///     let value = scope.to_script(&order)?;
    ///     assert_eq!(scope.repr(&value)?, "{'item': 'tea', 'count': 2, 'tags': ['hot']}");
    ///     assert_eq!(scope.from_script::<Order>(&value)?, order);
    ///     Ok::<(), Error>(())
    /// })?;
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// What the value's own serialization says, and an error for data that is nested too deeply.
    pub fn to_script<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<Local<'s>, Error> {
        let _entered = self.vm().enter();
        let serialized = value.serialize(ToScript {
            scope: self,
            depth: 0,
        });
        serialized.map_err(|failure| failure.0)
    }
}

/// Makes one value.
struct ToScript<'a, 's> {
    scope: &'a mut Scope<'s>,
    depth: usize,
}

/// Makes a value of many.
struct Many<'a, 's> {
    scope: &'a mut Scope<'s>,
    depth: usize,
    items: Vec<Value>,
    /// The key whose value comes next.
    key: Option<Local<'s>>,
    dict: Option<Local<'s>>,
    /// The variant that all this belongs to.
    variant: Option<&'static str>,
    is_tuple: bool,
}

type Made<'s> = Result<Local<'s>, Failure>;

/// Whether the Rust stack has room for another level.
pub(super) fn check_stack(scope: &mut Scope<'_>) -> Result<(), Failure> {
    Ok(scope.within(|vm| vm.check_stack_for(" while converting data"))?)
}

/// Goes one level down.
pub(super) fn deeper(scope: &mut Scope<'_>, depth: usize) -> Result<usize, Failure> {
    if depth >= DEEPEST {
        return Err(Failure(Error::wrong_value(
            "the data is nested too deeply, or holds itself",
        )));
    }
    check_stack(scope)?;
    Ok(depth + 1)
}

/// `{variant: value}`
fn tagged<'s>(
    scope: &mut Scope<'s>,
    variant: &'static str,
    value: Local<'s>,
) -> Result<Local<'s>, Failure> {
    let dict = scope.local(Dict::new().into_value());
    scope.set_item(&dict, variant, value)?;
    Ok(dict)
}

impl<'a, 's> ToScript<'a, 's> {
    fn plain(self, value: impl IntoScript) -> Made<'s> {
        Ok(self.scope.make(value)?)
    }

    fn many(self, is_tuple: bool, variant: Option<&'static str>) -> Result<Many<'a, 's>, Failure> {
        let depth = deeper(self.scope, self.depth)?;
        Ok(Many {
            scope: self.scope,
            depth,
            items: Vec::new(),
            key: None,
            dict: None,
            variant,
            is_tuple,
        })
    }

    fn mapping(self, variant: Option<&'static str>) -> Result<Many<'a, 's>, Failure> {
        let mut many = self.many(false, variant)?;
        many.dict = Some(many.scope.local(Dict::new().into_value()));
        Ok(many)
    }
}

impl<'a, 's> Serializer for ToScript<'a, 's> {
    type Ok = Local<'s>;
    type Error = Failure;
    type SerializeSeq = Many<'a, 's>;
    type SerializeTuple = Many<'a, 's>;
    type SerializeTupleStruct = Many<'a, 's>;
    type SerializeTupleVariant = Many<'a, 's>;
    type SerializeMap = Many<'a, 's>;
    type SerializeStruct = Many<'a, 's>;
    type SerializeStructVariant = Many<'a, 's>;

    fn serialize_bool(self, v: bool) -> Made<'s> {
        self.plain(v)
    }
    fn serialize_i8(self, v: i8) -> Made<'s> {
        self.plain(v)
    }
    fn serialize_i16(self, v: i16) -> Made<'s> {
        self.plain(v)
    }
    fn serialize_i32(self, v: i32) -> Made<'s> {
        self.plain(v)
    }
    fn serialize_i64(self, v: i64) -> Made<'s> {
        self.plain(v)
    }
    fn serialize_i128(self, v: i128) -> Made<'s> {
        self.plain(v)
    }
    fn serialize_u8(self, v: u8) -> Made<'s> {
        self.plain(v)
    }
    fn serialize_u16(self, v: u16) -> Made<'s> {
        self.plain(v)
    }
    fn serialize_u32(self, v: u32) -> Made<'s> {
        self.plain(v)
    }
    fn serialize_u64(self, v: u64) -> Made<'s> {
        self.plain(v)
    }
    fn serialize_u128(self, v: u128) -> Made<'s> {
        self.plain(v)
    }
    fn serialize_f32(self, v: f32) -> Made<'s> {
        self.plain(v)
    }
    fn serialize_f64(self, v: f64) -> Made<'s> {
        self.plain(v)
    }
    fn serialize_char(self, v: char) -> Made<'s> {
        self.plain(v)
    }
    fn serialize_str(self, v: &str) -> Made<'s> {
        self.plain(v)
    }
    fn serialize_bytes(self, v: &[u8]) -> Made<'s> {
        self.plain(Bytes(v.to_vec()))
    }
    fn serialize_none(self) -> Made<'s> {
        self.plain(())
    }
    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Made<'s> {
        value.serialize(self)
    }
    fn serialize_unit(self) -> Made<'s> {
        self.plain(())
    }
    fn serialize_unit_struct(self, _: &'static str) -> Made<'s> {
        self.plain(())
    }
    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Made<'s> {
        self.plain(variant)
    }
    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        value: &T,
    ) -> Made<'s> {
        value.serialize(self)
    }
    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Made<'s> {
        let depth = deeper(self.scope, self.depth)?;
        let value = value.serialize(ToScript {
            scope: self.scope,
            depth,
        })?;
        tagged(self.scope, variant, value)
    }
    fn serialize_seq(self, _: Option<usize>) -> Result<Many<'a, 's>, Failure> {
        self.many(false, None)
    }
    fn serialize_tuple(self, _: usize) -> Result<Many<'a, 's>, Failure> {
        self.many(true, None)
    }
    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Many<'a, 's>, Failure> {
        self.many(true, None)
    }
    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Many<'a, 's>, Failure> {
        self.many(true, Some(variant))
    }
    fn serialize_map(self, _: Option<usize>) -> Result<Many<'a, 's>, Failure> {
        self.mapping(None)
    }
    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Many<'a, 's>, Failure> {
        self.mapping(None)
    }
    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Many<'a, 's>, Failure> {
        self.mapping(Some(variant))
    }
}

impl<'s> Many<'_, 's> {
    fn value<T: Serialize + ?Sized>(&mut self, value: &T) -> Made<'s> {
        value.serialize(ToScript {
            scope: self.scope,
            depth: self.depth,
        })
    }

    fn push<T: Serialize + ?Sized>(&mut self, item: &T) -> Result<(), Failure> {
        let item = self.value(item)?.into_value();
        self.items.push(item);
        Ok(())
    }

    fn put<T: Serialize + ?Sized>(&mut self, key: Local<'s>, value: &T) -> Result<(), Failure> {
        let value = self.value(value)?;
        match &self.dict {
            Some(dict) => Ok(self.scope.set_item(dict, key, value)?),
            None => Err(Failure::custom("a value without a dict")),
        }
    }

    fn put_field<T: Serialize + ?Sized>(
        &mut self,
        name: &'static str,
        value: &T,
    ) -> Result<(), Failure> {
        let key = self.scope.make(name)?;
        self.put(key, value)
    }

    fn done(self) -> Made<'s> {
        let made = match (self.dict, self.is_tuple) {
            (Some(dict), _) => dict,
            (None, false) => self.scope.local(List::from_vec(self.items).into_value()),
            (None, true) => {
                let tuple = Tuple::from_vec(self.items);
                let tuple = self.scope.within(|vm| vm.lift(tuple))?;
                self.scope.local(tuple.into_value())
            }
        };
        match self.variant {
            Some(variant) => tagged(self.scope, variant, made),
            None => Ok(made),
        }
    }
}

macro_rules! sequences {
    ($($kind:ident $method:ident;)+) => {$(
        impl<'s> $kind for Many<'_, 's> {
            type Ok = Local<'s>;
            type Error = Failure;
            fn $method<T: Serialize + ?Sized>(&mut self, item: &T) -> Result<(), Failure> {
                self.push(item)
            }
            fn end(self) -> Made<'s> {
                self.done()
            }
        }
    )+};
}

sequences! {
    SerializeSeq serialize_element;
    SerializeTuple serialize_element;
    SerializeTupleStruct serialize_field;
    SerializeTupleVariant serialize_field;
}

macro_rules! structs {
    ($($kind:ident)+) => {$(
        impl<'s> $kind for Many<'_, 's> {
            type Ok = Local<'s>;
            type Error = Failure;
            fn serialize_field<T: Serialize + ?Sized>(
                &mut self,
                name: &'static str,
                value: &T,
            ) -> Result<(), Failure> {
                self.put_field(name, value)
            }
            fn end(self) -> Made<'s> {
                self.done()
            }
        }
    )+};
}

structs!(SerializeStruct SerializeStructVariant);

impl<'s> SerializeMap for Many<'_, 's> {
    type Ok = Local<'s>;
    type Error = Failure;
    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Failure> {
        self.key = Some(self.value(key)?);
        Ok(())
    }
    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Failure> {
        match self.key.take() {
            Some(key) => self.put(key, value),
            None => Err(Failure::custom("a value without a key")),
        }
    }
    fn end(self) -> Made<'s> {
        self.done()
    }
}
