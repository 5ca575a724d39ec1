//! Soft keywords: where `match`, `case` and `type` are keywords.
//!
//! The grammar is LR(1) and cannot wait until the end of a line to learn that
//! `match (x):` opened a block and `match (x)` called a function. So a filter
//! between layout and parser looks ahead and renames the tokens.

use super::token::{Tok, Token};

/// Renames the soft keywords among `candidates`, and the bracket after `with`
/// where it holds `as` clauses.
pub fn mark_keywords(tokens: &mut [Token], text: &str, candidates: &[usize]) {
    for &index in candidates {
        match tokens[index].kind {
            Tok::LPar if holds_with_items(tokens, index) => tokens[index].kind = Tok::WithParen,
            Tok::Name if word(tokens, text, index) == "type" => mark_type(tokens, index),
            Tok::Name => mark_match(tokens, text, index),
            _ => {}
        }
    }
}

fn word<'a>(tokens: &[Token], text: &'a str, index: usize) -> &'a str {
    text.get(tokens[index].span.range()).unwrap_or("")
}

fn kind(tokens: &[Token], index: usize) -> Tok {
    tokens.get(index).map_or(Tok::EndMarker, |token| token.kind)
}

fn begins_line(tokens: &[Token], index: usize) -> bool {
    index == 0
        || matches!(
            tokens[index - 1].kind,
            Tok::Newline | Tok::Indent | Tok::Dedent
        )
}

/// `type X = ...` and `type X[...] = ...`, where a statement may begin.
fn mark_type(tokens: &mut [Token], index: usize) {
    let begins =
        begins_line(tokens, index) || matches!(tokens[index - 1].kind, Tok::Semi | Tok::Colon);
    let named = kind(tokens, index + 1) == Tok::Name;
    let goes_on = matches!(kind(tokens, index + 2), Tok::Equal | Tok::LSqb);
    if begins && named && goes_on {
        tokens[index].kind = Tok::Type;
    }
}

/// A line `match ...:` with an indented `case` below it.
fn mark_match(tokens: &mut [Token], text: &str, index: usize) {
    if !begins_line(tokens, index) {
        return;
    }
    let rest = tokens[index..].iter();
    let Some(length) = rest.clone().position(|token| token.kind == Tok::Newline) else {
        return;
    };
    let end = index + length;
    let has_block = length > 2
        && tokens[end - 1].kind == Tok::Colon
        && kind(tokens, end + 1) == Tok::Indent
        && kind(tokens, end + 2) == Tok::Name
        && word(tokens, text, end + 2) == "case";
    if has_block {
        tokens[index].kind = Tok::Match;
        mark_cases(tokens, text, end + 2);
    }
}

/// Marks each `case` that begins a line of the block that starts here.
fn mark_cases(tokens: &mut [Token], text: &str, start: usize) {
    let mut depth = 0;
    for index in start..tokens.len() {
        match tokens[index].kind {
            Tok::Indent => depth += 1,
            Tok::Dedent if depth == 0 => return,
            Tok::Dedent => depth -= 1,
            Tok::Name
                if depth == 0
                    && begins_line(tokens, index)
                    && word(tokens, text, index) == "case" =>
            {
                tokens[index].kind = Tok::Case;
            }
            _ => {}
        }
    }
}

/// True for the bracket of `with (a as b, c):`, and also of `with (a, b):`,
/// which means two items and no tuple. Any other bracket is an expression.
fn holds_with_items(tokens: &[Token], open: usize) -> bool {
    let mut depth = 0;
    let mut lambdas = 0;
    let mut at_item_start = false;
    for (index, token) in tokens.iter().enumerate().skip(open) {
        let own_level = depth == 1;
        match token.kind {
            kind if kind.is_open() => depth += 1,
            kind if kind.is_close() => depth -= 1,
            Tok::Lambda if own_level => lambdas += 1,
            Tok::Colon if own_level && lambdas > 0 => lambdas -= 1,
            Tok::ColonEqual | Tok::For | Tok::Yield if own_level => return false,
            Tok::Star if at_item_start => return false,
            _ => {}
        }
        if depth == 0 {
            return index > open + 1 && kind(tokens, index + 1) == Tok::Colon;
        }
        let starts = index == open || token.kind == Tok::Comma;
        at_item_start = starts && depth == 1 && lambdas == 0;
    }
    false
}
