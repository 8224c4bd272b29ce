//! The table and its changes.

use std::collections::{HashMap, HashSet, VecDeque};
use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::Poll;
use std::time::Duration;

use futures_core::Stream as _;
use tokio::time::{Instant, timeout_at};

use super::source::{Source, is_final};
use super::watched::{Entry, Watched};
use crate::client::{Connect, timer};
use crate::error::{Optional as _, Result};
use crate::events::{EventError, Subscription};

/// A change of what exists.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Change<O: Watched> {
    /// It exists now, or existed at the start.
    Appeared(Entry<O>),
    /// Its state has changed, or its name.
    Changed {
        /// The object and its present state.
        entry: Entry<O>,
        /// The object and its state before.
        before: Entry<O>,
    },
    /// It does not exist any more; this is what was known last.
    Gone(Entry<O>),
    /// All that exists has been told: after the first list, and after each one that was necessary
    /// because events were lost. Handles from before a lost connection are of no use any more:
    /// [`Watch::entries`] has those of the present one.
    Current,
}

/// A table of all objects of a kind on a host, and the stream of its changes; see
/// [`watch`](crate::watch).
///
/// A state that was left again before it could be looked at is not told. Memory is bounded by what
/// exists.
pub struct Watch<O: Watched> {
    source: Source,
    known: HashMap<O::Key, Entry<O>>,
    /// What has not been told yet.
    changes: VecDeque<Change<O>>,
    live: Option<Live<O>>,
    /// The connection that was asked last.
    asked: Option<Connect>,
    /// The next attempt after a failure is not made before that.
    not_before: Option<Instant>,
    ended: bool,
}

/// A connection's events, and what they have made doubtful.
struct Live<O: Watched> {
    conn: Connect,
    events: Subscription<O::Event>,
    doubtful: HashMap<O::Key, O>,
    /// Set while everything is doubtful.
    all: bool,
    /// When everything will be listed once more.
    check: Option<Instant>,
    ended: bool,
}

/// So many doubtful objects are looked at one by one; of more a list is made.
const FEW: usize = 16;
/// So many are remembered, and so many events taken at a time.
const MANY: usize = 65_536;
/// The pause after a failed list.
const PAUSE: Duration = Duration::from_secs(1);
/// So long after it was connected, everything is listed once more: a daemon that has just started
/// tells nobody of the guests that it looks for and does not find again.
const SETTLED: Duration = Duration::from_secs(5);

impl<O: Watched> Watch<O> {
    pub(super) fn new(source: Source) -> Self {
        Self {
            source,
            known: HashMap::new(),
            changes: VecDeque::new(),
            live: None,
            asked: None,
            not_before: None,
            ended: false,
        }
    }

    /// Returns the next change; `None` after the end. Cancel-safe.
    ///
    /// An error says that the host could not be asked; the table stays as it is, and the next call
    /// tries again, after a pause of a second. At the end of the connection, or of the
    /// [`Reconnect`](crate::Reconnect), the reason is the last item.
    pub async fn next(&mut self) -> Option<Result<Change<O>>> {
        while !self.ended {
            if let Some(change) = self.changes.pop_front() {
                self.apply(&change);
                return Some(Ok(change));
            }
            if let Err(error) = self.advance().await {
                self.ended = is_final(&error);
                return Some(Err(error));
            }
        }
        None
    }

    /// Returns what the changes up to now add up to.
    pub fn entries(&self) -> impl Iterator<Item = &Entry<O>> {
        self.known.values()
    }

    /// Returns what the changes up to now say of an object, which may be a handle from before a lost
    /// connection, or from an event.
    pub fn get(&self, object: &O) -> Option<&Entry<O>> {
        self.get_by_key(&object.key())
    }

    /// Returns what the changes up to now say of the object with that UUID, or of the node device with
    /// that name.
    pub fn get_by_key(&self, key: &O::Key) -> Option<&Entry<O>> {
        self.known.get(key)
    }

    /// Returns the number of entries.
    pub fn len(&self) -> usize {
        self.known.len()
    }

    /// Returns whether there are no entries.
    pub fn is_empty(&self) -> bool {
        self.known.is_empty()
    }

    fn apply(&mut self, change: &Change<O>) {
        match change {
            Change::Appeared(entry) | Change::Changed { entry, .. } => {
                self.known.insert(entry.object.key(), entry.clone());
            }
            Change::Gone(entry) => {
                self.known.remove(&entry.object.key());
            }
            Change::Current => {}
        }
    }

