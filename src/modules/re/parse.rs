//! Reading patterns: from text to a tree, with CPython's messages for what is wrong.

mod escape;
mod group;

use super::class::Set;

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
    /// How many characters a match has at least and at most.
    pub width: (u64, u64),
}

type Outcome<T> = Result<T, Wrong>;

/// No pattern is nested deeper.
const DEEPEST: usize = 200;
/// A width that has no end.
pub const ENDLESS: u64 = u64::MAX / 4;
/// The most repetitions that can be asked for.
pub const MANY: u32 = u32::MAX;

/// A group's name as messages show it; in a bytes pattern other characters than ASCII are escaped.
pub fn shown_name(name: &str, bytes: bool) -> String {
    name.chars()
        .map(|c| match c {
            '\u{80}'.. if bytes => format!("\\x{:02x}", c as u32),
            _ => c.to_string(),
        })
        .collect()
}

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
        behind_from: 0,
        asked: Vec::new(),
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
    for &(group, place) in &reader.asked {
        if group > reader.groups {
            return Err(reader.wrong(format!("invalid group reference {group}"), place));
        }
    }
    let mut all = reader.flags;
    if !bytes && all & ASCII == 0 {
        all |= UNICODE;
    }
    Ok(Parsed {
        width: reader.width(&node),
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
    /// How many groups there were when the first of those was opened.
    behind_from: usize,
    /// Groups that conditions ask about, and where: they may come later.
    asked: Vec<(usize, usize)>,
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
