"""Which handlers of the dispatch loop call another handler instead of jumping to it.

    python3 scripts/dev/sibling_calls.py [target/release/hoop]

Each such call grows the stack at every turn.  Calls of a handler that only panics are none.
Wants objdump, and a build with debug information enough to name functions.
"""
import os
import re
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
DISPATCH = os.path.join(ROOT, "src", "vm", "dispatch")
DIVERGING = {"not_a_cell", "no_such_opcode", "never"}
# The rooms beside them, whose functions handlers do call.
HANDLER = r"<hoopsnake::vm::dispatch::(?!leaf::|plain::)\w+::(\w+)>"


def handlers():
    """The names of all handlers, as the macros `op!`, `plain_ops!`, `leaf_ops!` and `doing_ops!` define them."""
    names = set()
    for file in os.listdir(DISPATCH):
        with open(os.path.join(DISPATCH, file)) as source:
            text = source.read()
        names.update(re.findall(r"fn (\w+)\(_?ip, _?regs, _?k, _?vm\)", text))
        names.update(re.findall(r"^    (\w+) = op_\w+;", text, re.M))
        names.update(re.findall(r"^    (\w+) = \w+, else \w+;", text, re.M))
    return names - DIVERGING | {"enter_plain"}


def main():
    binary = sys.argv[1] if sys.argv[1:] else os.path.join(ROOT, "target", "release", "hoop")
    command = ["objdump", "-d", "--no-show-raw-insn", "-C", binary]
    listing = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout
    known = handlers()
    current, seen, bad = None, 0, 0
    for line in listing.splitlines():
        if head := re.match(rf"^[0-9a-f]+ {HANDLER}:", line):
            current = head[1] if head[1] in known else None
            seen += current is not None
        elif not line:
            current = None
        elif current:
            direct = re.search(rf"call\s+[0-9a-f]+ {HANDLER}", line)
            through_table = re.search(r"call\s+\*(\(|%r)", line)
            if through_table or direct and direct[1] in known:
                print(f"{current} calls {direct[1] if direct else 'through the table'}")
                bad += 1
    print(f"{seen} handlers, {bad} calls between them")
    sys.exit(bad > 0 or seen == 0)


main()
