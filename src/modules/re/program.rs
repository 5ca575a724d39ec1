//! Programs: what the matcher runs.

use super::class::{Set, folded};
use super::filter::{Filter, Follow, follow};
use super::parse::{Greed, Node, Parsed, Place, fixed_width};

/// An instruction of the matcher. Numbers of instructions are places in the program.
#[derive(Debug)]
pub enum Op {
    /// Certain characters one after the other, in the encoding of the subject.
    Text(Box<[u8]>),
    /// One certain character.
    Char(u32),
    /// One character, whatever its case: the lower one.
    Fold { point: u32, ascii: bool },
    /// Any character but `\n`.
    AnyButNewline,
    /// Any character.
    Any,
    /// One of a set.
    Set {
        set: Box<Set>,
        fold: bool,
        ascii: bool,
    },
    /// A place between characters.
    At(Place),
    /// Go on at the first; if that fails at the second. Where it is known what follows them, one alone may do.
    Split {
        first: usize,
        second: usize,
        follow: Box<[Option<Follow>; 2]>,
    },
    /// Go on elsewhere.
    Jump(usize),
    /// Remember where we are: the beginning or end of a group.
    Save(usize),
    /// What a group has matched, again.
    Back {
        group: usize,
        fold: bool,
        ascii: bool,
    },
    /// A look ahead, or so many characters behind; its program ends with `Done`.
    Look {
        end: usize,
        behind: Option<usize>,
        negative: bool,
    },
    /// A part that is not tried again; its program ends with `Done`.
    Atomic { end: usize },
    /// Jumps if a group has not matched.
    Unless { group: usize, target: usize },
    /// Repeats the one-character instruction that follows; behind it `follow` comes.
    Run {
        least: u32,
        most: u32,
        how: Greed,
        follow: Option<Box<Follow>>,
    },
    /// Sets a counter to zero.
    Begin { counter: usize },
    /// The end of a counted loop's body, which begins at `body`.
    Loop {
        counter: usize,
        body: usize,
        least: u32,
        most: u32,
        lazy: bool,
    },
    /// The end of what a look or an atomic part runs.
    Done,
    /// The whole pattern has matched.
    Match,
}

impl Op {
    /// Whether a one-character instruction takes a character.
    #[inline(always)]
    pub fn takes(&self, point: u32) -> bool {
        match self {
            Op::Char(wanted) => point == *wanted,
            Op::Fold {
                point: wanted,
                ascii,
            } => point == *wanted || folded(point, *ascii) == *wanted,
            Op::AnyButNewline => point != 10,
            Op::Any => true,
            Op::Set {
                set, fold: false, ..
            } => set.has(point),
            Op::Set { set, ascii, .. } => {
                // A negative set must not take a character whose other case it has.
                let lower = folded(point, *ascii);
                if set.negative {
                    set.has(point) && set.has(lower)
                } else {
                    set.has(point) || set.has(lower)
                }
            }
            _ => false,
        }
    }

    /// Whether it may take a character beyond ASCII.
    pub fn may_take_wide(&self) -> bool {
        match self {
            Op::Char(point) => *point >= 0x80,
            Op::Fold { ascii, point } => !ascii || *point >= 0x80,
            Op::Set { set, fold, ascii } => set.is_wide() || (*fold && !ascii),
            _ => true,
        }
    }
}

/// A compiled pattern.
#[derive(Debug)]
pub struct Program {
    /// The instructions.
    pub ops: Vec<Op>,
    /// How many groups there are.
    pub groups: usize,
    /// How many counters its loops need.
    pub counters: usize,
    /// Where a match may begin, if that is known.
    pub filter: Option<Filter>,
    /// Whether a match can only begin at the start of the text.
    pub anchored: bool,
}

