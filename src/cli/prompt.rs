//! What the line editor must know of the language: whether a text is whole,
//! how the next line is indented, colours, and what is being called.

use crate::engine::{Mode, Request, builtin_names, loader};
use crate::host::line_editor::{Assistant, Colour, Enter};
use crate::source::SourceFile;
use crate::syntax::token::{Tok, Token};
use crate::syntax::{Completeness, completeness, tokens};
use std::collections::HashSet;
use std::ops::Range;
use std::sync::LazyLock;

/// The blanks of one level.
const INDENT: &str = "    ";

/// The assistant of `hoop`'s prompt.
pub struct Prompt;

impl Assistant for Prompt {
    fn enter(&self, text: &str, at: usize) -> Enter {
        let onward = || Enter::Newline(indentation(&text[..at]));
        if text[at..].contains('\n') {
            return onward();
        }
        let (body, last) = text.rsplit_once('\n').unwrap_or(("", text));
        let has_lines = text.contains('\n');
        if text.trim().is_empty() || (!has_lines && text.starts_with('%')) {
            return Enter::Accept;
        }
        // Blanks that were put there for a line which did not come say nothing.
        let is_blank = last.trim().is_empty();
        let whole = if is_blank && has_lines {
            format!("{body}\n\n")
        } else {
            text.to_string()
        };
        match completeness(&SourceFile::new("<stdin>", whole)) {
            Completeness::Complete => Enter::Accept,
            // What more lines could not mend is told at once.
            Completeness::WantsEmptyLine if !has_lines && !compiles(text) => Enter::Accept,
            Completeness::WantsEmptyLine | Completeness::Incomplete => onward(),
            // Several statements, or a mistake: an empty line says that no more will come.
            Completeness::Invalid(_) if has_lines && !is_blank => onward(),
            Completeness::Invalid(_) => Enter::Accept,
        }
    }

    fn colours(&self, text: &str, cursor: Option<usize>) -> Vec<(Range<usize>, Colour)> {
        if text.starts_with('%') {
            return Vec::new();
        }
        let file = SourceFile::new("<stdin>", text);
        let all = tokens(&file);
        let mut colours = Vec::with_capacity(all.len());
        let pair = cursor.and_then(|at| brackets_at(&all, at));
        let mut before = Tok::StartSingle;
        for (number, token) in all.iter().enumerate() {
            let colour = if pair.is_some_and(|(a, b)| a == number || b == number) {
                Some(Colour::Bracket)
            } else {
                colour_of(token, before, file.slice(token.span))
            };
            if let Some(colour) = colour {
                colours.push((range(token), colour));
            }
            before = token.kind;
        }
        // A string that does not end yet is none to the lexer.
        let read = all.iter().map(|token| range(token).end).max().unwrap_or(0);
        let rest = text.get(read..).unwrap_or("");
        let start = read + (rest.len() - rest.trim_start().len());
        if rest.trim_start().starts_with(['"', '\'']) {
            colours.push((start..text.len(), Colour::String));
        }
        colours
    }

    fn open_call(&self, text: &str) -> Option<String> {
        let file = SourceFile::new("<stdin>", text);
        let all: Vec<Token> = tokens(&file)
            .into_iter()
            .filter(|token| !token.at_end)
            .collect();
        let mut open = Vec::new();
        for (number, token) in all.iter().enumerate() {
            if token.kind.is_open() {
                open.push(number);
            } else if token.kind.is_close() {
                open.pop();
            }
        }
        let paren = open
            .into_iter()
            .rfind(|&at| all[at].kind == Tok::LPar && at > 0 && all[at - 1].kind == Tok::Name)?;
        dotted_name(&file, &all[..paren])
    }
}

/// Whether the compiler has no objection to what the parser has read.
fn compiles(text: &str) -> bool {
    let request = Request {
        text: text.as_bytes(),
        name: "<stdin>",
        mode: Mode::Single,
        top_level_await: true,
        hidden: false,
        optimize: 0,
        from_tree: false,
    };
    loader::compile(&request).is_ok()
}

fn range(token: &Token) -> Range<usize> {
    token.span.start as usize..token.span.end as usize
}

/// How the line after this text is indented: as the last one, deeper after a colon.
fn indentation(text: &str) -> String {
    let line = text.rsplit('\n').next().unwrap_or("");
    let blanks = line.len() - line.trim_start_matches([' ', '\t']).len();
    let file = SourceFile::new("<stdin>", text);
    let all = tokens(&file);
    let last = all
        .iter()
        .rfind(|token| !token.at_end && !matches!(token.kind, Tok::Newline | Tok::Comment));
    let opens = last.is_some_and(|token| {
        let depth: i32 = all.iter().map(|t| nesting(t.kind)).sum();
        token.kind == Tok::Colon && depth == 0 && range(token).end > text.len() - line.len()
    });
    format!("{}{}", &line[..blanks], if opens { INDENT } else { "" })
}

fn nesting(kind: Tok) -> i32 {
    i32::from(kind.is_open()) - i32::from(kind.is_close())
}

