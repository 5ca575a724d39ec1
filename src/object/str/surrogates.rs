//! Surrogates in Rust text, which cannot have them: they are written in three characters.

use super::{encode_point, points};

/// Two characters that no text has side by side: behind them in Rust text stands what means a surrogate.
pub(super) const SURROGATE_MARK: &str = "\u{10FFFF}\u{10FFFE}";
/// What means the surrogate U+D800, behind the mark. The others follow in order.
const FIRST_SURROGATE: u32 = 0x10_F700;

/// Rust text for WTF-8.
pub(super) fn escape_surrogates(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for point in points(bytes) {
        match char::from_u32(point) {
            Some(char) => text.push(char),
            None => {
                text.push_str(SURROGATE_MARK);
                text.extend(char::from_u32(point - 0xD800 + FIRST_SURROGATE));
            }
        }
    }
    text
}

/// WTF-8 for Rust text.
pub fn with_surrogates(text: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(SURROGATE_MARK) {
        let (before, marked) = rest.split_at(at);
        bytes.extend_from_slice(before.as_bytes());
        let behind = &marked[SURROGATE_MARK.len()..];
        let meant = behind.chars().next().map_or(0, |c| c as u32);
        rest = match meant.checked_sub(FIRST_SURROGATE) {
            Some(number @ 0..0x800) => {
                let mut room = [0; 4];
                bytes.extend_from_slice(encode_point(0xD800 + number, &mut room));
                &behind[4..]
            }
            _ => {
                bytes.extend_from_slice(SURROGATE_MARK.as_bytes());
                behind
            }
        };
    }
    bytes.extend_from_slice(rest.as_bytes());
    bytes
}

/// Rust text for a terminal: surrogates as `\udc80`.
pub fn without_surrogates(text: &str) -> std::borrow::Cow<'_, str> {
    if !text.contains(SURROGATE_MARK) {
        return text.into();
    }
    let mut shown = String::with_capacity(text.len());
    for point in points(&with_surrogates(text)) {
        match char::from_u32(point) {
            Some(char) => shown.push(char),
            None => shown.push_str(&format!("\\u{point:04x}")),
        }
    }
    shown.into()
}
