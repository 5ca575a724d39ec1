"""What differs on purpose, each with the line of docs/differences.md that says so and the words it is known by.

An entry looks at one line that CPython printed and the line that hoop printed in its place. It names nothing but
its own difference: a wider one would hide mistakes.
"""
import builtins
import os
import re

DOCS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "..", "docs", "differences.md")
LABEL = r"(?:(?P<label>[^:!]*): ! )?"


class Difference:
    """`row` is the beginning of a row of the table; `cpython` and `hoop` match whole lines; `also` sees both matches."""

    def __init__(self, row, cpython, hoop, also=lambda a, b: True):
        self.row, self.cpython, self.hoop, self.also = row, re.compile(cpython), re.compile(hoop), also

    def explains(self, cpython, hoop):
        a, b = self.cpython.fullmatch(cpython), self.hoop.fullmatch(hoop)
        return bool(a and b and a["label"] == b["label"] and self.also(a, b))


def inherits(a, b):
    """Whether CPython named a class and hoop the base that has the method, and said the same of it."""
    sub, base = getattr(builtins, a["type"], None), getattr(builtins, b["type"], None)
    return (isinstance(sub, type) and isinstance(base, type) and sub is not base and issubclass(sub, base) and a["name"] == b["name"]
            and a["name"] in vars(base) and getattr(sub, a["name"], 1) is getattr(base, a["name"], 2) and a["words"] == b["words"])


def plain_name(a, b):
    """Whether hoop put the class before the name of a method that CPython reads the arguments of as a tuple."""
    return (b["type"], a["name"]) in {("memoryview", "__exit__"), ("async_generator", "athrow"), ("property", "__set_name__")} and a["name"] == b["name"]


def same_members(a, b):
    """Whether both name the same of the two classes that programs put into sets, and of None, in some order."""
    return a["before"] == b["before"] and a["after"] == b["after"] and sorted(a["set"].split(", ")) == sorted(b["set"].split(", "))


def one_nan(a, b):
    """Whether the NaNs of a set of CPython's are one here."""
    return re.sub(r"(set<[^<>]*\bnan)(?:, nan)+\b", r"\1", a["whole"]) == b["whole"]


MEMBER = r"(?:<class '(?:int|str)'>|None)"
SHOWN_SET = rf"(?P<label>)(?P<before>.*?)(?P<set>{MEMBER}(?:, {MEMBER})+)(?P<after>.*)"
WRONG_CALL = LABEL + r"TypeError ['\"](?P<type>\w+)\.(?P<name>\w+)\(\) (?P<words>takes .*)"

DIFFERENCES = [
    Difference("a method inherited from a built-in class, called with `*args` or `**kwargs` that are wrong", WRONG_CALL, WRONG_CALL, inherits),
    Difference("a method inherited from a built-in class, called with `*args` or `**kwargs` that are wrong",
               r"(?P<label>.*)TypeError '(?P<name>\w+)\(\) takes no keyword arguments'(?P<rest>.*)",
               r"(?P<label>.*)TypeError '(?P<type>\w+)\.(?P<name>\w+)\(\) takes no keyword arguments'(?P<rest>.*)",
               lambda a, b: plain_name(a, b) and a["rest"] == b["rest"]),
    Difference("`id()`, the hash of what is hashed by its address, and the order of a set of such values", SHOWN_SET, SHOWN_SET, same_members),
    Difference("floats", r"(?P<label>[^:!]*): ! KeyError 'nan'", r"(?P<label>[^:!]*): (?!!).*"),
    Difference("floats", r"(?P<label>)(?P<whole>.*set<.*\bnan, nan\b.*)", r"(?P<label>)(?P<whole>.*set<.*\bnan\b.*)", one_nan),
    Difference("`bytearray.__buffer__(256)`",
               r"(?P<label># )ValueError 'memoryview: number of dimensions must not exceed 64'(?P<place>.*)",
               r"(?P<label># )SystemError 'Objects/abstract\.c:\d+: bad argument to internal function'(?P<place>.*)",
               lambda a, b: a["place"] == b["place"]),
    Difference("`bytearray.__buffer__(256)`",
               LABEL + r"SystemError \"<(?:slot wrapper|method-wrapper) '__buffer__' of .*> returned a result with an exception set\" from SystemError 'Objects/abstract\.c:\d+: bad argument to internal function'",
               LABEL + r"SystemError 'Objects/abstract\.c:\d+: bad argument to internal function'"),
    Difference("`__new__` and `__call__` of `enumerate`, `int` and `str`, called by hand with wrong arguments",
               r"(?P<label>str\.__new__): ! TypeError \"str\(\) argument '(?P<name>encoding|errors)' must be str, not (?P<type>\w+)\"",
               r"(?P<label>str\.__new__): ! TypeError \"str\(\) argument '(?P<name>encoding|errors)' must be str, not program\.(?P<type>\w+)\"",
               lambda a, b: a["name"] == b["name"] and a["type"] == b["type"]),
    Difference("`__new__` and `__call__` of `enumerate`, `int` and `str`, called by hand with wrong arguments",
               r"(?P<label>.*)TypeError \"str\(\) argument '(?P<name>encoding|errors)' must be str, not None\"(?P<rest>.*)",
               r"(?P<label>.*)TypeError \"str\(\) argument '(?P<name>encoding|errors)' must be str, not NoneType\"(?P<rest>.*)",
               lambda a, b: a["name"] == b["name"] and a["rest"] == b["rest"]),
    Difference("`__new__` and `__call__` of `enumerate`, `int` and `str`, called by hand with wrong arguments",
               r"(?P<label>enumerate\.__new__): ! TypeError \"enumerate\(\) missing required argument 'iterable' \(pos 1\)\"",
               r"(?P<label>enumerate\.__new__): ! TypeError \"'\w+' is an invalid keyword argument for enumerate\(\)\""),
    Difference("`__new__` and `__call__` of `enumerate`, `int` and `str`, called by hand with wrong arguments",
               r"(?P<label>type\.__call__): ! TypeError '(?P<type>int|str)\(\) takes at most (?P<most>\d) arguments \((?P<n>\d+) given\)'",
               r"(?P<label>type\.__call__): ! TypeError '(?P<type>int|str) expected at most (?P<most>\d) arguments, got (?P<n>\d+)'",
               lambda a, b: a.groups() == b.groups()),
    Difference("stacks of debug mode (`_source_traceback`, `source_traceback`)",
               r"(?P<label>.*handler Exception in callback .*\(exception, handle, message), source_traceback(?P<rest>.*)",
               r"(?P<label>.*handler Exception in callback .*\(exception, handle, message)(?P<rest>\).*)",
               lambda a, b: a["rest"] == b["rest"]),
    Difference("`iter()` of a released memoryview",
               LABEL + r"SystemError \"<(?:slot wrapper|method-wrapper) '__iter__' .*> returned a result with an exception set\" from ValueError 'operation forbidden on released memoryview object'",
               LABEL + r"ValueError 'operation forbidden on released memoryview object'"),
]


# The row of what a program prints that CPython prints too where all its NaNs are one object, and the text for that.
ONE_NAN = "floats", "float('nan')", "math.nan"


def check():
    """Every entry has its row."""
    with open(DOCS, encoding="utf-8") as file:
        text = file.read()
    for difference in DIFFERENCES:
        assert f"| {difference.row} |" in text, f"not in docs/differences.md: {difference.row}"
    assert f"| {ONE_NAN[0]} |" in text


def explanation(cpython, hoop):
    """The row that explains why a line of CPython's is another one here, or None."""
    return next((d.row for d in DIFFERENCES if d.explains(cpython, hoop)), None)


check()
