"""Programs that call every method of every type of docs/language/, with interesting and with wrong arguments."""
import builtins
import os

import values
from values import KINDS

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "..")

# Receivers by type; `o` of a hint means another of these.
RECEIVERS = {
    "int": values.INTS + values.MORE_INTS + ["127", "128", "-128", "-129", "32767", "32768"], "bool": ["True", "False"], "float": values.FLOATS, "complex": values.COMPLEXES,
    "str": values.STRS, "bytes": values.BYTESES, "bytearray": [f"bytearray({b})" for b in values.BYTESES],
    "list": values.LISTS, "tuple": values.TUPLES, "dict": values.DICTS, "set": values.SETS, "frozenset": values.FROZENSETS,
    "range": values.RANGES + ["range(2**70)", "range(-2**65, 2**65, 3)"], "slice": values.SLICES, "object": ["object()"],
    "type": ["int", "type", "Odd", "type('T', (Odd,), {'x': 1})", "bool", "OSError"],
    "memoryview": ["memoryview(b'abcdef')", "memoryview(bytearray(b'xyz12345'))", "memoryview(b'')", "memoryview(bytearray(8)).cast('i')", "memoryview(b'abcdef')[::2]"],
    "enumerate": ["enumerate('abc')", "enumerate([], 5)", "enumerate('ab', 2**63)"], "filter": ["filter(None, [0, 1, 2])", "filter(str.isupper, 'aBC')"],
    "map": ["map(str, [1, 2])", "map(lambda a, b: a + b, [1, 2], [3])", "map(len, [1])"], "zip": ["zip('ab', [1])", "zip()", "zip([1], [], strict=True)"],
    "reversed": ["reversed((1, 2, 3))", "reversed('ab')"], "classmethod": ["classmethod(len)", "classmethod(lambda cls: cls)"],
    "staticmethod": ["staticmethod(len)", "staticmethod(lambda: 3)"], "property": ["property()", "property(lambda s: 1, doc='d')", "property(len, print)"],
    "super": ["super(bool, True)", "super(int)", "super(OSError, OSError(1, 'x'))"],
    "NoneType": ["None"], "NotImplementedType": ["NotImplemented"], "ellipsis": ["..."],
    "function": ["(lambda a, b=1, *c, d=2, **e: (a, b, c, d, e))", "fun", "agen"], "method": ["[].append if 0 else meth", "Odd().__iter__"],
    "builtin_function_or_method": ["len", "[1].append", "print", "dict.fromkeys", "'abc'.upper"], "method_descriptor": ["str.upper", "list.append", "dict.get"],
    "classmethod_descriptor": ["dict.__dict__['fromkeys']", "bytes.__dict__['fromhex']"], "wrapper_descriptor": ["int.__add__", "str.__len__", "object.__repr__"],
    "method-wrapper": ["(1).__add__", "'ab'.__len__"], "getset_descriptor": ["BaseException.__dict__['__cause__']", "type(fun).__dict__['__code__']"],
    "member_descriptor": ["Slotted.field", "slice.start"], "module": ["types.ModuleType('m', 'doc')", "math"],
    "code": ["fun.__code__", "compile('1 + x', 'f', 'eval')", "agen.__code__"], "frame": ["frame()"], "traceback": ["tb()"],
    "cell": ["types.CellType(3)", "types.CellType()", "closure()"], "mappingproxy": ["types.MappingProxyType({'a': 1})", "Odd.__dict__", "types.MappingProxyType({1: 2, 3: 4})"],
    "types.SimpleNamespace": ["types.SimpleNamespace(a=1, b='x')", "types.SimpleNamespace()"], "types.GenericAlias": ["list[int]", "dict[str, list[int]]", "tuple[()]", "type[int]"],
    "types.UnionType": ["int | str", "int | None", "list[int] | str"], "generator": ["gen()", "(x for x in [1, 2])", "started(gen())"], "coroutine": ["coro()"],
    "async_generator": ["agen()"], "async_generator_asend": ["agen().asend(None)"], "async_generator_athrow": ["agen().athrow(ValueError('v'))"],
    "dict_keys": ["{1: 2, 'a': 3}.keys()", "{}.keys()"], "dict_values": ["{1: 2, 'a': 3}.values()"], "dict_items": ["{1: 2, 'a': 3}.items()", "{1: []}.items()"],
    "dict_keyiterator": ["iter({1: 2, 3: 4})"], "dict_valueiterator": ["iter({1: 2}.values())"], "dict_itemiterator": ["iter({1: 2, 3: 4}.items())"],
    "dict_reversekeyiterator": ["reversed({1: 2, 3: 4})"], "list_iterator": ["iter([1, 2, 3])", "iter([])"], "list_reverseiterator": ["reversed([1, 2, 3])"],
    "tuple_iterator": ["iter((1, 2))"], "set_iterator": ["iter({1})"], "str_ascii_iterator": ["iter('abc')"], "bytes_iterator": ["iter(b'ab')"],
    "bytearray_iterator": ["iter(bytearray(b'ab'))"], "range_iterator": ["iter(range(3))", "iter(range(5, 1, -2))"], "longrange_iterator": ["iter(range(2**80, 2**80 + 3))"],
    "memory_iterator": ["iter(memoryview(b'ab'))"], "callable_iterator": ["iter([3, 2, 1].pop, 1)"], "iterator": ["iter(Indexed())"],
    "typing.TypeVar": ["generic.__type_params__[0]", "typing.TypeVar('T', int, str)", "typing.TypeVar('B', bound=int, covariant=True)"],
    "typing.TypeVarTuple": ["generic.__type_params__[1]", "typing.TypeVarTuple('Us')"], "typing.ParamSpec": ["generic.__type_params__[2]", "typing.ParamSpec('Q')"],
    "typing.TypeAliasType": ["Alias", "Listed"],
}

