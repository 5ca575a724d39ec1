"""Instructions that a dozen programs take, counted by callgrind and held to those that were counted before.

Times on a busy machine say little about a change of a few percent; instructions are the same each time.  They are counted of
a build of its own, without src/release.profdata: each change of a function loses a part of what that file knows, and the
counts of the users' build would grow with its age, not with what the change costs.  The counts depend on the compiler, which
the file names.  With another one the counts are shown and nothing fails.
"""
import concurrent.futures
import json
import os
import re
import shutil
import subprocess

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
TARGET = os.path.join(ROOT, "target", "counted")
KNOWN = os.path.join(HERE, "instructions.json")
MOST_GROWTH = 0.05
# The start, which is taken off the counts of the programs: those of `async/` load asyncio.
STARTS = {"start": "pass", "start_asyncio": "import asyncio\nasync def noop(): pass\nasyncio.run(noop())"}
# The programs and sizes that take a second or two each under callgrind. Nothing here waits for a clock or a socket.
DOZEN = {
    "cpu/recursive_calls": 25,
    "cpu/methods_and_attributes": 30_000,
    "cpu/closures": 30_000,
    "cpu/string_building": 8_000,
    "cpu/json_parser": 250,
    "cpu/exceptions": 8_000,
    "async/spawn": 15_000,
    "async/switch": 400,
    "async/queue": 30_000,
    "async/gather": 250,
    "async/event_ping_pong": 20_000,
    "async/async_generators": 40_000,
}


def build():
    """The `hoop` whose instructions are counted."""
    environment = os.environ | {"CARGO_TARGET_DIR": TARGET, "CARGO_PROFILE_RELEASE_LTO": "off", "CARGO_PROFILE_RELEASE_DEBUG": "none",
                                "CARGO_PROFILE_RELEASE_CODEGEN_UNITS": "1", "HOOP_WITHOUT_PROFILE": "1"}
    environment.pop("CARGO_INCREMENTAL", None)
    subprocess.run(["cargo", "build", "--release", "--bin", "hoop"], cwd=ROOT, env=environment, check=True)
    return os.path.join(TARGET, "release", "hoop")


def compiler_of(hoop):
    """The compiler that a binary names."""
    with open(hoop, "rb") as file:
        found = re.search(rb"rustc version [\x20-\x7e]+", file.read())
    return found.group().decode() if found else "unknown"


def count(command):
    """Instructions of a command, from start to end."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("PYTHON", "HOOP"))}
    done = subprocess.run(["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", *command],
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=300,
                          env=environment | {"PYTHONHASHSEED": "0"})
    found = re.search(r"Collected : (\d+)", done.stderr)
    if done.returncode or not found:
        raise SystemExit(f"{' '.join(command)}: exit status {done.returncode}\n{done.stderr[-2000:]}")
    return int(found.group(1))


def count_all(hoop, wanted):
    """The counts of the starts and of the programs without them."""
    programs = {name: size for name, size in DOZEN.items() if wanted is None or os.path.basename(name) in wanted}
    commands = {name: [hoop, "-c", text] for name, text in STARTS.items()}
    for name, size in programs.items():
        commands[name] = [hoop, os.path.join(HERE, name + ".async"), str(size)]
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        counts = dict(zip(commands, pool.map(count, commands.values())))
    for name in programs:
        counts[name] -= counts["start_asyncio" if name.startswith("async/") else "start"]
    return counts


def check(hoop, wanted, bless):
    """Counts, shows and compares; answers with an exit status. Without a `hoop`, one is built."""
    if not shutil.which("valgrind"):
        print("instructions are not counted: there is no valgrind here")
        return 0
    hoop = hoop or build()
    compiler, counts = compiler_of(hoop), count_all(hoop, wanted)
    known = {"compiler": None, "counts": {}}
    if os.path.exists(KNOWN):
        with open(KNOWN) as file:
            known = json.load(file)
    grown = []
    print(f"{'program':<30}{'instructions':>14}{'before':>14}{'change':>9}")
    for name, found in counts.items():
        before = known["counts"].get(name)
        change = found / before - 1 if before else 0.0
        print(f"{name:<30}{found:>14,}{before or 0:>14,}{change:>+9.1%}")
        if change > MOST_GROWTH:
            grown.append(name)
    if bless:
        kept = known["counts"] if wanted and known["compiler"] == compiler else {}
        with open(KNOWN, "w") as file:
            json.dump({"compiler": compiler, "counts": kept | counts}, file, indent=1)
            file.write("\n")
        return 0
    if known["compiler"] != compiler:
        print(f"nothing is held to these counts, which were made by another compiler:\n  {known['compiler']}\n  {compiler}")
        return 0
    if grown:
        print(f"over {MOST_GROWTH:.0%} more instructions than before: {', '.join(grown)}\n"
              "where that is meant, run this with --bless and say why in the commit")
    return 1 if grown else 0
