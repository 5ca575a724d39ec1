//! Sets of characters, and what counts as a digit, a space, a letter.

use crate::object::unicode;

/// `\d`, `\s`, `\w`
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Category {
    /// `\d`
    Digit,
    /// `\s`
    Space,
    /// `\w`
    Word,
}

/// A set of characters.
#[derive(Clone, Debug, Default)]
pub struct Set {
    /// Whether it is everything else.
    pub negative: bool,
    /// Stretches of characters, both ends included.
    ranges: Vec<(u32, u32)>,
    /// Categories, and whether each is turned round and knows ASCII only.
    categories: Vec<(Category, bool, bool)>,
    /// The answer for each of the first 256 characters, negation included.
    low: Option<Box<[bool; 256]>>,
}

impl Set {
    /// Adds a stretch.
    pub fn add(&mut self, low: u32, high: u32) {
        self.ranges.push((low, high));
    }

    /// Adds a category.
    pub fn add_category(&mut self, category: Category, negative: bool, ascii: bool) {
        self.categories.push((category, negative, ascii));
    }

    /// Adds the other cases of the characters in it.
    pub fn fold(&mut self, ascii: bool) {
        let mut more = Vec::new();
        for &(low, high) in &self.ranges {
            if high - low > 0x3000 {
                continue;
            }
            for point in low..=high {
                let lower = folded(point, ascii);
                more.push((lower, lower));
            }
        }
        self.ranges.extend(more);
    }

    /// Sorts, and makes the table of the first characters.
    pub fn finish(&mut self) {
        self.ranges.sort_unstable();
        let mut merged: Vec<(u32, u32)> = Vec::new();
        for &(low, high) in &self.ranges {
            match merged.last_mut() {
                Some(last) if low <= last.1.saturating_add(1) => last.1 = last.1.max(high),
                _ => merged.push((low, high)),
            }
        }
        self.ranges = merged;
        let table: [bool; 256] = std::array::from_fn(|point| self.slow(point as u32));
        self.low = Some(Box::new(table));
    }

    /// Whether a character is in it.
    #[inline]
    pub fn has(&self, point: u32) -> bool {
        match &self.low {
            Some(table) if point < 256 => table[point as usize],
            _ => self.slow(point),
        }
    }

    /// Whether it has a character beyond ASCII.
    pub fn is_wide(&self) -> bool {
        self.negative
            || self.ranges.iter().any(|&(_, high)| high >= 0x80)
            || self
                .categories
                .iter()
                .any(|&(_, negative, ascii)| negative || !ascii)
    }

    /// The answers for the first 256 characters.
    #[inline]
    pub fn table(&self) -> Option<&[bool; 256]> {
        self.low.as_deref()
    }

    fn slow(&self, point: u32) -> bool {
        let at = self.ranges.partition_point(|&(low, _)| low <= point);
        // Before `finish` the ranges are in no order; then all are looked at.
        let in_range = match self.low.is_some() {
            true => at > 0 && self.ranges[at - 1].1 >= point,
            false => self
                .ranges
                .iter()
                .any(|&(low, high)| low <= point && point <= high),
        };
        let inside = in_range
            || self
                .categories
                .iter()
                .any(|&(category, negative, ascii)| is(category, point, ascii) != negative);
        inside != self.negative
    }
}

/// Whether a character is of a category.
pub fn is(category: Category, point: u32, ascii: bool) -> bool {
    if point < 128 {
        let byte = point as u8;
        return match category {
            Category::Digit => byte.is_ascii_digit(),
            Category::Space => {
                matches!(byte, b' ' | 9..=13) || (!ascii && (0x1C..=0x1F).contains(&byte))
            }
            Category::Word => byte.is_ascii_alphanumeric() || byte == b'_',
        };
    }
    if ascii {
        return false;
    }
    match category {
        Category::Digit => unicode::decimal(point).is_some(),
        Category::Space => unicode::is_space(point),
        Category::Word => unicode::is_alnum(point),
    }
}

/// The lower case by which characters are compared when case does not count.
#[inline]
pub fn folded(point: u32, ascii: bool) -> u32 {
    if point < 128 {
        return u32::from((point as u8).to_ascii_lowercase());
    }
    if ascii {
        return point;
    }
    match point {
        // Characters whose upper case is the same, and so count as one.
        0x130 | 0x131 => 0x69,
        0xB5 => 0x3BC,
        0x1FD3 => 0x390,
        0x1FE3 => 0x3B0,
        0x1C80 => 0x432,
        0x1C81 => 0x434,
        0x1C82 => 0x43E,
        0x1C83 => 0x441,
        0x1C84 | 0x1C85 => 0x442,
        0x1C86 => 0x44A,
        0x1C87 => 0x463,
        0x1C88 => 0xA64B,
        0xFB05 => 0xFB06,
        0x17F => 0x73,
        0x3C2 => 0x3C3,
        0x345 | 0x1FBE => 0x3B9,
        0x3D0 => 0x3B2,
        0x3D1 => 0x3B8,
        0x3D5 => 0x3C6,
        0x3D6 => 0x3C0,
        0x3F0 => 0x3BA,
        0x3F1 => 0x3C1,
        0x3F5 => 0x3B5,
        0x1E9B => 0x1E61,
        0x212A => 0x6B,
        0x2126 => 0x3C9,
        _ => unicode::simple_lower(point),
    }
}
