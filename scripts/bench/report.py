"""What the runs come to: medians, ratios and means, as lines, tables and plots."""
import math
import statistics


def median_of(runs, what):
    return statistics.median(getattr(run, what) for run in runs)


def geometric_mean(values):
    return math.exp(sum(map(math.log, values)) / len(values))


def ratio(theirs, ours):
    """How many times as fast as theirs our runs are: the median of the rounds, the lowest and the highest of them."""
    each = sorted(a.seconds / b.seconds for a, b in zip(theirs, ours))
    return {"median": statistics.median(each), "low": each[0], "high": each[-1]}


def summary(runs):
    """For each program and interpreter: the medians, and how many times as fast as CPython it is."""
    found = {}
    for name, by_interpreter in runs.items():
        theirs = by_interpreter["CPython"]
        found[name] = {
            who: {
                "seconds": median_of(ours, "seconds"),
                "cpu": median_of(ours, "cpu"),
                "peak_kib": median_of(ours, "peak_kib"),
                "all_seconds": [run.seconds for run in ours],
                "ratio": ratio(theirs, ours),
            }
            for who, ours in by_interpreter.items()
        }
    return found


def means(group):
    """Of each interpreter but CPython: the geometric mean of its ratios, the lowest, and how many there are."""
    found = {}
    for by_interpreter in group.values():
        for who, result in by_interpreter.items():
            found.setdefault(who, []).append(result["ratio"]["median"])
    del found["CPython"]
    return {who: {"mean": geometric_mean(values), "lowest": min(values), "programs": len(values)} for who, values in found.items()}


def show(title, group):
    """Prints the results of a group of programs."""
    print(f"{title + ' program':<26}{'CPython':>9}{'hoop':>9}{'ratio':>7}{'low':>7}{'high':>7}{'CPU':>7}{'MiB':>8}{'of CPython':>12}   others")
    for name, by_interpreter in group.items():
        theirs, ours = by_interpreter["CPython"], by_interpreter["hoop"]
        others = "  ".join(f"{who} {result['ratio']['median']:.2f}" for who, result in by_interpreter.items() if who not in ("CPython", "hoop"))
        each = ours["ratio"]
        print(f"{name:<26}{theirs['seconds']:>7.3f} s{ours['seconds']:>7.3f} s{each['median']:>7.2f}{each['low']:>7.2f}{each['high']:>7.2f}"
              f"{theirs['cpu'] / ours['cpu']:>7.2f}{ours['peak_kib'] / 1024:>8.1f}{theirs['peak_kib'] / 1024:>12.1f}   {others}")
    for who, mean in means(group).items():
        print(f"{title}: {who}, geometric mean of {mean['programs']} {mean['mean']:.2f}, lowest {mean['lowest']:.2f}")
    print(flush=True)
