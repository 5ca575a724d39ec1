//! What keys do that must know of continuation prompts, indentation and the
//! completeness of what is typed.

use super::keyboard::Keyboard;
use super::marks::{Line, lines, plain, plain_offset};
use super::{Assistant, Enter};
use rustyline::{
    Cmd, ConditionalEventHandler, Event, EventContext, EventHandler, KeyCode, KeyEvent, Modifiers,
    Movement, RepeatCount,
};
use std::sync::{Arc, Mutex, PoisonError};
use unicode_segmentation::UnicodeSegmentation;

/// The blanks of one level.
const INDENT: usize = 4;

/// What stands before each line but the first, at this read.
#[derive(Clone, Default)]
pub(super) struct Mark(Arc<Mutex<String>>);

impl Mark {
    pub(super) fn set(&self, mark: &str) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = mark.to_string();
    }

    pub(super) fn get(&self) -> String {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

/// The keys, each with what it does.
const KEYS: &[(KeyCode, Modifiers, Action)] = &[
    (KeyCode::Enter, Modifiers::NONE, enter),
    (KeyCode::Enter, Modifiers::ALT, newline),
    (KeyCode::Backspace, Modifiers::NONE, backspace),
    (KeyCode::Char('H'), Modifiers::CTRL, backspace),
    (KeyCode::Delete, Modifiers::NONE, delete),
    (KeyCode::Left, Modifiers::NONE, left),
    (KeyCode::Char('B'), Modifiers::CTRL, left),
    (KeyCode::Right, Modifiers::NONE, right),
    (KeyCode::Char('F'), Modifiers::CTRL, right),
    (KeyCode::Up, Modifiers::NONE, up),
    (KeyCode::Down, Modifiers::NONE, down),
    (KeyCode::Home, Modifiers::NONE, home),
    (KeyCode::Char('A'), Modifiers::CTRL, home),
    (KeyCode::Char('U'), Modifiers::CTRL, kill_line_start),
    (KeyCode::Char('W'), Modifiers::CTRL, kill_word),
    (KeyCode::Tab, Modifiers::NONE, tab),
    (KeyCode::Char('C'), Modifiers::CTRL, |_| {
        Some(Cmd::Interrupt)
    }),
    (KeyCode::Char('D'), Modifiers::CTRL, end_or_delete),
    (KeyCode::BackTab, Modifiers::NONE, back_tab),
];

/// Every key of the table as rustyline wants it.
pub(super) fn bindings(
    assistant: &Arc<dyn Assistant>,
    mark: &Mark,
    keyboard: &Keyboard,
) -> Vec<(Event, EventHandler)> {
    let bind = |event: Event, action: Action| {
        let key = Key {
            assistant: assistant.clone(),
            mark: mark.clone(),
            keyboard: keyboard.clone(),
            action,
        };
        (event, EventHandler::Conditional(Box::new(key)))
    };
    let own = KEYS
        .iter()
        .map(|&(code, modifiers, action)| bind(Event::from(KeyEvent(code, modifiers)), action));
    let steps = STEPS.iter().map(|&(letter, _, action)| {
        let key = KeyEvent(KeyCode::Char(letter), Modifiers::ALT);
        bind(Event::from(key), action)
    });
    let repaint = KeyEvent(KeyCode::Char('\u{e004}'), Modifiers::ALT);
    let repaint = bind(Event::from(repaint), |_| Some(Cmd::Repaint));
    // All others do what they do, and are counted.
    let others = bind(Event::Any, |_| None);
    own.chain(steps).chain([repaint, others]).collect()
}

/// What a key does; None for what the editor does by itself.
type Action = fn(&Place<'_>) -> Option<Cmd>;

struct Key {
    assistant: Arc<dyn Assistant>,
    mark: Mark,
    keyboard: Keyboard,
    action: Action,
}

impl ConditionalEventHandler for Key {
    fn handle(&self, _: &Event, _: RepeatCount, _: bool, ctx: &EventContext) -> Option<Cmd> {
        let mark = self.mark.get();
        let place = Place::new(ctx.line(), ctx.pos(), &mark, &*self.assistant);
        let command = (self.action)(&place);
        match command {
            Some(Cmd::AcceptLine | Cmd::Interrupt | Cmd::EndOfFile) => {
                self.keyboard.pause();
                command
            }
            Some(command) => Some(self.one_step(command)),
            None => {
                self.keyboard.taken();
                None
            }
        }
    }
}

impl Key {
    /// rustyline takes one step for a key, whatever it is told: the others come as keys of their own.
    fn one_step(&self, command: Cmd) -> Cmd {
        for (letter, one, _) in STEPS {
            let wanted = steps_of(&command);
            if let Some(count) = wanted
                && std::mem::discriminant(&command) == std::mem::discriminant(one)
                && movement(&command).map(std::mem::discriminant)
                    == movement(one).map(std::mem::discriminant)
            {
                let more = usize::from(count).saturating_sub(1);
                self.keyboard.repeat(&format!("\x1b{letter}"), more);
                self.keyboard.taken();
                return one.clone();
            }
        }
        self.keyboard.taken();
        command
    }
}

/// A key that nobody has: what is known by now is shown beside the line.
pub(super) const REPAINT: &str = "\x1b\u{e004}";

/// Single steps: the letter that means each behind an escape (no keyboard has them), the step.
const STEPS: &[(char, Cmd, Action)] = &[
    ('\u{e000}', Cmd::Move(Movement::BackwardChar(1)), |_| {
        Some(Cmd::Move(Movement::BackwardChar(1)))
    }),
    ('\u{e001}', Cmd::Move(Movement::ForwardChar(1)), |_| {
        Some(Cmd::Move(Movement::ForwardChar(1)))
    }),
    ('\u{e002}', Cmd::Kill(Movement::BackwardChar(1)), |_| {
        Some(Cmd::Kill(Movement::BackwardChar(1)))
    }),
    ('\u{e003}', Cmd::Kill(Movement::ForwardChar(1)), |_| {
        Some(Cmd::Kill(Movement::ForwardChar(1)))
    }),
];

fn movement(command: &Cmd) -> Option<&Movement> {
    match command {
        Cmd::Move(movement) | Cmd::Kill(movement) => Some(movement),
        _ => None,
    }
}

fn steps_of(command: &Cmd) -> Option<RepeatCount> {
    match movement(command)? {
        Movement::BackwardChar(count) | Movement::ForwardChar(count) => Some(*count),
        _ => None,
    }
}

/// Where the cursor stands.
struct Place<'a> {
    text: &'a str,
    at: usize,
    mark: &'a str,
    lines: Vec<Line<'a>>,
    /// The number of the line.
    row: usize,
    assistant: &'a dyn Assistant,
}

impl<'a> Place<'a> {
    fn new(text: &'a str, at: usize, mark: &'a str, assistant: &'a dyn Assistant) -> Self {
        let lines = lines(text, mark);
        let row = lines.iter().rposition(|line| line.start <= at).unwrap_or(0);
        Place {
            text,
            at,
            mark,
            lines,
            row,
            assistant,
        }
    }

    fn line(&self) -> &Line<'a> {
        &self.lines[self.row]
    }

    /// What was typed on this line before the cursor.
    fn before(&self) -> &'a str {
        let line = &self.lines[self.row];
        let begin = line.start + line.mark;
        &self.text[begin.min(self.at)..self.at]
    }

    fn is_last_line(&self) -> bool {
        self.row + 1 == self.lines.len()
    }

    /// How many steps to the left there are to the end of the line above.
    fn steps_to_line_above(&self) -> usize {
        let begin = self.line().start;
        count(&self.text[begin..self.at]) + 1
    }

    /// How many steps it is from the end of this line into the typed text of the one below.
    fn steps_over_break(&self) -> Option<usize> {
        let next = self.lines.get(self.row + 1)?;
        Some(1 + count(&self.text[next.start..next.start + next.mark]))
    }

    fn at_line_end(&self) -> bool {
        let line = self.line();
        self.at == line.start + line.mark + line.text.len()
    }
}

