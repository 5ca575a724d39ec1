//! What is written while somebody types stands above the line.

use crate::host::{HostError, Sink, Source, Stdio};
use rustyline::ExternalPrinter;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Where output goes while the editor runs; shared by its streams.
pub struct Screen {
    state: Mutex<State>,
}

struct State {
    printer: Box<dyn ExternalPrinter + Send>,
    /// A line is being typed.
    editing: bool,
    /// What was written since, after the last line feed.
    partial: Vec<u8>,
    /// The last byte that was written, or typed.
    last: u8,
}

impl Screen {
    pub(super) fn new(printer: Box<dyn ExternalPrinter + Send>) -> Self {
        Screen {
            state: Mutex::new(State {
                printer,
                editing: false,
                partial: Vec::new(),
                last: b'\n',
            }),
        }
    }

    /// A line will be typed: what was written so far ends its own.
    pub(super) fn begin(&self) {
        let mut state = self.lock();
        if state.last != b'\n' {
            write_directly(b"\n");
        }
        state.last = b'\n';
        state.editing = true;
    }

    /// A line was typed: what waits for its end is written.
    pub(super) fn end(&self) {
        let mut state = self.lock();
        state.editing = false;
        let rest = std::mem::take(&mut state.partial);
        if !rest.is_empty() {
            state.last = b' ';
            write_directly(&rest);
        }
    }

    pub(super) fn is_editing(&self) -> bool {
        self.lock().editing
    }

    /// The line that is being typed is left as it is.
    pub(super) fn abandon(&self) {
        self.lock().editing = false;
        // No longer are pasted texts marked; and what follows stands on a line of its own.
        write_directly(b"\x1b[?2004l\r\n");
    }

    /// Has the streams of a host know of the line that is being typed.
    pub(super) fn stand_before(self: &Arc<Self>, stdio: &mut Stdio) {
        let above = |inner| -> Box<dyn Sink> {
            Box::new(Above {
                screen: self.clone(),
                inner,
            })
        };
        stdio.output.wrap(above);
        stdio.error.wrap(above);
        stdio.lock_input().wrap(|inner| {
            Box::new(Typed {
                screen: self.clone(),
                inner,
            })
        });
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Has whole lines printed; the rest waits.
    fn take(&mut self, bytes: &[u8]) {
        self.partial.extend_from_slice(bytes);
        if let Some(end) = self.partial.iter().rposition(|byte| *byte == b'\n') {
            let rest = self.partial.split_off(end + 1);
            let lines = std::mem::replace(&mut self.partial, rest);
            self.print(&lines);
        }
    }

    fn print(&mut self, bytes: &[u8]) {
        let text = String::from_utf8_lossy(bytes).into_owned();
        // The terminal is gone: there is nobody to tell.
        let _ = self.printer.print(text);
    }
}

fn write_directly(bytes: &[u8]) {
    let _ = rustix::io::write(rustix::stdio::stdout(), bytes);
}

/// Output, which stands above the line that is being typed.
struct Above {
    screen: Arc<Screen>,
    inner: Box<dyn Sink>,
}

impl Sink for Above {
    fn write(&mut self, bytes: &[u8]) -> Result<usize, HostError> {
        let mut state = self.screen.lock();
        if state.editing {
            state.take(bytes);
            return Ok(bytes.len());
        }
        let count = self.inner.write(bytes)?;
        if let Some(last) = count.checked_sub(1) {
            state.last = bytes[last];
        }
        Ok(count)
    }

    fn is_terminal(&self) -> bool {
        self.inner.is_terminal()
    }

    fn fileno(&self) -> Option<i32> {
        self.inner.fileno()
    }
}

/// Input that a program asks for itself; its line feed ends the line on the screen too.
struct Typed {
    screen: Arc<Screen>,
    inner: Box<dyn Source>,
}

impl Source for Typed {
    fn read(&mut self, bytes: &mut [u8]) -> Result<usize, HostError> {
        let count = self.inner.read(bytes)?;
        if let Some(last) = count.checked_sub(1) {
            self.screen.lock().last = bytes[last];
        }
        Ok(count)
    }

    fn is_terminal(&self) -> bool {
        self.inner.is_terminal()
    }

    fn fileno(&self) -> Option<i32> {
        self.inner.fileno()
    }
}
