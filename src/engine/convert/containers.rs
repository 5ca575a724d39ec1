//! Lists, dicts, sets.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};
use std::hash::{BuildHasher, Hash};

use indexmap::{IndexMap, IndexSet};

use super::{FromScript, IntoScript, expected};
use crate::engine::error::Error;
use crate::engine::scope::{Local, Scope};
use crate::heap::Value;
use crate::object::bytes::with_bytes;
use crate::object::dict::Dict;
use crate::object::list::List;
use crate::object::set::{Set, SetTable, with_table};
use crate::object::str::Str;
use crate::object::tuple::Tuple;

/// Whether a value is a list or a tuple.
pub(super) fn is_listed(value: &Local<'_>) -> bool {
    value.value().is_kind::<List>() || value.value().is_kind::<Tuple>()
}

/// The items of a list, a tuple, or anything else that can be iterated over but text, bytes and mappings.
pub(super) fn items<'s, T: FromScript>(
    value: &Local<'s>,
    scope: &mut Scope<'s>,
) -> Result<Vec<T>, Error> {
    let given = value.value();
    let mut converted = Vec::new();
    if is_listed(value) {
        let kind = match given.is_kind::<List>() {
            true => "list",
            false => "tuple",
        };
        let mut index = 0;
        // A conversion may run script, which may change the list.
        while let Some(item) = item_at(given, index) {
            let item = scope.local(item);
            let item = T::from_script(&item, scope);
            converted.push(item.map_err(|e| e.at(|| format!("{kind} item {index}")))?);
            index += 1;
        }
        return Ok(converted);
    }
    let refused = given.is_kind::<Str>()
        || with_bytes(given, |_| ()).is_some()
        || given.is_kind::<Dict>()
        || !scope.within(|vm| Ok(vm.is_iterable(given)))?;
    if refused {
        return Err(expected("list", value, scope));
    }
    let mut items = scope.iterate(value)?;
    while let Some(item) = items.next(scope)? {
        let item = T::from_script(&item, scope);
        converted.push(item.map_err(|e| e.at(|| format!("item {}", converted.len())))?);
    }
    Ok(converted)
}

fn item_at(value: &Value, index: usize) -> Option<Value> {
    match value.get::<List>() {
        Some(list) => list.get(index),
        None => value.get::<Tuple>()?.get(index),
    }
}

/// A list.
pub(super) fn list<'s, T: IntoScript>(
    items: impl IntoIterator<Item = T>,
    scope: &mut Scope<'s>,
) -> Result<Local<'s>, Error> {
    let mut values = Vec::new();
    for item in items {
        let item = item.into_script(scope);
        let item = item.map_err(|e| e.at(|| format!("list item {}", values.len())))?;
        values.push(item.into_value());
    }
    Ok(scope.local(List::from_vec(values).into_value()))
}

impl<T: FromScript> FromScript for Vec<T> {
    fn from_script<'s>(value: &Local<'s>, scope: &mut Scope<'s>) -> Result<Self, Error> {
        T::many_from_script(value, scope)
    }
}

impl<T: IntoScript> IntoScript for Vec<T> {
    fn into_script<'s>(self, scope: &mut Scope<'s>) -> Result<Local<'s>, Error> {
        T::many_into_script(self, scope)
    }
}

impl<T: IntoScript + Clone> IntoScript for &[T] {
    fn into_script<'s>(self, scope: &mut Scope<'s>) -> Result<Local<'s>, Error> {
        T::many_into_script(self.to_vec(), scope)
    }
}

impl<T: IntoScript, const N: usize> IntoScript for [T; N] {
    fn into_script<'s>(self, scope: &mut Scope<'s>) -> Result<Local<'s>, Error> {
        T::many_into_script(self.into(), scope)
    }
}

impl<T: FromScript, const N: usize> FromScript for [T; N] {
    fn from_script<'s>(value: &Local<'s>, scope: &mut Scope<'s>) -> Result<Self, Error> {
        let items = T::many_from_script(value, scope)?;
        <[T; N]>::try_from(items)
            .map_err(|items| Error::wrong_value(format!("expected {N} items, got {}", items.len())))
    }
}

impl<T: FromScript> FromScript for VecDeque<T> {
    fn from_script<'s>(value: &Local<'s>, scope: &mut Scope<'s>) -> Result<Self, Error> {
        items(value, scope).map(VecDeque::from)
    }
}

impl<T: IntoScript> IntoScript for VecDeque<T> {
    fn into_script<'s>(self, scope: &mut Scope<'s>) -> Result<Local<'s>, Error> {
        list(self, scope)
    }
}

