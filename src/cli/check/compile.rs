//! What the compiler refuses, and warns of. It stops at the first mistake, so the statement with
//! it is taken out of the tree and the rest is compiled again.

use super::finding::Finding;
use super::flow::decorated;
use super::rules::Rule;
use crate::compiler::{self, Options};
use crate::source::{Diagnostic, SourceFile, Span};
use crate::syntax::ast::{Body, Module, Stmt, StmtKind};
use std::sync::Arc;

/// How many mistakes of a file are looked for.
const MOST: usize = 50;

/// HS102, HS103 and HS104. The tree is not what it was afterwards.
pub fn check(module: &mut Module, file: &Arc<SourceFile>, found: &mut Vec<Finding>) {
    found.extend(module.warnings.iter().map(warning));
    let options = Options {
        top_level_await: true,
        ..Options::default()
    };
    let mut gone: Vec<Span> = Vec::new();
    for _ in 0..MOST {
        match compiler::compile_with_warnings(module, file.clone(), options) {
            Ok((_, warnings)) => {
                found.extend(warnings.iter().map(warning));
                return;
            }
            Err(mistake) => {
                if !comes_of_recovery(&mistake, file, &gone) {
                    found.push(finding(&mistake));
                }
                let Body::Module(body) = &mut module.body else {
                    return;
                };
                match take_out(body, mistake.span) {
                    Some(span) => gone.push(span),
                    None => return,
                }
            }
        }
    }
}

/// Whether `nonlocal` lacks a name only because the statement that bound it was taken out.
fn comes_of_recovery(mistake: &Diagnostic, file: &SourceFile, gone: &[Span]) -> bool {
    let name = mistake.message.strip_prefix("no binding for nonlocal '");
    let name = name.and_then(|rest| rest.split('\'').next());
    name.is_some_and(|name| gone.iter().any(|&span| file.slice(span).contains(name)))
}

fn warning(diagnostic: &Diagnostic) -> Finding {
    Finding::new(Rule::SyntaxWarning, diagnostic.span, &*diagnostic.message)
}

fn finding(mistake: &Diagnostic) -> Finding {
    let text = &mistake.message;
    let waits = [
        "'await' outside",
        "'async for' outside",
        "'async with' outside",
        "asynchronous comprehension outside",
    ];
    if !waits.iter().any(|start| text.starts_with(start)) {
        let finding = Finding::new(Rule::CompileError, mistake.span, &**text);
        return match &mistake.help {
            Some(help) => finding.with_help(&**help),
            None => finding,
        };
    }
    let finding = Finding::new(Rule::AwaitOutsideAsync, mistake.span, &**text);
    finding.with_help(
        "only an 'async def' can wait: write 'async def', and 'await' where it is called",
    )
}

/// Takes the innermost statement around a place out of the tree, and says where it stood.
fn take_out(body: &mut Vec<Stmt>, span: Span) -> Option<Span> {
    let at = body.iter().position(|stmt| covers(stmt, span))?;
    let inner = bodies(&mut body[at])
        .into_iter()
        .find_map(|inner| take_out(inner, span));
    if inner.is_some() {
        return inner;
    }
    let stmt = body.remove(at);
    if body.is_empty() {
        body.push(Stmt {
            span: stmt.span,
            depth: 1,
            kind: StmtKind::Pass,
        });
    }
    Some(stmt.span)
}

fn covers(stmt: &Stmt, span: Span) -> bool {
    decorated(stmt) <= span.start
        && span.start < stmt.span.end.max(stmt.span.start + 1)
        && !matches!(stmt.kind, StmtKind::Pass)
}

/// The blocks of a statement.
fn bodies(stmt: &mut Stmt) -> Vec<&mut Vec<Stmt>> {
    match &mut stmt.kind {
        StmtKind::FunctionDef(def) | StmtKind::AsyncFunctionDef(def) => vec![&mut def.body],
        StmtKind::ClassDef(def) => vec![&mut def.body],
        StmtKind::For(node) | StmtKind::AsyncFor(node) => vec![&mut node.body, &mut node.orelse],
        StmtKind::While { body, orelse, .. } | StmtKind::If { body, orelse, .. } => {
            vec![body, orelse]
        }
        StmtKind::With { body, .. } | StmtKind::AsyncWith { body, .. } => vec![body],
        StmtKind::Match { cases, .. } => cases.iter_mut().map(|case| &mut case.body).collect(),
        StmtKind::Try(node) | StmtKind::TryStar(node) => {
            let handlers = node.handlers.iter_mut().map(|handler| &mut handler.body);
            let mut all: Vec<_> = std::iter::once(&mut node.body).chain(handlers).collect();
            all.extend([&mut node.orelse, &mut node.finalbody]);
            all
        }
        _ => Vec::new(),
    }
}
