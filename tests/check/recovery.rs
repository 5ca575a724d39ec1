//! Behind a syntax error the rest is read on: broken lines among good ones are told of, and nothing else.

use crate::corpus;
use hoopsnake::cli::check::{Checker, Rule};
use hoopsnake::host::Host;
use hoopsnake::source::SourceFile;
use hoopsnake::syntax::{self, token::Tok};
use std::fs;

/// Lines that no program has.
const BROKEN: &[&str] = &[
    "x = = 1",
    "def f(:",
    "if x",
    "print 'a'",
    "for in y:",
    "f(1 2)",
    "'not closed",
    "while x y: z",
    "class 1: pass",
    "f(a for b)",
    "import",
    "x = 1 +",
    "return return",
    "a b c",
];

/// The lines of a text, from 0, before which a statement may stand, as far in as they are.
fn places(text: &str) -> Vec<usize> {
    let file = SourceFile::new("x", text);
    let mut found = Vec::new();
    let (mut begins, mut decorated) = (true, false);
    for token in syntax::tokens(&file) {
        match token.kind {
            Tok::Newline => begins = true,
            Tok::Indent | Tok::Dedent | Tok::Comment | Tok::EndMarker => {}
            kind if begins => {
                begins = false;
                let goes_on = matches!(
                    kind,
                    Tok::Elif | Tok::Else | Tok::Except | Tok::Finally | Tok::Case
                );
                if !goes_on && !decorated {
                    found.push(file.line_of(token.span.start) as usize - 1);
                }
                decorated = kind == Tok::At;
            }
            _ => {}
        }
    }
    found
}

#[test]
fn broken_lines_are_found_and_nothing_else() {
    let mut checker = Checker::new(Host::simulated(0).0);
    let (mut broken, mut told, mut complaints) = (0, 0, String::new());
    for (number, path) in corpus::programs(&corpus::folders())
        .iter()
        .enumerate()
        .step_by(3)
    {
        let text = fs::read_to_string(path).expect("a program is text");
        let places = places(&text);
        if corpus::name(path).contains("syntax") || places.len() < 8 || text.contains('\t') {
            continue;
        }
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        // From the last to the first, so that the others stay where they are.
        let mut chosen: Vec<usize> = (1..4)
            .map(|part| places[(places.len() - 1) * part / 4])
            .collect();
        chosen.dedup();
        for (at, &line) in chosen.iter().enumerate().rev() {
            let indent = lines[line].len() - lines[line].trim_start().len();
            let what = BROKEN[(number + at * 5) % BROKEN.len()];
            lines.insert(line, format!("{}{what}", " ".repeat(indent)));
        }
        let expected: Vec<u32> = chosen
            .iter()
            .enumerate()
            .map(|(at, line)| (line + at + 1) as u32)
            .collect();
        let text = lines.join("\n") + "\n";
        let (file, found) = checker.check("x", text.as_bytes());
        let found: Vec<_> = found
            .iter()
            .filter(|f| f.rule == Rule::SyntaxError)
            .collect();
        broken += expected.len();
        for finding in &found {
            let line = file.line_of(finding.span.start);
            told += usize::from(expected.contains(&line));
            if !expected.contains(&line) {
                let shown = file.line_text(line);
                let at = |&line: &u32| format!("{line}: {}", file.line_text(line).trim());
                let broken: Vec<String> = expected.iter().map(at).collect();
                let (name, message) = (corpus::name(path), &finding.message);
                complaints.push_str(&format!(
                    "{name}:{line}: {message}: {shown}, behind {broken:?}\n"
                ));
            }
        }
    }
    println!("{told} of {broken} broken lines were found");
    assert!(complaints.is_empty(), "\n{complaints}");
    assert!(told * 100 >= broken * 95, "only {told} of {broken}");
}
