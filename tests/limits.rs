//! What a program can run out of ends in an exception of the script, never in a crash.

use crate::hoop::{Hoop, root, run_code};
use hoopsnake::bytecode::op;
use std::collections::BTreeSet;
use std::fs;
use std::process::Command;

/// Runs a program that must print what is expected and end well.
fn prints(source: &str, expected: &str) {
    let run = run_code(source);
    assert!(!run.timed_out, "ran into the deadline:\n{source}");
    assert_eq!(run.stdout, expected, "{source}\n{}", run.stderr);
    assert_eq!(run.code, Some(0), "{source}\n{}", run.stderr);
}

/// Runs an expression that recurses without bound; it must raise RecursionError.
fn recurses(setup: &str, expression: &str) {
    let source = format!(
        "{setup}\ntry:\n    {expression}\n    print('ended')\nexcept RecursionError as error:\n    \
         print(type(error).__name__)\nprint('alive')\n"
    );
    prints(&source, "RecursionError\nalive\n");
}

#[test]
fn functions() {
    recurses("def f(n):\n    return f(n + 1)", "f(0)");
    recurses("f = lambda: f()", "f()");
    recurses("def f(*a, **k):\n    return f(*a, **k)", "f(1, 2, x=3)");
    recurses(
        "def even(n):\n    return odd(n + 1)\ndef odd(n):\n    return even(n + 1)",
        "even(0)",
    );
}

#[test]
fn the_message_is_cpythons() {
    prints(
        "def f():\n    f()\ntry:\n    f()\nexcept RecursionError as e:\n    print(e)",
        "maximum recursion depth exceeded\n",
    );
}

#[test]
fn the_limit_can_be_set() {
    prints(
        "import sys\ndef depth(n=1):\n    try:\n        return depth(n + 1)\n    except RecursionError:\n        return n\n\
         print(sys.getrecursionlimit(), 900 < depth() <= 1000)\nsys.setrecursionlimit(200)\nprint(150 < depth() <= 200)\n\
         sys.setrecursionlimit(20000)\nprint(15000 < depth() <= 20000)",
        "1000 True\nTrue\nTrue\n",
    );
}

#[test]
fn special_methods() {
    recurses(
        "class A:\n    def __repr__(self):\n        return repr(self)",
        "repr(A())",
    );
    recurses(
        "class A:\n    def __repr__(self):\n        return f'{self!r}'",
        "print([A()])",
    );
    recurses(
        "class A:\n    def __str__(self):\n        return str(self)",
        "print(A())",
    );
    recurses(
        "class A:\n    def __eq__(self, other):\n        return self == other",
        "A() == A()",
    );
    recurses(
        "class A:\n    def __eq__(self, other):\n        return [self] == [other]",
        "[A()] == [A()]",
    );
    recurses(
        "class A:\n    def __hash__(self):\n        return hash(self)",
        "{A(): 1}",
    );
    recurses(
        "class A:\n    def __hash__(self):\n        return hash((self,))",
        "{A()}",
    );
    recurses(
        "class A:\n    def __lt__(self, other):\n        return sorted([self, other])",
        "sorted([A(), A()])",
    );
    recurses(
        "class A:\n    def __getattr__(self, name):\n        return self.other",
        "A().x",
    );
    recurses(
        "class A:\n    def __getattribute__(self, name):\n        return self.x",
        "A().x",
    );
    recurses(
        "class A:\n    def __setattr__(self, name, v):\n        self.x = v",
        "A().x = 1",
    );
    recurses(
        "class A:\n    def __call__(self):\n        return self()",
        "A()()",
    );
    recurses("class A:\n    def __init__(self):\n        A()", "A()");
    recurses(
        "class A:\n    def __add__(self, other):\n        return self + other",
        "A() + A()",
    );
    recurses(
        "class A:\n    def __bool__(self):\n        return bool(self)",
        "not A()",
    );
    recurses(
        "class A:\n    def __index__(self):\n        return [1][self]",
        "[1][A()]",
    );
    recurses(
        "class A:\n    def __len__(self):\n        return len(self)",
        "len(A())",
    );
    recurses(
        "class A:\n    def __iter__(self):\n        return iter(self)",
        "list(A())",
    );
    recurses(
        "class A:\n    def __contains__(self, x):\n        return x in self",
        "1 in A()",
    );
    recurses(
        "class A:\n    @property\n    def x(self):\n        return self.x",
        "A().x",
    );
    recurses(
        "class A:\n    def __format__(self, spec):\n        return f'{self}'",
        "f'{A()}'",
    );
    recurses(
        "class A:\n    def __enter__(self):\n        with self:\n            pass\n    def __exit__(self, *a):\n        pass",
        "A().__enter__()",
    );
}

