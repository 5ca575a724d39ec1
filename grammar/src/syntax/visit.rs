//! The children of a node, in the order of `ast`'s fields.

use super::ast::*;

/// A child that has children of its own.
#[derive(Clone, Copy, Debug)]
pub enum Node<'a> {
    Stmt(&'a Stmt),
    Expr(&'a Expr),
    Pattern(&'a Pattern),
}

type Visitor<'v, 'a> = &'v mut dyn FnMut(Node<'a>);

/// Calls `f` with each child of a node.
pub fn visit<'a>(node: Node<'a>, f: Visitor<'_, 'a>) {
    match node {
        Node::Stmt(stmt) => visit_stmt(&stmt.kind, f),
        Node::Expr(expr) => visit_expr(&expr.kind, f),
        Node::Pattern(pattern) => visit_pattern(&pattern.kind, f),
    }
}

/// Calls `f` with each child of an expression.
pub fn visit_expr<'a>(kind: &'a ExprKind, f: Visitor<'_, 'a>) {
    match kind {
        ExprKind::BoolOp { values, .. } => exprs(values, f),
        ExprKind::NamedExpr { target, value } => both(target, value, f),
        ExprKind::BinOp { left, right, .. } => both(left, right, f),
        ExprKind::UnaryOp { operand, .. } => f(Node::Expr(operand)),
        ExprKind::Lambda { args, body } => {
            visit_arguments(args, f);
            f(Node::Expr(body));
        }
        ExprKind::IfExp { test, body, orelse } => {
            f(Node::Expr(test));
            both(body, orelse, f);
        }
        ExprKind::Dict { keys, values } => {
            keys.iter().flatten().for_each(|key| f(Node::Expr(key)));
            exprs(values, f);
        }
        ExprKind::Set { elts } | ExprKind::List { elts, .. } | ExprKind::Tuple { elts, .. } => {
            exprs(elts, f);
        }
        ExprKind::ListComp { elt, generators }
        | ExprKind::SetComp { elt, generators }
        | ExprKind::GeneratorExp { elt, generators } => {
            f(Node::Expr(elt));
            comprehensions(generators, f);
        }
        ExprKind::DictComp {
            key,
            value,
            generators,
        } => {
            both(key, value, f);
            comprehensions(generators, f);
        }
        ExprKind::Await { value } | ExprKind::YieldFrom { value } => f(Node::Expr(value)),
        ExprKind::Yield { value } => option(value, f),
        ExprKind::Compare {
            left, comparators, ..
        } => {
            f(Node::Expr(left));
            exprs(comparators, f);
        }
        ExprKind::Call {
            func,
            args,
            keywords,
        } => {
            f(Node::Expr(func));
            exprs(args, f);
            keywords.iter().for_each(|k| f(Node::Expr(&k.value)));
        }
        ExprKind::FormattedValue {
            value, format_spec, ..
        } => {
            f(Node::Expr(value));
            option(format_spec, f);
        }
        ExprKind::JoinedStr { values } => exprs(values, f),
        ExprKind::Constant { .. } | ExprKind::Name { .. } => {}
        ExprKind::Attribute { value, .. } | ExprKind::Starred { value, .. } => {
            f(Node::Expr(value));
        }
        ExprKind::Subscript { value, slice, .. } => both(value, slice, f),
        ExprKind::Slice { lower, upper, step } => {
            option(lower, f);
            option(upper, f);
            option(step, f);
        }
    }
}

