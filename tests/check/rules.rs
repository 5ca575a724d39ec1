//! Each rule on programs that have its mistake and on those that only look so.

use super::found;

/// Asserts that a text has just these findings, as id and line.
#[track_caller]
fn has(text: &str, expected: &[(&str, u32)]) {
    let found = found(text);
    let found: Vec<(&str, u32)> = found.iter().map(|(id, line)| (&**id, *line)).collect();
    assert_eq!(found, expected, "{text}");
}

#[track_caller]
fn is_good(text: &str) {
    has(text, &[]);
}

#[test]
fn syntax_errors() {
    has(
        "x = = 1\nprint(missing)\ny = ) 2\nif x\n    z z\n",
        &[("HS101", 1), ("HS101", 3), ("HS101", 4), ("HS101", 5)],
    );
    has(
        "def f():\nx = 1\nclass C:\n    def g(self:\n        return\n",
        &[("HS101", 2), ("HS101", 4)],
    );
    has("x = (1,\ny = 2\n", &[("HS101", 1)]);
    has("", &[]);
}

#[test]
fn compile_errors() {
    let text = "\
x = 1
def f(a, a): pass
break
def g():
    nonlocal x
    def h():
        continue
class C:
    yield
def k():
    y = 1
    global y
return 1
";
    has(
        text,
        &[
            ("HS102", 2),
            ("HS102", 3),
            ("HS102", 5),
            ("HS102", 7),
            ("HS102", 9),
            ("HS102", 12),
            ("HS102", 13),
        ],
    );
    // The statement that bound `x` is gone by then.
    has(
        "def f():\n    x = yield await 1\n    def g():\n        nonlocal x\n",
        &[("HS103", 2)],
    );
    has(
        "def f():\n    await 1\n    async with x: pass\n    [y async for y in z]\n",
        &[
            ("HS103", 2),
            ("HS103", 3),
            ("HS201", 3),
            ("HS103", 4),
            ("HS201", 4),
        ],
    );
    is_good("import asyncio\nawait asyncio.sleep(0)\nasync def f(): [x async for x in f()]\n");
    has(
        "x = 1\nif x is 1: assert (x, 'no')\n",
        &[("HS104", 2), ("HS104", 2)],
    );
}

#[test]
fn names_in_scopes() {
    has(
        "def f():\n    return a\nclass C:\n    b = 1\n    def g(self): return b\n",
        &[("HS201", 2), ("HS201", 5)],
    );
    has("print([x for x in range(3)], x)\n", &[("HS201", 1)]);
    has(
        "def f(): inner = 1\ndef g(): return inner\n",
        &[("HS201", 2)],
    );
    has(
        "def f():\n    global later\n    return later\n",
        &[("HS201", 3)],
    );
    is_good("def f(): return later\nlater = 1\n");
    is_good("def f():\n    global made\n    made = 1\nf(); print(made)\n");
    is_good(
        "class C:\n    n = 3\n    m = [n for _ in range(n)] if False else __qualname__\n    l = [i for i in range(n)]\n",
    );
    is_good(
        "def f():\n    x = 1\n    def g():\n        nonlocal x\n        x = 2\n    return x, g\n",
    );
    is_good("if input(): x = 1\nprint(x)\ndel x\n");
    is_good("try: pass\nexcept OSError as e: print(e)\n");
    is_good(
        "match input():\n    case [a, *b]: print(a, b)\n    case {'k': c, **d}: print(c, d)\n    case str() as e: print(e)\n",
    );
    is_good("print((n := 10), [last := i for i in range(3)], last)\n");
    is_good(
        "class C[T]:\n    x: T\n    def f[U](self, a: U) -> Missing: return [T, U]\ntype A[V] = list[V]\nprint(A)\n",
    );
    is_good("class C[__T]:\n    __x = 1\n    def f(self): return __T, __class__, super()\n");
    is_good("import os.path, sys as system\nfrom json import loads as l\nprint(os, system, l)\n");
    is_good("print(__name__, __file__, __doc__, __builtins__, __debug__, __spec__)\n");
    is_good("x: int\ny = [f for f in range(3) if (lambda k: k)(f)]\n");
}