EXCEPTION_ARGUMENTS = {
    "OSError": ["()", "(2, 'no')", "(2, 'no', 'f')", "('x',)", "(13, 'p', 'f', None, 'g')", "(2, 'a', 'b', 3, 'c', 'd')"], "SyntaxError": ["()", "('m',)", "('m', ('f', 1, 2, 'txt'))", "('m', ('f', 1, 2, 'txt', 3, 4))", "('m', 3)"],
    "UnicodeEncodeError": ["('ascii', 'a\u00e9', 1, 2, 'why')", "()", "('utf-8', '\\ud800b', 0, 1, 'r')"], "UnicodeDecodeError": ["('utf-8', b'a\\xff', 1, 2, 'why')", "(1, 2)"],
    "UnicodeTranslateError": ["('a\u00e9b', 1, 2, 'why')", "()"], "BaseExceptionGroup": ["('g', [ValueError(1), KeyError('k')])", "('g', [])", "('g', [KeyboardInterrupt()])", "('g', 5)", "()"],
    "ExceptionGroup": ["('g', [ValueError(1), TypeError('k')])", "('g', [ExceptionGroup('h', [OSError(2, 'x')])])", "('g', [KeyboardInterrupt()])", "(1, [ValueError()])"],
}

# What the arguments of a method mostly are: the letters of values.KINDS, `?` before what may be missing.
HINTS = """
int: __new__ Ts bit_count conjugate to_bytes ?v?Z from_bytes y?Z as_integer_ratio is_integer __pow__ m?m __rpow__ m?m __lshift__ m __rshift__ m __rlshift__ m __rrshift__ m __mul__ i __format__ p __round__ ?n
float: fromhex H hex __round__ ?n __format__ p __getformat__ G __pow__ g?g __rpow__ g
complex: __format__ p __pow__ g __rpow__ g from_number x
str: capitalize casefold center n?C count s?n?n encode ?E?e endswith s?n?n expandtabs ?n find s?n?n format xx format_map d index s?n?n join I ljust n?C lower lstrip ?s partition s removeprefix s removesuffix s replace ss?n rfind s?n?n rindex s?n?n rjust n?C rpartition s rsplit ?u?n rstrip ?s split ?u?n splitlines ?n startswith s?n?n strip ?s translate D zfill n maketrans s?s?s __getitem__ k __contains__ s __mul__ n __rmul__ n __mod__ x __format__ p __add__ s __rmod__ x
bytes: center n?B count y?n?n decode ?E?e endswith y?n?n expandtabs ?n find y?n?n index y?n?n join L ljust n?B lstrip ?y partition y removeprefix y removesuffix y replace yy?n rfind y?n?n rindex y?n?n rjust n?B rpartition y rsplit ?U?n rstrip ?y split ?U?n splitlines ?n startswith y?n?n strip ?y translate M?y zfill n maketrans yy fromhex h hex ?C?n __getitem__ k __contains__ y __mul__ n __rmul__ n __mod__ x __add__ y
bytearray: append N extend y insert nN pop ?n remove N resize n __setitem__ kN __delitem__ k __iadd__ y __imul__ n
list: append x count x extend I index x?n?n insert nx pop ?n remove x sort __getitem__ k __setitem__ kx __delitem__ k __add__ l __iadd__ I __mul__ n __rmul__ n __imul__ n __contains__ x
tuple: count x index x?n?n __getitem__ k __mul__ n __rmul__ n __add__ t __contains__ x
dict: fromkeys I?x get q?x pop q?x setdefault q?x update d __getitem__ q __setitem__ qx __delitem__ q __contains__ q __or__ d __ior__ d __ror__ d
set: add q remove q discard q difference I?I difference_update I intersection I?I intersection_update I isdisjoint I issubset I issuperset I symmetric_difference I symmetric_difference_update I union I?I update I?I __contains__ q __and__ S __or__ S __sub__ S __xor__ S __rand__ S __ror__ S __rsub__ S __rxor__ S __iand__ S __ior__ S __isub__ S __ixor__ S __le__ S __lt__ S __ge__ S __gt__ S __eq__ S
range: count j index j __getitem__ k __contains__ j __eq__ r
slice: indices n
memoryview: cast G tobytes ?O __getitem__ k __setitem__ kN __enter__ __exit__ xxx hex ?C?n __eq__ y
type: mro __call__ x __instancecheck__ x __subclasscheck__ T __prepare__ sT __or__ T __ror__ T
property: getter F setter F deleter F __get__ x?T __set__ xx __delete__ x
classmethod: __get__ x?T
staticmethod: __get__ x?T __call__ x
method: __call__ ?x
function: __get__ x?T __call__ x?x
mappingproxy: get q?x __getitem__ q __contains__ q __or__ d __ror__ d
generator: send x throw w
coroutine: send J throw w
async_generator: asend J athrow w
async_generator_asend: send J throw w
async_generator_athrow: send J throw w
BaseException: with_traceback J add_note s __setstate__ d __new__ xx __init__ xx
BaseExceptionGroup: derive V split W subgroup W
wrapper_descriptor: __call__ xx __get__ x?T
method_descriptor: __call__ x?x __get__ x?T
builtin_function_or_method: __call__ x
method-wrapper: __call__ x
types.GenericAlias: __getitem__ T __call__ x __mro_entries__ t __instancecheck__ x __subclasscheck__ T
types.UnionType: __getitem__ T __instancecheck__ x __subclasscheck__ T
types.SimpleNamespace: __replace__
"""

