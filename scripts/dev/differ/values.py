"""Interesting values, as expressions, by kind."""

INTS = ["0", "1", "-1", "2", "3", "7", "-5", "10", "255", "256", "-257", "True", "2**62", "-2**62", "2**63-1", "-2**63", "2**63", "2**64",
        "10**30", "-10**25", "2**61-1"]
# For receivers of methods and plain arithmetic only: as a count, these would fill the memory.
MORE_INTS = ["2**30", "2**31", "-2**31-1", "2**32", "2**53+1", "10**18", "123456789", "-987654321", "2**100-1", "7**200", "10**4299", "0x1f"]
FLOATS = ["0.0", "-0.0", "-0.0", "-0.04", "1.0", "-1.5", "0.1", "1e16", "1e-7", "123456.789", "1e22", "2.5", "-3.5", "1e308", "5e-324", "float('inf')",
          "float('-inf')", "float('nan')", "1e100", "0.30000000000000004", "2.0**53", "1/3"]
COMPLEXES = ["0j", "1j", "(1+2j)", "(-0.0-0j)", "complex(1, float('nan'))", "complex('inf')", "(3-4j)", "1e300j"]
STRS = ["''", "'a'", "'abc'", "'Hello World'", "' \\t x \\n'", "'a,b,,c'", "'a  b \\t c  d '", "'aXbXc'", "'\u00e9t\u00e9'", "'\u00df'", "'\\ud800'", "'\\U0001f600z'", "'\u0130I'", "'123'",
        "'-42'", "'1_000'", "'\u0663'", "'a\\nb\\r\\nc\\x0bd'", "'abcabcabc'", "'{0}{x!r:>5}'", "'%s %d'", "'nan'", "'\u01c6'", "'\\x00'", "'0x1F'",
        "'ab' * 20", "'__class__'", "'utf-8'", "'tE sT'", "'\u03a3\u03a3'", "'1e5'", "'a\u0301'", "'\ufb01'", "'\\t'"]
BYTESES = ["b''", "b'a'", "b'abc'", "b' x\\t'", "b'a,b,,c'", "b' a  b c '", "b'\\x00\\xff'", "b'Hello World'", "b'123'", "b'aXbXc'", "b'ab' * 20", "b'a\\nb\\r\\n'", "'\u00e9'.encode()",
           "b'\\xff\\xfea\\x00'", "b'deadBEEF'"]
LISTS = ["[]", "[1]", "[3, 1, 2]", "[1, 1.0, True]", "['b', 'a', 'C']", "[[1], [2, 3]]", "[None, 1]", "list(range(10))", "[0] * 3", "['a', 1, None]",
         "[math.nan, 0.0, -0.0]", "[(1, 2), (1, 1)]", "[2**63, -1]"]
TUPLES = ["()", "(1,)", "(1, 2, 3)", "('a', 'b')", "(1, (2, [3]))", "(None, True)", "tuple('hello')", "(0.0, -0.0)", "(3, 1, 2)", "(int, str)"]
DICTS = ["{}", "{'a': 1}", "{1: 'x', 2: 'y', 3: 'z'}", "{'a': 1, 'b': {'c': 2}}", "dict.fromkeys('abc')", "{(1, 2): 3}", "{None: 0, True: 1}", "{'x': 5, 'y': [1]}",
         "{1: 1, 1.0: 2}"]
SETS = ["set()", "{1}", "{1, 2, 3}", "set('abc')", "{(1,), None}", "{0, 0.0, False}"]
FROZENSETS = ["frozenset()", "frozenset({2})", "frozenset('ab')", "frozenset({1, 2, 3})"]
RANGES = ["range(0)", "range(5)", "range(1, 10, 3)", "range(5, 0, -2)", "range(0, 2**70, 2**68)", "range(-3, 3)"]
SLICES = ["slice(None)", "slice(1, 2)", "slice(None, None, -1)", "slice(-2, None)", "slice(0, 100, 2)", "slice(None, None, 0)", "slice(5, 1)", "slice(2**70, -2**70, -3)",
          "slice('a', 1)", "slice(1.0)"]
