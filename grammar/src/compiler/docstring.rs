//! Docstrings, without the indentation they have in the source.

use super::Compiler;
use super::fold::text_const;
use crate::bytecode::Const;
use crate::source::Wtf8;
use crate::syntax::ast::{Constant, ExprKind, Stmt, StmtKind};

impl<'a> Compiler<'a> {
    /// The docstring of a body.
    pub(super) fn docstring(&self, body: &[Stmt]) -> Option<Const> {
        let StmtKind::Expr { value } = &body.first()?.kind else {
            return None;
        };
        if self.options.optimize > 1 {
            return None;
        }
        match &value.kind {
            ExprKind::Constant {
                value: Constant::Str(text),
                ..
            } => Some(clean(text)),
            _ => None,
        }
    }
}

/// Takes the common indentation off all lines but the first, and all of it off that.
fn clean(text: &Wtf8) -> Const {
    let bytes = text.as_bytes();
    if !bytes.contains(&b'\t') && !bytes.contains(&b'\n') && bytes.first() != Some(&b' ') {
        return text_const(text);
    }
    let bytes = expand_tabs(text);
    let lines: Vec<&[u8]> = bytes.split(|&byte| byte == b'\n').collect();
    let indent = |line: &[u8]| line.iter().take_while(|&&byte| byte == b' ').count();
    let filled = lines
        .iter()
        .skip(1)
        .filter(|line| line.len() > indent(line));
    let margin = filled.map(|line| indent(line)).min().unwrap_or(0);
    let mut out = Vec::new();
    for (number, line) in lines.iter().enumerate() {
        let strip = if number == 0 {
            indent(line)
        } else {
            margin.min(indent(line))
        };
        if number > 0 {
            out.push(b'\n');
        }
        out.extend_from_slice(&line[strip..]);
    }
    Const::Str(out.into())
}

/// As `str.expandtabs` with stops every 8 columns.
fn expand_tabs(text: &Wtf8) -> Vec<u8> {
    let mut out = Vec::new();
    let mut column = 0;
    for &byte in text.as_bytes() {
        match byte {
            b'\t' => {
                let width = 8 - column % 8;
                out.extend(std::iter::repeat_n(b' ', width));
                column += width;
            }
            b'\n' | b'\r' => {
                out.push(byte);
                column = 0;
            }
            _ => {
                out.push(byte);
                // Bytes that continue a character take no column.
                column += usize::from(byte & 0xC0 != 0x80);
            }
        }
    }
    out
}
