//! Indentation: which lines open and close blocks.
//!
//! Columns are measured twice, with tabs to the next multiple of eight and
//! with tabs as one column. When the two measures disagree about which line
//! is deeper, the meaning would hang on the width of a tab: a `TabError`.

/// The indentation of one line, measured both ways.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Column {
    wide: u32,
    narrow: u32,
}

impl Column {
    /// Goes over one character of white space.
    pub fn advance(&mut self, byte: u8) {
        match byte {
            b' ' => {
                self.wide = self.wide.saturating_add(1);
                self.narrow = self.narrow.saturating_add(1);
            }
            b'\t' => {
                self.wide = (self.wide / 8).saturating_add(1).saturating_mul(8);
                self.narrow = self.narrow.saturating_add(1);
            }
            // A form feed starts the count anew.
            _ => *self = Column::default(),
        }
    }
}

/// What a new line does to the blocks that are open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    Same,
    Indent,
    /// Closes so many blocks.
    Dedent(usize),
}

/// What can be wrong with an indentation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LayoutError {
    /// Depends on the width of a tab.
    Tabs,
    /// Between two outer levels.
    NoOuterLevel,
    TooDeep,
}

/// The blocks that are open.
#[derive(Debug)]
pub struct Layout {
    levels: Vec<Column>,
}

impl Layout {
    /// More levels than this are refused.
    const MAX_LEVELS: usize = 100;

    pub fn new() -> Layout {
        Layout {
            levels: vec![Column::default()],
        }
    }

    /// Takes the indentation of the next line that is not blank.
    pub fn line(&mut self, column: Column) -> Result<Step, LayoutError> {
        let top = self.top();
        if column.wide == top.wide {
            return same_tabs(column, top).map(|()| Step::Same);
        }
        if column.wide > top.wide {
            return self.indent(column, top);
        }
        let mut closed = 0;
        while column.wide < self.top().wide {
            self.levels.pop();
            closed += 1;
        }
        if column.wide != self.top().wide {
            return Err(LayoutError::NoOuterLevel);
        }
        same_tabs(column, self.top()).map(|()| Step::Dedent(closed))
    }

    /// How many blocks the end of the input closes.
    pub fn close(&mut self) -> usize {
        let open = self.levels.len() - 1;
        self.levels.truncate(1);
        open
    }

    fn indent(&mut self, column: Column, top: Column) -> Result<Step, LayoutError> {
        if self.levels.len() >= Layout::MAX_LEVELS {
            return Err(LayoutError::TooDeep);
        }
        if column.narrow <= top.narrow {
            return Err(LayoutError::Tabs);
        }
        self.levels.push(column);
        Ok(Step::Indent)
    }

    fn top(&self) -> Column {
        self.levels.last().copied().unwrap_or_default()
    }
}

fn same_tabs(column: Column, level: Column) -> Result<(), LayoutError> {
    match column.narrow == level.narrow {
        true => Ok(()),
        false => Err(LayoutError::Tabs),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(text: &str) -> Column {
        let mut column = Column::default();
        text.bytes().for_each(|byte| column.advance(byte));
        column
    }

    #[test]
    fn blocks_open_and_close() {
        let mut layout = Layout::new();
        assert_eq!(layout.line(column("")), Ok(Step::Same));
        assert_eq!(layout.line(column("  ")), Ok(Step::Indent));
        assert_eq!(layout.line(column("    ")), Ok(Step::Indent));
        assert_eq!(layout.line(column("")), Ok(Step::Dedent(2)));
    }

    #[test]
    fn tabs_must_not_matter() {
        let mut layout = Layout::new();
        assert_eq!(layout.line(column("        ")), Ok(Step::Indent));
        assert_eq!(layout.line(column("\t")), Err(LayoutError::Tabs));
    }

    #[test]
    fn between_levels() {
        let mut layout = Layout::new();
        assert_eq!(layout.line(column("    ")), Ok(Step::Indent));
        assert_eq!(layout.line(column("  ")), Err(LayoutError::NoOuterLevel));
    }
}
