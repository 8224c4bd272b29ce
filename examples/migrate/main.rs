//! Migrates a domain to another host, with the options of `virsh migrate`.
//!
//! ```text
//! migrate SOURCE DOMAIN DESTINATION [OPTIONS] [--quiet]
//! migrate qemu:///system web qemu+ssh://root@kvm2/system --live --persistent --undefinesource
//! ```
//!
//! On a terminal a bar shows the progress, elsewhere `--verbose` has a line for each tenth, and
//! `--quiet` shows neither. Ctrl-C aborts the migration, and waits until the guest goes on where it
//! was; a second one does not wait. The exit status is 0 if the domain has moved, 130 if not because
//! of Ctrl-C, and 1 if not for another reason.

mod bar;
mod flags;

use std::future::pending;
use std::io::{self, Write as _};
use std::pin::pin;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use libvirt_client::domain::{Domain, GetJobStatsFlags, MigrateFlags, Migration};
use libvirt_client::{Connect, Error, Result};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::time::sleep;

use bar::{Bar, show_time};
use flags::Options;

/// Why a domain has not moved.
struct Failure {
    text: String,
    is_interrupted: bool,
}

impl<E: std::error::Error> From<E> for Failure {
    fn from(error: E) -> Self {
        Self { text: error.to_string(), is_interrupted: false }
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let result = match Options::parse(std::env::args().skip(1)) {
        Ok(options) => migrate(options).await,
        Err(text) => Err(Failure { text, is_interrupted: false }),
    };
    let written = result.and_then(|line| Ok(writeln!(io::stdout(), "{line}")?));
    let Err(failure) = written else {
        return ExitCode::SUCCESS;
    };
    complain(&failure.text);
    ExitCode::from(if failure.is_interrupted { 130 } else { 1 })
}

/// Returns what there is to say in the end.
async fn migrate(options: Options) -> Result<String, Failure> {
    let source = Connect::open(&options.source).await?;
    let domain = source.domain_lookup_by_name(&options.domain).await?;
    let (flags, parameters) = (options.flags, options.parameters.clone());
    let interrupt = signal(SignalKind::interrupt())?;
    let began = Instant::now();
    let (host, paused) = if options.has("direct") || flags.contains(MigrateFlags::PEER2PEER) {
        let migration = domain.migrate_to_uri(&options.destination);
        let migration = migration.flags(flags).parameters(parameters).start();
        watch(migration, &domain, &options, interrupt).await?;
        (options.destination, None)
    } else {
        let destination = Connect::open(&options.destination).await?;
        let migration = domain.migrate(&destination).flags(flags).parameters(parameters).start();
        let moved = watch(migration, &domain, &options, interrupt).await?;
        (destination.hostname().await?, paused(&moved).await?)
    };
    let took = show_time(began.elapsed());
    let paused = paused.map(|time| format!(", and was paused for {} ms of it", time.as_millis()));
    Ok(format!(
        "{} has moved to {host} in {took}{}",
        domain.name(),
        paused.unwrap_or_default()
    ))
}

/// For how long the guest was paused, which the destination knows while it is there.
async fn paused(moved: &Domain) -> Result<Option<Duration>> {
    if !moved.is_active().await? {
        return Ok(None);
    }
    let report = moved.job_stats(GetJobStatsFlags::COMPLETED).await?;
    Ok(report.and_then(|report| report.stats.downtime))
}

/// Shows the progress of a migration until its end, and does on the way what is asked for.
async fn watch<D: Send + 'static>(
    mut migration: Migration<D>,
    domain: &Domain,
    options: &Options,
    mut interrupt: Signal,
) -> Result<D, Failure> {
    let control = migration.control();
    let mut progress = control.progress(Duration::from_millis(250));
    let mut bar = Bar::new(options);
    let mut timeout = pin!(async {
        match options.timeout {
            Some(time) => sleep(time).await,
            None => pending().await,
        }
    });
    let (mut is_late, mut is_switched) = (false, !options.has("postcopy-after-precopy"));
    let mut is_interrupted = false;
    loop {
        let done = tokio::select! {
            result = &mut migration => {
                bar.clear();
                return result.map_err(|error| failure(&error, is_interrupted));
            }
            _ = interrupt.recv() => {
                bar.clear();
                if is_interrupted {
                    let text = "interrupted again: look where the guest is".to_owned();
                    return Err(Failure { text, is_interrupted });
                }
                complain("aborting; Ctrl-C again does not wait for that");
                is_interrupted = true;
                control.abort();
                Ok(())
            }
            Some(seen) = progress.next() => match seen {
                // All of the memory has been sent once.
                Ok(seen) if !is_switched && seen.stats.memory_iteration > Some(1) => {
                    is_switched = true;
                    control.start_post_copy().await
                }
                Ok(seen) => {
                    bar.show(&seen);
                    Ok(())
                }
                Err(error) => Err(error),
            },
            () = &mut timeout, if !is_late => {
                is_late = true;
                if options.has("timeout-postcopy") {
                    control.start_post_copy().await
                } else {
                    domain.suspend().await
                }
            }
        };
        // The migration itself goes on.
        if let Err(error) = done {
            bar.clear();
            complain(&error.to_string());
        }
    }
}

fn failure(error: &Error, is_interrupted: bool) -> Failure {
    let text = match error {
        Error::Migration(migration) if is_interrupted && error.is_aborted() => {
            format!("aborted; the guest is {}", migration.outcome)
        }
        _ => error.to_string(),
    };
    Failure { text, is_interrupted }
}

fn complain(text: &str) {
    // Some of the daemon's messages have several lines.
    eprintln!("migrate: {}", text.replace('\n', " "));
}
