//! Makes the model of a file in one walk over its tree.

use super::conditions;
use super::model::{Binding, Call, Id, Import, Model, Scope, ScopeId, ScopeKind, Site, Use};
use crate::source::Span;
use crate::syntax::ast::{
    Alias, Arguments, Body, ClassDef, Comprehension, Expr, ExprContext, ExprKind, FunctionDef,
    Keyword, Module, Pattern, PatternKind, Stmt, StmtKind, Try, TypeParam, TypeParamKind, WithItem,
};
use crate::syntax::visit::{self, Node};
use std::borrow::Cow;
use std::collections::HashMap;

/// Makes the model of a file.
pub fn build(module: &Module) -> Model<'_> {
    let mut builder = Builder {
        model: Model::default(),
        scope: 0,
        guards: 0,
        private: None,
        late: Vec::new(),
    };
    builder.enter(ScopeKind::Module);
    match &module.body {
        Body::Module(body) | Body::Interactive(body) => builder.body(body),
        Body::Expression(value) => builder.expr(value),
    }
    builder.bind_late();
    builder.model
}

struct Builder<'a> {
    model: Model<'a>,
    scope: ScopeId,
    guards: u8,
    /// The class whose private names are mangled here.
    private: Option<&'a str>,
    /// What is bound to a `nonlocal` name, for when all scopes are known.
    late: Vec<(ScopeId, Id<'a>, Binding<'a>)>,
}

impl<'a> Builder<'a> {
    fn enter(&mut self, kind: ScopeKind<'a>) -> ScopeId {
        self.model.scopes.push(Scope {
            kind,
            parent: self.scope,
            names: HashMap::new(),
            declared: HashMap::new(),
            yields: false,
        });
        self.scope = self.model.scopes.len() - 1;
        self.scope
    }

    fn leave(&mut self) {
        self.scope = self.model.scopes[self.scope].parent;
    }

    fn site(&self) -> Site {
        Site {
            scope: self.scope,
            guards: self.guards,
        }
    }

    /// Does something under further conditions.
    fn guarded(&mut self, guards: u8, inner: impl FnOnce(&mut Self)) {
        let saved = self.guards;
        self.guards |= guards;
        inner(self);
        self.guards = saved;
    }