#[test]
fn names_that_cannot_be_known() {
    is_good("from os import *\nprint(getcwd())\n");
    is_good("globals()['x'] = 1\nprint(x)\n");
    is_good("exec('x = 1')\nprint(x)\n");
    has("exec('x = 1', {})\nprint(x)\n", &[("HS201", 2)]);
    is_good("try:\n    unicode\nexcept NameError:\n    unicode = str\n");
    is_good("try:\n    print(missing)\nexcept NameError: pass\n");
    is_good("import sys\nif sys.version_info < (3,):\n    text = unicode\n");
    is_good("import enum\n@enum.global_enum\nclass C(enum.Enum):\n    RED = 1\nprint(RED)\n");
    is_good("import gettext\ngettext.install('x', names=['ngettext'])\nprint(_('a'), ngettext)\n");
    is_good("import builtins\nbuiltins.extra = 1\nprint(extra)\n");
    is_good(
        "class M(type):\n    def __prepare__(*a): return {'x': 1}\nclass C(metaclass=M):\n    y = x\n",
    );
}

#[test]
fn coroutines_that_are_never_awaited() {
    let head = "import asyncio\nfrom asyncio import sleep as zz\nasync def f(a=1): pass\n";
    let has = |text: &str, lines: &[u32]| {
        let expected: Vec<(&str, u32)> = lines.iter().map(|line| ("HS301", line + 3)).collect();
        super::rules::has(&format!("{head}{text}"), &expected);
    };
    has(
        "f()\nasync def g():\n    f(2)\n    asyncio.sleep(1)\n    zz(1)\n",
        &[1, 3, 4, 5],
    );
    has(
        "await f()\nx = f()\nprint(f())\nf\nf(1, 2)\nf(b=1)\nasyncio.sleep()\n",
        &[],
    );
    has(
        "class C:\n    async def m(self, a): pass\n    def n(self):\n        self.m(1)\n        self.m()\n",
        &[4],
    );
    has(
        "class C:\n    async def m(self): pass\n    async def n(self):\n        self.m()\nclass D(C):\n    def m(self): pass\n",
        &[],
    );
    has(
        "class C:\n    async def m(self): pass\n    def n(self):\n        self.m = print\n        self.m()\n",
        &[],
    );
    has(
        "import functools\n@functools.cache\nasync def g(): pass\ng()\nasync def h(): yield\nh()\n",
        &[],
    );
    has(
        "def g():\n    f = print\n    f()\nif g: \n    async def k(): pass\nelse:\n    def k(): pass\nk()\n",
        &[],
    );
    has("asyncio.sleep = print\nasyncio.sleep(1)\n", &[]);
    has(
        "import unittest.mock\nwith unittest.mock.patch('asyncio.sleep'): asyncio.sleep(1)\n",
        &[],
    );
    has("try:\n    f(*x)\nexcept TypeError: pass\nx = 1\n", &[]);
}

#[test]
fn calls_that_block() {
    let head = "import time, os, subprocess, urllib.request\nfrom time import sleep as zz\n";
    let has = |text: &str, lines: &[u32]| {
        let expected: Vec<(&str, u32)> = lines.iter().map(|line| ("HS302", line + 2)).collect();
        super::rules::has(&format!("{head}{text}"), &expected);
    };
    let body = "    time.sleep(1)\n    zz(1)\n    os.system('ls')\n    subprocess.run(['ls'])\n    urllib.request.urlopen('x')\n    input()\n";
    has(&format!("async def f():\n{body}"), &[2, 3, 4, 5, 6, 7]);
    has(&format!("def f():\n{body}"), &[]);
    has("time.sleep(1)\ninput()\n", &[]);
    has(
        "async def f():\n    def g(): time.sleep(1)\n    h = lambda: input()\n    [time.sleep(1) for _ in 'ab']\n    time.sleep(0)\n",
        &[4],
    );
    has(
        "async def f(time):\n    time.sleep(1)\n    input = print\n    input()\n",
        &[],
    );
    has(
        "import asyncio\nasync def f(): await asyncio.to_thread(time.sleep, 1)\n",
        &[],
    );
    has(
        "import unittest.mock\nasync def f():\n    with unittest.mock.patch('time.sleep'): time.sleep(1)\n",
        &[],
    );
}

