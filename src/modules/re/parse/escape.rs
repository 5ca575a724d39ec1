//! Escapes and sets of characters in patterns.

use super::*;
use crate::modules::re::class::Category;

/// One member of a set.
pub(super) enum Item {
    Point(u32),
    Category(Category, bool),
}

impl Reader<'_> {
    pub(super) fn category(c: char) -> Option<(Category, bool)> {
        Some(match c {
            'd' => (Category::Digit, false),
            'D' => (Category::Digit, true),
            's' => (Category::Space, false),
            'S' => (Category::Space, true),
            'w' => (Category::Word, false),
            'W' => (Category::Word, true),
            _ => return None,
        })
    }

    pub(super) fn escape(&mut self, flags: u32, start: usize) -> Outcome<Node> {
        let (fold, ascii) = self.folds(flags);
        let Some(c) = self.peek() else {
            return Err(self.wrong("bad escape (end of pattern)", start));
        };
        let place = match c {
            'A' => Some(Place::Start),
            'Z' => Some(Place::VeryEnd),
            'b' => Some(Place::Boundary { ascii }),
            'B' => Some(Place::NotBoundary { ascii }),
            _ => None,
        };
        if let Some(place) = place {
            self.at += 1;
            return Ok(Node::At(place));
        }
        if let Some((category, negative)) = Self::category(c) {
            self.at += 1;
            let mut set = Set::default();
            set.add_category(category, negative, ascii);
            return Ok(Node::Set {
                set: Box::new(set),
                fold: false,
                ascii,
            });
        }
        if c.is_ascii_digit() && c != '0' {
            return self.back_reference(flags, start);
        }
        let point = self.character_escape(start, false)?;
        Ok(Node::Char { point, fold, ascii })
    }

    /// `\1` to `\99`, or an octal number of three digits.
    pub(super) fn back_reference(&mut self, flags: u32, start: usize) -> Outcome<Node> {
        let (fold, ascii) = self.folds(flags);
        let digit = |reader: &Self, i: usize| {
            reader
                .source
                .get(reader.at + i)
                .copied()
                .and_then(char::from_u32)
                .filter(char::is_ascii_digit)
        };
        let octal = |c: Option<char>| c.filter(|c| ('0'..='7').contains(c));
        let (a, b, c) = (digit(self, 0), digit(self, 1), digit(self, 2));
        if let (Some(a), Some(b), Some(c)) = (octal(a), octal(b), octal(c)) {
            self.at += 3;
            let value = u32::from_str_radix(&format!("{a}{b}{c}"), 8).unwrap_or(0);
            if value > 0o377 {
                let text = format!("octal escape value \\{a}{b}{c} outside of range 0-0o377");
                return Err(self.wrong(text, start));
            }
            return Ok(Node::Char {
                point: value,
                fold,
                ascii,
            });
        }
        let count = 1 + b.is_some() as usize;
        let text: String = [a, b].into_iter().flatten().collect();
        self.at += count;
        let group: usize = text.parse().unwrap_or(0);
        if group > self.groups {
            return Err(self.wrong(format!("invalid group reference {group}"), start + 1));
        }
        self.check_group(group, start)?;
        Ok(Node::Back { group, fold, ascii })
    }

    pub(super) fn check_group(&self, group: usize, place: usize) -> Outcome<()> {
        if self.open.contains(&group) {
            return Err(self.wrong("cannot refer to an open group", place));
        }
        self.check_behind(group)
    }

    /// A look-behind may not ask about its own groups.
    pub(super) fn check_behind(&self, group: usize) -> Outcome<()> {
        if self.behind > 0 && group > self.behind_from {
            let text = "cannot refer to group defined in the same lookbehind subpattern";
            return Err(self.wrong(text, self.at));
        }
        Ok(())
    }

    /// An escape that stands for one character; its first letter is next.
    pub(super) fn character_escape(&mut self, start: usize, in_set: bool) -> Outcome<u32> {
        let Some(c) = self.next().map(|p| char::from_u32(p).unwrap_or('\u{FFFD}')) else {
            return Err(self.wrong("bad escape (end of pattern)", start));
        };
        Ok(match c {
            'a' => 7,
            'b' if in_set => 8,
            'f' => 12,
            'n' => 10,
            'r' => 13,
            't' => 9,
            'v' => 11,
            '\\' => 92,
            'x' => self.hex(2, start)?,
            'u' if !self.bytes => self.hex(4, start)?,
            'U' if !self.bytes => {
                let point = self.hex(8, start)?;
                if point > 0x10_FFFF {
                    let text: String = self.source[start..self.at]
                        .iter()
                        .filter_map(|&p| char::from_u32(p))
                        .collect();
                    return Err(self.wrong(format!("bad escape {text}"), start));
                }
                point
            }
            'N' if !self.bytes => self.named_character(start)?,
            '0' => self.octal(0, 2),
            '1'..='7' if in_set => {
                let value = self.octal(c as u32 - 48, 2);
                if value > 0o377 {
                    let text: String = self.source[start..self.at]
                        .iter()
                        .filter_map(|&p| char::from_u32(p))
                        .collect();
                    return Err(self.wrong(
                        format!("octal escape value {text} outside of range 0-0o377"),
                        start,
                    ));
                }
                value
            }
            c if c.is_ascii_alphabetic() || (in_set && c.is_ascii_digit()) => {
                return Err(self.wrong(format!("bad escape \\{c}"), start));
            }
            _ => self.source[self.at - 1],
        })
    }

    pub(super) fn octal(&mut self, first: u32, most: usize) -> u32 {
        let mut value = first;
        for _ in 0..most {
            match self.peek() {
                Some(c @ '0'..='7') => value = value * 8 + (c as u32 - 48),
                _ => break,
            }
            self.at += 1;
        }
        value
    }

    pub(super) fn hex(&mut self, count: usize, start: usize) -> Outcome<u32> {
        let mut text = String::new();
        while text.len() < count
            && let Some(c) = self.peek().filter(char::is_ascii_hexdigit)
        {
            text.push(c);
            self.at += 1;
        }
        if text.len() < count {
            let shown: String = self.source[start..self.at]
                .iter()
                .filter_map(|&p| char::from_u32(p))
                .collect();
            return Err(self.wrong(format!("incomplete escape {shown}"), start));
        }
        Ok(u32::from_str_radix(&text, 16).unwrap_or(0))
    }

    pub(super) fn named_character(&mut self, start: usize) -> Outcome<u32> {
        if !self.eat('{') {
            return Err(self.wrong("missing {", self.at));
        }
        let name = self.until('}', "character name")?;
        match crate::object::unicode::named(&name) {
            Some(point) => Ok(point),
            None => Err(self.wrong(format!("undefined character name '{name}'"), start)),
        }
    }

    /// The text up to a closing character.
    pub(super) fn until(&mut self, close: char, what: &str) -> Outcome<String> {
        let start = self.at;
        let mut text = String::new();
        loop {
            match self.next() {
                Some(p) if p == close as u32 => break,
                Some(p) => text.push(char::from_u32(p).unwrap_or('\u{FFFD}')),
                None if text.is_empty() => return Err(self.wrong(format!("missing {what}"), start)),
                None => {
                    return Err(self.wrong(format!("missing {close}, unterminated name"), start));
                }
            }
        }
        if text.is_empty() {
            return Err(self.wrong(format!("missing {what}"), start));
        }
        Ok(text)
    }

    pub(super) fn set(&mut self, flags: u32, start: usize) -> Outcome<Set> {
        let ascii = self.bytes || flags & ASCII != 0;
        let mut set = Set::default();
        set.negative = self.eat('^');
        let mut first = true;
        loop {
            let here = self.at;
            let Some(point) = self.next() else {
                return Err(self.wrong("unterminated character set", start));
            };
            if point == ']' as u32 && !first {
                break;
            }
            first = false;
            let low = self.set_item(point, here)?;
            let is_range = self.peek() == Some('-')
                && self
                    .source
                    .get(self.at + 1)
                    .is_some_and(|&p| p != ']' as u32);
            if !is_range {
                if self.peek() == Some('-') && self.at + 1 >= self.source.len() {
                    return Err(self.wrong("unterminated character set", start));
                }
                match low {
                    Item::Point(point) => set.add(point, point),
                    Item::Category(category, negative) => {
                        set.add_category(category, negative, ascii)
                    }
                }
                continue;
            }
            self.at += 1;
            let high_at = self.at;
            let point = self.next().unwrap_or(0);
            let high = self.set_item(point, high_at)?;
            let (Item::Point(low), Item::Point(high)) = (low, high) else {
                let text: String = self.source[here..self.at]
                    .iter()
                    .filter_map(|&p| char::from_u32(p))
                    .collect();
                return Err(self.wrong(format!("bad character range {text}"), here));
            };
            if high < low {
                let text: String = self.source[here..self.at]
                    .iter()
                    .filter_map(|&p| char::from_u32(p))
                    .collect();
                return Err(self.wrong(format!("bad character range {text}"), here));
            }
            set.add(low, high);
        }
        if flags & IGNORECASE != 0 {
            set.fold(ascii);
        }
        set.finish();
        Ok(set)
    }

    pub(super) fn set_item(&mut self, point: u32, start: usize) -> Outcome<Item> {
        if point != '\\' as u32 {
            return Ok(Item::Point(point));
        }
        if let Some((category, negative)) = self.peek().and_then(Self::category) {
            self.at += 1;
            return Ok(Item::Category(category, negative));
        }
        self.character_escape(start, true).map(Item::Point)
    }
}
