"""Builds hoop with each of the planted bugs and shows that the programs of scripts/dev/differ find it.

    python3.13 scripts/dev/mutants.py [FIRST [LAST]]

A planted bug is an `if cfg!(hoop_mutant = "n")` in the source (docs/internals/testing.md). It is found by the
committed sample (tests/differential) or else by the first of the programs after it that differs, of at most LIMIT.
CARGO names another cargo.  Each is built in target/mutants: only hoop itself is compiled again.
"""
import os
import subprocess
import sys

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
TARGET = os.path.join(ROOT, "target", "mutants")
LIMIT = 20_000
COUNT = 20
sys.path.insert(0, os.path.join(ROOT, "scripts", "dev", "differ"))

import make  # noqa: E402
from players import Player  # noqa: E402

WRAPPER = '#!/bin/sh\nrustc=$1\nshift\nexec "$rustc" "$@" --cfg "hoop_mutant=\\"$HOOP_MUTANT\\""\n'


def build(number):
    """A wrapper round rustc sets the cfg, so that the dependencies stay as they are."""
    os.makedirs(TARGET, exist_ok=True)
    wrapper = os.path.join(TARGET, "rustc.sh")
    with open(wrapper, "w") as file:
        file.write(WRAPPER)
    os.chmod(wrapper, 0o755)
    for source in ("lib.rs", "main.rs"):
        os.utime(os.path.join(ROOT, "src", source))
    env = dict(os.environ, RUSTC_WORKSPACE_WRAPPER=wrapper, HOOP_MUTANT=str(number))
    command = [os.environ.get("CARGO", "cargo"), "build", "--release", "--bin", "hoop", "--target-dir", TARGET]
    subprocess.run(command, cwd=ROOT, env=env, check=True, stderr=subprocess.DEVNULL)
    return os.path.join(TARGET, "release", "hoop")


def alone(hoop, source):
    """What a new player prints of one program."""
    player = Player([hoop])
    try:
        player.send(source)
        return player.receive()
    finally:
        if player.child is not None:
            player.stop()


def sure(hoop, plain, source):
    """True where the mutant prints something else, and neither it nor hoop prints something else each time."""
    ours, theirs = alone(plain, source), alone(hoop, source)
    return ours != theirs and ours == alone(plain, source) and alone(hoop, source) != ours


def expected(seed, player, known):
    """What hoop itself prints: a mutant is found where it prints something else."""
    if seed not in known:
        player.send(make.program(seed).source)
        known[seed] = player.receive()
    return known[seed]


def find(hoop, plain, player, known):
    """The first seed whose program the mutant plays otherwise."""
    mutant = Player([hoop])
    try:
        for seed in range(LIMIT):
            text = expected(seed, player, known)
            source = make.program(seed).source
            mutant.send(source)
            if mutant.receive() != text and sure(hoop, plain, source):
                return seed
    finally:
        if mutant.child is not None:
            mutant.stop()
    return None


def main(first, last):
    plain, known, lost = os.path.join(ROOT, "target", "release", "hoop"), {}, 0
    player = Player([plain])
    for number in range(first, last + 1):
        seed = find(build(number), plain, player, known)
        if seed is None:
            lost += 1
            print(f"mutant {number}: not found in {LIMIT} programs", flush=True)
        else:
            where = "in the sample" if seed < make.SAMPLE else "after the sample"
            print(f"mutant {number}: found by program {seed}, {where}", flush=True)
    if player.child is not None:
        player.stop()
    return lost


if __name__ == "__main__":
    words = [int(w) for w in sys.argv[1:]]
    sys.exit(main(words[0] if words else 1, words[1] if len(words) > 1 else words[0] if words else COUNT) > 0)
