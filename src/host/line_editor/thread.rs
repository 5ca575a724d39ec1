//! The thread: rustyline, and what it asks the engine.

use super::keyboard::Keyboard;
use super::keys::{Mark, bindings};
use super::marks::{lines, marked, plain, plain_offset};
use super::screen::Screen;
use super::{Answer, Assistant, Colour, Heard, Hint, Options, Order};
use crate::host::HostError;
use rustix::io::Errno;
use rustyline::completion::{Completer, Pair};
use rustyline::config::{ColorMode, CompletionType, Config};
use rustyline::error::ReadlineError;
use rustyline::highlight::{CmdKind, Highlighter};
use rustyline::hint::Hinter;
use rustyline::history::{FileHistory, History};
use rustyline::validate::Validator;
use rustyline::{
    Cmd, ConditionalEventHandler, Context, Editor, Event, EventContext, EventHandler, Helper,
    KeyEvent, RepeatCount,
};
use std::borrow::Cow;
use std::cell::Cell;
use std::io::Write;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How long a completion may take: somebody has asked for it.
const COMPLETION_PATIENCE: Duration = Duration::from_millis(1000);
/// How many texts the history keeps.
const HISTORY_SIZE: usize = 10_000;
/// Enough for the parser at its deepest, which colours what is typed.
const STACK: usize = 8 << 20;

/// Whether this terminal can move its cursor.
pub(super) fn can_edit() -> bool {
    const CANNOT: [&str; 3] = ["dumb", "cons25", "emacs"];
    std::env::var("TERM").is_ok_and(|term| !term.is_empty() && !CANNOT.contains(&&*term))
}

/// What the thread speaks and hears through.
#[derive(Clone)]
pub(super) struct Mouth {
    ends: Arc<Mutex<Ends>>,
}

struct Ends {
    speaker: Sender<Heard>,
    answered: Receiver<(u64, Answer)>,
    ringer: UnixStream,
    /// How many questions were asked.
    asked: u64,
}

impl Mouth {
    pub(super) fn new(
        speaker: Sender<Heard>,
        answered: Receiver<(u64, Answer)>,
        ringer: UnixStream,
    ) -> Self {
        Mouth {
            ends: Arc::new(Mutex::new(Ends {
                speaker,
                answered,
                ringer,
                asked: 0,
            })),
        }
    }

    /// False when nobody listens any more.
    fn say(&self, what: Heard) -> bool {
        let mut ends = self.ends.lock().unwrap_or_else(PoisonError::into_inner);
        ends.say(what)
    }

    /// Asks the engine, and waits a while for its answer.
    fn ask(&self, question: Heard, patience: Duration) -> Option<Answer> {
        let mut ends = self.ends.lock().unwrap_or_else(PoisonError::into_inner);
        ends.asked += 1;
        let deadline = Instant::now() + patience;
        if !ends.say(question) {
            return None;
        }
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let (number, answer) = ends.answered.recv_timeout(left).ok()?;
            // Others were asked before, and answered too late.
            if number == ends.asked {
                return Some(answer);
            }
        }
    }
}

impl Ends {
    fn say(&mut self, what: Heard) -> bool {
        self.speaker.send(what).is_ok() && self.ringer.write_all(b".").is_ok()
    }
}

/// What the thread and its owner share.
pub(super) struct Tools {
    pub assistant: Arc<dyn Assistant>,
    pub mark: Mark,
    pub keyboard: Keyboard,
    pub hint: Hint,
    pub mouth: Mouth,
}

/// Starts the thread and answers, when it is ready, where output is to go.
pub(super) fn start(
    tools: Tools,
    options: Options,
    orders: Receiver<Order>,
) -> Result<Arc<Screen>, HostError> {
    let (ready, begun) = channel();
    std::thread::Builder::new()
        .name("hoop-line-editor".into())
        .stack_size(STACK)
        .spawn(move || {
            let made = Session::new(tools, options);
            match made {
                Ok((session, screen)) => {
                    if ready.send(Ok(screen)).is_ok() {
                        session.serve(&orders);
                    }
                }
                // The engine has waited for this.
                Err(error) => drop(ready.send(Err(error))),
            }
        })?;
    let failed = HostError::from(Errno::IO);
    begun
        .recv()
        .map_err(|_| failed)?
        .map_err(|error| HostError::from(Errno::NOTTY).with_message(error.to_string()))
}

/// What the thread works with.
struct Session {
    editor: Editor<Helpers, FileHistory>,
    /// What is written to the history's file: texts without marks.
    written: FileHistory,
    file: Option<PathBuf>,
    mark: Mark,
    keyboard: Keyboard,
    hint: Hint,
    mouth: Mouth,
}

