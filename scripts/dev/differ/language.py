"""Programs of statements and expressions, grown from templates.

In a template `<int>` stands for an expression that is mostly of that kind, `<$a>` for a fresh name, `<int+$a:int>`
for an expression in which the fresh name `$a` is known to be an int, `<name:int>` for a variable of the kind, and a
line `<block>` (`<loop>`, `<final>`) for statements.  `<=int>` is a new variable that is known from then on.
"""
import re

import values

HOLE = re.compile(r"<(?P<set>=)?(?P<kind>[a-z]+)(?P<binds>(?:\+\$\w:\w+)*)>|<(?P<fresh>\$\w)>")

LEAVES = {"int": values.INTS[:12] + ["10**12", "4611686018427387904", "2**63", "-2**64"], "float": values.FLOATS, "str": values.STRS, "list": values.LISTS, "tuple": values.TUPLES, "dict": values.DICTS,
          "set": values.SETS, "bool": ["True", "False", "not 0", "1 > 2"], "bytes": values.BYTESES, "complex": values.COMPLEXES, "func": ["(lambda q: q)", "(lambda q=1, *r: (q, r))", "str", "repr", "len", "abs"],
          "spec": values.SPECS, "none": ["None", "...", "NotImplemented"]}
KINDS = ["int", "float", "str", "list", "tuple", "dict", "set", "bool", "bytes", "func", "complex", "none"]
USUAL = ["int", "int", "str", "list", "tuple", "dict", "float", "bool", "any"]