#[test]
fn classes_and_descriptors() {
    let meta = "class Meta(type):\n    def __getattr__(c, n):\n        return getattr(c, n)\n    \
                def __instancecheck__(c, i):\n        return isinstance(i, c)\n    \
                def __subclasscheck__(c, i):\n        return issubclass(i, c)\nclass C(metaclass=Meta):\n    pass";
    recurses(meta, "C.x");
    recurses(meta, "isinstance(1, C)");
    recurses(meta, "issubclass(int, C)");
    recurses(
        "class P:\n    def __get__(s, i, o):\n        return i.d\nclass D:\n    d = P()",
        "D().d",
    );
    recurses("class X:\n    def __new__(c):\n        return X()", "X()");
    recurses(
        "class X:\n    def __init_subclass__(c):\n        type('Y', (X,), {})",
        "type('Z', (X,), {})",
    );
}

#[test]
fn natives_that_call_back() {
    recurses("def f(x):\n    return max([1, 2], key=f)", "f(1)");
    recurses("def f(x):\n    return sorted([2, 1], key=f)", "f(1)");
    recurses("def f(x):\n    return list(map(f, [x]))", "f(1)");
    recurses("def f(x):\n    return list(filter(f, [x]))", "f(1)");
    recurses(
        "import functools\ndef f(a, b):\n    return functools.reduce(f, [a, b])",
        "f(1, 2)",
    );
    recurses(
        "import functools\n@functools.lru_cache\ndef f(n):\n    return f(n + 1)",
        "f(0)",
    );
    recurses(
        "import functools\ndef f():\n    return functools.partial(f)()",
        "f()",
    );
    recurses(
        "import re\ndef f(m):\n    return re.sub('x', f, 'x')",
        "f(None)",
    );
    recurses("def f():\n    return eval('f()')", "f()");
    recurses("def f():\n    exec('f()')", "f()");
}

#[test]
fn generators_and_coroutines() {
    recurses("def g():\n    yield from g()", "list(g())");
    recurses(
        "def g(n):\n    for x in g(n + 1):\n        yield x",
        "list(g(0))",
    );
    recurses(
        "import asyncio\nasync def f():\n    await f()",
        "asyncio.run(f())",
    );
    recurses(
        "import asyncio\nasync def f():\n    async for x in f():\n        yield x\nasync def main():\n    async for x in f():\n        pass",
        "asyncio.run(main())",
    );
}

/// A chain of 100,000 awaits works or is refused, and is taken apart without a crash.
#[test]
fn a_very_deep_chain_of_awaits() {
    let source = "import asyncio\nasync def leaf():\n    await asyncio.sleep(0)\n    return 0\nasync def link(inner):\n    return 1 + await inner\n\
                  async def main():\n    chain = leaf()\n    for _ in range(100_000):\n        chain = link(chain)\n    return await chain\n\
                  try:\n    asyncio.run(main())\nexcept RecursionError:\n    pass\nprint('alive')";
    prints(source, "alive\n");
}

#[test]
fn what_ends_a_very_deep_chain_of_awaits() {
    let setup = "import sys, types\nsys.setrecursionlimit(300000)\n@types.coroutine\ndef stop():\n    yield 1\n\
                 async def f(n):\n    if n:\n        return await f(n - 1)\n    await stop()\nc = f(50000)\nc.send(None)\n";
    for (ending, expected) in [
        ("c.close()", ""),
        ("del c", ""),
        ("c.throw(GeneratorExit)", "GeneratorExit\n"),
        ("c.throw(KeyError)", "KeyError\n"),
    ] {
        let source = format!(
            "{setup}try:\n    {ending}\nexcept BaseException as e:\n    print(type(e).__name__)\nprint('alive')"
        );
        prints(&source, &format!("{expected}alive\n"));
    }
}