EXTRA = {
    "u": ["None", "None", "None", "','", "'b'", "' '", "'X'", "''", "'ab'"], "U": ["None", "None", "None", "b','", "b'b'", "b' '", "b''"],
    "v": ["1", "1", "2", "8", "0", "-1", "2**70", "9"], "j": ["0", "1", "2", "3", "4", "5", "7", "-1", "-3", "True", "1.0", "'a'", "2**68", "Odd()"], "m": ["0", "1", "2", "-1", "10", "63", "64", "100", "-3", "None", "1.0", "7"], "g": ["0", "1", "2", "-1", "0.5", "-2.5", "1j", "float('nan')", "float('inf')", "10", "None", "2.0"],
    "Z": ["'big'", "'little'", "'huge'", "byteorder='big'", "signed=True", "byteorder='little', signed=True"], "H": ["'0x1.8p3'", "'-0x.1p-3'", "'inf'", "'nan'", "'0x1p2000'", "'1.5'", "'x'", "' 0x1 '", "'0x1.fffffffffffff8p0'"],
    "G": ["'double'", "'float'", "'B'", "'i'", "'c'", "'?'", "'b'", "'h'", "'Z'", "'q'", "'d'"], "C": ["'*'", "' '", "'\u00e9'", "''", "'ab'", "'-'", "b'-'", "':'"], "B": ["b'*'", "b''", "b'ab'", "bytearray(b'-')", "'-'"],
    "D": ["{97: 'X'}", "{97: None, 98: 'yy'}", "{97: 65}", "str.maketrans('abc', 'xyz')", "'abc'", "{97: 2**40}", "[1, 2]", "Odd()"], "M": ["None", "bytes(range(256))", "bytes(range(255, -1, -1))", "b'short'"],
    "L": ["[b'a', b'b']", "[]", "(b'x', bytearray(b'y'))", "['s']", "[b'a', 1]", "b'ab'"], "h": ["'00ff'", "'a b'", "'0A 0b'", "'xyz'", "'0'", "''", "'\u0661\u0661'", "b'00'"],
    "N": ["0", "65", "255", "256", "-1", "2**70", "'a'", "b'a'", "1.5", "True"], "O": ["'C'", "'F'", "'A'", "'X'", "None", "order='C'"], "J": ["None", "1", "None", "None"],
    "q": ["1", "'a'", "None", "(1, 2)", "1.0", "True", "'b'", "2", "[]", "{}", "2**64", "float('nan')", "frozenset({1})", "{1}", "Odd()", "0"],
    "w": ["ValueError", "ValueError('v')", "StopIteration(3)", "GeneratorExit", "1", "KeyError, 'k'", "KeyError, KeyError('z'), None", "StopIteration", "ValueError, 1, 2", "Odd", "ZeroDivisionError()"],
    "V": ["[ValueError('n')]", "[]", "[KeyboardInterrupt()]", "1", "(TypeError(),)"], "W": ["ValueError", "(TypeError, OSError)", "lambda e: isinstance(e, TypeError)", "KeyError", "1", "ExceptionGroup", "int", "(ValueError, 1)"],
}

