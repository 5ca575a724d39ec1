#!/usr/bin/env python3.13
"""Writes `src/object/codec/multibyte.bin`: the encodings with one or more bytes for a character, as CPython has them.

The file is a sequence of little-endian 16-bit numbers. For each encoding of ENCODINGS, in this order:
  256 numbers   what a single byte means; 0xFFFF nothing, 0xFFFE the first of several
  rows          a count, then for each row: its first bytes (0x8Fxx with three bytes, else 0x00xx), the lowest last byte,
                how many there are, and what each means; 0 nothing
  exceptions    a count, then triples of a character, and its code as two numbers (high, low): what is encoded otherwise
                than to the lowest code that means it; code 0 if it is not encoded at all
"""

import os
import struct
import sys

ENCODINGS = "gb2312 gbk gb18030 big5 cp950 euc_jp shift_jis cp932 euc_kr cp949 johab".split()
UNDEFINED, SEVERAL = 0xFFFF, 0xFFFE


def meaning(code, encoding):
    try:
        text = code.decode(encoding)
    except UnicodeDecodeError:
        return None
    return ord(text) if len(text) == 1 else None


def tables(encoding):
    numbers = []
    decoded = {}
    leads = []
    for byte in range(256):
        code = bytes([byte])
        point = meaning(code, encoding)
        if point is None:
            try:
                code.decode(encoding)
            except UnicodeDecodeError as problem:
                numbers.append(SEVERAL if problem.reason.startswith("incomplete") else UNDEFINED)
                if numbers[-1] == SEVERAL:
                    leads.append(code)
        else:
            numbers.append(point)
            decoded[code] = point
    rows = []
    if encoding == "euc_jp":
        leads += [b"\x8f" + bytes([second]) for second in range(0xA1, 0xFF)]
    for lead in leads:
        row = {last: point for last in range(256) if (point := meaning(lead + bytes([last]), encoding)) is not None}
        if not row:
            continue
        low, high = min(row), max(row)
        rows += [int.from_bytes(lead), low, high - low + 1, *(row.get(last, 0) for last in range(low, high + 1))]
        rows_count[0] += 1
        decoded.update((lead + bytes([last]), point) for last, point in row.items())
    return numbers, rows, decoded


rows_count = [0]


def exceptions(encoding, decoded):
    inverse = {}
    for code, point in decoded.items():
        key = len(code), code
        if point not in inverse or key < inverse[point]:
            inverse[point] = key
    found = []
    for point in range(0x10000):
        try:
            code = chr(point).encode(encoding)
        except UnicodeEncodeError:
            code = b""
        if len(code) > 3:
            # Four bytes of gb18030 and eight of euc_kr follow rules, not tables.
            code = b""
        if code != inverse.get(point, (0, b""))[1]:
            number = int.from_bytes(code)
            found += [point, number >> 16, number & 0xFFFF]
    return found


def main():
    out = []
    for encoding in ENCODINGS:
        rows_count[0] = 0
        single, rows, decoded = tables(encoding)
        wrong = exceptions(encoding, decoded)
        out += [*single, rows_count[0], *rows, len(wrong) // 3, *wrong]
        print(encoding, rows_count[0], len(decoded), len(wrong) // 3, file=sys.stderr)
    here = os.path.dirname(os.path.abspath(__file__))
    with open(os.path.join(here, "../../src/object/codec/multibyte.bin"), "wb") as file:
        file.write(struct.pack(f"<{len(out)}H", *out))
    ranges = []
    last = None
    for number in range(39420):
        a, b = divmod(number, 10)
        a, c = divmod(a, 126)
        first, second = divmod(a, 10)
        point = meaning(bytes([0x81 + first, 0x30 + second, 0x81 + c, 0x30 + b]), "gb18030")
        if last is None or point is None or point != last + 1:
            if point is not None:
                ranges.append((number, point))
        last = point
    print("\n".join(f"    (0x{n:04X}, 0x{p:04X})," for n, p in ranges), file=sys.stderr)


main()
