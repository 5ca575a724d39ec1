"""Compare `hoop` with CPython and others on the programs of this folder, interleaved in one run.

    python3.13 scripts/bench/run.py [--group cpu,async] [--only NAME,...] [--rounds 5]

Each round runs every program once under each interpreter, in turn.  The ratio of a program is the median over the rounds
of CPython's seconds by the other's; of a group the geometric mean is given, and the lowest.
"""
import argparse
import math
import os
import shutil
import statistics
import sys

import measure

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
GROUPS = ("cpu", "async")


def programs(group):
    folder = os.path.join(HERE, group)
    return sorted(name.removesuffix(".async") for name in os.listdir(folder) if name.endswith(".async"))


def geometric_mean(values):
    return math.exp(sum(map(math.log, values)) / len(values))


def compare(commands, group, names, rounds):
    """Runs the programs and answers with their runs: by name, then by interpreter."""
    runs = {name: {who: [] for who in commands} for name in names}
    for turn in range(rounds):
        for name in names:
            for who, command in commands.items():
                if runs[name][who] is None:
                    continue
                try:
                    runs[name][who].append(measure.run([*command, os.path.join(HERE, group, name + ".async")]))
                except measure.Failed as error:
                    if who in ("hoop", "CPython"):
                        raise SystemExit(str(error)) from None
                    runs[name][who] = None
        print(f"{group}: round {turn + 1} of {rounds} is done", file=sys.stderr)
    return runs


def ratios(theirs, ours):
    return sorted(a.seconds / b.seconds for a, b in zip(theirs, ours))


def show(title, runs):
    print(f"{title + ' program':<26}{'CPython s':>10}{'hoop s':>9}{'ratio':>7}{'low':>7}{'high':>7}{'CPU':>6}{'MiB':>7}{'MiB':>7}   others")
    means = []
    for name, by_interpreter in runs.items():
        theirs, ours = by_interpreter["CPython"], by_interpreter["hoop"]
        each = ratios(theirs, ours)
        means.append(statistics.median(each))
        others = "  ".join(f"{who} {statistics.median(ratios(theirs, other)):.2f}" for who, other in by_interpreter.items()
                           if who not in ("CPython", "hoop") and other)
        median = lambda runs, what: statistics.median(getattr(run, what) for run in runs)
        print(f"{name:<26}{median(theirs, 'seconds'):>10.3f}{median(ours, 'seconds'):>9.3f}{means[-1]:>7.2f}{each[0]:>7.2f}{each[-1]:>7.2f}"
              f"{median(theirs, 'cpu') / median(ours, 'cpu'):>6.2f}{median(theirs, 'peak_kib') / 1024:>7.1f}{median(ours, 'peak_kib') / 1024:>7.1f}   {others}")
    print(f"{title}: geometric mean {geometric_mean(means):.2f}, lowest {min(means):.2f}\n")


def interpreters(options):
    found = {"CPython": [sys.executable], "hoop": [os.path.abspath(options.hoop)]}
    if options.uvloop:
        found["uvloop"] = [options.uvloop, "-c", measure.WITH_UVLOOP]
    pypy = options.pypy or shutil.which("pypy3")
    if pypy:
        found["PyPy"] = [pypy]
    return found


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--hoop", default=os.path.join(ROOT, "target", "release", "hoop"))
    parser.add_argument("--uvloop", help="a CPython that has uvloop")
    parser.add_argument("--pypy", help="a PyPy")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--group", default=",".join(GROUPS), help="of " + ", ".join(GROUPS))
    parser.add_argument("--only", default="", help="names of programs")
    options = parser.parse_args()
    wanted = options.only.split(",") if options.only else None
    for group in options.group.split(","):
        names = [name for name in programs(group) if wanted is None or name in wanted]
        if names:
            show(group, compare(interpreters(options), group, names, options.rounds))


if __name__ == "__main__":
    main()
