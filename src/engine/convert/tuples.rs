//! Tuples of one to twelve.

use super::{FromScript, IntoArguments, IntoScript, containers, expected};
use crate::engine::error::Error;
use crate::engine::scope::{Local, Scope};
use crate::heap::Value;
use crate::object::list::List;
use crate::object::native::Args;
use crate::object::tuple::Tuple;

/// The values of a tuple or list of so many.
fn of_length<'s>(
    value: &Local<'s>,
    scope: &mut Scope<'s>,
    length: usize,
) -> Result<Vec<Value>, Error> {
    if !containers::is_listed(value) {
        return Err(expected("tuple", value, scope));
    }
    let items = match value.value().get::<List>() {
        Some(list) => {
            let copy = list.copy();
            scope.within(|vm| vm.lift(copy))?.into_vec()
        }
        None => value
            .value()
            .get::<Tuple>()
            .map_or_else(Vec::new, |tuple| tuple.items().to_vec()),
    };
    match items.len() {
        given if given == length => Ok(items),
        given => Err(Error::wrong_value(format!(
            "expected a tuple of {length}, got one of {given}"
        ))),
    }
}

impl IntoArguments for () {
    fn into_arguments(self, _: &mut Scope<'_>) -> Result<Args, Error> {
        Ok(Args::new())
    }
}

macro_rules! tuples {
    ($($length:literal: $($type:ident $place:tt)+;)+) => {$(
        impl<$($type: FromScript),+> FromScript for ($($type,)+) {
            fn from_script<'s>(value: &Local<'s>, scope: &mut Scope<'s>) -> Result<Self, Error> {
                let mut items = of_length(value, scope, $length)?.into_iter();
                Ok(($({
                    let item = scope.local(items.next().unwrap_or_default());
                    let item = $type::from_script(&item, scope);
                    item.map_err(|e| e.at(|| concat!("tuple item ", $place).into()))?
                },)+))
            }
        }

        impl<$($type: IntoScript),+> IntoScript for ($($type,)+) {
            fn into_script<'s>(self, scope: &mut Scope<'s>) -> Result<Local<'s>, Error> {
                let items = vec![$({
                    let item = self.$place.into_script(scope);
                    item.map_err(|e| e.at(|| concat!("tuple item ", $place).into()))?.into_value()
                }),+];
                let tuple = scope.within(|vm| {
                    let tuple = Tuple::from_vec(items);
                    vm.lift(tuple)
                })?;
                Ok(scope.local(tuple.into_value()))
            }
        }

        impl<$($type: IntoScript),+> IntoArguments for ($($type,)+) {
            fn into_arguments(self, scope: &mut Scope<'_>) -> Result<Args, Error> {
                let mut arguments = Args::new();
                $(
                    arguments.push(match self.$place.into_plain() {
                        Ok(plain) => plain,
                        Err(item) => {
                            let item = item.into_script(scope);
                            let item = item.map_err(|e| e.at(|| format!("argument {}", $place + 1)))?;
                            item.into_value()
                        }
                    });
                )+
                Ok(arguments)
            }
        }
    )+};
}

tuples! {
    1: A 0;
    2: A 0 B 1;
    3: A 0 B 1 C 2;
    4: A 0 B 1 C 2 D 3;
    5: A 0 B 1 C 2 D 3 E 4;
    6: A 0 B 1 C 2 D 3 E 4 F 5;
    7: A 0 B 1 C 2 D 3 E 4 F 5 G 6;
    8: A 0 B 1 C 2 D 3 E 4 F 5 G 6 H 7;
    9: A 0 B 1 C 2 D 3 E 4 F 5 G 6 H 7 I 8;
    10: A 0 B 1 C 2 D 3 E 4 F 5 G 6 H 7 I 8 J 9;
    11: A 0 B 1 C 2 D 3 E 4 F 5 G 6 H 7 I 8 J 9 K 10;
    12: A 0 B 1 C 2 D 3 E 4 F 5 G 6 H 7 I 8 J 9 K 10 L 11;
}
