//! What hosts say: which guests there are, when that changes, and what they use, again and again.

use std::time::{Duration, Instant};

use libvirt_client::domain::Domain;
use libvirt_client::watch::Change;
use libvirt_client::{Error, Reconnect};
use tokio::sync::mpsc;
use tokio::time::{MissedTickBehavior, interval};

use crate::statistics::{Answer, Host};

const PATIENCE: Duration = Duration::from_secs(5);

/// News of a host.
#[derive(Debug)]
pub(crate) struct Update {
    pub(crate) host: usize,
    pub(crate) news: Result<News, Error>,
}

#[derive(Debug)]
pub(crate) enum News {
    Asked(Asked),
    Change(Change<Domain>),
}

/// What a host has said when it was asked, or why it has not.
#[derive(Debug)]
pub(crate) struct Asked {
    pub(crate) at: Instant,
    pub(crate) answer: Result<Answer, String>,
    /// It will not be asked again.
    pub(crate) is_last: bool,
}

/// Asks what guests use, in each interval.
pub(crate) async fn count(
    place: usize,
    link: Reconnect,
    every: Duration,
    updates: mpsc::Sender<Update>,
) {
    let mut host = Host::new(link);
    let mut ticks = interval(every);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let asked = ask(&mut host).await;
        let is_last = asked.is_last;
        let update = Update { host: place, news: Ok(News::Asked(asked)) };
        if updates.send(update).await.is_err() || is_last {
            return;
        }
    }
}

pub(crate) async fn ask(host: &mut Host) -> Asked {
    let answer = host.ask(PATIENCE).await;
    Asked { at: Instant::now(), is_last: host.has_ended(), answer }
}

/// Follows which guests there are.
pub(crate) async fn follow(place: usize, link: Reconnect, updates: mpsc::Sender<Update>) {
    let mut guests = link.watch_domains();
    while let Some(change) = guests.next().await {
        let update = Update { host: place, news: change.map(News::Change) };
        if updates.send(update).await.is_err() {
            return;
        }
    }
}
