"""Records what CPython 3.13 says about bad programs.

Run: python3.13 scripts/dev/syntax_errors.py > tests/syntax/errors.txt

Each line of the output is: class, line, column, end line, end column,
message, and the program, separated by tabs. The programs are those of
tests/syntax/bad_programs.txt, one Python string a line.
"""

import ast
import sys
import warnings

warnings.simplefilter("ignore")

# What is too large to be written down.
LARGE = [
    "(" * 201 + ")" * 201,
    "x = " + "[" * 250,
    "".join(" " * depth + "if x:\n" for depth in range(110)) + " " * 110 + "pass\n",
    "x = " + "9" * 4301,
]


def programs():
    with open("tests/syntax/bad_programs.txt", encoding="utf-8") as file:
        for line in file:
            if not line.startswith("# "):
                yield ast.literal_eval(line)
    yield from LARGE


def escape(text):
    out = []
    for c in text:
        if c == "\\":
            out.append("\\\\")
        elif c == "\n":
            out.append("\\n")
        elif c == "\t":
            out.append("\\t")
        elif c.isprintable():
            out.append(c)
        else:
            out.append("\\u{%x}" % ord(c))
    return "".join(out)


def main():
    for program in programs():
        print("\t".join([*answer(program), escape(program)]))


def answer(program):
    """What the parser says; "compiler" for what is only said behind it."""
    try:
        tree = ast.parse(program)
    except SyntaxError as error:
        place = [error.lineno, error.offset, error.end_lineno, error.end_offset]
        return [type(error).__name__, *map(str, place), error.msg]
    try:
        compile(tree, "f", "exec")
    except SyntaxError as error:
        return ["compiler", "0", "0", "0", "0", error.msg]
    return ["fine", "0", "0", "0", "0", ""]


sys.stdout.reconfigure(encoding="utf-8")
main()
