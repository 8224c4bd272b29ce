//! Terminals, and who sits before them.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{Read as _, Write as _};
use std::process::{Child, Command, Stdio};

use rustix::fs::{Mode, OFlags, open};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{LocalModes, tcgetattr};

/// A terminal, and its user.
pub fn pair() -> (File, User) {
    let user = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    grantpt(&user).unwrap();
    unlockpt(&user).unwrap();
    let name = ptsname(&user, Vec::new()).unwrap();
    let terminal = open(&name, OFlags::RDWR | OFlags::NOCTTY, Mode::empty()).unwrap();
    (File::from(terminal), User(File::from(user)))
}

/// Runs a program in a session of its own that has the terminal.
pub fn run<A: AsRef<OsStr>>(terminal: &File, words: impl IntoIterator<Item = A>) -> Child {
    Command::new("setsid")
        .args(["--ctty", "--wait"])
        .args(words)
        .stdin(terminal.try_clone().unwrap())
        .stderr(terminal.try_clone().unwrap())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

/// Whoever sits at a terminal.
pub struct User(pub File);

impl User {
    /// Types an answer to a question, and gives what was shown until then.
    pub fn answer(&mut self, question: &str, answer: &str, is_shown: bool) -> String {
        let shown = self.read_until(question);
        // Asking for a password, programs stop echoing only after they have asked.
        let echoes = || {
            let modes = tcgetattr(&self.0).unwrap().local_modes;
            modes.contains(LocalModes::ECHO)
        };
        while echoes() != is_shown {
            std::thread::yield_now();
        }
        self.0.write_all(format!("{answer}\n").as_bytes()).unwrap();
        shown
    }

    /// Reads until `text` is shown, and gives all that was.
    pub fn read_until(&mut self, text: &str) -> String {
        let mut shown = Vec::new();
        while !String::from_utf8_lossy(&shown).contains(text) {
            let mut bytes = [0; 256];
            let count = self.0.read(&mut bytes).unwrap();
            shown.extend(&bytes[..count]);
        }
        String::from_utf8_lossy(&shown).into_owned()
    }
}
