"""Programs about classes and calls: special methods, descriptors, metaclasses, slots, orders of bases, argument kinds."""
import language
import values

BINARY = ["add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "matmul", "and", "or", "xor", "lshift", "rshift", "divmod"]
SYMBOLS = dict(zip(BINARY, ["+", "-", "*", "/", "//", "%", "**", "@", "&", "|", "^", "<<", ">>"]))
COMPARE = {"lt": "<", "le": "<=", "eq": "==", "ne": "!=", "gt": ">", "ge": ">="}
UNARY = {"neg": "-{}", "pos": "+{}", "invert": "~{}", "abs": "abs({})", "len": "len({})", "bool": "not {}", "int": "int({})", "float": "float({})", "complex": "complex({})", "index": "'abcdef'[{}]", "str": "str({})", "repr": "repr({})",
         "hash": "type(hash({}))", "iter": "list({})", "next": "next({})", "reversed": "list(reversed({}))", "bytes": "bytes({})", "round": "round({})", "trunc": "math.trunc({})", "floor": "math.floor({})", "ceil": "math.ceil({})",
         "length_hint": "operator.length_hint({})", "dir": "type(dir({}))", "call": "{}(1, k=2)", "enter": "with_({})", "fspath": "open_({})", "sizeof": "{}.__sizeof__() == 3", "copy": "copy_({})"}
ONE = {"getitem": "{}[<key>]", "contains": "<any> in {}", "format": "f'{{{}:<spec>}}'", "missing": "{}[<key>]", "getattr": "{}.nope", "getattribute": "{}.some", "delitem": "del_({}, <key>)", "delattr": "delattr({}, 'x')", "instancecheck": "isinstance(<any>, {})",
       "subclasscheck": "issubclass(int, {})", "class_getitem": "type({})[<any>]", "set_name": "type('Q', (), {{'n': {}}})", "get": "hold({}).field", "delete": "delattr(hold({}), 'field')", "round": "round({}, 2)", "setitem": "set_({}, <key>, <any>)",
       "setattr": "setattr({}, 'x', <any>)", "set": "setattr(hold({}), 'field', <any>)", "init_subclass": "type('Q', (type({}),), {{}}, a=1)", "mro_entries": "class_({})", "exit": "with_({})", "await": "asyncio.run(wait_({}))", "del": "type({})() and None"}

PRELUDE = language.PRELUDE + values.ODD + """
def with_(x):
    with x as y:
        print('in', y)
        raise KeyError('k')
def open_(x):
    import os
    return os.fspath(x)
def copy_(x):
    import copy
    return copy.copy(x)
def del_(x, k): del x[k]
def set_(x, k, v): x[k] = v
def hold(x):
    return type('Hold', (), {'field': x})()
def class_(x):
    class K(x): pass
    return K.__mro__, K.__orig_bases__
async def wait_(x):
    return await x
def same(v): return v
def note(*a):
    print('note', *a)
    return a[-1] if a else None
def deco(*a):
    print('deco', len(a))
    return lambda f: f
class Meta(type):
    @classmethod
    def __prepare__(mcls, name, bases, **kw):
        print('prepare', name, kw)
        return {'prepared': 1}
    def __new__(mcls, name, bases, space, **kw):
        print('new', name, sorted(k for k in space if not k.startswith('__')), kw)
        return super().__new__(mcls, name, bases, dict(space))
    def __init__(cls, name, bases, space, **kw):
        print('init', name)
        super().__init__(name, bases, space)
    def __call__(cls, *a, **k):
        print('call', cls.__name__, a, k)
        return super().__call__(*a, **k)
    def __len__(cls): return 7
    def __getattr__(cls, name):
        if name.startswith('__'): raise AttributeError(name)
        return 'meta ' + name
class Field:
    def __init__(self, n): self.n = n
    def __set_name__(self, owner, name): print('set_name', owner.__name__, name)
    def __get__(self, obj, owner=None):
        print('get', obj is None)
        return self.n
class Data(Field):
    def __set__(self, obj, v):
        print('set', v)
        self.n = v
    def __delete__(self, obj): print('delete')
"""


class Classes(language.Writer):
    def special(self, name):
        """A special method that notes that it was called, and what it answers."""
        d = self.dice
        answer = d.choice(["<int>", "<any>", "NotImplemented", "self", "<str>", "<int>", "(self.n, <any>)", "super().__%s__(*a)" % name])
        usual = {"str": "<str>", "repr": "'me'", "len": "<int> & 15", "bool": "<bool>", "hash": "<int>", "index": "<int> & 3", "int": "<int>", "float": "<float>", "iter": "iter(<list>)", "next": "<any>", "contains": "<bool>", "format": "<str>", "complex": "<complex>", "init_subclass": "None", "length_hint": "3",
                 "getattribute": "object.__getattribute__(self, *a)", "set_name": "None", "dir": "['b', 'a']", "mro_entries": "(int,)", "exit": "<bool>", "setattr": "object.__setattr__(self, *a)", "await": "iter(())", "reversed": "iter(<list>)", "bytes": "<bytes>", "fspath": "<str>", "get": "<any>", "set": "None", "copy": "self"}
        if name in usual and d.random() < 0.7:
            answer = usual[name]
        lines = [f"def __{name}__(self, *a, **k):"]
        if name not in ("repr", "hash", "getattribute", "str", "getattr", "bool"):
            lines.append(f"    print('{name}', *[v if type(v) in (int, str) else type(v).__name__ for v in a], *k)")
        if d.random() < 0.06:
            lines.append("    raise " + self.expression("error", []))
        lines.append("    return " + self.fill(answer, [], 2))
        if name in ("class_getitem", "init_subclass"):
            lines[0] = lines[0].replace("self", "cls")
            lines[-1] = lines[-1].replace("self", "cls") if "super" not in lines[-1] else "    return None"
        return lines

    def class_text(self, name, bases):
        d = self.dice
        head = list(bases)
        if d.random() < 0.2:
            head.append("metaclass=Meta" + d.choice(["", ", tag=<int>"]))
        elif d.random() < 0.08:
            head.append("tag=1")
        params = d.choice(["", "", "", "", "[T]", "[T: int = str]", "[*Ts]", "[**P]"])
        if d.random() < 0.2:
            self.emit(0, d.choice(["@deco()", "@deco(1)\n@functools.total_ordering", "@functools.total_ordering", "@(lambda c: c)", "@(note := note)"]))
        self.emit(0, self.fill(f"class {name}{params}({', '.join(head)}):" if head or d.random() < 0.5 else f"class {name}{params}:", [], 2))
        specials = d.sample(BINARY, 2) + d.sample(list(COMPARE), 2) + d.sample(list(UNARY), 2) + d.sample(list(ONE), 2)
        self.emit(1, d.choice(["n = 5", "'doc'", "__slots__ = ('s1', 's2')", "__slots__ = ('n',)", "__match_args__ = ('n', 'm')", "n: int = 3", "m: <any>".replace("<any>", "int"), "n = Field(4)", "n = Data(4)", "__hash__ = None", "x = y = 2", "__slots__ = 'one'", "locals()['n'] = 9", "__eq__ = None"]))
        if d.random() < 0.5:
            self.emit(1, "def __init__(self, *a, **k):")
            self.emit(2, d.choice(["self.n = a[0] if a else 0", "super().__init__()", "self.n = self.m = 1", "super().__init__(*a, **k); self.n = 2", "self.__hidden = 3; self.n = self.__hidden"]))
        for special in specials:
            form = d.choice(["", "", "", "r", "i"]) if special in BINARY else ""
            for line in self.special(form + special if not (form == "i" and special == "divmod") else special):
                self.emit(1, line)
            self.used.append((form, special))
        extra = d.choice([["@property", "def p(self): return <any>", "@p.setter", "def p(self, v): print('p', v)"], ["@staticmethod", "def st(*a): return a, <any>"], ["@classmethod", "def cm(cls, *a): return cls.__name__, a"], ["def m(self, x=<any>, *, y: <any> = 1): return x, y, __class__.__name__"],
                          ["@functools.cached_property", "def cp(self): return note(<any>)"], ["class Inner:", "    z = <any>"], ["f = lambda self, *a: (a, <any>)"], ["async def am(self): return <any>"], ["def gm(self):", "    yield <any>", "    yield self.n"], ["if <bool>: w = <any>", "else: u = <any>"], ["for i in range(3): pass"],
                          ["a, *b = <list>", "del a"], ["@functools.singledispatchmethod", "def sd(self, a): return 'any'", "@sd.register", "def _(self, a: int): return 'int'"], ["t = [k for k in range(3)]", "c = lambda self: super().__init__"]])
        for line in extra:
            self.emit(1, self.fill(line, [], 2))

    def operate(self, x, used):
        d = self.dice
        form, name = d.choice(used)
        other = d.choice(["y", "x", "z", "<any>", "<int>", "<str>"])
        if name in SYMBOLS:
            symbol = SYMBOLS[name]
            template = f"({other}) {symbol} {x}" if form == "r" else f"{x} {symbol} ({other})"
            if form == "i":
                self.emit(0, "try:")
                self.emit(1, self.fill(f"w = {x}; w {symbol}= {other}; print('w', w)", [], 2))
                self.emit(0, "except Exception as e: print(failure(e))")
                return
        elif name == "divmod":
            template = f"divmod({x}, {other})"
        elif name in COMPARE:
            template = f"{x} {COMPARE[name]} ({other})"
        else:
            template = (UNARY | ONE)[name].format(x)
        self.emit(0, self.fill(f"attempt('{form}{name}', lambda: {template})", [], 2))

    def program(self):
        d = self.dice
        made = []
        for letter in "ABC":
            self.used = getattr(self, "used", [])
            bases = d.sample(made, min(len(made), d.choice([0, 1, 1, 2]))) if made else []
            if d.random() < 0.2:
                bases.append(d.choice(["int", "str", "list", "dict", "tuple", "Exception", "object", "float", "set", "Odd", "bytes", "bool", "type", "typing.Generic[T]", "list[int]"]))
            self.emit(0, f"class {letter}: n = 0")
            start = len(self.lines)
            self.class_text(letter, bases)
            body = self.lines[start:]
            self.lines[start:] = ["try:"] + ["    " + part for line in body for part in line.split("\n")] + [f"except Exception as e: print('class', failure(e))"]
            made.append(letter)
        for var, cls in zip("xyz", "ABC"):
            self.emit(0, f"{var} = None")
            self.emit(0, self.fill(f"try: {var} = {cls}({d.choice(['', '', '<any>', '<int>, n=<any>', '*<list>'])})", [], 2))
            self.emit(0, "except Exception as e: print('make', failure(e))")
        for _ in range(8):
            self.operate(d.choice("xyz"), self.used)
        for _ in range(6):
            x = d.choice("xyz")
            X = dict(zip("xyz", "ABC"))[x]
            self.emit(0, self.fill("attempt('use', lambda: " + d.choice([f"{x}.n", f"setattr({x}, 'n', <any>)", f"delattr({x}, 'n')", f"{x}.m(same(<any>), y=<any>)", f"{x}.m(1, 2)", f"{x}.p", f"setattr({x}, 'p', 1)", f"{X}.st(<any>)", f"{X}.cm(<any>)", f"{X}.__mro__", f"{x}.nope", f"{X}.nope", f"list({x}.gm())", f"{x}.cp", f"{X}.__bases__",
                                                                       f"isinstance({x}, {X})", f"{X}.Inner.z", f"super({X}, {x}).n", f"{x}.__dict__", f"{X}.__annotations__", f"{X}.__slots__", f"{x}.__class__", f"vars({X}).get('n')", f"{X}.__type_params__", f"type({X})", f"asyncio.run({x}.am())", f"{x}.sd(same(<any>))", f"setattr({x}, '__class__', B)", f"len({X})",
                                                                       f"{x} == {x}", f"hash({x}) == hash({x})", f"{{{x}: 1}}[{x}]", f"sorted([{x}, {x}])", f"[{x}, 1].index({x})", f"max({x}, {x})", f"{X}.__init__(<any>)", f"{X}.m()", f"{X}.__qualname__", f"setattr({X}, 'n', <any>)", f"object.__new__({X})", f"{x}.n.nope", f"repr({x})", f"f'{{{x}}}'",
                                                                       f"matching({x})", f"{X}.__doc__", f"{x}.c()", f"{X}.prepared"]) + ")", [], 2))
        return PRELUDE + "T = typing.TypeVar('T')\ndef matching(v):\n    match v:\n        case A(n, m): return 'A', n, m\n        case B(n=q) | C(n=q): return 'BC', q\n        case object(): return 'object'\n" + "\n".join(self.lines) + "\n"


def call_program(dice):
    """Functions of random signatures, and right and wrong calls of them."""
    w = language.Writer(dice)
    for number in range(4):
        names = iter("abcdefgh")
        parts, defaults = [], False
        for _ in range(dice.randrange(3)):
            defaults = defaults or dice.random() < 0.25
            parts.append(next(names) + ("=" + w.expression("int", [], 3) if defaults else ""))
        if parts and dice.random() < 0.6:
            parts.append("/")
        for _ in range(dice.randrange(3)):
            defaults = defaults or dice.random() < 0.25
            parts.append(next(names) + dice.choice(["", ": int"]) + ("=" + w.expression("str", [], 3) if defaults else ""))
        star = dice.random()
        if star < 0.3:
            parts.append("*args" + dice.choice(["", ": int", ": *tuple[int]"]))
        elif star < 0.6:
            parts.append("*")
        if star < 0.6:
            for _ in range(dice.randrange(0 if star < 0.3 else 1, 3)):
                parts.append(next(names) + dice.choice(["", "=1"]))
            if parts[-1] == "*":
                parts.pop()
        if dice.random() < 0.3:
            parts.append("**kw")
        shown = [p.split("=")[0].split(":")[0].strip("*/") for p in parts]
        shown = [p for p in shown if p]
        kind = dice.choice(["def f", "def f", "async def f", "method", "lambda", "gen", "class"])
        result = f"({', '.join(shown)}{',' if shown else ''})"
        if kind == "method":
            w.emit(0, f"class K{number}:")
            w.emit(1, f"def f(self{', ' if parts else ''}{', '.join(parts)}): return {result}".replace("self, /", "self, /") if "/" not in parts else f"def f({', '.join(parts)}): return {result}")
            callee = f"K{number}().f"
        elif kind == "lambda":
            callee = f"g{number}"
            w.emit(0, f"{callee} = lambda {', '.join(p.split(':')[0] + ('=' + p.split('=')[1] if ':' in p and '=' in p else '') if ':' in p else p for p in parts)}: {result}")
        elif kind == "class":
            callee = f"K{number}"
            w.emit(0, f"class {callee}:")
            w.emit(1, f"def __init__(self{', ' if parts else ''}{', '.join(parts)}): print({result})" if "/" not in parts else "def __new__(cls, *a, **k): return (a, k)")
        else:
            callee = f"f{number}"
            w.emit(0, f"{'async ' if 'async' in kind else ''}def {callee}({', '.join(parts)}) -> 'x':")
            w.emit(1, f"return {result}" if kind != "gen" else f"return {result}; yield")
        wrap = {"async def f": "asyncio.run({})", "gen": "next({})"}.get(kind, "{}")
        for _ in range(8):
            arguments = [w.expression("int", [], 3) for _ in range(dice.randrange(5))]
            if dice.random() < 0.25:
                arguments.append(dice.choice(["*<list>", "*<tuple>", "*<any>", "*(1, 2)", "*[]"]))
            for name in dice.sample("abcdefghk", dice.choice([0, 0, 1, 2, 3])):
                arguments.append(f"{name}={w.expression('int', [], 3)}")
            if dice.random() < 0.25:
                arguments.append(dice.choice(["**<dict>", "**{'a': 1}", "**{'c': 1, 'd': 2}", "**<any>", "**{1: 2}", "**{'z y': 3}"]))
            w.emit(0, w.fill(f"attempt('call', lambda: {wrap.format(callee + '(' + ', '.join(arguments) + ')')})", [], 2))
        if kind in ("def f", "async def f", "gen"):
            w.emit(0, f"attempt('of', lambda: ({callee}.__defaults__, {callee}.__kwdefaults__, {callee}.__annotations__, {callee}.__code__.co_varnames, {callee}.__code__.co_argcount, {callee}.__code__.co_posonlyargcount, {callee}.__code__.co_kwonlyargcount))")
    return language.PRELUDE + "\n".join(w.lines) + "\n"
