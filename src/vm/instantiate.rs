//! Compiled code becomes an engine's own: constants are values, names are interned.

use super::Vm;
use super::dispatch::{At, Cursor};
use crate::heap::{Ref, Value};
use crate::object::function::{Body, Code};
use crate::object::str::Str;
use crate::object::tuple::Tuple;

impl Vm {
    /// This engine's instance of compiled code; its body is made when it is first run.
    pub fn instantiate_code(&self, plain: std::sync::Arc<crate::bytecode::Code>) -> Ref<Code> {
        Code::alloc(plain)
    }

    /// This engine's body of a code.
    pub fn code_body<'c>(&mut self, code: &'c Code) -> &'c Body {
        if let Some(body) = code.body() {
            return body;
        }
        let plain = code.plain.clone();
        let consts = plain.consts.iter();
        let consts = consts.map(|c| self.constant_value(c)).collect();
        let names = plain.names.iter();
        let names = names.map(|n| self.intern(n).into_value()).collect();
        code.begin(consts, names)
    }

    /// A frame of code without a body has begun: makes the body, and goes on in it.
    pub(super) fn begin_code(&mut self, at: At) {
        let code = at.code();
        let word = code.offset_before(at.ip).unwrap_or(0);
        self.code_body(code);
        self.cursor = Cursor {
            ip: code.start().wrapping_add(word as usize),
            regs: at.regs,
            consts: code.consts(),
        };
    }

    fn constant_value(&mut self, constant: &crate::bytecode::Const) -> Value {
        use crate::bytecode::Const;
        use crate::object::{bytes::Bytes, complex, float, int, set};
        match constant {
            Const::None | Const::Code(_) => Value::NONE,
            Const::Bool(b) => Value::bool(*b),
            Const::Ellipsis => Value::ELLIPSIS,
            Const::Int(i) => int::from_i64(*i),
            Const::BigInt(i) => int::from_big(i.clone()),
            Const::Float(f) => float::float(*f),
            Const::Complex(re, im) => complex::Complex::new(*re, *im).into_value(),
            Const::Str(bytes) => match std::str::from_utf8(bytes) {
                Ok(text) => self.intern(text).into_value(),
                Err(_) => Str::from_wtf8(bytes).map_or(Value::NONE, Ref::into_value),
            },
            Const::Bytes(bytes) => Bytes::new(bytes).map_or(Value::NONE, Ref::into_value),
            Const::Tuple(items) => {
                let items: Vec<Value> = items.iter().map(|c| self.constant_value(c)).collect();
                Tuple::from_vec(items).map_or(Value::NONE, Ref::into_value)
            }
            Const::FrozenSet(items) => {
                let items: Vec<Value> = items.iter().map(|c| self.constant_value(c)).collect();
                // CPython makes the set anew when it merges constants, which the order shows.
                let first = constant_set(items.iter());
                set::FrozenSet::new(constant_set(first.iter())).into_value()
            }
        }
    }

    /// The interned names of a code's locals.
    pub(crate) fn local_names(&mut self, code: &Code) -> std::rc::Rc<[Value]> {
        if let Some(names) = code.local_names.get() {
            return names.clone();
        }
        let names: std::rc::Rc<[Value]> = code
            .plain
            .local_names
            .iter()
            .map(|n| self.intern(n).into_value())
            .collect();
        code.local_names.get_or_init(|| names).clone()
    }
}

/// The set of constants; of those that are equal the first.
fn constant_set<'a>(items: impl Iterator<Item = &'a Value>) -> crate::object::set::SetTable {
    let mut table = crate::object::set::SetTable::new();
    let mut hashes = std::collections::HashSet::new();
    for item in items {
        let Some(hash) = crate::object::hash::simple_hash(item) else {
            continue;
        };
        let known = |other: &Value| crate::object::compare::simple_eq(item, other) == Some(true);
        if hashes.insert(hash) || !table.iter().any(known) {
            let _ = table.insert(hash, item.clone());
        }
    }
    table
}
