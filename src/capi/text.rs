//! Texts that C reads.

use std::ffi::c_char;

/// Bytes with a NUL behind them.
#[derive(Clone, Debug)]
pub(super) struct Text(Box<[u8]>);

impl Text {
    pub(super) fn new(bytes: impl Into<Vec<u8>>) -> Text {
        let mut bytes = bytes.into();
        bytes.push(0);
        Text(bytes.into())
    }

    /// What is before the NUL.
    pub(super) fn bytes(&self) -> &[u8] {
        self.0.split_last().map_or(&[], |(_, bytes)| bytes)
    }

    /// What is before the NUL, as text.
    pub(super) fn shown(&self) -> String {
        String::from_utf8_lossy(self.bytes()).into_owned()
    }

    /// Where it lies, and how long it is without the NUL.
    pub(super) fn lent(&self) -> (*const c_char, usize) {
        (self.0.as_ptr().cast(), self.bytes().len())
    }
}
