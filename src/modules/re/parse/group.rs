//! Groups: what stands in parentheses, names, flags, what looks around.

use super::*;

impl Reader<'_> {
    /// Behind `(`. None for a group that is nothing but flags or a comment.
    pub(super) fn group(
        &mut self,
        flags: &mut u32,
        first: &mut bool,
        start: usize,
    ) -> Outcome<Option<Node>> {
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

    pub(super) fn close(&mut self, start: usize) -> Outcome<()> {
        if self.eat(')') {
            Ok(())
        } else {
            Err(self.wrong("missing ), unterminated subpattern", start))
        }
    }

    pub(super) fn inside(&mut self, flags: u32, start: usize) -> Outcome<Node> {
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

    pub(super) fn remembered(
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

    pub(super) fn checked_name(&self, name: &str, place: usize) -> Outcome<()> {
        let name_text = crate::object::str::Str::new(name);
        let good = crate::object::str_ops::is_identifier(&name_text);
        if !good || (self.bytes && !name.is_ascii()) {
            let shown = super::shown_name(name, self.bytes);
            let text = format!("bad character in group name {}", quoted(&shown));
            return Err(self.wrong(text, place));
        }
        Ok(())
    }

    /// Behind `(?P`.
    pub(super) fn named(&mut self, flags: u32, start: usize) -> Outcome<Option<Node>> {
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

    pub(super) fn look(
        &mut self,
        flags: u32,
        behind: bool,
        negative: bool,
        start: usize,
    ) -> Outcome<Node> {
        if self.behind == 0 {
            self.behind_from = self.groups;
        }
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
    pub(super) fn condition(&mut self, flags: u32, start: usize) -> Outcome<Node> {
        let place = self.at;
        let name = self.until(')', "group name")?;
        let group = if name.bytes().all(|b| b.is_ascii_digit()) {
            let group: usize = name.parse().unwrap_or(usize::MAX);
            if group == 0 {
                return Err(self.wrong("bad group number", place));
            }
            self.asked.push((group, place));
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
        self.check_behind(group)?;
        let mut flags = flags;
        let yes = self.sequence(&mut flags, false)?;
        let no = if self.eat('|') {
            self.sequence(&mut flags, false)?
        } else {
            Node::Seq(Vec::new())
        };
        if self.peek() == Some('|') {
            return Err(self.wrong("conditional backref with more than two branches", self.at));
        }
        self.close(start)?;
        Ok(Node::Condition {
            group,
            yes: Box::new(yes),
            no: Box::new(no),
        })
    }

    /// Behind `(?` and the first letter of flags.
    pub(super) fn flag_group(
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
                let text = match (removing, remove) {
                    (true, 0) => "missing flag",
                    (true, _) => "missing :",
                    _ => "missing -, : or )",
                };
                return Err(self.wrong(text, self.at));
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
                self.check_flag(c, bit, removing, add)?;
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
            return Err(self.wrong("bad inline flags: flag turned on and off", self.at - 1));
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

    /// Whether a flag may stand here, behind those in `add`.
    fn check_flag(&self, letter: char, bit: u32, removing: bool, add: u32) -> Outcome<()> {
        const KINDS: u32 = ASCII | LOCALE | UNICODE;
        let text = if removing {
            (bit & KINDS != 0).then_some("cannot turn off flags 'a', 'u' and 'L'")
        } else if self.bytes && letter == 'u' {
            Some("cannot use 'u' flag with a bytes pattern")
        } else if !self.bytes && letter == 'L' {
            Some("cannot use 'L' flag with a str pattern")
        } else {
            (bit & KINDS != 0 && add & KINDS & !bit != 0)
                .then_some("flags 'a', 'u' and 'L' are incompatible")
        };
        match text {
            Some(text) => Err(self.wrong(format!("bad inline flags: {text}"), self.at)),
            None => Ok(()),
        }
    }

    /// Whether nothing but groups of flags stands before a place.
    pub(super) fn only_flags_before(&self, place: usize) -> bool {
        let text: String = self.source[..place]
            .iter()
            .filter_map(|&p| char::from_u32(p))
            .collect();
        let verbose = self.flags & VERBOSE != 0;
        let mut rest = text.as_str();
        loop {
            if verbose {
                rest = rest.trim_start_matches([' ', '\t', '\n', '\r', '\x0b', '\x0c']);
            }
            if rest.is_empty() {
                return true;
            }
            let after = if verbose && rest.starts_with('#') {
                rest.split_once('\n').map(|(_, after)| after)
            } else if rest.starts_with("(?#") {
                rest.split_once(')').map(|(_, after)| after)
            } else {
                rest.strip_prefix("(?")
                    .and_then(|rest| rest.split_once(')'))
                    .filter(|(letters, _)| letters.chars().all(|c| "aiLmsux".contains(c)))
                    .map(|(_, after)| after)
            };
            match after {
                Some(after) => rest = after,
                None => return false,
            }
        }
    }

    /// The least and the most characters that a part takes.
    pub(super) fn width(&self, node: &Node) -> (u64, u64) {
        match node {
            Node::Char { .. } | Node::Any { .. } | Node::Set { .. } => (1, 1),
            Node::At(_) | Node::Look { .. } => (0, 0),
            Node::Seq(nodes) => nodes.iter().fold((0, 0), |(low, high), n| {
                let (a, b) = self.width(n);
                ((low + a).min(ENDLESS), (high + b).min(ENDLESS))
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

/// A name between quotes.
fn quoted(name: &str) -> String {
    if name.contains('\'') && !name.contains('"') {
        format!("\"{name}\"")
    } else {
        format!("'{name}'")
    }
}
