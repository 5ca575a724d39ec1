//! The compiler on every program of the corpus and on broken ones: no panic, no hang, and code
//! that the verifier accepts, that can be shown, and that survives being stored.

use crate::compiler::stored;
use crate::corpus;
use hoopsnake::bytecode::{Code, disassemble, verify};
use hoopsnake::cli::check::Checker;
use hoopsnake::compiler::{Mode, Options, compile_module};
use hoopsnake::host::Host;
use hoopsnake::source::SourceFile;
use hoopsnake::syntax::{self, parse_module};
use std::fs;
use std::sync::Arc;

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
}

/// Compiles a text as each kind of code; answers with what came of the first kind.
fn compile(name: &str, text: &str) -> Result<(), String> {
    let file = Arc::new(SourceFile::new(name, text));
    let kinds = [
        (Mode::File, true),
        (Mode::File, false),
        (Mode::Namespace, false),
    ];
    let mut first = None;
    for (mode, top_level_await) in kinds {
        let outcome = match parse_module(&file, syntax::Mode::File) {
            Ok(module) => {
                let options = Options {
                    mode,
                    top_level_await,
                    stack_budget: 1 << 20,
                    ..Options::default()
                };
                compile_module(&module, file.clone(), options)
            }
            Err(error) => Err(error),
        };
        let outcome = match outcome {
            Ok(code) => check(&code, &file),
            Err(error) => Err(error.render_plain(&file)),
        };
        first.get_or_insert(outcome);
    }
    first.expect("there is at least one kind")
}

/// What must hold of all code.
fn check(code: &Arc<Code>, file: &Arc<SourceFile>) -> Result<(), String> {
    if let Err(error) = verify(code) {
        panic!("the compiler made wrong code of:\n{}\n{error}", file.text());
    }
    let shown = disassemble(code);
    let again = stored(code);
    assert_eq!(shown, disassemble(&again), "{}", file.text());
    Ok(())
}

/// The texts of the corpus, with their names.
fn texts() -> Vec<(String, String)> {
    let programs = corpus::programs(&corpus::folders());
    let texts = programs.iter().map(|path| {
        let text = fs::read_to_string(path).expect("a program is text");
        (corpus::name(path), text)
    });
    texts.collect()
}

#[test]
fn every_program_of_the_corpus_compiles() {
    let mut complaints = String::new();
    for (name, text) in texts() {
        // Those that are wrong on purpose are known by their names.
        if let Err(error) = compile(&name, &text)
            && !name.contains("syntax_error")
        {
            complaints.push_str(&format!("{name}: {error}\n"));
        }
    }
    assert!(complaints.is_empty(), "\n{complaints}");
}

#[test]
fn some_broken_programs() {
    broken_programs(7, 600);
}

#[test]
#[ignore = "20,000 programs take minutes"]
fn many_broken_programs() {
    broken_programs(77, 20_000);
}

fn broken_programs(seed: u64, count: usize) {
    let mut random = Random(seed);
    let texts: Vec<(String, String)> = texts()
        .into_iter()
        .filter(|(_, t)| t.len() < 8_000)
        .collect();
    let lines: Vec<&str> = texts.iter().flat_map(|(_, text)| text.lines()).collect();
    let mut checker = Checker::new(Host::simulated(0).0);
    for _ in 0..count {
        let (name, text) = &texts[random.below(texts.len())];
        let broken = mutate(&mut random, text, &lines);
        let compiled = compile(name, &broken);
        // What cannot be run must be told of, and what it is told of must lie in the text.
        let (_, found) = checker.check(name, broken.as_bytes());
        assert!(compiled.is_ok() || !found.is_empty(), "{broken}");
        for finding in found {
            assert!(
                broken.get(finding.span.range()).is_some(),
                "{finding:?}\n{broken}"
            );
        }
    }
}

/// Changes whole lines and words, so that much of what comes out is still a program: a line of
/// another program, a line twice or gone, another indentation, two words that change places.
fn mutate(random: &mut Random, text: &str, others: &[&str]) -> String {
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    for _ in 0..1 + random.below(3) {
        let at = random.below(lines.len());
        let with = random.below(lines.len());
        let Some(line) = lines.get(at).cloned() else {
            break;
        };
        let indent = line.len() - line.trim_start().len();
        match random.below(7) {
            0 => drop(lines.remove(at)),
            1 => lines.insert(at, line),
            2 => lines.swap(at, with),
            3 => lines[at] = format!("    {line}"),
            4 => lines[at] = line.strip_prefix("    ").unwrap_or(&line).to_owned(),
            5 => {
                let other = others[random.below(others.len())].trim_start();
                lines[at] = format!("{}{other}", " ".repeat(indent));
            }
            _ => lines[at] = swap_words(random, &line),
        }
    }
    lines.join("\n") + "\n"
}

fn swap_words(random: &mut Random, line: &str) -> String {
    let indent = line.len() - line.trim_start().len();
    let mut words: Vec<&str> = line.split_whitespace().collect();
    if words.len() > 1 {
        let (a, b) = (random.below(words.len()), random.below(words.len()));
        words.swap(a, b);
    }
    format!("{}{}", &line[..indent], words.join(" "))
}