fn count(text: &str) -> usize {
    text.graphemes(true).count()
}

fn steps(count: usize) -> RepeatCount {
    count.min(usize::from(RepeatCount::MAX)) as RepeatCount
}

fn back(count: usize) -> Movement {
    Movement::BackwardChar(steps(count))
}

fn forth(count: usize) -> Movement {
    Movement::ForwardChar(steps(count))
}

fn enter(place: &Place<'_>) -> Option<Cmd> {
    let text = plain(place.text, place.mark);
    let at = plain_offset(place.text, place.mark, place.at);
    match place.assistant.enter(&text, at) {
        Enter::Accept => Some(Cmd::AcceptLine),
        Enter::Newline(indent) => Some(Cmd::Insert(1, format!("\n{}{indent}", place.mark))),
    }
}

/// A line break, whatever is typed.
fn newline(place: &Place<'_>) -> Option<Cmd> {
    Some(Cmd::Insert(1, format!("\n{}", place.mark)))
}

/// At the start of a line it is joined with the one above; in the indentation a level goes.
fn backspace(place: &Place<'_>) -> Option<Cmd> {
    let before = place.before();
    if before.is_empty() && place.row > 0 {
        return Some(Cmd::Kill(back(place.steps_to_line_above())));
    }
    let blank = !before.is_empty() && before.bytes().all(|byte| byte == b' ');
    blank.then(|| Cmd::Kill(back((before.len() - 1) % INDENT + 1)))
}

