//! What is no error but looks like a mistake.

use super::fold::fold;
use super::{Compiler, Outcome, syntax};
use crate::bytecode::Const;
use crate::source::{Diagnostic, DiagnosticKind, Span};
use crate::syntax::ast::{CmpOp, Constant, Expr, ExprKind, Name, Stmt, StmtKind};

impl<'a> Compiler<'a> {
    fn warn(&mut self, message: String, span: Span) {
        let warning = Diagnostic::new(DiagnosticKind::SyntaxWarning, message, span);
        // The body of a `finally` is compiled more than once.
        if !self.warnings.contains(&warning) {
            self.warnings.push(warning);
        }
    }

    /// `x is 1`.
    pub(super) fn warn_compare(
        &mut self,
        left: &Expr,
        ops: &[CmpOp],
        comparators: &[Expr],
        span: Span,
    ) {
        let mut before = left;
        for (op, after) in ops.iter().zip(comparators) {
            let (word, better) = match op {
                CmpOp::Is => ("is", "=="),
                CmpOp::IsNot => ("is not", "!="),
                _ => {
                    before = after;
                    continue;
                }
            };
            if let Some(kind) = literal_kind(before).or_else(|| literal_kind(after)) {
                let message =
                    format!("\"{word}\" with '{kind}' literal. Did you mean \"{better}\"?");
                self.warn(message, span);
                return;
            }
            before = after;
        }
    }

    /// `assert (test, message)`.
    pub(super) fn warn_assert(&mut self, test: &Expr, span: Span) {
        if matches!(&test.kind, ExprKind::Tuple { elts, .. } if !elts.is_empty()) {
            let message = "assertion is always true, perhaps remove parentheses?";
            self.warn(message.to_string(), span);
        }
    }

    /// `"text" (1)`.
    pub(super) fn warn_caller(&mut self, func: &Expr) {
        let lambda = matches!(func.kind, ExprKind::Lambda { .. });
        if let Some(kind) = type_of(func).filter(|_| !lambda) {
            let message = format!("'{kind}' object is not callable; perhaps you missed a comma?");
            self.warn(message, func.span);
        }
    }

    /// `1 [2]` and `[1, 2] ["x"]`.
    pub(super) fn warn_subscript(&mut self, value: &Expr, slice: &Expr, span: Span) {
        let Some(kind) = type_of(value) else {
            return;
        };
        match kind {
            "str" | "bytes" | "tuple" | "list" => {
                let Some(index) = type_of(slice).filter(|index| !matches!(*index, "int" | "bool"))
                else {
                    return;
                };
                let message = format!(
                    "{kind} indices must be integers or slices, not {index}; perhaps you missed a comma?"
                );
                self.warn(message, span);
            }
            "dict" => {}
            _ => {
                let message =
                    format!("'{kind}' object is not subscriptable; perhaps you missed a comma?");
                self.warn(message, value.span);
            }
        }
    }
}

impl<'a> Compiler<'a> {
    /// Refuses `async for` at the top level over a literal, or over a name that the statements before
    /// bind to one. It could only fail; without `await` around it, it is the mistake that CPython names.
    pub(super) fn check_top_level_loops(&self, body: &'a [Stmt]) -> Outcome {
        let mut literals: Vec<&Name> = Vec::new();
        for stmt in body {
            match &stmt.kind {
                StmtKind::Assign { targets, value } if is_constant(value) => {
                    for target in targets {
                        match &target.kind {
                            ExprKind::Name { id, .. } => literals.push(id),
                            _ => literals.clear(),
                        }
                    }
                }
                StmtKind::AsyncFor(node) => {
                    let hopeless = match &node.iter.kind {
                        ExprKind::Name { id, .. } => literals.contains(&id),
                        _ => is_constant(&node.iter),
                    };
                    if hopeless {
                        return syntax("'async for' outside async function", stmt.span);
                    }
                    literals.clear();
                }
                _ => literals.clear(),
            }
        }
        Ok(())
    }
}

/// A constant, which no script can make iterable with `async for`.
fn is_constant(expr: &Expr) -> bool {
    matches!(expr.kind, ExprKind::Constant { .. })
}

/// The type of a literal that should not be compared by identity.
fn literal_kind(expr: &Expr) -> Option<&'static str> {
    match fold(expr)? {
        Const::Int(_) | Const::BigInt(_) => Some("int"),
        Const::Float(_) => Some("float"),
        Const::Complex(..) => Some("complex"),
        Const::Str(_) => Some("str"),
        Const::Bytes(_) => Some("bytes"),
        Const::Tuple(_) => Some("tuple"),
        _ => None,
    }
}

fn constant_type(value: &Constant) -> &'static str {
    match value {
        Constant::None => "NoneType",
        Constant::True | Constant::False => "bool",
        Constant::Ellipsis => "ellipsis",
        Constant::Int(_) => "int",
        Constant::Float(_) => "float",
        Constant::Complex(_) => "complex",
        Constant::Str(_) => "str",
        Constant::Bytes(_) => "bytes",
    }
}

/// The type of the value of an expression that shows it.
fn type_of(expr: &Expr) -> Option<&'static str> {
    match &expr.kind {
        ExprKind::Tuple { .. } => Some("tuple"),
        ExprKind::List { .. } | ExprKind::ListComp { .. } => Some("list"),
        ExprKind::Dict { .. } | ExprKind::DictComp { .. } => Some("dict"),
        ExprKind::Set { .. } | ExprKind::SetComp { .. } => Some("set"),
        ExprKind::GeneratorExp { .. } => Some("generator"),
        ExprKind::Lambda { .. } => Some("function"),
        ExprKind::JoinedStr { .. } | ExprKind::FormattedValue { .. } => Some("str"),
        ExprKind::Constant { value, .. } => Some(constant_type(value)),
        _ => None,
    }
}
