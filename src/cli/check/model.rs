//! What a file binds and uses: its scopes, and the places that rules look at.

use crate::source::Span;
use crate::syntax::ast::{ClassDef, Expr, ExprKind, FunctionDef, Keyword};
use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

/// Number of a scope; 0 is the module.
pub type ScopeId = usize;

/// A name, with its class in front if it is private.
pub type Id<'a> = Cow<'a, str>;

/// The kinds of scopes.
#[derive(Clone, Copy, Debug)]
pub enum ScopeKind<'a> {
    Module,
    Class(&'a ClassDef),
    Function {
        def: &'a FunctionDef,
        is_async: bool,
    },
    Lambda,
    Comprehension,
    TypeParams,
}

/// A scope.
#[derive(Debug)]
pub struct Scope<'a> {
    pub kind: ScopeKind<'a>,
    pub parent: ScopeId,
    pub names: HashMap<Id<'a>, Vec<Binding<'a>>>,
    /// What is declared `global` (true) or `nonlocal` (false).
    pub declared: HashMap<Id<'a>, bool>,
    /// Has `yield`.
    pub yields: bool,
}

/// What binds a name.
#[derive(Clone, Debug)]
pub enum Binding<'a> {
    /// An import of this module, or of this name of a module.
    Import(String),
    /// A function, with the scope of its body.
    Function(ScopeId),
    /// An assignment of a value to the name alone.
    Value(&'a Expr),
    /// Anything else.
    Other,
}

/// Under which conditions a place is reached.
pub mod guards {
    /// A NameError is expected.
    pub const NAME: u8 = 1;
    /// An AttributeError is expected.
    pub const ATTRIBUTE: u8 = 2;
    /// An ImportError is expected.
    pub const IMPORT: u8 = 4;
    /// A TypeError is expected.
    pub const TYPE: u8 = 8;
    /// A RuntimeError is expected.
    pub const RUNTIME: u8 = 32;
    /// It depends on the version, the platform, or what there is.
    pub const CONDITION: u8 = 16;
}

/// Where something stands.
#[derive(Clone, Copy, Debug)]
pub struct Site {
    pub scope: ScopeId,
    pub guards: u8,
}

/// A name that is read.
pub struct Use<'a> {
    pub name: Id<'a>,
    pub span: Span,
    pub site: Site,
}

/// A call.
pub struct Call<'a> {
    pub span: Span,
    pub func: &'a Expr,
    pub args: &'a [Expr],
    pub keywords: &'a [Keyword],
    pub site: Site,
    /// Whether it is a statement of its own.
    pub is_statement: bool,
    /// Whether what it answers with is awaited at once.
    pub is_awaited: bool,
}

/// An import.
pub struct Import<'a> {
    pub span: Span,
    pub module: &'a str,
    /// Of `from module import name`.
    pub name: Option<&'a str>,
    pub site: Site,
}

/// All that the rules ask of a file.
#[derive(Default)]
pub struct Model<'a> {
    pub scopes: Vec<Scope<'a>>,
    pub uses: Vec<Use<'a>>,
    pub calls: Vec<Call<'a>>,
    pub attributes: Vec<(&'a Expr, Site)>,
    pub imports: Vec<Import<'a>>,
    /// Attributes that are assigned or deleted somewhere, of whatever.
    pub stored_attributes: HashSet<&'a str>,
    /// Has `from x import *`.
    pub has_star: bool,
    /// Names may come to be in ways that cannot be seen.
    pub is_dynamic: bool,
    /// `sys.path`, `sys.modules` and the like are in use, so modules may come from anywhere.
    pub changes_path: bool,
}

impl<'a> Model<'a> {
    /// The scope that binds a name as it is seen from another, and what binds it.
    pub fn lookup(&self, name: &str, from: ScopeId) -> Option<(ScopeId, &[Binding<'a>])> {
        let mut at = from;
        loop {
            let scope = &self.scopes[at];
            let seen = at == from
                || !matches!(scope.kind, ScopeKind::Class(_))
                || self.sees_class(from, at);
            if seen {
                if scope.declared.get(name) == Some(&true) {
                    at = 0;
                    continue;
                }
                if let Some(bindings) = scope.names.get(name) {
                    return Some((at, bindings));
                }
            }
            if at == 0 {
                return None;
            }
            at = scope.parent;
        }
    }

    /// Whether only scopes of type parameters lie between a scope and the class.
    fn sees_class(&self, from: ScopeId, class: ScopeId) -> bool {
        let mut at = from;
        while at != class {
            if !matches!(self.scopes[at].kind, ScopeKind::TypeParams) {
                return false;
            }
            at = self.scopes[at].parent;
        }
        true
    }

    /// The one thing that a name means, if there is only one.
    pub fn meaning(&self, name: &str, from: ScopeId) -> Option<&Binding<'a>> {
        let (_, bindings) = self.lookup(name, from)?;
        let (first, rest) = bindings.split_first()?;
        let same = |other: &Binding<'a>| matches!((first, other), (Binding::Import(a), Binding::Import(b)) if a == b);
        rest.iter().all(same).then_some(first)
    }

    /// The dotted name that an expression has where it comes from: of `sleep` after
    /// `from time import sleep` it is `time.sleep`.
    pub fn qualified(&self, expr: &Expr, from: ScopeId) -> Option<String> {
        match &expr.kind {
            ExprKind::Name { id, .. } => match self.meaning(id, from)? {
                Binding::Import(path) => Some(path.clone()),
                _ => None,
            },
            ExprKind::Attribute { value, attr, .. } => {
                let mut path = self.qualified(value, from)?;
                path.push('.');
                path.push_str(attr);
                Some(path)
            }
            _ => None,
        }
    }

    /// The function that runs what stands in a scope; nothing for the module and for class bodies.
    pub fn function_of(&self, scope: ScopeId) -> Option<ScopeId> {
        let mut at = scope;
        loop {
            match self.scopes[at].kind {
                ScopeKind::Function { .. } | ScopeKind::Lambda => return Some(at),
                ScopeKind::Module | ScopeKind::Class(_) => return None,
                ScopeKind::Comprehension | ScopeKind::TypeParams => at = self.scopes[at].parent,
            }
        }
    }

    /// Whether what stands in a scope runs in an `async def`.
    pub fn is_async(&self, scope: ScopeId) -> bool {
        let function = self.function_of(scope).map(|at| self.scopes[at].kind);
        matches!(function, Some(ScopeKind::Function { is_async: true, .. }))
    }
}