fn delete(place: &Place<'_>) -> Option<Cmd> {
    let over = place.steps_over_break().filter(|_| place.at_line_end())?;
    Some(Cmd::Kill(forth(over)))
}

/// Ctrl-D ends the session on an empty line.
fn end_or_delete(place: &Place<'_>) -> Option<Cmd> {
    if place.text.is_empty() {
        return Some(Cmd::EndOfFile);
    }
    delete(place).or(Some(Cmd::Kill(forth(1))))
}

fn left(place: &Place<'_>) -> Option<Cmd> {
    let joins = place.before().is_empty() && place.row > 0;
    joins.then(|| Cmd::Move(back(place.steps_to_line_above())))
}

fn right(place: &Place<'_>) -> Option<Cmd> {
    let over = place.steps_over_break().filter(|_| place.at_line_end())?;
    Some(Cmd::Move(forth(over)))
}

/// To the same column of the line above; from the first line through the history.
fn up(place: &Place<'_>) -> Option<Cmd> {
    let above = place.lines.get(place.row.checked_sub(1)?)?;
    let (column, length) = (count(place.before()), count(above.text));
    let target = length.saturating_sub(column);
    Some(Cmd::Move(back(place.steps_to_line_above() + target)))
}

fn down(place: &Place<'_>) -> Option<Cmd> {
    let below = place.lines.get(place.row + 1)?;
    let rest = place.line().start + place.line().mark + place.line().text.len();
    let to_end = count(&place.text[place.at..rest]);
    let column = count(place.before()).min(count(below.text));
    let over = place.steps_over_break()?;
    Some(Cmd::Move(forth(to_end + over + column)))
}

fn home(place: &Place<'_>) -> Option<Cmd> {
    Some(match count(place.before()) {
        0 => Cmd::Noop,
        steps => Cmd::Move(back(steps)),
    })
}

fn kill_line_start(place: &Place<'_>) -> Option<Cmd> {
    Some(match count(place.before()) {
        0 => Cmd::Noop,
        steps => Cmd::Kill(back(steps)),
    })
}

fn kill_word(place: &Place<'_>) -> Option<Cmd> {
    let before = place.before();
    if before.trim().is_empty() {
        return backspace(place).or(Some(Cmd::Noop));
    }
    None
}