# Calls whose answers are ours on purpose (docs/differences.md), or addresses, or prose: only their type is shown.
HIDDEN = {"__sizeof__", "__alloc__", "__doc__", "__dir__", "__hash__", "co_code", "_co_code_adaptive", "co_stacksize", "co_nlocals", "co_consts", "co_linetable", "co_exceptiontable", "co_lnotab", "co_positions", "co_lines",
          "co_branches", "replace_", "__weakref__", "__text_signature__", "f_lasti", "tb_lasti", "f_trace_opcodes", "co_flags", "__builtins__", "f_builtins", "__weakrefoffset__", "__basicsize__", "__itemsize__", "__dictoffset__",
          "__flags__", "f_globals", "__globals__", "f_locals", "obj_", "varnames_"}

# What docs/differences.md says is not there, or is not what it is in CPython.
ELSEWHERE = {("code", "__new__"), ("code", "_co_code_adaptive"), ("code", "_varname_from_oparg"), ("code", "co_exceptiontable"), ("code", "co_linetable"), ("code", "co_lnotab")}

PRELUDE = values.ODD + """def fun(a, /, b: int = 1, *, c='x') -> str:
    "doc"
    return (a, b, c)
class Slotted:
    __slots__ = ('field',)
class Indexed:
    def __getitem__(self, i):
        return 'ab'[i]
def gen():
    try:
        got = yield 1
        yield got
        yield 2
    except KeyError as e:
        yield e
    return 9
def started(g):
    next(g)
    return g
async def coro():
    print('runs')
    return 4
async def agen():
    try:
        yield 1
        yield 2
    except ValueError as e:
        yield e
def closure():
    x = 5
    return (lambda: x).__closure__[0]
def frame():
    import sys
    return sys._getframe()
def tb():
    try:
        1 / 0
    except ZeroDivisionError as e:
        return e.__traceback__
def generic[T, *Ts, **P](): pass
type Alias = int
type Listed[T] = list[T]
meth = Odd().__len__
"""


def read_table():
    names = {}
    with open(os.path.join(ROOT, "docs", "language", "cpython.txt")) as file:
        for line in file:
            if line.startswith("names "):
                head, _, rest = line.partition(": ")
                names[head.split()[2]] = [n for n in rest.split() if not n.startswith(".")]
    return names


def read_hints():
    hints = {}
    for line in HINTS.strip().splitlines():
        kind, _, rest = line.partition(": ")
        words, name = rest.split(), None
        for word in words:
            if word.isalnum() and len(word) < 4 and name or word.startswith("?") or "?" in word:
                hints[kind, name] = word
            else:
                name = word
                hints[kind, name] = ""
    for kind, like in (("bool", "int"), ("bytearray", "bytes"), ("frozenset", "set"), ("dict_keys", "set"), ("dict_items", "set"), ("ExceptionGroup", "BaseExceptionGroup")):
        for (k, name), hint in list(hints.items()):
            if k == like:
                hints.setdefault((kind, name), hint)
    return hints