impl Session {
    fn new(tools: Tools, options: Options) -> Result<(Session, Arc<Screen>), ReadlineError> {
        let Tools {
            assistant,
            mark,
            keyboard,
            hint,
            mouth,
        } = tools;
        let colours = if options.colours {
            ColorMode::Enabled
        } else {
            ColorMode::Disabled
        };
        let config = Config::builder()
            .completion_type(CompletionType::List)
            .color_mode(colours)
            .max_history_size(HISTORY_SIZE)?
            .history_ignore_space(false)
            .tab_stop(4)
            .build();
        let mut written = FileHistory::with_config(&config);
        if let Some(file) = &options.history {
            // There is none yet, or it cannot be read: then this session has its own.
            let _ = written.load(file);
        }
        let mut editor = Editor::with_history(config.clone(), FileHistory::with_config(&config))?;
        for text in written.iter() {
            // The marks of this read do for all: `sys.ps2` rarely changes.
            let _ = editor.history_mut().add(&marked(text, "... "));
        }
        for (event, handler) in bindings(&assistant, &mark, &keyboard) {
            editor.bind_sequence(event, handler);
        }
        let shows_tree =
            EventHandler::Conditional(Box::new(ShowTree(mouth.clone(), keyboard.clone())));
        editor.bind_sequence(KeyEvent::ctrl('\\'), shows_tree);
        let suspends = EventHandler::Conditional(Box::new(Suspend(keyboard.clone())));
        editor.bind_sequence(KeyEvent::ctrl('Z'), suspends);
        let screen = Arc::new(Screen::new(Box::new(editor.create_external_printer()?)));
        editor.set_helper(Some(Helpers {
            assistant,
            mark: mark.clone(),
            mouth: mouth.clone(),
            colours: options.colours,
            finished: Cell::new(false),
            hint: hint.clone(),
        }));
        let session = Session {
            editor,
            written,
            file: options.history,
            mark,
            keyboard,
            hint,
            mouth,
        };
        Ok((session, screen))
    }

    /// Reads texts until the engine is gone.
    fn serve(mut self, orders: &Receiver<Order>) {
        while let Ok(Order::Read {
            prompt,
            continuation,
        }) = orders.recv()
        {
            self.mark.set(&continuation);
            let read = match self.keyboard.begin() {
                Ok(()) => self.editor.readline(&prompt),
                Err(_) => Err(ReadlineError::Eof),
            };
            self.keyboard.end();
            let heard = match read {
                Ok(text) => {
                    self.remember(&text);
                    Heard::Text(plain(&text, &continuation))
                }
                Err(ReadlineError::Interrupted) => Heard::Interrupted,
                // Ctrl-D, or the terminal is gone.
                Err(_) => Heard::End,
            };
            *self.hint.lock().unwrap_or_else(PoisonError::into_inner) = None;
            if !self.mouth.say(heard) {
                return;
            }
        }
    }

    fn remember(&mut self, text: &str) {
        let mark = self.mark.get();
        let whole = plain(text, &mark);
        let whole = whole.trim_end();
        if whole.trim().is_empty() {
            return;
        }
        let _ = self.editor.add_history_entry(marked(whole, &mark));
        let is_new = self.written.add(whole).unwrap_or(false);
        if let Some(file) = self.file.as_deref().filter(|_| is_new) {
            // A history that cannot be written is no reason to stop.
            let _ = self.written.append(file);
        }
    }
}

/// Ctrl-\
struct ShowTree(Mouth, Keyboard);

impl ConditionalEventHandler for ShowTree {
    fn handle(&self, _: &Event, _: RepeatCount, _: bool, _: &EventContext) -> Option<Cmd> {
        self.0.say(Heard::Tree);
        self.1.taken();
        Some(Cmd::Noop)
    }
}

/// Ctrl-Z
struct Suspend(Keyboard);

impl ConditionalEventHandler for Suspend {
    fn handle(&self, _: &Event, _: RepeatCount, _: bool, _: &EventContext) -> Option<Cmd> {
        self.0.suspend();
        Some(Cmd::Repaint)
    }
}

/// What rustyline asks while one types.
struct Helpers {
    assistant: Arc<dyn Assistant>,
    mark: Mark,
    mouth: Mouth,
    colours: bool,
    /// The line is shown for the last time.
    finished: Cell<bool>,
    hint: Hint,
}

impl Helper for Helpers {}
impl Validator for Helpers {}

impl Completer for Helpers {
    type Candidate = Pair;