    /// Makes one step: connects, waits for events, or asks the host. Only its end changes anything.
    async fn advance(&mut self) -> Result<()> {
        if let Some((asked, not_before)) = self.asked.as_ref().zip(self.not_before) {
            asked.pause_until(not_before).await;
        }
        self.not_before = None;
        let step = self.step().await;
        let Err(error) = step else {
            return Ok(());
        };
        let lost = self.live.as_ref().is_some_and(|live| live.conn.was_lost(&error));
        if lost {
            self.live = None;
            // What follows says whether there is another connection.
            return Ok(());
        }
        if !is_final(&error) {
            self.not_before = Some(Instant::now() + PAUSE);
        }
        Err(error)
    }

    async fn step(&mut self) -> Result<()> {
        let Some(live) = &mut self.live else {
            let conn = self.source.connect().await?;
            self.asked = Some(conn.clone());
            let events = match conn.subscribe(None).await {
                Err(error) if conn.was_lost(&error) => return Ok(()),
                events => events?,
            };
            self.live = Some(Live::new(conn, events));
            return Ok(());
        };
        live.drain().await;
        if live.ended {
            self.live = None;
            return Ok(());
        }
        let is_due = live.check.is_some_and(|check| check <= Instant::now());
        if live.all || live.doubtful.len() > FEW || is_due {
            let listed = O::list(live.conn.clone()).await?;
            live.doubtful.clear();
            if is_due {
                live.check = None;
            }
            let was_all = std::mem::take(&mut live.all);
            self.compare(listed);
            if was_all {
                self.changes.push_back(Change::Current);
            }
        } else if let Some(object) = live.doubtful.values().next().cloned() {
            let key = object.key();
            let state = object.clone().look().await.optional()?;
            live.doubtful.remove(&key);
            self.saw(&key, state.map(|state| Entry { object, state }));
        } else {
            live.wait().await;
        }
        Ok(())
    }

    /// Notes the differences between what is known and what exists.
    fn compare(&mut self, listed: Vec<Entry<O>>) {
        let present: HashSet<_> = listed.iter().map(|entry| entry.object.key()).collect();
        let gone: Vec<_> =
            self.known.keys().filter(|key| !present.contains(key)).cloned().collect();
        for key in gone {
            self.saw(&key, None);
        }
        for entry in listed {
            self.saw(&entry.object.key(), Some(entry));
        }
    }

    fn saw(&mut self, key: &O::Key, now: Option<Entry<O>>) {
        let change = match (self.known.get_mut(key), now) {
            (None, None) => return,
            (None, Some(entry)) => Change::Appeared(entry),
            (Some(before), None) => Change::Gone(before.clone()),
            (Some(before), Some(entry)) => {
                let same_name = before.object.shown() == entry.object.shown();
                if same_name && before.state == entry.state {
                    // The handle may have got another connection, or ID.
                    before.object = entry.object;
                    return;
                }
                Change::Changed { entry, before: before.clone() }
            }
        };
        self.changes.push_back(change);
    }
}

impl<O: Watched> Live<O> {
    fn new(conn: Connect, events: Subscription<O::Event>) -> Self {
        Self {
            conn,
            events,
            doubtful: HashMap::new(),
            all: true,
            check: Some(Instant::now() + SETTLED),
            ended: false,
        }
    }

    /// Takes the events that are there, but no more than that, since there may always be another.
    async fn drain(&mut self) {
        poll_fn(|cx| {
            for _ in 0..MANY {
                let Poll::Ready(event) = Pin::new(&mut self.events).poll_next(cx) else {
                    break;
                };
                self.take(event);
                if self.ended {
                    break;
                }
            }
            Poll::Ready(())
        })
        .await;
    }

    /// Waits for an event, and takes it; no longer than until it is time to list.
    async fn wait(&mut self) {
        let Some(check) = self.check else {
            let event = self.events.next().await;
            return self.take(event);
        };
        let limited = timer(self.conn.runtime(), || timeout_at(check, self.events.next()));
        if let Ok(event) = limited.await {
            self.take(event);
        }
    }

    fn take(&mut self, event: Option<Result<O::Event, EventError>>) {
        match event {
            Some(Ok(event)) if !self.all => {
                let object = O::of_event(event);
                self.doubtful.insert(object.key(), object);
                // Each is only remembered until a list has been made.
                self.all |= self.doubtful.len() > MANY;
            }
            Some(Ok(_)) => {}
            Some(Err(EventError::Closed(_))) | None => self.ended = true,
            Some(Err(_)) => self.all = true,
        }
        if self.all {
            self.doubtful.clear();
        }
    }
}

impl<O: Watched> fmt::Debug for Watch<O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Watch")
            .field("entries", &self.known.len())
            .field("source", &self.source)
            .finish_non_exhaustive()
    }
}