TEMPLATES = {
    "int": ["(<small> // <small>)", "(<small> % <small>)", "(<int> + <int>)", "(<int> - <int>)", "(<int> * <int>)", "(<int> & <int>)", "(<int> | <int>)", "(<int> ^ <int>)", "(<int> // <int>)", "(<int> % <int>)", "-<int>", "~<int>", "+<int>", "abs(<int>)",
            "len(<sized>)", "sum([<int>, <int>, <bool>])", "max(<int>, <int>)", "min(<int>, <int>, key=lambda <$a>: <int+$a:int>)", "<str>.find(<str>)", "<list>.count(<any>)", "<list>.index(<any>)",
            "sum(<int+$a:int> for <$a> in range(4))", "(<int> << (<int> & 7))", "(<int> >> (<int> & 15))", "(<int> ** (<int> & 3))", "int(<str>)", "int(<float>)", "hash(<int>)", "round(<float>)", "ord(<str>[0])",
            "(<$a> := <int>)", "pow(<int>, <int> & 7, <int>)", "divmod(<int>, <int>)[1]", "<int>.bit_length()", "<list>[<int> & 1]", "<dict>.get(<any>, <int>)", "len([*<list>, *<tuple>])", "int(<str>, 16)", "<int>.__add__(<int>)",
            "(lambda <$a>, /, b=<int>, *c, d=1, **e: <int+$a:int> + len(c) + len(e))(<int>, *<list>, **{'z': <any>})", "functools.reduce(lambda <$a>, <$b>: <$a> + <$b>, <list>, 0)", "operator.index(<int>)"],
    "float": ["(<float> + <int>)", "(<float> * <float>)", "(<int> / <int>)", "(<float> - <float>)", "(<float> // <int>)", "(<float> % <float>)", "float(<str>)", "float(<int>)", "round(<float>, 2)", "-<float>", "math.floor(<float>)",
              "math.sqrt(<int>)", "abs(<float>)", "(<float> ** 2)", "math.fsum([<float>, <float>, 0.1])", "float.fromhex(<float>.hex())", "sum([<float>, <int>, <float>])", "math.copysign(<float>, <float>)"],
    "complex": ["(<complex> * <complex>)", "(<complex> + <float>)", "(<complex> / <complex>)", "(<complex> - <int>)", "<complex>.conjugate()", "complex(<float>, <int>)", "-<complex>", "(<complex> ** 2)"],
    "bool": ["(<int> < <int>)", "(<float> <= <int>)", "(<str> > <str>)", "(<list> == <list>)", "(<any> != <any>)", "(<int> < <int> <= <float>)", "(<any> in <list>)", "(<any> not in <tuple>)", "(<any> is <none>)", "(<any> is not None)",
             "(<bool> and <any>)", "(<bool> or <any>)", "(not <any>)", "all(<bool+$a:int> for <$a> in range(3))", "any([<bool>, <bool>])", "isinstance(<any>, (int, str))", "callable(<any>)", "(<set> <= <set>)", "(<str> in <str>)", "(<tuple> >= <tuple>)",
             "issubclass(type(<any>), int)", "hasattr(<any>, 'append')", "(<any> == <any> != <any>)", "<str>.isidentifier()", "bool(<any>)"],
    "str": ["(<str> + <str>)", "(<str> * (<int> & 3))", "str(<any>)", "repr(<any>)", "<str>.upper()", "<str>.title()", "<str>.strip()", "<str>[<int>:<int>]", "<str>[::-1]", "<str>[<int>]", "f'{ <any>}'", "f'{ <any>!r:>12}'", "f'<{(<int>):>{(<int>) & 15}}>'",
            "f'{(<float>):.{(<int>) & 7}f}|{(<str>)!s}'", "f'{(<int>):{<spec>}}'", "f'{ <any>=}'", "f'{(<str>):{<spec>}}{{}}'", "f'{(<int>)=:#x}'", "'%s|%r' % (<any>, <any>)", "'%5d|%-6s|%08.3f|%x' % (<int>, <str>, <float>, <int>)", "'%(k)s' % <dict>",
            "'{:>6}/{}'.format(<str>, <int>)", "'{0[0]}{a!r}'.format(<list>, a=<any>)", "'-'.join(str(<any+$a:str>) for <$a> in <str>)", "<str>.replace(<str>, <str>, <int>)", "format(<float>, <spec>)", "format(<int>, <spec>)", "','.join(map(str, <list>))",
            "chr(<int> & 0xffff)", "ascii(<any>)", "<str>.center(<int> & 31, '*')", "<str>.casefold()", "<bytes>.hex()", "<str>.zfill(9)", "type(<any>).__name__", "<str>.translate({97: 'X', 98: None})", "f'''{(<list>)[0]!a:^{(<int>) & 15}}'''",
            "<str>.expandtabs(<int> & 7)", "'%c%%' % <int>", "'%+.2e' % <float>", "f'{<func>(<any>)}'", "f'{lambda_}' f'{(lambda x: <any>)(1)}'", "'%*d' % (<int> & 7, <int>)", "<str>.capitalize().swapcase()", "<bytes>.decode('latin-1')"],
    "bytes": ["(<bytes> + <bytes>)", "<bytes>[<int>:]", "<str>.encode()", "<bytes>.replace(<bytes>, <bytes>)", "bytes(<list>)", "bytearray(<bytes>)", "b'%s|%d' % (<bytes>, <int>)", "b','.join([<bytes>, <bytes>])", "(<int> & 0xffff).to_bytes(2, 'big')", "<bytes>.split(b',')", "(<bytes> * (<int> & 3))"],
    "list": ["[<any>, *<list>, <any>]", "(<list> + <list>)", "[<any+$a:int> for <$a> in range(4) if <bool+$a:int>]", "[(<$a>, <any+$a:int+$b:str>) for <$a> in range(2) for <$b> in <str>]", "<list>[<int>:<int>:<int>]", "sorted(<list>, key=repr)", "<str>.split(<str>)", "('x  y ' + <str> + '  z').split(None, <int> & 3)", "(b' x  y  ' + <bytes>).rsplit(None, <int> & 3)",
             "list(<dict>)", "list(<dict>.items())", "list(map(lambda <$a>: <any+$a:int>, range(3)))", "list(zip(<list>, <str>))", "(<list> * (<int> & 3))", "list(<tuple>)", "list(enumerate(<str>))", "list(reversed(<list>))", "[*<tuple>, *<str>]", "list(filter(None, <list>))",
             "[[<any+$b:int> for <$b> in range(<$a>)] for <$a> in range(3)]", "list(itertools.chain(<list>, <tuple>))", "sorted(<list>)", "sorted(<list>, reverse=True)", "list(<any>)", "<str>.splitlines(True)", "<list>.copy()", "[<$a> for <$a>, *_ in [<tuple>, <str>]]",
             "[<int> if <bool> else <str>, <any>]", "list(itertools.islice(itertools.cycle(<list> or [0]), 5))", "[(<$b>, <$a>) for <$a> in <list> if (<$b> := <$a>)]"],
    "tuple": ["(<any>, <any>)", "(<any>, *<list>)", "(<tuple> + <tuple>)", "<tuple>[<int>:]", "tuple(<any>)", "divmod(<int>, <int>)", "<str>.partition(<str>)", "tuple(<any+$a:int> for <$a> in <list>)", "(<tuple> * (<int> & 3))", "max([<tuple>, <tuple>])", "(1, *<tuple>, *<str>)"],
    "dict": ["{**<dict>, <key>: <any>}", "{<$a>: <any+$a:int> for <$a> in range(3)}", "dict(enumerate(<str>))", "(<dict> | <dict>)", "dict(zip(<list>, <list>))", "{<key>: <any>, <key>: <any>}", "dict(a=<any>, **<dict>)", "dict(<any>)", "dict.fromkeys(<str>, <any>)",
             "{<$a>: <$b> for <$a>, <$b> in <dict>.items() if <bool+$a:int>}", "collections.OrderedDict(<dict>)", "dict(collections.Counter(<str>))"],
    "set": ["{<key>, <key>}", "{*<list>, <key>}", "{<int+$a:int> for <$a> in range(4)}", "(<set> | <set>)", "(<set> & <set>)", "(<set> - <set>)", "(<set> ^ <set>)", "set(<any>)", "frozenset(<str>)", "<dict>.keys() & <set>"],
    "func": ["(lambda <$a>: <any+$a:int>)", "(lambda <$a>=<any>, *b, **c: (<$a>, b, c))", "functools.partial(<func>, <any>)", "(lambda: (yield))", "(lambda <$a>: lambda: <any+$a:int>)"],
    "none": ["<list>.append(<any>)", "<dict>.update(<dict>)", "print(<any>)"],
    "call": ["<func>(<any>)", "<func>(*<list>)", "<func>(**<dict>)", "<any>.<attr>", "<any>[<any>]", "<any>(<any>)", "<any> + <any>", "<any> < <any>", "<any> @ <any>", "-<any>", "<list>[<any>]", "next(iter(<any>))", "getattr(<any>, 'nope', <any>)", "eval(<evals>)",
             "<any> % <any>", "<str> % <any>", "<any> | <any>", "<any> ** 2", "<any> / <any>", "<any> & <any>", "<any> - <any>", "<any>.__class__", "iter(<any>)", "[*<any>]", "{**<any>}", "<any> in <any>"],
}
TEMPLATES["small"] = ["-7", "7", "-3", "2", "3", "-1", "10", "-10"]
TEMPLATES["fspec"] = ["'f'", "'.1f'", "'e'", "'+g'", "' .2f'", "'z.1f'", "'08.2f'", "'%'", "'.3'", "'>+9'", "',.1f'", "'n'"]
TEMPLATES["percent"] = ["%f", "%.2e", "%+g", "%r", "%08.3f", "% d", "%-9s|", "%x", "%c", "%s"]
TEMPLATES["sized"] = ["<str>", "<list>", "<dict>", "<tuple>", "<bytes>", "<set>"]
TEMPLATES["key"] = ["<int>", "<str>", "<bool>", "<tuple>", "None", "<float>", "<any>"]
TEMPLATES["attr"] = ["real", "upper", "append", "nope", "__name__", "keys", "imag", "__class__", "uper", "apend", "__doc__ is None"]
TEMPLATES["evals"] = ["'1 + 1'", "'a +'", "'[x for x in (1, 2)]'", "'(yield)'", "'1 if 2'", "'nope'", "'f\"{1!x}\"'", "'lambda: 0'", "''"]
TEMPLATES["iter"] = ["range(<int> & 3)", "<list>", "<str>", "<tuple>", "<dict>", "enumerate(<str>)", "zip(<list>, <str>)", "reversed(<list>)", "<dict>.items()", "iter(<list>)", "(<any+$a:int> for <$a> in range(3))", "map(str, <tuple>)", "<any>", "range(3)", "'ab'", "(9, 8)"]
TEMPLATES["error"] = ["ValueError(<any>)", "KeyError(<str>)", "TypeError", "IndexError", "ExceptionGroup('g', [ValueError(<int>), TypeError(<str>)])", "ExceptionGroup('g', [ValueError(1), ExceptionGroup('h', [OSError(2, <str>), KeyError(<any>)])])", "<any>", "StopIteration(<any>)",
                      "OSError(<int>, <str>)", "ArithmeticError(<any>, <any>)", "KeyboardInterrupt()", "GeneratorExit", "BaseException(<int>)"]
