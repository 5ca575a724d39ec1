//! The examples of `docs/embedding`, whose sources are modules here: each does what it says. `server` has tests of its own.

#![allow(dead_code)]

#[path = "../../docs/embedding/game.rs"]
mod game;
#[path = "../../docs/embedding/prompt.rs"]
mod prompt;
#[path = "../../docs/embedding/rules.rs"]
mod rules;

#[test]
fn the_game_is_played() {
    let mut output = Vec::new();
    game::play(&mut output).unwrap();
    let output = String::from_utf8(output).unwrap();
    assert_eq!(output, "8 moves, the guards end at [6.0, -4.0]\n");
}

#[test]
fn the_prompt_keeps_names() {
    let lines = "total()\nx = await later(3)\nx + 1\nnope\n1 +\nraise SystemExit\n'never'\n";
    let mut output = Vec::new();
    prompt::prompt(lines.as_bytes(), &mut output).unwrap();
    let output = String::from_utf8(output).unwrap();
    let expected = "\
42
4
NameError: name 'nope' is not defined
SyntaxError: invalid syntax (<prompt>, line 1)
";
    assert_eq!(output, expected);
}

#[test]
fn the_rules_are_judged() {
    let mut output = Vec::new();
    rules::judge(&mut output).unwrap();
    let output = String::from_utf8(output).unwrap();
    let expected = "\
large order: true
far away: false
never ends: stopped (fuel) in never ends, line 2
wrong: KeyError: 'totl'
large order: false
far away: true
never ends: stopped (fuel) in never ends, line 2
wrong: KeyError: 'totl'
";
    assert_eq!(output, expected);
}
