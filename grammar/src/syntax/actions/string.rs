//! String literals: concatenation, bytes and f-strings.

use super::Context;
use super::escape::{decode_bytes, decode_str};
use crate::source::{Diagnostic, DiagnosticKind, Span, Wtf8, Wtf8Buf};
use crate::syntax::ast::*;

/// One of several literals side by side.
#[derive(Debug)]
pub enum StringPart {
    Plain(Span),
    Formatted {
        prefix: Span,
        end: Span,
        parts: Vec<FPart>,
    },
}

/// A piece of an f-string.
#[derive(Debug)]
pub enum FPart {
    Text(Span),
    Field(Box<Field>),
}

/// A replacement field.
#[derive(Debug)]
pub struct Field {
    pub span: Span,
    pub value: Expr,
    /// True with a `=` behind the value.
    pub debug: bool,
    /// The end of the `!`, and the name behind it.
    pub conversion: Option<(u32, Span)>,
    /// The spec with its colon.
    pub spec: Option<(Span, Vec<FPart>)>,
}

impl Field {
    /// The text up to and with the `=` and the space behind it.
    fn debug_span(&self) -> Option<Span> {
        let end = match (&self.conversion, &self.spec) {
            (Some((after_mark, _)), _) => after_mark - 1,
            (None, Some((spec, _))) => spec.start,
            (None, None) => self.span.end - 1,
        };
        self.debug.then_some(Span::new(self.span.start + 1, end))
    }
}

/// Text of an f-string before neighbours are joined.
struct Text {
    span: Span,
    value: Wtf8,
    unicode_prefix: bool,
}

/// How the text of an f-string is read.
#[derive(Clone, Copy)]
struct Style {
    raw: bool,
    in_spec: bool,
    /// The closing quotes, where CPython notices a bad escape.
    end: Span,
}

/// A piece of an f-string, decoded.
enum Piece {
    Text(Text),
    Value(Expr),
}

