//! Where a match may begin, and what may follow a repetition: sets of bytes that are found out when a pattern is
//! compiled, so that most places need no attempt.

use memchr::memmem::Finder;

use super::program::Op;

/// A set of bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ByteSet([u64; 4]);

impl ByteSet {
    /// Adds a byte.
    fn add(&mut self, byte: u8) {
        self.0[usize::from(byte >> 6)] |= 1 << (byte & 63);
    }

    fn add_all(&mut self, other: &ByteSet) {
        for (word, more) in self.0.iter_mut().zip(other.0) {
            *word |= more;
        }
    }

    /// Whether a byte is in it.
    #[inline(always)]
    pub fn has(&self, byte: u8) -> bool {
        self.0[usize::from(byte >> 6)] >> (byte & 63) & 1 == 1
    }

    fn members(&self) -> impl Iterator<Item = u8> {
        (0..=255).filter(|&byte| self.has(byte))
    }

    fn only(&self) -> Option<u8> {
        let count: u32 = self.0.iter().map(|word| word.count_ones()).sum();
        (count == 1).then(|| self.members().next()).flatten()
    }
}

/// The bytes one of which comes next wherever the rest of a pattern matches.
#[derive(Clone, Copy, Debug)]
pub struct Follow {
    bytes: ByteSet,
    /// The one that is in it.
    only: Option<u8>,
}

impl Follow {
    /// Whether the rest may match at a place.
    #[inline(always)]
    pub fn admits(&self, text: &[u8], at: usize) -> bool {
        text.get(at).is_some_and(|&byte| self.bytes.has(byte))
    }

    /// The last place from `least` to `at` where it may.
    #[inline]
    pub fn last(&self, text: &[u8], least: usize, at: usize) -> Option<usize> {
        let part = text.get(least..text.len().min(at + 1))?;
        let found = match self.only {
            Some(byte) => memchr::memrchr(byte, part),
            None => part.iter().rposition(|&byte| self.bytes.has(byte)),
        };
        found.map(|place| least + place)
    }
}

/// So many bytes are looked at.
const MOST_PLACES: usize = 8;
/// A pattern that may go on in more ways is not looked through.
const MOST_STATES: usize = 64;
/// After so many beginnings that were none every byte is looked at.
const MOST_FALSE: usize = 16;

/// How beginnings are found.
#[derive(Debug)]
enum Way {
    /// Every match begins with this text.
    Text(Box<Finder<'static>>),
    /// Or with one of so few bytes.
    Few(Vec<u8>),
    /// Or the first bytes are of these sets.
    Sets,
}

/// What every match begins with.
#[derive(Debug)]
pub struct Filter {
    way: Way,
    /// Bit `n` says whether a byte may be the one at place `n`.
    masks: Box<[u8; 256]>,
    /// How many places there are: 1 to 8.
    length: usize,
}

impl Filter {
    /// What is known of a program, if anything is; `prefix` is a text that every match begins with.
    pub fn new(ops: &[Op], prefix: &[u8], bytes: bool) -> Option<Filter> {
        let sets = first_sets(ops, 0, MOST_PLACES, bytes);
        let first = sets.first()?;
        let few: Vec<u8> = first.members().take(4).collect();
        let way = match (prefix.len(), few.len()) {
            (2.., _) => Way::Text(Box::new(Finder::new(prefix).into_owned())),
            (_, 0..=3) => Way::Few(few),
            _ => Way::Sets,
        };
        let mut masks = Box::new([0; 256]);
        for (place, set) in sets.iter().enumerate() {
            set.members()
                .for_each(|byte| masks[usize::from(byte)] |= 1 << place);
        }
        Some(Filter {
            way,
            masks,
            length: sets.len(),
        })
    }

    /// How far two parts of a text must overlap that are looked through one after the other.
    pub fn overlap(&self) -> usize {
        match &self.way {
            Way::Text(finder) => finder.needle().len() - 1,
            _ => self.length - 1,
        }
    }

    /// The next place where a match may begin. `misses` counts those that were none in this search.
    #[inline]
    pub fn find(&self, text: &[u8], from: usize, misses: &mut usize) -> Option<usize> {
        let few = match &self.way {
            Way::Text(finder) => return finder.find(text.get(from..)?).map(|gap| from + gap),
            Way::Few(few) => few,
            Way::Sets => return self.by_sets(text, from),
        };
        let mut at = from;
        while *misses < MOST_FALSE {
            let rest = text.get(at..)?;
            at += match **few {
                [a] => memchr::memchr(a, rest),
                [a, b] => memchr::memchr2(a, b, rest),
                [a, b, c] => memchr::memchr3(a, b, c, rest),
                _ => None,
            }?;
            let places = text.get(at..at + self.length)?;
            let mut places = places.iter().enumerate();
            if places.all(|(n, &byte)| self.masks[usize::from(byte)] >> n & 1 == 1) {
                *misses += 1;
                return Some(at);
            }
            *misses += 1;
            at += 1;
        }
        self.by_sets(text, at)
    }