TEMPLATES["caught"] = ["ValueError", "TypeError", "(KeyError, IndexError)", "Exception", "ArithmeticError", "BaseException", "LookupError", "<any>", "(ValueError, <any>)", "StopIteration", "OSError"]
TEMPLATES["group"] = ["ValueError", "TypeError", "(KeyError, OSError)", "Exception", "LookupError"]

AUGMENTED = ["+=", "-=", "*=", "/=", "//=", "%=", "&=", "|=", "^="]

STATEMENTS = [
    (14, "<=usual>"), (12, "print(<any>)"), (4, "print(<any>, <any>)"), (4, "attempt('<$a>', lambda: <call>)"), (3, "print(<call>)"),
    (6, "<name> <augmented> <any>"), (2, "<name> **= 2"), (2, "<name> <<= <int> & 7"), (2, "<name> >>= 1"), (1, "<name> @= <any>"),
    (2, "<$a> = <$b> = <any>\nprint(<$a>, <$b>)"), (2, "<$a>, *<$b> = <iter>\nprint(<$a>, <$b>)"), (1, "[<$a>, (<$b>, *<$c>)] = <any>, <str>\nprint(<$a>, <$b>, <$c>)"), (1, "*<$a>, <$b> = <iter>\nprint(<$a>, <$b>)"), (1, "<$a>, <$b> = <any>\nprint(<$a>, <$b>)"),
    (2, "<$a> = <list>\n<$a>[<int>:<int>] = <iter>\nprint(<$a>)"), (1, "<$a> = <list>\n<$a>[::2] = <iter>\nprint(<$a>)"), (1, "<$a> = <list>\ndel <$a>[<int>:<int>:<int>]\nprint(<$a>)"), (2, "<$a> = <dict>\n<$a>[<key>] = <any>\nprint(<$a>)"), (1, "<$a> = <dict>\ndel <$a>[<key>]\nprint(<$a>)"),
    (2, "<$a> = Box(<any>)\n<$a>.v <augmented> <any>\nprint(<$a>)"), (1, "<$a> = <list>\n<$a>[<int>] <augmented> <any>\nprint(<$a>)"), (1, "<$a> = Box(1)\ndel <$a>.v\nprint(<$a>)"), (1, "<$a>: int = <int>\nprint(<$a>)"), (1, "<$a>: <any>"), (1, "box.<$a>: int = <any>\nprint(box)"),
    (1, "del <name>"), (1, "del <name>, <name>"), (2, "assert <bool>, <any>"), (1, "pass"), (1, "def <$a>():\n    global <$b>, gvar\n    <$b> = gvar = <any>\n<$a>()\nprint(<$b>, gvar)"), (1, "def <$a>():\n    global <$b>\n    del <$b>\n<$a>()"), (1, "import math as <$a>, os.path\nprint(<$a>.floor(<float>))"), (1, "from sys import maxsize as <$a>, nope"), (1, "from collections import deque as <$a>\nprint(<$a>(<list>, 2))"), (1, "import nope.<$a>"),
    (3, "if <bool>:\n    <block>\nelif <any>:\n    <block>\nelse:\n    <block>"), (3, "if <bool>:\n    <block>"), (2, "if (<$a> := <any>) and <bool>:\n    print(<$a>)\n    <block>"),
    (4, "for <$a> in <iter>:\n    tick()\n    <loop>"), (2, "for <$a> in <iter>:\n    tick()\n    <loop>\nelse:\n    <block>"), (2, "for <$a>, *<$b> in <iter>:\n    tick()\n    print(<$a>, <$b>)\n    <loop>"), (1, "for box.v in <iter>:\n    tick()\n    print(box)"),
    (2, "<$a> = 0\nwhile <$a> < 3:\n    <$a> += 1\n    tick()\n    <loop>\nelse:\n    <block>"), (2, "<$a> = 0\nwhile True:\n    <$a> += 1\n    tick()\n    if <$a> > 2: break\n    <loop>"),
    (4, "try:\n    <block>\nexcept <caught> as <$a>:\n    print('caught', <$a>)\n    <block>"), (3, "try:\n    <block>\n    raise <error>\nexcept <caught> as <$a>:\n    print('caught', <$a>)\nexcept Exception:\n    <block>\nelse:\n    <block>\nfinally:\n    <final>"), (2, "try:\n    <block>\nfinally:\n    print('finally')\n    <final>"),
    (2, "try:\n    raise <error>\nexcept* <group> as <$a>:\n    print('star', <$a>)\nexcept* OSError:\n    <plain>\nelse:\n    <plain>\nfinally:\n    <plain>"), (1, "try:\n    <block>\nexcept <caught> as <$a>:\n    raise <error> from <$a>"), (1, "try:\n    <block>\nexcept <caught>:\n    raise"), (2, "try:\n    try:\n        <$a> = ExceptionGroup('g', [ValueError(1), OSError(2, 'x'), KeyError(3)])\n        <$a>.add_note(<str>)\n        raise <$a>\n    except* ValueError:\n        raise\n    except* <group>:\n        <plain>\nexcept ExceptionGroup as <$b>:\n    print(<$b>)"),
    (2, "print(f'{<$a>}', f'{(<float>):{<fspec>}}', format(<float>, <fspec>), '<percent>' % <float>)".replace("{<$a>}", "{ <any>}")), (1, "try:\n    <block>\nexcept:\n    print('bare')"),
    (2, "raise <error>"), (1, "raise <error> from <error>"), (1, "raise <error> from None"), (1, "raise"), (1, "try:\n    <error>.add_note(<any>)\n    raise <error>\nexcept BaseException as <$a>:\n    <$a>.add_note(<str>)\n    print(<$a>)"),
    (3, "with Box(<any>) as <$a>:\n    <block>"), (1, "with Box(<any>) as (<$a>, <$b>), Box(<any>):\n    <block>"), (1, "with (Box(<any>) as <$a>, <any> as <$b>):\n    <block>"), (1, "with Box(<any>), Box(<error>) as <$a>:\n    <block>"),
    (3, "match <any>:\n    case <pattern>:\n        <block>\n    case <pattern> if <bool>:\n        <block>\n    case _:\n        <block>"), (3, "match <any>:\n    case <pattern>:\n        <block>\n    case <pattern>:\n        <block>"), (1, "match <any>, <any>:\n    case <pattern>, <pattern>:\n        <block>\n    case [*_]:\n        print('other')"),
    (3, "def <$a>(q=<any>, *r, s: <any> = <any>, **t) -> <any>:\n    <body>\nattempt('<$a>', <$a>)\nattempt('<$a>', <$a>, <any>, <any>)\nattempt('<$a>', lambda: <$a>(s=<any>, u=1))"), (2, "def <$a>():\n    nonlocal <own>\n    <own> = <any>\n    return <own>\nprint(<$a>(), <own>)"),
    (2, "def <$a>(q):\n    <gbody>\nprint(list(itertools.islice(<$a>(<any>), 9)))"), (3, "def <$a>(q):\n    <gbody>\n<$b> = <$a>(<any>)\nattempt('next', next, <$b>)\nattempt('send', <$b>.send, <any>)\nattempt('throw', <$b>.throw, <error>)\nattempt('next', next, <$b>, 'end')\nattempt('close', <$b>.close)"),
    (1, "<$a> = (<any+$b:int> for <$b> in <iter>)\nprint(next(<$a>, 'none'), list(<$a>))"), (1, "@functools.lru_cache\ndef <$a>(q): return <any>\nattempt('<$a>', lambda: (<$a>(<any>), <$a>(1)))"), (1, "type <$a> = <any>\nattempt('alias', lambda: (<$a>, <$a>.__value__))"), (1, "type <$a>[T: int, *U, **P] = <any>\nprint(<$a>.__type_params__)"),
    (1, "def <$a>[T: <any>, *U, **P](q: T = <any>):\n    <body>\nprint(<$a>.__type_params__, <$a>.__annotations__ and 1)\nattempt('<$a>', <$a>)"), (1, "<any>"), (1, "[print(<$a>) for <$a> in <iter>]"), (1, "async def <$a>(q=<any>):\n    <abody>\nattempt('<$a>', lambda: asyncio.run(<$a>()))"),
    (1, "class <$a>:\n    <$b> = <any>\n    print(<$b>)\n    def f(self): return self.<$b>\nprint(<$a>().f())\nprint(<$a>.<$b>)"), (1, "def <$a>(n=4):\n    tick()\n    return <any> if n < 1 else (n, <$a>(n - 1))\nprint(<$a>())"), (1, "def <$a>():\n    <$b> = <any>\n    def inner():\n        nonlocal <$b>\n        del <$b>\n    inner()\n    return <$b>\nattempt('<$a>', <$a>)"), (1, "def <$a>():\n    global gvar\n    class <$b>:\n        z = gvar\n        gvar = <any>\n        y = (gvar, <any>)\n    return <$b>.y\nprint(<$a>())"),
    (1, "class <$a>:\n    z = <any>\n    type al = (z, gvar)\n    def m[T: (gvar, z)](self): pass\nprint(<$a>.al.__value__, <$a>.m.__type_params__[0].__bound__)"),
    (1, "lambda_ = lambda: (yield from <iter>)\nattempt('yf', lambda: list(lambda_()))"),
]