impl Context<'_> {
    /// String literals side by side are one.
    pub fn strings(&mut self, l: u32, r: u32, parts: Vec<StringPart>) -> Expr {
        let bytes = parts.iter().filter(|part| self.is_bytes(part)).count();
        if bytes == parts.len() {
            return self.bytes(l, r, &parts);
        }
        if bytes > 0 {
            let span = self.token_after(r);
            self.refuse_at_once(Diagnostic::syntax(
                "cannot mix bytes and nonbytes literals",
                span,
            ));
            return self.constant(l, r, Constant::Str("".into()));
        }
        let formatted = parts
            .iter()
            .any(|part| matches!(part, StringPart::Formatted { .. }));
        if formatted {
            return self.joined(l, r, parts);
        }
        self.plain(l, r, &parts)
    }

    fn is_bytes(&self, part: &StringPart) -> bool {
        match part {
            StringPart::Plain(span) => {
                let text = self.file.slice(*span);
                let prefix = text.split(['\'', '"']).next().unwrap_or("");
                prefix.contains(['b', 'B'])
            }
            StringPart::Formatted { .. } => false,
        }
    }

    fn bytes(&mut self, l: u32, r: u32, parts: &[StringPart]) -> Expr {
        let mut all = Vec::new();
        for part in parts {
            if let StringPart::Plain(span) = part {
                self.add_bytes(*span, &mut all);
            }
        }
        self.constant(l, r, Constant::Bytes(all.into()))
    }

    fn add_bytes(&mut self, span: Span, all: &mut Vec<u8>) {
        let literal = Literal::new(self.file.slice(span));
        if !literal.body.is_ascii() {
            self.refuse_at_once(Diagnostic::syntax(
                "bytes can only contain ASCII literal characters",
                span,
            ));
        } else if literal.raw {
            all.extend_from_slice(literal.body.as_bytes());
        } else {
            match decode_bytes(literal.body) {
                Ok(decoded) => {
                    self.warn(span, decoded.warning);
                    all.extend(decoded.value);
                }
                Err(message) => self.refuse_at_once(Diagnostic::syntax(message, span)),
            }
        }
    }

    fn plain(&mut self, l: u32, r: u32, parts: &[StringPart]) -> Expr {
        let texts: Vec<Text> = parts
            .iter()
            .filter_map(|part| match part {
                StringPart::Plain(span) => Some(self.text(*span)),
                StringPart::Formatted { .. } => None,
            })
            .collect();
        let text = join(&texts);
        self.text_expr(Text {
            span: Span::new(l, r),
            ..text
        })
    }

    fn text_expr(&mut self, text: Text) -> Expr {
        let kind = ExprKind::Constant {
            value: Constant::Str(text.value),
            unicode_prefix: text.unicode_prefix,
        };
        self.expr(text.span.start, text.span.end, kind)
    }

    /// The value of a plain string literal.
    fn text(&mut self, span: Span) -> Text {
        let literal = Literal::new(self.file.slice(span));
        let (raw, body) = (literal.raw, literal.body);
        let unicode_prefix = literal.unicode;
        let value = match raw || !body.contains('\\') {
            true => body.into(),
            false => self.decode(span, body),
        };
        Text {
            span,
            value,
            unicode_prefix,
        }
    }

    fn decode(&mut self, span: Span, body: &str) -> Wtf8 {
        match decode_str(body) {
            Ok(decoded) => {
                self.warn(span, decoded.warning);
                decoded.value
            }
            Err(message) => {
                self.refuse_at_once(Diagnostic::syntax(message, span));
                "".into()
            }
        }
    }

    fn warn(&mut self, span: Span, message: Option<String>) {
        if let Some(message) = message {
            let kind = DiagnosticKind::SyntaxWarning;
            self.notes
                .warnings
                .push(Diagnostic::new(kind, message, span));
        }
    }

    fn joined(&mut self, l: u32, r: u32, parts: Vec<StringPart>) -> Expr {
        let mut pieces = Vec::new();
        for part in parts {
            match part {
                StringPart::Plain(span) => pieces.push(Piece::Text(self.text(span))),
                StringPart::Formatted { prefix, end, parts } => {
                    let raw = self.file.slice(prefix).contains(['r', 'R']);
                    let style = Style {
                        raw,
                        in_spec: false,
                        end,
                    };
                    self.pieces(style, parts, &mut pieces);
                }
            }
        }
        self.joined_pieces(l, r, pieces)
    }

    fn joined_pieces(&mut self, l: u32, r: u32, pieces: Vec<Piece>) -> Expr {
        let mut values = Vec::new();
        let mut run: Vec<Text> = Vec::new();
        for piece in pieces {
            match piece {
                Piece::Text(text) => run.push(text),
                Piece::Value(value) => {
                    self.flush(&mut run, &mut values);
                    values.push(value);
                }
            }
        }
        self.flush(&mut run, &mut values);
        self.expr(l, r, ExprKind::JoinedStr { values })
    }

    /// Makes one constant of texts side by side, none of nothing.
    fn flush(&mut self, run: &mut Vec<Text>, values: &mut Vec<Expr>) {
        if run.iter().any(|text| !text.value.is_empty()) {
            let text = join(run);
            values.push(self.text_expr(text));
        }
        run.clear();
    }

    fn pieces(&mut self, style: Style, parts: Vec<FPart>, out: &mut Vec<Piece>) {
        for part in parts {
            match part {
                FPart::Text(span) => out.push(self.fstring_text(style, span)),
                FPart::Field(field) => self.field(style, *field, out),
            }
        }
    }

    fn fstring_text(&mut self, style: Style, span: Span) -> Piece {
        let file = self.file;
        let text = file.slice(span);
        let mut plain = text.to_string();
        if !style.in_spec && (text.contains("{{") || text.contains("}}")) {
            plain = single_braces(text, style.raw);
        }
        let value = match style.raw && !style.in_spec || !plain.contains('\\') {
            true => plain.as_str().into(),
            false => self.decode_text(style, &plain),
        };
        Piece::Text(Text {
            span,
            value,
            unicode_prefix: false,
        })
    }

    /// A backslash just before a field stands for itself.
    fn decode_text(&mut self, style: Style, text: &str) -> Wtf8 {
        let rest = text.trim_end_matches('\\');
        if (text.len() - rest.len()).is_multiple_of(2) {
            return self.decode(style.end, text);
        }
        let mut whole = Wtf8Buf::default();
        whole.push_wtf8(&self.decode(style.end, &text[..text.len() - 1]));
        whole.push_str("\\");
        self.warn(style.end, Some("invalid escape sequence '\\{'".to_string()));
        whole.finish()
    }

    fn field(&mut self, style: Style, field: Field, out: &mut Vec<Piece>) {
        if let Some(debug) = field.debug_span() {
            let value = self.debug_text(debug);
            out.push(Piece::Text(Text {
                span: debug,
                value: value.as_str().into(),
                unicode_prefix: false,
            }));
        }
        let conversion = match field.conversion {
            Some((after, name)) => self.conversion(after, name),
            None => (field.debug && field.spec.is_none()).then_some(b'r'),
        };
        let format_spec = field.spec.map(|(span, parts)| {
            let mut pieces = Vec::new();
            let style = Style {
                in_spec: true,
                ..style
            };
            self.pieces(style, parts, &mut pieces);
            Box::new(self.joined_pieces(span.start, span.end, pieces))
        });
        let kind = ExprKind::FormattedValue {
            value: Box::new(field.value),
            conversion,
            format_spec,
        };
        out.push(Piece::Value(self.expr(
            field.span.start,
            field.span.end,
            kind,
        )));
    }

    fn conversion(&mut self, after: u32, name: Span) -> Option<u8> {
        if after != name.start {
            let message = "f-string: conversion type must come right after the exclamanation mark";
            self.refuse_at_once(Diagnostic::syntax(message, Span::new(after - 1, name.end)));
        }
        match self.file.slice(name) {
            "s" => Some(b's'),
            "r" => Some(b'r'),
            "a" => Some(b'a'),
            other => {
                let message = format!(
                    "f-string: invalid conversion character '{other}': expected 's', 'r', or 'a'"
                );
                self.refuse_at_once(Diagnostic::syntax(message, name));
                None
            }
        }
    }

    /// The text of a field with `=`, as written but for comments.
    fn debug_text(&self, span: Span) -> String {
        let text = self.file.slice(span);
        if !text.contains('#') {
            return text.to_string();
        }
        let mut out = String::new();
        let mut from = span.start;
        let inside = |c: &&Span| span.start <= c.start && c.end <= span.end;
        for comment in self.comments.iter().filter(inside) {
            out.push_str(self.file.slice(Span::new(from, comment.start)));
            from = comment.end;
        }
        out.push_str(self.file.slice(Span::new(from, span.end)));
        out
    }
}

