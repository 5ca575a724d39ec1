//! The first pass over the tree: which names occur in which scope, and how.

use super::StackGuard;
use super::scope::{
    Meaning, Part, Scope, ScopeId, ScopeKind, Symbol, SymbolTable, mangle, node_key, uses,
};
use crate::source::{Diagnostic, Span};
use crate::syntax::ast::{
    Arg, Arguments, Body, ClassDef, Expr, ExprKind, FunctionDef, Module, Name, Stmt, StmtKind, Try,
    TypeParam, TypeParamKind,
};
use indexmap::{IndexMap, IndexSet};
use std::sync::Arc;

/// The uses that are declarations.
const DECLARED: u16 = uses::GLOBAL | uses::NONLOCAL;

pub(super) type Outcome = Result<(), Diagnostic>;

/// Makes the symbol table of a module. With `lazy_annotations` (`from
/// __future__ import annotations`) names in annotations do not count.
pub(super) fn build(
    module: &Module,
    lazy_annotations: bool,
    stack: StackGuard,
) -> Result<SymbolTable, Diagnostic> {
    let mut builder = Builder {
        table: SymbolTable::default(),
        current: 0,
        private: None,
        lazy_annotations,
        stack,
        comp_iter: 0,
        comp_target: false,
        super_name: "super".into(),
        class_name: "__class__".into(),
    };
    builder.enter(ScopeKind::Module, None);
    match &module.body {
        Body::Module(body) | Body::Interactive(body) => builder.body(body)?,
        Body::Expression(value) => builder.expr(value)?,
    }
    super::resolve::resolve(&mut builder.table)?;
    Ok(builder.table)
}

pub(super) struct Builder {
    pub(super) table: SymbolTable,
    pub(super) current: ScopeId,
    pub(super) private: Option<Name>,
    pub(super) lazy_annotations: bool,
    pub(super) stack: StackGuard,
    /// How many iterables of comprehensions we are inside of.
    pub(super) comp_iter: u32,
    /// Whether we are inside the target of a comprehension.
    pub(super) comp_target: bool,
    pub(super) super_name: Name,
    pub(super) class_name: Name,
}

pub(super) fn error(message: String, span: Span) -> Diagnostic {
    Diagnostic::syntax(message, span)
}

impl Builder {
    pub(super) fn scope(&mut self) -> &mut Scope {
        &mut self.table.scopes[self.current]
    }

    /// Starts a scope; `node` is what it belongs to.
    pub(super) fn enter(&mut self, kind: ScopeKind, node: Option<(usize, Part)>) {
        let parent = (!self.table.scopes.is_empty()).then_some(self.current);
        let (nested, sees_class) = match parent.map(|id| &self.table.scopes[id]) {
            Some(parent) => {
                let nested = parent.nested || parent.kind.is_function_like();
                let class = parent.kind == ScopeKind::Class || parent.sees_class;
                (nested, kind.is_annotation() && class)
            }
            None => (false, false),
        };
        self.table.scopes.push(Scope {
            kind,
            parent,
            symbols: IndexMap::new(),
            free: IndexSet::new(),
            private: self.private.clone(),
            is_generator: false,
            is_coroutine: false,
            returns_value: false,
            has_walrus: false,
            has_annotations: false,
            needs_class_cell: false,
            sees_class,
            nested,
            place: match kind {
                ScopeKind::TypeAlias => "a type alias",
                ScopeKind::Class => "a class body",
                _ => "the definition of a generic",
            },
        });
        self.current = self.table.scopes.len() - 1;
        if let Some(key) = node {
            self.table.by_node.insert(key, self.current);
        }
    }

    pub(super) fn leave(&mut self) {
        self.current = self.scope().parent.unwrap_or(0);
    }

    /// Notes a use of a name in the current scope.
    pub(super) fn add(&mut self, name: &Name, flags: u16, span: Span) -> Outcome {
        let name = mangle(self.private.as_ref(), name);
        let mut flags = flags;
        if self.comp_target && flags & uses::LOCAL != 0 {
            flags |= uses::COMP_ITER;
            if self.scope().has(&name, uses::GLOBAL | uses::NONLOCAL) {
                let message = format!(
                    "comprehension inner loop cannot rebind assignment expression target '{name}'"
                );
                return Err(error(message, span));
            }
        }
        self.add_to(self.current, name, flags, span)
    }

