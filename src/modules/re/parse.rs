//! Reading patterns: from text to a tree, with CPython's messages for what is wrong.

use super::class::{Category, Set};

/// Bits of `re`'s flags.
pub mod flags {
    #![allow(missing_docs)]
    pub const IGNORECASE: u32 = 2;
    pub const LOCALE: u32 = 4;
    pub const MULTILINE: u32 = 8;
    pub const DOTALL: u32 = 16;
    pub const UNICODE: u32 = 32;
    pub const VERBOSE: u32 = 64;
    pub const DEBUG: u32 = 128;
    pub const ASCII: u32 = 256;
}

use flags::*;

/// A part of a pattern.
#[derive(Clone, Debug)]
pub enum Node {
    /// A character; whatever its case if the flag says so.
    Char { point: u32, fold: bool, ascii: bool },
    /// Any character but `\n`, or any at all.
    Any { newline: bool },
    /// One of a set.
    Set {
        set: Box<Set>,
        fold: bool,
        ascii: bool,
    },
    /// A place.
    At(Place),
    /// One after the other.
    Seq(Vec<Node>),
    /// The first that matches.
    Alt(Vec<Node>),
    /// A group that is remembered.
    Group(usize, Box<Node>),
    /// Again and again.
    Repeat {
        node: Box<Node>,
        least: u32,
        most: u32,
        how: Greed,
    },
    /// What a group has matched.
    Back {
        group: usize,
        fold: bool,
        ascii: bool,
    },
    /// What follows or went before.
    Look {
        node: Box<Node>,
        behind: bool,
        negative: bool,
    },
    /// No second thoughts.
    Atomic(Box<Node>),
    /// Depends on whether a group has matched.
    Condition {
        group: usize,
        yes: Box<Node>,
        no: Box<Node>,
    },
}

/// How a repetition goes about it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Greed {
    /// As often as possible first.
    Greedy,
    /// As seldom as possible first.
    Lazy,
    /// As often as possible, and that is that.
    Possessive,
}

/// A place between characters.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Place {
    /// `\A`, or `^`
    Start,
    /// `^` of each line
    LineStart,
    /// `$`: the end, or before a `\n` there
    End,
    /// `$` of each line
    LineEnd,
    /// `\Z`
    VeryEnd,
    /// `\b`
    Boundary { ascii: bool },
    /// `\B`
    NotBoundary { ascii: bool },
}

/// What is wrong with a pattern, and where (in characters).
#[derive(Debug, Clone)]
pub struct Wrong {
    /// The message.
    pub message: String,
    /// Where, if that is known.
    pub place: Option<usize>,
}

/// A pattern that was read.
#[derive(Debug)]
pub struct Parsed {
    /// The tree.
    pub node: Node,
    /// Flags, those in the pattern included.
    pub flags: u32,
    /// How many groups there are.
    pub groups: usize,
    /// The names of groups, in order.
    pub names: Vec<(String, usize)>,
}

type Outcome<T> = Result<T, Wrong>;

/// No pattern is nested deeper.
const DEEPEST: usize = 200;
/// The most repetitions that can be asked for.
pub const MANY: u32 = u32::MAX;

/// Reads a pattern of these characters; `bytes` says that they are bytes.
pub fn parse(source: &[u32], flags: u32, bytes: bool) -> Outcome<Parsed> {
    let mut reader = Reader {
        source,
        at: 0,
        flags,
        bytes,
        names: Vec::new(),
        open: Vec::new(),
        groups: 0,
        widths: vec![None],
        behind: 0,
        depth: 0,
    };
    if flags & VERBOSE == 0 && reader.says_verbose() {
        reader.flags |= VERBOSE;
    }
    let start_flags = reader.flags;
    let node = reader.alternatives(start_flags, true)?;
    if reader.at < source.len() {
        return Err(reader.wrong("unbalanced parenthesis", reader.at));
    }
    let mut all = reader.flags;
    if !bytes && all & ASCII == 0 {
        all |= UNICODE;
    }
    Ok(Parsed {
        node,
        flags: all,
        groups: reader.groups,
        names: reader.names,
    })
}

