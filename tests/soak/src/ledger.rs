//! What was done, what failed, and who is at it.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use libvirt_client::{CloseReason, Error};

/// Why a step was not done.
#[derive(Debug)]
pub(crate) enum Setback {
    /// What must be expected while daemons die.
    Failed(Error),
    /// The same, where there is no error.
    Unlucky(&'static str),
    /// What must never happen.
    Wrong(String),
}

impl From<Error> for Setback {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

pub(crate) type Outcome = Result<(), Setback>;

#[derive(Debug, Default)]
pub(crate) struct Ledger(Mutex<Books>);

#[derive(Debug, Default)]
struct Books {
    workers: Vec<Worker>,
    failed: BTreeMap<(&'static str, String), usize>,
    noted: BTreeMap<&'static str, usize>,
    wrong: Vec<String>,
}

#[derive(Debug)]
struct Worker {
    kind: &'static str,
    is_busy: bool,
    done: usize,
    /// How much was done at the end of each round.
    rounds: Vec<usize>,
}

impl Ledger {
    /// Enters a worker, and gives its number.
    pub(crate) fn enter(&self, kind: &'static str) -> usize {
        let workers = &mut self.books().workers;
        workers.push(Worker { kind, is_busy: false, done: 0, rounds: vec![0] });
        workers.len() - 1
    }

    pub(crate) fn begin(&self, number: usize) {
        if let Some(worker) = self.books().workers.get_mut(number) {
            worker.is_busy = true;
        }
    }

    pub(crate) fn end(&self, number: usize, outcome: Outcome) {
        let books = &mut *self.books();
        let Some(worker) = books.workers.get_mut(number) else {
            return;
        };
        worker.is_busy = false;
        let kind = worker.kind;
        match outcome {
            Ok(()) => worker.done += 1,
            Err(Setback::Wrong(what)) => books.wrong.push(format!("{kind}: {what}")),
            Err(Setback::Unlucky(what)) => books.count(kind, what.to_owned(), &what),
            Err(Setback::Failed(error)) if is_wrong(&error) => {
                books.wrong.push(format!("{kind}: {error}"));
            }
            Err(Setback::Failed(error)) => books.count(kind, label(&error), &error),
        }
    }

    /// Counts something that is nobody's step.
    pub(crate) fn note(&self, kind: &'static str) {
        *self.books().noted.entry(kind).or_default() += 1;
    }

    pub(crate) fn complain(&self, what: String) {
        self.books().wrong.push(what);
    }

    /// The kinds of work that are being done.
    pub(crate) fn busy(&self) -> Vec<&'static str> {
        let books = self.books();
        books
            .workers
            .iter()
            .filter(|worker| worker.is_busy)
            .map(|worker| worker.kind)
            .collect()
    }

    /// Ends a round, and complains of who has done nothing for so many of them.
    pub(crate) fn end_round(&self, patience: usize) {
        let books = &mut *self.books();
        for worker in &mut books.workers {
            worker.rounds.push(worker.done);
            let before = worker.rounds.iter().rev().nth(patience);
            if before == Some(&worker.done) {
                books
                    .wrong
                    .push(format!("{}: nothing done for {patience} minutes", worker.kind));
            }
        }
    }

    /// What has gone wrong up to now.
    pub(crate) fn wrong(&self) -> Vec<String> {
        self.books().wrong.clone()
    }

    fn books(&self) -> MutexGuard<'_, Books> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Books {
    /// Counts a failure, and shows the first one of its like, and each that was waited for.
    fn count(&mut self, kind: &'static str, label: String, error: &dyn fmt::Display) {
        let is_late = label.starts_with("late");
        let count = self.failed.entry((kind, label)).or_default();
        *count += 1;
        if *count == 1 || is_late {
            println!("  first   {kind}: {error}");
        }
    }
}

/// Done by kind, and failed by kind and reason, from the beginning on.
impl fmt::Display for Ledger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let books = self.books();
        let mut done = books.noted.clone();
        for worker in &books.workers {
            *done.entry(worker.kind).or_default() += worker.done;
        }
        write!(f, "  done  ")?;
        for (kind, count) in done {
            write!(f, " {kind} {count};")?;
        }
        write!(f, "\n  failed")?;
        let mut last = "";
        for ((kind, label), count) in &books.failed {
            if *kind != last {
                write!(f, " {kind}:")?;
                last = kind;
            }
            write!(f, " {label} {count};")?;
        }
        Ok(())
    }
}

/// What no daemon that dies, and no guest that is busy, can cause.
fn is_wrong(error: &Error) -> bool {
    matches!(
        error.cause(),
        Error::Protocol(_)
            | Error::Closed(CloseReason::Protocol(_) | CloseReason::RuntimeGone)
            | Error::NotSent(CloseReason::Protocol(_) | CloseReason::RuntimeGone)
            | Error::InvalidArgument { .. }
            | Error::Overrun { .. }
            | Error::Uri { .. }
            | Error::Config { .. }
            | Error::ReadOnly(_)
    )
}

fn label(error: &Error) -> String {
    match error.cause() {
        Error::Timeout { operation, .. } => format!("late {operation}"),
        Error::Remote(remote) => format!("{:?}", remote.code),
        Error::Closed(CloseReason::Keepalive(_)) => String::from("silence"),
        Error::Closed(_) | Error::NotSent(_) => String::from("lost"),
        Error::NotConnected(_) => String::from("not connected"),
        Error::Connect { .. } | Error::Network(_) | Error::Tunnel(_) | Error::Tls { .. } => {
            String::from("not reached")
        }
        Error::Migration(error) => format!("migration: {}", label(&error.first.error)),
        other => {
            let text = other.to_string();
            text.chars().take(60).collect()
        }
    }
}

#[cfg(test)]
mod tests {
    use libvirt_client::Connect;

    use super::*;

    #[test]
    fn who_gets_nothing_done_is_told() {
        let ledger = Ledger::default();
        let [idle, busy] = ["idle", "busy"].map(|kind| ledger.enter(kind));
        for round in 1..=3 {
            ledger.end(busy, Ok(()));
            ledger.end(idle, Err(Setback::Unlucky("as always")));
            assert_eq!(ledger.wrong(), [""; 0], "round {round}");
            ledger.end_round(3);
        }
        assert_eq!(ledger.wrong(), ["idle: nothing done for 3 minutes"]);
        assert_eq!(ledger.to_string(), "  done   busy 3; idle 0;\n  failed idle: as always 3;");
    }

    #[tokio::test]
    async fn what_cannot_come_of_dead_daemons_is_told() {
        let ledger = Ledger::default();
        let worker = ledger.enter("worker");
        for (uri, count) in [
            ("qemu+unix:///system?socket=/none", 0),
            ("qemu://host:x/", 1),
        ] {
            let error = Connect::open(uri).await.err().map_or_else(String::new, |error| {
                let text = error.to_string();
                ledger.end(worker, Err(error.into()));
                text
            });
            assert_eq!(ledger.wrong().len(), count, "{error}");
        }
        ledger.end(worker, Err(Setback::Wrong(String::from("2 and 2 are 5"))));
        assert_eq!(ledger.wrong().last().map(String::as_str), Some("worker: 2 and 2 are 5"));
    }
}