    pub(super) fn add_to(&mut self, scope: ScopeId, name: Name, flags: u16, span: Span) -> Outcome {
        if flags & uses::GLOBAL != 0 {
            // The module's own variable of that name is then surely global, too.
            self.symbol(0, &name, span).uses |= uses::GLOBAL;
        }
        let symbol = self.symbol(scope, &name, span);
        let both = symbol.uses & flags;
        if both & uses::PARAM != 0 {
            let message = format!("duplicate argument '{name}' in function definition");
            return Err(error(message, span));
        }
        if both & uses::TYPE_PARAM != 0 {
            return Err(error(format!("duplicate type parameter '{name}'"), span));
        }
        if flags & DECLARED != 0 && symbol.uses & DECLARED == 0 {
            symbol.declared = span;
        }
        symbol.uses |= flags;
        Ok(())
    }

    pub(super) fn symbol(&mut self, scope: ScopeId, name: &Name, span: Span) -> &mut Symbol {
        let symbols = &mut self.table.scopes[scope].symbols;
        symbols.entry(name.clone()).or_insert(Symbol {
            uses: 0,
            meaning: Meaning::GlobalImplicit,
            declared: span,
        })
    }

    pub(super) fn bind(&mut self, name: &Name, span: Span) -> Outcome {
        self.add(name, uses::LOCAL, span)
    }

    // Statements.

    pub(super) fn body(&mut self, body: &[Stmt]) -> Outcome {
        body.iter().try_for_each(|stmt| self.stmt(stmt))
    }

    pub(super) fn stmt(&mut self, stmt: &Stmt) -> Outcome {
        let span = stmt.span;
        self.stack.check(span)?;
        match &stmt.kind {
            StmtKind::FunctionDef(def) => self.function(def, span, false),
            StmtKind::AsyncFunctionDef(def) => self.function(def, span, true),
            StmtKind::ClassDef(def) => self.class(def, span),
            StmtKind::Return { value } => {
                if let Some(value) = value {
                    self.expr(value)?;
                    self.scope().returns_value = true;
                }
                Ok(())
            }
            StmtKind::Delete { targets } => self.exprs(targets),
            StmtKind::Assign { targets, value } => {
                self.exprs(targets)?;
                self.expr(value)
            }
            StmtKind::TypeAlias {
                name,
                type_params,
                value,
            } => self.type_alias(stmt, name, type_params, value),
            StmtKind::AugAssign { target, value, .. } => {
                self.expr(target)?;
                self.expr(value)
            }
            StmtKind::AnnAssign {
                target,
                annotation,
                value,
                simple,
            } => self.annotated(target, annotation, value.as_deref(), *simple, span),
            StmtKind::For(node) | StmtKind::AsyncFor(node) => {
                self.expr(&node.target)?;
                self.expr(&node.iter)?;
                self.body(&node.body)?;
                self.body(&node.orelse)
            }
            StmtKind::While { test, body, orelse } => {
                self.expr(test)?;
                self.body(body)?;
                self.body(orelse)
            }
            StmtKind::If { test, body, orelse } => self.if_chain(test, body, orelse),
            StmtKind::With { items, body } | StmtKind::AsyncWith { items, body } => {
                for item in items {
                    self.expr(&item.context_expr)?;
                    self.optional(item.optional_vars.as_deref())?;
                }
                self.body(body)
            }
            StmtKind::Match { subject, cases } => {
                self.expr(subject)?;
                for case in cases {
                    self.pattern(&case.pattern)?;
                    self.optional(case.guard.as_deref())?;
                    self.body(&case.body)?;
                }
                Ok(())
            }
            StmtKind::Raise { exc, cause } => {
                self.optional(exc.as_deref())?;
                self.optional(cause.as_deref())
            }
            StmtKind::Try(node) | StmtKind::TryStar(node) => self.try_stmt(node),
            StmtKind::Assert { test, msg } => {
                self.expr(test)?;
                self.optional(msg.as_deref())
            }
            StmtKind::Import { names } | StmtKind::ImportFrom { names, .. } => {
                names.iter().try_for_each(|alias| self.import(alias))
            }
            StmtKind::Global { names } => names
                .iter()
                .try_for_each(|name| self.declare(name, uses::GLOBAL, span)),
            StmtKind::Nonlocal { names } => names
                .iter()
                .try_for_each(|name| self.declare(name, uses::NONLOCAL, span)),
            StmtKind::Expr { value } => self.expr(value),
            StmtKind::Pass | StmtKind::Break | StmtKind::Continue => Ok(()),
        }
    }

