//! Asking all hosts for whoever asks here.

use std::time::{Duration, Instant};

use hyper::body::Bytes;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;

use crate::complain;
use crate::metrics;
use crate::options::Options;
use crate::statistics::{Answer, Host, open};

/// Somebody who waits for the metrics.
pub(crate) type Scrape = oneshot::Sender<Bytes>;

pub(crate) struct Hosts {
    hosts: Vec<Asked>,
    deadline: Duration,
}

/// A host, and what was heard of it.
struct Asked {
    uri: String,
    host: Host,
    answered: Option<Instant>,
    /// Why it is down, as far as that was said.
    complaint: Option<String>,
}

/// What there is to say of a host.
#[derive(Debug)]
pub(crate) struct Report {
    pub(crate) uri: String,
    pub(crate) answer: Option<Answer>,
    pub(crate) took: Duration,
    pub(crate) age: Option<Duration>,
}

impl Hosts {
    pub(crate) fn new(options: &Options) -> libvirt_client::Result<Self> {
        let hosts = options.uris.iter().map(|uri| {
            Ok(Asked {
                uri: uri.clone(),
                host: Host::new(open(uri)?),
                answered: None,
                complaint: None,
            })
        });
        let hosts = hosts.collect::<libvirt_client::Result<_>>()?;
        Ok(Self { hosts, deadline: options.deadline })
    }

    /// Answers scrapes. All that come while the hosts are being asked get the same answer, so that a
    /// host that hangs is asked no more often.
    pub(crate) async fn attend(&mut self, mut waiting: mpsc::Receiver<Scrape>) {
        while let Some(first) = waiting.recv().await {
            let metrics = Bytes::from(metrics::encode(self.ask().await));
            let others = std::iter::from_fn(|| waiting.try_recv().ok());
            for scrape in std::iter::once(first).chain(others) {
                // Who no longer waits needs no answer.
                let _ = scrape.send(metrics.clone());
            }
        }
    }

    /// Asks all hosts at once.
    async fn ask(&mut self) -> Vec<Report> {
        let mut asking = JoinSet::new();
        for (place, mut asked) in self.hosts.drain(..).enumerate() {
            let deadline = self.deadline;
            asking.spawn(async move {
                let report = asked.ask(deadline).await;
                (place, asked, report)
            });
        }
        let mut all = asking.join_all().await;
        all.sort_unstable_by_key(|(place, _, _)| *place);
        let (hosts, reports) = all.into_iter().map(|(_, asked, report)| (asked, report)).unzip();
        self.hosts = hosts;
        reports
    }
}

impl Asked {
    async fn ask(&mut self, deadline: Duration) -> Report {
        let began = Instant::now();
        let answer = self.host.ask(deadline).await;
        if answer.is_ok() {
            self.answered = Some(Instant::now());
        }
        let complaint = answer.as_ref().err();
        if complaint != self.complaint.as_ref() {
            let end = if self.host.has_ended() {
                "; it is not tried again"
            } else {
                ""
            };
            let text = complaint.map_or("answers again", |it| it);
            complain(&format!("{}: {text}{end}", self.uri));
            self.complaint = complaint.cloned();
        }
        Report {
            uri: self.uri.clone(),
            answer: answer.ok(),
            took: began.elapsed(),
            age: self.answered.map(|then| then.elapsed()),
        }
    }
}
