//! Scopes and symbols: what the symbol tables are made of.

use crate::source::Span;
use crate::syntax::ast::Name;
use indexmap::{IndexMap, IndexSet};
use std::collections::HashMap;

/// Number of a scope in its table.
pub(super) type ScopeId = usize;

/// How a name occurs in a scope; a symbol has several of these.
pub(super) mod uses {
    /// It is read.
    pub const USE: u16 = 1;
    /// It is bound by an assignment, a definition, an import, a target.
    pub const LOCAL: u16 = 2;
    /// It is a parameter.
    pub const PARAM: u16 = 4;
    /// It is declared `global`.
    pub const GLOBAL: u16 = 8;
    /// It is declared `nonlocal`.
    pub const NONLOCAL: u16 = 16;
    /// It has an annotation.
    pub const ANNOTATED: u16 = 32;
    /// It is deleted somewhere.
    pub const DELETED: u16 = 64;
    /// It is an iteration variable of a comprehension.
    pub const COMP_ITER: u16 = 128;
    /// It is a type parameter.
    pub const TYPE_PARAM: u16 = 256;
    /// An inner function captures it.
    pub const CAPTURED: u16 = 512;
    /// It is imported.
    pub const IMPORT: u16 = 1024;
    /// All the ways to be bound.
    pub const BOUND: u16 = LOCAL | PARAM | TYPE_PARAM | COMP_ITER | IMPORT;
}

/// What a name means in a scope.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    /// A variable of the scope itself.
    Own,
    /// A variable of an enclosing scope that is compiled into the same code.
    Outer,
    /// A variable of an enclosing function, reached through a cell.
    Free,
    /// Declared global.
    GlobalExplicit,
    /// Not bound in any enclosing function.
    GlobalImplicit,
}

/// A name of a scope.
#[derive(Clone, Debug)]
pub(super) struct Symbol {
    pub uses: u16,
    pub meaning: Meaning,
    /// Where it was declared `global` or `nonlocal`.
    pub declared: Span,
}

/// The kinds of scopes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ScopeKind {
    Module,
    Class,
    Function,
    Lambda,
    GeneratorExp,
    ListComp,
    SetComp,
    DictComp,
    /// The parameters of a generic function, class or alias.
    TypeParams,
    /// The value of a `type` statement.
    TypeAlias,
    /// The bound, the constraints or the default of a type parameter.
    TypeVariable,
}

impl ScopeKind {
    /// A comprehension that is compiled into the code around it.
    pub fn is_inlined(self) -> bool {
        matches!(
            self,
            ScopeKind::ListComp | ScopeKind::SetComp | ScopeKind::DictComp
        )
    }

    /// A comprehension or generator expression.
    pub fn is_comprehension(self) -> bool {
        self.is_inlined() || self == ScopeKind::GeneratorExp
    }

    /// Whether inner functions see its variables.
    pub fn is_function_like(self) -> bool {
        !matches!(self, ScopeKind::Module | ScopeKind::Class)
    }

    /// One of the scopes of type parameters and aliases.
    pub fn is_annotation(self) -> bool {
        matches!(
            self,
            ScopeKind::TypeParams | ScopeKind::TypeAlias | ScopeKind::TypeVariable
        )
    }
}

/// A scope.
#[derive(Debug)]
pub(super) struct Scope {
    pub kind: ScopeKind,
    pub parent: Option<ScopeId>,
    pub symbols: IndexMap<Name, Symbol>,
    /// Variables of enclosing functions that this code or code inside it needs.
    pub free: IndexSet<Name>,
    /// The class whose private names are mangled here.
    pub private: Option<Name>,
    /// Has `yield`.
    pub is_generator: bool,
    /// `async def`, or has `await` or async comprehensions.
    pub is_coroutine: bool,
    /// Has `return` with a value.
    pub returns_value: bool,
    /// Has `x := ...`, so that reading a variable in place takes care.
    pub has_walrus: bool,
    /// Has annotations of variables.
    pub has_annotations: bool,
    /// A class some method of which uses `__class__` or `super`.
    pub needs_class_cell: bool,
    /// Type parameters and the like directly in a class body, which they see.
    pub sees_class: bool,
    /// Inside a function.
    pub nested: bool,
    /// For a scope of type parameters: what messages call it.
    pub place: &'static str,
}

impl Scope {
    /// The symbol of a name.
    pub fn symbol(&self, name: &str) -> Option<&Symbol> {
        self.symbols.get(name)
    }

    /// Whether the name has one of these uses.
    pub fn has(&self, name: &str, uses: u16) -> bool {
        self.symbols
            .get(name)
            .is_some_and(|symbol| symbol.uses & uses != 0)
    }
}

/// Which of the scopes of a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Part {
    /// Its body.
    Body,
    /// Its type parameters.
    TypeParams,
    /// The bound of a type parameter.
    Bound,
    /// The default of a type parameter.
    Default,
}

/// The scopes of a module.
#[derive(Debug, Default)]
pub(super) struct SymbolTable {
    pub scopes: Vec<Scope>,
    /// Which scope a node of the tree has. Nodes are known by their address:
    /// the tree does not change while it is compiled.
    pub by_node: HashMap<(usize, Part), ScopeId>,
}

/// The identity of a node.
pub(super) fn node_key<T>(node: &T) -> usize {
    std::ptr::from_ref(node) as usize
}

impl SymbolTable {
    /// The scope of a node.
    pub fn scope_of<T>(&self, node: &T, part: Part) -> Option<ScopeId> {
        self.by_node.get(&(node_key(node), part)).copied()
    }
}

/// Private names (`__x`) inside a class get its name in front.
pub(super) fn mangle(private: Option<&Name>, name: &Name) -> Name {
    let Some(class) = private else {
        return name.clone();
    };
    let class = class.trim_start_matches('_');
    if !name.starts_with("__") || name.ends_with("__") || name.contains('.') || class.is_empty() {
        return name.clone();
    }
    format!("_{class}{name}").into()
}
