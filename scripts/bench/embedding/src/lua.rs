use super::Language;
use mlua::{Function, Lua};

pub const LANGUAGE: Language = Language {
    name: "mlua",
    empty_loop: |calls| looped("total = total + n + 1", calls),
    host_calls: |calls| looped("total = total + add(n, 1)", calls),
    script_calls,
    engines: |count| {
        (0..count)
            .map(|_| Lua::new())
            .filter(|lua| lua.used_memory() > 0)
            .count()
    },
    engines_that_run: |count| {
        let run = |_: &usize| {
            let lua = Lua::new();
            lua.load("function double(n) return n * 2 end\nx = double(21)")
                .exec()
                .unwrap();
            lua.globals().get::<i64>("x").unwrap() == 42
        };
        (0..count).filter(run).count()
    },
};

fn looped(body: &str, calls: i64) -> Box<dyn FnMut() -> i64> {
    let lua = Lua::new();
    let add = lua
        .create_function(|_, (a, b): (i64, i64)| Ok(a + b))
        .unwrap();
    lua.globals().set("add", add).unwrap();
    let text = format!(
        "function work(calls) local total = 0; for n = 0, calls - 1 do {body} end; return total end"
    );
    lua.load(text).exec().unwrap();
    let work: Function = lua.globals().get("work").unwrap();
    Box::new(move || {
        // Its functions work as long as it is there.
        let _keep = &lua;
        work.call(calls).unwrap()
    })
}

fn script_calls(calls: i64) -> Box<dyn FnMut() -> i64> {
    let lua = Lua::new();
    lua.load("function add(a, b) return a + b end")
        .exec()
        .unwrap();
    let add: Function = lua.globals().get("add").unwrap();
    Box::new(move || {
        let _keep = &lua;
        (0..calls).map(|n| add.call::<i64>((n, 1)).unwrap()).sum()
    })
}
