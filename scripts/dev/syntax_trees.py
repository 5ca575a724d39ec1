"""Records CPython 3.13's trees of the programs in tests/syntax/trees.

Run: python3.13 scripts/dev/syntax_trees.py

Beside each NAME.async it writes NAME.tree, one statement a line as `ast.dump`
prints it, and NAME.positions, the same with lines and columns.
"""

import ast
import pathlib
import warnings

warnings.simplefilter("ignore")

for program in sorted(pathlib.Path("tests/syntax/trees").glob("*.async")):
    tree = ast.parse(program.read_text(encoding="utf-8"))
    for suffix, attributes in ((".tree", False), (".positions", True)):
        lines = [ast.dump(stmt, include_attributes=attributes) for stmt in tree.body]
        text = "\n".join(lines) + "\n"
        program.with_suffix(suffix).write_text(text, encoding="utf-8")