PATTERNS = ["0", "-1", "'abc'", "None", "True", "1.5", "b'a'", "0 | 1 | 2", "[]", "[<$a>, *<$b>]", "[<pattern>, <pattern>]", "(<$a>, <$b>)", "{}", "{'a': <$a>}", "{'a': <pattern>, **<$a>}", "{1: _, **<$a>}", "str()", "int() as <$a>", "str(<$a>)", "int() | str()", "Box(v=<pattern>)", "Point(<pattern>, y=<$a>)",
            "Point(x=0)", "[*_]", "[_, *<$a>, _]", "(<pattern>) as <$a>", "math.pi", "1 + 2j", "-1.5j", "[<pattern>, *_]", "list([<$a>])", "dict(a=1)", "float(<$a>) | complex(<$a>)", "Box()", "tuple((<$a>, *_))", "Point(<$a>, <$b>)", "[[<$a>], *_] | [<$a>]", "int(1)", "bool(True)", "{**<$a>}", "bytes() | bytearray()", "frozenset()"]

WEIGHTS = [w for w, _ in STATEMENTS]

PRELUDE = """class Box:
    def __init__(self, v): self.v = v
    def __enter__(self):
        print('enter', self.v)
        return self.v
    def __exit__(self, kind, value, tb):
        print('exit', kind and kind.__name__)
        return kind is TypeError
    def __add__(self, other): return ('add', self.v, other)
    def __eq__(self, other): return self.v == other
    def __lt__(self, other): return NotImplemented if isinstance(other, str) else bool(self.v)
    __hash__ = None
    def __repr__(self): return f'Box({self.v!r})'
class Point:
    __match_args__ = ('x', 'y')
    def __init__(self, x, y): self.x, self.y = x, y
    def __repr__(self): return f'Point({self.x!r}, {self.y!r})'
class Turn:
    def __init__(self, items): self.items = list(items)
    def __aiter__(self): return self
    async def __anext__(self):
        tick()
        await asyncio.sleep(0)
        if not self.items: raise StopAsyncIteration
        return self.items.pop(0)
    async def __aenter__(self):
        print('aenter')
        return self
    async def __aexit__(self, *a):
        print('aexit', a[0] and a[0].__name__)
        return a[0] is KeyError
box = Box(0)
gvar = 1
lambda_ = None
"""

