"""Compare `hoop` with CPython and others on the programs of this folder, interleaved in one run.

    python3.13 scripts/bench/run.py [--group cpu,async] [--only NAME,...] [--rounds 5]

Each round runs every program once under each interpreter, in turn.  The ratio of a program is the median over the rounds
of CPython's seconds by the other's; of a group the geometric mean is given, and the lowest.

CPython is the interpreter that runs this; a CPython with uvloop, a PyPy and a Node are compared too where they are
found or given.  Node runs the twins of `node/`, at the size of the program.
"""
import argparse
import json
import os
import platform
import re
import shutil
import sys

import measure
import report

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
PROGRAMS = ("cpu", "async")
GROUPS = PROGRAMS


def programs(group):
    """The names of the programs of a group."""
    folder = os.path.join(HERE, group)
    return sorted(name.removesuffix(".async") for name in os.listdir(folder) if name.endswith(".async"))


def default_size(path):
    """The size that a program has without an argument: the last `else` of it."""
    with open(path) as file:
        return re.findall(r"sys\.argv\[1:\] else ([\d_]+)", file.read())[-1].replace("_", "")


class Interpreters:
    """Those to compare, and the command of each for a program."""

    def __init__(self, options):
        self.commands = {"CPython": [sys.executable], "hoop": [os.path.abspath(options.hoop)]}
        if options.uvloop:
            self.commands["uvloop"] = [shutil.which(options.uvloop), "-c", measure.WITH_UVLOOP]
        if pypy := shutil.which(options.pypy):
            self.commands["PyPy"] = [pypy]
        if node := shutil.which(options.node):
            self.commands["Node"] = [node]

    def command(self, who, group, name):
        """The command that runs a program, or None where this interpreter has none for it."""
        path = os.path.join(HERE, group, name + ".async")
        if who == "Node":
            twin = os.path.join(HERE, "node", name + ".js")
            return [*self.commands[who], twin, default_size(path)] if os.path.exists(twin) else None
        if who == "uvloop" and group != "async":
            return None
        return [*self.commands[who], path]

    def versions(self):
        """What each says that it is."""
        found = {"CPython": platform.python_version()}
        for who in ("hoop", "PyPy", "Node"):
            if who in self.commands:
                found[who] = measure.run([self.commands[who][0], "--version"]).out.split("\n")[0]
        if "uvloop" in self.commands:
            found["uvloop"] = measure.run([self.commands["uvloop"][0], "-c", "import uvloop; print(uvloop.__version__)"]).out.strip()
        return found


def compare(interpreters, group, names, rounds):
    """Runs the programs and answers with their runs: by name, then by interpreter."""
    runs = {name: {} for name in names}
    failed = set()
    for turn in range(rounds):
        for name in names:
            for who in interpreters.commands:
                command = interpreters.command(who, group, name)
                if command is None or (who, name) in failed:
                    continue
                try:
                    runs[name].setdefault(who, []).append(measure.run(command))
                except measure.Failed as error:
                    if who in ("hoop", "CPython"):
                        raise SystemExit(str(error)) from None
                    # An older Python lacks some of what the programs need.
                    failed.add((who, name))
                    print(f"{name} is left out for {who}: {str(error).strip().splitlines()[-1]}", file=sys.stderr)
        print(f"{group}: round {turn + 1} of {rounds} is done", file=sys.stderr)
    return runs


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hoop", default=os.path.join(ROOT, "target", "release", "hoop"))
    parser.add_argument("--uvloop", metavar="PYTHON", help="a CPython that has uvloop")
    parser.add_argument("--pypy", default="pypy3")
    parser.add_argument("--node", default="node")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--group", default=",".join(GROUPS), help="of " + ", ".join(GROUPS))
    parser.add_argument("--only", default="", metavar="NAME,...", help="of the programs these")
    parser.add_argument("--json", metavar="FILE", help="write the runs")
    parser.add_argument("--markdown", metavar="FILE", help="write the tables")
    parser.add_argument("--svg", metavar="FOLDER", help="write a plot for each group")
    return parser.parse_args()


def main():
    options = arguments()
    wanted = options.only.split(",") if options.only else None
    interpreters = Interpreters(options)
    results = {}
    for group in options.group.split(","):
        if group not in GROUPS:
            raise SystemExit(f"there is no group {group}; there are {', '.join(GROUPS)}")
        names = [name for name in programs(group) if wanted is None or name in wanted]
        if names:
            runs = compare(interpreters, group, names, options.rounds)
            results[group] = report.summary(runs)
            report.show(group, results[group])
    if options.json:
        with open(options.json, "w") as file:
            json.dump({"versions": interpreters.versions(), "rounds": options.rounds, "groups": results}, file, indent=1)


if __name__ == "__main__":
    main()
