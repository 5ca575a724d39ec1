//! What `anext(iterator, default)` gives. Its methods are in `builtins::functions::anext`.

use super::kind;
use super::traced::traced_object;
use crate::heap::Value;

traced_object! {
    /// `anext_awaitable`
    pub struct AnextAwaitable: ANEXT_AWAITABLE {
        /// What `__anext__` gave.
        awaitable: Value,
        /// The result in place of StopAsyncIteration.
        default: Value,
    }
}

impl AnextAwaitable {
    /// One of what `__anext__` gave.
    pub fn or_default(awaitable: Value, default: Value) -> Value {
        AnextAwaitable::alloc(kind::ANEXT_AWAITABLE as u32, awaitable, default).into_value()
    }
}
