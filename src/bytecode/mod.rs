//! Bytecode: the opcode table, code objects, their text form.

pub mod code;
pub mod op;

pub use code::{Code, Const, Handled, Handler, LiveTemps, Position};
pub use op::{Op, Operand};
