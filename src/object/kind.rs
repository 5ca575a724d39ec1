//! The number of every kind of object. A kind is a Rust type behind the header;
//! its number is also the shape of an exact instance of the built-in class.

use crate::heap::Kind;

macro_rules! kinds {
    ($($name:ident = $number:literal),+ $(,)?) => {
        $(#[allow(missing_docs)] pub const $name: Kind = $number;)+
        /// Name and number of every kind.
        pub const ALL: &[(&str, Kind)] = &[$((stringify!($name), $number)),+];
    };
}

kinds! {
    // 0 is no kind: the shape of a free slot.
    INSTANCE = 1,
    FLOAT = 2,
    INT = 3,
    STR = 4,
    BYTES = 5,
    BYTEARRAY = 6,
    TUPLE = 7,
    LIST = 8,
    DICT = 9,
    SET = 10,
    FROZENSET = 11,
    RANGE = 12,
    SLICE = 13,
    COMPLEX = 14,
    MEMORYVIEW = 15,
    CLASS = 16,
    FUNCTION = 17,
    NATIVE = 18,
    BOUND_METHOD = 19,
    CELL = 20,
    CODE = 21,
    MODULE = 22,
    EXCEPTION = 23,
    TRACEBACK = 24,
    FRAME = 25,
    GENERATOR = 26,
    PROPERTY = 27,
    CLASSMETHOD = 28,
    STATICMETHOD = 29,
    SUPER = 30,
    SLOT_DESCRIPTOR = 31,
    ATTRIBUTE_DESCRIPTOR = 32,
    MAPPINGPROXY = 33,
    GENERIC_ALIAS = 34,
    UNION = 35,
    WEAKREF = 36,
    LIST_ITERATOR = 37,
    TUPLE_ITERATOR = 38,
    DICT_ITERATOR = 39,
    SET_ITERATOR = 40,
    STR_ITERATOR = 41,
    RANGE_ITERATOR = 42,
    SEQUENCE_ITERATOR = 43,
    CALL_ITERATOR = 44,
    ENUMERATE = 45,
    ZIP = 46,
    MAP = 47,
    FILTER = 48,
    REVERSED = 49,
    DICT_KEYS = 50,
    DICT_VALUES = 51,
    DICT_ITEMS = 52,
    BYTES_ITERATOR = 53,
    TYPE_VAR = 54,
    TYPE_ALIAS = 55,
    ASYNC_GENERATOR_STEP = 56,
    COROUTINE_WRAPPER = 57,
    NAMESPACE = 58,
    LONG_RANGE_ITERATOR = 59,
    LIST_REVERSE_ITERATOR = 60,
    DICT_VALUE_ITERATOR = 61,
    DICT_ITEM_ITERATOR = 62,
    DICT_REVERSE_KEY_ITERATOR = 63,
    DICT_REVERSE_VALUE_ITERATOR = 64,
    DICT_REVERSE_ITEM_ITERATOR = 65,
    STR_ASCII_ITERATOR = 66,
    BYTEARRAY_ITERATOR = 67,
    FRAME_LOCALS = 68,
    MEMORY_ITERATOR = 69,
    ANEXT_AWAITABLE = 70,
    // Kinds of native modules.
    DEQUE = 80,
    DEQUE_ITERATOR = 81,
    PARTIAL = 82,
    CMP_KEY = 83,
    RANDOM = 84,
    REGEX = 85,
    REGEX_MATCH = 86,
    CONTEXT = 87,
    CONTEXT_VAR = 88,
    CONTEXT_TOKEN = 89,
    ITERTOOL = 90,
    FILE = 91,
    STRING_IO = 92,
    BYTES_IO = 93,
    DATETIME = 94,
    DATE = 95,
    TIME = 96,
    TIMEDELTA = 97,
    TIMEZONE = 98,
    SOCKET = 99,
    THREAD_LOCK = 100,
    THREAD_LOCAL = 101,
    STRUCT_SEQUENCE = 102,
    ODICT_ITERATOR = 103,
    DEFAULT_DICT = 104,
    HASHER = 105,
    STRUCT = 106,
    TUPLE_GETTER = 107,
    WEAK_LINK = 111,
    JSON_SCANNER = 108,
    REGEX_SCANNER = 109,
    DIR_ENTRY = 110,
    DECIMAL = 112,
    DECIMAL_CONTEXT = 113,
    SIGNAL_DICT = 114,
    DECIMAL_CONTEXT_MANAGER = 115,
    LRU_CACHE = 116,
    STRUCT_ITERATOR = 170,
    ARRAY = 171,
    ARRAY_ITERATOR = 172,
    COMPRESSOR = 173,
    DECOMPRESSOR = 174,
    CHILD = 175,
    EPOLL = 176,
    TLS_CONTEXT = 177,
    TLS_CONNECTION = 178,
    MEMORY_BIO = 179,
    FETCHER = 117,
    // Kinds of the native asyncio.
    EVENT_LOOP = 120,
    HANDLE = 121,
    TIMER_HANDLE = 122,
    FUTURE = 123,
    TASK = 124,
    LOCK = 125,
    EVENT = 126,
    CONDITION = 127,
    SEMAPHORE = 128,
    BARRIER = 129,
    QUEUE = 130,
    TIMEOUT = 131,
    TASK_GROUP = 132,
    RUNNER = 133,
    STREAM_READER = 134,
    STREAM_WRITER = 135,
    SERVER = 136,
    TRANSPORT = 137,
    AS_COMPLETED = 138,
    GATHER = 139,
    FIBER = 140,
    WAITING = 141,
    ASYNCIO = 142,
    CONTEXT_MAP = 143,
    STREAM_PROTOCOL = 144,
    TRANSPORT_SOCKET = 145,
    NATIVE_REST = 146,
    // Kinds of what the embedding program brings in.
    HOST_OBJECT = 180,
    HOST_ITERATOR = 181,
    HOST_WORK = 182,
}

macro_rules! shared_shapes {
    ($($name:ident = $number:literal),+ $(,)?) => {
        $(#[allow(missing_docs)] pub const $name: Kind = $number;)+
    };
}

/// The shapes of exact instances of built-in classes that share a kind, where what the VM knows of a shape is to tell them
/// apart (see `TypeDef::shape`).
pub mod shared {
    use crate::heap::Kind;

    shared_shapes! {
        COUNT = 200,
        CYCLE = 201,
        REPEAT = 202,
        ACCUMULATE = 203,
        BATCHED = 204,
        CHAIN = 205,
        COMBINATIONS = 206,
        COMBINATIONS_WITH_REPLACEMENT = 207,
        COMPRESS = 208,
        DROPWHILE = 209,
        FILTERFALSE = 210,
        GROUPBY = 211,
        ISLICE = 212,
        PAIRWISE = 213,
        PERMUTATIONS = 214,
        PRODUCT = 215,
        STARMAP = 216,
        TAKEWHILE = 217,
        ZIP_LONGEST = 218,
        TEE = 219,
        GROUP = 220,
    }
}

const _: () = {
    let mut i = 0;
    while i < ALL.len() {
        assert!((ALL[i].1 as u32) < crate::heap::FIRST_SHARED_SHAPE);
        i += 1;
    }
};
