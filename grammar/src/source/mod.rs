//! Text and positions: source files, spans and the messages about them.
//!
//! The lowest room. A `Span` is two byte offsets; only a `SourceFile` can say
//! which line and column that is, and only a `Diagnostic` is shown to people.

pub mod charmap;
mod diagnostic;
mod file;
mod picture;
mod span;
mod wtf8;

pub use diagnostic::{Diagnostic, DiagnosticKind, Place, marked_line};
pub use file::{Keeper, Position, SourceFile, Watch};
pub use picture::picture;
pub use span::Span;
pub use wtf8::{CodePoints, Wtf8, Wtf8Buf};
