//! Texts as the editor holds them: each line but the first begins with the
//! continuation prompt, which rustyline has no word for.

/// A text of several lines with the marks.
pub(super) fn marked(text: &str, mark: &str) -> String {
    text.replace('\n', &format!("\n{mark}"))
}

/// One line of what the editor holds.
pub(super) struct Line<'a> {
    /// Where it begins, the mark included.
    pub start: usize,
    /// How long its mark is: none at the first line, nor in what was pasted.
    pub mark: usize,
    /// What was typed.
    pub text: &'a str,
}

/// The lines of a text with marks.
pub(super) fn lines<'a>(text: &'a str, mark: &str) -> Vec<Line<'a>> {
    let mut start = 0;
    let mut all = Vec::new();
    for (number, line) in text.split('\n').enumerate() {
        let own = match number {
            0 => 0,
            _ if line.starts_with(mark) => mark.len(),
            // Its last blank was deleted.
            _ if line == mark.trim_end() => line.len(),
            _ => 0,
        };
        all.push(Line {
            start,
            mark: own,
            text: &line[own..],
        });
        start += line.len() + 1;
    }
    all
}

/// The text without its marks.
pub(super) fn plain(text: &str, mark: &str) -> String {
    let lines: Vec<&str> = lines(text, mark).iter().map(|line| line.text).collect();
    lines.join("\n")
}

/// Where a byte of the marked text stands in the plain one; one in a mark stands behind it.
pub(super) fn plain_offset(text: &str, mark: &str, at: usize) -> usize {
    let mut before = 0;
    for line in lines(text, mark) {
        let begin = line.start + line.mark;
        if at <= begin + line.text.len() {
            return before + at.saturating_sub(begin);
        }
        before += line.text.len() + 1;
    }
    before.saturating_sub(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_come_and_go() {
        let text = "def f():\n    return 1\n\n";
        let held = marked(text, "... ");
        assert_eq!(held, "def f():\n...     return 1\n... \n... ");
        assert_eq!(plain(&held, "... "), text);
        assert_eq!(
            plain("if x:\n    pasted\n...", "... "),
            "if x:\n    pasted\n"
        );
        assert_eq!(plain_offset(&held, "... ", 3), 3);
        assert_eq!(plain_offset(&held, "... ", 8), 8);
        let at = held.find("return").unwrap_or(0);
        assert_eq!(
            plain_offset(&held, "... ", at),
            text.find("return").unwrap_or(0)
        );
        assert_eq!(plain_offset(&held, "... ", held.len()), text.len());
    }
}
