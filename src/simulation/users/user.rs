//! One user, and what all its operations have in common.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Mutex;
use tokio::time::Instant;

use crate::client::{Connect, Reconnect};
use crate::error::{Error, Waiting};
use crate::simulation::hosts::Host;
use crate::simulation::world::World;

/// The way to a connection.
#[derive(Clone)]
pub(crate) enum Target {
    Single(Connect),
    /// One user waits at a time: tokio wakes those who watch a value in an order of its own.
    Reconnecting(Arc<Mutex<Reconnect>>),
}

impl Target {
    /// Returns the connection; `None` is the end.
    pub(super) async fn connect(&self) -> Option<Connect> {
        match self {
            Self::Single(conn) => conn.is_alive().then(|| conn.clone()),
            Self::Reconnecting(host) => host.lock().await.connect().await.ok(),
        }
    }
}

#[derive(Clone)]
pub(crate) struct User {
    pub(super) world: Arc<World>,
    pub(super) host: Arc<Host>,
    pub(super) target: Target,
}

/// The timeout of an operation's handle, and when that passes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limit {
    pub(super) timeout: Option<Duration>,
    pub(super) deadline: Option<Instant>,
}

impl User {
    /// Returns a handle with some timeout.
    pub(super) fn limit(&self, conn: &Connect, is_long: bool) -> (Connect, Limit) {
        let mut random = self.world.random();
        let (conn, timeout) = match random.below(3) {
            0 => (conn.without_timeout(), None),
            1 => {
                let timeout = random.time(10_000);
                (conn.with_timeout(timeout), Some(timeout))
            }
            _ => (conn.clone(), self.world.plan.call_timeout.filter(|_| !is_long)),
        };
        (
            conn,
            Limit {
                timeout,
                deadline: timeout.map(|after| Instant::now() + after),
            },
        )
    }

    /// Checks that an operation ended in time, and an error that any operation may have. Returns
    /// `false` for others.
    pub(super) fn check_end(
        &self,
        what: &str,
        conn: &Connect,
        limit: Limit,
        error: Option<&Error>,
    ) -> bool {
        let world = &self.world;
        let now = Instant::now();
        let tolerance = world.plan.tolerance();
        world.check(limit.deadline.is_none_or(|at| now <= at + tolerance), || {
            format!("{what} ended {:?} too late", limit.deadline.map(|at| now - at))
        });
        match error {
            Some(Error::Timeout { waiting, .. }) => {
                let nothing_unsent = matches!(
                    waiting,
                    Waiting::Room { unsent_bytes: 0 } | Waiting::Data { unsent_bytes: 0 }
                );
                world.check(!nothing_unsent, || {
                    format!("{what} waited for room although there was some")
                });
                world.check(limit.deadline.is_some_and(|at| at <= now), || {
                    format!("{what} timed out early: {error:?}")
                });
                true
            }
            Some(Error::Closed(_) | Error::NotSent(_)) => {
                world.check(!conn.is_alive(), || {
                    format!("{what} heard of an end that has not come: {error:?}")
                });
                true
            }
            _ => false,
        }
    }
}