# How the body of a function may go on: what stands in place of `return`.
WAYS = {"function": [(6, "return <any>"), (1, "return"), (1, "return <tuple>, *<list>")], "generator": [(5, "yield <any>"), (3, "<=yields>"), (2, "yield from <iter>"), (2, "return <any>"), (1, "print((yield))"), (1, "print('got', (yield <any>))")],
        "coroutine": [(4, "<=awaits>"), (3, "await asyncio.sleep(0)"), (2, "print(await <awaitable>)"), (2, "async for <$a> in Turn(<iter>):\n    tick()\n    <loop>"), (1, "async for <$a> in Turn(<iter>):\n    print(<$a>)\nelse:\n    <block>"), (2, "async with Turn(<list>) as <$a>, Turn('a'):\n    <block>"), (2, "return <any>"),
                      (1, "print([<any+$a:int> async for <$a> in Turn(<iter>) if await asyncio.sleep(0, <bool>)])"), (1, "print({<$a>: await asyncio.sleep(0, <any>) async for <$a> in Turn(range(2))}, {<$b> async for <$b> in Turn('a')})"), (1, "print([x async for x in (await asyncio.sleep(0, y) for y in <iter>)])"),
                      (1, "async def <$a>():\n    <agbody>\nasync for <$b> in <$a>():\n    tick()\n    print(<$b>)"), (1, "async def <$a>():\n    <agbody>\n<$b> = <$a>()\nattempt('anext', lambda: <$b>.__anext__)\nprint(await anext(<$b>, 'none'))\nawait <$b>.aclose()"),
                      (1, "async def <$a>():\n    <agbody>\n<$b> = <$a>()\ntry:\n    print(await <$b>.asend(None))\n    print(await <$b>.athrow(<error>))\nexcept Exception as e:\n    print(e)"),
                      (2, "async def <$a>(n):\n    print('start', n)\n    await asyncio.sleep(0)\n    <abody>\nprint(await asyncio.gather(<$a>(1), <$a>(2), return_exceptions=True))"), (1, "async def <$a>():\n    <abody>\n<$b> = asyncio.create_task(<$a>())\nawait asyncio.sleep(0)\nprint(<$b>.done(), <$b>.cancel(), <$b>.cancelled())\nprint(await asyncio.gather(<$b>, return_exceptions=True), <$b>.cancelled())"),
                      (1, "async def <$a>():\n    <abody>\nasync with asyncio.TaskGroup() as <$b>:\n    <$c> = <$b>.create_task(<$a>())\n    <block>\nprint(<$c>.done())"), (1, "<$a> = asyncio.Queue(1)\nasync def <$b>():\n    for i in <iter>:\n        tick()\n        await <$a>.put(i)\n    await <$a>.put(None)\n<$c> = asyncio.create_task(<$b>())\nwhile (v := await <$a>.get()) is not None:\n    print(v)\nawait <$c>"),
                      (1, "async with asyncio.Lock() as <$a>, asyncio.timeout(None):\n    <block>"), (1, "try:\n    async with asyncio.timeout(-1):\n        await asyncio.sleep(1)\n        print('never')\nexcept TimeoutError as e:\n    print(e)"), (1, "print(await asyncio.wait_for(<awaitable>, None))"), (1, "try:\n    await asyncio.wait_for(asyncio.sleep(9), 0)\nexcept TimeoutError as e:\n    print('late', e)"),
                      (1, "<$a> = asyncio.get_running_loop().create_future()\n<$a>.add_done_callback(lambda f: print('cb', f.result()))\n<$a>.set_result(<any>)\nprint(await <$a>)"), (1, "<$a> = asyncio.Event()\nasyncio.get_running_loop().call_soon(<$a>.set)\nprint(await <$a>.wait())"), (1, "async with Turn([1]):\n    raise <error>"),
                      (2, "<$a> = asyncio.Queue()\nasync def <$b>(n):\n    print('got', n, await <$a>.get())\n    <$a>.task_done()\n<$c> = [asyncio.create_task(<$b>(n)) for n in range(3)]\nawait asyncio.sleep(0)\nfor i in range(3):\n    tick()\n    await <$a>.put((i, <any>))\nawait <$a>.join()\nprint(<$a>.qsize(), <$a>.empty(), len(<$c>))"),
                      (1, "<$a> = asyncio.<queue>(2)\nawait <$a>.put((2, 'x'))\n<$a>.put_nowait((1, 'y'))\ntry: <$a>.put_nowait(0)\nexcept asyncio.QueueFull as e: print('full', e)\nprint(<$a>.get_nowait(), await <$a>.get())\ntry: <$a>.get_nowait()\nexcept asyncio.QueueEmpty: print('empty')"),
                      (1, "<$a> = asyncio.Semaphore(2)\nasync def <$b>(n):\n    async with <$a>:\n        print('in', n)\n        await asyncio.sleep(0)\n    print('out', n)\nprint(await asyncio.gather(*[<$b>(n) for n in range(4)]))"),
                      (1, "<$a> = asyncio.Condition()\nasync def <$b>(n):\n    async with <$a>:\n        await <$a>.wait()\n        print('woken', n)\n<$c> = [asyncio.create_task(<$b>(n)) for n in range(3)]\nawait asyncio.sleep(0)\nasync with <$a>:\n    <$a>.notify(2)\nawait asyncio.sleep(0)\nasync with <$a>:\n    <$a>.notify_all()\nawait asyncio.gather(*<$c>)"),
                      (1, "async def <$a>(n):\n    for i in range(n):\n        tick()\n        print('step', n, i)\n        await asyncio.sleep(0)\n    return n, <any>\nprint(await asyncio.gather(*map(<$a>, (3, 1, 2))))"),
                      (1, "<$a> = [asyncio.ensure_future(asyncio.sleep(0, i)) for i in range(3)]\nfor f in asyncio.as_completed(<$a>):\n    tick()\n    print(await f)"), (1, "<$a> = [asyncio.ensure_future(asyncio.sleep(0, i)) for i in range(3)]\n<$b>, <$c> = await asyncio.wait(<$a>, return_when=asyncio.<when>)\nprint(sorted(t.result() for t in <$b>), len(<$c>))"),
                      (1, "<$a> = asyncio.create_task(asyncio.sleep(1), name='n')\nasyncio.get_running_loop().call_soon(<$a>.cancel, <str>)\ntry:\n    await <$a>\nexcept asyncio.CancelledError as e:\n    print('cancelled', e.args, <$a>.cancelled(), <$a>.get_name())"),
                      (1, "async def <$a>():\n    try:\n        await asyncio.sleep(9)\n    except asyncio.CancelledError:\n        print('stop', asyncio.current_task().cancelling())\n        <block>\n        raise\n    finally:\n        print('done')\n<$b> = asyncio.create_task(<$a>())\nawait asyncio.sleep(0)\n<$b>.cancel()\nprint(await asyncio.gather(<$b>, return_exceptions=True))"),
                      (1, "<$a> = asyncio.Barrier(2)\nprint(sorted(await asyncio.gather(<$a>.wait(), <$a>.wait())))")],
        "agenerator": [(5, "yield <any>"), (3, "print((yield <any>))"), (2, "await asyncio.sleep(0)"), (1, "return"), (2, "<=awaits>"), (1, "async for <$a> in Turn(<iter>):\n    tick()\n    yield <$a>")]}
