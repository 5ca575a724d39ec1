//! Spans: which bytes of a file a thing was written in.

/// A half-open range of byte offsets of one source file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Span {
    pub start: u32,
    pub end: u32,
}

impl Span {
    /// The bytes from `start` up to, and without, `end`.
    pub fn new(start: u32, end: u32) -> Span {
        Span { start, end }
    }

    /// An empty span at one offset.
    pub fn at(offset: u32) -> Span {
        Span::new(offset, offset)
    }

    /// From the start of this one to the end of the other.
    pub fn to(self, other: Span) -> Span {
        Span::new(self.start, other.end)
    }

    /// The same as a range, for slicing the text.
    pub fn range(self) -> std::ops::Range<usize> {
        self.start as usize..self.end as usize
    }
}
