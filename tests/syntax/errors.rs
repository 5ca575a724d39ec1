//! Each line of errors.txt is a bad program and what CPython says about it.

use super::read;
use hoopsnake::source::SourceFile;
use hoopsnake::syntax::{Mode, parse_module};

/// Undoes the escapes of the table.
fn plain(text: &str) -> String {
    let mut out = String::new();
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        if c != '\\' {
            out.push(c);
            continue;
        }
        match chars.next() {
            Some('n') => out.push('\n'),
            Some('t') => out.push('\t'),
            Some('u') => {
                let digits: String = chars.by_ref().take_while(|&c| c != '}').skip(1).collect();
                let code = u32::from_str_radix(&digits, 16).expect("hexadecimal");
                out.extend(char::from_u32(code));
            }
            other => out.extend(other),
        }
    }
    out
}

/// What is wrong with our answer to one line of the table.
fn check(line: &str) -> Option<String> {
    let fields: Vec<&str> = line.splitn(7, '\t').collect();
    let [kind, numbers @ .., message, program] = fields.as_slice() else {
        return Some(format!("bad line: {line}"));
    };
    let file = SourceFile::new("f", plain(program));
    let Err(diagnostic) = parse_module(&file, Mode::File) else {
        let fine = matches!(*kind, "fine" | "compiler");
        return (!fine).then(|| format!("{program}\n  want {message}\n  got  nothing"));
    };
    let wanted: Vec<i64> = numbers.iter().filter_map(|n| n.parse().ok()).collect();
    let (l, c, end_l, end_c) = diagnostic.location(&file);
    let found = [l, c, end_l].map(i64::from).into_iter();
    let found: Vec<i64> = found.chain([i64::from(end_c)]).collect();
    let same_kind = *kind == diagnostic.kind.name() || *kind == "compiler";
    let same_start = wanted[..2] == found[..2] || *kind == "compiler";
    let same_end = wanted[2..] == found[2..] || *kind == "compiler";
    if same_kind && same_start && same_end && diagnostic.message == *message {
        return None;
    }
    let kind_found = diagnostic.kind.name();
    let said = &diagnostic.message;
    Some(format!(
        "{program}\n  want {kind} {wanted:?} {message}\n  got  {kind_found} {found:?} {said}"
    ))
}

#[test]
fn messages_and_places_are_cpythons() {
    let table = read("errors.txt");
    let wrong: Vec<String> = table.lines().filter_map(check).collect();
    assert!(
        wrong.is_empty(),
        "{} wrong\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

#[test]
fn rendered_as_cpython_prints_it() {
    let file = SourceFile::new("x.async", "if a:\n    print(a b)\n");
    let error = parse_module(&file, Mode::File).expect_err("a comma is missing");
    let wanted = "  File \"x.async\", line 2\n    print(a b)\n          ^^^\n\
                  SyntaxError: invalid syntax. Perhaps you forgot a comma?\n";
    assert_eq!(error.render_plain(&file), wanted);
    let fancy = error.render_fancy(&file, false);
    assert!(fancy.contains("Perhaps you forgot a comma?"), "{fancy}");
    assert!(fancy.contains("print(a b)"), "{fancy}");
}
