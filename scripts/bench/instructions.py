"""Instructions that a dozen programs take, counted by callgrind and held to those that were counted before.

Times on a busy machine say little about a change of a few percent; instructions are the same each time.  The counts depend
on how `hoop` was built, so that the file says which compiler and which profile it was.  With another build the counts are
shown and nothing fails.
"""
import concurrent.futures
import json
import os
import re
import shutil
import subprocess
import tomllib

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
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


def build_of(hoop):
    """The compiler that a binary names, the profile that cargo builds with here, and whether branches were counted for it."""
    with open(hoop, "rb") as file:
        binary = file.read()
    compiler = re.search(rb"rustc version [\x20-\x7e]+", binary)
    with open(os.path.join(ROOT, "Cargo.toml"), "rb") as file:
        profile = tomllib.load(file)["profile"]["release"]
    profile = {key: value for key, value in profile.items() if key in ("lto", "codegen-units", "opt-level", "panic")}
    for key in ("lto", "codegen-units", "opt-level"):
        given = os.environ.get("CARGO_PROFILE_RELEASE_" + key.upper().replace("-", "_"))
        if given is not None:
            profile[key] = int(given) if given.isdigit() else given
    compiler = compiler.group().decode() if compiler else "unknown"
    return {"compiler": compiler, "profile": profile, "branches": knows_branches(binary)}


def knows_branches(binary):
    """Whether the counts of src/release.profdata are of functions of this binary: their names end in a hash of how it is built."""
    functions = rb"_ZN9hoopsnake2vm[\w$.]+17h[0-9a-f]{16}E"
    with open(os.path.join(ROOT, "src", "release.profdata"), "rb") as file:
        counted = set(re.findall(functions, file.read()))
    return 2 * len(counted & set(re.findall(functions, binary))) > len(counted)


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
    """Counts, shows and compares; answers with an exit status."""
    if not shutil.which("valgrind"):
        print("instructions are not counted: there is no valgrind here")
        return 0
    build, counts = build_of(hoop), count_all(hoop, wanted)
    known = {"build": None, "counts": {}}
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
        kept = known["counts"] if wanted and known["build"] == build else {}
        with open(KNOWN, "w") as file:
            json.dump({"build": build, "counts": kept | counts}, file, indent=1)
            file.write("\n")
        return 0
    if known["build"] != build:
        print(f"nothing is held to these counts, which were made by another build:\n  {known['build']}\n  {build}")
        return 0
    if grown:
        print(f"over {MOST_GROWTH:.0%} more instructions than before: {', '.join(grown)}\n"
              "where that is meant, run this with --bless and say why in the commit")
    return 1 if grown else 0
