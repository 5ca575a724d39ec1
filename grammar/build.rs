//! Makes the parser from the grammar.

use std::collections::HashSet;
use std::path::PathBuf;

fn main() {
    println!("cargo::rerun-if-changed=hoopsnake.lalrpop");
    println!("cargo::rerun-if-changed=build.rs");
    lalrpop::Configuration::new()
        .set_in_dir(".")
        .set_out_dir(std::env::var("OUT_DIR").expect("cargo sets OUT_DIR"))
        .emit_rerun_directives(true)
        .process()
        .expect("the grammar is well formed");
    let out = PathBuf::from(std::env::var("OUT_DIR").expect("cargo sets OUT_DIR"));
    let parser = out.join("hoopsnake.rs");
    let text = std::fs::read_to_string(&parser).expect("the parser was written");
    std::fs::write(&parser, without_idle_reductions(&text)).expect("the parser can be written");
}

/// The parser, where a reduction that only calls an expression by its next name (`Conjunction = Inversion`) leaves the
/// symbol where it lies, instead of taking it off the stack and putting it back. Every token brings five of these on
/// average. What does not look as expected stays as it is.
fn without_idle_reductions(text: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    let idle = idle_actions(&lines);
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    while at < lines.len() {
        if is_idle_reduction(&lines[at..], &idle) {
            at += 5;
        }
        out += lines[at];
        out.push('\n');
        at += 1;
    }
    out
}

/// The actions that return their only symbol, as `__action` and a number.
fn idle_actions<'a>(lines: &[&'a str]) -> HashSet<&'a str> {
    let mut found = HashSet::new();
    for (at, line) in lines.iter().enumerate() {
        let name = line
            .strip_prefix("fn ")
            .and_then(|rest| rest.strip_suffix('<'));
        let Some(name) = name.filter(|name| name.starts_with("__action")) else {
            continue;
        };
        let end = lines[at..].iter().position(|line| *line == "}");
        let body = &lines[at..at + end.unwrap_or(0)];
        let symbols = body.iter().filter(|line| line.contains(": (u32, ")).count();
        if symbols == 1 && body.ends_with(&["{", "    __0"]) {
            found.insert(name);
        }
    }
    found
}

/// Whether these lines take one symbol off, hand it to an idle action, and put the same kind of symbol back.
fn is_idle_reduction(lines: &[&str], idle: &HashSet<&str>) -> bool {
    let [pop, start, end, action, push, ..] = lines else {
        return false;
    };
    let popped = pop
        .strip_prefix("        let __sym0 = __pop_")
        .and_then(|rest| rest.strip_suffix("(__symbols);"));
    let pushed = push
        .strip_prefix("        __symbols.push((__start, __Symbol::")
        .and_then(|rest| rest.strip_suffix("(__nt), __end));"));
    let action = action
        .strip_prefix("        let __nt = super::")
        .and_then(|rest| rest.strip_suffix("::<>(cx, __sym0);"));
    popped.is_some()
        && popped == pushed
        && action.is_some_and(|action| idle.contains(action))
        && *start == "        let __start = __sym0.0.clone();"
        && *end == "        let __end = __sym0.2.clone();"
}
