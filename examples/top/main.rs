//! Watches all guests of one or many hosts on the terminal, as `top` watches processes.
//!
//! ```text
//! top [--interval SECONDS] [--once] [URI...]
//! top qemu+ssh://root@kvm1/system qemu+ssh://root@kvm2/system
//! ```
//!
//! `?` shows the keys: they sort and filter, start, pause and end guests, and show their consoles and
//! XML. A host that is lost is shown as such, with its guests as they were, until it is back.
//!
//! `--once` prints a table for scripts instead, with what was used during one interval. It is 1 if a
//! host did not answer.
//!
//! Whatever asks for a passphrase on the terminal would be in the way: give keys to ssh's agent.

mod act;
mod app;
mod collect;
mod console;
mod draw;
mod guests;
mod keys;
mod once;
mod options;
mod place;
mod rates;
mod screen;
mod state;
#[path = "../shared/statistics.rs"]
mod statistics;
mod watch;

use std::error::Error;
use std::io::{self, IsTerminal as _, Write as _};
use std::process::ExitCode;

use app::Link;
use options::Options;

type Result<T, E = Box<dyn Error>> = std::result::Result<T, E>;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let result = match Options::parse(std::env::args().skip(1)) {
        Ok(options) if options.is_once => print(&options).await,
        Ok(options) => show(&options).await.map(|()| true),
        Err(text) => Err(text.into()),
    };
    match result {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            complain(&error.to_string());
            ExitCode::FAILURE
        }
    }
}

async fn show(options: &Options) -> Result<()> {
    if !io::stdin().is_terminal() || !io::stdout().is_terminal() {
        return Err("this is no terminal; --once prints a table".into());
    }
    watch::watch(options).await
}

/// Returns whether all hosts have answered.
async fn print(options: &Options) -> Result<bool> {
    let hosts = once::look(&options.uris, options.interval).await?;
    let mut is_whole = true;
    for host in &hosts {
        if let Link::Lost(reason) | Link::Ended(reason) = &host.link {
            complain(&format!("{}: {reason}", host.name));
            is_whole = false;
        }
    }
    io::stdout().write_all(once::table(&hosts).as_bytes())?;
    Ok(is_whole)
}

fn complain(text: &str) {
    // Some of the daemon's messages have several lines.
    eprintln!("top: {}", text.replace('\n', " "));
}
