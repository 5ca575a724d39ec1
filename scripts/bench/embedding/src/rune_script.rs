use super::Language;
use rune::runtime::RuntimeContext;
use rune::{Context, Module, Source, Sources, Vm};
use std::sync::Arc;

pub const LANGUAGE: Language = Language {
    name: "rune",
    empty_loop: |calls| looped("total += n + 1", calls),
    host_calls: |calls| looped("total += add(n, 1)", calls),
    script_calls,
    engines: |count| {
        (0..count)
            .filter(|_| make("pub fn nothing() {}").is_some())
            .count()
    },
    engines_that_run: |count| {
        let run = |_: &usize| {
            let mut vm = make("fn double(n) { n * 2 } pub fn main() { double(21) }").unwrap();
            rune::from_value::<i64>(vm.call(["main"], ()).unwrap()).unwrap() == 42
        };
        (0..count).filter(run).count()
    },
};

/// A virtual machine with the default modules, a function `add`, and this program.
fn make(text: &str) -> Option<Vm> {
    let mut context = Context::with_default_modules().ok()?;
    let mut module = Module::new();
    module
        .function("add", |a: i64, b: i64| a + b)
        .build()
        .ok()?;
    context.install(module).ok()?;
    let runtime: Arc<RuntimeContext> = Arc::new(context.runtime().ok()?);
    let mut sources = Sources::new();
    sources.insert(Source::memory(text).ok()?).ok()?;
    let unit = rune::prepare(&mut sources)
        .with_context(&context)
        .build()
        .ok()?;
    Some(Vm::new(runtime, Arc::new(unit)))
}

fn looped(body: &str, calls: i64) -> Box<dyn FnMut() -> i64> {
    let text =
        format!("pub fn work(calls) {{ let total = 0; for n in 0..calls {{ {body}; }} total }}");
    let mut vm = make(&text).unwrap();
    Box::new(move || rune::from_value(vm.call(["work"], (calls,)).unwrap()).unwrap())
}

fn script_calls(calls: i64) -> Box<dyn FnMut() -> i64> {
    let vm = make("pub fn add(a, b) { a + b }").unwrap();
    let add = vm.lookup_function(["add"]).unwrap();
    Box::new(move || {
        (0..calls)
            .map(|n| add.call::<i64>((n, 1i64)).unwrap())
            .sum()
    })
}
