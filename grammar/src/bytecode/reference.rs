//! The page `docs/internals/bytecode.md`, made from the opcode table.

use super::op::{ALL, Op, Operand};
use std::fmt::Write;

const HEAD: &str = "# Bytecode

<!-- Made from grammar/src/bytecode/op.rs by grammar/src/bytecode/reference.rs; a test compares. -->

An instruction is a 64-bit word, lowest byte first: opcode (8 bits), flags (8 bits) and three
operands A, B and C (16 bits each). Some instructions have operand words behind it.

Registers come in two kinds. **Locals** always hold an owned value or nothing (an unbound
variable). **Temporaries** lie behind the locals; they are written without dropping what
was there and read once. The live ones are always the first so many of them, as on a stack. The
lowest three flag bits say which operands are temporaries, the other five are the opcode's own.

How an operand is used:

| kind | meaning |
|---|---|
| `Dst` | a register that is written |
| `Src` | a register that is read; a temporary is consumed |
| `Keep` | a register that is read and keeps its value |
| `Window` | the first of consecutive temporaries that are consumed |
| `OutWindow` | the first of consecutive temporaries that are written |
| `Const`, `Name` | an index into the constants or names |
| `Imm` | a number |
| `Jump16` | a signed distance in words from the end of the instruction |
| `Wide` | a 32-bit number in B and C: a distance, a constant or an integer |

Two conventions are not in the table. In `CallMethod` and `CallMethodKw` the position
(line and columns) that belongs to word 1 is that of the attribute, for an error of the look-up;
that of the first word is the whole call. A jump that goes back is always `Loop`.

| no. | opcode | A | B | C | words | what it does |
|---:|---|---|---|---|---:|---|
";

/// The text of the page.
pub fn reference() -> String {
    let mut out = HEAD.to_string();
    for (number, op) in ALL.iter().enumerate() {
        let [a, b, c] = op.operands().map(kind_name);
        let text: Vec<&str> = op.doc().lines().map(str::trim).collect();
        let text = text.join(" ").replace('|', "\\|");
        let (name, words) = (op.name(), Op::words(*op));
        let _ = writeln!(
            out,
            "| {number} | `{name}` | {a} | {b} | {c} | {words} | {} |",
            text.trim()
        );
    }
    out
}

fn kind_name(kind: Operand) -> String {
    match kind {
        Operand::None | Operand::WideHigh => String::new(),
        kind => format!("{kind:?}"),
    }
}
