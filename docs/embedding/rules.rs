//! Rules that users write: each is a function, compiled once and called for many facts, with limits so that none can hold up
//! the others.
//!
//! `cargo run --release -p hoopsnake-examples --bin rules`

use hoopsnake::host::Duration;
use hoopsnake::{Engine, Error, Handle, Limits, Script};
use std::collections::BTreeMap;
use std::io::Write;

const RULES: &[(&str, &str)] = &[
    (
        "large order",
        "def rule(order): return order['total'] > 1000",
    ),
    (
        "far away",
        "def rule(order): return order['country'] not in ('DE', 'FR')",
    ),
    ("never ends", "def rule(order):\n    while True: pass"),
    ("wrong", "def rule(order): return order['totl'] > 1"),
];

type Order = BTreeMap<String, Value>;

#[derive(Clone)]
enum Value {
    Number(f64),
    Text(&'static str),
}

impl hoopsnake::IntoScript for Value {
    fn into_script<'s>(
        self,
        scope: &mut hoopsnake::Scope<'s>,
    ) -> Result<hoopsnake::Local<'s>, Error> {
        match self {
            Value::Number(number) => number.into_script(scope),
            Value::Text(text) => text.into_script(scope),
        }
    }
}

fn order(total: f64, country: &'static str) -> Order {
    BTreeMap::from([
        ("total".to_string(), Value::Number(total)),
        ("country".to_string(), Value::Text(country)),
    ])
}

/// Tells which rules apply to two orders.
pub fn judge(output: &mut impl Write) -> Result<(), Box<dyn std::error::Error>> {
    let limits = Limits::new()
        .fuel(20_000)
        .time(Duration::from_millis(200))
        .memory(16 << 20);
    let mut engine = Engine::builder().limits(limits).build()?;
    let mut rules: Vec<(&str, Handle)> = Vec::new();
    for (name, text) in RULES {
        let names = engine.run(&Script::compile(name, text)?).blocking()?;
        rules.push((name, names.handle(&mut engine, "rule")?));
    }
    for order in [order(1500.0, "DE"), order(20.0, "US")] {
        for (name, rule) in &rules {
            match engine.call::<bool>(rule, (order.clone(),)).blocking() {
                Ok(applies) => writeln!(output, "{name}: {applies}")?,
                // Of this rule only: the next one runs as if nothing had been.
                Err(error) => writeln!(output, "{name}: {error}")?,
            }
        }
    }
    Ok(())
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    judge(&mut std::io::stdout())
}