    /// Looks at each byte once: a bit of the state is set where the bytes so far are of the sets.
    fn by_sets(&self, text: &[u8], from: usize) -> Option<usize> {
        let rest = text.get(from..)?;
        let wanted = 1 << (self.length - 1);
        let mut state = 0u8;
        for (i, &byte) in rest.iter().enumerate() {
            state = (state << 1 | 1) & self.masks[usize::from(byte)];
            if state & wanted != 0 {
                return Some(from + i + 1 - self.length);
            }
        }
        None
    }
}

/// The bytes one of which what begins at an instruction begins with, if it takes any.
pub fn follow(ops: &[Op], op: usize, bytes: bool) -> Option<Follow> {
    let sets = first_sets(ops, op, 1, bytes);
    let bytes = *sets.first()?;
    let only = bytes.only();
    Some(Follow { bytes, only })
}

/// The sets of the first bytes of what begins at an instruction, as many as are known, at most `most`.
fn first_sets(ops: &[Op], op: usize, most: usize, bytes: bool) -> Vec<ByteSet> {
    let mut sets = Vec::new();
    // Where a match may stand: an instruction, and how many bytes of its text were taken.
    let mut states = vec![(op, 0)];
    while sets.len() < most {
        let Some(takers) = takers(ops, &states) else {
            break;
        };
        let (mut set, mut next, mut one_byte) = (ByteSet::default(), Vec::new(), true);
        for &(op, taken) in &takers {
            one_byte &= add_first(&ops[op], taken, bytes, &mut set);
            let state = match &ops[op] {
                Op::Text(text) if taken + 1 < text.len() => (op, taken + 1),
                _ => (op + 1, 0),
            };
            // A repetition may take another one.
            let again = matches!(op.checked_sub(1).map(|run| &ops[run]), Some(Op::Run { .. }));
            for state in [Some(state), again.then_some((op, 0))]
                .into_iter()
                .flatten()
            {
                if !next.contains(&state) {
                    next.push(state);
                }
            }
        }
        sets.push(set);
        if !one_byte {
            // What follows is at different places.
            break;
        }
        states = next;
    }
    sets
}

/// The instructions that take the next byte; None where something may match without one, or nobody knows.
fn takers(ops: &[Op], states: &[(usize, usize)]) -> Option<Vec<(usize, usize)>> {
    let (mut open, mut seen, mut takers) = (states.to_vec(), Vec::new(), Vec::new());
    while let Some(state @ (op, taken)) = open.pop() {
        if seen.contains(&state) {
            continue;
        }
        if seen.len() >= MOST_STATES {
            return None;
        }
        seen.push(state);
        match &ops[op] {
            Op::Text(_) | Op::Char(_) | Op::Fold { .. } => takers.push((op, taken)),
            Op::AnyButNewline | Op::Any | Op::Set { .. } => takers.push((op, taken)),
            Op::At(_) | Op::Save(_) | Op::Begin { .. } => open.push((op + 1, 0)),
            Op::Look { end, .. } => open.push((*end, 0)),
            Op::Atomic { .. } => open.push((op + 1, 0)),
            Op::Split { first, second, .. } => open.extend([(*first, 0), (*second, 0)]),
            Op::Jump(target) => match &ops[*target] {
                // Into a loop that has a first round.
                Op::Loop { body, least, .. } if *least > 0 && *body == op + 1 => {
                    open.push((*body, 0));
                }
                _ => open.push((*target, 0)),
            },
            Op::Loop { body, .. } => open.extend([(*body, 0), (op + 1, 0)]),
            Op::Unless { target, .. } => open.extend([(op + 1, 0), (*target, 0)]),
            Op::Run { least, .. } => {
                open.push((op + 1, 0));
                if *least == 0 {
                    open.push((op + 2, 0));
                }
            }
            Op::Back { .. } | Op::Done | Op::Match => return None,
        }
    }
    Some(takers)
}

/// Adds the bytes with which what an instruction takes begins; whether each is all that it takes.
fn add_first(op: &Op, taken: usize, bytes: bool, set: &mut ByteSet) -> bool {
    let mut room = [0; 4];
    match op {
        Op::Text(text) => {
            set.add(text[taken]);
            true
        }
        Op::Char(point) if !bytes => {
            let encoded = crate::object::str::encode_point(*point, &mut room);
            set.add(encoded[0]);
            encoded.len() == 1
        }
        _ => {
            let mut own = ByteSet::default();
            let end = if bytes { 0x100 } else { 0x80 };
            (0..end)
                .filter(|&point| op.takes(point))
                .for_each(|point| own.add(point as u8));
            // Beyond ASCII a character begins with one of the bytes from 0xC0 on.
            let wide = !bytes && op.may_take_wide();
            if wide {
                (0xC0..=0xFF).for_each(|byte| own.add(byte));
            }
            set.add_all(&own);
            !wide
        }
    }
}
