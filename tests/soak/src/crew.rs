//! Those who work, one step after the other, unless they are to rest.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use crate::Result;
use crate::ledger::{Ledger, Outcome, Setback};

/// No step takes so long, whatever happens to the daemons: calls have deadlines, and who is at a
/// migration, which has none, learns that its daemon was killed.
const HANG: Duration = Duration::from_secs(180);
/// Between two steps, so that the machine has something left for others.
const PAUSE: Duration = Duration::from_millis(30);

/// Something that is done again and again.
pub(crate) trait Work: Send + 'static {
    const KIND: &'static str;

    fn step(&mut self) -> impl Future<Output = Outcome> + Send;
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Order {
    Work,
    Rest,
    GoHome,
}

#[derive(Debug)]
pub(crate) struct Crew {
    order: watch::Sender<Order>,
    pub(crate) ledger: Arc<Ledger>,
    workers: JoinSet<()>,
}

impl Crew {
    /// Whoever is employed rests at first.
    pub(crate) fn new(ledger: Arc<Ledger>) -> Self {
        Self {
            order: watch::Sender::new(Order::Rest),
            ledger,
            workers: JoinSet::new(),
        }
    }

    pub(crate) fn employ<W: Work>(&mut self, mut work: W) {
        let mut order = self.order.subscribe();
        let ledger = self.ledger.clone();
        let number = ledger.enter(W::KIND);
        self.workers.spawn(async move {
            loop {
                match order.wait_for(|order| *order != Order::Rest).await.as_deref() {
                    Ok(Order::Work) => {}
                    _ => return,
                }
                ledger.begin(number);
                let outcome = timeout(HANG, work.step()).await;
                let hang = || Err(Setback::Wrong(format!("a step hung for {HANG:?}")));
                ledger.end(number, outcome.unwrap_or_else(|_| hang()));
                sleep(PAUSE).await;
            }
        });
    }

    pub(crate) fn work(&self) {
        self.order.send_replace(Order::Work);
    }

    /// Has all of them rest, and waits until they do.
    pub(crate) async fn rest(&self) -> Result<()> {
        self.order.send_replace(Order::Rest);
        let resting = async {
            // Nobody is between two steps for longer than that, and begins another.
            sleep(2 * PAUSE).await;
            while !self.ledger.busy().is_empty() {
                sleep(PAUSE).await;
            }
        };
        let limit = HANG + Duration::from_secs(10);
        timeout(limit, resting)
            .await
            .map_err(|_| format!("still at work after {limit:?}: {:?}", self.ledger.busy()).into())
    }

    /// Has all of them end, and waits for that.
    pub(crate) async fn go_home(mut self) -> Result<()> {
        self.order.send_replace(Order::GoHome);
        while let Some(ended) = self.workers.join_next().await {
            ended?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::future::pending;

    use super::*;

    struct Steps;

    impl Work for Steps {
        const KIND: &'static str = "steps";

        async fn step(&mut self) -> Outcome {
            sleep(Duration::from_secs(1)).await;
            Ok(())
        }
    }

    struct Stuck;

    impl Work for Stuck {
        const KIND: &'static str = "stuck";

        async fn step(&mut self) -> Outcome {
            pending().await
        }
    }

    #[tokio::test(start_paused = true)]
    async fn nobody_works_while_all_rest() -> Result<()> {
        let mut crew = Crew::new(Arc::default());
        crew.employ(Steps);
        for _ in 0..3 {
            let before = crew.ledger.to_string();
            sleep(Duration::from_secs(10)).await;
            assert_eq!(crew.ledger.to_string(), before);
            crew.work();
            sleep(Duration::from_secs(10)).await;
            crew.rest().await?;
            assert_ne!(crew.ledger.to_string(), before);
        }
        assert_eq!(crew.ledger.wrong(), [""; 0]);
        crew.go_home().await
    }

    #[tokio::test(start_paused = true)]
    async fn a_step_that_does_not_end_is_told() -> Result<()> {
        let mut crew = Crew::new(Arc::default());
        crew.employ(Stuck);
        crew.work();
        sleep(PAUSE).await;
        crew.rest().await?;
        assert_eq!(crew.ledger.wrong(), ["stuck: a step hung for 180s"]);
        crew.go_home().await
    }
}
