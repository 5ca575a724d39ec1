//! Bytecode: the opcode table, code objects, their text and their encoding.

pub mod code;
pub mod op;
pub mod store;

mod dis;
mod form;
mod instr;
mod key;
mod later;
mod reference;
mod verify;

pub use code::{Body, Code, Const, Handled, Handler, LiveTemps, Position};
pub use dis::{Row, disassemble, rows, show_const};
pub use form::{Form, give_forms, op_of};
pub use instr::{Instr, Instructions, instructions, word};
pub(crate) use key::const_key;
pub use later::{Later, Shared};
pub use op::{Op, Operand};
pub use reference::reference;
pub use verify::{VerifyError, verify};
