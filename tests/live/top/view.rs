//! The example on a terminal, and what can be seen there.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::process::{Child, Command};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Instant;

use rustix::process::{Pid, Signal, kill_process};
use rustix::termios::{Termios, Winsize, tcgetattr, tcsetwinsize};

use crate::common::LIMIT;
use crate::programs::built;
use crate::terminal::{User, pair};

const ROWS: u16 = 24;
const COLUMNS: u16 = 80;

/// A program on a terminal.
pub struct View {
    program: Child,
    terminal: File,
    before: Termios,
    user: File,
    shown: Arc<(Mutex<vt100::Parser>, Condvar)>,
}

/// What is on the terminal at a moment.
pub struct Screen<'a>(&'a vt100::Screen);

impl Screen<'_> {
    pub fn text(&self) -> String {
        self.0.contents()
    }

    pub fn has(&self, text: &str) -> bool {
        self.text().contains(text)
    }

    /// The line with that text in it, or nothing.
    pub fn row(&self, with: &str) -> String {
        self.rows().into_iter().find(|row| row.contains(with)).unwrap_or_default()
    }

    pub fn rows(&self) -> Vec<String> {
        self.0.rows(0, COLUMNS).collect()
    }

    /// Whether it belongs to a program that shows nothing else there.
    pub fn is_full(&self) -> bool {
        self.0.alternate_screen()
    }
}

impl View {
    pub fn start(words: &[&str]) -> Self {
        let mut command = Command::new(built("top"));
        command.args(words);
        Self::of(&command)
    }

    /// Runs a program on a terminal of its own.
    pub fn of(command: &Command) -> Self {
        let (terminal, User(user)) = pair();
        let size = Winsize { ws_row: ROWS, ws_col: COLUMNS, ws_xpixel: 0, ws_ypixel: 0 };
        tcsetwinsize(&terminal, size).unwrap();
        let before = tcgetattr(&terminal).unwrap();
        let own = || terminal.try_clone().unwrap();
        let mut started = Command::new("setsid");
        started
            .args(["--ctty", "--wait"])
            .arg(command.get_program())
            .args(command.get_args());
        for (name, value) in command.get_envs() {
            started.env(name, value.unwrap());
        }
        let program = started.stdin(own()).stdout(own()).stderr(own()).spawn().unwrap();
        let [rows, columns] = [ROWS, COLUMNS].map(|it| it.try_into().unwrap());
        let parser = Mutex::new(vt100::Parser::new(rows, columns, 0));
        let shown = Arc::new((parser, Condvar::new()));
        let (mut output, showing) = (user.try_clone().unwrap(), Arc::clone(&shown));
        std::thread::spawn(move || {
            let mut bytes = [0; 4096];
            // It ends with the last who has the terminal open.
            while let Ok(count) = output.read(&mut bytes) {
                showing.0.lock().unwrap().process(&bytes[..count]);
                showing.1.notify_all();
            }
        });
        Self { program, terminal, before, user, shown }
    }

    pub fn types(&mut self, keys: &str) {
        self.user.write_all(keys.as_bytes()).unwrap();
    }

    /// Waits until something is seen.
    pub fn shows(&self, what: &str, is_seen: impl Fn(&Screen<'_>) -> bool) {
        let (parser, changed) = &*self.shown;
        let limit = Instant::now() + LIMIT;
        let mut parser = parser.lock().unwrap();
        while !is_seen(&Screen(parser.screen())) {
            let left = limit.saturating_duration_since(Instant::now());
            let (again, late) = changed.wait_timeout(parser, left).unwrap();
            parser = again;
            assert!(!late.timed_out(), "not shown: {what}\n{}", parser.screen().contents());
        }
    }

    pub fn terminate(&self) {
        kill_process(Pid::from_child(&self.program), Signal::TERM).unwrap();
    }

    /// Waits for the end of the program, which has said something then, and left the terminal as it
    /// was.
    pub fn has_ended(mut self, status: i32, says: &str) {
        let limit = Instant::now() + LIMIT;
        let ended = loop {
            if let Some(ended) = self.program.try_wait().unwrap() {
                break ended;
            }
            assert!(Instant::now() < limit, "it goes on");
            std::thread::yield_now();
        };
        self.shows("its last words", |screen| screen.text().replace('\n', "").contains(says));
        self.shows("what was there before", |screen| !screen.is_full() && !screen.0.hide_cursor());
        let after = tcgetattr(&self.terminal).unwrap();
        assert_eq!(after.local_modes, self.before.local_modes);
        assert_eq!(after.input_modes, self.before.input_modes);
        assert_eq!(after.output_modes, self.before.output_modes);
        assert_eq!(ended.code(), Some(status), "{ended}");
    }
}

impl Drop for View {
    fn drop(&mut self) {
        // It may have ended.
        let _ = self.program.kill();
        let _ = self.program.wait();
    }
}