CALLABLES = ["len", "(lambda: 1)", "(lambda x: x)", "(lambda x, y=2: (x, y))", "str.upper", "int", "(lambda *a, **k: (a, k))", "abs", "(lambda x: 1 // 0)", "repr",
             "(lambda x: -x if isinstance(x, int) else 0)"]
ITERABLES = ["iter([1, 2, 3])", "(x * x for x in range(4))", "map(str, [1, 2])", "enumerate('ab')", "zip([1], 'a')", "reversed([1, 2])", "'xyz'", "b'ab'"]
OTHERS = ["None", "NotImplemented", "...", "int", "str", "type", "object()", "ValueError", "ValueError('x', 1)", "len", "memoryview(b'abc')",
          "bytearray(b'xyz')", "list[int]", "(int | None)", "property()", "{}.keys()", "{1: 2}.items()", "{1: 2}.values()", "types.SimpleNamespace(a=1)", "Odd()", "Odd"]
SPECS = ["''", "'d'", "'>10'", "'<8s'", "'^7'", "'*^9'", "'+d'", "' d'", "'08.3f'", "',d'", "'_x'", "'#x'", "'#010b'", "'e'", "'.0e'", "'.3g'", "'%'", "'.1%'", "'n'", "'c'",
         "'z.1f'", "'10.4'", "'=+6'", "'s'", "'.2s'", "'x'", "'X'", "'o'", "'b'", "'G'", "'F'", "'0=5'", "'Q'", "'10,.2f'", "'_b'", "',.3'", "'#.3g'", "'\u00e9^6'", "'<<5'", "'05'",
         "'1000000000000'", "'.99999999999'", "'{}'", "'-'", "'!r'", "'+,'", "'.'", "'_,'", "'-05d'", "'.3'", "'#o'", "'+.2e'", "'>+8.1f'", "',.2%'"]
NAMES = ["'__class__'", "'real'", "'x'", "'nope'", "'__len__'", "'__name__'", "'args'", "'__init__'", "'append'", "'uper'"]
ENCODINGS = ["'utf-8'", "'ascii'", "'latin-1'", "'utf-16'", "'utf-32-le'", "'utf-16-be'", "'UTF8'", "'utf-8-sig'", "'nope'", "'cp1252'", "'utf-7'", "'unicode_escape'", "'hex'"]
ERRORS = ["'strict'", "'ignore'", "'replace'", "'backslashreplace'", "'xmlcharrefreplace'", "'surrogateescape'", "'surrogatepass'", "'namereplace'", "'nope'"]
# Counts, indices and limits.
SMALL = ["0", "1", "2", "3", "-1", "-2", "5", "10", "-10", "True", "2**63", "-2**64", "None", "1.0"]

# The letters of the hints in methods.py.
KINDS = {"i": INTS, "f": FLOATS, "c": COMPLEXES, "s": STRS, "b": BYTESES, "l": LISTS, "t": TUPLES, "d": DICTS, "S": SETS + FROZENSETS, "r": RANGES,
         "z": SLICES, "F": CALLABLES, "I": LISTS + TUPLES + ITERABLES + RANGES + STRS[:5], "p": SPECS, "a": NAMES, "E": ENCODINGS, "e": ERRORS, "n": SMALL,
         "k": SMALL + SLICES + ["'a'", "(1, 2)"], "T": ["int", "str", "bool", "object", "list", "(int, str)", "Odd", "int | str", "ValueError", "type", "1", "Exception"],
         "y": BYTESES + ["bytearray(b'xyz')", "memoryview(b'ab')"],
         "o": [], "x": INTS + FLOATS + STRS + LISTS + TUPLES + DICTS + SETS + BYTESES + OTHERS + COMPLEXES + RANGES + SLICES + ITERABLES + FROZENSETS}

# A class whose conversions go wrong in ways of their own.
ODD = """class Odd:
    def __index__(self): return 3
    def __iter__(self): return iter((7, 8))
    def __len__(self): return 2
    def __repr__(self): return 'Odd()'
    def __eq__(self, other): return isinstance(other, Odd) or NotImplemented
    def __hash__(self): return 5
    def __radd__(self, other): return 'radd'
    def __fspath__(self): return 'odd'
"""
