"""Writes src/object/unicode/tables.rs from the answers of the Python that runs this.

Run by hand with python3.13, whose Unicode version (15.1) is the language's:

    python3.13 scripts/dev/unicode_tables.py > src/object/unicode/tables.rs
    python3.13 scripts/dev/unicode_tables.py decompositions > src/object/unicode/decomposition.rs
"""

import sys
import unicodedata

CATEGORIES = "Cc Cf Cn Co Cs Ll Lm Lo Lt Lu Mc Me Mn Nd Nl No Pc Pd Pe Pf Pi Po Ps Sc Sk Sm So Zl Zp Zs".split()
WIDTHS = "A F H N Na W".split()
BIDI = " AL AN B BN CS EN ES ET FSI L LRE LRI LRO NSM ON PDF PDI R RLE RLI RLO S WS".split(" ")
BLOCK = 128
PER_LINE = 40


def flags(c):
    after_sigma = ("A\u03a3" + c).lower()[1] == "\u03c3"
    around_sigma = ("A\u03a3" + c + "A").lower()[1] == "\u03c3"
    answers = [
        c.isalpha(),
        c.isdecimal(),
        c.isdigit(),
        c.isnumeric(),
        c.isspace(),
        c.isprintable(),
        c.isidentifier(),
        ("a" + c).isidentifier(),
        c.isupper(),
        c.islower(),
        c.istitle() and not c.isupper(),
        (c + "a").title()[-1] == "a",  # cased
        around_sigma and not after_sigma,  # case-ignorable
        len((c + "a").splitlines()) == 2,
        bool(unicodedata.mirrored(c)),
    ]
    return sum(bit << i for i, bit in enumerate(answers))


def simple(mapped, point):
    return ord(mapped) - point if len(mapped) == 1 else 0


def record(point):
    c = chr(point)
    return (
        flags(c),
        simple(c.upper(), point),
        simple(c.lower(), point),
        simple(c.title(), point),
        unicodedata.decimal(c, -1),
        unicodedata.digit(c, -1),
        CATEGORIES.index(unicodedata.category(c)),
        WIDTHS.index(unicodedata.east_asian_width(c)),
        BIDI.index(unicodedata.bidirectional(c)),
        unicodedata.combining(c),
    )


def numbers(name, kind, items):
    print(f"#[rustfmt::skip]\npub static {name}: [{kind}; {len(items)}] = [")
    for i in range(0, len(items), PER_LINE):
        print("    " + " ".join(f"{n}," for n in items[i : i + PER_LINE]))
    print("];\n")


def fraction(value):
    # The denominators that Unicode has: 320 is a multiple of most of them.
    for denominator in [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 16, 20, 32, 40, 64, 80, 160, 320]:
        scaled = value * denominator
        if abs(scaled - round(scaled)) < 1e-9 * max(1, abs(scaled)):
            return round(scaled), denominator
    raise ValueError(value)


def text(points):
    return '"' + "".join(f"\\u{{{ord(c):x}}}" for c in points) + '"'


def mapping(name, doc, entries):
    print(f"/// {doc}\n#[rustfmt::skip]\npub static {name}: [(u32, &str); {len(entries)}] = [")
    cells = [f"({point:#x}, {text(to)})," for point, to in entries]
    for i in range(0, len(cells), 8):
        print("    " + " ".join(cells[i : i + 8]))
    print("];\n")


def main():
    records, index_of, blocks, first, second = [], {}, {}, [], []
    for start in range(0, sys.maxunicode + 1, BLOCK):
        block = []
        for point in range(start, start + BLOCK):
            r = record(point)
            if r not in index_of:
                index_of[r] = len(records)
                records.append(r)
            block.append(index_of[r])
        block = tuple(block)
        if block not in blocks:
            blocks[block] = len(blocks)
            second.extend(block)
        first.append(blocks[block])
    everything = [chr(point) for point in range(sys.maxunicode + 1)]
    print(f"//! Unicode {unicodedata.unidata_version}, as scripts/dev/unicode_tables.py wrote it from CPython's answers.\n")
    print("use super::Record;\n")
    print(f"/// The version of Unicode.\npub const VERSION: &str = \"{unicodedata.unidata_version}\";\n")
    print("/// The number of the block of 128 code points, in `RECORD_OF`.")
    numbers("BLOCK_OF", "u16", first)
    print("/// The number of the record of each code point of a block.")
    numbers("RECORD_OF", "u16", second)
    print(f"/// What code points have in common.\n#[rustfmt::skip]\npub static RECORDS: [Record; {len(records)}] = [")
    for i in range(0, len(records), 4):
        print("    " + " ".join("Record(" + ", ".join(map(str, r)) + ")," for r in records[i : i + 4]))
    print("];\n")
    mapping("UPPER", "Upper case of more than one code point.", [(ord(c), c.upper()) for c in everything if len(c.upper()) > 1])
    mapping("LOWER", "Lower case of more than one code point.", [(ord(c), c.lower()) for c in everything if len(c.lower()) > 1])
    mapping("TITLE", "Title case of more than one code point.", [(ord(c), c.title()) for c in everything if len(c.title()) > 1])
    mapping("FOLD", "Folded case, where it is not the lower case.", [(ord(c), c.casefold()) for c in everything if c.casefold() != c.lower()])
    values = [(ord(c), *fraction(unicodedata.numeric(c))) for c in everything if c.isnumeric() and not c.isdigit()]
    print(f"/// Numeric values (numerator, denominator) of what is no digit.\n#[rustfmt::skip]\npub static NUMERIC: [(u32, i64, i64); {len(values)}] = [")
    cells = [f"({point:#x}, {n}, {d})," for point, n, d in values]
    for i in range(0, len(cells), 10):
        print("    " + " ".join(cells[i : i + 10]))
    print("];")


def decompositions():
    kinds, cells, mapped, sizes = [""], [], [], 0
    for point in range(sys.maxunicode + 1):
        parts = unicodedata.decomposition(chr(point)).split()
        if parts:
            kind = parts.pop(0).strip("<>") if parts[0].startswith("<") else ""
            if kind not in kinds:
                kinds.append(kind)
            to = "".join(chr(int(part, 16)) for part in parts)
            size = len(to.encode())
            assert sizes + size < 65536
            cells.append(f"({point:#x}, {kinds.index(kind)}, {size}, {sizes}),")
            sizes += size
            mapped.append(to)
    print(f"//! Decompositions of Unicode {unicodedata.unidata_version}, as scripts/dev/unicode_tables.py wrote them.\n")
    print("/// The kinds of decompositions.\n#[rustfmt::skip]")
    print(f"pub static KINDS: [&str; {len(kinds)}] = [" + ", ".join(f'"{kind}"' for kind in kinds) + "];\n")
    print("/// Code point, number of the kind, and which bytes of `MAPPED` it is decomposed to: how many, and where they begin.")
    print(f"#[rustfmt::skip]\npub static DECOMPOSITIONS: [(u32, u8, u8, u16); {len(cells)}] = [")
    for i in range(0, len(cells), 12):
        print("    " + " ".join(cells[i : i + 12]))
    print("];\n")
    print("/// What characters are decomposed to, one after the other.\n#[rustfmt::skip]\npub static MAPPED: &str = \"\\")
    for i in range(0, len(mapped), 30):
        print(text("".join(mapped[i : i + 30])).strip('"') + "\\")
    print('";')


if sys.argv[1:] == ["decompositions"]:
    decompositions()
else:
    main()