TABLE = read_table()
HINT = read_hints()
PAIRS = [(kind, name) for kind, names in TABLE.items() for name in names]
COMMON = {"__getattribute__": "a", "__setattr__": "ax", "__delattr__": "a", "__format__": "p", "__reduce_ex__": "n", "__init_subclass__": "", "__subclasshook__": "T", "__class_getitem__": "T",
          "__getattr__": "a", "__instancecheck__": "x", "__subclasscheck__": "T", "__get__": "x?T", "__set__": "xx", "__delete__": "x", "__set_name__": "Ts"}
BINARY = {"__add__": "+", "__sub__": "-", "__mul__": "*", "__truediv__": "/", "__floordiv__": "//", "__mod__": "%", "__and__": "&", "__or__": "|", "__xor__": "^", "__lt__": "<", "__le__": "<=", "__eq__": "==", "__ne__": "!=",
          "__gt__": ">", "__ge__": ">=", "__lshift__": "<<", "__rshift__": ">>", "__pow__": "**"}
UNARY = {"__neg__": "-v", "__pos__": "+v", "__invert__": "~v", "__abs__": "abs(v)", "__len__": "len(v)", "__bool__": "not v", "__iter__": "list(v)", "__repr__": "repr(v)", "__str__": "str(v)", "__int__": "int(v)",
         "__float__": "float(v)", "__complex__": "complex(v)", "__index__": "[1, 2, 3, 4][v]", "__round__": "round(v)", "__hash__": "hash(v) == hash(v)", "__next__": "next(v)", "__reversed__": "list(reversed(v))",
         "__trunc__": "math.trunc(v)", "__floor__": "math.floor(v)", "__ceil__": "math.ceil(v)", "__length_hint__": "operator.length_hint(v)", "__call__": "v()"}
COUNTS = {"__mul__", "__lshift__", "__pow__", "__rmul__", "__imul__", "__rlshift__", "__rpow__", "__ipow__", "__ilshift__"}


