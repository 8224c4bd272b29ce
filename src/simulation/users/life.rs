//! What a user does, one thing after the other.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::time::{Instant, sleep, timeout};

use super::user::{Target, User};
use super::{calls, events, streams};
use crate::client::Connect;
use crate::simulation::hosts::Host;
use crate::simulation::world::World;

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