/// The entries of a mapping.
fn entries<'s, K: FromScript, V: FromScript>(
    value: &Local<'s>,
    scope: &mut Scope<'s>,
    mut each: impl FnMut(K, V),
) -> Result<(), Error> {
    let given = value.value();
    let is_mapping = given.is_kind::<Dict>()
        || scope.within(|vm| Ok(vm.get_attr_optional(given, "keys")?.is_some()))?;
    if !is_mapping {
        return Err(expected("dict", value, scope));
    }
    for (key, item) in scope.within(|vm| vm.mapping_entries(given))? {
        let (key, item) = (scope.local(key), scope.local(item));
        let own = K::from_script(&key, scope);
        let own = own.map_err(|e| e.at(|| format!("dict key {}", shown(&key, scope))))?;
        let item = V::from_script(&item, scope);
        let item = item.map_err(|e| e.at(|| format!("dict value {}", shown(&key, scope))))?;
        each(own, item);
    }
    Ok(())
}

/// The repr of a key, for a message.
fn shown<'s>(key: &Local<'s>, scope: &mut Scope<'s>) -> String {
    const LONGEST: usize = 60;
    let text = scope.repr(key).unwrap_or_else(|_| "?".into());
    match text.chars().count() > LONGEST {
        true => text.chars().take(LONGEST).chain("...".chars()).collect(),
        false => text,
    }
}

/// A dict.
fn dict<'s, K: IntoScript, V: IntoScript>(
    entries: impl IntoIterator<Item = (K, V)>,
    scope: &mut Scope<'s>,
) -> Result<Local<'s>, Error> {
    let dict = scope.local(Dict::new().into_value());
    for (key, value) in entries {
        let key = key
            .into_script(scope)
            .map_err(|e| e.at(|| "dict key".into()))?;
        let value = value.into_script(scope);
        let value = value.map_err(|e| e.at(|| format!("dict value {}", shown(&key, scope))))?;
        scope.within(|vm| match dict.value().get::<Dict>() {
            Some(dict) => vm.dict_set(dict, key.value(), value.into_value()),
            None => Ok(()),
        })?;
    }
    Ok(dict)
}

/// The members of a set.
fn members<'s, T: FromScript>(
    value: &Local<'s>,
    scope: &mut Scope<'s>,
    mut each: impl FnMut(T),
) -> Result<(), Error> {
    let members = with_table(value.value(), |table| {
        table.iter().cloned().collect::<Vec<Value>>()
    });
    let Some(members) = members else {
        return Err(expected("set", value, scope));
    };
    for member in members {
        let member = scope.local(member);
        each(T::from_script(&member, scope).map_err(|e| e.at(|| "set member".into()))?);
    }
    Ok(())
}

/// A set.
fn set<'s, T: IntoScript>(
    members: impl IntoIterator<Item = T>,
    scope: &mut Scope<'s>,
) -> Result<Local<'s>, Error> {
    let made = Set::new(SetTable::new());
    let keeps = scope.local(made.value());
    for member in members {
        let member = member.into_script(scope);
        let member = member.map_err(|e| e.at(|| "set member".into()))?;
        scope.within(|vm| vm.set_add(&made, member.value()))?;
    }
    Ok(keeps)
}

macro_rules! maps {
    ($($map:ident [$($parameter:ident)?] $($bound:ident)+;)+) => {$(
        impl<K, V $(, $parameter)?> FromScript for $map<K, V $(, $parameter)?>
        where
            K: FromScript $(+ $bound)+,
            V: FromScript,
            $($parameter: BuildHasher + Default,)?
        {
            fn from_script<'s>(value: &Local<'s>, scope: &mut Scope<'s>) -> Result<Self, Error> {
                let mut map = Self::default();
                entries(value, scope, |key, value| {
                    map.insert(key, value);
                })?;
                Ok(map)
            }
        }

        impl<K: IntoScript, V: IntoScript $(, $parameter)?> IntoScript for $map<K, V $(, $parameter)?> {
            fn into_script<'s>(self, scope: &mut Scope<'s>) -> Result<Local<'s>, Error> {
                dict(self, scope)
            }
        }
    )+};
}

maps! {
    HashMap[S] Eq Hash;
    IndexMap[S] Eq Hash;
    BTreeMap[] Ord;
}

macro_rules! sets {
    ($($set:ident [$($parameter:ident)?] $($bound:ident)+;)+) => {$(
        impl<T $(, $parameter)?> FromScript for $set<T $(, $parameter)?>
        where
            T: FromScript $(+ $bound)+,
            $($parameter: BuildHasher + Default,)?
        {
            fn from_script<'s>(value: &Local<'s>, scope: &mut Scope<'s>) -> Result<Self, Error> {
                let mut set = Self::default();
                members(value, scope, |member| {
                    set.insert(member);
                })?;
                Ok(set)
            }
        }

        impl<T: IntoScript $(, $parameter)?> IntoScript for $set<T $(, $parameter)?> {
            fn into_script<'s>(self, scope: &mut Scope<'s>) -> Result<Local<'s>, Error> {
                set(self, scope)
            }
        }
    )+};
}

sets! {
    HashSet[S] Eq Hash;
    IndexSet[S] Eq Hash;
    BTreeSet[] Ord;
}
