//! Scripts that would run for long, or take much memory, inside one built-in function: each is stopped when somebody wants
//! that, or runs into its limit, and the engine then works as before.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant};

use hoopsnake::engine::Function;
use hoopsnake::{Engine, Error, Limit, Limits, Script};

/// What a snippet must end with.
#[derive(Clone, Copy, PartialEq, Debug)]
enum Ends {
    /// It is stopped from outside.
    Time,
    /// It raises an exception of this class, at once.
    Raises(&'static str),
    /// It raises MemoryError, or is stopped before it could take so much.
    Room,
    /// It raises RecursionError, or is stopped since it goes on elsewhere than on the Rust stack.
    Deep,
    /// It raises an exception of this class, which takes so long that it may be stopped before.
    Slowly(&'static str),
}
use Ends::{Deep, Raises, Room, Slowly, Time};

/// How long a snippet may run before it is stopped.
const TIME: Duration = Duration::from_millis(20);
/// How much later it may end: far more than it takes, for machines that have other work.
const SLACK: Duration = Duration::from_millis(if cfg!(debug_assertions) { 900 } else { 500 });
/// How long it may take before it counts as one that cannot be stopped.
const FOREVER: Duration = Duration::from_secs(20);
/// How much memory an engine may have.
const MEMORY: usize = 96 << 20;

/// What a run ended with, in one word.
fn word(result: Result<(), Error>) -> String {
    match result {
        Ok(()) => "nothing".to_string(),
        Err(Error::Stopped(stopped)) => stopped.limit.to_string(),
        Err(Error::Exception(exception)) => exception.class().to_string(),
        Err(other) => format!("{other:?}"),
    }
}

/// Stops what runs a while after it was told that it began; says when.
fn watchdog(engine: &Engine, begun: Receiver<()>) -> std::thread::JoinHandle<Option<Instant>> {
    let interrupt = engine.interrupt();
    std::thread::spawn(move || {
        begun.recv().ok()?;
        std::thread::sleep(TIME);
        let now = Instant::now();
        interrupt.stop();
        Some(now)
    })
}

/// Runs one snippet; what is wrong with how it ended, and how long it went on after it was stopped.
fn run(setup: &str, snippet: &str, ends: Ends) -> (Option<String>, Duration) {
    let (begin, begun): (Sender<()>, _) = channel();
    let mut engine = Engine::builder()
        .limits(Limits::new().memory(MEMORY))
        .build()
        .unwrap();
    let begin = Function::new("begin()", move || begin.send(()).is_ok());
    engine.add_function(&begin).unwrap();
    let watchdog = watchdog(&engine, begun);
    let script = match Script::compile("runaway", &format!("{setup}\nbegin()\n{snippet}")) {
        Ok(script) => script,
        Err(error) => return (Some(format!("{error:?}")), Duration::ZERO),
    };
    let result = engine.run(&script).blocking();
    let over = Instant::now();
    let ended = word(result.map(drop));
    let works = |engine: &mut Engine| {
        let sum = engine.eval::<i64>("sum([1, 2]) + len('x' * 10)");
        sum.blocking().is_ok_and(|sum| sum == 13)
    };
    if ended != "interrupt" {
        // The request comes too late for this run, and ends the next one.
        let late = watchdog.join().unwrap().is_some();
        if late {
            let _ = works(&mut engine);
        }
        let fits = match ends {
            Time => false,
            Raises(name) | Slowly(name) => ended == name,
            Room => ended == "MemoryError" || ended == "memory",
            Deep => ended == "RecursionError",
        };
        let wrong = match (late, fits, works(&mut engine)) {
            (false, ..) => Some(format!("the setup ended with {ended}")),
            (_, false, _) => Some(format!("ended with {ended}, not {ends:?}")),
            (_, _, false) => Some("the engine does not work any more".to_string()),
            _ => None,
        };
        return (wrong, Duration::ZERO);
    }
    let stopped = watchdog.join().unwrap().unwrap_or(over);
    let wrong = match (ends, works(&mut engine)) {
        (Raises(_), _) => Some(format!("{STOPPED}, not {ends:?}")),
        (_, false) => Some("the engine does not work any more".to_string()),
        _ => None,
    };
    (wrong, over.saturating_duration_since(stopped))
}

/// What was wrong, and how late the run ended.
type Outcome = (Option<String>, Duration);

/// How a complaint begins about a run that should have ended by itself.
const STOPPED: &str = "was stopped";

/// Runs a snippet in a thread of its own; None if it hangs, and is left behind.
fn run_apart(setup: &'static str, snippet: &'static str, ends: Ends) -> Option<Outcome> {
    let (give, take) = channel();
    let one = move || give.send(run(setup, snippet, ends));
    let builder = std::thread::Builder::new().stack_size(8 << 20);
    let running = builder.spawn(one).expect("a thread");
    let outcome = take.recv_timeout(FOREVER).ok()?;
    let _ = running.join();
    Some(outcome)
}

/// Setup, snippet, end.
type Row = (&'static str, &'static str, Ends);

fn check(rows: &[Row]) {
    let mut bad = Vec::new();
    let wanted = std::env::var("HOOP_RUNAWAY").ok();
    for &(setup, snippet, ends) in rows {
        if wanted.as_ref().is_some_and(|part| !snippet.contains(part)) {
            continue;
        }
        if wanted.is_some() {
            eprintln!("... {snippet}");
        }
        let mut outcome = None;
        // On a busy machine an exception may come after the watchdog; but not each time.
        for _ in 0..3 {
            outcome = run_apart(setup, snippet, ends);
            let stopped =
                |(wrong, _): &Outcome| wrong.as_ref().is_some_and(|w| w.starts_with(STOPPED));
            if !outcome.as_ref().is_some_and(stopped) {
                break;
            }
        }
        let Some((wrong, late)) = outcome else {
            bad.push(format!("{snippet}: hangs"));
            continue;
        };
        if wanted.is_some() || late > SLACK {
            eprintln!("{:>8.1} ms late  {snippet}", late.as_secs_f64() * 1e3);
        }
        if let Some(wrong) = wrong {
            bad.push(format!("{snippet}: {wrong}"));
        } else if late > SLACK {
            bad.push(format!("{snippet}: {late:?} too late"));
        }
    }
    assert!(
        bad.is_empty(),
        "{} of {}:\n{}",
        bad.len(),
        rows.len(),
        bad.join("\n")
    );
}

const NO: &str = "pass";

/// A setup that allows integers of any length as text.
macro_rules! sys {
    ($more:literal) => {
        concat!("import sys, math\nsys.set_int_max_str_digits(0)\n", $more)
    };
}

#[test]
fn iterators_are_stopped() {
    let tools = "import itertools, functools, operator, collections";
    check(&[
        (NO, "sum(range(10**12))", Time),
        (NO, "sum(range(10**30))", Time),
        (NO, "max(range(10**12))", Time),
        (NO, "min(range(10**12), key=abs)", Time),
        (
            NO,
            "any(x for x in [0] if 0) or any(map(int, iter(int, 1)))",
            Time,
        ),
        (NO, "all(range(1, 10**12))", Time),
        (NO, "list(range(10**12))", Room),
        (NO, "tuple(range(10**12))", Room),
        (NO, "set(range(10**12))", Room),
        (NO, "frozenset(range(10**12))", Room),
        (NO, "dict.fromkeys(range(10**12))", Room),
        (NO, "dict(zip(range(10**12), range(10**12)))", Room),
        (NO, "sorted(range(10**12))", Room),
        (NO, "[*range(10**12)]", Room),
        (NO, "print(*range(10**12))", Room),
        (NO, "(lambda *a: 0)(*range(10**12))", Room),
        (NO, "a, *b = range(10**12)", Room),
        (NO, "a, b = range(10**12)", Raises("ValueError")),
        (NO, "[x for x in range(10**12)]", Room),
        (NO, "2**70 in iter(range(10**12))", Time),
        (NO, "'x' in map(str.upper, iter(lambda: 'y', 'x'))", Time),
        (NO, "range(10**12).count(None)", Time),
        (NO, "range(10**12).index(None)", Time),
        (NO, "None in range(10**12)", Time),
        (NO, "bytes(range(256)) in [bytes(iter(lambda: 0, 1))]", Room),
        (NO, "bytearray().extend(iter(int, 1))", Room),
        (NO, "b''.join(iter(bytes, 1))", Room),
        (NO, "''.join(map(str, range(10**12)))", Room),
        (NO, "[].extend(range(10**12))", Room),
        (NO, "x = []\nx += iter(int, 1)", Room),
        (NO, "x = [1]\nx[:] = iter(int, 1)", Room),
        (NO, "x = [1]\nfor i in x: x.append(i)", Room),
        (NO, "for i in filter(None, iter(int, 1)): pass", Time),
        (NO, "next(filter(None, map(bool, iter(int, 1))))", Time),
        (NO, "next(filter((5).__eq__, range(6, 10**15)))", Time),
        (NO, "list(enumerate(range(10**12)))", Room),
        (NO, "list(zip(range(10**12)))", Room),
        (NO, "iter(int, 1) == 0 or {*iter(int, 1)}", Time),
        (NO, "set() >= set().union(iter(int, 1))", Time),
        (NO, "set().isdisjoint(iter(int, 1))", Time),
        (NO, "{1}.intersection(iter(int, 1))", Time),
        (NO, "{1}.difference(iter(int, 1))", Time),
        (
            NO,
            "{1}.issuperset(map((1).__mul__, iter(lambda: 1, 2)))",
            Time,
        ),
        (tools, "collections.deque(range(10**12), maxlen=0)", Time),
        (tools, "collections.deque(range(10**12))", Room),
        (
            tools,
            "next(itertools.filterfalse(None, itertools.count(1)))",
            Time,
        ),
        (
            tools,
            "next(itertools.dropwhile(None.__eq__, itertools.repeat(None)))",
            Time,
        ),
        (
            tools,
            "list(itertools.takewhile(bool, itertools.count(1)))",
            Room,
        ),
        (
            tools,
            "next(itertools.compress(itertools.count(), itertools.repeat(0)))",
            Time,
        ),
        (
            tools,
            "next(itertools.islice(itertools.count(), 10**12, None))",
            Time,
        ),
        (
            tools,
            "list(itertools.accumulate(itertools.repeat(1)))",
            Room,
        ),
        (
            tools,
            "for k, g in itertools.groupby(itertools.repeat(1)): pass",
            Time,
        ),
        (
            tools,
            "next(itertools.chain.from_iterable(itertools.repeat(())))",
            Time,
        ),
        (tools, "list(itertools.cycle([1]))", Room),
        (
            tools,
            "itertools.cycle(itertools.count())\nlist(itertools.product(itertools.count(), [1]))",
            Room,
        ),
        (tools, "itertools.permutations(range(10**9))", Room),
        (tools, "list(itertools.combinations(range(100), 50))", Room),
        (tools, "itertools.product(range(3), repeat=10**9)", Room),
        (
            tools,
            "list(itertools.batched(itertools.count(), 10**12))",
            Room,
        ),
        (tools, "itertools.tee([], 10**12)", Room),
        (
            tools,
            "a, b = itertools.tee(itertools.count())\nsum(a)",
            Room,
        ),
        (
            tools,
            "functools.reduce(operator.or_, itertools.repeat(0))",
            Time,
        ),
        (tools, "operator.countOf(itertools.repeat(0), 1)", Time),
        (tools, "operator.indexOf(itertools.repeat(0), 1)", Time),
        (tools, "operator.contains(itertools.repeat(0), 1)", Time),
        (tools, "collections.Counter(itertools.repeat(0))", Time),
        ("import heapq", "heapq.nsmallest(3, range(10**12))", Time),
        ("import math", "math.prod(iter(lambda: 1, 2))", Time),
        ("import math", "math.fsum(iter(lambda: 1.0, 2))", Time),
        (
            "import math, itertools",
            "math.prod(itertools.count(1))",
            Time,
        ),
        (
            "import math, itertools",
            "math.dist(itertools.repeat(1), itertools.repeat(1))",
            Room,
        ),
        ("import array", "array.array('b', iter(int, 1))", Room),
        ("import statistics", "statistics.fmean(range(10**12))", Time),
        ("import random", "random.choices([1], k=10**12)", Room),
        ("import random", "random.sample(range(10**12), 10**9)", Room),
        (
            "import asyncio",
            "asyncio.run(asyncio.wait_for(asyncio.sleep(sum(range(10**12))), 1))",
            Time,
        ),
    ]);
}

#[test]
fn long_data_is_stopped() {
    check(&[
        ("x = list(range(10**6))", "while 1: x.count(-1)", Time),
        ("x = list(range(10**6))", "while 1: -1 in x", Time),
        ("x = list(range(10**6))", "while 1: x == x.copy()", Time),
        ("x = list(range(10**6))", "while 1: x.reverse()", Time),
        ("x = list(range(10**6))\ny = x[:]", "while 1: x < y", Time),
        (
            "x = [[0]*1000]*1000\nx = [x]*1000\ny = [[[0]*1000]*1000]*1000",
            "x == y",
            Time,
        ),
        ("x = ((0,)*1000,)*1000\nx = (x,)*1000", "hash((x, 1))", Time),
        ("x = [[[0]*1000]*1000]*1000", "repr(x)", Room),
        (
            "x = [[[0]*1000]*1000]*1000\nimport json",
            "json.dumps(x)",
            Room,
        ),
        (
            "x = [[[0]*1000]*1000]*1000\nimport copy",
            "copy.deepcopy([list(map(list, y)) for y in x])",
            Room,
        ),
        (
            "x = [[[0]*1000]*1000]*1000\nimport pickle",
            "pickle.dumps([[list(z) for z in y] for y in x])",
            Room,
        ),
        (
            "x = [str(i) for i in range(10**5)]",
            "while 1: sorted(x)",
            Time,
        ),
        (
            "import random\nx = [random.random() for i in range(10**6)]",
            "x.sort()",
            Time,
        ),
        (
            "class A:\n  def __lt__(a, b): return True\nx = [A() for i in range(10**4)]",
            "while 1: sorted(x)",
            Time,
        ),
        (
            "import heapq\nx = list(range(10**6, 0, -1))",
            "while 1: heapq.heapify(x[:])",
            Time,
        ),
        (
            "x = set(range(10**5))\ny = set(range(-10**5, 1))",
            "while 1: x & y",
            Time,
        ),
        (
            "x = set(range(10**5))\ny = set(range(10**5))",
            "while 1: x == y",
            Time,
        ),
        (
            "x = dict.fromkeys(range(10**5))",
            "while 1: x == x.copy()",
            Time,
        ),
        ("x = dict.fromkeys(range(10**5))", "while 1: x | x", Time),
        (
            "x = dict.fromkeys(range(10**5))",
            "while 1: x.keys() & x.keys()",
            Room,
        ),
        (
            "x = dict.fromkeys(range(10**5))",
            "while 1: list(x.items())",
            Time,
        ),
        (
            "class A:\n  __hash__ = lambda s: 1\nx = [A() for i in range(10000)]",
            "set(x)",
            Time,
        ),
        ("x = list(range(10**5))", "while x: x.insert(0, 0)", Time),
        (NO, "'x' * 10**12", Raises("MemoryError")),
        (NO, "b'x' * 10**12", Raises("MemoryError")),
        (NO, "[0] * 10**12", Raises("MemoryError")),
        (NO, "(0,) * 10**12", Raises("MemoryError")),
        (NO, "bytearray(10**12)", Raises("MemoryError")),
        (NO, "bytes(10**12)", Raises("MemoryError")),
        (NO, "'x' * 10**9", Raises("MemoryError")),
        (NO, "[0] * 10**9", Raises("MemoryError")),
        (NO, "x = []\nwhile 1: x.append(0)", Room),
        (NO, "x = []\nwhile 1: x = [x, x]", Room),
        (NO, "x = ''\nwhile 1: x += 'abc'", Room),
        (NO, "x = [1]\nwhile 1: x += x", Room),
        (NO, "x = 'a'\nwhile 1: x += x", Room),
        ("x = 'a' * 10**7", "while 1: x.replace('a', 'b')", Time),
        (
            "x = 'a' * 10**7",
            "x.replace('a', 'bcdefghijk')",
            Raises("MemoryError"),
        ),
        ("x = 'a' * 10**7", "x.replace('', 'bcdefghijk')", Room),
        ("x = 'a ' * 10**7", "x.split()", Room),
        ("x = 'a,' * 10**7", "x.split(',')", Room),
        ("x = 'a\\n' * 10**7", "x.splitlines()", Room),
        ("x = 'a' * 10**7", "list(x)", Room),
        ("x = 'a' * 10**7", "while 1: x.find('b')", Time),
        ("x = 'a' * 10**6", "while 1: x.count('a')", Time),
        (
            "x = 'a' * 10**6 + 'b'\ny = 'a' * 10**5 + 'c'",
            "while 1: y in x",
            Time,
        ),
        ("x = 'ä' * 10**6", "while 1: x.upper()", Time),
        ("x = 'a' * 10**6", "while 1: x.translate({97: 'bc'})", Time),
        ("x = 'ä' * 10**6", "while 1: x.encode()", Time),
        (
            "x = 'ä' * 10**5",
            "while 1: x.encode('ascii', 'backslashreplace')",
            Time,
        ),
        (
            "x = b'\\xff' * 10**6",
            "while 1: x.decode('utf-8', 'replace')",
            Time,
        ),
        ("x = 'ä' * 10**6", "while 1: x.isalpha()", Time),
        ("x = 'a' * 10**6", "while 1: x[::-1]", Time),
        ("x = 'ä' * 10**6", "while 1: x == 'ä' * 10**6", Time),
        ("x = 'ä' * 10**6", "while 1: repr(x)", Time),
        ("x = 'a' * 10**6", "while 1: hash(x + 'b')", Time),
        ("x = b'a' * 10**6", "while 1: x.hex()", Time),
        ("x = b'a' * 10**6", "while 1: x.replace(b'a', b'b')", Time),
        (
            "x = b'a' * 10**6",
            "while 1: x.translate(bytes(range(256)))",
            Time,
        ),
        ("x = b'a' * 10**7", "x.split(b'a')", Room),
        (NO, "'x'.center(10**12)", Raises("MemoryError")),
        (NO, "'x'.zfill(10**12)", Raises("MemoryError")),
        (NO, "'\\t'.expandtabs(10**9)", Raises("MemoryError")),
        (NO, "format(1, '1000000000d')", Raises("MemoryError")),
        (NO, "format(1.5, '.1000000000f')", Room),
        (NO, "format(1.5, '.100000000f')", Raises("MemoryError")),
        (NO, "'%*d' % (10**9, 1)", Raises("MemoryError")),
        (NO, "'%.*f' % (10**8, 1.5)", Raises("MemoryError")),
        (NO, "'{:>{}}'.format(1, 10**9)", Raises("MemoryError")),
        (NO, "f'{1:>1000000000}'", Raises("MemoryError")),
        (NO, "f'{\"x\":*^1000000000}'", Raises("MemoryError")),
        (
            "x = memoryview(bytes(10**5))\ny = memoryview(bytes(10**5)).cast('h')",
            "while 1: x == y",
            Time,
        ),
        ("x = memoryview(bytes(10**6))", "while 1: x.tolist()", Time),
        (
            "import array\nx = array.array('d', bytes(8 * 10**6))",
            "while 1: x.count(1)",
            Time,
        ),
        (
            "import array\nx = array.array('d', [0])",
            "x * 10**12",
            Raises("MemoryError"),
        ),
        (
            "import struct",
            "struct.pack('1000000000x')",
            Raises("MemoryError"),
        ),
        (
            "import struct",
            "while 1: struct.calcsize('1d' * 10**5)",
            Time,
        ),
        (
            "import collections\nx = collections.deque(range(10**6))",
            "while 1: x.count(-1)",
            Time,
        ),
        (
            "import collections\nx = collections.deque(range(10**6))",
            "while 1: x.rotate(500000)",
            Time,
        ),
        (
            "import collections\nx = collections.deque([0])",
            "x * 10**12",
            Room,
        ),
    ]);
}

#[test]
fn large_integers_are_stopped() {
    check(&[
        (NO, "10 ** 10 ** 8", Room),
        (NO, "10 ** 10 ** 10", Raises("MemoryError")),
        (NO, "1 << 10**12", Raises("MemoryError")),
        (NO, "1 << 10**9", Raises("MemoryError")),
        (NO, "3 ** 10 ** 8", Time),
        ("x = 3 ** 10 ** 6", "while 1: x * x", Time),
        ("x = 3 ** (3 * 10 ** 6)", "x *= x\nx *= x\nx *= x", Time),
        (
            "x = 3 ** (2 * 10 ** 6)\ny = 7 ** 10 ** 6",
            "x // y\nx % y\ndivmod(x, y)",
            Time,
        ),
        ("x = 3 ** 10 ** 6", "while 1: x // 7", Time),
        ("x = 3 ** 10 ** 6", "while 1: x + x", Time),
        ("x = 3 ** 10 ** 6", "while 1: x & x - 1", Time),
        ("x = 3 ** 10 ** 6", "while 1: hash(x)", Time),
        ("x = 3 ** 10 ** 6", "while 1: x == x + 1", Time),
        (
            "x = 1 << 10 ** 7\ny = [x] * 10**5",
            "while 1: x + 1 in y",
            Time,
        ),
        (
            "x = ((1 << 10 ** 7,) * 100,)\ny = ((x[0][0] + 0,) * 99 + (0,),)",
            "while 1: x < y, x == y, y in [x]",
            Time,
        ),
        (
            "x = 1 << 10 ** 7\ny = [x] * 10**5\nx += 1",
            "while 1: max(y, key=lambda y: x), sorted([*y, x])",
            Time,
        ),
        (
            "x = 'x' * 10**6\ny = [x + '1'] * 10**6\nx += '2'",
            "while 1: x in y, y.count(x), (x,) in [(z,) for z in y]",
            Time,
        ),
        ("x = 3 ** 10 ** 6", "while 1: x.bit_count()", Time),
        (
            "x = 3 ** 10 ** 6",
            "while 1: x.to_bytes(10**6, 'big')",
            Time,
        ),
        (NO, "pow(3, 7 ** 10 ** 6, 11)", Time),
        ("x = 3 ** 10 ** 4", "pow(7, x, x + 2)", Time),
        ("x = 3 ** 10 ** 6", "pow(7 ** 10 ** 5, -1, x)", Time),
        (sys!(""), "str(10 ** 10 ** 7)", Time),
        (sys!("x = 3 ** 10 ** 6 * 4"), "str(x * x * x * x)", Time),
        (sys!("x = 3 ** 10 ** 6"), "'%d' % (x * x * x * x * x)", Time),
        (sys!("x = 3 ** 10 ** 6"), "f'{x * x * x * x * x}'", Time),
        (sys!("x = '9' * (4 * 10 ** 6)"), "int(x)", Time),
        (
            sys!("x = '9' * (4 * 10 ** 6)"),
            "int(x.replace('9', '6'), 7)",
            Time,
        ),
        (sys!("x = 3 ** 10 ** 6 * 4"), "math.gcd(x * x, x + 1)", Time),
        (
            sys!("x = 3 ** 10 ** 6 * 4"),
            "math.lcm(x * x + 3, x + 1, x * x - 1)",
            Time,
        ),
        (sys!("x = 3 ** (3 * 10 ** 6)"), "math.isqrt(x * x)", Time),
        (sys!(""), "math.factorial(10 ** 7)", Time),
        (sys!(""), "math.factorial(10 ** 18)", Room),
        (sys!(""), "math.comb(10 ** 7, 5 * 10 ** 6)", Time),
        (sys!(""), "math.perm(10 ** 7)", Time),
        (sys!(""), "math.prod(range(1, 10 ** 7))", Time),
        (
            sys!(""),
            "import fractions\nfractions.Fraction(3, 7) ** 10 ** 8",
            Room,
        ),
        (
            sys!(""),
            "float('9' * 10 ** 6 + '.5')\nwhile 1: float('1' * 10**5)",
            Time,
        ),
        (
            sys!(""),
            "round(3 ** 10 ** 6, -400000)\nwhile 1: round(3 ** 10 ** 6, -400000)",
            Time,
        ),
        ("import random", "random.getrandbits(10 ** 12)", Room),
        ("import random", "random.randbytes(10 ** 10)", Room),
        (
            "import random",
            "while 1: random.getrandbits(10 ** 7)",
            Time,
        ),
        ("import os", "os.urandom(10 ** 10)", Room),
        (
            "import decimal\nd = decimal.Decimal",
            "decimal.getcontext().prec = 10 ** 6\nd(2).sqrt()\nd(1) / d(7) * d(3).sqrt()\nd(3).exp()",
            Time,
        ),
        (
            "import decimal\nd = decimal.Decimal",
            "decimal.getcontext().prec = decimal.MAX_PREC\nd(1) / d(7)",
            Room,
        ),
        (
            "import decimal\nd = decimal.Decimal",
            "decimal.getcontext().prec = 10 ** 7\nd(7) ** d('0.3')",
            Time,
        ),
        (
            "import decimal\nd = decimal.Decimal",
            "decimal.getcontext().prec = 10 ** 8\n[d(7) ** 10 ** 9]",
            Room,
        ),
        (
            "import decimal\nd = decimal.Decimal",
            "format(d(1), '.1000000000f')",
            Room,
        ),
        (
            "import decimal\nd = decimal.Decimal",
            "int(d('1e1000000000'))",
            Room,
        ),
        (
            "import decimal\nd = decimal.Decimal",
            "d(1).ln()\ndecimal.getcontext().prec = 10 ** 6\nd(7).ln()",
            Time,
        ),
    ]);
}

#[test]
fn modules_are_stopped() {
    check(&[
        ("import re", "re.match('(a*)*b', 'a' * 40)", Time),
        ("import re", "re.match(r'(?:a|a)*b', 'a' * 60)", Time),
        ("import re", "re.match(r'(x+x+)+y', 'x' * 60)", Time),
        ("import re", "re.findall('.', 'a' * 10**7)", Room),
        (
            "import re\nx = 'a' * 10**6",
            "re.sub('b*', '-', x)\nwhile 1: re.sub('a', 'b', x)",
            Time,
        ),
        ("import re\nx = 'a' * 10**6", "re.search('a*b', x)", Time),
        (
            "import re\nx = 'a' * 10**6",
            "while 1: re.search('b', x)",
            Time,
        ),
        (
            "import re",
            "re.match('(?:(?:a{1000}){1000}){1000}', 'a' * 10**7)",
            Time,
        ),
        ("import re", "re.compile('a' * 10**7)", Room),
        ("import re", "re.split('', 'a' * 10**7)", Room),
        (
            "import re\nx = 'a' * 5000",
            "re.match(r'(.*)*(.*)*\\1\\2c', x)",
            Room,
        ),
        (
            "import re\nx = 'a' * 10**6",
            "re.match(r'(?:a|b)*c', x * 20)",
            Room,
        ),
        (
            "import json\nx = '[' + '1,' * 10**6 + '1]'",
            "while 1: json.loads(x)",
            Time,
        ),
        (
            "import json",
            "json.loads('[' * 10**6)",
            Raises("RecursionError"),
        ),
        (
            "import json\nx = '\"' + 'a' * 10**7 + '\"'",
            "while 1: json.loads(x)",
            Time,
        ),
        (
            "import json\nx = list(range(10**6))",
            "while 1: json.dumps(x)",
            Time,
        ),
        (
            "import json\nx = 'ä' * 10**6",
            "while 1: json.dumps(x)",
            Time,
        ),
        (
            "import hashlib",
            "hashlib.pbkdf2_hmac('sha256', b'a', b'b', 10**9)",
            Time,
        ),
        (
            "import hashlib",
            "hashlib.pbkdf2_hmac('sha256', b'a', b'b', 1, 10**9)",
            Room,
        ),
        (
            "import hashlib",
            "hashlib.scrypt(b'a', salt=b'b', n=2**20, r=8, p=1, maxmem=2**31-1)",
            Room,
        ),
        (
            "import hashlib\nx = bytes(10**7)",
            "while 1: hashlib.sha256(x)",
            Time,
        ),
        (
            "import hashlib\nx = bytes(10**7)",
            "while 1: hashlib.blake2b(x)",
            Time,
        ),
        (
            "import hashlib",
            "hashlib.shake_256(b'').digest(10**10)",
            Room,
        ),
        (
            "import hashlib",
            "hashlib.shake_256(b'').hexdigest(10**7)\nwhile 1: hashlib.shake_256(b'').digest(10**7)",
            Time,
        ),
        (
            "import zlib\nx = zlib.compress(bytes(10**7), 9)\nx = zlib.compress(bytes(4*10**7), 9)",
            "zlib.decompress(x + x)\nwhile 1: zlib.decompress(x)",
            Room,
        ),
        (
            "import zlib\nx = zlib.compress(bytes(3 * 10**7), 9)",
            "y = zlib.decompressobj()\na = [zlib.decompress(x) for _ in range(100)]",
            Room,
        ),
        (
            "import zlib\nx = bytes(10**7)",
            "while 1: zlib.compress(x, 9)",
            Time,
        ),
        (
            "import zlib\nx = bytes(10**7)",
            "while 1: zlib.crc32(x)",
            Time,
        ),
        (
            "import zlib",
            "zlib.decompressobj().decompress(b'', 10**12)\nzlib.decompress(b'x', bufsize=10**12)",
            Raises("zlib.error"),
        ),
        (
            "import binascii\nx = bytes(10**7)",
            "while 1: binascii.hexlify(x)",
            Time,
        ),
        (
            "import binascii\nx = b'0' * 10**7",
            "while 1: binascii.unhexlify(x)",
            Time,
        ),
        (
            "import base64\nx = bytes(10**7)",
            "while 1: base64.b64encode(x)",
            Time,
        ),
        (
            "import unicodedata\nx = 'ä' * 10**6",
            "while 1: unicodedata.normalize('NFD', x)",
            Time,
        ),
        (
            "import unicodedata\nx = '\\ufdfa' * 10**6",
            "unicodedata.normalize('NFKD', x)",
            Room,
        ),
        (
            "import codecs\nx = b'a' * 10**6",
            "while 1: codecs.decode(x, 'utf-16-le')",
            Time,
        ),
        ("x = '1\\n' * 10**6", "compile(x, 'x', 'exec')", Room),
        (
            "x = '(' * 10**6",
            "compile(x, 'x', 'exec')",
            Raises("SyntaxError"),
        ),
        ("x = '-' * 10**6 + '1'", "eval(x)", Room),
        ("x = '+'.join(['1'] * 10**5)", "eval(x)", Time),
        (
            "x = 'f(' * 50 + ')' * 50",
            "while 1: compile(x, 'x', 'eval')",
            Time,
        ),
        ("x = '[' + '1,' * 10**6 + ']'", "while 1: eval(x)", Room),
        (
            "y = 'z = \"' + 'a' * 10**6 + '\"'",
            "while 1: exec(y)",
            Time,
        ),
        ("import ast\nx = '1\\n' * 10**6", "ast.parse(x)", Room),
        (
            NO,
            "eval('9' * 4000 + '**' + '9' * 4000)",
            Raises("MemoryError"),
        ),
        (NO, "eval('1' + '0' * 10**6)", Raises("SyntaxError")),
        (NO, "eval('10 ** 10 ** 8')", Room),
        (NO, "eval('\"x\" * 10 ** 12')", Raises("MemoryError")),
        ("import time", "while 1: time.strftime('%Y' * 10**6)", Room),
        (
            "import datetime",
            "datetime.datetime.now().strftime('%A' * 10**7)",
            Room,
        ),
        (
            "import string\nx = '$x' * 10**6",
            "string.Template(x).substitute(x='ab')",
            Room,
        ),
        (
            "import textwrap\nx = 'a ' * 10**6",
            "textwrap.wrap(x)",
            Room,
        ),
        (
            "import difflib\nx = 'ab' * 10**3",
            "while 1: difflib.SequenceMatcher(None, x, x[::-1], False).ratio()",
            Time,
        ),
        (
            "import bisect\nclass A:\n  def __len__(s): return 2**62\n  def __getitem__(s, i): return 0",
            "while 1: bisect.bisect(A(), 1)",
            Time,
        ),
        (
            "import random\nx = list(range(10**6))",
            "random.shuffle(x)",
            Time,
        ),
        (
            "import fnmatch",
            "while 1: fnmatch.fnmatch('a' * 60, '*a' * 30 + 'b')",
            Time,
        ),
        (
            "import io\nx = io.StringIO()",
            "while 1: x.write('abc' * 1000)",
            Room,
        ),
        (
            "import io\nx = io.BytesIO()",
            "x.seek(10**12)\nx.write(b'a')",
            Raises("MemoryError"),
        ),
        (
            "import io\nx = io.BytesIO()",
            "x.truncate(0)\nx.seek(10**10)\nx.write(b'a')",
            Raises("MemoryError"),
        ),
        (
            "import html\nx = '&lt;' * 10**6",
            "while 1: html.unescape(x)",
            Time,
        ),
        (
            "import pickle\nx = pickle.dumps(list(range(10**5)))",
            "while 1: pickle.loads(x)",
            Time,
        ),
        (
            "import pickle",
            "pickle.loads(b'\\x80\\x04\\x8e\\xff\\xff\\xff\\xff\\xff\\xff\\xff\\x00.')",
            Raises("_pickle.UnpicklingError"),
        ),
        ("import uuid, secrets", "secrets.token_bytes(10**12)", Room),
    ]);
}

#[test]
fn deep_data_ends_in_an_exception() {
    let nested = "x = []\nfor _ in range(10**5): x = [x]";
    check(&[
        (nested, "repr(x)", Deep),
        (nested, "str(x)", Deep),
        (nested, "f'{x!a}'", Deep),
        (
            "x = []\ny = []\nfor _ in range(10**5): x = [x]; y = [y]",
            "x == y",
            Raises("RecursionError"),
        ),
        (
            "x = []\ny = []\nfor _ in range(10**5): x = [x]; y = [y]",
            "x < y",
            Raises("RecursionError"),
        ),
        ("x = ()\nfor _ in range(10**5): x = (x,)", "hash(x)", Deep),
        ("x = {}\nfor _ in range(10**5): x = {1: x}", "repr(x)", Deep),
        (
            "import collections\nx = collections.deque()\nfor _ in range(10**5): x = collections.deque([x])",
            "repr(x)",
            Deep,
        ),
        (
            "import collections\nx = collections.OrderedDict()\nfor _ in range(10**5): x = collections.OrderedDict(a=x)",
            "repr(x)",
            Deep,
        ),
        (
            "import json\nx = []\nfor _ in range(10**5): x = [x]",
            "json.dumps(x)",
            Deep,
        ),
        (
            "import json",
            "json.loads('{\"a\":' * 10**5)",
            Raises("RecursionError"),
        ),
        (
            "import copy\nx = []\nfor _ in range(10**5): x = [x]",
            "copy.deepcopy(x)",
            Raises("RecursionError"),
        ),
        (
            "import pickle\nx = []\nfor _ in range(10**5): x = [x]",
            "pickle.dumps(x)",
            Raises("RecursionError"),
        ),
        (
            "import marshal\nx = []\nfor _ in range(10**5): x = [x]",
            "marshal.dumps(x)",
            Raises("ValueError"),
        ),
        (
            "class A:\n  def __getattr__(s, n): return getattr(s, n + 'x')",
            "A().a",
            Raises("RecursionError"),
        ),
        (
            "class A:\n  def __getattr__(s, n): return s.x",
            "A().a",
            Raises("RecursionError"),
        ),
        (
            "class A:\n  def __eq__(s, o): return s == o",
            "A() == A()",
            Raises("RecursionError"),
        ),
        (
            "class A:\n  def __repr__(s): return repr(s)",
            "repr(A())",
            Raises("RecursionError"),
        ),
        (
            "class A:\n  def __hash__(s): return hash(s)",
            "{A()}",
            Raises("RecursionError"),
        ),
        (
            "class A:\n  def __lt__(s, o): return sorted([s, o])",
            "sorted([A(), A()])",
            Raises("RecursionError"),
        ),
        (
            "class A:\n  def __len__(s): return len(s)",
            "bool(A())",
            Raises("RecursionError"),
        ),
        (
            "class A:\n  def __iter__(s): return iter(list(s))",
            "list(A())",
            Raises("RecursionError"),
        ),
        (
            "import functools\nclass P(functools.partial): pass\ng = len\nfor _ in range(10**5):\n  g = P(g); g.x = 1",
            "g(1)",
            // One calls the next in its own place, so that nothing gets deep.
            Slowly("TypeError"),
        ),
        (
            "x = iter([1])\nfor _ in range(10**5): x = map(abs, x)",
            "list(x)",
            Deep,
        ),
        (
            "x = iter([1])\nfor _ in range(10**5): x = filter(None, x)",
            "list(x)",
            Deep,
        ),
        (
            "import itertools\nx = iter([1])\nfor _ in range(10**5): x = itertools.chain(x)",
            "list(x)",
            Deep,
        ),
        (
            "import itertools\nx = iter([1])\nfor _ in range(10**5): x = zip(x)",
            "list(x)",
            Deep,
        ),
        (
            "import itertools\nx = iter([1])\nfor _ in range(10**5): x = itertools.islice(x, 9)",
            "list(x)",
            Deep,
        ),
        (
            "import itertools\nx = iter([1])\nfor _ in range(10**5): x = enumerate(x)",
            "list(x)",
            Deep,
        ),
        (
            "import re",
            "re.compile('(?:' * 10**5 + ')' * 10**5)",
            Slowly("re.PatternError"),
        ),
        (
            "import ast",
            "ast.parse('-' * 10**4 + '1')",
            Raises("SyntaxError"),
        ),
        (NO, "eval('(' * 250 + ')' * 250)", Raises("SyntaxError")),
        (NO, "eval('+' * 10**4 + '1')", Raises("SyntaxError")),
        (NO, "eval('lambda: ' * 10**4 + '1')", Raises("SyntaxError")),
        (NO, "eval('not ' * 10**4 + '1')", Raises("SyntaxError")),
        (
            NO,
            "exec('if 1:\\n' + ''.join(' ' * i + 'if 1:\\n' for i in range(1, 200)))",
            Raises("IndentationError"),
        ),
        (
            NO,
            "x = int\nfor _ in range(10**5): x = x | list[x]\nrepr(x)",
            Room,
        ),
        (
            NO,
            "x = None\nfor _ in range(10**5):\n  e = ValueError(); e.__context__ = x; x = e\nraise x",
            Slowly("ValueError"),
        ),
        (
            "x = ValueError()\nfor _ in range(10**5): x = ExceptionGroup('a', [x])",
            "x.subgroup(KeyError)",
            Raises("RecursionError"),
        ),
        (
            "x = ValueError()\nfor _ in range(10**5): x = ExceptionGroup('a', [x])",
            "repr(x)",
            Deep,
        ),
    ]);
}

/// The same fuel wherever it runs, whether it is taken by script or by built-in functions.
#[test]
fn work_of_built_in_functions_takes_fuel() {
    for snippet in [
        "sum(range(10**12))",
        "sorted(iter(int, 1))",
        "3 ** 10 ** 8",
        "'a' * 10**7 in ['b' * 10**7] * 10**7",
        "import re\nre.match('(a*)*b', 'a' * 40)",
        "import hashlib\nhashlib.pbkdf2_hmac('sha256', b'a', b'b', 10**9)",
    ] {
        let script = Script::compile("runaway", snippet).unwrap();
        let mut engine = Engine::builder()
            .limits(Limits::new().fuel(300_000))
            .build()
            .unwrap();
        match engine.run(&script).blocking() {
            Err(Error::Stopped(stopped)) => assert_eq!(stopped.limit, Limit::Fuel, "{snippet}"),
            Err(other) => panic!("{snippet}: {other:?}"),
            Ok(_) => panic!("{snippet}: not stopped"),
        }
        assert_eq!(engine.eval::<i64>("6 * 7").blocking().unwrap(), 42);
    }
}

#[test]
fn built_in_functions_end_when_the_time_is_over() {
    let limits = Limits::new().time(TIME);
    for snippet in [
        "sum(range(10**12))",
        "3 ** 10 ** 8",
        "[*iter(int, 1)]",
        // Cannot be interrupted, so it does not even begin.
        "import hashlib\nhashlib.scrypt(b'a', salt=b'b', n=2**14, r=8, p=1000, maxmem=10**9)",
    ] {
        let script = Script::compile("runaway", snippet).unwrap();
        let mut engine = Engine::builder().limits(limits.clone()).build().unwrap();
        let begin = Instant::now();
        match engine.run(&script).blocking() {
            Err(Error::Stopped(stopped)) => assert_eq!(stopped.limit, Limit::Time, "{snippet}"),
            Err(other) => panic!("{snippet}: {other:?}"),
            Ok(_) => panic!("{snippet}: not stopped"),
        }
        assert!(
            begin.elapsed() < TIME + SLACK,
            "{snippet}: {:?}",
            begin.elapsed()
        );
    }
}