    fn complete(
        &self,
        line: &str,
        pos: usize,
        _: &Context<'_>,
    ) -> rustyline::Result<(usize, Vec<Pair>)> {
        let mark = self.mark.get();
        let at = plain_offset(line, &mark, pos);
        let text = plain(line, &mark);
        let question = Heard::Complete { text, at };
        let Some(Answer::Words { start, words }) = self.mouth.ask(question, COMPLETION_PATIENCE)
        else {
            return Ok((pos, Vec::new()));
        };
        let pairs = words.into_iter().map(|word| Pair {
            display: word.clone(),
            replacement: word,
        });
        Ok((
            pos.saturating_sub(at.saturating_sub(start)),
            pairs.collect(),
        ))
    }
}

/// A signature beside the line; it cannot be taken over.
struct CallHint(String);

impl rustyline::hint::Hint for CallHint {
    fn display(&self) -> &str {
        &self.0
    }

    fn completion(&self) -> Option<&str> {
        None
    }
}

impl Hinter for Helpers {
    type Hint = CallHint;

    fn hint(&self, line: &str, pos: usize, _: &Context<'_>) -> Option<CallHint> {
        if pos != line.len() {
            return None;
        }
        let text = plain(line, &self.mark.get());
        if text
            .rsplit('\n')
            .next()
            .is_some_and(|last| last.trim().is_empty())
        {
            return None;
        }
        let name = self.assistant.open_call(&text)?;
        let mut known = self.hint.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, text)) = known.as_ref().filter(|(of, _)| *of == name) {
            return (!text.is_empty()).then(|| CallHint(format!("   {text}")));
        }
        // No key waits for it: the line is painted again when it comes.
        *known = Some((name.clone(), String::new()));
        self.mouth.say(Heard::Hint { name });
        None
    }
}

impl Highlighter for Helpers {
    fn highlight<'l>(&self, line: &'l str, pos: usize) -> Cow<'l, str> {
        if !self.colours {
            return Cow::Borrowed(line);
        }
        let mark = self.mark.get();
        let cursor = (!self.finished.get()).then(|| plain_offset(line, &mark, pos));
        let colours = self.assistant.colours(&plain(line, &mark), cursor);
        Cow::Owned(paint(line, &mark, &colours))
    }

    fn highlight_prompt<'b, 's: 'b, 'p: 'b>(&'s self, prompt: &'p str, _: bool) -> Cow<'b, str> {
        if self.colours {
            Cow::Owned(format!("{PROMPT}{prompt}{RESET}"))
        } else {
            Cow::Borrowed(prompt)
        }
    }

    fn highlight_hint<'h>(&self, hint: &'h str) -> Cow<'h, str> {
        if self.colours {
            Cow::Owned(format!("{DIM}{hint}{RESET}"))
        } else {
            Cow::Borrowed(hint)
        }
    }

    fn highlight_char(&self, _: &str, _: usize, kind: CmdKind) -> bool {
        self.finished.set(kind == CmdKind::ForcedRefresh);
        self.colours
    }
}

const PROMPT: &str = "\x1b[1;35m";
const DIM: &str = "\x1b[2m";
const RESET: &str = "\x1b[0m";

fn escape(colour: Colour) -> &'static str {
    match colour {
        Colour::Keyword => "\x1b[1;34m",
        Colour::Builtin => "\x1b[36m",
        Colour::Definition => "\x1b[1m",
        Colour::String => "\x1b[32m",
        Colour::Number => "\x1b[33m",
        Colour::Comment => "\x1b[31m",
        Colour::Bracket => "\x1b[1;7m",
        Colour::Error => "\x1b[4;31m",
    }
}

/// The line with its colours; they are of the text without marks.
fn paint(line: &str, mark: &str, colours: &[(std::ops::Range<usize>, Colour)]) -> String {
    let mut painted = String::with_capacity(line.len() * 2);
    let mut colours = colours.iter().peekable();
    let mut before = 0;
    for (number, piece) in lines(line, mark).iter().enumerate() {
        if number > 0 {
            painted.push('\n');
        }
        if piece.mark > 0 {
            let own = &line[piece.start..piece.start + piece.mark];
            painted.extend([PROMPT, own, RESET]);
        }
        let end = before + piece.text.len();
        let mut at = before;
        while let Some((range, colour)) = colours.peek() {
            let (start, stop) = (range.start.max(at), range.end.min(end));
            if start >= end {
                break;
            }
            if start < stop {
                painted.push_str(&piece.text[at - before..start - before]);
                painted.extend([
                    escape(*colour),
                    &piece.text[start - before..stop - before],
                    RESET,
                ]);
                at = stop;
            }
            if range.end > end {
                break;
            }
            colours.next();
        }
        painted.push_str(&piece.text[at - before..]);
        before = end + 1;
    }
    painted
}
