//! Bytecode: the opcode table, code objects, their text and their encoding.

pub mod code;
pub mod op;

mod dis;
mod encode;
mod instr;
mod reference;
mod verify;

pub use code::{Code, Const, Handled, Handler, LiveTemps, Position};
pub use dis::{Row, disassemble, rows, show_const};
pub(crate) use encode::const_key;
pub use encode::{DecodeError, FORMAT_VERSION, decode, encode};
pub use instr::{Instr, Instructions, instructions, word};
pub use op::{Op, Operand};
pub use reference::reference;
pub use verify::{VerifyError, verify};
