//! Connects the terminal to a guest's serial console.
//!
//! ```text
//! console URI DOMAIN
//! ```
//!
//! `^]` ends it. Input and output may also be pipes: once the input has ended, it waits until the
//! guest has been silent for a while, so that `echo uptime | console URI DOMAIN` shows the answer.

mod talk;

use std::env;
use std::error::Error;
use std::io::{self, IsTerminal as _, Read as _, Write as _};
use std::process::ExitCode;

use libvirt_client::Connect;
use libvirt_client::domain::ConsoleFlags;
use rustix::termios::{OptionalActions, Termios, tcgetattr, tcsetattr};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;

use talk::{Input, talk};

type Result<T, E = Box<dyn Error>> = std::result::Result<T, E>;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let result = match arguments.as_slice() {
        [uri, domain] => console(uri, domain).await,
        _ => Err("usage: console URI DOMAIN".into()),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Some of the daemon's messages have several lines.
            eprintln!("console: {}", error.to_string().replace('\n', " "));
            ExitCode::FAILURE
        }
    }
}

async fn console(uri: &str, domain: &str) -> Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut hang_up = signal(SignalKind::hangup())?;
    let conn = Connect::open(uri).await?;
    let domain = conn.domain_lookup_by_name(domain).await?;
    let stream = domain.open_console(None, ConsoleFlags::empty()).await?;
    // From here on each key goes to the guest, ^C included.
    let terminal = RawTerminal::new()?;
    if terminal.is_some() {
        eprint!("Connected to {}; ^] disconnects.\r\n", domain.name());
    }
    let result = tokio::select! {
        result = talk(stream, read_input()) => result,
        _ = terminate.recv() => Ok(()),
        _ = hang_up.recv() => Ok(()),
    };
    drop(terminal);
    conn.close().await;
    result
}

/// Reads the input in a thread that, unlike one of tokio's, does not keep the program from ending.
fn read_input() -> Input {
    let (sender, receiver) = mpsc::channel(1);
    std::thread::spawn(move || {
        let mut buffer = [0; 4096];
        loop {
            let read = match io::stdin().read(&mut buffer) {
                Ok(0) => return,
                Ok(count) => Ok(buffer[..count].to_vec()),
                Err(error) => Err(error),
            };
            let is_end = read.is_err();
            if sender.blocking_send(read).is_err() || is_end {
                return;
            }
        }
    });
    receiver
}

/// A terminal in raw mode, until this is dropped.
struct RawTerminal {
    before: Termios,
}

impl RawTerminal {
    /// Returns `None` where the input is no terminal.
    fn new() -> Result<Option<Self>> {
        let stdin = io::stdin();
        if !stdin.is_terminal() {
            return Ok(None);
        }
        let before = tcgetattr(&stdin)?;
        let mut raw = before.clone();
        raw.make_raw();
        tcsetattr(&stdin, OptionalActions::Now, &raw)?;
        Ok(Some(Self { before }))
    }
}

impl Drop for RawTerminal {
    fn drop(&mut self) {
        // A terminal that is gone cannot be restored.
        let _ = tcsetattr(io::stdin(), OptionalActions::Now, &self.before);
        let _ = writeln!(io::stderr());
    }
}
