//! Where the carets of a traceback point within an expression: at the operator
//! of a binary operation, the brackets of a subscript, the arguments of a call.

use crate::source::SourceFile;
use crate::syntax::ast::{Body, Expr, ExprKind, StmtKind};
use crate::syntax::{Mode, parse_module};

/// The bytes of `segment` that are to be pointed at; None for any other expression.
pub(super) fn anchors(segment: &str) -> Option<(usize, usize)> {
    // In parentheses, so that the segment may have several lines.
    let file = SourceFile::new("<anchors>", format!("({segment}\n)"));
    let module = parse_module(&file, Mode::Eval).ok()?;
    let Body::Expression(expression) = &module.body else {
        return None;
    };
    let (start, end) = inside(expression, file.text())?;
    Some((start.checked_sub(1)?, (end - 1).min(segment.len())))
}

fn inside(expression: &Expr, text: &str) -> Option<(usize, usize)> {
    match &expression.kind {
        ExprKind::BinOp { left, .. } => {
            let from = left.span.end as usize;
            let gap = text[from..].find(|c: char| !c.is_whitespace() && c != ')' && c != '\\')?;
            let start = from + gap;
            let bytes = text.as_bytes();
            let double = bytes
                .get(start + 1)
                .is_some_and(|&b| !b.is_ascii_whitespace() && is_operator(b))
                && bytes[start] == bytes[start + 1];
            Some((start, start + 1 + double as usize))
        }
        ExprKind::Subscript { value, .. } => {
            let from = value.span.end as usize;
            Some((from + text[from..].find('[')?, expression.span.end as usize))
        }
        ExprKind::Call { func, .. } => {
            let from = func.span.end as usize;
            Some((from + text[from..].find('(')?, expression.span.end as usize))
        }
        _ => None,
    }
}

/// Whether the text begins with `x = f(...)` or `return f(...)` whose call lies from `start` to `end`.
pub(super) fn is_plain_call(text: &str, start: usize, end: usize) -> bool {
    let file = SourceFile::new("<anchors>", text);
    let Ok(module) = parse_module(&file, Mode::File) else {
        return false;
    };
    let Body::Module(statements) = &module.body else {
        return false;
    };
    let call = match statements.first().map(|s| &s.kind) {
        Some(StmtKind::Return { value: Some(value) }) => match &value.kind {
            ExprKind::Call { func, .. } if matches!(func.kind, ExprKind::Name { .. }) => value,
            _ => return false,
        },
        Some(StmtKind::Assign { value, .. }) if matches!(value.kind, ExprKind::Call { .. }) => {
            value
        }
        _ => return false,
    };
    (call.span.start as usize, call.span.end as usize) == (start, end)
}

fn is_operator(byte: u8) -> bool {
    matches!(byte, b'*' | b'/' | b'<' | b'>')
}

#[cfg(test)]
mod tests {
    use super::anchors;

    #[test]
    fn operators_brackets_and_arguments() {
        assert_eq!(anchors("a + b"), Some((2, 3)));
        assert_eq!(anchors("(a) ** b"), Some((4, 6)));
        assert_eq!(anchors("x[1]"), Some((1, 4)));
        assert_eq!(anchors("f(1,\n 2)"), Some((1, 8)));
        assert_eq!(anchors("a.b"), None);
    }
}
