//! What the heap must know of each kind of object, by number.

use crate::heap::{KindTable, Object};
use crate::object::bytes::{ByteArray, Bytes};
use crate::object::class::{Class, Instance};
use crate::object::complex::Complex;
use crate::object::descriptor::{
    ClassMethod, GenericAlias, MappingProxy, Property, SlotDescriptor, StaticMethod, Super, Union,
};
use crate::object::dict::Dict;
use crate::object::exception::{Exception, Traceback};
use crate::object::float::Float;
use crate::object::frame_object::{FrameLocals, FrameObject};
use crate::object::function::{BoundMethod, Cell_, Code, Function};
use crate::object::generator::Generator;
use crate::object::host::{HostIterator, HostObject};
use crate::object::int::Int;
use crate::object::iterator::{
    ByteArrayIterator, BytesIterator, CallIterator, DictItemIterator, DictItems, DictIterator,
    DictKeys, DictReverseItemIterator, DictReverseKeyIterator, DictReverseValueIterator,
    DictValueIterator, DictValues, ListIterator, ListReverseIterator, LongRangeIterator,
    RangeIterator, ReversedIterator, SequenceIterator, SetIterator, StrAsciiIterator, StrIterator,
    TupleIterator,
};
use crate::object::list::List;
use crate::object::memoryview::MemoryView;
use crate::object::module::Module;
use crate::object::native::{AttributeDescriptor, Native};
use crate::object::range::Range;
use crate::object::set::{FrozenSet, Set};
use crate::object::slice::Slice;
use crate::object::str::Str;
use crate::object::task::{Future, Gathering, Handle, Task, TimerHandle};
use crate::object::tuple::Tuple;

use crate::builtins::functions::filter::Filter;
use crate::builtins::functions::iterators::{Enumerate, Map, Zip};
use crate::modules::{self, asyncio, contextvars};
use crate::object::anext_awaitable::AnextAwaitable;

/// See the module's text. A kind that nothing is of has the table of plain instances.
pub static KINDS: [KindTable; 256] = table();

macro_rules! kinds {
    ($($(#[$attribute:meta])* $type:ty),+ $(,)?) => {
        const fn table() -> [KindTable; 256] {
            let mut table = [const { KindTable::of::<Instance>() }; 256];
            $(
                $(#[$attribute])*
                {
                    table[<$type as Object>::KIND as usize] = KindTable::of::<$type>();
                }
            )+
            table
        }
    };
}

kinds! {
    Float, Int, Str, Bytes, ByteArray, MemoryView, Tuple, List, Dict, Set, FrozenSet, Range, Slice, Complex,
    Class, Function, Native, BoundMethod, Cell_, Code, Module, Exception, Traceback, FrameObject, FrameLocals, Generator,
    Property, ClassMethod, StaticMethod, Super, SlotDescriptor, AttributeDescriptor, MappingProxy, GenericAlias, Union,
    ListIterator, TupleIterator, DictIterator, SetIterator, StrIterator, RangeIterator, SequenceIterator, CallIterator,
    HostObject, HostIterator, crate::object::host_work::HostWork, ReversedIterator, DictKeys, DictValues, DictItems, BytesIterator, LongRangeIterator,
    ListReverseIterator, DictValueIterator, DictItemIterator, DictReverseKeyIterator, DictReverseValueIterator,
    DictReverseItemIterator, StrAsciiIterator, ByteArrayIterator,
    Enumerate, Filter, Map, Zip, AnextAwaitable, crate::builtins::memoryview::MemoryIterator,
    Future, Task, Gathering, Handle, TimerHandle,
    asyncio::base_events::Loop, asyncio::current::Shared, asyncio::timeouts::Timeout, asyncio::taskgroups::TaskGroup,
    asyncio::locks::Lock, asyncio::conditions::Condition, asyncio::locks::Event, asyncio::locks::Semaphore, asyncio::queues::Queue,
    asyncio::waiting::Waiting, asyncio::as_completed::AsCompleted, asyncio::stream_reader::StreamReader, asyncio::stream_protocol::StreamProtocol,
    asyncio::stream_protocol::StreamWriter, asyncio::selector_events::Transport, asyncio::trsock::TransportSocket,
    contextvars::Context, contextvars::ContextMap, contextvars::ContextVar, contextvars::Token,
    crate::object::native_rest::NativeRest, crate::vm::generator::AsyncStep, crate::vm::fiber::Fiber, modules::thread::Lock, modules::thread::Local,
    modules::operator::Fetcher, crate::object::function::Partial, modules::functools::CmpKey, modules::functools::lru_cache::LruCache, modules::itertools::Tool,
    modules::io::FileObject, crate::object::descriptor::TupleGetter, modules::collections::deque::Deque,
    modules::collections::deque::DequeIterator, modules::os::entries::DirEntry, crate::object::weakref::WeakRef,
    crate::object::weakref::WeakLink, modules::random::Random,
    crate::object::array::Array, modules::binary::array::ArrayIterator, modules::binary::structs::Struct,
    modules::binary::structs::UnpackIterator, modules::re::Pattern, modules::re::Scanner, modules::re::MatchObject, modules::socket::SocketObject,
    modules::subprocess::ChildObject, modules::select::EpollObject, modules::type_params::TypeParameter,
    modules::type_params::TypeAlias,
    #[cfg(feature = "compression")]
    modules::zlib::Compressor,
    #[cfg(feature = "compression")]
    modules::zlib::Decompressor,
    #[cfg(feature = "hashes")]
    modules::hashes::Hasher,
    #[cfg(feature = "tls")]
    modules::ssl::context::Context,
    #[cfg(feature = "tls")]
    modules::ssl::connection::Connection,
    #[cfg(feature = "tls")]
    modules::ssl::bio::MemoryBio,
    crate::object::decimal::Decimal, modules::decimal::context::ContextObject, modules::decimal::context::SignalDict,
    modules::decimal::context::ContextManager,
}