#[test]
fn deep_data() {
    let nest = "x = []\nfor _ in range(100_000):\n    x = [x]";
    recurses(nest, "repr(x)");
    recurses(
        &format!("{nest}\ny = []\nfor _ in range(100_000):\n    y = [y]"),
        "x == y",
    );
    prints(&format!("{nest}\ndel x\nprint('freed')"), "freed\n");
    prints(
        "x = None\nfor _ in range(200_000):\n    x = (x,)\ndel x\nprint('freed')",
        "freed\n",
    );
    prints(
        "class N:\n    pass\nx = None\nfor _ in range(200_000):\n    n = N()\n    n.next = x\n    x = n\ndel x, n\nprint('freed')",
        "freed\n",
    );
    prints(
        "def g(inner):\n    yield from inner\nx = iter(())\nfor _ in range(100_000):\n    x = g(x)\ndel x\nprint('freed')",
        "freed\n",
    );
    prints(
        "x = 0\nfor _ in range(100_000):\n    x = (x,)\ntry:\n    hash(x)\nexcept RecursionError:\n    pass\nprint('alive')",
        "alive\n",
    );
    recurses(
        "import json\nx = []\nfor _ in range(100_000):\n    x = [x]",
        "json.dumps(x)",
    );
    recurses("import json", "json.loads('[' * 100_000)");
}

/// Whether `expression` on `x`, which `make` wraps 50,000 times, works or is refused; no more.
fn survives(make: &str, expressions: &[&str]) {
    let mut source = format!(
        "import asyncio, collections, copy, functools, itertools, types\nx = None\nfor _ in range(50_000):\n    x = {make}\n"
    );
    for expression in expressions {
        source.push_str(&format!(
            "try:\n    {expression}\nexcept (RecursionError, TypeError):\n    pass\n"
        ));
    }
    source.push_str("del x\nprint('alive')");
    prints(&source, "alive\n");
}

#[test]
fn deep_data_of_many_kinds() {
    for make in [
        "(x,)",
        "{'k': x}",
        "collections.deque([x])",
        "collections.OrderedDict(a=x)",
        "frozenset([x])",
        "functools.partial(print, x)",
        "types.MappingProxyType({'a': x})",
        "types.SimpleNamespace(a=x)",
        "ValueError(x)",
        "slice(x, x, x)",
        "list[x]",
        "{1: x}.values()",
        "staticmethod(x)",
        "property(x)",
    ] {
        // What branches at each level is shown down to the limit along its first branch.
        survives(make, &["repr(x)", "hash(x)", "copy.deepcopy(x)", "f'{x}'"]);
    }
    recurses(
        "s = None\nfor _ in range(50_000):\n    s = slice(s, s, s)",
        "repr(s)",
    );
}

#[test]
fn deep_iterators() {
    for make in [
        "map(int, x or ['1'])",
        "itertools.chain(x or [1])",
        "enumerate(x or [1])",
        "zip(x or [1])",
        "filter(None, x or [1])",
    ] {
        survives(make, &["list(x)"]);
    }
    survives("functools.lru_cache(x or (lambda: 1))", &["x()"]);
}

/// A class costs what its bases cost, not twice that at each level.
#[test]
fn deep_classes() {
    prints(
        "class C:\n    pass\nclass M:\n    pass\nfor _ in range(150):\n    C = type('C', (C,), {})\n    \
         C = type('D', (C, M), {})\nprint(len(C.__mro__), type(C()).__base__.__name__)",
        "303 C\n",
    );
}

#[test]
fn long_chains_and_deep_groups_of_exceptions() {
    prints(
        "import traceback\ne = None\nfor _ in range(5_000):\n    new = ValueError(1)\n    new.__context__ = e\n    e = new\n\
         print(len(traceback.format_exception(e)))\ndel e, new\nprint('alive')",
        "9999\nalive\n",
    );
    let groups = "import traceback\ng = ValueError(1)\nfor _ in range(20_000):\n    g = ExceptionGroup('g', [g])";
    recurses(groups, "repr(g)");
    prints(
        &format!("{groups}\nprint(g.split(TypeError)[0], g.split(ValueError)[1])"),
        "None None\n",
    );
    prints(
        &format!("{groups}\nprint(len(traceback.format_exception(g)) < 100)"),
        "True\n",
    );
}

/// Nesting in source is refused by the parser or the compiler.
#[test]
fn deep_source() {
    for source in [
        "'(' * 100_000 + ')' * 100_000",
        "'[' * 100_000 + ']' * 100_000",
        "'-' * 100_000 + '1'",
        "'not ' * 100_000 + '1'",
        "'lambda: ' * 100_000 + '1'",
        "'a' + '.b' * 100_000",
        "'f' + '()' * 100_000",
        "'1' + ' + 1' * 100_000",
        "'1' + ' if 1 else 1' * 100_000",
        "'2' + ' ** 2' * 100_000",
        "'f\"{' * 5_000 + '}\"' * 5_000",
    ] {
        let program = format!(
            "try:\n    compile({source}, 'deep', 'eval')\nexcept (SyntaxError, RecursionError, MemoryError):\n    pass\nprint('alive')"
        );
        prints(&program, "alive\n");
    }
    prints(
        "s = ''.join(' ' * i + 'if 1:\\n' for i in range(500)) + ' ' * 500 + 'pass\\n'\ntry:\n    compile(s, 'deep', 'exec')\nexcept (SyntaxError, RecursionError) as e:\n    print(type(e).__name__, e.msg)",
        "IndentationError too many levels of indentation\n",
    );
}