    /// `elif` chains nest deep in the tree but not on the stack.
    pub(super) fn if_chain(&mut self, test: &Expr, body: &[Stmt], orelse: &[Stmt]) -> Outcome {
        self.expr(test)?;
        self.body(body)?;
        let mut rest = orelse;
        while let [
            Stmt {
                kind: StmtKind::If { test, body, orelse },
                ..
            },
        ] = rest
        {
            self.expr(test)?;
            self.body(body)?;
            rest = orelse;
        }
        self.body(rest)
    }

    pub(super) fn try_stmt(&mut self, node: &Try) -> Outcome {
        self.body(&node.body)?;
        for handler in &node.handlers {
            self.optional(handler.typ.as_deref())?;
            if let Some(name) = &handler.name {
                self.add(name, uses::LOCAL | uses::DELETED, handler.span)?;
            }
            self.body(&handler.body)?;
        }
        self.body(&node.orelse)?;
        self.body(&node.finalbody)
    }

    pub(super) fn import(&mut self, alias: &crate::syntax::ast::Alias) -> Outcome {
        if &*alias.name == "*" {
            if self.scope().kind != ScopeKind::Module {
                let message = "import * only allowed at module level";
                return Err(error(message.to_string(), alias.span));
            }
            return Ok(());
        }
        match &alias.asname {
            Some(name) => self.add(name, uses::LOCAL | uses::IMPORT, alias.span),
            None => {
                let first = alias.name.split('.').next().unwrap_or_default();
                self.add(&Arc::from(first), uses::LOCAL | uses::IMPORT, alias.span)
            }
        }
    }

    pub(super) fn declare(&mut self, name: &Name, flag: u16, span: Span) -> Outcome {
        let mangled = mangle(self.private.as_ref(), name);
        let word = if flag == uses::GLOBAL {
            "global"
        } else {
            "nonlocal"
        };
        let known = self
            .scope()
            .symbol(&mangled)
            .map_or(0, |symbol| symbol.uses);
        let message = if known & uses::PARAM != 0 {
            Some(format!("name '{name}' is parameter and {word}"))
        } else if known & uses::USE != 0 {
            Some(format!("name '{name}' is used prior to {word} declaration"))
        } else if known & uses::ANNOTATED != 0 {
            Some(format!("annotated name '{name}' can't be {word}"))
        } else if known & uses::LOCAL != 0 {
            Some(format!(
                "name '{name}' is assigned to before {word} declaration"
            ))
        } else {
            None
        };
        match message {
            Some(message) => Err(error(message, span)),
            None => self.add(name, flag, span),
        }
    }

    pub(super) fn annotated(
        &mut self,
        target: &Expr,
        annotation: &Expr,
        value: Option<&Expr>,
        simple: bool,
        span: Span,
    ) -> Outcome {
        if let ExprKind::Name { id, .. } = &target.kind {
            let mangled = mangle(self.private.as_ref(), id);
            let at_module = self.scope().kind == ScopeKind::Module;
            if simple && !at_module {
                for (flag, word) in [(uses::GLOBAL, "global"), (uses::NONLOCAL, "nonlocal")] {
                    if self.scope().has(&mangled, flag) {
                        let message = format!("annotated name '{id}' can't be {word}");
                        return Err(error(message, span));
                    }
                }
            }
            if simple {
                self.scope().has_annotations = true;
                self.add(id, uses::LOCAL | uses::ANNOTATED, target.span)?;
            } else if value.is_some() {
                self.bind(id, target.span)?;
            }
        } else {
            self.expr(target)?;
        }
        self.annotation(annotation)?;
        self.optional(value)
    }

    pub(super) fn annotation(&mut self, annotation: &Expr) -> Outcome {
        if !self.lazy_annotations {
            return self.expr(annotation);
        }
        // It is never evaluated: its scopes are only looked at for mistakes.
        let known = self.table.scopes.len();
        self.enter(ScopeKind::TypeVariable, None);
        self.scope().place = "an annotation";
        self.expr(annotation)?;
        self.leave();
        self.table.scopes.truncate(known);
        Ok(())
    }

    // Functions and classes.

    pub(super) fn function(&mut self, def: &FunctionDef, span: Span, is_async: bool) -> Outcome {
        self.bind(&def.name, span)?;
        self.defaults(&def.args)?;
        self.exprs(&def.decorator_list)?;
        let generic = !def.type_params.is_empty();
        if generic {
            self.enter(
                ScopeKind::TypeParams,
                Some((node_key(def), Part::TypeParams)),
            );
            self.type_params(&def.type_params)?;
        }
        for arg in parameters(&def.args) {
            if let Some(annotation) = &arg.annotation {
                self.annotation(annotation)?;
            }
        }
        if let Some(returns) = &def.returns {
            self.annotation(returns)?;
        }
        self.enter(ScopeKind::Function, Some((node_key(def), Part::Body)));
        self.scope().is_coroutine = is_async;
        self.parameters(&def.args)?;
        let saved = std::mem::take(&mut self.comp_iter);
        self.body(&def.body)?;
        self.comp_iter = saved;
        self.leave();
        if generic {
            self.leave();
        }
        Ok(())
    }