    fn mangle(&self, name: &'a str) -> Id<'a> {
        let class = self.private.map(|class| class.trim_start_matches('_'));
        match class {
            Some(class) if name.starts_with("__") && !name.ends_with("__") && !class.is_empty() => {
                Cow::Owned(format!("_{class}{name}"))
            }
            _ => Cow::Borrowed(name),
        }
    }

    fn bind(&mut self, name: &'a str, binding: Binding<'a>) {
        let name = self.mangle(name);
        self.bind_in(self.scope, name, binding);
    }

    fn bind_in(&mut self, scope: ScopeId, name: Id<'a>, binding: Binding<'a>) {
        let target = match self.model.scopes[scope].declared.get(&name) {
            Some(true) => 0,
            Some(false) => return self.late.push((scope, name, binding)),
            None => scope,
        };
        let names = &mut self.model.scopes[target].names;
        names.entry(name).or_default().push(binding);
    }

    fn bind_late(&mut self) {
        for (scope, name, binding) in std::mem::take(&mut self.late) {
            let parent = self.model.scopes[scope].parent;
            let owner = self
                .model
                .lookup(&name, parent)
                .map_or(parent, |(at, _)| at);
            let names = &mut self.model.scopes[owner].names;
            names.entry(name).or_default().push(binding);
        }
    }

    // Statements.

    fn body(&mut self, body: &'a [Stmt]) {
        body.iter().for_each(|stmt| self.stmt(stmt));
    }

    fn stmt(&mut self, stmt: &'a Stmt) {
        match &stmt.kind {
            StmtKind::FunctionDef(def) => self.function(def, false),
            StmtKind::AsyncFunctionDef(def) => self.function(def, true),
            StmtKind::ClassDef(def) => self.class(def),
            StmtKind::Assign { targets, value } => self.assign(targets, value),
            StmtKind::AnnAssign { target, value, .. } => {
                self.target(target, value.as_deref());
                self.optional(value.as_deref());
            }
            StmtKind::TypeAlias { name, .. } => self.expr(name),
            StmtKind::If { test, body, orelse } => self.if_chain(test, body, orelse),
            StmtKind::While { test, body, orelse } => {
                self.expr(test);
                self.guarded(conditions::of_test(test), |builder| builder.body(body));
                self.body(orelse);
            }
            StmtKind::Assert { test, msg } => {
                self.guarded(conditions::of_test(test), |builder| builder.expr(test));
                self.optional(msg.as_deref());
            }
            StmtKind::With { items, body } | StmtKind::AsyncWith { items, body } => {
                self.with(items, body);
            }
            StmtKind::Try(node) | StmtKind::TryStar(node) => self.try_stmt(node),
            StmtKind::Import { names } => self.import(names, stmt.span),
            StmtKind::ImportFrom {
                module,
                names,
                level,
            } => self.import_from(module.as_deref(), names, *level),
            StmtKind::Global { names } => names.iter().for_each(|name| self.declare(name, true)),
            StmtKind::Nonlocal { names } => names.iter().for_each(|name| self.declare(name, false)),
            StmtKind::Expr { value } => self.statement(value),
            _ => visit::visit_stmt(&stmt.kind, &mut |node| self.node(node)),
        }
    }

    fn node(&mut self, node: Node<'a>) {
        match node {
            Node::Stmt(stmt) => self.stmt(stmt),
            Node::Expr(expr) => self.expr(expr),
            Node::Pattern(pattern) => self.pattern(pattern),
        }
    }

    /// `elif` chains nest deep in the tree but not on the stack.
    fn if_chain(&mut self, test: &'a Expr, body: &'a [Stmt], orelse: &'a [Stmt]) {
        let saved = self.guards;
        let (mut test, mut body, mut orelse) = (test, body, orelse);
        loop {
            self.guards |= conditions::of_test(test);
            self.expr(test);
            self.body(body);
            match orelse {
                [
                    Stmt {
                        kind:
                            StmtKind::If {
                                test: next,
                                body: inner,
                                orelse: rest,
                            },
                        ..
                    },
                ] => (test, body, orelse) = (next, inner, rest),
                _ => break,
            }
        }
        self.body(orelse);
        self.guards = saved;
    }

    fn assign(&mut self, targets: &'a [Expr], value: &'a Expr) {
        let alone = (targets.len() == 1).then_some(value);
        targets.iter().for_each(|target| self.target(target, alone));
        self.expr(value);
    }

    fn target(&mut self, target: &'a Expr, value: Option<&'a Expr>) {
        match (&target.kind, value) {
            (ExprKind::Name { id, .. }, Some(value)) => self.bind(id, Binding::Value(value)),
            _ => self.expr(target),
        }
    }

    fn declare(&mut self, name: &'a str, global: bool) {
        let name = self.mangle(name);
        self.model.scopes[self.scope].declared.insert(name, global);
    }

    fn with(&mut self, items: &'a [WithItem], body: &'a [Stmt]) {
        let mut guards = 0;
        for item in items {
            self.expr(&item.context_expr);
            if let Some(vars) = &item.optional_vars {
                self.expr(vars);
            }
            guards |= conditions::of_context(&item.context_expr);
        }
        self.guarded(guards, |builder| builder.body(body));
    }

    fn try_stmt(&mut self, node: &'a Try) {
        let caught = node.handlers.iter().map(conditions::of_handler);
        let caught = caught.fold(0, |all, one| all | one);
        self.guarded(caught, |builder| builder.body(&node.body));
        for handler in &node.handlers {
            self.optional(handler.typ.as_deref());
            if let Some(name) = &handler.name {
                self.bind(name, Binding::Other);
            }
            // What stands in for the thing that is missing may be missing as well.
            let fallback = conditions::of_fallback(handler);
            self.guarded(fallback, |builder| builder.body(&handler.body));
        }
        let fallback = node.handlers.iter().map(conditions::of_fallback);
        let fallback = fallback.fold(0, |all, one| all | one);
        self.guarded(fallback, |builder| builder.body(&node.orelse));
        self.body(&node.finalbody);
    }

    fn import(&mut self, names: &'a [Alias], span: Span) {
        for alias in names {
            let module: &'a str = &alias.name;
            let (name, path) = match &alias.asname {
                Some(name) => (&**name, module),
                None => {
                    let first = module.split('.').next().unwrap_or(module);
                    (first, first)
                }
            };
            self.bind(name, Binding::Import(path.to_owned()));
            let span = if alias.span.start < alias.span.end {
                alias.span
            } else {
                span
            };
            self.note_import(module, None, span);
        }
    }

    fn import_from(&mut self, module: Option<&'a str>, names: &'a [Alias], level: u32) {
        for alias in names {
            if &*alias.name == "*" {
                self.model.has_star = true;
                if let (Some(module), 0) = (module, level) {
                    self.note_import(module, None, alias.span);
                }
                continue;
            }
            let name = alias.asname.as_ref().unwrap_or(&alias.name);
            match module {
                Some(module) if level == 0 => {
                    let path = format!("{module}.{}", alias.name);
                    self.bind(name, Binding::Import(path));
                    self.note_import(module, Some(&alias.name), alias.span);
                }
                _ => self.bind(name, Binding::Other),
            }
        }
    }

    fn note_import(&mut self, module: &'a str, name: Option<&'a str>, span: Span) {
        // Whoever has the module that runs in hand may change what it has.
        self.model.is_dynamic |= module == "__main__";
        let site = self.site();
        self.model.imports.push(Import {
            span,
            module,
            name,
            site,
        });
    }

    fn statement(&mut self, value: &'a Expr) {
        let known = self.model.calls.len();
        self.expr(value);
        if matches!(value.kind, ExprKind::Call { .. })
            && let Some(call) = self.model.calls.get_mut(known)
        {
            call.is_statement = true;
        }
    }

    // Functions and classes.

    fn function(&mut self, def: &'a FunctionDef, is_async: bool) {
        let mut guards = 0;
        for decorator in &def.decorator_list {
            self.expr(decorator);
            guards |= conditions::of_test(decorator);
        }
        self.defaults(&def.args);
        let outer = self.scope;
        let generic = self.type_params(&def.type_params);
        let body = self.enter(ScopeKind::Function { def, is_async });
        let name = self.mangle(&def.name);
        self.bind_in(outer, name, Binding::Function(body));
        self.parameters(&def.args);
        self.guarded(guards, |builder| builder.body(&def.body));
        self.leave();
        if generic {
            self.leave();
        }
    }

    fn class(&mut self, def: &'a ClassDef) {
        let mut guards = 0;
        for decorator in &def.decorator_list {
            self.expr(decorator);
            guards |= conditions::of_test(decorator);
        }
        let outer = self.scope;
        let saved = self.private.replace(&def.name);
        let generic = self.type_params(&def.type_params);
        self.private = saved;
        def.bases.iter().for_each(|base| self.expr(base));
        def.keywords
            .iter()
            .for_each(|keyword| self.expr(&keyword.value));
        self.enter(ScopeKind::Class(def));
        let name = self.mangle(&def.name);
        self.bind_in(outer, name, Binding::Other);
        let saved = self.private.replace(&def.name);
        self.guarded(guards, |builder| builder.body(&def.body));
        self.private = saved;
        self.leave();
        if generic {
            self.leave();
        }
    }

    /// Opens a scope with these, unless there are none.
    fn type_params(&mut self, params: &'a [TypeParam]) -> bool {
        if params.is_empty() {
            return false;
        }
        self.enter(ScopeKind::TypeParams);
        for param in params {
            let (TypeParamKind::TypeVar { name, .. }
            | TypeParamKind::ParamSpec { name, .. }
            | TypeParamKind::TypeVarTuple { name, .. }) = &param.kind;
            self.bind(name, Binding::Other);
        }
        true
    }

    fn defaults(&mut self, args: &'a Arguments) {
        args.defaults.iter().for_each(|value| self.expr(value));
        args.kw_defaults
            .iter()
            .flatten()
            .for_each(|value| self.expr(value));
    }

    fn parameters(&mut self, args: &'a Arguments) {
        let positional = args.posonlyargs.iter().chain(&args.args);
        let all = positional
            .chain(&args.vararg)
            .chain(&args.kwonlyargs)
            .chain(&args.kwarg);
        all.for_each(|arg| self.bind(&arg.arg, Binding::Other));
    }

    // Expressions.

    fn optional(&mut self, expr: Option<&'a Expr>) {
        if let Some(expr) = expr {
            self.expr(expr);
        }
    }

    fn expr(&mut self, expr: &'a Expr) {
        match &expr.kind {
            ExprKind::Name { id, ctx } => self.name(id, *ctx, expr.span),
            ExprKind::Constant { .. } => {}
            ExprKind::Attribute { value, attr, ctx } => {
                self.attribute(expr, attr, *ctx);
                self.expr(value);
            }
            ExprKind::Call {
                func,
                args,
                keywords,
            } => self.call(expr.span, func, args, keywords),
            ExprKind::Lambda { args, body } => {
                self.defaults(args);
                self.enter(ScopeKind::Lambda);
                self.parameters(args);
                self.expr(body);
                self.leave();
            }
            ExprKind::NamedExpr { target, value } => self.walrus(target, value),
            ExprKind::IfExp { test, body, orelse } => {
                self.guarded(conditions::of_test(test), |builder| {
                    builder.expr(test);
                    builder.expr(body);
                    builder.expr(orelse);
                });
            }
            ExprKind::BoolOp { values, .. } => {
                let guards = values.iter().map(conditions::of_test);
                let guards = guards.fold(0, |all, one| all | one);
                self.guarded(guards, |builder| {
                    values.iter().for_each(|value| builder.expr(value))
                });
            }
            ExprKind::ListComp { elt, generators }
            | ExprKind::SetComp { elt, generators }
            | ExprKind::GeneratorExp { elt, generators } => {
                self.comprehension(generators, [Some(&**elt), None]);
            }
            ExprKind::DictComp {
                key,
                value,
                generators,
            } => self.comprehension(generators, [Some(&**key), Some(&**value)]),
            ExprKind::Await { value } => {
                let known = self.model.calls.len();
                self.expr(value);
                if matches!(value.kind, ExprKind::Call { .. })
                    && let Some(call) = self.model.calls.get_mut(known)
                {
                    call.is_awaited = true;
                }
            }
            ExprKind::Subscript { value, slice, .. } if conditions::is_own_module(value, slice) => {
                self.model.is_dynamic = true;
                self.expr(value);
            }
            ExprKind::Yield { .. } | ExprKind::YieldFrom { .. } => {
                self.model.scopes[self.scope].yields = true;
                visit::visit_expr(&expr.kind, &mut |node| self.node(node));
            }
            _ => visit::visit_expr(&expr.kind, &mut |node| self.node(node)),
        }
    }

    fn name(&mut self, id: &'a str, ctx: ExprContext, span: Span) {
        if ctx != ExprContext::Load {
            return self.bind(id, Binding::Other);
        }
        let in_namespace = matches!(
            self.model.scopes[self.scope].kind,
            ScopeKind::Module | ScopeKind::Class(_)
        );
        if matches!(id, "globals" | "exec" | "execfile")
            || in_namespace && matches!(id, "locals" | "vars")
        {
            self.model.is_dynamic = true;
        }
        self.model.is_dynamic |= conditions::fills_namespace(id);
        let site = self.site();
        let name = self.mangle(id);
        self.model.uses.push(Use { name, span, site });
    }

    fn attribute(&mut self, expr: &'a Expr, attr: &'a str, ctx: ExprContext) {
        if ctx == ExprContext::Load {
            self.model.attributes.push((expr, self.site()));
        } else {
            self.model.stored_attributes.insert(attr);
        }
        self.model.is_dynamic |= conditions::fills_namespace(attr);
        if let ExprKind::Attribute { value, .. } = &expr.kind
            && let ExprKind::Name { id, .. } = &value.kind
        {
            let id: &str = id;
            let of_imports = matches!(attr, "path" | "modules" | "meta_path" | "path_hooks");
            self.model.changes_path |= id == "sys" && of_imports;
            self.model.is_dynamic |= id == "builtins" && ctx == ExprContext::Store;
        }
    }

    fn call(&mut self, span: Span, func: &'a Expr, args: &'a [Expr], keywords: &'a [Keyword]) {
        let site = self.site();
        self.model.calls.push(Call {
            span,
            func,
            args,
            keywords,
            site,
            is_statement: false,
            is_awaited: false,
        });
        // With a namespace of its own `exec` binds nothing here.
        let own = matches!(&func.kind, ExprKind::Name { id, .. } if &**id == "exec")
            && args
                .get(1)
                .is_some_and(|namespace| !matches!(namespace.kind, ExprKind::Call { .. }));
        if !own {
            self.expr(func);
        }
        if conditions::changes_modules(func, args)
            || conditions::installs_names(func, args, keywords)
        {
            self.model.is_dynamic = true;
        }
        // `assertRaises(NameError, lambda: x)`
        self.guarded(conditions::of_arguments(args), |builder| {
            args.iter().for_each(|arg| builder.expr(arg));
            keywords
                .iter()
                .for_each(|keyword| builder.expr(&keyword.value));
        });
    }

    fn walrus(&mut self, target: &'a Expr, value: &'a Expr) {
        self.expr(value);
        let ExprKind::Name { id, .. } = &target.kind else {
            return self.expr(target);
        };
        let mut at = self.scope;
        while matches!(self.model.scopes[at].kind, ScopeKind::Comprehension) {
            at = self.model.scopes[at].parent;
        }
        let name = self.mangle(id);
        self.bind_in(at, name, Binding::Other);
    }

    fn comprehension(&mut self, generators: &'a [Comprehension], values: [Option<&'a Expr>; 2]) {
        let Some((first, rest)) = generators.split_first() else {
            return;
        };
        self.expr(&first.iter);
        self.enter(ScopeKind::Comprehension);
        self.expr(&first.target);
        first.ifs.iter().for_each(|test| self.expr(test));
        for part in rest {
            self.expr(&part.target);
            self.expr(&part.iter);
            part.ifs.iter().for_each(|test| self.expr(test));
        }
        values
            .into_iter()
            .flatten()
            .for_each(|value| self.expr(value));
        self.leave();
    }

    fn pattern(&mut self, pattern: &'a Pattern) {
        match &pattern.kind {
            PatternKind::MatchStar { name: Some(name) }
            | PatternKind::MatchMapping {
                rest: Some(name), ..
            }
            | PatternKind::MatchAs {
                name: Some(name), ..
            } => self.bind(name, Binding::Other),
            _ => {}
        }
        visit::visit_pattern(&pattern.kind, &mut |node| self.node(node));
    }
}
