"""Compare `hoop` with CPython and others on the programs of this folder, interleaved in one run.

    python3.13 scripts/bench/run.py [--group cpu,async,servers,memory,start] [--only NAME,...] [--rounds 5]
    python3.13 scripts/bench/run.py --instructions [--bless]

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
import statistics
import sys
import tomllib

import instructions
import measure
import plots
import report
import servers

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
GROUPS = ("cpu", "async", "servers", "memory", "start")
STARTS = instructions.STARTS
NODE_STARTS = {"start": "", "start_asyncio": "(async () => {})();"}


def programs(group):
    """The names of the programs of a group."""
    if group == "start":
        return list(STARTS)
    folder = os.path.join(HERE, group)
    return sorted(name.removesuffix(".async") for name in os.listdir(folder) if name.endswith(".async"))


def default_size(path):
    """The size that a program has without an argument."""
    with open(path) as file:
        return re.findall(r"sys\.argv\[1:\] else ([\d_]+)", file.read())[-1].replace("_", "")


class Interpreters:
    """Those to compare, and the command of each for a program."""

    def __init__(self, options):
        hoop = options.hoop or os.path.join(ROOT, "target", "release", "hoop")
        self.commands = {"CPython": [sys.executable], "hoop": [os.path.abspath(hoop)]}
        if options.uvloop:
            self.commands["uvloop"] = [shutil.which(options.uvloop)]
        if pypy := shutil.which(options.pypy):
            self.commands["PyPy"] = [pypy]
        if node := shutil.which(options.node):
            self.commands["Node"] = [node]

    def command(self, who, group, name):
        """The command that runs a program, or None where this interpreter is not compared on it."""
        command = self.commands[who]
        if group == "start":
            if who == "uvloop":
                return None
            return [*command, "-e", NODE_STARTS[name]] if who == "Node" else [*command, "-c", STARTS[name]]
        path = os.path.join(HERE, group, name + ".async")
        if who == "Node":
            twin = os.path.join(HERE, "node", name + ".js")
            return [*command, twin, default_size(path)] if group == "async" and os.path.exists(twin) else None
        if who == "uvloop":
            return [*command, "-c", measure.WITH_UVLOOP, path] if group in ("async", "servers") else None
        if who == "PyPy" and group == "servers":
            return None
        return [*command, path]

    def versions(self):
        """What each says that it is, and how `hoop` was built."""
        asked = {"hoop": ["--version"], "PyPy": ["--version"], "Node": ["--version"], "uvloop": ["-c", "import uvloop; print(uvloop.__version__)"]}
        found = {"CPython": platform.python_version()}
        for who, arguments in asked.items():
            if who in self.commands:
                said = measure.run([*self.commands[who], *arguments]).out
                found[who] = re.findall(r"\d+\.[\w.]+", said.partition("[PyPy")[2] or said)[0]
        found["hoop"] += f" ({release_profile()})"
        return found


def release_profile():
    """How cargo optimises a release here, the environment's settings first."""
    with open(os.path.join(ROOT, "Cargo.toml"), "rb") as file:
        settings = tomllib.load(file)["profile"]["release"]
    given = {key: os.environ.get("CARGO_PROFILE_RELEASE_" + key.upper().replace("-", "_")) for key in ("lto", "codegen-units")}
    return ", ".join(f"{key} {value or settings[key]}" for key, value in given.items())


def rounds_of(interpreters, group, names, rounds, measured):
    """What `measured` finds of each command: by program, then by interpreter."""
    found = {name: {} for name in names}
    failed = set()
    for turn in range(rounds):
        for name in names:
            for who in interpreters.commands:
                command = interpreters.command(who, group, name)
                if command is None or (who, name) in failed:
                    continue
                try:
                    found[name].setdefault(who, []).append(measured(command))
                except measure.Failed as error:
                    if who in ("hoop", "CPython"):
                        raise SystemExit(str(error)) from None
                    # An older Python lacks some of what the programs need.
                    failed.add((who, name))
                    found[name].pop(who, None)
                    print(f"{name} is left out for {who}: {str(error).strip().splitlines()[-1]}", file=sys.stderr)
        print(f"{group}: round {turn + 1} of {rounds} is done", file=sys.stderr)
    return found


