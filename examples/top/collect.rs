//! Asking a host again and again.

use std::sync::Arc;
use std::time::{Duration, Instant};

use libvirt_client::domain::StatsTypes;
use tokio::sync::{Notify, mpsc};
use tokio::time::{MissedTickBehavior, interval};

use crate::statistics::{Answer, Host};

const WANTED: StatsTypes = StatsTypes::STATE
    .union(StatsTypes::CPU_TOTAL)
    .union(StatsTypes::BALLOON)
    .union(StatsTypes::VCPU)
    .union(StatsTypes::INTERFACE)
    .union(StatsTypes::BLOCK);
const PATIENCE: Duration = Duration::from_secs(5);

/// What a host has said, or why it has not.
#[derive(Debug)]
pub(crate) struct Update {
    pub(crate) host: usize,
    pub(crate) at: Instant,
    pub(crate) answer: Result<Answer, String>,
    /// It will not be asked again.
    pub(crate) is_last: bool,
}

/// Asks in each interval, and whenever somebody knows of a change.
pub(crate) async fn collect(
    place: usize,
    mut host: Host,
    every: Duration,
    changed: Arc<Notify>,
    updates: mpsc::Sender<Update>,
) {
    let mut ticks = interval(every);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = ticks.tick() => {}
            () = changed.notified() => {}
        }
        let update = ask(place, &mut host).await;
        let is_last = update.is_last;
        if updates.send(update).await.is_err() || is_last {
            return;
        }
    }
}

pub(crate) async fn ask(place: usize, host: &mut Host) -> Update {
    let answer = host.ask(WANTED, PATIENCE).await;
    Update {
        host: place,
        at: Instant::now(),
        is_last: host.has_ended(),
        answer,
    }
}
