"""Plots of ratios as SVG: a bar for each program, in a drawing that reads on light and on dark pages."""
import html
import math
import os

import report

COLOURS = {"hoop": "#2a9d5c", "uvloop": "#c9772b", "PyPy": "#7d6bc4", "Node": "#4a8fc9"}
LABELS, WIDTH, BAR, GAP = 190, 520, 9, 8


# Bars that are longer end at the edge; the tables have the figures.
LEAST, MOST = -3, 5


def scale(values):
    """The powers of two that hold the values, and a function from a value to its place between them."""
    low = max(LEAST, min(-1, math.floor(math.log2(min(values)))))
    high = min(MOST, max(1, math.ceil(math.log2(max(values)))))
    return low, high, lambda value: LABELS + (min(max(math.log2(value), low), high) - low) / (high - low) * WIDTH


def plot(title, results):
    """How many times as fast as CPython each interpreter is on each program, on a scale of powers of two."""
    who = [each for each in COLOURS if any(each in row for row in results.values())]
    rows = sorted(results.items(), key=lambda item: -item[1]["hoop"]["ratio"]["median"])
    low, high, place = scale([row[each]["ratio"]["median"] for _, row in rows for each in who if each in row])
    step = BAR * len(who) + GAP
    top, height = 52, 52 + step * len(rows)
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {LABELS + WIDTH + 60} {height + 28}" font-family="sans-serif" font-size="11" fill="#808080">',
             f'<title>{html.escape(title)}</title>', f'<text x="{LABELS}" y="16" font-size="13">{html.escape(title)}</text>']
    for i, each in enumerate(who):
        mean = report.means(results)[each]["mean"]
        parts.append(f'<rect x="{LABELS + i * 130}" y="26" width="10" height="10" fill="{COLOURS[each]}"/>'
                     f'<text x="{LABELS + i * 130 + 14}" y="35">{each} (mean {mean:.2f})</text>')
    for power in range(low, high + 1):
        x = place(2.0 ** power)
        parts.append(f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{top - 8}" y2="{height}" stroke="#808080" stroke-width="{1.5 if power == 0 else 0.4}"/>'
                     f'<text x="{x:.1f}" y="{height + 16}" text-anchor="middle">{2 ** power if power >= 0 else f"1/{2 ** -power}"}</text>')
    for at, (name, row) in enumerate(rows):
        y = top + at * step
        parts.append(f'<text x="{LABELS - 6}" y="{y + step / 2 + 1:.1f}" text-anchor="end">{html.escape(name)}</text>')
        for i, each in enumerate(who):
            if each in row:
                value = row[each]["ratio"]["median"]
                left, right = sorted((place(1.0), place(value)))
                parts.append(f'<rect x="{left:.1f}" y="{y + i * BAR}" width="{max(right - left, 0.5):.1f}" height="{BAR - 1}" fill="{COLOURS[each]}"/>')
                if each == "hoop":
                    parts.append(f'<text x="{right + 4:.1f}" y="{y + BAR - 1}" font-size="9">{value:.2f}</text>')
    return "\n".join([*parts, "</svg>", ""])


TITLES = {"cpu": "CPU programs: times as fast as CPython 3.13", "async": "Asynchronous programs: times as fast as CPython 3.13"}


def write(folder, groups):
    """Writes a plot of each group of programs that was run."""
    os.makedirs(folder, exist_ok=True)
    for group, title in TITLES.items():
        if group in groups:
            with open(os.path.join(folder, f"benchmarks-{group}.svg"), "w") as file:
                file.write(plot(title, groups[group]))