/// A literal taken apart.
struct Literal<'a> {
    raw: bool,
    unicode: bool,
    body: &'a str,
}

impl<'a> Literal<'a> {
    fn new(text: &'a str) -> Literal<'a> {
        let quote = text.find(['\'', '"']).unwrap_or(0);
        let (prefix, quoted) = text.split_at(quote);
        let triple =
            quoted.len() >= 6 && (quoted.starts_with("'''") || quoted.starts_with("\"\"\""));
        let width = if triple { 3 } else { 1 };
        let end = quoted.len().saturating_sub(width);
        Literal {
            raw: prefix.contains(['r', 'R']),
            unicode: prefix == "u",
            body: quoted.get(width..end).unwrap_or(""),
        }
    }
}

/// Texts side by side as one; the first decides about the prefix.
fn join(texts: &[Text]) -> Text {
    let mut span = Span::default();
    let mut value = Wtf8Buf::default();
    for (index, text) in texts.iter().enumerate() {
        span = if index == 0 {
            text.span
        } else {
            span.to(text.span)
        };
        value.push_wtf8(&text.value);
    }
    Text {
        span,
        value: value.finish(),
        unicode_prefix: texts.first().is_some_and(|text| text.unicode_prefix),
    }
}

/// Makes one brace of two, but not inside `\N{...}`.
fn single_braces(text: &str, raw: bool) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        out.push(c);
        match c {
            '{' | '}' if chars.peek() == Some(&c) => {
                chars.next();
            }
            '\\' => match chars.peek() {
                Some('N') if !raw => {
                    out.extend(chars.next());
                    if chars.peek() == Some(&'{') {
                        copy_name(&mut chars, &mut out);
                    }
                }
                Some('{' | '}') | None => {}
                Some(_) => out.extend(chars.next()),
            },
            _ => {}
        }
    }
    out
}

/// Copies a `{...}`.
fn copy_name(chars: &mut impl Iterator<Item = char>, out: &mut String) {
    for c in chars {
        out.push(c);
        if c == '}' {
            return;
        }
    }
}
