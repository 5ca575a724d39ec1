//! Engines leave nothing behind: made, run and dropped by the thousand, with all that a script can leave lying about.

use hoopsnake::{Class, Engine, Raise, Script};
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Set in the process that makes the engines: memory is measured for a whole process, and other tests run in this one.
const INSIDE: &str = "HOOP_TEST_LEAKS";

/// What a script leaves: cycles, a closure, a class, values of the host's in a cycle, a task and a generator in flight, an
/// exception with its traceback.
const LITTER: &str = "
import asyncio

class Node:
    def __init__(self):
        self.me = self
        self.token = Token()

def numbers():
    yield from range(10)

nodes = [Node() for _ in range(10)]
begun = numbers()
next(begun)

async def forever():
    await asyncio.Event().wait()

asyncio.get_running_loop().leftover = asyncio.create_task(forever())
await asyncio.sleep(0)
try:
    fail('text')
except ValueError as error:
    kept = error
";

static TOKENS: AtomicUsize = AtomicUsize::new(0);

struct Token;

impl Token {
    fn new() -> Token {
        TOKENS.fetch_add(1, Ordering::Relaxed);
        Token
    }
}

impl Drop for Token {
    fn drop(&mut self) {
        TOKENS.fetch_sub(1, Ordering::Relaxed);
    }
}

fn make_run_and_drop(script: &Script) {
    let mut engine = Engine::builder()
        .class(Class::new("Token").constructor("Token()", Token::new))
        .function("fail(text)", |text: String| {
            Err::<(), _>(Raise::new("ValueError", text))
        })
        .build()
        .unwrap();
    let names = engine.run(script).blocking().unwrap();
    let kept = names.handle(&mut engine, "kept").unwrap();
    assert_eq!(engine.repr(&kept).unwrap(), "ValueError('text')");
    assert_eq!(TOKENS.load(Ordering::Relaxed), 10);
    drop(engine);
    // A handle may outlive its engine.
    drop(kept);
    assert_eq!(TOKENS.load(Ordering::Relaxed), 0);
}

/// Bytes of this process that lie in memory.
fn resident() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:"));
    let kilobytes = line.and_then(|line| line.split_whitespace().nth(1));
    kilobytes.unwrap().parse::<usize>().unwrap() * 1024
}

#[test]
#[cfg(target_os = "linux")]
#[cfg_attr(hoop_heap_debug, ignore = "each object takes a page of its own")]
fn ten_thousand_engines_leave_nothing() {
    if std::env::var_os(INSIDE).is_none() {
        let name = "embedding::leaks::ten_thousand_engines_leave_nothing";
        let result = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", name, "--test-threads=1", "--nocapture"])
            .env(INSIDE, "1")
            .output()
            .unwrap();
        let output = String::from_utf8_lossy(&result.stdout);
        let errors = String::from_utf8_lossy(&result.stderr);
        assert!(
            result.status.success() && output.contains("1 passed"),
            "{output}{errors}"
        );
        return;
    }
    let script = Script::compile("litter", LITTER).unwrap();
    let mut after = Vec::new();
    for _ in 0..5 {
        (0..2_000).for_each(|_| make_run_and_drop(&script));
        after.push(resident());
    }
    // What is kept for the next engines is there after the first ones.
    let grown = after[4].saturating_sub(after[0]);
    assert!(grown < 1 << 20, "{after:?}");
}
