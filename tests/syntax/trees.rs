//! Trees as CPython dumps them, and the tokens they are made of.

use super::{folder, read};
use hoopsnake::source::SourceFile;
use hoopsnake::syntax::dump::dump_statements;
use hoopsnake::syntax::{Mode, parse_module, tokens};
use std::fmt::Write;

fn programs() -> Vec<String> {
    let entries = std::fs::read_dir(folder().join("trees")).expect("a folder");
    let names = entries.filter_map(|e| e.ok()?.file_name().into_string().ok());
    let mut names: Vec<String> = names
        .filter_map(|name| Some(format!("trees/{}", name.strip_suffix(".async")?)))
        .collect();
    names.sort();
    assert!(names.len() >= 7);
    names
}

fn source(name: &str) -> SourceFile {
    SourceFile::new(name, read(&format!("{name}.async")))
}

fn compare(name: &str, suffix: &str, found: &[String]) {
    let wanted = read(&format!("{name}.{suffix}"));
    for (wanted, found) in wanted.lines().zip(found) {
        assert_eq!(found, wanted, "{name}.{suffix}");
    }
    assert_eq!(found.len(), wanted.lines().count(), "{name}.{suffix}");
}

#[test]
fn trees_and_positions_are_cpythons() {
    for name in programs() {
        let file = source(&name);
        let module = match parse_module(&file, Mode::File) {
            Ok(module) => module,
            Err(error) => panic!("{}", error.render_plain(&file)),
        };
        compare(&name, "tree", &dump_statements(&module, None));
        compare(&name, "positions", &dump_statements(&module, Some(&file)));
    }
}

#[test]
fn tokens_are_as_recorded() {
    for name in programs() {
        let file = source(&name);
        let mut found = String::new();
        for token in tokens(&file) {
            let at = file.position(token.span.start);
            let text = file.slice(token.span);
            let end = if token.at_end { " at end" } else { "" };
            let _ = writeln!(
                found,
                "{}:{} {:?} {text:?}{end}",
                at.line, at.column, token.kind
            );
        }
        let path = folder().join(format!("{name}.tokens"));
        if std::env::var_os("HOOP_BLESS").is_some() {
            std::fs::write(&path, &found).expect("written");
        }
        assert_eq!(found, read(&format!("{name}.tokens")), "{name}");
    }
}

#[test]
fn warnings_are_collected() {
    let file = SourceFile::new(
        "w",
        "a = '\\d' + '\\d'\nb = b'\\8'\nc = 1if a else 2\nd = '\\777'\n",
    );
    let module = parse_module(&file, Mode::File).expect("only warnings");
    let found: Vec<(u32, &str)> = module
        .warnings
        .iter()
        .map(|w| (file.line_of(w.span.start), w.message.as_str()))
        .collect();
    let wanted = [
        (1, "invalid escape sequence '\\d'"),
        (1, "invalid escape sequence '\\d'"),
        (2, "invalid escape sequence '\\8'"),
        (3, "invalid decimal literal"),
        (4, "invalid octal escape sequence '\\777'"),
    ];
    assert_eq!(found, wanted);
}

#[test]
fn one_expression() {
    let file = SourceFile::new("e", "a + b, c\n\n");
    let module = parse_module(&file, Mode::Eval).expect("an expression");
    let dump = hoopsnake::syntax::dump::dump(&module);
    assert!(dump.starts_with("Expression(body=Tuple("), "{dump}");
    for bad in ["a = b", "pass", "a; b", ""] {
        let file = SourceFile::new("e", bad);
        assert!(parse_module(&file, Mode::Eval).is_err(), "{bad}");
    }
}

/// Parses all files named in the file that HOOP_SYNTAX_FILES names.
#[test]
#[ignore = "wants a list of files"]
fn many_files_parse() {
    let list = std::env::var("HOOP_SYNTAX_FILES").expect("HOOP_SYNTAX_FILES");
    let list = std::fs::read_to_string(list).expect("a list");
    for path in list.lines() {
        let Ok(text) = std::fs::read_to_string(path) else {
            continue;
        };
        let file = SourceFile::new(path, text);
        if let Err(error) = parse_module(&file, Mode::File) {
            println!("{}", error.render_plain(&file));
        }
    }
}
