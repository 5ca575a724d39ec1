//! What natives ask about values: can it be called, is it a mapping, is it this class.

use crate::heap::Value;
use crate::object::class::{Class, class_flags};
use crate::object::complex::Complex;
use crate::object::dict::Dict;
use crate::object::function::{BoundMethod, Function};
use crate::object::kind;
use crate::object::native::Native;
use crate::vm::Vm;
use crate::vm::special::Special;
use crate::vm::types::Known;

impl Vm {
    /// `callable(value)`
    pub fn is_callable(&mut self, value: &Value) -> bool {
        let plainly = value.is_exact::<Function>()
            || value.is_exact::<Native>()
            || value.is_exact::<BoundMethod>()
            || value.is_kind::<Class>();
        plainly || self.special_of(value, Special::Call).is_some()
    }

    /// Whether a value can be subscribed by any key, as far as its class tells.
    pub fn is_mapping(&mut self, value: &Value) -> bool {
        if value.is_kind::<Dict>() {
            return true;
        }
        // A deque takes numbers only.
        let of_deque = |method: &Value| {
            let native = method.get_exact::<Native>();
            let owner = native.and_then(|native| native.owner.get::<Class>());
            owner.is_some_and(|owner| owner.layout == kind::DEQUE)
        };
        self.special_of(value, Special::GetItem)
            .is_some_and(|method| !of_deque(&method))
    }

    /// Whether a value can be subscribed by numbers, as far as its class tells: a script's class with `__getitem__`
    /// may be, a built-in type says so.
    pub fn is_sequence(&mut self, value: &Value) -> bool {
        let Some(method) = self.special_of(value, Special::GetItem) else {
            return false;
        };
        let owner = method
            .get_exact::<Native>()
            .and_then(|native| native.owner.get::<Class>());
        match owner {
            Some(owner) if owner.def.is_some() => {
                owner.has(class_flags::SEQUENCE)
                    || matches!(
                        owner.layout,
                        kind::STR | kind::BYTES | kind::BYTEARRAY | kind::MEMORYVIEW
                    )
            }
            _ => !value.is_kind::<Dict>(),
        }
    }

    /// Whether a value is this very class.
    pub fn is_known_class(&mut self, value: &Value, known: Known) -> bool {
        value.is_kind::<Class>() && self.known_class(known).as_value().is(value)
    }

    /// Whether a value is a number of some kind.
    pub fn is_number(&mut self, value: &Value) -> bool {
        value.is_kind::<Complex>()
            || [Special::Index, Special::Int, Special::Float]
                .iter()
                .any(|&s| self.special_of(value, s).is_some())
    }

    /// Whether the `repr` of this container is not being made already; from now on it is, until `leave_repr`.
    pub fn enter_repr(&mut self, value: &Value) -> bool {
        let address = value.word() as usize;
        if self.repr_guard.contains(&address) {
            return false;
        }
        self.repr_guard.push(address);
        true
    }

    /// Ends what `enter_repr` began.
    pub fn leave_repr(&mut self) {
        self.repr_guard.pop();
    }
}
