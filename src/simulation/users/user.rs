//! One user, and what all its operations have in common.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::sync::Mutex;
use tokio::time::{Instant, sleep, timeout};

use super::{calls, events, streams};
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
    async fn connect(&self) -> Option<Connect> {
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
    target: Target,
}

/// The timeout of an operation's handle, and when that passes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limit {
    pub(super) timeout: Option<Duration>,
    pub(super) deadline: Option<Instant>,
}

impl User {
    pub(crate) fn start(world: &Arc<World>, host: &Arc<Host>, target: &Target) {
        let user = Self {
            world: Arc::clone(world),
            host: Arc::clone(host),
            target: target.clone(),
        };
        let number = world.token();
        let shuffled = Shuffled { world: Arc::clone(world), inner: Box::pin(user.run()) };
        let waiting = world.waits(format!("user {number}"), None);
        tokio::spawn(async move {
            shuffled.await;
            drop(waiting);
        });
    }

    async fn run(self) {
        let operations = self.world.random().between(1, 12);
        for _ in 0..operations {
            if self.world.is_ending() {
                return;
            }
            let Some(conn) = self.target.connect().await else {
                return;
            };
            let (dropped, after, pause) = {
                let mut random = self.world.random();
                let dropped = random.permille(self.world.plan.drops);
                (dropped, random.time(5000), random.time(1000))
            };
            let operation = self.operate(conn);
            if dropped {
                let _end = timeout(after, operation).await;
            } else {
                operation.await;
            }
            sleep(pause).await;
        }
    }

    /// Does one thing.
    async fn operate(&self, conn: Connect) {
        let choice = {
            let mut random = self.world.random();
            let any = random.below(7);
            if random.permille(500) {
                any
            } else {
                self.world.plan.taste
            }
        };
        match choice {
            0 => calls::short(self, conn).await,
            1 => calls::several(self, conn).await,
            2 => calls::long(self, conn).await,
            3 => calls::descriptors(self, conn).await,
            4 => streams::transfer(self, conn).await,
            5 => events::follow(self, conn).await,
            _ => self.rarely_close(conn).await,
        }
    }

    async fn rarely_close(&self, conn: Connect) {
        if self.world.random().permille(100) {
            let deadline = Instant::now() + Duration::from_secs(2);
            let _wait = self.world.waits("close".to_owned(), Some(deadline));
            conn.close().await;
            self.world.check(!conn.is_alive(), || "it was closed and is alive".to_owned());
        } else {
            calls::short(self, conn).await;
        }
    }

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
                world.check(!matches!(waiting, Waiting::Room { unsent: 0 }), || {
                    format!("{what} waited for room although there was some")
                });
                world.check(limit.deadline.is_some_and(|at| at <= now), || {
                    format!("{what} timed out early: {error:?}")
                });
                true
            }
            Some(Error::Closed(_)) => {
                world.check(!conn.is_alive(), || {
                    format!("{what} heard of an end that has not come: {error:?}")
                });
                true
            }
            _ => false,
        }
    }
}

/// A future that is sometimes polled later than others.
struct Shuffled<F> {
    world: Arc<World>,
    inner: Pin<Box<F>>,
}

impl<F: Future> Future for Shuffled<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let chance = self.world.plan.shuffles;
        if self.world.random().permille(chance) {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        self.inner.as_mut().poll(cx)
    }
}