class Methods:
    """Writes one program; `used` gathers what of the table it calls."""

    def __init__(self, random):
        self.random = random
        self.used = []

    def value(self, letter, kind):
        if letter == "o":
            return self.receiver(kind)
        return self.random.choice(EXTRA.get(letter) or KINDS[letter])

    def receiver(self, kind):
        if kind in RECEIVERS:
            return self.random.choice(RECEIVERS[kind])
        cls = getattr(builtins, kind)
        choices = next((EXCEPTION_ARGUMENTS[b.__name__] for b in cls.__mro__ if b.__name__ in EXCEPTION_ARGUMENTS), ["()", "('m',)", "(1, 'two')", "(None,)"])
        return kind + self.random.choice(choices)

    def arguments(self, kind, name, only=None):
        r = self.random
        hint = HINT.get((kind, name))
        if hint is None:
            hint = COMMON.get(name)
        if hint is None and kind not in RECEIVERS:
            hint = HINT.get(("BaseException", name))
        if hint is None:
            hint = r.choice(["", "o", "x"] if name.startswith("__") else ["", "", "x"])
            if name in BINARY or name.startswith(("__r", "__i")) and "__" + name[3:] in BINARY:
                hint = "o" if r.random() < 0.6 else "x"
        if r.random() < 0.12:
            hint = r.choice(["", "x", "xx", "xxx", "ss", "n"])
        found, at = [], 0
        while at < len(hint):
            if hint[at] == "?":
                at += 1
                if r.random() < 0.4:
                    break
            letter = hint[at]
            if name in COUNTS and letter in "xoi" and kind in ("int", "bool", "float", "complex", "str", "bytes", "bytearray", "list", "tuple"):
                letter = "m" if kind in ("int", "bool", "float", "complex") and "mul" not in name else "n" if kind not in ("int", "bool", "float", "complex") else letter
            found.append(self.value(letter, kind) if r.random() > 0.05 else r.choice(KINDS["n" if name in COUNTS else "x"]))
            at += 1
        if r.random() < 0.03:
            found.append(r.choice(["key=1", "**{'x': 1}", "*[1]", "sep=None"]))
        if name == "sort" and r.random() < 0.8:
            found = r.choice([[], ["reverse=True"], ["key=str"], ["key=lambda x: 1"], ["key=len"], ["reverse=1, key=repr"]])
        return found

    def step(self, kind, name, shown):
        """The lines that use one name of a type on `v`."""
        r = self.random
        self.used.append((kind, name))
        if (kind, name) in ELSEWHERE:
            return []
        hidden = name in HIDDEN or name == "__dict__" and kind not in ("function", "types.SimpleNamespace", "BaseException") or kind in ("frame", "traceback") and name in ("f_back", "__repr__", "tb_frame", "tb_next") or (kind, name) in (("module", "__repr__"), ("type", "__subclasses__"))
        call = "hidden" if hidden else "attempt"
        label = f"{shown}.{name}"
        found = self.found(kind, name)
        if not callable(found) or name in ("__class__", "__objclass__"):
            if name in ("__doc__", "__text_signature__"):
                return [f"hidden({label!r}, lambda: [v.{name}])"]
            lines = [f"{call}({label!r}, lambda: v.{name})"]
            if (kind, name) == ("builtin_function_or_method", "__module__"):
                return lines
            if r.random() < 0.4 and not (name == "object" and kind.startswith("Unicode")) and name not in ("f_lineno", "f_trace", "__class__", "__dict__", "__code__", "__bases__", "tb_next") and kind != "module":
                lines.append(f"{call}({'set ' + label!r}, lambda: setattr(v, {name!r}, {r.choice(KINDS['x'])}))")
                lines.append(f"{call}({'is ' + label!r}, lambda: v.{name})")
            if r.random() < 0.15 and kind not in ("module", "frame", "traceback"):
                lines.append(f"{call}({'del ' + label!r}, lambda: delattr(v, {name!r}))")
            return lines
        arguments = self.arguments(kind, name)
        if (kind, name) in (("code", "co_lines"), ("code", "co_positions"), ("types.GenericAlias", "__iter__")):
            return [f"hidden({label!r}, lambda: list(type(v).{name}(v)))"]
        if (kind, name) in INTERNAL:
            arguments = [r.choice(values.SMALL[:9])] if name == "__setstate__" else arguments[:INTERNAL[kind, name]] or ["'3'"]
        if hidden:
            return [f"hidden({label!r}, lambda: v.{name}({', '.join(arguments)}))"]
        if name == "__new__":
            owner = "type(v)" if r.random() < 0.8 or kind not in RECEIVERS else r.choice(["object", "int", "v", "str"])
            return [f"attempt({label!r}, lambda: type(v).__new__({', '.join([owner, *arguments])}))"]
        if r.random() < 0.35 and name in BINARY and arguments and "=" not in arguments[0][:4] and "*" not in arguments[0][:2]:
            left, right = ("v", arguments[0]) if r.random() < 0.8 or name in COUNTS else (arguments[0], "v")
            return [f"attempt({label!r}, lambda: {left} {BINARY[name]} ({right}))" if left == "v" else f"attempt({label!r}, lambda: ({left}) {BINARY[name]} v)"]
        if r.random() < 0.35 and name in UNARY:
            return [f"attempt({label!r}, lambda: {UNARY[name]})"]
        if r.random() < 0.1 and not is_class_method(kind, name):
            return [f"attempt({label!r}, lambda: type(v).{name}({', '.join(['v', *arguments])}))"]
        return [f"attempt({label!r}, lambda: v.{name}({', '.join(arguments)}))"]

    def found(self, kind, name):
        """What CPython has under the name: a callable or a datum."""
        found = FOUND.get((kind, name))
        if found is None:
            space = SPACE
            try:
                cls = getattr(builtins, kind, None) or type(eval(RECEIVERS[kind][-1], space))
                found = cls.__dict__[name]
                if isinstance(found, (classmethod, staticmethod)):
                    found = found.__func__
            except Exception:
                found = len
            found = len if callable(found) or hasattr(found, "__get__") and type(found).__name__ in ("classmethod_descriptor",) else 0
            FOUND[kind, name] = found
        return found

    def program(self, pairs):
        """A program over one type, that uses these names and a few more of the type."""
        r = self.random
        kind = pairs[0][0]
        lines = [PRELUDE]
        for number in range(2):
            receiver = self.receiver(kind)
            lines.append("try:")
            lines.append(f"    v = {receiver}")
            lines.append(f"except Exception as e: print('no', failure(e)); v = {RECEIVERS[kind][0] if kind in RECEIVERS else 'ValueError()'}")
            names = [n for _, n in pairs] + r.sample(TABLE[kind], min(3, len(TABLE[kind])))
            r.shuffle(names)
            for name in names:
                lines += self.step(kind, name, kind)
            if kind not in ("module", "frame", "traceback"):
                lines.append("attempt('v', lambda: v)")
            if kind.endswith("iterator") or kind in ("map", "zip", "filter", "enumerate", "reversed", "generator"):
                lines.append("attempt('rest', lambda: list(v))")
        return "\n".join(lines) + "\n"


