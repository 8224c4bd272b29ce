//! Prints every event of a host, one per line, until it is interrupted.
//!
//! ```text
//! watch_events URI [--seconds N]
//! ```
//!
//! With an empty URI libvirt's own rules choose the daemon; with `--seconds` it ends after that
//! time. Times are in UTC, and are those of the events' arrival here.

mod describe;

use std::env;
use std::error::Error;
use std::io::{self, Write as _};
use std::process::ExitCode;
use std::time::{Duration, SystemTime};

use libvirt_client::Connect;
use libvirt_client::events::{EventError, HostEvent, Subscription};
use tokio::signal::unix::{SignalKind, signal};

type Result<T, E = Box<dyn Error>> = std::result::Result<T, E>;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let result = match arguments.as_slice() {
        [uri] => watch(uri, None).await,
        [uri, "--seconds", seconds] | ["--seconds", seconds, uri] => match seconds.parse() {
            Ok(seconds) => watch(uri, Some(Duration::from_secs(seconds))).await,
            Err(error) => Err(format!("{seconds:?} is no number of seconds: {error}").into()),
        },
        _ => Err("usage: watch_events URI [--seconds N]".into()),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Some of the daemon's messages have several lines.
            eprintln!("watch_events: {}", error.to_string().replace('\n', " "));
            ExitCode::FAILURE
        }
    }
}

async fn watch(uri: &str, limit: Option<Duration>) -> Result<()> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let conn = Connect::open(uri).await?;
    let mut events = conn.host_events().await?;
    let enough = async {
        match limit {
            Some(limit) => tokio::time::sleep(limit).await,
            None => std::future::pending().await,
        }
    };
    tokio::select! {
        result = print(&mut events) => result?,
        () = enough => {}
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
    conn.close().await;
    Ok(())
}

/// Prints events until the connection ends, which is an error.
async fn print(events: &mut Subscription<HostEvent>) -> Result<()> {
    while let Some(event) = events.next().await {
        let line = match event {
            Ok(event) => describe::line(&event),
            // Some events are lost, but more will come.
            Err(error @ (EventError::Lagged(_) | EventError::Undecodable(_))) => {
                format!("({error})")
            }
            Err(error) => return Err(error.into()),
        };
        let now = humantime::format_rfc3339_millis(SystemTime::now());
        // Flushed, for readers at the other end of a pipe.
        let mut out = io::stdout().lock();
        writeln!(out, "{now} {line}")?;
        out.flush()?;
    }
    Ok(())
}