#[test]
fn sizes_that_cannot_be() {
    prints(
        "for make in [lambda: [0] * (1 << 60), lambda: 'x' * (1 << 62), lambda: bytes(1 << 60), lambda: bytearray(1 << 60), \
         lambda: (1,) * (1 << 60), lambda: ' '.ljust(1 << 62), lambda: f'{1:{1 << 62}}']:\n    try:\n        make()\n        print('made')\n    \
         except (MemoryError, OverflowError, ValueError):\n        pass\nprint('alive')",
        "alive\n",
    );
    prints(
        "try:\n    1 << (1 << 62)\nexcept (MemoryError, OverflowError):\n    print('refused')\ntry:\n    int('1' * 5000)\nexcept ValueError as e:\n    print(str(e)[:40])",
        "refused\nExceeds the limit (4300 digits) for inte\n",
    );
}

#[test]
fn an_exception_while_an_exception_is_handled_does_not_recurse() {
    recurses(
        "def f():\n    try:\n        raise ValueError\n    except ValueError:\n        f()",
        "f()",
    );
}

/// An instruction hands over to the next one by a jump. One that calls it instead keeps a little of
/// the stack each time; a program that runs every instruction many times then runs out of it.
#[test]
#[cfg(unix)]
fn no_instruction_keeps_stack_from_the_next() {
    let program = root().join("tests/lang/every_instruction.async");
    let expected = fs::read_to_string(program.with_extension("out")).expect("it was recorded");
    let run = Command::new("sh")
        .args(["-c", "ulimit -s 256 && exec \"$0\" \"$1\""])
        .args([env!("CARGO_BIN_EXE_hoop").as_ref(), program.as_os_str()])
        .output()
        .expect("a shell can be started");
    assert_eq!(
        String::from_utf8_lossy(&run.stdout),
        expected,
        "{}{}",
        run.status,
        String::from_utf8_lossy(&run.stderr)
    );
}

/// The program of the test above has every instruction, but for those of which there is one a file.
#[test]
fn the_program_has_every_instruction() {
    let program = root().join("tests/lang/every_instruction.async");
    let shown = Hoop::new(["dis".as_ref(), program.as_os_str()])
        .run()
        .stdout;
    let words: BTreeSet<&str> = shown.split_whitespace().collect();
    let missing: Vec<&str> = op::ALL
        .iter()
        .map(|op| op.name())
        .filter(|name| !["ImportStar", "Nop", "NativeResume"].contains(name))
        .filter(|name| !words.contains(name))
        .collect();
    assert!(missing.is_empty(), "without: {missing:?}");
}

/// Too many open files are an OSError as in CPython, and the loop goes on when some are closed.
#[test]
#[cfg(unix)]
fn open_files_run_out() {
    let program = "\
import asyncio, socket
kept = []
def fill(make):
    try:
        while True: kept.append(make())
    except OSError as error:
        print(error.errno, error)
fill(lambda: open('/dev/null'))
kept.pop().close()
fill(socket.socket)
for _ in range(8): kept.pop().close()
async def answer(reader, writer):
    writer.write(await reader.readline())
    writer.close()
async with await asyncio.start_server(answer, '127.0.0.1', 0) as server:
    reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
    writer.write(b'still here\\n')
    print((await reader.read()).decode(), end='')
    writer.close()
";
    let run = Command::new("sh")
        .args(["-c", "ulimit -n 64 && exec \"$0\" -c \"$1\""])
        .args([env!("CARGO_BIN_EXE_hoop"), program])
        .output()
        .expect("a shell can be started");
    assert_eq!(
        String::from_utf8_lossy(&run.stdout),
        "24 [Errno 24] Too many open files: '/dev/null'\n24 [Errno 24] Too many open files\nstill here\n",
        "{}",
        String::from_utf8_lossy(&run.stderr)
    );
    assert_eq!(run.status.code(), Some(0));
}
