//! The statistics of all guests of a host, again and again, whatever becomes of the host.
//!
//! One bulk call brings them. The daemon asks each running guest's hypervisor in turn, and one that
//! hangs holds up the call; later calls pass over that guest, because they need not wait
//! (`NOWAIT`). So a call that is not answered is left alone, up to a limit, and another one asks for
//! what the daemon knows by itself.

use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use libvirt_client::domain::StatsTypes;
use libvirt_client::domain::stats::{DomainStatsRecord, GetAllDomainStatsFlags};
use libvirt_client::{Backoff, Connect, ConnectionStatus, Reconnect, Result};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout_at};

/// What is asked for.
const WANTED: StatsTypes = BY_THE_DAEMON
    .union(StatsTypes::BALLOON)
    .union(StatsTypes::VCPU)
    .union(StatsTypes::BLOCK);
/// What no hypervisor is asked for.
const BY_THE_DAEMON: StatsTypes =
    StatsTypes::STATE.union(StatsTypes::CPU_TOTAL).union(StatsTypes::INTERFACE);
/// How many calls may wait for guests that hang. Together with the one that does not, these are
/// fewer than a daemon takes from a client before it stops listening to it.
const HELD_UP: usize = 3;

/// A host, and the calls that it has not answered.
#[derive(Debug)]
pub(crate) struct Host {
    link: Reconnect,
    /// With the round that each is of, and whether it asks for everything.
    calls: JoinSet<(u64, bool, Result<Vec<DomainStatsRecord>>)>,
    may_be_held_up: Arc<Semaphore>,
    by_the_daemon: Arc<Semaphore>,
    round: u64,
}

/// A host's answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) guests: Vec<DomainStatsRecord>,
    /// Whether it has what hypervisors were asked for, too.
    pub(crate) is_whole: bool,
}

/// Opens the connection in the background, and again whenever it is lost.
pub(crate) fn open(uri: &str) -> Result<Reconnect> {
    let builder = Connect::builder(uri)
        .open_timeout(Some(Duration::from_secs(10)))
        .keepalive(Duration::from_secs(5), 2);
    builder.reconnecting(Backoff::new(Duration::from_millis(100), Duration::from_secs(5)))
}

impl Host {
    pub(crate) fn new(link: Reconnect) -> Self {
        Self {
            link,
            calls: JoinSet::new(),
            may_be_held_up: Arc::new(Semaphore::new(HELD_UP)),
            by_the_daemon: Arc::new(Semaphore::new(1)),
            round: 0,
        }
    }

    /// Asks for statistics; says after `limit` at the latest why there are none.
    pub(crate) async fn ask(&mut self, limit: Duration) -> Result<Answer, String> {
        let (half, deadline) = (Instant::now() + limit / 2, Instant::now() + limit);
        let conn = self.connected(deadline).await?;
        self.round += 1;
        let is_asked = self.call(&conn, true);
        if is_asked && let Ok(answer) = timeout_at(half, self.answer()).await {
            return answer;
        }
        self.call(&conn, false);
        let mut answer = Err(format!("no answer within {limit:?}"));
        while let Ok(next) = timeout_at(deadline, self.answer()).await {
            // The host may only be slow.
            let is_last = !is_asked || next.as_ref().map_or(true, |answer| answer.is_whole);
            answer = next;
            if is_last {
                break;
            }
        }
        answer
    }

    /// Whether the connection cannot be opened whatever happens.
    pub(crate) fn has_ended(&self) -> bool {
        matches!(self.link.status(), ConnectionStatus::Ended(_))
    }

    /// Waits for the connection while it is opened for the first time, but not for one that was
    /// lost.
    async fn connected(&mut self, deadline: Instant) -> Result<Connect, String> {
        loop {
            match self.link.status() {
                ConnectionStatus::Connected(conn) if conn.is_alive() => return Ok(conn),
                ConnectionStatus::Lost(error) | ConnectionStatus::Ended(error) => {
                    return Err(error.to_string());
                }
                _ => {
                    let changed = timeout_at(deadline, self.link.next_status()).await;
                    changed.map_err(|_| "not connected yet")?;
                }
            }
        }
    }

    /// Makes a call, unless too many of its kind wait.
    fn call(&mut self, conn: &Connect, is_whole: bool) -> bool {
        let (kind, wanted) = if is_whole {
            (&self.may_be_held_up, WANTED)
        } else {
            (&self.by_the_daemon, BY_THE_DAEMON)
        };
        let Ok(permit) = Arc::clone(kind).try_acquire_owned() else {
            return false;
        };
        // Given up, it would still be in the daemon's way, but not counted.
        let (conn, round) = (conn.without_timeout(), self.round);
        self.calls.spawn(async move {
            let guests = conn.all_domain_stats(wanted, GetAllDomainStatsFlags::NOWAIT).await;
            drop(permit);
            (round, is_whole, guests)
        });
        true
    }

    /// Waits for the next answer to a call of this round. What comes of earlier ones is outdated.
    async fn answer(&mut self) -> Result<Answer, String> {
        loop {
            match self.calls.join_next().await {
                Some(Ok((round, is_whole, guests))) if round == self.round => {
                    let guests = guests.map_err(|error| error.to_string())?;
                    return Ok(Answer { guests, is_whole });
                }
                Some(Ok(_)) => {}
                Some(Err(error)) => return Err(error.to_string()),
                None => pending().await,
            }
        }
    }
}