def is_class_method(kind, name):
    """Whether the name is bound to the class and not to an instance."""
    return name in ("fromhex", "from_bytes", "fromkeys", "maketrans", "__init_subclass__", "__subclasshook__", "__class_getitem__", "__prepare__", "from_number")


# What CPython does here with wrong arguments is an accident of its C (docs/differences.md).
INTERNAL = {("longrange_iterator", "__setstate__"): 1, ("enumerate", "__new__"): 1, ("int", "__new__"): 2}
FOUND = {}
SPACE = {}
exec("import types, typing, math, operator\n" + PRELUDE, SPACE)
FUNCTIONS = {
    "abs": "x", "aiter": "x", "anext": "x", "all": "I", "any": "I", "ascii": "x", "bin": "i", "callable": "x", "chr": "i", "compile": "ss'exec'", "delattr": "xa", "dir": "x", "divmod": "ii", "eval": "s", "exec": "s", "format": "x?p",
    "getattr": "xa?x", "globals": "", "hasattr": "xa", "hash": "x", "hex": "i", "id": "x", "isinstance": "xT", "issubclass": "TT", "iter": "x", "len": "x", "locals": "", "max": "I", "min": "I", "next": "I?x", "oct": "i", "ord": "s",
    "pow": "mm?i", "print": "x", "repr": "x", "round": "f?n", "setattr": "xax", "sorted": "I", "sum": "I?x", "vars": "x", "__import__": "s", "__build_class__": "Fs", "input": None, "open": "s",
    "int": "s?n", "float": "s", "str": "x?E", "bytes": "n", "bytearray": "n", "complex": "f?f", "list": "I", "tuple": "I", "dict": "d", "set": "I", "frozenset": "I", "bool": "x", "range": "n?n?n", "slice": "k", "enumerate": "I?n", "zip": "II",
    "map": "FI", "filter": "FI", "reversed": "x", "type": "x", "memoryview": "y", "super": "T?x", "property": "F?F", "classmethod": "F", "staticmethod": "F", "object": "",
}
HIDDEN_FUNCTIONS = {"id", "hash", "dir", "globals", "locals", "vars", "__import__", "open"}


def eval_is_number(expression):
    """Whether an argument is a number, or something that stands for one."""
    try:
        return hasattr(eval(expression.removeprefix("*"), SPACE), "__index__")
    except Exception:
        return True


def function_program(random, wanted):
    """Calls of built-in functions and constructors."""
    methods = Methods(random)
    lines = [PRELUDE]
    for name in wanted:
        hint = FUNCTIONS[name]
        if hint is None:
            lines.append(f"attempt('{name}', lambda: callable({name}))")
            continue
        HINT["function", name] = hint.replace("'exec'", "")
        arguments = methods.arguments("function", name)
        if name == "compile" and len(arguments) == 2:
            arguments[1] = arguments[1].replace("\\ud800", "f")
            arguments.append(random.choice(["'exec'", "'eval'", "'single'", "'x'"]))
        if name in ("max", "min", "sorted") and random.random() < 0.4:
            arguments.append(random.choice(["key=str", "key=lambda x: -1", "default=3", "reverse=True", "key=None", "key=repr, default=0"]))
        if name == "print":
            arguments = arguments[:1] if arguments and "=" not in arguments[0] else []
        if name == "open" and arguments and eval_is_number(arguments[0]):
            # A descriptor that is open already would be closed with the file.
            arguments[0] = "'nope'"
        call = "hidden" if name in HIDDEN_FUNCTIONS else "attempt"
        lines.append(f"{call}('{name}', lambda: {name}({', '.join(arguments)}))")
        methods.used.append(("function", name))
    return "\n".join(lines) + "\n"
