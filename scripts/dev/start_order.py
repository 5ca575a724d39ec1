#!/usr/bin/env python3
"""Writes src/start_order.txt: the functions that run when `hoop` starts, for the build script to put side by side.

python3 scripts/dev/start_order.py [target/release/hoop]

Wants valgrind, nm, and a binary that is not stripped. What differs from build to build in a name is a `*`.
"""

import bisect
import collections
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]

# What comes first lies at the front: who needs less touches less.
STARTS = [
    "pass",
    "import asyncio\nasync def noop():\n    pass\nasyncio.run(noop())\n",
]

# As much as the kernel maps at once: a function alone brings no more.
TOO_MUCH = 0x10000


def functions(binary):
    """The functions of a binary by their places: start, end, name."""
    lines = subprocess.run(["nm", "-n", "-S", binary], capture_output=True, text=True, check=True).stdout.splitlines()
    found = []
    for line in lines:
        parts = line.split()
        if len(parts) == 4 and parts[2] in "tTwW":
            start = int(parts[0], 16)
            found.append((start, start + int(parts[1], 16), parts[3]))
    return found


def addresses(binary, code):
    """Where the instructions are that this code runs."""
    with tempfile.NamedTemporaryFile() as out:
        options = ["--tool=callgrind", "--dump-instr=yes", "--compress-pos=no", f"--callgrind-out-file={out.name}"]
        subprocess.run(["valgrind", *options, binary, "-c", code], capture_output=True, check=True)
        text = pathlib.Path(out.name).read_text()
    return {int(address, 16) for address in re.findall(r"^0x([0-9a-f]+) ", text, re.MULTILINE)}


def pattern(name):
    """A name without the hashes of crates and types, which differ between builds."""
    name = re.sub(r"\.llvm\.\d+$", "*", name)
    name = re.sub(r"17h[0-9a-f]{16}E.*", "17h*", name)
    return re.sub(r"Cs[0-9A-Za-z]+_", "Cs*_", name)


def main():
    binary = sys.argv[1] if len(sys.argv) > 1 else str(ROOT / "target/release/hoop")
    known = functions(binary)
    starts = [start for start, _, _ in known]
    # Instances of a generic function have one pattern: these bytes are all that comes with it.
    sizes = collections.Counter()
    for start, end, name in known:
        sizes[pattern(name)] += end - start
    order = {}
    for code in STARTS:
        used = collections.Counter()
        ran = addresses(binary, code)
        for start, end, name in {known[bisect.bisect(starts, address) - 1] for address in ran if address < known[-1][1]}:
            if name.startswith(("_R", "_ZN")):
                used[pattern(name)] += end - start
        # What brings much along that does not run lies behind what does not.
        unused = {name: sizes[name] - size for name, size in used.items()}
        names = [name for name in sorted(used, key=lambda name: (unused[name], name)) if unused[name] < TOO_MUCH]
        order.update(dict.fromkeys(names))
    (ROOT / "src/start_order.txt").write_text("".join(f"{name}\n" for name in order))
    print(f"{len(order)} names")


main()
