//! Events.

use std::collections::BTreeMap;
use std::future::poll_fn;
use std::time::Duration;

use tokio::time::{Instant, timeout};

use super::user::User;
use crate::client::Connect;
use crate::client::registration::{NamedBy, Registration};
use crate::client::subscription::{Next, RawSubscription};
use crate::error::Error;
use crate::simulation::plan::REST;
use crate::simulation::wire::{DEREGISTER, DEREGISTER_OLD, EVENTS, REGISTER, REGISTER_OLD, words};
use crate::simulation::world::World;

/// A kind of event, and a number that tells two registrations for it apart.
type What = (u32, u32);

/// The kind that has no callback IDs.
const OLD: u32 = 2;

fn registration((kind, of): What) -> Registration {
    let args = words(&[kind, of]);
    let is_old = kind == OLD;
    Registration {
        event: &EVENTS[kind as usize],
        register: if is_old { &REGISTER_OLD } else { &REGISTER },
        deregister: if is_old { &DEREGISTER_OLD } else { &DEREGISTER },
        named_by: if is_old {
            NamedBy::Args(args.clone())
        } else {
            NamedBy::CallbackId
        },
        args,
    }
}

/// What a subscriber has seen.
struct Seen {
    /// The number of the next event of each kind; before the first, the greatest that it may have.
    next: BTreeMap<What, (u32, bool)>,
    /// The events that are missing.
    missing: u64,
    /// Those that it was told of.
    lagged: u64,
    /// The last event, of any kind.
    last: Option<u32>,
    /// The first event that came after all registrations.
    ordered_from: u32,
}

/// One item of a subscription.
enum Item {
    Event(Vec<u32>),
    Lagged(u64),
    Ended,
}

/// Subscribes, follows the events for a while, and looks at each.
pub(super) async fn follow(user: &User, conn: Connect) {
    let world = &user.world;
    let (conn, limit) = user.limit(&conn, false);
    let (whats, until, pauses) = {
        let mut random = world.random();
        let mut whats: Vec<What> = (0..random.between(1, 3))
            .map(|_| {
                let kind = random.below(EVENTS.len()) as u32;
                (
                    kind,
                    if kind == OLD {
                        0
                    } else {
                        random.below(2) as u32
                    },
                )
            })
            .collect();
        whats.sort_unstable();
        whats.dedup();
        (whats, Instant::now() + random.time(30_000), *random.one_of(&[0, 0, 100, 500]))
    };
    world.request(256);
    let what = format!("subscription to {whats:?} within {:?}", limit.timeout);
    let waiting = world.waits(what.clone(), limit.deadline);
    let subscribed = conn
        .subscribe_raw(whats.iter().copied().map(registration).collect(), Error::is_unsupported)
        .await;
    drop(waiting);
    world.note(|| format!("{what}: {:?}", subscribed.as_ref().err()));
    let error = subscribed.as_ref().err();
    if user.check_end(&what, &conn, limit, error) {
        return;
    }
    let mut subscription = match subscribed {
        Ok(subscription) => subscription,
        Err(Error::Remote(_)) => return,
        Err(error) => return world.fail(format!("{what} got {error:?}")),
    };
    world.note(|| format!("subscribed to {whats:?}"));
    let session = user.host.session().filter(|_| conn.is_alive());
    let sent_of = |what: &What| session.as_ref().and_then(|session| session.events(*what));
    let next = whats.iter().map(|what| (*what, (sent_of(what).unwrap_or(u32::MAX), false)));
    let ordered_from = session.as_ref().map_or(u32::MAX, |session| session.events_sent());
    let mut seen = Seen {
        next: next.collect(),
        missing: 0,
        lagged: 0,
        last: None,
        ordered_from,
    };
    while Instant::now() < until && !world.is_ending() {
        if world.random().permille(pauses) {
            let pause = world.random().time(3000);
            tokio::time::sleep(pause).await;
        }
        match timeout(Duration::from_secs(1), next_of(&mut subscription)).await {
            Ok(Item::Ended) => {
                world.check(!conn.is_alive(), || "a subscription ended alone".to_owned());
                return;
            }
            Ok(item) => seen.take(world, item),
            Err(_) => {}
        }
    }
    if !world.is_ending() {
        return;
    }
    // By now the daemon is well, and nothing is new; but a reader that rests may hold it all up.
    let longer_than_any = Duration::from_secs(REST[1] as u64 + 10);
    while let Ok(item) = timeout(longer_than_any, next_of(&mut subscription)).await {
        if matches!(item, Item::Ended) {
            return;
        }
        seen.take(world, item);
    }
    let is_last = |session: &std::sync::Arc<_>| {
        user.host.session().is_some_and(|last| std::sync::Arc::ptr_eq(&last, session))
    };
    if session.as_ref().is_some_and(is_last) && conn.is_alive() {
        for what in &whats {
            seen.end(world, *what, sent_of(what));
        }
    }
}

async fn next_of(subscription: &mut RawSubscription) -> Item {
    poll_fn(|cx| {
        let (_, events) = subscription.split();
        events.poll_next(cx).map(|next| match next {
            Next::Message(_, body) => Item::Event(
                body.chunks_exact(4)
                    .map(|word| word.iter().fold(0, |sum, byte| sum << 8 | u32::from(*byte)))
                    .collect(),
            ),
            Next::Lagged(count) => Item::Lagged(count),
            Next::Ended(_) => Item::Ended,
        })
    })
    .await
}

impl Seen {
    fn take(&mut self, world: &World, item: Item) {
        let body = match item {
            Item::Lagged(count) => {
                world.note(|| format!("{:?} lost {count} events", self.next));
                self.lagged += count;
                return;
            }
            Item::Event(body) => body,
            Item::Ended => return,
        };
        let [.., kind, of, number, stamp] = body[..] else {
            return world.fail(format!("an event has only {body:?}"));
        };
        // What came before the replies is handed over with each.
        if stamp >= self.ordered_from {
            world.check(self.last.is_none_or(|last| last < stamp), || {
                format!("event {stamp} comes after {:?}", self.last)
            });
            self.last = Some(stamp);
        }
        let Some((next, has_begun)) = self.next.get_mut(&(kind, of)) else {
            return world.fail(format!("an event came that nobody wants: {body:?}"));
        };
        world.check(!*has_begun || number >= *next, || {
            format!("event {number} of {kind} {of} comes again; {next} was next")
        });
        world.note(|| format!("event {stamp}, {number} of {kind} {of}, {next} was next"));
        self.missing += u64::from(number.saturating_sub(*next));
        (*next, *has_begun) = (number + 1, true);
        self.check(world);
    }

    fn check(&self, world: &World) {
        let Self { missing, lagged, .. } = self;
        world.check(missing <= lagged, || {
            format!("{missing} events are missing, {lagged} said: {:?}", self.next)
        });
    }

    /// Checks that nothing is missing at the end.
    fn end(&mut self, world: &World, what: What, sent: Option<u32>) {
        if let (Some(sent), Some((next, _))) = (sent, self.next.get(&what)) {
            self.missing += u64::from(sent.saturating_sub(*next));
            self.check(world);
        }
    }
}
