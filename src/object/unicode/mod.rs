//! What Unicode says of each code point: classes, digits and case, from tables
//! that were generated with CPython's answers (scripts/dev/unicode_tables.py).

mod decomposition;
mod normal;
mod tables;

pub use normal::{Form, decomposition, is_normalized, normalized};

pub use tables::VERSION;

/// Flags, distances to the upper, lower and title case, decimal and digit value
/// (-1 for none), numbers of category, width and direction, combining class.
pub struct Record(
    pub u16,
    pub i32,
    pub i32,
    pub i32,
    pub i8,
    pub i8,
    pub u8,
    pub u8,
    pub u8,
    pub u8,
);

const ALPHA: u16 = 1;
const DECIMAL: u16 = 1 << 1;
const DIGIT: u16 = 1 << 2;
const NUMERIC: u16 = 1 << 3;
const SPACE: u16 = 1 << 4;
const PRINTABLE: u16 = 1 << 5;
const XID_START: u16 = 1 << 6;
const XID_CONTINUE: u16 = 1 << 7;
const UPPER: u16 = 1 << 8;
const LOWER: u16 = 1 << 9;
const TITLE: u16 = 1 << 10;
const CASED: u16 = 1 << 11;
const IGNORABLE: u16 = 1 << 12;
const LINE_BREAK: u16 = 1 << 13;
const MIRRORED: u16 = 1 << 14;

const CATEGORIES: [&str; 30] = [
    "Cc", "Cf", "Cn", "Co", "Cs", "Ll", "Lm", "Lo", "Lt", "Lu", "Mc", "Me", "Mn", "Nd", "Nl", "No",
    "Pc", "Pd", "Pe", "Pf", "Pi", "Po", "Ps", "Sc", "Sk", "Sm", "So", "Zl", "Zp", "Zs",
];
/// The number of "Cn".
const CN: u8 = 2;
const WIDTHS: [&str; 6] = ["A", "F", "H", "N", "Na", "W"];
const DIRECTIONS: [&str; 24] = [
    "", "AL", "AN", "B", "BN", "CS", "EN", "ES", "ET", "FSI", "L", "LRE", "LRI", "LRO", "NSM",
    "ON", "PDF", "PDI", "R", "RLE", "RLI", "RLO", "S", "WS",
];

/// The record of a code point.
#[inline]
pub fn record(point: u32) -> &'static Record {
    let block = tables::BLOCK_OF[(point as usize >> 7).min(tables::BLOCK_OF.len() - 1)];
    &tables::RECORDS[tables::RECORD_OF[(block as usize) << 7 | (point as usize & 127)] as usize]
}

#[inline]
fn has(point: u32, flags: u16) -> bool {
    record(point).0 & flags != 0
}

macro_rules! classes {
    ($($(#[$doc:meta])* $name:ident = $flags:expr;)*) => {
        $($(#[$doc])*
        #[inline]
        pub fn $name(point: u32) -> bool {
            has(point, $flags)
        })*
    };
}

classes! {
    /// `str.isalpha`
    is_alpha = ALPHA;
    /// `str.isdecimal`
    is_decimal = DECIMAL;
    /// `str.isdigit`
    is_digit = DIGIT;
    /// `str.isnumeric`
    is_numeric = NUMERIC;
    /// `str.isalnum`
    is_alnum = ALPHA | DECIMAL | DIGIT | NUMERIC;
    /// `str.isspace`
    is_space = SPACE;
    /// `str.isprintable`
    is_printable = PRINTABLE;
    /// Whether a name can start with it.
    is_xid_start = XID_START;
    /// Whether it can stand in a name.
    is_xid_continue = XID_CONTINUE;
    /// `str.isupper` of the character alone.
    is_upper = UPPER;
    /// `str.islower` of the character alone.
    is_lower = LOWER;
    /// Whether it is in title case.
    is_title = TITLE;
    /// Whether it is a letter with case.
    is_cased = CASED;
    /// Whether the context of a final sigma goes over it.
    is_case_ignorable = IGNORABLE;
    /// Whether `str.splitlines` splits here.
    is_line_break = LINE_BREAK;
    /// Whether it is mirrored in text from right to left.
    is_mirrored = MIRRORED;
}

/// The value of a decimal digit.
#[inline]
pub fn decimal(point: u32) -> Option<u8> {
    u8::try_from(record(point).4).ok()
}

/// The value of a digit, superscripts and the like included.
pub fn digit(point: u32) -> Option<u8> {
    u8::try_from(record(point).5).ok()
}

/// The numeric value, as numerator and denominator.
pub fn numeric(point: u32) -> Option<(i64, i64)> {
    if let Some(digit) = digit(point) {
        return Some((digit as i64, 1));
    }
    let at = tables::NUMERIC
        .binary_search_by_key(&point, |entry| entry.0)
        .ok()?;
    Some((tables::NUMERIC[at].1, tables::NUMERIC[at].2))
}

/// The general category.
pub fn category(point: u32) -> &'static str {
    CATEGORIES[record(point).6 as usize]
}

/// The East Asian width.
pub fn east_asian_width(point: u32) -> &'static str {
    WIDTHS[record(point).7 as usize]
}

/// The bidirectional class.
pub fn bidirectional(point: u32) -> &'static str {
    DIRECTIONS[record(point).8 as usize]
}

