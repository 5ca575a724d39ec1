"""Random programs over the whole language, played by CPython and hoop side by side.

    python3.13 scripts/dev/differ hunt FROM TO [HOOP] [FILE]   play the programs of these seeds; shrink what differs
    python3.13 scripts/dev/differ show SEED                    print one program
    python3.13 scripts/dev/differ shrink SEED [HOOP]           shrink one program that differs
    python3.13 scripts/dev/differ sample [HOOP]                write tests/differential/sample.jsonl and what CPython prints of it
    python3.13 scripts/dev/differ sample-tasks [HOOP]          write tests/differential/tasks.txt: what CPython prints of programs of asyncio
    python3.13 scripts/dev/differ coverage FROM TO [HOOP]      count AST nodes, opcodes and methods of the programs

A seed is a number, or "t" and a number: a program of asyncio's order, in virtual time
(`virtual.py`). The same seed makes the same program. See docs/internals/testing.md.
"""
import collections
import json
import os
import re
import sys
import time
import warnings

import classes
import coverage
import language
import make
import methods
from players import DEADLINE, HERE, Pair, Player, SHORT
from shrink import Shrinker

ROOT = os.path.join(HERE, "..", "..", "..")
HOOP = os.path.join(ROOT, "target", "release", "hoop")


def signature(pair):
    """What two differences of one cause have in common, mostly."""
    return tuple(re.sub(r"\d+|'[^']*'|\bv\d+", "#", side)[:90] for side in pair)


def essence(pair):
    """What must stay the same while a program shrinks: the difference less labels and places."""
    cut = [re.sub(r"^([\w .=]+: )?(# |! )?| in <module>.*| in .*:\d+$", "", side) for side in pair]
    return tuple(re.sub(r"\d+|['\"][^'\"]*['\"]|\\.", "#", side)[:60] for side in cut)


class Tally:
    """Counts of what programs came to."""

    def __init__(self):
        self.counts, self.rows, self.started = collections.Counter(), collections.Counter(), time.time()
        self.kinds = collections.Counter()

    def add(self, verdict):
        self.counts[verdict.name] += 1
        if verdict.row:
            self.rows[verdict.row] += 1

    def __str__(self):
        parts = [f"{self.counts.total()} programs", f"{self.counts['differs']} differ ({len(self.kinds)} kinds)", f"{self.counts['documented']} differ as documented",
                 f"{self.counts['unsteady']} differ where CPython differs from itself", f"{self.counts['hangs']} hang under CPython"]
        return f"# {', '.join(parts)}, {time.time() - self.started:.0f} s"


def hunt(first, last, hoop=HOOP, path=None):
    """Plays the programs of seeds; prints and gathers what differs."""
    pair, tally = Pair(hoop), Tally()
    out = open(path, "w") if path else sys.stdout
    for seed in make.seeds(first, last):
        source = make.program(seed).source
        verdict = pair.judge(source)
        tally.add(verdict)
        if verdict.name == "differs":
            mark = signature(verdict.at)
            tally.kinds[mark] += 1
            if tally.kinds[mark] == 1:
                report(pair, seed, source, out, hangs=False)
        if tally.counts.total() % 500 == 0:
            print(tally, file=sys.stderr, flush=True)
    pair.stop()
    for row, count in tally.rows.most_common():
        print(f"# documented {count} times: {row}", file=out)
    print(tally, file=out)
    return tally.counts["differs"]


def report(pair, seed, source, out, hangs=True):
    if not hangs and "# HANGS" in pair.judge(source).at[1]:
        # Each step of shrinking it would wait for the deadline.
        print(f"## seed {seed}\n-- hoop hangs: `shrink` makes it small\n", file=out, flush=True)
        return
    small = shrunk(pair, source)
    verdict = pair.judge(small)
    x, y = verdict.at
    why = {"differs": "", "documented": f"-- documented: {verdict.row}\n"}.get(verdict.name, f"-- {verdict.name}\n")
    print(f"## seed {seed}\n{small.rstrip()}\n-- cpython: {x}\n-- hoop:    {y}\n{why}", file=out, flush=True)


def shrunk(pair, source):
    a, b = pair.play(source)
    verdict = pair.judge(source)
    mark = essence(verdict.at)
    unstable = "# HANGS" in (a, b) or b.startswith("# DIES")

    def differs(text):
        if unstable:
            a, b = pair.play(text)
            return b.startswith(("# HANGS", "# DIES")) and not a.startswith("# HANGS")
        found = pair.judge(text)
        return found.name == verdict.name and found.at[1] != "# HANGS" and essence(found.at) == mark

    pair.hurry(SHORT)
    try:
        return Shrinker(differs, 60 if b == "# HANGS" else 700).shrink(source)
    finally:
        pair.hurry(DEADLINE)


def sample(hoop=HOOP):
    """Some hundred programs for the tests, with what CPython printed; what still differs is left out and counted."""
    folder = os.path.join(ROOT, "tests", "differential")
    pair, printed, differ = Pair(hoop), [], 0
    preludes = [methods.PRELUDE, classes.PRELUDE, language.PRELUDE]
    sources = [json.dumps(preludes)]
    for seed in range(make.SAMPLE):
        source = make.program(seed).source
        a, b = pair.play(source)
        if a == b:
            which = next(n for n, prelude in enumerate(preludes) if source.startswith(prelude))
            printed.append(f"## {len(printed)}\n{a}\n")
            sources.append(json.dumps([which, source.removeprefix(preludes[which])]))
        else:
            differ += 1
    pair.stop()
    with open(os.path.join(folder, "sample.jsonl"), "w") as file:
        file.write("\n".join(sources) + "\n")
    with open(os.path.join(folder, "sample.txt"), "w") as file:
        file.write("".join(printed))
    print(f"{len(printed)} programs recorded, {differ} left out because they differ")


def sample_tasks(hoop=HOOP):
    """The same of asyncio's order; the programs are made anew by whoever plays them."""
    pair, printed = Pair(hoop), []
    for seed in make.seeds("t0", f"t{make.SAMPLE_OF_TASKS}"):
        source = make.program(seed).source
        a, b = pair.play(source)
        if a == b and "# " not in a and len(a) < 6000:
            printed.append(f"## {seed}\n{a}\n")
    pair.stop()
    with open(os.path.join(ROOT, "tests", "differential", "tasks.txt"), "w") as file:
        file.write("".join(printed))
    print(f"{len(printed)} of {make.SAMPLE_OF_TASKS} programs recorded")


def main(words):
    match words:
        case ["hunt", first, last, *rest]:
            sys.exit(hunt(first, last, *rest) > 0)
        case ["show", seed]:
            print(make.program(seed).source, end="")
        case ["shrink", seed, *rest]:
            pair = Pair(rest[0] if rest else HOOP)
            report(pair, seed, make.program(seed).source, sys.stdout)
        case ["sample", *rest]:
            sample(*rest)
        case ["sample-tasks", *rest]:
            sample_tasks(*rest)
        case ["coverage", first, last, *rest]:
            coverage.report(range(int(first), int(last)), *(rest or [HOOP]))
        case _:
            print(__doc__)


warnings.simplefilter("ignore")
main(sys.argv[1:])
