//! What is known about the code object being made: its registers, names,
//! constants and open blocks.

use super::asm::{Assembler, Label, Locals, Reg};
use super::scope::ScopeId;
use crate::bytecode::{Const, const_key};
use crate::source::Span;
use crate::syntax::ast::{Name, Stmt};
use indexmap::{IndexMap, IndexSet};
use std::collections::HashMap;

/// What a code object is the code of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum UnitKind {
    Module,
    Class,
    Function,
    AsyncFunction,
    Lambda,
    GeneratorExp,
    /// Type parameters, aliases and bounds.
    Annotation,
}

/// A comprehension that is being compiled into the code around it.
#[derive(Debug)]
pub(super) struct Inlined {
    pub scope: ScopeId,
    pub registers: HashMap<Name, u16>,
}

/// Protects the instructions inside a block, in pieces: code that leaves the
/// block early is not protected by it.
#[derive(Clone, Debug)]
pub(super) struct Guard {
    /// Where the current piece starts.
    pub start: usize,
    pub target: Label,
    pub depth: u16,
    pub register: u16,
    /// What is surely bound where it began.
    pub bound: Option<Locals>,
}

/// A statement that encloses what is being compiled.
#[derive(Clone, Debug)]
pub(super) enum Block<'a> {
    /// A loop; a `for` has its iterator in a temporary.
    Loop {
        again: Label,
        exit: Label,
        iterator: bool,
    },
    /// `try` with `except` clauses.
    Try(Guard),
    /// `try` with `finally`, whose body runs when it is left.
    Finally(Guard, &'a [Stmt]),
    /// The body of a `finally` while an exception is on its way, or a clause of `except`.
    Handler {
        guard: Option<Guard>,
        handled: usize,
        exception: u16,
        name: Option<(Name, Span)>,
    },
    /// A clause of `except*`, which must not be left early.
    ExceptStar,
    /// `with`; its `__exit__` is in a local.
    With {
        guard: Guard,
        exit: u16,
        is_async: bool,
        span: Span,
    },
}

/// See the module's text.
#[derive(Debug)]
pub(super) struct Unit<'a> {
    pub asm: Assembler,
    pub kind: UnitKind,
    pub scope: ScopeId,
    pub name: Name,
    pub qualname: Name,
    pub first_line: u32,
    pub flags: u32,
    pub arg_count: u32,
    pub posonly_count: u32,
    pub kwonly_count: u32,
    pub local_names: Vec<Name>,
    /// The registers of the scope's own variables.
    pub locals: HashMap<Name, u16>,
    pub cells: Vec<u16>,
    pub inlined: Vec<Inlined>,
    pub names: IndexSet<Name>,
    pub consts: Vec<Const>,
    const_index: HashMap<Vec<u8>, usize>,
    pub blocks: Vec<Block<'a>>,
    /// Hidden locals that are not in use, by purpose.
    spare: IndexMap<Name, Vec<u16>>,
    /// Locals that some statement unbinds.
    pub deleted: Locals,
    /// The class whose private names are mangled here.
    pub private: Option<Name>,
    /// Attributes of `self` that methods assign (of a class).
    pub static_attributes: IndexSet<Name>,
    /// The cell `__class__` of a class body.
    pub class_cell: Option<u16>,
    /// Names are looked up in the namespace in register 0.
    pub namespaced: bool,
}

impl<'a> Unit<'a> {
    pub fn new(
        kind: UnitKind,
        scope: ScopeId,
        name: Name,
        qualname: Name,
        first_line: u32,
    ) -> Unit<'a> {
        Unit {
            asm: Assembler::new(),
            kind,
            scope,
            name,
            qualname,
            first_line,
            flags: 0,
            arg_count: 0,
            posonly_count: 0,
            kwonly_count: 0,
            local_names: Vec::new(),
            locals: HashMap::new(),
            cells: Vec::new(),
            inlined: Vec::new(),
            names: IndexSet::new(),
            consts: Vec::new(),
            const_index: HashMap::new(),
            blocks: Vec::new(),
            spare: IndexMap::new(),
            deleted: Locals::default(),
            private: None,
            static_attributes: IndexSet::new(),
            class_cell: None,
            namespaced: false,
        }
    }

    /// A new local register.
    pub fn new_local(&mut self, name: Name) -> u16 {
        let number = self.local_names.len();
        if number >= 12_000 {
            self.asm.fail("too many local variables");
            return 0;
        }
        self.local_names.push(name);
        number as u16
    }

    /// A local that only the compiler knows of; `give_back` ends its use.
    pub fn hidden(&mut self, purpose: &str) -> u16 {
        if let Some(spare) = self.spare.get_mut(purpose).and_then(Vec::pop) {
            return spare;
        }
        self.new_local(purpose.into())
    }

    /// The hidden local is free for another use.
    pub fn give_back(&mut self, local: u16) {
        if let Some(name) = self.local_names.get(usize::from(local)) {
            self.spare.entry(name.clone()).or_default().push(local);
        }
    }

    /// Clears a hidden local at run time and ends its use.
    pub fn clear_hidden(&mut self, local: u16) {
        self.asm
            .ins(None, crate::bytecode::Op::Clear, Reg::Local(local), (), ());
        self.asm.unbind(local);
        self.give_back(local);
    }

    /// The number of a name.
    pub fn name_index(&mut self, name: &Name) -> u16 {
        let index = match self.names.get_index_of(name) {
            Some(index) => index,
            None => self.names.insert_full(name.clone()).0,
        };
        if index >= 65_000 {
            self.asm.fail("too many names");
            return 0;
        }
        index as u16
    }

    /// The number of a constant.
    pub fn const_index(&mut self, value: Const) -> u32 {
        if matches!(value, Const::Code(_)) {
            self.consts.push(value);
            return self.consts.len() as u32 - 1;
        }
        let key = const_key(&value);
        if let Some(&index) = self.const_index.get(&key) {
            return index as u32;
        }
        self.consts.push(value);
        self.const_index.insert(key, self.consts.len() - 1);
        self.consts.len() as u32 - 1
    }

    /// The number of a constant, if it fits an operand.
    pub fn short_const(&mut self, value: Const) -> Option<u16> {
        u16::try_from(self.const_index(value))
            .ok()
            .filter(|&n| n < u16::MAX)
    }

    /// Whether an exception raised here may be caught in this code.
    pub fn is_guarded(&self) -> bool {
        self.blocks.iter().any(|block| match block {
            Block::Try(_) | Block::Finally(..) | Block::With { .. } => true,
            Block::Handler { guard, .. } => guard.is_some(),
            Block::Loop { .. } | Block::ExceptStar => false,
        })
    }
}
