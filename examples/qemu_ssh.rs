//! Lists the guests of several hosts at once, and follows their changes.
//!
//! ```text
//! qemu_ssh URI... [--watch]
//! qemu_ssh qemu+ssh://root@kvm1/system qemu+ssh://root@kvm2/system --watch
//! ```
//!
//! Each line begins with the URI. A host that cannot be reached, or is lost, is reported and does
//! not keep the others from being listed and followed; the exit status reflects it. Ctrl-C ends
//! `--watch`.

use std::error::Error;
use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::process::ExitCode;

use libvirt_client::connect::ListAllDomainsFlags;
use libvirt_client::domain::State;
use libvirt_client::events::EventError;
use libvirt_client::events::domain::{Change, Lifecycle};
use libvirt_client::{Connect, Optional};
use tokio::signal::unix::{SignalKind, signal};
use tokio::task::JoinSet;

type Result<T, E = Box<dyn Error + Send + Sync>> = std::result::Result<T, E>;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match run(std::env::args().skip(1)).await {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            complain(&error.to_string());
            ExitCode::FAILURE
        }
    }
}

/// Returns whether all hosts succeeded.
async fn run(arguments: impl Iterator<Item = String>) -> Result<bool> {
    let (options, uris): (Vec<_>, Vec<_>) = arguments.partition(|it| it.starts_with('-'));
    if uris.is_empty() || options.iter().any(|it| it != "--watch") {
        return Err("usage: qemu_ssh URI... [--watch]".into());
    }
    let watch = !options.is_empty();
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;

    // One task per host, so that no host waits for another.
    let mut hosts = JoinSet::new();
    for uri in uris {
        hosts.spawn(async move {
            let result = host(&uri, watch).await;
            (uri, result)
        });
    }
    let mut all_well = true;
    loop {
        let ended = tokio::select! {
            ended = hosts.join_next() => ended,
            // Dropping the tasks closes their connections, and ends every ssh.
            _ = interrupt.recv() => return Ok(all_well),
            _ = terminate.recv() => return Ok(all_well),
        };
        match ended.transpose()? {
            None => return Ok(all_well),
            Some((_, Ok(()))) => {}
            Some((uri, Err(error))) => {
                complain(&format!("{uri}: {error}"));
                all_well = false;
            }
        }
    }
}

async fn host(uri: &str, watch: bool) -> Result<()> {
    let conn = Connect::open(uri).await?;
    // Before the list is made, so that no event is missed.
    let changes = if watch {
        Some(conn.subscribe::<Lifecycle>(None).await?)
    } else {
        None
    };
    list(&conn, uri).await?;
    let Some(mut changes) = changes else {
        conn.close().await;
        return Ok(());
    };
    while let Some(change) = changes.next().await {
        match change {
            Ok(it) => print(&format!("{uri} {} {}\n", it.domain.name(), say(it.change)))?,
            // Only the end of the connection ends the events.
            Err(EventError::Closed(reason)) => return Err(reason.to_string().into()),
            Err(lost) => complain(&format!("{uri}: {lost}")),
        }
    }
    Ok(())
}

async fn list(conn: &Connect, uri: &str) -> Result<()> {
    let mut domains = conn.list_all_domains(ListAllDomainsFlags::empty()).await?;
    domains.sort_by(|a, b| a.name().cmp(b.name()));
    let states = domains
        .iter()
        .cloned()
        .map(|domain| tokio::spawn(async move { domain.state().await }));
    let states: Vec<_> = states.collect();
    let mut lines = String::new();
    for (domain, state) in domains.iter().zip(states) {
        // The domain may no longer exist.
        if let Some(state) = state.await?.optional()? {
            let state = match state.state {
                State::Running | State::Blocked => "running",
                State::Paused => "paused",
                State::Shutdown => "in shutdown",
                State::Shutoff => "shut off",
                State::Crashed => "crashed",
                State::PmSuspended => "suspended by itself",
                _ => "in an unknown state",
            };
            writeln!(lines, "{uri} {} is {state}", domain.name())?;
        }
    }
    if domains.is_empty() {
        lines = format!("{uri} has no guests\n");
    }
    print(&lines)
}

fn say(change: Change) -> String {
    match change {
        Change::Defined(detail) => format!("was defined ({detail:?})"),
        Change::Undefined(detail) => format!("was undefined ({detail:?})"),
        Change::Started(detail) => format!("was started ({detail:?})"),
        Change::Suspended(detail) => format!("was paused ({detail:?})"),
        Change::Resumed(detail) => format!("runs again ({detail:?})"),
        Change::Stopped(detail) => format!("ended ({detail:?})"),
        Change::Shutdown(detail) => format!("has shut down ({detail:?})"),
        Change::PmSuspended(detail) => format!("suspended itself ({detail:?})"),
        Change::Crashed(detail) => format!("crashed ({detail:?})"),
        other => format!("changed: {other:?}"),
    }
}

/// Prints without `println!`, which panics when the reader of a pipe is gone.
fn print(lines: &str) -> Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(lines.as_bytes())?;
    Ok(out.flush()?)
}

fn complain(text: &str) {
    // Some of the daemon's messages have several lines.
    eprintln!("qemu_ssh: {}", text.replace('\n', " "));
}
