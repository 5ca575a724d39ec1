"""What the runs come to: medians, ratios and means, as lines and as Markdown tables."""
import math
import os
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
    return {
        name: {
            who: {
                "seconds": median_of(ours, "seconds"),
                "cpu": median_of(ours, "cpu"),
                "peak_kib": median_of(ours, "peak_kib"),
                "all_seconds": [run.seconds for run in ours],
                "ratio": ratio(by_interpreter["CPython"], ours),
            }
            for who, ours in by_interpreter.items()
        }
        for name, by_interpreter in runs.items()
    }


def means(group):
    """Of each interpreter but CPython: the geometric mean of its ratios, the lowest, and how many there are."""
    found = {}
    for by_interpreter in group.values():
        for who, result in by_interpreter.items():
            if who != "CPython":
                found.setdefault(who, []).append(result["ratio"]["median"])
    return {who: {"mean": geometric_mean(values), "lowest": min(values), "programs": len(values)} for who, values in found.items()}


def cells(group, results):
    """The heading and the rows of the table of a group."""
    who = []
    for by_interpreter in results.values():
        who.extend(each for each in by_interpreter if each not in who)
    match group:
        case "memory":
            cell = lambda found: f"{found:,.0f} B"
            return ["blocked in", *who], [[name, *(cell(row[each]) if each in row else "" for each in who)] for name, row in results.items()]
        case "start":
            cell = lambda found: f"{found['ms']:.1f} ms, {found['mib']:.1f} MiB"
            return ["from start to end", *who], [[name, *(cell(row[each]) if each in row else "" for each in who)] for name, row in results.items()]
        case "servers":
            cell = lambda found: f"{found['cpu_us']:.1f} us ({found['ratio']['median']:.2f})"
            return ["CPU time a request", *who], [[name, *(cell(row[each]) if each in row else "" for each in who)] for name, row in results.items()]
    others = [each for each in who if each not in ("CPython", "hoop")]
    heading = ["program", "CPython", "hoop", "ratio", "low to high", "CPU", "MiB", "CPython's", *others]
    rows = []
    for name, row in results.items():
        theirs, ours = row["CPython"], row["hoop"]
        each = ours["ratio"]
        rows.append([name, f"{theirs['seconds']:.3f} s", f"{ours['seconds']:.3f} s", f"{each['median']:.2f}", f"{each['low']:.2f} to {each['high']:.2f}",
                     f"{theirs['cpu'] / ours['cpu']:.2f}", f"{ours['peak_kib'] / 1024:.1f}", f"{theirs['peak_kib'] / 1024:.1f}",
                     *(f"{row[other]['ratio']['median']:.2f}" if other in row else "" for other in others)])
    return heading, rows


def closing(group, results):
    """The means of a group, a line for each interpreter."""
    if group in ("memory", "start"):
        return []
    return [f"{who}: geometric mean of {mean['programs']} {mean['mean']:.2f}, lowest {mean['lowest']:.2f}" for who, mean in means(results).items()]


def show(group, results):
    """Prints the results of a group, in columns."""
    heading, rows = cells(group, results)
    widths = [max(map(len, column)) for column in zip(heading, *rows)]
    print(f"== {group}")
    for row in (heading, *rows):
        print("  ".join([row[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:]))]))
    print("\n".join(closing(group, results)), flush=True)


# What the tables stand between in a page that has other text too.
BEGIN, END = "<!-- tables -->", "<!-- end of the tables -->"


def write_markdown(path, found):
    """Writes the tables, into their place where the page has one."""
    text = markdown(found)
    if os.path.exists(path):
        with open(path) as file:
            before, begin, rest = file.read().partition(BEGIN)
        if begin:
            text = f"{before}{begin}\n\n{text}\n{END}{rest.partition(END)[2]}"
    with open(path, "w") as file:
        file.write(text)


def markdown(found):
    """The tables of all groups."""
    lines = ["Versions: " + "; ".join(f"{who} {version}" for who, version in found["versions"].items()) + f". Medians of {found['rounds']} rounds.", ""]
    for group, results in found["groups"].items():
        heading, rows = cells(group, results)
        lines += [f"### {group}", "", "| " + " | ".join(heading) + " |", "|---" * len(heading) + "|"]
        lines += ["| " + " | ".join([f"`{row[0]}`", *row[1:]]) + " |" for row in rows]
        lines += ["", *(f"- {line}" for line in closing(group, results)), ""]
    return "\n".join(lines)
