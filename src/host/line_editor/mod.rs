//! The line editor of the prompt: rustyline on a thread of its own, so that the
//! engine goes on while somebody types.
//!
//! The engine asks for a text with [`LineEditor::read`]; what comes of it, and
//! what the editor asks meanwhile (completions, the signature of a call), is
//! heard with [`LineEditor::hear`], after the descriptor of
//! [`LineEditor::fileno`] has become readable. The editor knows nothing of the
//! language: an [`Assistant`] does.

mod keyboard;
mod keys;
mod marks;
mod screen;
mod thread;

use super::{HostError, Stdio};
use keyboard::Keyboard;
use rustix::io::Errno;
use screen::Screen;
use std::io::Read;
use std::ops::Range;
use std::os::fd::AsRawFd;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};

/// What the Enter key does.
#[derive(Debug, PartialEq, Eq)]
pub enum Enter {
    /// The text is whole.
    Accept,
    /// More lines follow; the next begins with this.
    Newline(String),
}

/// How a piece of text is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Colour {
    Keyword,
    Builtin,
    Definition,
    String,
    Number,
    Comment,
    /// A bracket beside the cursor, and the one that belongs to it.
    Bracket,
    /// What cannot be read.
    Error,
}

/// Who knows the language that is typed. Texts are whole, with `\n` between lines.
pub trait Assistant: Send + Sync {
    /// What Enter does at the byte `at` of a text.
    fn enter(&self, text: &str, at: usize) -> Enter;

    /// Pieces of the text that have a colour, in order and apart from each other. `cursor` is where
    /// the cursor stands, None when the text is finished.
    fn colours(&self, text: &str, cursor: Option<usize>) -> Vec<(Range<usize>, Colour)>;

    /// What is called where the text ends: `a.b` of `x = a.b(1, `.
    fn open_call(&self, text: &str) -> Option<String>;
}

/// What the thread says to the engine.
#[derive(Debug)]
pub enum Heard {
    /// A text was typed.
    Text(String),
    /// Ctrl-C.
    Interrupted,
    /// Ctrl-D on an empty line, or the terminal is gone.
    End,
    /// Which words may stand at this byte of the text? [`LineEditor::answer`] waits for `Answer::Words`.
    Complete { text: String, at: usize },
    /// What does one pass to this? `Answer::Hint` says so beside the line, when it comes.
    Hint { name: String },
    /// Ctrl-\: what runs?
    Tree,
}

/// What the engine answers.
pub enum Answer {
    /// The words that may stand from this byte on.
    Words { start: usize, words: Vec<String> },
    /// A line about what is called by this name; empty if nothing is known.
    Hint { name: String, text: String },
}

/// What a thread is to do.
enum Order {
    Read {
        prompt: String,
        continuation: String,
    },
}

/// How an editor is to be.
pub struct Options {
    /// The file that remembers what was typed.
    pub history: Option<PathBuf>,
    /// False shows no colours.
    pub colours: bool,
}

/// The editor of one engine.
pub struct LineEditor {
    assistant: Arc<dyn Assistant>,
    running: Option<Running>,
}

struct Running {
    orders: Sender<Order>,
    heard: Receiver<Heard>,
    answers: Sender<(u64, Answer)>,
    /// The number of the question that was heard last.
    asked: u64,
    /// A byte comes with everything that can be heard.
    bell: UnixStream,
    screen: Arc<Screen>,
    keyboard: Keyboard,
    hint: Hint,
}

/// What was called last, and the line about it: empty until it is known.
type Hint = Arc<Mutex<Option<(String, String)>>>;

impl LineEditor {
    /// An editor that has not begun; nothing is done yet.
    pub fn new(assistant: Arc<dyn Assistant>) -> Self {
        LineEditor {
            assistant,
            running: None,
        }
    }

    /// True after `start`.
    pub fn is_running(&self) -> bool {
        self.running.is_some()
    }

    /// Starts the thread. Refused with ENOTTY where input or output is no terminal that can be
    /// edited on. From now on what is written to `stdio` stands above the line.
    pub fn start(&mut self, options: Options, stdio: &mut Stdio) -> Result<(), HostError> {
        let (input, output) = (rustix::stdio::stdin(), rustix::stdio::stdout());
        let terminal = rustix::termios::isatty(input) && rustix::termios::isatty(output);
        if !terminal || !thread::can_edit() {
            return Err(HostError::from(Errno::NOTTY));
        }
        let mark = keys::Mark::default();
        let keyboard = Keyboard::start(mark.clone())?;
        let (bell, ringer) = UnixStream::pair()?;
        bell.set_nonblocking(true)?;
        let (orders, to_do) = channel();
        let (speaker, heard) = channel();
        let (answers, answered) = channel();
        let mouth = thread::Mouth::new(speaker, answered, ringer);
        let hint = Hint::default();
        let tools = thread::Tools {
            assistant: self.assistant.clone(),
            mark,
            keyboard: keyboard.clone(),
            hint: hint.clone(),
            mouth,
        };
        let screen = thread::start(tools, options, to_do)?;
        self.running = Some(Running {
            orders,
            heard,
            answers,
            asked: 0,
            bell,
            screen: screen.clone(),
            keyboard,
            hint,
        });
        screen.stand_before(stdio);
        Ok(())
    }

    /// Asks for a text; `continuation` stands before each line but the first.
    pub fn read(&mut self, prompt: &str, continuation: &str) -> Result<(), HostError> {
        let running = self.running.as_ref().ok_or(HostError::from(Errno::BADF))?;
        running.screen.begin();
        let order = Order::Read {
            prompt: prompt.to_string(),
            continuation: continuation.to_string(),
        };
        let sent = running.orders.send(order);
        sent.map_err(|_| HostError::from(Errno::IO))
    }

    /// Readable when there is something to hear.
    pub fn fileno(&self) -> Option<i32> {
        Some(self.running.as_ref()?.bell.as_raw_fd())
    }

    /// What was said next; None when nothing was.
    pub fn hear(&mut self) -> Option<Heard> {
        let running = self.running.as_mut()?;
        let mut ring = [0];
        if running.bell.read(&mut ring).is_err() {
            return None;
        }
        let heard = running.heard.recv().ok()?;
        match heard {
            Heard::Complete { .. } => running.asked += 1,
            Heard::Text(_) | Heard::Interrupted | Heard::End => running.screen.end(),
            Heard::Hint { .. } | Heard::Tree => {}
        }
        Some(heard)
    }

    /// Answers the question that was heard last. One that comes late is not looked at.
    pub fn answer(&mut self, answer: Answer) {
        let Some(running) = &self.running else {
            return;
        };
        if let Answer::Hint { name, text } = answer {
            let mut hint = running.hint.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some((of, line)) = hint.as_mut().filter(|(of, _)| *of == name) {
                (*of, *line) = (name, text);
                running.keyboard.press(keys::REPAINT);
            }
        } else {
            // Fails when the thread has ended, and then nobody wants to know.
            let _ = running.answers.send((running.asked, answer));
        }
    }
}

impl Drop for LineEditor {
    fn drop(&mut self) {
        let Some(running) = &self.running else { return };
        if running.screen.is_editing() {
            // The program ends while a line is being typed: the thread will not put the terminal right.
            running.screen.abandon();
            running.keyboard.abandon();
        }
    }
}