TEMPLATES["awaitable"] = ["asyncio.sleep(0, <any>)", "asyncio.gather(asyncio.sleep(0, <any>), asyncio.sleep(0, 1))", "asyncio.ensure_future(asyncio.sleep(0, <any>))", "asyncio.shield(asyncio.sleep(0, <any>))", "<any>", "asyncio.create_task(asyncio.sleep(0, <any>))"]
TEMPLATES["queue"] = ["Queue", "LifoQueue", "PriorityQueue"]
TEMPLATES["when"] = ["ALL_COMPLETED", "FIRST_COMPLETED", "FIRST_EXCEPTION"]
TEMPLATES["yields"] = ["(yield <any>)", "(yield from <iter>)"]
TEMPLATES["awaits"] = ["await <awaitable>", "await asyncio.sleep(0, <any>)", "await asyncio.sleep(0) or <any>"]
FIXED = {"attr", "caught", "group", "queue", "when", "small", "fspec", "percent"}
BLOCKS = {"block", "loop", "final", "body", "gbody", "abody", "agbody", "plain"}


class Writer:
    def __init__(self, dice):
        self.dice, self.counter, self.functions, self.lines = dice, 0, [], []

    def fresh(self):
        self.counter += 1
        return f"v{self.counter}"

    # --- expressions ---

    def expression(self, kind, names, depth=0):
        d = self.dice
        if kind == "any":
            kind = d.choice(KINDS[:9] * 3 + KINDS + ["call"])
        elif kind == "usual":
            kind = d.choice(USUAL[:8])
        elif kind in LEAVES and d.random() < 0.025:
            kind = d.choice(KINDS)
        if kind == "pattern":
            return self.fill(d.choice(PATTERNS[:9] if depth > 1 else PATTERNS), names, depth + 1)
        if kind in LEAVES and kind != "spec":
            fitting = [n for n, k in names if k == kind]
            if fitting and d.random() < (0.35 if depth < 2 else 0.7):
                return d.choice(fitting)
            if depth >= 3 or d.random() < 0.3:
                return "(" + d.choice(LEAVES[kind]) + ")"
            if self.functions and d.random() < 0.04:
                return self.call(names, depth)
            if d.random() < 0.05:
                return self.fill(f"(<{kind}> if <bool> else <{kind}>)", names, depth + 1)
        elif kind == "spec":
            return d.choice(LEAVES["spec"])
        if depth >= 4:
            return "(" + d.choice(LEAVES.get(kind) or LEAVES["int"]) + ")" if kind not in FIXED else self.dice.choice(TEMPLATES[kind][:3])
        if kind == "name":
            return d.choice(names)[0] if names else "gvar"
        if kind == "augmented":
            return d.choice(AUGMENTED)
        template = d.choice(TEMPLATES[kind])
        filled = self.fill(template, names, depth + 1)
        # CPython 3.13.0 shows backslashes, and what lies behind a comparison or a lambda's colon, wrongly in `=` fields.
        if ("=}" in template or "=:" in template) and any(part in filled[2:-1] for part in ("\\", "!=", "'", '"', "lambda")):
            return self.fill("f'{(<small>)=:#x}'", names, 4)
        return filled

    def call(self, names, depth):
        name, count = self.dice.choice(self.functions)
        parts = [self.expression("any", names, depth + 1) for _ in range(count)]
        return f"{name}({', '.join(parts)})"

    def fill(self, template, names, depth, fresh=None):
        fresh = {} if fresh is None else fresh

        def hole(match):
            if match["fresh"]:
                return fresh.setdefault(match["fresh"], None) or fresh.__setitem__(match["fresh"], self.fresh()) or fresh[match["fresh"]]
            inner = list(names)
            for bind in match["binds"].split("+")[1:]:
                name, _, kind = bind.partition(":")
                if not fresh.get(name):
                    fresh[name] = self.fresh()
                inner.append((fresh[name], kind))
            return self.expression(match["kind"], inner, depth)

        return HOLE.sub(hole, template)

    # --- statements ---

    def emit(self, indent, line):
        self.lines.append("    " * indent + line)

    def block(self, indent, names, depth, loop, way, own=()):
        names = list(names)
        for _ in range(self.dice.choice([1, 1, 2, 3])):
            self.statement(indent, names, depth, loop, way, own)

    def statement(self, indent, names, depth, loop, way, own=()):
        d = self.dice
        if loop and d.random() < 0.08:
            return self.emit(indent, d.choice(["break", "continue", "if gvar: continue"]))
        if way and d.random() < (0.12 if way == "function" else 0.4):
            ways = WAYS[way]
            template = d.choices([t for _, t in ways], [w for w, _ in ways])[0]
        else:
            template = d.choices([t for _, t in STATEMENTS], WEIGHTS)[0]
        if depth > 2 and "\n    <" in template or "async def" in template and way == "coroutine" and depth > 1:
            template = d.choice(["print(<any>)", "<=usual>", "<=usual>"])
        if "async def" in template and "asyncio.run" in template and way in ("coroutine", "agenerator"):
            template = "print(<any>)"
        if "<own>" in template:
            if not own:
                template = "<=usual>"
            else:
                template = template.replace("<own>", d.choice(own))
        self.instance(template, indent, names, depth, loop, way, own)

    def instance(self, template, indent, names, depth, loop, way, own):
        if template.startswith("<="):
            kind = template[2:-1]
            known = [n for n, k in names if n.startswith("v")]
            name = self.dice.choice(known) if known and self.dice.random() < 0.3 else self.fresh()
            expression = self.expression(kind, names)
            kind = kind if kind in LEAVES else "int"
            self.emit(indent, f"{name} = {expression}")
            if (name, kind) not in names:
                names.append((name, kind))
            return
        fresh, inside = {}, []
        for line in template.split("\n"):
            bare = line.strip()
            deeper = indent + (len(line) - len(line.lstrip())) // 4
            if bare[1:-1] in BLOCKS and bare.startswith("<"):
                self.inner(bare[1:-1], deeper, names + inside, depth, loop, way, own)
            else:
                self.emit(deeper, self.fill(bare, names, 0, fresh))
                if bare.startswith(("for ", "async for ", "with ", "async with ")) or "except" in bare or bare.startswith("case"):
                    inside += [(n, self.dice.choice(KINDS[:4])) for n in fresh.values() if n]

    def inner(self, kind, indent, names, depth, loop, way, own):
        if kind in ("body", "gbody", "abody", "agbody"):
            way = {"body": "function", "gbody": "generator", "abody": "coroutine", "agbody": "agenerator"}[kind]
            self.body(indent, names + ([("q", "int")] if kind in ("body", "gbody") else []), way, depth + 1)
        elif kind == "plain":
            self.emit(indent, self.fill("print(<any>)", names, 0))
        else:
            self.block(indent, names, depth + 1, loop if kind != "loop" else True, way, own)

    def body(self, indent, names, way, depth):
        d = self.dice
        self.emit(indent, "tick()")
        # What the body assigns is its own: mostly it starts with names of its own.
        kept = [(n, k) for n, k in names if not n.startswith("v")] if d.random() < 0.7 else list(names)
        own = []
        for kind in ("int", "str", "list"):
            name = self.fresh()
            self.emit(indent, f"{name} = {self.expression(kind, kept)}")
            kept.append((name, kind))
            own.append(name)
        if way in ("generator", "agenerator"):
            self.emit(indent, self.fill("yield <any>", kept, 0))
        for _ in range(d.choice([1, 2, 2, 3])):
            self.statement(indent, kept, depth, False, way, own)
        if way == "function":
            self.emit(indent, "return " + self.expression("any", kept))

    def program(self):
        d = self.dice
        for number in range(d.choice([1, 2, 3])):
            count = d.randrange(4)
            names = [(f"p{i}", d.choice(KINDS[:7])) for i in range(count)]
            self.emit(0, f"def f{number}({', '.join(n for n, _ in names)}):")
            self.body(1, names, d.choice(["function", "function", "generator"]), 0)
            arguments = [self.expression("usual", [], 1) for _ in range(count)]
            self.emit(0, f"attempt('f{number}', lambda: f{number}({', '.join(arguments)}))")
            self.functions.append((f"f{number}", count))
        names = []
        if d.random() < 0.05:
            self.emit(0, d.choice(["from math import *\nprint(floor(2.5), pi)", "from operator import *\nprint(add(1, 2))", "from nope import *"]))
        if d.random() < 0.35:
            self.emit(0, "async def main():")
            self.body(1, [], "coroutine", 0)
            self.statement(1, names, 0, False, "coroutine")
            self.emit(0, "asyncio.run(main())")
        for _ in range(4):
            self.emit(0, "try:")
            self.statement(1, names, 0, False, None)
            self.emit(0, "except Exception as e: print('top', e)")
        return PRELUDE + "\n".join(self.lines) + "\n"
