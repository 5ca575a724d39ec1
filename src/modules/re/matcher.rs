//! The matcher: it tries, and goes back where it fails. What to go back to lies
//! on a stack of its own, so that no pattern and no text can use up the Rust stack.

use super::class::{Category, folded, is};
use super::filter::Follow;
use super::parse::{Greed, MANY, Place};
use super::program::{Op, Program};
use crate::heap::Buffer;

/// The text that is searched: WTF-8, or plain bytes.
#[derive(Clone, Copy)]
pub struct Subject<'a> {
    /// The bytes.
    pub bytes: &'a [u8],
    /// Whether each byte is a character.
    pub single: bool,
    /// Where the text is taken to end.
    pub end: usize,
}

impl Subject<'_> {
    /// The character at a place, and the place behind it.
    #[inline]
    fn next(&self, at: usize) -> Option<(u32, usize)> {
        if at >= self.end {
            return None;
        }
        let first = self.bytes[at];
        if self.single || first < 0x80 {
            return Some((u32::from(first), at + 1));
        }
        let tail = |i: usize| u32::from(self.bytes.get(at + i).copied().unwrap_or(0) & 0x3F);
        Some(match first {
            0..=0xDF => ((u32::from(first) & 0x1F) << 6 | tail(1), at + 2),
            0xE0..=0xEF => (
                (u32::from(first) & 0x0F) << 12 | tail(1) << 6 | tail(2),
                at + 3,
            ),
            _ => (
                (u32::from(first) & 0x07) << 18 | tail(1) << 12 | tail(2) << 6 | tail(3),
                at + 4,
            ),
        })
    }

    /// The place before the character that ends at a place.
    #[inline]
    fn before(&self, at: usize) -> Option<usize> {
        let mut place = at.checked_sub(1)?;
        if !self.single {
            while place > 0 && self.bytes[place] & 0xC0 == 0x80 {
                place -= 1;
            }
        }
        Some(place)
    }

    fn word_at(&self, at: usize, ascii: bool) -> bool {
        self.next(at)
            .is_some_and(|(point, _)| is(Category::Word, point, ascii))
    }

    fn holds(&self, place: Place, at: usize) -> bool {
        match place {
            Place::Start => at == 0,
            Place::LineStart => at == 0 || self.bytes[at - 1] == b'\n',
            Place::End => at == self.end || (at + 1 == self.end && self.bytes[at] == b'\n'),
            Place::LineEnd => at == self.end || self.bytes[at] == b'\n',
            Place::VeryEnd => at == self.end,
            Place::Boundary { ascii } => self.is_boundary(at, ascii),
            Place::NotBoundary { ascii } => {
                // Of an empty text CPython says neither.
                self.end > 0 && !self.is_boundary(at, ascii)
            }
        }
    }

    fn is_boundary(&self, at: usize, ascii: bool) -> bool {
        let before = self
            .before(at)
            .is_some_and(|place| self.word_at(place, ascii));
        before != self.word_at(at, ascii)
    }
}

/// What to go back to.
enum Choice {
    /// Go on at an instruction with a place.
    Try(usize, usize),
    /// A run of a one-character instruction that may give back down to a place.
    Shorter { one: usize, least: usize, at: usize },
    /// One that may take more, so many times.
    Longer { one: usize, at: usize, left: u32 },
    /// A remembered place was another before.
    Saved(usize, usize),
    /// A counter and the place of its last round were others before.
    Counted(usize, u32, usize),
}

/// No place.
pub const NOWHERE: usize = usize::MAX;

/// Why there is no answer.
pub enum Trouble {
    /// It would take too much memory.
    Memory,
    /// The interpreter wants to be heard.
    Interrupted,
}

/// One search: its memory is used again for every start.
pub struct Matcher<'a> {
    program: &'a Program,
    subject: Subject<'a>,
    /// Beginnings and ends of groups; those of group 0 are the whole match.
    pub saved: Vec<usize>,
    counters: Vec<(u32, usize)>,
    stack: Buffer<Choice>,
    /// Counts down.
    steps: i32,
    /// Asked now and then whether to go on.
    check: &'a mut dyn FnMut() -> bool,
    /// Whether the match must reach the end of the text.
    whole: bool,
    /// An empty match at this place does not count.
    not_empty_at: usize,
}

