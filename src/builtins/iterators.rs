//! The types of the iterators over built-in types.

use super::iterator_state;
use crate::heap::{Kind, Value};
use crate::object::int;
use crate::object::iterator::{
    ByteArrayIterator, BytesIterator, ListIterator, ListReverseIterator, LongRangeIterator,
    PositionIterator, RangeIterator, ReversedIterator, SequenceIterator, StrAsciiIterator,
    StrIterator, TupleIterator,
};
use crate::object::kind;
use crate::object::list::List;
use crate::object::native::{Def, Input, NativeFrame, R, Step, TypeDef};
use crate::object::range::Range;
use crate::object::str::Str;
use crate::object::tuple::Tuple;
use crate::receiver;
use crate::vm::Vm;
use crate::vm::iter::next_of_tuple;
use crate::vm::special::Special;

/// The table of an iterator type that runs no script code.
macro_rules! iterator_types {
    ($($(#[doc = $doc:literal])+ $name:ident $text:literal $kind:ident $($position:ident)?;)+) => {
        $(
            $(#[doc = $doc])+
            pub static $name: TypeDef = TypeDef {
                methods: &[
                    Def::leaf("__iter__(self, /)", itself),
                    Def::leaf("__next__(self, /)", next),
                    Def::leaf("__length_hint__(self, /)", length_hint)
                        .doc("How many items are probably left."),
                    iterator_state::REDUCE,
                    $(iterator_state::$position,)?
                ],
                ..TypeDef::new("builtins", $text, kind::$kind)
            };
        )+
    };
}

iterator_types! {
    /// `list_iterator`
    LIST_ITERATOR "list_iterator" LIST_ITERATOR SET_STATE;
    /// `tuple_iterator`
    TUPLE_ITERATOR "tuple_iterator" TUPLE_ITERATOR SET_STATE;
    /// `list_reverseiterator`
    LIST_REVERSE_ITERATOR "list_reverseiterator" LIST_REVERSE_ITERATOR SET_STATE;
    /// `str_iterator`
    STR_ITERATOR "str_iterator" STR_ITERATOR SET_STATE;
    /// `str_ascii_iterator`
    STR_ASCII_ITERATOR "str_ascii_iterator" STR_ASCII_ITERATOR SET_STATE;
    /// `bytearray_iterator`
    BYTEARRAY_ITERATOR "bytearray_iterator" BYTEARRAY_ITERATOR SET_STATE;
    /// `bytes_iterator`
    BYTES_ITERATOR "bytes_iterator" BYTES_ITERATOR SET_STATE;
    /// `dict_keyiterator`
    DICT_ITERATOR "dict_keyiterator" DICT_ITERATOR;
    /// `dict_valueiterator`
    DICT_VALUE_ITERATOR "dict_valueiterator" DICT_VALUE_ITERATOR;
    /// `dict_itemiterator`
    DICT_ITEM_ITERATOR "dict_itemiterator" DICT_ITEM_ITERATOR;
    /// `dict_reversekeyiterator`
    DICT_REVERSE_KEY_ITERATOR "dict_reversekeyiterator" DICT_REVERSE_KEY_ITERATOR;
    /// `dict_reversevalueiterator`
    DICT_REVERSE_VALUE_ITERATOR "dict_reversevalueiterator" DICT_REVERSE_VALUE_ITERATOR;
    /// `dict_reverseitemiterator`
    DICT_REVERSE_ITEM_ITERATOR "dict_reverseitemiterator" DICT_REVERSE_ITEM_ITERATOR;
    /// `set_iterator`
    SET_ITERATOR "set_iterator" SET_ITERATOR;
    /// `range_iterator`
    RANGE_ITERATOR "range_iterator" RANGE_ITERATOR SET_STATE;
    /// `longrange_iterator`
    LONG_RANGE_ITERATOR "longrange_iterator" LONG_RANGE_ITERATOR SET_STATE;
}

/// `generic_alias_iterator`: what iterating over `list[int]` gives, whose objects are tuple iterators.
pub static ALIAS_ITERATOR: TypeDef = TypeDef {
    methods: &[
        Def::leaf("__iter__(self, /)", itself),
        Def::leaf("__next__(self, /)", |vm, args| {
            let iterator = receiver!(vm, args[0], TupleIterator, "generic_alias_iterator");
            next_of_tuple(iterator).ok_or_else(|| vm.stop_iteration(Value::NONE))
        }),
        iterator_state::REDUCE,
    ],
    ..TypeDef::new("builtins", "generic_alias_iterator", kind::TUPLE_ITERATOR)
};

/// `iterator`: over what has `__getitem__` only.
pub static SEQUENCE_ITERATOR: TypeDef = TypeDef {
    methods: &[
        Def::leaf("__iter__(self, /)", itself),
        Def::frame("__next__(self, /)", 0, next_frame),
        Def::leaf("__length_hint__(self, /)", sequence_hint)
            .doc("How many items are probably left."),
        iterator_state::REDUCE,
        iterator_state::SET_STATE,
    ],
    ..TypeDef::new("builtins", "iterator", kind::SEQUENCE_ITERATOR)
};

/// `callable_iterator`
pub static CALL_ITERATOR: TypeDef = TypeDef {
    methods: &[
        Def::leaf("__iter__(self, /)", itself),
        Def::frame("__next__(self, /)", 0, next_frame),
        iterator_state::REDUCE,
    ],
    ..TypeDef::new("builtins", "callable_iterator", kind::CALL_ITERATOR)
};

/// As far as the sequence's `__len__` says it.
fn sequence_hint(vm: &mut Vm, args: &[Value]) -> R {
    let it = receiver!(vm, args[0], SequenceIterator, "iterator");
    let source = it.source.get();
    if source.is_undef() {
        return Ok(Value::int32(0));
    }
    if vm.special_of(&source, Special::Len).is_none() {
        return Ok(Value::NOT_IMPLEMENTED);
    }
    let len = vm.len(&source)?;
    Ok(int::from_usize(len.saturating_sub(it.position.get())))
}

fn itself(_: &mut Vm, args: &[Value]) -> R {
    Ok(args[0].clone())
}

fn next(vm: &mut Vm, args: &[Value]) -> R {
    match vm.native_next(&args[0]) {
        Some(Ok(Some(value))) => Ok(value),
        Some(Err(raised)) => Err(raised),
        _ => Err(vm.stop_iteration(Value::NONE)),
    }
}

fn next_frame(vm: &mut Vm, frame: &mut NativeFrame<'_>, input: Input) -> Step {
    match input {
        Input::Start => Step::Next(frame.regs[0].clone()),
        Input::Value(value) if value.is_undef() => Step::Raise(vm.stop_iteration(Value::NONE)),
        Input::Value(value) | Input::Yielded(value) => Step::Return(value),
        Input::Raised(raised) => Step::Raise(raised),
    }
}

/// How many items are left, as far as that is known.
fn length_hint(vm: &mut Vm, args: &[Value]) -> R {
    let value = &args[0];
    let left = if let Some(it) = value.get::<ListIterator>() {
        let len = it.source.get().get::<List>().map_or(0, List::len);
        len.saturating_sub(it.position.get())
    } else if let Some(it) = value.get::<ListReverseIterator>() {
        let len = it.source.get().get::<List>().map_or(0, List::len);
        let position = it.position.get();
        if position > len { 0 } else { position }
    } else if let Some(it) = value.get::<TupleIterator>() {
        let source = it.source.get();
        let len = source.get::<Tuple>().map_or(0, Tuple::len);
        len.saturating_sub(it.position.get())
    } else if let Some(it) = value.get::<StrIterator>() {
        points_left(it)
    } else if let Some(it) = value.get::<StrAsciiIterator>() {
        points_left(it)
    } else if let Some(it) = value.get::<BytesIterator>() {
        left_in(vm, it)
    } else if let Some(it) = value.get::<ByteArrayIterator>() {
        left_in(vm, it)
    } else if let Some(left) = vm.left_in_table(value) {
        left
    } else if let Some(it) = value.get::<RangeIterator>() {
        it.left() as usize
    } else if let Some(it) = value.get::<LongRangeIterator>() {
        let range = it.range.get();
        return match (
            range.get::<Range>().map(|r| r.length.clone()),
            it.index.get(),
        ) {
            (Some(length), index) => match (int::IntView::of(&length), int::IntView::of(&index)) {
                (Some(a), Some(b)) => {
                    let left = int::sub(a, b);
                    vm.lift(left)
                }
                _ => Ok(Value::int32(0)),
            },
            _ => Ok(Value::int32(0)),
        };
    } else if let Some(it) = value.get::<ReversedIterator>() {
        it.position.get()
    } else {
        0
    };
    Ok(int::from_usize(left))
}

fn points_left<const K: Kind>(it: &PositionIterator<K>) -> usize {
    let source = it.source.get();
    source.get::<Str>().map_or(0, |s| {
        crate::object::str::points(&s.bytes()[it.position.get()..]).count()
    })
}

fn left_in<const K: Kind>(vm: &mut Vm, it: &PositionIterator<K>) -> usize {
    vm.layout_len(&it.source.get())
        .map_or(0, |n| n.saturating_sub(it.position.get()))
}
