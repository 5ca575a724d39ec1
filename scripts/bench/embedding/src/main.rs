//! What embedding costs: calls from scripts into Rust, calls from Rust into scripts, and making an engine, in Hoopsnake, Lua 5.4
//! (mlua), Rune and Rhai. All in one process, the languages taking turns; of each the best of the rounds counts.
//!
//! `cargo run --release --manifest-path scripts/bench/embedding/Cargo.toml`

mod hoop;
mod lua;
mod rhai_script;
mod rune_script;

use std::time::Instant;

/// Calls in one measurement.
const CALLS: i64 = 1_000_000;
/// Engines in one measurement.
const ENGINES: usize = 500;
/// How often each measurement is taken.
const ROUNDS: usize = 7;

/// What one language does. Every function returns a value that `main` checks.
pub struct Language {
    name: &'static str,
    /// A loop of script that adds up `CALLS` numbers, without a call.
    empty_loop: fn(i64) -> Box<dyn FnMut() -> i64>,
    /// The same loop, each number by a call of a Rust function of two integers.
    host_calls: fn(i64) -> Box<dyn FnMut() -> i64>,
    /// As many calls from Rust of a script's function of two integers.
    script_calls: fn(i64) -> Box<dyn FnMut() -> i64>,
    /// Makes an engine with its library, and drops it.
    engines: fn(usize) -> usize,
    /// The same with a small script run in each.
    engines_that_run: fn(usize) -> usize,
}

/// Nanoseconds that each of `count` took.
fn each(count: usize, act: impl FnOnce()) -> f64 {
    let start = Instant::now();
    act();
    start.elapsed().as_secs_f64() * 1e9 / count as f64
}

fn main() {
    let languages = [
        hoop::LANGUAGE,
        lua::LANGUAGE,
        rune_script::LANGUAGE,
        rhai_script::LANGUAGE,
    ];
    let expected: i64 = (0..CALLS).map(|n| n + 1).sum();
    let mut best = [[f64::INFINITY; 5]; 4];
    for _ in 0..ROUNDS {
        for (language, best) in languages.iter().zip(&mut best) {
            let loops = [
                language.empty_loop,
                language.host_calls,
                language.script_calls,
            ];
            for (make, best) in loops.into_iter().zip(&mut *best) {
                let mut act = make(CALLS);
                let time = each(CALLS as usize, || {
                    assert_eq!(act(), expected, "{}", language.name)
                });
                *best = best.min(time);
            }
            let makers = [language.engines, language.engines_that_run];
            for (make, best) in makers.into_iter().zip(&mut best[3..]) {
                let time = each(ENGINES, || assert_eq!(make(ENGINES), ENGINES));
                *best = best.min(time);
            }
        }
    }
    println!("ns each, best of {ROUNDS}; in brackets the ratio to mlua's");
    println!(
        "{:<12}{:>18}{:>18}{:>18}{:>20}{:>20}",
        "", "turn of a loop", "host call", "script call", "engine", "engine that runs"
    );
    // What a call costs is what it adds to a turn of the loop.
    let rows = best.map(|[turn, with_call, script, engine, running]| {
        [turn, with_call - turn, script, engine, running]
    });
    for (language, row) in languages.iter().zip(&rows) {
        let cell = |k: usize| format!("{:.1} ({:.2})", row[k], row[k] / rows[1][k]);
        println!(
            "{:<12}{:>18}{:>18}{:>18}{:>20}{:>20}",
            language.name,
            cell(0),
            cell(1),
            cell(2),
            cell(3),
            cell(4)
        );
    }
}