/// In the indentation a level more; elsewhere a completion.
fn tab(place: &Place<'_>) -> Option<Cmd> {
    let before = place.before();
    if before.trim().is_empty() {
        let missing = INDENT - before.len() % INDENT;
        return Some(Cmd::Insert(1, " ".repeat(missing)));
    }
    Some(Cmd::Complete)
}

/// The line loses a level.
fn back_tab(place: &Place<'_>) -> Option<Cmd> {
    let before = place.before();
    let blank = !before.is_empty() && before.bytes().all(|byte| byte == b' ');
    Some(if blank && place.is_last_line() {
        Cmd::Kill(back((before.len() - 1) % INDENT + 1))
    } else {
        Cmd::Noop
    })
}

#[cfg(test)]
mod tests {
    use super::super::Colour;
    use super::*;
    use std::ops::Range;

    struct Plain;

    impl Assistant for Plain {
        fn enter(&self, text: &str, _: usize) -> Enter {
            if text.ends_with(':') {
                Enter::Newline("    ".into())
            } else {
                Enter::Accept
            }
        }

        fn colours(&self, _: &str, _: Option<usize>) -> Vec<(Range<usize>, Colour)> {
            Vec::new()
        }

        fn open_call(&self, _: &str) -> Option<String> {
            None
        }
    }

    fn press(action: Action, text: &str) -> Option<Cmd> {
        let at = text.find('|').unwrap_or(text.len());
        let text = text.replacen('|', "", 1);
        action(&Place::new(&text, at, "... ", &Plain))
    }

    #[test]
    fn lines_join_and_part() {
        let into = Cmd::Insert(1, "\n...     ".into());
        assert_eq!(press(enter, "if x:|"), Some(into));
        assert_eq!(press(enter, "x|"), Some(Cmd::AcceptLine));
        assert_eq!(press(backspace, "if x:\n... |y"), Some(Cmd::Kill(back(5))));
        assert_eq!(
            press(backspace, "if x:\n...      |"),
            Some(Cmd::Kill(back(1)))
        );
        assert_eq!(
            press(backspace, "if x:\n...     |y"),
            Some(Cmd::Kill(back(4)))
        );
        assert_eq!(press(backspace, "xy|"), None);
        assert_eq!(press(delete, "if x:|\n... y"), Some(Cmd::Kill(forth(5))));
        assert_eq!(press(delete, "if |x:\n... y"), None);
    }

    #[test]
    fn the_cursor_passes_over_prompts() {
        assert_eq!(press(left, "é:\n... |y"), Some(Cmd::Move(back(5))));
        assert_eq!(press(right, "é:|\n... y"), Some(Cmd::Move(forth(5))));
        assert_eq!(press(up, "abcdef\n... gh|i"), Some(Cmd::Move(back(7 + 4))));
        assert_eq!(press(up, "ab\n... ghijk|"), Some(Cmd::Move(back(10))));
        assert_eq!(press(up, "ab|\n... c"), None);
        assert_eq!(
            press(down, "ab|cd\n... efgh"),
            Some(Cmd::Move(forth(2 + 5 + 2)))
        );
        assert_eq!(press(down, "abcd|\n... e"), Some(Cmd::Move(forth(5 + 1))));
        assert_eq!(press(home, "a\n... bc|"), Some(Cmd::Move(back(2))));
        assert_eq!(press(home, "a\n... |bc"), Some(Cmd::Noop));
    }

    #[test]
    fn tab_indents_or_completes() {
        assert_eq!(
            press(tab, "if x:\n...   |"),
            Some(Cmd::Insert(1, "  ".into()))
        );
        assert_eq!(press(tab, "asy|"), Some(Cmd::Complete));
        assert_eq!(
            press(back_tab, "if x:\n...     |"),
            Some(Cmd::Kill(back(4)))
        );
    }
}
