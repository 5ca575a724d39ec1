//! From bytes to text.

use hoopsnake::source::{Place, SourceFile};
use hoopsnake::syntax::{Mode, Origin, decode_source, parse_module};

fn message(bytes: &[u8], origin: Origin) -> String {
    match decode_source("f.async", bytes, origin) {
        Ok(file) => format!("text {:?}", file.text()),
        Err(failure) => failure.0.message,
    }
}

#[test]
fn marks_and_coding_comments() {
    let object = |bytes: &[u8]| message(bytes, Origin::Object);
    assert_eq!(object(b"\xef\xbb\xbfx"), "text \"x\"");
    assert_eq!(
        object(b"# coding: latin-1\n'\xe9'"),
        "text \"# coding: latin-1\\n'é'\""
    );
    assert_eq!(object(b"#!/x\n# -*- coding: utf_8 -*-\nx").len(), 39);
    assert_eq!(
        object(b"x=1\n# coding: foo"),
        "text \"x=1\\n# coding: foo\""
    );
    assert_eq!(object(b"# coding: foo\nx"), "unknown encoding: foo");
    assert_eq!(
        object(b"\xef\xbb\xbf# coding: latin-1\nx"),
        "encoding problem: iso-8859-1 with BOM"
    );
    assert_eq!(
        object(b"# coding: ascii\nx='\xe9'"),
        "'ascii' codec can't decode byte 0xe9 in position 19: ordinal not in range(128)"
    );
    assert_eq!(
        message(b"# vim: set fileencoding=foo :", Origin::File),
        "encoding problem: foo"
    );
}

#[test]
fn bytes_that_are_no_text() {
    let object = |bytes: &[u8]| message(bytes, Origin::Object);
    assert_eq!(
        object(b"x = 1\ny = '\xe9a'\n"),
        "(unicode error) 'utf-8' codec can't decode byte 0xe9 in position 0: invalid continuation byte"
    );
    assert_eq!(
        object(b"x = '\xff'"),
        "(unicode error) 'utf-8' codec can't decode byte 0xff in position 0: invalid start byte"
    );
    assert_eq!(
        object(b"x\0"),
        "source code string cannot contain null bytes"
    );
    assert_eq!(
        message(b"x\0", Origin::File),
        "source code cannot contain null bytes"
    );
    assert_eq!(
        message(b"x = 1\ny = '\xff'", Origin::File),
        "Non-UTF-8 code starting with '\\xff' in file f.async on line 2, but no encoding declared; \
         see https://peps.python.org/pep-0263/ for details"
    );
}

#[test]
fn null_characters_in_text() {
    let file = SourceFile::new("f", "x\0y");
    let error = parse_module(&file, Mode::File).expect_err("null");
    assert_eq!(error.place, Place::Nowhere);
    assert_eq!(
        error.render_plain(&file),
        "SyntaxError: source code string cannot contain null bytes\n"
    );
}

#[test]
fn line_ends_are_all_alike() {
    let trees = [
        "if a:\n  b\nc\n",
        "if a:\r\n  b\r\nc\r\n",
        "if a:\r  b\rc\r",
    ]
    .map(|text| {
        let file = SourceFile::new("f", text);
        let module = parse_module(&file, Mode::File).expect("parses");
        hoopsnake::syntax::dump::dump_with_positions(&module, &file)
    });
    assert_eq!(trees[0], trees[1]);
    assert_eq!(trees[0], trees[2]);
}