/// The canonical combining class.
pub fn combining(point: u32) -> u8 {
    record(point).9
}

/// Whether this version of Unicode has the character: the crates may know later ones.
fn is_assigned(point: u32) -> bool {
    record(point).6 != CN
}

/// The name of a character.
pub fn name(point: u32) -> Option<String> {
    let c = char::from_u32(point).filter(|_| is_assigned(point))?;
    unicode_names2::name(c).map(|name| name.to_string())
}

/// The character of a name or an alias, in any case. The crate takes names without their
/// spaces too, the language does not, and it stumbles over a hyphen at the beginning.
pub fn named(name: &str) -> Option<u32> {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == ' ' || c == '-';
    if !name.chars().all(plain) || name.starts_with([' ', '-']) || name.ends_with([' ', '-']) {
        return None;
    }
    let found = unicode_names2::character(name).filter(|&c| is_assigned(c as u32))?;
    let letters = |text: &str| -> String {
        let letters = text.chars().filter(|c| c.is_ascii_alphanumeric());
        letters.map(|c| c.to_ascii_uppercase()).collect()
    };
    let full = unicode_names2::name(found).map(|name| name.to_string());
    let misspelt = full
        .is_some_and(|full| letters(&full) == letters(name) && !full.eq_ignore_ascii_case(name));
    (!misspelt).then_some(found as u32)
}

/// A case mapping: one code point, or a few.
#[derive(Clone, Copy)]
pub enum Mapped {
    /// One, which may be the same.
    One(u32),
    /// More than one.
    Many(&'static str),
}

impl Mapped {
    /// Hands each code point to `push`.
    pub fn each<E>(self, mut push: impl FnMut(u32) -> Result<(), E>) -> Result<(), E> {
        match self {
            Mapped::One(point) => push(point),
            Mapped::Many(text) => text.chars().try_for_each(|c| push(c as u32)),
        }
    }
}

fn mapped(point: u32, distance: i32, special: &'static [(u32, &'static str)]) -> Mapped {
    if distance == 0
        && point >= 0x80
        && let Ok(at) = special.binary_search_by_key(&point, |entry| entry.0)
    {
        return Mapped::Many(special[at].1);
    }
    Mapped::One(point.wrapping_add_signed(distance))
}

/// The upper case.
#[inline]
pub fn upper(point: u32) -> Mapped {
    mapped(point, record(point).1, &tables::UPPER)
}

/// The lower case (without regard to a final sigma).
#[inline]
pub fn lower(point: u32) -> Mapped {
    mapped(point, record(point).2, &tables::LOWER)
}

/// The title case.
#[inline]
pub fn title(point: u32) -> Mapped {
    mapped(point, record(point).3, &tables::TITLE)
}

/// The folded case.
pub fn fold(point: u32) -> Mapped {
    if point >= 0x80
        && let Ok(at) = tables::FOLD.binary_search_by_key(&point, |entry| entry.0)
    {
        return Mapped::Many(tables::FOLD[at].1);
    }
    lower(point)
}

/// The lower case of one code point alone, for caseless matching.
pub fn simple_lower(point: u32) -> u32 {
    point.wrapping_add_signed(record(point).2)
}

/// The upper case of one code point alone, for caseless matching.
pub fn simple_upper(point: u32) -> u32 {
    point.wrapping_add_signed(record(point).1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(mapped: Mapped) -> String {
        let mut out = String::new();
        let _ = mapped.each(|p| {
            out.extend(char::from_u32(p));
            Ok::<_, ()>(())
        });
        out
    }

    #[test]
    fn classes_and_cases() {
        assert!(is_alpha('é' as u32) && !is_alpha('5' as u32) && is_alnum('²' as u32));
        assert!(is_digit('²' as u32) && !is_decimal('²' as u32) && is_decimal('٣' as u32));
        assert!(is_space(0x3000) && is_space(0x1c) && !is_space(0x200b));
        assert!(
            !is_printable(0xD800)
                && !is_printable(0x7f)
                && is_printable('あ' as u32)
                && !is_printable(0xe000)
        );
        assert!(
            is_xid_start('_' as u32) && !is_xid_start('1' as u32) && is_xid_continue('1' as u32)
        );
        assert_eq!(text(upper('ß' as u32)), "SS");
        assert_eq!(text(title('ß' as u32)), "Ss");
        assert_eq!(text(fold('ß' as u32)), "ss");
        assert_eq!(text(lower('İ' as u32)), "i\u{307}");
        assert_eq!(text(title('ǆ' as u32)), "ǅ");
        assert_eq!(text(upper('ÿ' as u32)), "Ÿ");
        assert_eq!(numeric('½' as u32), Some((1, 2)));
        assert_eq!(numeric('万' as u32), Some((10_000, 1)));
        assert_eq!(decimal('٣' as u32), Some(3));
        assert_eq!(
            (
                category('A' as u32),
                east_asian_width('あ' as u32),
                bidirectional('א' as u32)
            ),
            ("Lu", "W", "R")
        );
        assert_eq!(combining(0x301), 230);
        assert!(is_line_break(0x2028) && is_line_break(0x0b) && !is_line_break(0x1f));
    }
}
