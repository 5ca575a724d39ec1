//! A terminal that a test holds: what is typed there, and what one would see.

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};
use std::io::{Read, Write};
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

/// How long a test waits for anything: much more than a busy machine needs.
const PATIENCE: Duration = Duration::from_secs(30);

/// What has been written, as one would see it.
struct Screen {
    parser: vt100::Parser,
    /// The other end was closed.
    over: bool,
    /// All of it, as it came.
    written: Vec<u8>,
}

pub struct Terminal {
    child: Box<dyn Child + Send + Sync>,
    keys: Box<dyn Write + Send>,
    screen: Arc<(Mutex<Screen>, Condvar)>,
    _master: Box<dyn MasterPty + Send>,
}

impl Terminal {
    /// Starts a program at a terminal of so many rows and columns. Its home is `folder`.
    pub fn start(
        program: &str,
        arguments: &[&str],
        folder: &Path,
        more: &[(&str, &str)],
        (rows, cols): (u16, u16),
    ) -> Terminal {
        crate::hoop::signals_as_usual();
        let size = PtySize {
            rows,
            cols,
            pixel_width: 0,
            pixel_height: 0,
        };
        let pair = native_pty_system()
            .openpty(size)
            .expect("there are pseudo-terminals");
        let mut command = CommandBuilder::new(program);
        command.args(arguments);
        command.cwd(folder);
        command.env_clear();
        command.env("HOME", folder);
        command.env("TERM", "xterm");
        command.env("LANG", "C.UTF-8");
        command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
        for (name, value) in more {
            command.env(name, value);
        }
        let child = pair
            .slave
            .spawn_command(command)
            .expect("the program can be started");
        drop(pair.slave);
        let mut output = pair.master.try_clone_reader().expect("it can be read");
        let keys = pair.master.take_writer().expect("it can be written to");
        let screen = Screen {
            parser: vt100::Parser::new(rows, cols, 0),
            over: false,
            written: Vec::new(),
        };
        let screen = Arc::new((Mutex::new(screen), Condvar::new()));
        let seen = screen.clone();
        std::thread::spawn(move || {
            let mut bytes = [0; 4096];
            loop {
                let count = output.read(&mut bytes).unwrap_or(0);
                let mut screen = seen.0.lock().expect("no test panics while it looks");
                screen.parser.process(&bytes[..count]);
                screen.written.extend_from_slice(&bytes[..count]);
                screen.over = count == 0;
                seen.1.notify_all();
                if count == 0 {
                    return;
                }
            }
        });
        Terminal {
            child,
            keys,
            screen,
            _master: pair.master,
        }
    }

    /// Presses keys: the bytes that a terminal sends for them.
    pub fn press(&mut self, keys: &str) {
        self.keys
            .write_all(keys.as_bytes())
            .and_then(|()| self.keys.flush())
            .expect("the terminal takes keys");
    }

    /// What is on the screen, without blanks at the ends of lines and empty lines at its end.
    pub fn text(&self) -> String {
        let screen = self.screen.0.lock().expect("no test panics while it looks");
        shown(&screen.parser)
    }

    /// What was written so far, with everything that moves the cursor or sets a colour.
    pub fn written(&self) -> String {
        let screen = self.screen.0.lock().expect("no test panics while it looks");
        String::from_utf8_lossy(&screen.written).into_owned()
    }

    /// Waits until the screen is as one wants it; panics with what is there instead.
    pub fn wait_until(&self, what: &str, wanted: impl Fn(&str) -> bool) -> String {
        let deadline = Instant::now() + PATIENCE;
        let (screen, changed) = &*self.screen;
        let mut screen = screen.lock().expect("no test panics while it looks");
        loop {
            let text = shown(&screen.parser);
            if wanted(&text) {
                return text;
            }
            let left = deadline.saturating_duration_since(Instant::now());
            assert!(
                !left.is_zero() && !screen.over,
                "waited for {what}; there is:\n{text}"
            );
            screen = changed.wait_timeout(screen, left).expect("as above").0;
        }
    }

    /// Waits until this can be read on the screen.
    pub fn wait_for(&self, what: &str) -> String {
        self.wait_until(what, |text| text.contains(what))
    }

    /// Waits until a prompt waits for a line, and nothing has changed for a moment.
    pub fn wait_for_prompt(&self) -> String {
        let text = self.wait_until("a prompt", is_prompting);
        std::thread::sleep(Duration::from_millis(30));
        if self.text() == text {
            return text;
        }
        self.wait_for_prompt()
    }

    /// Waits until the program has ended; its exit status.
    pub fn wait_for_end(&mut self) -> u32 {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.child.try_wait().expect("it is our child") {
                // What it wrote last is still on its way.
                let _ = self.screen_over(Duration::from_secs(2));
                return status.exit_code();
            }
            assert!(
                Instant::now() < deadline,
                "it does not end; there is:\n{}",
                self.text()
            );
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    fn screen_over(&self, patience: Duration) -> bool {
        let (screen, changed) = &*self.screen;
        let screen = screen.lock().expect("no test panics while it looks");
        let waited = changed.wait_timeout_while(screen, patience, |screen| !screen.over);
        !waited.expect("as above").1.timed_out()
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The last line is a prompt with nothing but blanks behind it.
fn is_prompting(text: &str) -> bool {
    matches!(text.rsplit('\n').next().unwrap_or(""), ">>>" | "...")
}

fn shown(parser: &vt100::Parser) -> String {
    let text = parser.screen().contents();
    let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
    lines.join("\n").trim_end().to_string()
}
