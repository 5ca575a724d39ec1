"""Compare `hoop` with CPython on the programs of this folder, interleaved in one run.

    python3.13 scripts/bench/run.py [--hoop target/release/hoop] [--rounds 5] [--only NAME,...] [--memory] [--start]

It compares two interpreters, so it runs under the one that can start processes.  Each
round runs every program once under each; the ratio of a program is the median over
the rounds of CPython's seconds by hoop's.
"""
import argparse
import math
import os
import statistics
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
CPU = ["recursive_calls", "integer_loop", "float_loop", "methods_and_attributes", "lists_and_dicts", "string_building",
       "generators", "exceptions"]
TASKS = ["million_tasks", "switches", "deep_await", "bounded_queue", "lock_contention", "timers", "tcp_echo"]


def run(command):
    """What a command prints, its wall time in seconds and its peak memory in KiB."""
    start = time.perf_counter()
    child = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    out, err = child.communicate()
    wall = time.perf_counter() - start
    if child.returncode:
        raise SystemExit(f"{' '.join(command)} failed:\n{err[-2000:]}")
    return out, wall


def seconds(interpreter, name):
    out, _ = run([interpreter, os.path.join(HERE, name + ".async")])
    return float(out.split()[1])


def geometric_mean(values):
    return math.exp(sum(map(math.log, values)) / len(values))


def compare(hoop, names, rounds):
    """Prints one line a program and answers with the median ratios."""
    times = {name: ([], []) for name in names}
    for _ in range(rounds):
        for name in names:
            times[name][0].append(seconds(sys.executable, name))
            times[name][1].append(seconds(hoop, name))
    ratios = {}
    print(f"{'program':<24}{'CPython s':>11}{'hoop s':>11}{'ratio':>8}   lowest to highest")
    for name, (theirs, ours) in times.items():
        each = sorted(a / b for a, b in zip(theirs, ours))
        ratios[name] = statistics.median(each)
        print(f"{name:<24}{statistics.median(theirs):>11.3f}{statistics.median(ours):>11.3f}{ratios[name]:>8.2f}   "
              f"{each[0]:.2f} to {each[-1]:.2f}")
    return ratios


def memory(hoop, count):
    program = os.path.join(HERE, "mem_sleep.async")
    for who, interpreter in (("CPython", sys.executable), ("hoop", hoop)):
        peaks = [int(run([interpreter, program, str(n)])[0].split()[-2]) for n in (0, count)]
        print(f"{who:<8} {count} sleeping tasks: {(peaks[1] - peaks[0]) * 1024 / count:.0f} bytes each")


def start_up(hoop):
    for who, interpreter in (("CPython", sys.executable), ("hoop", hoop)):
        walls = [run([interpreter, "-c", "pass"])[1] for _ in range(20)]
        script = "for l in open('/proc/self/status'):\n    if l.startswith('VmHWM'): print(l.split()[1])"
        kib = int(run([interpreter, "-c", script])[0])
        print(f"{who:<8} -c pass: {statistics.median(walls) * 1e3:.1f} ms, peak {kib / 1024:.1f} MiB")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--hoop", default=os.path.join(ROOT, "target", "release", "hoop"))
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", default="")
    parser.add_argument("--memory", type=int, nargs="?", const=1_000_000, help="tasks to keep asleep")
    parser.add_argument("--start", action="store_true")
    options = parser.parse_args()
    if options.memory:
        return memory(options.hoop, options.memory)
    if options.start:
        return start_up(options.hoop)
    wanted = options.only.split(",") if options.only else CPU + TASKS
    ratios = compare(options.hoop, wanted, options.rounds)
    for title, group in (("CPU", CPU), ("tasks", TASKS)):
        found = [ratios[name] for name in group if name in ratios]
        if found:
            print(f"{title}: geometric mean {geometric_mean(found):.2f}, lowest {min(found):.2f}")


if __name__ == "__main__":
    main()
