#!/usr/bin/env python3
"""Writes src/release.profdata: how often the branches of the library are taken, for the release profile's compiler.

python3 scripts/dev/profile.py

Builds a `hoop` that counts, runs the benchmarks and the recorded test programs with it, and sums up. Takes six
minutes or more. Wants an llvm-profdata that reads what rustc's LLVM writes: version 19 or later, named so or with the
version behind.
"""

import concurrent.futures
import os
import pathlib
import re
import resource
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROFILE = ROOT / "src/release.profdata"

# A branch of a test is taken a few times, one of a benchmark many millions of times. Without a weight, whatever no benchmark
# needs would pass for something that hardly ever runs.
WEIGHT_OF_TESTS = 500

STARTS = ["pass", "import asyncio\nasync def noop():\n    pass\nasyncio.run(noop())\n"]
ROOMS = ["lang", "builtins", "stdlib", "modules", "asyncio", "traceback", "compiler"]


def tool():
    """The newest llvm-profdata."""
    names = ["llvm-profdata", *(f"llvm-profdata-{version}" for version in range(30, 18, -1))]
    found = []
    for name in names:
        path = shutil.which(name)
        if path:
            text = subprocess.run([path, "merge", "--version"], capture_output=True, text=True).stdout
            version = re.search(r"LLVM version (\d+)", text)
            found.append((int(version[1]) if version else 0, path))
    if not found or max(found)[0] < 19:
        sys.exit("profile.py: no llvm-profdata of version 19 or later")
    return max(found)[1]


def build(folder):
    """A `hoop` that counts into files of the folder."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("CARGO_PROFILE_RELEASE")}
    environment |= {"HOOP_PROFILE_INTO": str(folder), "CARGO_TARGET_DIR": str(ROOT / "target/profile")}
    subprocess.run(["cargo", "build", "--release", "--bin", "hoop"], cwd=ROOT, env=environment, check=True)
    return str(ROOT / "target/profile/release/hoop")


def run(commands, folder, seconds):
    """Runs commands, two at a time; what they print and how they end says nothing here."""
    environment = {**os.environ, "LLVM_PROFILE_FILE": f"{folder}/%4m.profraw"}

    def one(command):
        try:
            subprocess.run(
                command, cwd=ROOT, env=environment, timeout=seconds,
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            )
        except subprocess.TimeoutExpired:
            print("took too long:", *command[1:])

    with concurrent.futures.ThreadPoolExecutor(2) as threads:
        list(threads.map(one, commands))


def main():
    merge = tool()
    # Where the compiler makes no sibling calls in the build that counts, a long loop wants a large stack.
    resource.setrlimit(resource.RLIMIT_STACK, (1 << 30, resource.getrlimit(resource.RLIMIT_STACK)[1]))
    with tempfile.TemporaryDirectory() as scratch:
        benches, tests = f"{scratch}/benches", f"{scratch}/tests"
        hoop = build(benches)
        programs = [*ROOT.glob("scripts/bench/cpu/*.async"), *ROOT.glob("scripts/bench/async/*.async")]
        run([[hoop, str(path)] for path in sorted(programs)], benches, 300)
        run([[hoop, "-c", code] for code in STARTS * 20], benches, 20)
        programs = [path for room in ROOMS for path in sorted((ROOT / "tests" / room).rglob("*.async"))]
        run([[hoop, str(path)] for path in programs], tests, 20)
        inputs = [f"--weighted-input={1},{path}" for path in sorted(pathlib.Path(benches).iterdir())]
        inputs += [f"--weighted-input={WEIGHT_OF_TESTS},{path}" for path in sorted(pathlib.Path(tests).iterdir())]
        subprocess.run([merge, "merge", "--sparse", "-o", PROFILE, *inputs], check=True)
    print(PROFILE.relative_to(ROOT), PROFILE.stat().st_size, "bytes")


if __name__ == "__main__":
    main()