def memory(interpreters, names, rounds, tasks):
    """Bytes of each blocked task: what the peak is higher than without any, by how many there are."""
    def bytes_each(command):
        none, all_of_them = (measure.run([*command, str(n)]).peak_kib for n in (0, tasks))
        return (all_of_them - none) * 1024 / tasks
    found = rounds_of(interpreters, "memory", names, rounds, bytes_each)
    return {name: {who: statistics.median(each) for who, each in by_interpreter.items()} for name, by_interpreter in found.items()}


def start(interpreters, names, rounds):
    """Milliseconds and MiB from start to end of next to nothing."""
    found = rounds_of(interpreters, "start", names, 4 * rounds, measure.run)
    return {name: {who: {"ms": report.median_of(runs, "wall") * 1e3, "cpu_ms": report.median_of(runs, "cpu") * 1e3,
                         "mib": report.median_of(runs, "peak_kib") / 1024}
                   for who, runs in by_interpreter.items()} for name, by_interpreter in found.items()}


def results_of(options, interpreters, group, names):
    match group:
        case "servers":
            return servers.compare(interpreters, names, options.rounds, options.load, options.connections, options.requests)
        case "memory":
            return memory(interpreters, names, min(options.rounds, 3), options.tasks)
        case "start":
            return start(interpreters, names, options.rounds)
    return report.summary(rounds_of(interpreters, group, names, options.rounds, measure.run))


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hoop", help="the program, else that of target/release; for instructions, a build without the profile")
    parser.add_argument("--uvloop", metavar="PYTHON", help="a CPython that has uvloop")
    parser.add_argument("--pypy", default="pypy3")
    parser.add_argument("--node", default="node")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--group", default=",".join(GROUPS), help="of " + ", ".join(GROUPS))
    parser.add_argument("--only", default="", metavar="NAME,...", help="of the programs these")
    parser.add_argument("--load", default=servers.LOAD, help="the load generator")
    parser.add_argument("--connections", type=int, default=50, help="to a server at once")
    parser.add_argument("--requests", type=int, default=60_000, help="to a server in all")
    parser.add_argument("--tasks", type=int, default=200_000, help="that are blocked where memory is measured")
    parser.add_argument("--json", metavar="FILE", help="write what was measured")
    parser.add_argument("--from-json", metavar="FILE", help="measure nothing, and show what was written so")
    parser.add_argument("--markdown", metavar="FILE", help="write the tables, into their place where the page has one")
    parser.add_argument("--svg", metavar="FOLDER", help="write a plot of each group of programs")
    parser.add_argument("--instructions", action="store_true", help="count instructions instead")
    parser.add_argument("--bless", action="store_true", help="keep these counts of instructions")
    return parser.parse_args()


def measure_all(options, wanted):
    """The results of all groups, in the form of the JSON file."""
    interpreters = Interpreters(options)
    found = {"versions": interpreters.versions(), "rounds": options.rounds, "groups": {}}
    for group in options.group.split(","):
        if group not in GROUPS:
            raise SystemExit(f"there is no group {group}; there are {', '.join(GROUPS)}")
        names = [name for name in programs(group) if wanted is None or name in wanted]
        if names:
            found["groups"][group] = results_of(options, interpreters, group, names)
            report.show(group, found["groups"][group])
    return found


def main():
    options = arguments()
    wanted = options.only.split(",") if options.only else None
    if options.instructions:
        sys.exit(instructions.check(options.hoop and os.path.abspath(options.hoop), wanted, options.bless))
    if options.from_json:
        with open(options.from_json) as file:
            found = json.load(file)
        for group, results in found["groups"].items():
            report.show(group, results)
    else:
        found = measure_all(options, wanted)
    if options.json:
        with open(options.json, "w") as file:
            json.dump(found, file, indent=1)
    if options.markdown:
        report.write_markdown(options.markdown, found)
    if options.svg:
        plots.write(options.svg, found["groups"])


if __name__ == "__main__":
    main()