fn colour_of(token: &Token, before: Tok, text: &str) -> Option<Colour> {
    static BUILTINS: LazyLock<HashSet<&str>> =
        LazyLock::new(|| builtin_names().into_iter().collect());
    match token.kind {
        Tok::String | Tok::FStringStart | Tok::FStringMiddle | Tok::FStringEnd => {
            Some(Colour::String)
        }
        Tok::Number => Some(Colour::Number),
        Tok::Comment => Some(Colour::Comment),
        Tok::Match | Tok::Case | Tok::Type => Some(Colour::Keyword),
        Tok::Stray => Some(Colour::Error),
        kind if kind.is_keyword() => Some(Colour::Keyword),
        Tok::Name if matches!(before, Tok::Def | Tok::Class) => Some(Colour::Definition),
        Tok::Name if before != Tok::Dot && BUILTINS.contains(text) => Some(Colour::Builtin),
        _ => None,
    }
}

/// The bracket before or at the cursor, and the one that belongs to it.
fn brackets_at(all: &[Token], cursor: usize) -> Option<(usize, usize)> {
    let touches = |token: &Token| {
        let range = range(token);
        nesting(token.kind) != 0 && (range.end == cursor || range.start == cursor)
    };
    let mut open = Vec::new();
    for (number, token) in all.iter().enumerate() {
        if token.kind.is_open() {
            open.push(number);
        } else if token.kind.is_close()
            && let Some(partner) = open.pop()
            && (touches(token) || touches(&all[partner]))
        {
            return Some((partner, number));
        }
    }
    None
}

/// The names with dots between them that end these tokens.
fn dotted_name(file: &SourceFile, all: &[Token]) -> Option<String> {
    let mut start = all.len().checked_sub(1)?;
    while start >= 2 && all[start - 1].kind == Tok::Dot && all[start - 2].kind == Tok::Name {
        start -= 2;
    }
    let before = start.checked_sub(1).map(|at| all[at].kind);
    // What is defined is not called; of `f().x(` only a run could tell.
    if matches!(before, Some(Tok::Def | Tok::Class | Tok::Dot)) {
        return None;
    }
    let parts = all[start..].iter().map(|token| file.slice(token.span));
    Some(parts.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn enter(text: &str) -> Enter {
        Prompt.enter(text, text.len())
    }

    fn newline(indent: &str) -> Enter {
        Enter::Newline(indent.to_string())
    }

    #[test]
    fn enter_ends_what_is_whole() {
        assert_eq!(enter("x = 1"), Enter::Accept);
        assert_eq!(enter("x = = 1"), Enter::Accept);
        assert_eq!(enter("%tasks"), Enter::Accept);
        assert_eq!(enter("await f()"), Enter::Accept);
        assert_eq!(enter("async for x in y:"), newline(INDENT));
        assert_eq!(enter("def f():"), newline(INDENT));
        assert_eq!(enter("def f(): # why"), newline(INDENT));
        assert_eq!(enter("def f():\n    return 1"), newline(INDENT));
        assert_eq!(enter("def f():\n    return 1\n    "), Enter::Accept);
        assert_eq!(enter("def f():\n    if x:"), newline("        "));
        assert_eq!(enter("(1 +"), newline(""));
        assert_eq!(enter("(1 +\n"), newline(""));
        assert_eq!(enter("(1 +\n2)"), Enter::Accept);
        assert_eq!(enter("x = {1:"), newline(""));
        assert_eq!(enter("'''a"), newline(""));
        assert_eq!(enter("'''a\n\n"), newline(""));
        assert_eq!(enter("'''a\nb'''"), Enter::Accept);
        assert_eq!(enter("@decorated"), newline(""));
        assert_eq!(enter("if x: pass"), newline(""));
        assert_eq!(enter("async def f(): yield from x"), Enter::Accept);
        assert_eq!(enter("x = 1\ny = 2"), newline(""));
        assert_eq!(enter("x = 1\ny = 2\n"), Enter::Accept);
        assert_eq!(enter("class A:\n    x = 1\n\nA()\n"), Enter::Accept);
    }

    #[test]
    fn in_the_middle_a_line_is_parted() {
        assert_eq!(Prompt.enter("if x:\n    y", 5), newline(INDENT));
    }

    #[test]
    fn pieces_have_colours() {
        let colours = Prompt.colours("await f('x')  # why", Some(12));
        let wanted = [
            (0..5, Colour::Keyword),
            (7..8, Colour::Bracket),
            (8..11, Colour::String),
            (11..12, Colour::Bracket),
            (14..19, Colour::Comment),
        ];
        assert_eq!(colours, wanted);
        assert_eq!(Prompt.colours("print 'x", None)[1], (6..8, Colour::String));
    }

    #[test]
    fn what_is_called() {
        let called = |text| Prompt.open_call(text);
        assert_eq!(called("await asyncio.sleep("), Some("asyncio.sleep".into()));
        assert_eq!(called("f(1, [2, "), Some("f".into()));
        assert_eq!(called("f(g(1), "), Some("f".into()));
        assert_eq!(called("f(1)"), None);
        assert_eq!(called("def f("), None);
        assert_eq!(called("f().g("), None);
        assert_eq!(called("if ("), None);
    }
}
