//! Random bytes and broken programs: no panic, no hang.

use hoopsnake::source::SourceFile;
use hoopsnake::syntax::{Mode, Origin, completeness, decode_source, parse_module, tokens};

/// A small generator of numbers, the same on every machine (xorshift).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, limit: usize) -> usize {
        (self.next() % limit.max(1) as u64) as usize
    }

    fn pick<'a, T: ?Sized>(&mut self, items: &[&'a T]) -> &'a T {
        items[self.below(items.len())]
    }
}

const PIECES: &[&str] = &[
    "a", "b", "print", "match", "case", "type", "_", "1", "0x", "1.5e", "'", "\"", "'''", "f'",
    "f'''", "rb'", "{", "}", "(", ")", "[", "]", ":", ":=", "=", "==", ",", ";", ".", "...", "*",
    "**", "->", "@", "+=", "!", "!r", "\\", "\n", "\n  ", "\n\t", "\n    ", " ", "#c", "\u{e9}",
    "\u{20ac}", "\u{0}", "\\N{", "\\x", "if ", "else", "elif ", "for ", "in ", "not ", "is ",
    "lambda ", "def f", "class A", "async ", "await ", "yield ", "from ", "import ", "with ",
    "as ", "try", "except", "finally", "raise ", "return ", "del ", "global ", "pass", "None",
    "while ", "and ", "or ", "assert ",
];

fn run(text: &str) {
    let file = SourceFile::new("fuzz", text);
    for mode in [Mode::File, Mode::Eval, Mode::Single] {
        if let Err(error) = parse_module(&file, mode) {
            let _ = error.render_plain(&file);
        }
    }
    let _ = completeness(&file);
    let _ = tokens(&file);
}

fn random_bytes(seed: u64, count: usize) {
    let mut random = Random(seed);
    for _ in 0..count {
        let length = random.below(60);
        let bytes: Vec<u8> = (0..length)
            .map(|_| match random.below(4) {
                0 => random.next() as u8,
                _ => b"abc01'\"{}()[]:=,.\n \t\\#*f"[random.below(24)],
            })
            .collect();
        match decode_source("fuzz", &bytes, Origin::Object) {
            Ok(file) => run(file.text()),
            Err(failure) => drop(failure.0.render_plain(&failure.1)),
        }
    }
}

fn random_pieces(seed: u64, count: usize) {
    let mut random = Random(seed);
    for _ in 0..count {
        let length = random.below(40);
        let text: String = (0..length).map(|_| random.pick(PIECES)).collect();
        run(&text);
    }
}

/// Takes a program and deletes, doubles or inserts something here and there.
fn mutate(random: &mut Random, program: &str) -> String {
    let mut chars: Vec<char> = program.chars().collect();
    for _ in 0..1 + random.below(4) {
        let at = random.below(chars.len());
        let end = (at + 1 + random.below(8)).min(chars.len());
        match random.below(3) {
            0 => drop(chars.drain(at..end)),
            1 => {
                let copy: Vec<char> = chars[at..end].to_vec();
                chars.splice(at..at, copy);
            }
            _ => drop(chars.splice(at..at, random.pick(PIECES).chars())),
        }
    }
    chars.into_iter().collect()
}

fn mutated(seed: u64, count: usize) {
    let mut random = Random(seed);
    let names = [
        "expressions",
        "statements",
        "functions",
        "patterns",
        "strings",
        "layout",
    ];
    let programs: Vec<String> = names
        .iter()
        .map(|name| super::read(&format!("trees/{name}.async")))
        .collect();
    for _ in 0..count {
        let program = &programs[random.below(programs.len())];
        run(&mutate(&mut random, program));
    }
}

#[test]
fn a_few_of_each() {
    random_bytes(1, 3000);
    random_pieces(2, 3000);
    mutated(3, 200);
}

#[test]
#[ignore = "takes minutes"]
fn many_of_each() {
    random_bytes(11, 100_000);
    random_pieces(12, 100_000);
    mutated(13, 20_000);
}
