//! Whether what was typed at a prompt is whole.

use hoopsnake::source::SourceFile;
use hoopsnake::syntax::{Completeness, completeness};

fn ask(text: &str) -> &'static str {
    match completeness(&SourceFile::new("<stdin>", text)) {
        Completeness::Complete => "complete",
        Completeness::Incomplete | Completeness::WantsEmptyLine => "incomplete",
        Completeness::Invalid(_) => "invalid",
    }
}

#[test]
fn complete() {
    for text in [
        "",
        "\n",
        "# a",
        "a",
        "a\n",
        "a = 1; b",
        "x = (1,\n2)",
        "'''a\nb'''",
        "if a: b\n\n",
        "if a:\n  b\n\n",
        "def f():\n  pass\n\n",
        "@a\ndef f(): pass\n\n",
        "await x",
        "f'{a}'",
        "for x in y:\n  z\nelse:\n  w\n\n",
    ] {
        assert_eq!(ask(text), "complete", "{text:?}");
    }
}

#[test]
fn incomplete() {
    for text in [
        "if a:",
        "if a:\n",
        "if a:\n  b",
        "if a:\n  b\n",
        "if a: b",
        "(",
        "f(a,",
        "x = [1,\n",
        "'''a",
        "f'''{a}",
        "f'''{",
        "a \\",
        "a \\\n",
        "@a",
        "@a\n",
        "try: a",
        "try:\n  a\n",
        "def f():",
        "class A:\n",
        "match x:\n",
        "match x:\n  case 1:",
        "while 1:\n  if a:\n",
        "{'a': 1",
        "async def f():\n",
    ] {
        assert_eq!(ask(text), "incomplete", "{text:?}");
    }
}

#[test]
fn invalid() {
    for text in [
        "a b",
        "if a b:",
        ")",
        "'a",
        "a =",
        "f(a b",
        "x = = (",
        "  a",
        "if a:\nb\n",
        "1a",
        "a\nb\n",
        "f'{a b}'",
        "def f(a=1, b): pass\n\n",
        "f() = 1",
    ] {
        assert_eq!(ask(text), "invalid", "{text:?}");
    }
}