/// So many bytes are looked through together for where a match may begin.
const WINDOW: usize = 1 << 16;

/// After so many steps and one somebody is asked.
const CHECK_EVERY: i32 = 0x3FFF;
/// So many units of work are done then.
pub const UNITS_A_CHECK: usize = 2000;

/// The most choices that may be open.
const MOST_CHOICES: usize = 1 << 26;

impl<'a> Matcher<'a> {
    /// A matcher for a program and a text.
    pub fn new(
        program: &'a Program,
        subject: Subject<'a>,
        check: &'a mut dyn FnMut() -> bool,
    ) -> Matcher<'a> {
        Matcher {
            program,
            subject,
            saved: vec![NOWHERE; program.groups * 2 + 2],
            counters: vec![(0, NOWHERE); program.counters],
            stack: Buffer::new(),
            steps: CHECK_EVERY,
            check,
            whole: false,
            not_empty_at: NOWHERE,
        }
    }

    /// Begins to count anew.
    #[cold]
    fn ask(&mut self) -> Result<(), Trouble> {
        self.steps = CHECK_EVERY;
        match (self.check)() {
            true => Ok(()),
            false => Err(Trouble::Interrupted),
        }
    }

    /// How many units of work were done since somebody was asked.
    pub fn uncounted(&self) -> usize {
        (CHECK_EVERY - self.steps) as usize / (CHECK_EVERY as usize / UNITS_A_CHECK)
    }

    /// Looks for a match from a place on; `not_empty_at` is a place where an empty one does not count.
    pub fn search(&mut self, from: usize, not_empty_at: usize) -> Result<bool, Trouble> {
        self.not_empty_at = not_empty_at;
        let (mut at, mut misses) = (from, 0);
        loop {
            if let Some(filter) = &self.program.filter {
                let end = self.subject.end;
                // Not too much of it at a time, so that somebody is heard.
                let window = end.min(at.saturating_add(WINDOW + 2 * filter.overlap()));
                let found = filter.find(&self.subject.bytes[..window], at, &mut misses);
                self.passed(found.unwrap_or(window) - at)?;
                match found {
                    Some(place) => at = place,
                    None if window == end => return Ok(false),
                    None => {
                        at = window - filter.overlap();
                        continue;
                    }
                }
            }
            if self.attempt(at)? {
                return Ok(true);
            }
            match self.subject.next(at) {
                Some((_, next)) if !self.program.anchored => at = next,
                _ => return Ok(false),
            }
        }
    }

    /// Whether there is a match at a place; with `whole` one that reaches the end.
    pub fn match_at(&mut self, at: usize, whole: bool) -> Result<bool, Trouble> {
        self.whole = whole;
        self.attempt(at)
    }

    fn attempt(&mut self, at: usize) -> Result<bool, Trouble> {
        // An attempt that failed has undone what it saved.
        self.stack.clear();
        match self.run(0, at)? {
            Some(end) => {
                self.saved[0] = at;
                self.saved[1] = end;
                Ok(true)
            }
            None => Ok(false),
        }
    }

    fn push(&mut self, choice: Choice) -> Result<(), Trouble> {
        if self.stack.len() >= MOST_CHOICES {
            return Err(Trouble::Memory);
        }
        self.stack.push(choice).map_err(|_| Trouble::Memory)
    }

    /// Runs from an instruction on; the place where it ends if it matches. Nested for
    /// looks and atomic parts, as deep as the pattern is.
    fn run(&mut self, op: usize, at: usize) -> Result<Option<usize>, Trouble> {
        let base = self.stack.len();
        let (mut op, mut at, start) = (op, at, at);
        loop {
            self.steps -= 1;
            if self.steps < 0 {
                self.ask()?;
            }
            let went = match &self.program.ops[op] {
                Op::Match
                    if (self.whole && at != self.subject.end)
                        || (at == self.not_empty_at && at == start) =>
                {
                    None
                }
                Op::Match | Op::Done => return Ok(Some(at)),
                _ => self.step(op, at)?,
            };
            match went {
                Some((next, place)) => (op, at) = (next, place),
                None => match self.go_back(base)? {
                    Some((next, place)) => (op, at) = (next, place),
                    None => return Ok(None),
                },
            }
        }
    }

    /// Does one instruction: where to go on, unless it fails.
    #[inline]
    fn step(&mut self, op: usize, at: usize) -> Result<Option<(usize, usize)>, Trouble> {
        Ok(match &self.program.ops[op] {
            Op::Char(_) | Op::Fold { .. } | Op::AnyButNewline | Op::Any | Op::Set { .. } => {
                self.one(op, at).map(|next| (op + 1, next))
            }
            Op::Text(text) => self.text(text, at).map(|next| (op + 1, next)),
            Op::At(place) => self.subject.holds(*place, at).then_some((op + 1, at)),
            Op::Split {
                first,
                second,
                follow,
            } => {
                let (first, second) = (*first, *second);
                let text = &self.subject.bytes[..self.subject.end];
                let may = |follow: &Option<Follow>| {
                    follow.as_ref().is_none_or(|follow| follow.admits(text, at))
                };
                if !may(&follow[0]) {
                    return Ok(Some((second, at)));
                }
                if !may(&follow[1]) {
                    return Ok(Some((first, at)));
                }
                self.push(Choice::Try(second, at))?;
                Some((first, at))
            }
            Op::Jump(target) => Some((*target, at)),
            Op::Save(slot) => {
                let slot = *slot;
                let old = std::mem::replace(&mut self.saved[slot], at);
                self.push(Choice::Saved(slot, old))?;
                Some((op + 1, at))
            }
            Op::Back { group, fold, ascii } => self
                .again(*group, *fold, *ascii, at)
                .map(|next| (op + 1, next)),
            Op::Look {
                end,
                behind,
                negative,
            } => self.look(op, *end, *behind, *negative, at)?,
            Op::Atomic { end } => {
                let (end, base) = (*end, self.stack.len());
                match self.run(op + 1, at)? {
                    Some(next) => {
                        self.keep_only_saves(base);
                        Some((end, next))
                    }
                    None => None,
                }
            }
            Op::Unless { group, target } => {
                let matched = self.saved[group * 2 + 1] != NOWHERE;
                Some((if matched { op + 1 } else { *target }, at))
            }
            Op::Run {
                least, most, how, ..
            } => self.run_of(op, (*least, *most), *how, at)?,
            Op::Begin { counter } => {
                let counter = *counter;
                // Counted before its first round: minus one round.
                let old = std::mem::replace(&mut self.counters[counter], (u32::MAX, NOWHERE));
                self.push(Choice::Counted(counter, old.0, old.1))?;
                Some((op + 1, at))
            }
            Op::Loop {
                counter,
                body,
                least,
                most,
                lazy,
            } => self.round(op, *counter, *body, *least, *most, *lazy, at)?,
            Op::Done | Op::Match => None,
        })
    }

    /// The place behind the character at a place, if a one-character instruction takes it.
    #[inline]
    fn one(&self, op: usize, at: usize) -> Option<usize> {
        let (point, next) = self.subject.next(at)?;
        self.program.ops[op].takes(point).then_some(next)
    }

    /// The place behind a text, if it is there.
    #[inline]
    fn text(&self, text: &[u8], at: usize) -> Option<usize> {
        let there = self.subject.bytes[..self.subject.end].get(at..)?;
        there.starts_with(text).then(|| at + text.len())
    }

    /// Goes on with a one-character instruction as far as it takes characters, at most so many.
    fn many(&mut self, op: usize, from: usize, most: u32) -> Result<usize, Trouble> {
        let (subject, program) = (self.subject, self.program);
        let mut at = from;
        let mut left = if most == MANY {
            usize::MAX
        } else {
            most as usize
        };
        while left > 0 && at < subject.end {
            // A stretch of bytes that are characters, short enough for somebody to be heard.
            let end = subject
                .end
                .min(at.saturating_add(left.min(CHECK_EVERY as usize)));
            let stretch = &subject.bytes[at..end];
            let taken = match &program.ops[op] {
                Op::Any if subject.single || most == MANY => stretch.len(),
                Op::AnyButNewline if subject.single || most == MANY => {
                    memchr::memchr(b'\n', stretch).unwrap_or(stretch.len())
                }
                Op::AnyButNewline | Op::Any => count(stretch, |byte| {
                    byte < 0x80 && program.ops[op].takes(byte.into())
                }),
                Op::Char(point) if *point < 0x80 || subject.single => {
                    count(stretch, |byte| u32::from(byte) == *point)
                }
                Op::Set {
                    set, fold: false, ..
                } if let Some(table) = set.table() => {
                    let top = if subject.single { 0xFF } else { 0x7F };
                    count(stretch, |byte| byte <= top && table[usize::from(byte)])
                }
                _ => 0,
            };
            at += taken;
            left -= taken;
            self.passed(taken)?;
            if taken == stretch.len() {
                continue;
            }
            match self.one(op, at) {
                Some(after) => (at, left) = (after, left - 1),
                None => break,
            }
            self.steps -= 1;
        }
        Ok(at)
    }

    /// Counts bytes that were looked at together.
    #[inline]
    fn passed(&mut self, bytes: usize) -> Result<(), Trouble> {
        self.steps -= (bytes / 64).min(1 << 30) as i32;
        if self.steps < 0 { self.ask() } else { Ok(()) }
    }

    /// A repetition of the one-character instruction that follows.
    fn run_of(
        &mut self,
        op: usize,
        (least, most): (u32, u32),
        how: Greed,
        at: usize,
    ) -> Result<Option<(usize, usize)>, Trouble> {
        let (one, next) = (op + 1, op + 2);
        let mut place = at;
        for _ in 0..least {
            match self.one(one, place) {
                Some(after) => place = after,
                None => return Ok(None),
            }
        }
        let left = if most == MANY { MANY } else { most - least };
        if how == Greed::Lazy {
            return self.longer(one, place, left, true);
        }
        let end = self.many(one, place, left)?;
        if how == Greed::Greedy {
            return self.shorter(one, place, end);
        }
        Ok(Some((next, end)))
    }

    /// Goes on behind a run that has taken all it can, at the last place from `least` to `at` where what follows may match.
    fn shorter(
        &mut self,
        one: usize,
        least: usize,
        at: usize,
    ) -> Result<Option<(usize, usize)>, Trouble> {
        let mut place = at;
        if let Op::Run {
            follow: Some(follow),
            ..
        } = &self.program.ops[one - 1]
        {
            let text = &self.subject.bytes[..self.subject.end];
            let found = follow.last(text, least, at);
            self.passed(at - found.unwrap_or(least))?;
            match found {
                Some(found) => place = found,
                None => return Ok(None),
            }
        }
        if place > least {
            self.push(Choice::Shorter {
                one,
                least,
                at: place,
            })?;
        }
        Ok(Some((one + 1, place)))
    }

    /// Goes on behind a lazy run, at the next place where what follows may match: here, or with at least one character more.
    fn longer(
        &mut self,
        one: usize,
        at: usize,
        mut left: u32,
        here: bool,
    ) -> Result<Option<(usize, usize)>, Trouble> {
        let program = self.program;
        let follow = match &program.ops[one - 1] {
            Op::Run { follow, .. } => follow.as_deref(),
            _ => None,
        };
        let (mut place, mut may_stay) = (at, here);
        loop {
            let text = &self.subject.bytes[..self.subject.end];
            if may_stay && follow.is_none_or(|follow| follow.admits(text, place)) {
                self.push(Choice::Longer {
                    one,
                    at: place,
                    left,
                })?;
                return Ok(Some((one + 1, place)));
            }
            if left == 0 {
                return Ok(None);
            }
            match self.one(one, place) {
                Some(after) => place = after,
                None => return Ok(None),
            }
            left = if left == MANY { MANY } else { left - 1 };
            may_stay = true;
            self.steps -= 1;
            if self.steps < 0 {
                self.ask()?;
            }
        }
    }

    /// The end of a round of a counted loop (or its beginning, counted as round zero).
    #[allow(clippy::too_many_arguments)]
    fn round(
        &mut self,
        op: usize,
        counter: usize,
        body: usize,
        least: u32,
        most: u32,
        lazy: bool,
        at: usize,
    ) -> Result<Option<(usize, usize)>, Trouble> {
        let (before, last) = self.counters[counter];
        let count = before.wrapping_add(1);
        // An empty round adds nothing: the loop ends, or it would never.
        let empty = before != u32::MAX && last == at;
        let more = count < most && !(empty && count >= least);
        self.push(Choice::Counted(counter, before, last))?;
        self.counters[counter] = (count, at);
        if count < least {
            return Ok(Some((body, at)));
        }
        if !more {
            return Ok(Some((op + 1, at)));
        }
        if lazy {
            self.push(Choice::Try(body, at))?;
            return Ok(Some((op + 1, at)));
        }
        self.push(Choice::Try(op + 1, at))?;
        Ok(Some((body, at)))
    }

    /// What a group has matched must come again.
    fn again(&self, group: usize, fold: bool, ascii: bool, at: usize) -> Option<usize> {
        let (start, end) = (self.saved[group * 2], self.saved[group * 2 + 1]);
        if start == NOWHERE || end == NOWHERE {
            return None;
        }
        let (mut of, mut place) = (start, at);
        while of < end {
            let (wanted, after) = self.subject.next(of)?;
            let (found, next) = self.subject.next(place)?;
            let same = wanted == found || (fold && folded(wanted, ascii) == folded(found, ascii));
            if !same {
                return None;
            }
            (of, place) = (after, next);
        }
        Some(place)
    }

    fn look(
        &mut self,
        op: usize,
        end: usize,
        behind: Option<usize>,
        negative: bool,
        at: usize,
    ) -> Result<Option<(usize, usize)>, Trouble> {
        let mut from = Some(at);
        for _ in 0..behind.unwrap_or(0) {
            from = from.and_then(|place| self.subject.before(place));
        }
        let base = self.stack.len();
        let found = match from {
            Some(from) => self.run_inside(op + 1, from)?,
            None => false,
        };
        if found && !negative {
            self.keep_only_saves(base);
        } else {
            self.undo(base);
        }
        Ok((found != negative).then_some((end, at)))
    }

    /// A run whose end does not matter, and to which the rules about the whole match do not apply.
    fn run_inside(&mut self, op: usize, at: usize) -> Result<bool, Trouble> {
        let kept = (self.whole, self.not_empty_at);
        (self.whole, self.not_empty_at) = (false, NOWHERE);
        let found = self.run(op, at);
        (self.whole, self.not_empty_at) = kept;
        found.map(|end| end.is_some())
    }

    /// Forgets the choices above `base`, but not how to undo what was saved.
    fn keep_only_saves(&mut self, base: usize) {
        let mut kept = base;
        for i in base..self.stack.len() {
            if matches!(self.stack[i], Choice::Saved(..) | Choice::Counted(..)) {
                self.stack.swap(kept, i);
                kept += 1;
            }
        }
        self.stack.truncate(kept);
    }

    /// Undoes everything above `base`.
    fn undo(&mut self, base: usize) {
        while self.stack.len() > base {
            match self.stack.pop() {
                Some(Choice::Saved(slot, old)) => self.saved[slot] = old,
                Some(Choice::Counted(counter, count, place)) => {
                    self.counters[counter] = (count, place)
                }
                _ => {}
            }
        }
    }

    /// Goes back to the last choice above `base`.
    fn go_back(&mut self, base: usize) -> Result<Option<(usize, usize)>, Trouble> {
        while self.stack.len() > base {
            match self.stack.pop() {
                Some(Choice::Try(op, at)) => return Ok(Some((op, at))),
                Some(Choice::Saved(slot, old)) => self.saved[slot] = old,
                Some(Choice::Counted(counter, count, place)) => {
                    self.counters[counter] = (count, place)
                }
                Some(Choice::Shorter { one, least, at }) => {
                    if let Some(place) = self.subject.before(at)
                        && let Some(went) = self.shorter(one, least, place)?
                    {
                        return Ok(Some(went));
                    }
                }
                Some(Choice::Longer { one, at, left }) => {
                    if let Some(went) = self.longer(one, at, left, false)? {
                        return Ok(Some(went));
                    }
                }
                None => break,
            }
        }
        Ok(None)
    }
}

/// How many bytes at the beginning are good.
#[inline(always)]
fn count(bytes: &[u8], is_good: impl Fn(u8) -> bool) -> usize {
    let bad = bytes.iter().position(|&byte| !is_good(byte));
    bad.unwrap_or(bytes.len())
}
