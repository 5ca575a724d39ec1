//! The types of the iterators over built-in types.

use crate::heap::Value;
use crate::object::int;
use crate::object::iterator::{
    BytesIterator, DictIterator, ListIterator, LongRangeIterator, RangeIterator, ReversedIterator,
    SetIterator, StrIterator, TupleIterator,
};
use crate::object::kind;
use crate::object::list::List;
use crate::object::native::{Def, Input, NativeFrame, R, Step, TypeDef};
use crate::object::range::Range;
use crate::object::str::Str;
use crate::object::tuple::Tuple;
use crate::vm::Vm;

/// The table of an iterator type that runs no script code.
macro_rules! iterator_types {
    ($($(#[doc = $doc:literal])+ $name:ident $text:literal $kind:ident;)+) => {
        $(
            $(#[doc = $doc])+
            pub static $name: TypeDef = TypeDef {
                methods: &[
                    Def::leaf("__iter__(self, /)", itself),
                    Def::leaf("__next__(self, /)", next),
                    Def::leaf("__length_hint__(self, /)", length_hint),
                ],
                ..TypeDef::new("builtins", $text, kind::$kind)
            };
        )+
    };
}

iterator_types! {
    /// `list_iterator`
    LIST_ITERATOR "list_iterator" LIST_ITERATOR;
    /// `tuple_iterator`
    TUPLE_ITERATOR "tuple_iterator" TUPLE_ITERATOR;
    /// `str_iterator`
    STR_ITERATOR "str_ascii_iterator" STR_ITERATOR;
    /// `bytes_iterator`
    BYTES_ITERATOR "bytes_iterator" BYTES_ITERATOR;
    /// `dict_keyiterator`
    DICT_ITERATOR "dict_keyiterator" DICT_ITERATOR;
    /// `set_iterator`
    SET_ITERATOR "set_iterator" SET_ITERATOR;
    /// `range_iterator`
    RANGE_ITERATOR "range_iterator" RANGE_ITERATOR;
    /// `longrange_iterator`
    LONG_RANGE_ITERATOR "longrange_iterator" LONG_RANGE_ITERATOR;
}

/// `iterator`: over what has `__getitem__` only.
pub static SEQUENCE_ITERATOR: TypeDef = TypeDef {
    methods: &[
        Def::leaf("__iter__(self, /)", itself),
        Def::frame("__next__(self, /)", 0, next_frame),
    ],
    ..TypeDef::new("builtins", "iterator", kind::SEQUENCE_ITERATOR)
};

/// `callable_iterator`
pub static CALL_ITERATOR: TypeDef = TypeDef {
    methods: &[
        Def::leaf("__iter__(self, /)", itself),
        Def::frame("__next__(self, /)", 0, next_frame),
    ],
    ..TypeDef::new("builtins", "callable_iterator", kind::CALL_ITERATOR)
};

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
        if it.mode.get() == 0 {
            len.saturating_sub(it.position.get())
        } else {
            it.position.get().min(len)
        }
    } else if let Some(it) = value.get::<TupleIterator>() {
        it.source
            .get()
            .get::<Tuple>()
            .map_or(0, |t| t.len() - it.position.get().min(t.len()))
    } else if let Some(it) = value.get::<StrIterator>() {
        let source = it.source.get();
        source.get::<Str>().map_or(0, |s| {
            crate::object::str::points(&s.bytes()[it.position.get()..]).count()
        })
    } else if let Some(it) = value.get::<BytesIterator>() {
        vm.layout_len(&it.source.get())
            .map_or(0, |n| n.saturating_sub(it.position.get()))
    } else if let Some(it) = value.get::<DictIterator>() {
        vm.layout_len(&it.source.get()).unwrap_or(0)
    } else if let Some(it) = value.get::<SetIterator>() {
        vm.layout_len(&it.source.get()).unwrap_or(0)
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