/// Calls `f` with each child of a statement.
pub fn visit_stmt<'a>(kind: &'a StmtKind, f: Visitor<'_, 'a>) {
    match kind {
        StmtKind::FunctionDef(def) | StmtKind::AsyncFunctionDef(def) => {
            visit_arguments(&def.args, f);
            stmts(&def.body, f);
            exprs(&def.decorator_list, f);
            option(&def.returns, f);
            type_params(&def.type_params, f);
        }
        StmtKind::ClassDef(def) => {
            exprs(&def.bases, f);
            def.keywords.iter().for_each(|k| f(Node::Expr(&k.value)));
            stmts(&def.body, f);
            exprs(&def.decorator_list, f);
            type_params(&def.type_params, f);
        }
        StmtKind::Return { value } => option(value, f),
        StmtKind::Delete { targets } => exprs(targets, f),
        StmtKind::Assign { targets, value } => {
            exprs(targets, f);
            f(Node::Expr(value));
        }
        StmtKind::TypeAlias {
            name,
            type_params: params,
            value,
        } => {
            f(Node::Expr(name));
            type_params(params, f);
            f(Node::Expr(value));
        }
        StmtKind::AugAssign { target, value, .. } => both(target, value, f),
        StmtKind::AnnAssign {
            target,
            annotation,
            value,
            ..
        } => {
            both(target, annotation, f);
            option(value, f);
        }
        StmtKind::For(for_) | StmtKind::AsyncFor(for_) => {
            both(&for_.target, &for_.iter, f);
            stmts(&for_.body, f);
            stmts(&for_.orelse, f);
        }
        StmtKind::While { test, body, orelse } | StmtKind::If { test, body, orelse } => {
            f(Node::Expr(test));
            stmts(body, f);
            stmts(orelse, f);
        }
        StmtKind::With { items, body } | StmtKind::AsyncWith { items, body } => {
            for item in items {
                f(Node::Expr(&item.context_expr));
                option(&item.optional_vars, f);
            }
            stmts(body, f);
        }
        StmtKind::Match { subject, cases } => {
            f(Node::Expr(subject));
            for case in cases {
                f(Node::Pattern(&case.pattern));
                option(&case.guard, f);
                stmts(&case.body, f);
            }
        }
        StmtKind::Raise { exc, cause } => {
            option(exc, f);
            option(cause, f);
        }
        StmtKind::Try(try_) | StmtKind::TryStar(try_) => {
            stmts(&try_.body, f);
            for handler in &try_.handlers {
                option(&handler.typ, f);
                stmts(&handler.body, f);
            }
            stmts(&try_.orelse, f);
            stmts(&try_.finalbody, f);
        }
        StmtKind::Assert { test, msg } => {
            f(Node::Expr(test));
            option(msg, f);
        }
        StmtKind::Expr { value } => f(Node::Expr(value)),
        StmtKind::Import { .. }
        | StmtKind::ImportFrom { .. }
        | StmtKind::Global { .. }
        | StmtKind::Nonlocal { .. }
        | StmtKind::Pass
        | StmtKind::Break
        | StmtKind::Continue => {}
    }
}

/// Calls `f` with each child of a pattern.
pub fn visit_pattern<'a>(kind: &'a PatternKind, f: Visitor<'_, 'a>) {
    match kind {
        PatternKind::MatchValue { value } => f(Node::Expr(value)),
        PatternKind::MatchSequence { patterns: all } | PatternKind::MatchOr { patterns: all } => {
            patterns(all, f);
        }
        PatternKind::MatchMapping {
            keys,
            patterns: all,
            ..
        } => {
            exprs(keys, f);
            patterns(all, f);
        }
        PatternKind::MatchClass {
            cls,
            patterns: all,
            kwd_patterns,
            ..
        } => {
            f(Node::Expr(cls));
            patterns(all, f);
            patterns(kwd_patterns, f);
        }
        PatternKind::MatchAs { pattern, .. } => {
            if let Some(pattern) = pattern {
                f(Node::Pattern(pattern));
            }
        }
        PatternKind::MatchSingleton { .. } | PatternKind::MatchStar { .. } => {}
    }
}

/// Calls `f` with the annotations and defaults of parameters.
pub fn visit_arguments<'a>(args: &'a Arguments, f: Visitor<'_, 'a>) {
    let positional = args.posonlyargs.iter().chain(&args.args);
    let all = positional
        .chain(&args.vararg)
        .chain(&args.kwonlyargs)
        .chain(&args.kwarg);
    all.for_each(|arg| option(&arg.annotation, f));
    let keyword = args.kw_defaults.iter().flatten();
    keyword.for_each(|default| f(Node::Expr(default)));
    exprs(&args.defaults, f);
}

fn type_params<'a>(params: &'a [TypeParam], f: Visitor<'_, 'a>) {
    for param in params {
        match &param.kind {
            TypeParamKind::TypeVar {
                bound,
                default_value,
                ..
            } => {
                option(bound, f);
                option(default_value, f);
            }
            TypeParamKind::ParamSpec { default_value, .. }
            | TypeParamKind::TypeVarTuple { default_value, .. } => option(default_value, f),
        }
    }
}

fn comprehensions<'a>(generators: &'a [Comprehension], f: Visitor<'_, 'a>) {
    for generator in generators {
        both(&generator.target, &generator.iter, f);
        exprs(&generator.ifs, f);
    }
}

fn both<'a>(first: &'a Expr, second: &'a Expr, f: Visitor<'_, 'a>) {
    f(Node::Expr(first));
    f(Node::Expr(second));
}

fn option<'a>(expr: &'a Option<Box<Expr>>, f: Visitor<'_, 'a>) {
    if let Some(expr) = expr {
        f(Node::Expr(expr));
    }
}

fn exprs<'a>(all: &'a [Expr], f: Visitor<'_, 'a>) {
    all.iter().for_each(|expr| f(Node::Expr(expr)));
}

fn stmts<'a>(all: &'a [Stmt], f: Visitor<'_, 'a>) {
    all.iter().for_each(|stmt| f(Node::Stmt(stmt)));
}

fn patterns<'a>(all: &'a [Pattern], f: Visitor<'_, 'a>) {
    all.iter().for_each(|pattern| f(Node::Pattern(pattern)));
}
