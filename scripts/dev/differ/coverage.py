"""What the programs of some seeds cover: AST nodes, opcodes, names of docs/language/."""
import ast
import collections
import os
import re
import subprocess
import tempfile

import make
import methods
from players import HERE

LEAST = 20
# Opcodes that no compiled code holds: padding, and what the machine itself puts under a native frame.
NOT_COMPILED = {"Nop", "NativeResume"}
# Nodes of what is no program: other modes of `ast.parse`, comments of a type checker, and bases of the others.
NOT_PROGRAMS = {"Expression", "Interactive", "FunctionType", "TypeIgnore", "AST", "Suite", "AugLoad", "AugStore", "Param", "Index", "ExtSlice", "Num", "Str", "Bytes", "NameConstant", "Ellipsis"}


def nodes():
    found = {n for n in dir(ast) if isinstance(getattr(ast, n), type) and issubclass(getattr(ast, n), ast.AST)}
    return {n for n in found - NOT_PROGRAMS if n[0].isalpha() and not getattr(ast, n).__subclasses__() or n in ("arguments", "arg", "keyword", "alias", "withitem")} - {"slice"}


def opcodes():
    with open(os.path.join(HERE, "..", "..", "..", "src", "bytecode", "op.rs")) as file:
        text = file.read()
    found = re.findall(r"^\s+([A-Z]\w+) \w+ \w+ \w+ \d+;", text, re.MULTILINE)
    return [op for op in found if op not in NOT_COMPILED]


def opcodes_of(sources, hoop):
    """Counts the instructions that `hoop dis` shows of programs."""
    counts = collections.Counter()
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "program.async")
        for source in sources:
            with open(path, "w", encoding="utf-8", errors="surrogatepass") as file:
                file.write(source)
            shown = subprocess.run([hoop, "dis", path], capture_output=True, text=True).stdout
            counts.update(re.findall(r"\b([A-Z]\w+)\b", shown))
    return counts


def show(title, counts, wanted):
    few = {n: counts[n] for n in wanted if counts[n] < LEAST}
    print(f"{title}: {len(wanted)}, of which {len(wanted) - len(few)} occur {LEAST} times or more")
    for name, count in sorted(few.items(), key=str):
        print(f"    {name if isinstance(name, str) else '.'.join(name)}: {count}")


def report(seeds, hoop):
    kinds, used, sources = collections.Counter(), collections.Counter(), []
    for seed in seeds:
        program = make.program(seed)
        used.update(program.used)
        try:
            kinds.update(type(n).__name__ for n in ast.walk(ast.parse(program.source)))
        except SyntaxError:
            continue
        # The programs that call methods are all of one shape: their opcodes are soon counted.
        if not program.used or seed % 64 == 0:
            sources.append(program.source)
    print(f"{len(seeds)} programs")
    show("AST nodes", kinds, nodes())
    show("names of the table", used, [*methods.PAIRS, *(("function", n) for n in methods.FUNCTIONS if methods.FUNCTIONS[n] is not None)])
    show("opcodes", opcodes_of(sources[:8000], hoop), opcodes())