    pub(super) fn defaults(&mut self, args: &Arguments) -> Outcome {
        self.exprs(&args.defaults)?;
        args.kw_defaults
            .iter()
            .flatten()
            .try_for_each(|default| self.expr(default))
    }

    pub(super) fn parameters(&mut self, args: &Arguments) -> Outcome {
        parameters(args).try_for_each(|arg| self.add(&arg.arg, uses::PARAM, arg.span))
    }

    pub(super) fn class(&mut self, def: &ClassDef, span: Span) -> Outcome {
        self.bind(&def.name, span)?;
        self.exprs(&def.decorator_list)?;
        let saved = self.private.clone();
        let generic = !def.type_params.is_empty();
        if generic {
            self.private = Some(def.name.clone());
            self.enter(
                ScopeKind::TypeParams,
                Some((node_key(def), Part::TypeParams)),
            );
            self.type_params(&def.type_params)?;
        }
        let inner = std::mem::replace(&mut self.private, saved.clone());
        if generic {
            self.private = inner;
        }
        self.exprs(&def.bases)?;
        for keyword in &def.keywords {
            self.expr(&keyword.value)?;
        }
        self.private = Some(def.name.clone());
        let params: Name = ".type_params".into();
        if generic {
            self.bind(&params, span)?;
        }
        self.enter(ScopeKind::Class, Some((node_key(def), Part::Body)));
        if generic {
            self.add(&params, uses::USE, span)?;
        }
        self.body(&def.body)?;
        self.leave();
        if generic {
            self.leave();
        }
        self.private = saved;
        Ok(())
    }

    pub(super) fn type_alias(
        &mut self,
        stmt: &Stmt,
        name: &Expr,
        type_params: &[TypeParam],
        value: &Expr,
    ) -> Outcome {
        if let ExprKind::Name { id, .. } = &name.kind {
            self.bind(id, name.span)?;
        }
        let generic = !type_params.is_empty();
        if generic {
            self.enter(
                ScopeKind::TypeParams,
                Some((node_key(stmt), Part::TypeParams)),
            );
            self.type_params(type_params)?;
        }
        self.enter(ScopeKind::TypeAlias, Some((node_key(stmt), Part::Body)));
        self.expr(value)?;
        self.leave();
        if generic {
            self.leave();
        }
        Ok(())
    }

    pub(super) fn type_params(&mut self, params: &[TypeParam]) -> Outcome {
        for param in params {
            let (name, bound, default) = match &param.kind {
                TypeParamKind::TypeVar {
                    name,
                    bound,
                    default_value,
                } => (name, bound, default_value),
                TypeParamKind::ParamSpec {
                    name,
                    default_value,
                }
                | TypeParamKind::TypeVarTuple {
                    name,
                    default_value,
                } => (name, &None, default_value),
            };
            self.add(name, uses::TYPE_PARAM | uses::LOCAL, param.span)?;
            for (part, value) in [(Part::Bound, bound), (Part::Default, default)] {
                if let Some(value) = value {
                    let key = (node_key(param), part);
                    self.enter(ScopeKind::TypeVariable, Some(key));
                    self.scope().place = place_of(&param.kind, part, value);
                    self.expr(value)?;
                    self.leave();
                }
            }
        }
        Ok(())
    }
}

/// What messages call the bound or the default of a type parameter.
fn place_of(kind: &TypeParamKind, part: Part, value: &Expr) -> &'static str {
    match (kind, part) {
        (TypeParamKind::TypeVar { .. }, Part::Bound) => match value.kind {
            ExprKind::Tuple { .. } => "a TypeVar constraint",
            _ => "a TypeVar bound",
        },
        (TypeParamKind::TypeVar { .. }, _) => "a TypeVar default",
        (TypeParamKind::ParamSpec { .. }, _) => "a ParamSpec default",
        (TypeParamKind::TypeVarTuple { .. }, _) => "a TypeVarTuple default",
    }
}

/// All parameters, in the order of their registers.
pub(super) fn parameters(args: &Arguments) -> impl Iterator<Item = &Arg> {
    let positional = args.posonlyargs.iter().chain(&args.args);
    positional
        .chain(&args.kwonlyargs)
        .chain(&args.vararg)
        .chain(&args.kwarg)
}
