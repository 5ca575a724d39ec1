use super::Language;
use rhai::{AST, Engine, Scope};

pub const LANGUAGE: Language = Language {
    name: "rhai",
    empty_loop: |calls| looped("total += n + 1", calls),
    host_calls: |calls| looped("total += add(n, 1)", calls),
    script_calls,
    engines: |count| {
        (0..count)
            .map(|_| Engine::new())
            .filter(|engine| engine.fast_operators())
            .count()
    },
    engines_that_run: |count| {
        let run = |_: &usize| {
            Engine::new()
                .eval::<i64>("fn double(n) { n * 2 } double(21)")
                .unwrap()
                == 42
        };
        (0..count).filter(run).count()
    },
};

fn looped(body: &str, calls: i64) -> Box<dyn FnMut() -> i64> {
    let mut engine = Engine::new();
    engine.register_fn("add", |a: i64, b: i64| a + b);
    let text = format!("fn work(calls) {{ let total = 0; for n in 0..calls {{ {body}; }} total }}");
    let ast: AST = engine.compile(text).unwrap();
    Box::new(move || {
        engine
            .call_fn(&mut Scope::new(), &ast, "work", (calls,))
            .unwrap()
    })
}

fn script_calls(calls: i64) -> Box<dyn FnMut() -> i64> {
    let engine = Engine::new();
    let ast = engine.compile("fn add(a, b) { a + b }").unwrap();
    Box::new(move || {
        let mut scope = Scope::new();
        (0..calls)
            .map(|n| {
                engine
                    .call_fn::<i64>(&mut scope, &ast, "add", (n, 1i64))
                    .unwrap()
            })
            .sum()
    })
}