/// Makes a program of a tree.
pub fn compile(parsed: &Parsed, bytes: bool) -> Program {
    let mut widths = vec![0; parsed.groups + 1];
    measure(&parsed.node, &mut widths);
    let mut maker = Maker {
        ops: Vec::new(),
        counters: 0,
        widths,
        bytes,
    };
    maker.node(&parsed.node);
    maker.ops.push(Op::Match);
    maker.look_ahead();
    let anchored = matches!(maker.ops.first(), Some(Op::At(Place::Start)));
    let filter = match anchored {
        true => None,
        false => Filter::new(&maker.ops, &prefix(&maker.ops, bytes), bytes),
    };
    Program {
        ops: maker.ops,
        groups: parsed.groups,
        counters: maker.counters,
        filter,
        anchored,
    }
}

/// The widths of groups that look-behinds refer to.
fn measure(node: &Node, widths: &mut Vec<usize>) {
    match node {
        Node::Group(number, inner) => {
            measure(inner, widths);
            let width = fixed_width(inner, &|group| widths.get(group).copied().unwrap_or(0));
            widths[*number] = width;
        }
        Node::Seq(nodes) | Node::Alt(nodes) => nodes.iter().for_each(|n| measure(n, widths)),
        Node::Repeat { node, .. } | Node::Look { node, .. } | Node::Atomic(node) => {
            measure(node, widths)
        }
        Node::Condition { yes, no, .. } => {
            measure(yes, widths);
            measure(no, widths);
        }
        _ => {}
    }
}

/// The characters with which every match begins.
fn prefix(ops: &[Op], bytes: bool) -> Vec<u8> {
    let mut out = Vec::new();
    let mut room = [0; 4];
    for op in ops {
        match op {
            Op::Text(text) => out.extend_from_slice(text),
            Op::Char(point) if bytes => out.push(*point as u8),
            Op::Char(point) => {
                out.extend_from_slice(crate::object::str::encode_point(*point, &mut room))
            }
            Op::Save(_) => {}
            _ => break,
        }
    }
    out
}

struct Maker {
    ops: Vec<Op>,
    counters: usize,
    widths: Vec<usize>,
    /// Whether the subjects are bytes.
    bytes: bool,
}

impl Maker {
    fn here(&self) -> usize {
        self.ops.len()
    }

    /// Leaves room for an instruction whose targets are not known yet.
    fn later(&mut self) -> usize {
        self.ops.push(Op::Done);
        self.here() - 1
    }

    fn node(&mut self, node: &Node) {
        match node {
            Node::Char {
                point, fold: false, ..
            } => self.ops.push(Op::Char(*point)),
            Node::Char { point, ascii, .. } => {
                let lower = super::class::folded(*point, *ascii);
                self.ops.push(Op::Fold {
                    point: lower,
                    ascii: *ascii,
                });
            }
            Node::Any { newline: true } => self.ops.push(Op::Any),
            Node::Any { newline: false } => self.ops.push(Op::AnyButNewline),
            Node::Set { set, fold, ascii } => {
                let mut set = set.clone();
                set.finish();
                self.ops.push(Op::Set {
                    set,
                    fold: *fold,
                    ascii: *ascii,
                });
            }
            Node::At(place) => self.ops.push(Op::At(*place)),
            Node::Seq(nodes) => self.sequence(nodes),
            Node::Alt(nodes) => self.alternatives(nodes),
            Node::Group(number, inner) => {
                self.ops.push(Op::Save(number * 2));
                self.node(inner);
                self.ops.push(Op::Save(number * 2 + 1));
            }
            Node::Repeat {
                node,
                least,
                most,
                how,
            } => self.repeat(node, *least, *most, *how),
            Node::Back { group, fold, ascii } => {
                self.ops.push(Op::Back {
                    group: *group,
                    fold: *fold,
                    ascii: *ascii,
                });
            }
            Node::Look {
                node,
                behind,
                negative,
            } => {
                let width = behind.then(|| {
                    fixed_width(node, &|group| self.widths.get(group).copied().unwrap_or(0))
                });
                let at = self.later();
                self.node(node);
                self.ops.push(Op::Done);
                self.ops[at] = Op::Look {
                    end: self.here(),
                    behind: width,
                    negative: *negative,
                };
            }
            Node::Atomic(inner) => self.atomic(|maker| maker.node(inner)),
            Node::Condition { group, yes, no } => {
                let test = self.later();
                self.node(yes);
                let jump = self.later();
                self.ops[test] = Op::Unless {
                    group: *group,
                    target: self.here(),
                };
                self.node(no);
                self.ops[jump] = Op::Jump(self.here());
            }
        }
    }