#[test]
fn tasks_that_nobody_keeps() {
    let head = "import asyncio\nasync def f(): pass\n";
    let has = |text: &str, lines: &[u32]| {
        let expected: Vec<(&str, u32)> = lines.iter().map(|line| ("HS303", line + 2)).collect();
        super::rules::has(&format!("{head}{text}"), &expected);
    };
    let body = "async def g():\n    asyncio.create_task(f())\n    asyncio.ensure_future(f())\n    \
                loop = asyncio.get_running_loop()\n    loop.create_task(f())\n    asyncio.get_running_loop().create_task(f())\n";
    has(body, &[2, 3, 5, 6]);
    has(
        "async def g(future):\n    asyncio.ensure_future(future)\n    t = asyncio.create_task(f())\n    await asyncio.create_task(f())\n    return t\n",
        &[],
    );
    has(
        "async def g(loop):\n    loop.create_task(f())\n    async with asyncio.TaskGroup() as tg:\n        tg.create_task(f())\n",
        &[],
    );
    has(
        "c = f()\ntry:\n    asyncio.create_task(c)\nexcept RuntimeError: pass\n",
        &[],
    );
}

#[test]
fn ways_out_of_finally() {
    let text = "\
def f():
    for x in 'ab':
        try: pass
        finally:
            if x: break
            continue
        for y in 'ab':
            try: pass
            finally:
                for z in 'ab': break
                def g(): return 1
                while True:
                    continue
    try: pass
    finally:
        with x: return
";
    has(text, &[("HS401", 5), ("HS401", 6), ("HS401", 16)]);
}

#[test]
fn statements_that_are_never_reached() {
    has(
        "def f():\n    return\n    print(1)\n    print(2)\n",
        &[("HS402", 3)],
    );
    has(
        "for x in 'ab':\n    continue\n    @print\n    def g(): pass\n",
        &[("HS402", 3)],
    );
    has("if 1:\n    raise ValueError\n    x = 1\n", &[("HS402", 3)]);
    is_good("def f():\n    return\n    yield\n");
    is_good("def f():\n    raise ValueError\n    if False: yield 1\n");
    is_good("def f():\n    return 1\n    pass\n    'text'\n");
    is_good("def f(x):\n    if x: return\n    else: raise ValueError\n    print(1)\n");
}

#[test]
fn modules_that_are_not_there() {
    has(
        "import sqlite3, nothing_of_this_name\nfrom http import cookiejar\nimport asyncio.nothing\n",
        &[("HS501", 1), ("HS502", 1), ("HS501", 2), ("HS502", 3)],
    );
    is_good("try:\n    import sqlite3, numpy\nexcept ImportError:\n    import numpy2\n");
    is_good("from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import numpy\n");
    is_good("import sys\nsys.path.insert(0, 'x')\nimport numpy\n");
    is_good(
        "import os.path, collections.abc, concurrent.futures, asyncio.subprocess\nfrom os import path\n",
    );
    is_good("import contextlib\nwith contextlib.suppress(ImportError): import numpy\n");
    is_good("from . import anything\nfrom .other import thing\n");
}

#[test]
fn names_that_modules_lack() {
    has(
        "import asyncio as aio\nfrom asyncio import sleeep\naio.nothing\naio.subprocess.PIPEE\n",
        &[("HS503", 2), ("HS503", 3), ("HS503", 4)],
    );
    has("import os\nos.path.joiin('a')\n", &[("HS503", 2)]);
    is_good(
        "import asyncio, os\nasyncio.sleep, os.path.join, os.environ, asyncio.__name__, asyncio.tasks.sleep\n",
    );
    is_good("import os\nif hasattr(os, 'startfile'): os.startfile('x')\n");
    is_good("import os\ntry: os.startfile('x')\nexcept AttributeError: pass\n");
    is_good("import os\nif os.name == 'nt': os.startfile('x')\n");
    is_good("import os\nos.mine = 1\nprint(os.mine)\n");
    is_good("import os\ndef f(os): return os.nothing\n");
    is_good("from types import ModuleType as m\nm.nothing\n");
}