struct Reader<'a> {
    source: &'a [u32],
    at: usize,
    /// Flags of the whole pattern.
    flags: u32,
    bytes: bool,
    names: Vec<(String, usize)>,
    /// Groups that are not closed yet.
    open: Vec<usize>,
    groups: usize,
    /// Width of each group, once it is closed.
    widths: Vec<Option<(u64, u64)>>,
    /// How many look-behinds are open.
    behind: usize,
    depth: usize,
}

impl Reader<'_> {
    fn wrong(&self, message: impl Into<String>, place: usize) -> Wrong {
        Wrong {
            message: message.into(),
            place: Some(place),
        }
    }

    fn peek(&self) -> Option<char> {
        self.source
            .get(self.at)
            .map(|&p| char::from_u32(p).unwrap_or('\u{FFFD}'))
    }

    fn next(&mut self) -> Option<u32> {
        let point = self.source.get(self.at).copied()?;
        self.at += 1;
        Some(point)
    }

    fn eat(&mut self, wanted: char) -> bool {
        let found = self.peek() == Some(wanted);
        self.at += found as usize;
        found
    }

    /// Whether a global `(?x)` begins the pattern: then it is verbose from the first character on.
    fn says_verbose(&self) -> bool {
        let text: String = self
            .source
            .iter()
            .take(40)
            .filter_map(|&p| char::from_u32(p))
            .collect();
        let Some(inside) = text
            .strip_prefix("(?")
            .and_then(|rest| rest.split(')').next())
        else {
            return false;
        };
        !inside.is_empty() && inside.chars().all(|c| "aiLmsux".contains(c)) && inside.contains('x')
    }

    fn alternatives(&mut self, flags: u32, top: bool) -> Outcome<Node> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(Wrong {
                message: "pattern is nested too deeply".into(),
                place: None,
            });
        }
        let mut flags = flags;
        let mut branches = vec![self.sequence(&mut flags, top)?];
        while self.eat('|') {
            branches.push(self.sequence(&mut flags, false)?);
        }
        self.depth -= 1;
        Ok(if branches.len() == 1 {
            branches.remove(0)
        } else {
            Node::Alt(branches)
        })
    }

    fn sequence(&mut self, flags: &mut u32, top: bool) -> Outcome<Node> {
        let mut nodes: Vec<Node> = Vec::new();
        let mut first = top;
        while let Some(c) = self.peek() {
            if c == '|' || c == ')' {
                break;
            }
            let start = self.at;
            if *flags & VERBOSE != 0 && self.skip_blank(c) {
                continue;
            }
            if matches!(c, '*' | '+' | '?' | '{')
                && let Some((least, most)) = self.repetition()?
            {
                let node = self.repeated(nodes.pop(), least, most, start)?;
                nodes.push(node);
                continue;
            }
            if let Some(node) = self.atom(flags, &mut first, start)? {
                nodes.push(node);
            }
            first = first && nodes.is_empty();
        }
        Ok(if nodes.len() == 1 {
            nodes.remove(0)
        } else {
            Node::Seq(nodes)
        })
    }

    /// Skips white space and comments of a verbose pattern.
    fn skip_blank(&mut self, c: char) -> bool {
        match c {
            ' ' | '\t' | '\n' | '\r' | '\x0b' | '\x0c' => self.at += 1,
            '#' => while self.next().is_some_and(|p| p != 10) {},
            _ => return false,
        }
        true
    }

    /// The bounds of a repetition; None for a brace that is none.
    fn repetition(&mut self) -> Outcome<Option<(u32, u32)>> {
        let start = self.at;
        let bounds = match self.next().and_then(char::from_u32) {
            Some('*') => (0, MANY),
            Some('+') => (1, MANY),
            Some('?') => (0, 1),
            _ => {
                if self.peek() == Some('}') {
                    self.at = start;
                    return Ok(None);
                }
                let low = self.digits();
                let high = if self.eat(',') {
                    self.digits()
                } else {
                    low.clone()
                };
                if !self.eat('}') {
                    self.at = start;
                    return Ok(None);
                }
                let number = |text: &str, default: u32| -> Result<u32, ()> {
                    if text.is_empty() {
                        Ok(default)
                    } else {
                        text.parse::<u32>().ok().filter(|&n| n < MANY).ok_or(())
                    }
                };
                let too_large = || Wrong {
                    message: "the repetition number is too large".into(),
                    place: None,
                };
                let least = number(&low, 0).map_err(|()| too_large())?;
                let most = number(&high, MANY).map_err(|()| too_large())?;
                if most < least {
                    return Err(self.wrong("min repeat greater than max repeat", start + 1));
                }
                (least, most)
            }
        };
        Ok(Some(bounds))
    }

    fn digits(&mut self) -> String {
        let mut text = String::new();
        while let Some(c) = self.peek().filter(char::is_ascii_digit) {
            text.push(c);
            self.at += 1;
        }
        text
    }

    fn repeated(
        &mut self,
        node: Option<Node>,
        least: u32,
        most: u32,
        start: usize,
    ) -> Outcome<Node> {
        let node = match node {
            None | Some(Node::At(_)) => return Err(self.wrong("nothing to repeat", start)),
            Some(Node::Repeat { .. }) => return Err(self.wrong("multiple repeat", start)),
            Some(Node::Seq(parts)) if parts.is_empty() => {
                return Err(self.wrong("nothing to repeat", start));
            }
            Some(Node::Atomic(inner))
                if matches!(
                    *inner,
                    Node::Repeat {
                        how: Greed::Possessive,
                        ..
                    }
                ) =>
            {
                return Err(self.wrong("multiple repeat", start));
            }
            Some(node) => node,
        };
        let how = if self.eat('?') {
            Greed::Lazy
        } else if self.eat('+') {
            Greed::Possessive
        } else {
            Greed::Greedy
        };
        Ok(Node::Repeat {
            node: Box::new(node),
            least,
            most,
            how,
        })
    }

    fn folds(&self, flags: u32) -> (bool, bool) {
        (flags & IGNORECASE != 0, self.bytes || flags & ASCII != 0)
    }

    fn atom(&mut self, flags: &mut u32, first: &mut bool, start: usize) -> Outcome<Option<Node>> {
        let (fold, ascii) = self.folds(*flags);
        let Some(point) = self.next() else {
            return Ok(None);
        };
        Ok(Some(match char::from_u32(point) {
            Some('.') => Node::Any {
                newline: *flags & DOTALL != 0,
            },
            Some('^') => Node::At(if *flags & MULTILINE != 0 {
                Place::LineStart
            } else {
                Place::Start
            }),
            Some('$') => Node::At(if *flags & MULTILINE != 0 {
                Place::LineEnd
            } else {
                Place::End
            }),
            Some('(') => return self.group(flags, first, start),
            Some('[') => {
                let set = self.set(*flags, start)?;
                Node::Set {
                    set: Box::new(set),
                    fold,
                    ascii,
                }
            }
            Some('\\') => self.escape(*flags, start)?,
            _ => Node::Char { point, fold, ascii },
        }))
    }

    fn category(c: char) -> Option<(Category, bool)> {
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

    fn escape(&mut self, flags: u32, start: usize) -> Outcome<Node> {
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
    fn back_reference(&mut self, flags: u32, start: usize) -> Outcome<Node> {
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

    fn check_group(&self, group: usize, place: usize) -> Outcome<()> {
        if self.open.contains(&group) {
            return Err(self.wrong("cannot refer to an open group", place));
        }
        Ok(())
    }

    /// An escape that stands for one character; its first letter is next.
    fn character_escape(&mut self, start: usize, in_set: bool) -> Outcome<u32> {
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

    fn octal(&mut self, first: u32, most: usize) -> u32 {
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

    fn hex(&mut self, count: usize, start: usize) -> Outcome<u32> {
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

    fn named_character(&mut self, start: usize) -> Outcome<u32> {
        if !self.eat('{') {
            return Err(self.wrong("missing {", self.at));
        }
        let name = self.until('}', "character name")?;
        match unicode_names2::character(&name) {
            Some(c) => Ok(c as u32),
            None => Err(self.wrong(format!("undefined character name '{name}'"), start)),
        }
    }

    /// The text up to a closing character.
    fn until(&mut self, close: char, what: &str) -> Outcome<String> {
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

    fn set(&mut self, flags: u32, start: usize) -> Outcome<Set> {
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

    fn set_item(&mut self, point: u32, start: usize) -> Outcome<Item> {
        if point != '\\' as u32 {
            return Ok(Item::Point(point));
        }
        if let Some((category, negative)) = self.peek().and_then(Self::category) {
            self.at += 1;
            return Ok(Item::Category(category, negative));
        }
        self.character_escape(start, true).map(Item::Point)
    }

    /// Behind `(`. None for a group that is nothing but flags or a comment.
    fn group(&mut self, flags: &mut u32, first: &mut bool, start: usize) -> Outcome<Option<Node>> {
        if !self.eat('?') {
            return self.remembered(*flags, None, start).map(Some);
        }
        let Some(kind) = self.next().map(|p| char::from_u32(p).unwrap_or('\u{FFFD}')) else {
            return Err(self.wrong("unexpected end of pattern", self.at));
        };
        match kind {
            'P' => self.named(*flags, start),
            ':' => self.inside(*flags, start).map(Some),
            '>' => {
                let node = self.inside(*flags, start)?;
                Ok(Some(Node::Atomic(Box::new(node))))
            }
            '#' => loop {
                match self.next() {
                    Some(p) if p == ')' as u32 => return Ok(None),
                    Some(_) => {}
                    None => return Err(self.wrong("missing ), unterminated comment", start)),
                }
            },
            '=' | '!' => self.look(*flags, false, kind == '!', start).map(Some),
            '<' => match self.next().and_then(char::from_u32) {
                Some(c @ ('=' | '!')) => self.look(*flags, true, c == '!', start).map(Some),
                None => Err(self.wrong("unexpected end of pattern", self.at)),
                Some(c) => Err(self.wrong(format!("unknown extension ?<{c}"), start + 1)),
            },
            '(' => self.condition(*flags, start).map(Some),
            c if "aiLmsux-".contains(c) => self.flag_group(c, flags, first, start),
            c => Err(self.wrong(format!("unknown extension ?{c}"), start + 1)),
        }
    }

    fn close(&mut self, start: usize) -> Outcome<()> {
        if self.eat(')') {
            Ok(())
        } else {
            Err(self.wrong("missing ), unterminated subpattern", start))
        }
    }

    fn inside(&mut self, flags: u32, start: usize) -> Outcome<Node> {
        let node = self.alternatives(flags, false)?;
        self.close(start)?;
        // A group of its own, even where it holds a repetition or a place.
        Ok(match node {
            node @ (Node::Repeat { .. } | Node::At(_)) => {
                Node::Seq(vec![node, Node::Seq(Vec::new())])
            }
            Node::Seq(parts) if parts.is_empty() => Node::Seq(vec![Node::Seq(Vec::new())]),
            node => node,
        })
    }

    fn remembered(
        &mut self,
        flags: u32,
        name: Option<(String, usize)>,
        start: usize,
    ) -> Outcome<Node> {
        self.groups += 1;
        let number = self.groups;
        if let Some((name, place)) = name {
            if let Some((_, known)) = self.names.iter().find(|(n, _)| *n == name) {
                let text = format!(
                    "redefinition of group name {} as group {number}; was group {known}",
                    quoted(&name)
                );
                return Err(self.wrong(text, place));
            }
            self.names.push((name, number));
        }
        self.open.push(number);
        self.widths.push(None);
        let node = self.alternatives(flags, false)?;
        self.close(start)?;
        self.open.retain(|&open| open != number);
        self.widths[number] = Some(self.width(&node));
        Ok(Node::Group(number, Box::new(node)))
    }

    fn checked_name(&self, name: &str, place: usize) -> Outcome<()> {
        let mut chars = name.chars();
        let good = chars.next().is_some_and(|c| c == '_' || c.is_alphabetic())
            && chars.all(|c| c == '_' || c.is_alphanumeric());
        if !good || (self.bytes && !name.is_ascii()) {
            return Err(self.wrong(
                format!("bad character in group name {}", quoted(name)),
                place,
            ));
        }
        Ok(())
    }

    /// Behind `(?P`.
    fn named(&mut self, flags: u32, start: usize) -> Outcome<Option<Node>> {
        let (fold, ascii) = self.folds(flags);
        if self.eat('<') {
            let place = self.at;
            let name = self.until('>', "group name")?;
            self.checked_name(&name, place)?;
            return self.remembered(flags, Some((name, place)), start).map(Some);
        }
        if self.eat('=') {
            let place = self.at;
            let name = self.until(')', "group name")?;
            self.checked_name(&name, place)?;
            let Some(&(_, group)) = self.names.iter().find(|(n, _)| *n == name) else {
                return Err(self.wrong(format!("unknown group name {}", quoted(&name)), place));
            };
            self.check_group(group, place)?;
            return Ok(Some(Node::Back { group, fold, ascii }));
        }
        match self.next().and_then(char::from_u32) {
            None => Err(self.wrong("unexpected end of pattern", self.at)),
            Some(c) => Err(self.wrong(format!("unknown extension ?P{c}"), start + 1)),
        }
    }

    fn look(&mut self, flags: u32, behind: bool, negative: bool, start: usize) -> Outcome<Node> {
        self.behind += behind as usize;
        let node = self.alternatives(flags, false)?;
        self.close(start)?;
        self.behind -= behind as usize;
        if behind {
            let (low, high) = self.width(&node);
            if low != high {
                return Err(Wrong {
                    message: "look-behind requires fixed-width pattern".into(),
                    place: None,
                });
            }
        }
        Ok(Node::Look {
            node: Box::new(node),
            behind,
            negative,
        })
    }

    /// Behind `(?(`.
    fn condition(&mut self, flags: u32, start: usize) -> Outcome<Node> {
        let place = self.at;
        let name = self.until(')', "group name")?;
        let group = if name.bytes().all(|b| b.is_ascii_digit()) {
            let group: usize = name.parse().unwrap_or(usize::MAX);
            if group == 0 {
                return Err(self.wrong("bad group number", place));
            }
            if group >= 100 && group > self.groups + 100 {
                return Err(self.wrong(format!("invalid group reference {group}"), place));
            }
            group
        } else {
            self.checked_name(&name, place)?;
            match self.names.iter().find(|(n, _)| *n == name) {
                Some(&(_, group)) => group,
                None => {
                    return Err(self.wrong(format!("unknown group name {}", quoted(&name)), place));
                }
            }
        };
        if group > self.groups {
            return Err(self.wrong(format!("invalid group reference {group}"), place));
        }
        let mut flags = flags;
        let yes = self.sequence(&mut flags, false)?;
        let no = if self.eat('|') {
            self.sequence(&mut flags, false)?
        } else {
            Node::Seq(Vec::new())
        };
        if self.peek() == Some('|') {
            return Err(self.wrong(
                "conditional backref with more than two branches",
                self.at + 1,
            ));
        }
        self.close(start)?;
        Ok(Node::Condition {
            group,
            yes: Box::new(yes),
            no: Box::new(no),
        })
    }

    /// Behind `(?` and the first letter of flags.
    fn flag_group(
        &mut self,
        letter: char,
        flags: &mut u32,
        first: &mut bool,
        start: usize,
    ) -> Outcome<Option<Node>> {
        let (mut add, mut remove) = (0, 0);
        let mut letter = Some(letter);
        let mut removing = false;
        loop {
            let Some(c) = letter else {
                return Err(self.wrong("missing -, : or )", self.at));
            };
            let bit = match c {
                'a' => ASCII,
                'i' => IGNORECASE,
                'L' => LOCALE,
                'm' => MULTILINE,
                's' => DOTALL,
                'u' => UNICODE,
                'x' => VERBOSE,
                ')' if !removing => break,
                ':' => break,
                '-' if !removing => {
                    removing = true;
                    0
                }
                c if removing && remove == 0 => {
                    let text = if c.is_alphabetic() {
                        "unknown flag"
                    } else {
                        "missing flag"
                    };
                    return Err(self.wrong(text, self.at - 1));
                }
                c => {
                    let text = if c.is_alphabetic() {
                        "unknown flag"
                    } else if removing {
                        "missing :"
                    } else {
                        "missing -, : or )"
                    };
                    return Err(self.wrong(text, self.at - 1));
                }
            };
            if bit != 0 {
                self.check_flag(c, bit, removing)?;
            }
            if removing {
                remove |= bit
            } else {
                add |= bit
            }
            letter = self.next().map(|p| char::from_u32(p).unwrap_or('\u{FFFD}'));
        }
        if letter == Some(')') {
            if !*first || start > 0 && !self.only_flags_before(start) {
                return Err(self.wrong("global flags not at the start of the expression", start));
            }
            self.flags |= add;
            *flags |= add;
            return Ok(None);
        }
        if removing && remove == 0 {
            return Err(self.wrong("missing flag", self.at - 1));
        }
        if add & remove != 0 {
            return Err(self.wrong("bad inline flags: flag turned on and off", self.at));
        }
        let mut inner = *flags;
        if add & ASCII != 0 {
            inner &= !UNICODE;
        }
        if add & UNICODE != 0 {
            inner &= !ASCII;
        }
        self.inside((inner | add) & !remove, start).map(Some)
    }

    fn check_flag(&self, letter: char, bit: u32, removing: bool) -> Outcome<()> {
        if self.bytes && bit == UNICODE {
            return Err(self.wrong(
                "bad inline flags: cannot use 'u' flag with a bytes pattern",
                self.at,
            ));
        }
        if !self.bytes && bit == LOCALE {
            return Err(self.wrong(
                "bad inline flags: cannot use 'L' flag with a str pattern",
                self.at,
            ));
        }
        if removing && matches!(letter, 'a' | 'L' | 'u') {
            let text = "bad inline flags: cannot turn off flags 'a', 'u' and 'L'";
            return Err(self.wrong(text, self.at));
        }
        Ok(())
    }

    /// Whether nothing but groups of flags stands before a place.
    fn only_flags_before(&self, place: usize) -> bool {
        let text: String = self.source[..place]
            .iter()
            .filter_map(|&p| char::from_u32(p))
            .collect();
        text.split_inclusive(')').all(|part| {
            part.strip_prefix("(?")
                .and_then(|p| p.strip_suffix(')'))
                .is_some_and(|p| p.chars().all(|c| "aiLmsux".contains(c)))
        })
    }

    /// The least and the most characters that a part takes.
    fn width(&self, node: &Node) -> (u64, u64) {
        const ENDLESS: u64 = u64::MAX / 4;
        match node {
            Node::Char { .. } | Node::Any { .. } | Node::Set { .. } => (1, 1),
            Node::At(_) | Node::Look { .. } => (0, 0),
            Node::Seq(nodes) => nodes.iter().fold((0, 0), |(low, high), n| {
                let (a, b) = self.width(n);
                (low + a, (high + b).min(ENDLESS))
            }),
            Node::Alt(nodes) => nodes.iter().fold((u64::MAX, 0), |(low, high), n| {
                let (a, b) = self.width(n);
                (low.min(a), high.max(b))
            }),
            Node::Group(_, node) | Node::Atomic(node) => self.width(node),
            Node::Repeat {
                node, least, most, ..
            } => {
                let (low, high) = self.width(node);
                let most = if *most == MANY {
                    ENDLESS
                } else {
                    u64::from(*most)
                };
                (
                    low.saturating_mul(u64::from(*least)).min(ENDLESS),
                    high.saturating_mul(most).min(ENDLESS),
                )
            }
            Node::Back { group, .. } => self
                .widths
                .get(*group)
                .copied()
                .flatten()
                .unwrap_or((0, ENDLESS)),
            Node::Condition { yes, no, .. } => {
                let (a, b) = (self.width(yes), self.width(no));
                (a.0.min(b.0), a.1.max(b.1))
            }
        }
    }
}

/// One member of a set.
enum Item {
    Point(u32),
    Category(Category, bool),
}

/// The width of a part whose groups are known to be closed.
pub fn fixed_width(node: &Node, groups: &dyn Fn(usize) -> usize) -> usize {
    match node {
        Node::Char { .. } | Node::Any { .. } | Node::Set { .. } => 1,
        Node::At(_) | Node::Look { .. } => 0,
        Node::Seq(nodes) => nodes.iter().map(|n| fixed_width(n, groups)).sum(),
        Node::Alt(nodes) => nodes.first().map_or(0, |n| fixed_width(n, groups)),
        Node::Group(_, node) | Node::Atomic(node) => fixed_width(node, groups),
        Node::Repeat { node, least, .. } => fixed_width(node, groups) * *least as usize,
        Node::Back { group, .. } => groups(*group),
        Node::Condition { yes, .. } => fixed_width(yes, groups),
    }
}

/// A name between quotes.
fn quoted(name: &str) -> String {
    if name.contains('\'') && !name.contains('"') {
        format!("\"{name}\"")
    } else {
        format!("'{name}'")
    }
}