    /// Characters that follow each other are one instruction.
    fn sequence(&mut self, nodes: &[Node]) {
        let is_char = |node: &&Node| matches!(node, Node::Char { fold: false, .. });
        let mut rest = nodes;
        while let Some((node, others)) = rest.split_first() {
            let count = rest.iter().take_while(is_char).count();
            if count < 2 {
                self.node(node);
                rest = others;
                continue;
            }
            let (chars, others) = rest.split_at(count);
            let (mut text, mut room) = (Vec::new(), [0; 4]);
            for node in chars {
                match node {
                    Node::Char { point, .. } if self.bytes => text.push(*point as u8),
                    Node::Char { point, .. } => {
                        text.extend_from_slice(crate::object::str::encode_point(*point, &mut room))
                    }
                    _ => {}
                }
            }
            self.ops.push(Op::Text(text.into()));
            rest = others;
        }
    }

    /// Finds out what follows repetitions, and what alternatives begin with.
    fn look_ahead(&mut self) {
        for op in 0..self.ops.len() {
            match &self.ops[op] {
                Op::Run { .. } => {
                    let found = follow(&self.ops, op + 2, self.bytes);
                    if let Op::Run { follow, .. } = &mut self.ops[op] {
                        *follow = found.map(Box::new);
                    }
                }
                Op::Split { first, second, .. } => {
                    let found = [*first, *second].map(|op| follow(&self.ops, op, self.bytes));
                    if let Op::Split { follow, .. } = &mut self.ops[op] {
                        **follow = found;
                    }
                }
                _ => {}
            }
        }
    }

    fn split(first: usize, second: usize) -> Op {
        Op::Split {
            first,
            second,
            follow: Box::new([None, None]),
        }
    }

    fn atomic(&mut self, inside: impl FnOnce(&mut Maker)) {
        let at = self.later();
        inside(self);
        self.ops.push(Op::Done);
        self.ops[at] = Op::Atomic { end: self.here() };
    }

    fn alternatives(&mut self, nodes: &[Node]) {
        let mut jumps = Vec::new();
        for (i, node) in nodes.iter().enumerate() {
            if i + 1 == nodes.len() {
                self.node(node);
                break;
            }
            let split = self.later();
            self.node(node);
            jumps.push(self.later());
            self.ops[split] = Maker::split(split + 1, self.here());
        }
        for jump in jumps {
            self.ops[jump] = Op::Jump(self.here());
        }
    }

    fn repeat(&mut self, node: &Node, least: u32, most: u32, how: Greed) {
        if matches!(
            node,
            Node::Char { .. } | Node::Any { .. } | Node::Set { .. }
        ) {
            self.ops.push(Op::Run {
                least,
                most,
                how,
                follow: None,
            });
            self.node(node);
            return;
        }
        if how == Greed::Possessive {
            return self.atomic(|maker| maker.repeat(node, least, most, Greed::Greedy));
        }
        let lazy = how == Greed::Lazy;
        if (least, most) == (0, 1) {
            let split = self.later();
            self.node(node);
            let after = self.here();
            self.ops[split] = if lazy {
                Maker::split(after, split + 1)
            } else {
                Maker::split(split + 1, after)
            };
            return;
        }
        if most == 0 {
            return;
        }
        let counter = self.counters;
        self.counters += 1;
        self.ops.push(Op::Begin { counter });
        // The test stands before the body, so that no round at all is possible.
        let entry = self.later();
        let body = self.here();
        self.node(node);
        self.ops.push(Op::Loop {
            counter,
            body,
            least,
            most,
            lazy,
        });
        self.ops[entry] = Op::Jump(self.here() - 1);
    }
}
