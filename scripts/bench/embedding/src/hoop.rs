use super::Language;
use hoopsnake::{Engine, Error, Script};

pub const LANGUAGE: Language = Language {
    name: "hoopsnake",
    empty_loop: |calls| looped("total += n + 1", calls),
    host_calls: |calls| looped("total += add(n, 1)", calls),
    script_calls,
    engines: |count| {
        (0..count)
            .filter(|_| Engine::builder().build().is_ok())
            .count()
    },
    engines_that_run: |count| {
        let script =
            Script::compile("small", "def double(n):\n    return n * 2\nx = double(21)").unwrap();
        let run = |_: &usize| {
            let mut engine = Engine::builder().build().unwrap();
            let names = engine.run(&script).blocking().unwrap();
            names.get::<i64>(&mut engine, "x").unwrap() == 42
        };
        (0..count).filter(run).count()
    },
};

fn looped(body: &str, calls: i64) -> Box<dyn FnMut() -> i64> {
    let mut engine = Engine::builder()
        .function("add(a, b)", |a: i64, b: i64| a + b)
        .build()
        .unwrap();
    let text = format!(
        "def work(calls):\n    total = 0\n    for n in range(calls):\n        {body}\n    return total"
    );
    let script = Script::compile("loop", &text).unwrap();
    let names = engine.run(&script).blocking().unwrap();
    let work = names.handle(&mut engine, "work").unwrap();
    Box::new(move || engine.call(&work, (calls,)).blocking().unwrap())
}

fn script_calls(calls: i64) -> Box<dyn FnMut() -> i64> {
    let mut engine = Engine::builder().build().unwrap();
    let script = Script::compile("add", "def add(a, b):\n    return a + b").unwrap();
    let names = engine.run(&script).blocking().unwrap();
    let add = names.handle(&mut engine, "add").unwrap();
    Box::new(move || {
        engine
            .enter(|scope| {
                let add = scope.held(&add)?;
                let mut total = 0;
                for n in 0..calls {
                    let sum = scope.call(&add, (n, 1i64))?;
                    total += scope.get::<i64>(&sum)?;
                }
                Ok::<i64, Error>(total)
            })
            .unwrap()
    })
}
