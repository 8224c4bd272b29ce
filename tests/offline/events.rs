//! Events: none is lost or misrouted, and a slow consumer delays nobody.

use std::time::Duration;

use libvirt_client::events::domain::{Change, Lifecycle, PmWakeup, Reboot};
use libvirt_client::events::{EventError, Subscription};
use libvirt_client::{CloseReason, Connect};

use crate::peer::{Listener, MESSAGE, Message, OK, Peer, REMOTE, procedure, string, words};

/// A domain reference as events carry it.
pub fn domain(name: &str) -> Vec<u8> {
    let mut bytes = string(name);
    bytes.extend([7; 16]);
    bytes.extend(words(&[1]));
    bytes
}

pub fn message(procedure: u32, payload: Vec<u8>) -> Message {
    Message {
        program: REMOTE,
        version: 1,
        procedure,
        kind: MESSAGE,
        serial: 1,
        status: OK,
        payload,
    }
}

/// "`name` was started", for a callback.
pub fn started(callback: u32, name: &str) -> Message {
    let mut payload = words(&[callback]);
    payload.extend(domain(name));
    payload.extend(words(&[2, 0]));
    message(318, payload)
}

/// The daemon's part of a first subscription: what it is asked to register.
pub async fn register(peer: &mut Peer, callback: u32) -> Message {
    let feature = peer.take().await;
    assert_eq!(
        (feature.procedure, &*feature.payload),
        (procedure::SUPPORTS_FEATURE, &*words(&[14]))
    );
    peer.reply(&feature, &words(&[1])).await;
    let call = peer.take().await;
    assert_eq!(call.procedure, procedure::EVENT_REGISTER);
    peer.reply(&call, &words(&[callback])).await;
    call
}

async fn subscribe(conn: &Connect, peer: &mut Peer) -> Subscription<Lifecycle> {
    let (events, _call) = tokio::join!(conn.subscribe::<Lifecycle>(None), register(peer, 5));
    events.unwrap()
}

pub async fn next_name(events: &mut Subscription<Lifecycle>) -> String {
    events.next().await.unwrap().unwrap().domain.name().to_owned()
}

#[tokio::test]
async fn an_event_has_all_that_was_sent() {
    let listener = Listener::new();
    let (conn, mut peer) = listener.open().await;
    let mut events = subscribe(&conn, &mut peer).await;
    peer.send(&started(5, "guest")).await;
    let event = events.next().await.unwrap().unwrap();
    assert_eq!(event.domain.name(), "guest");
    assert_eq!(event.domain.uuid().as_bytes(), &[7; 16]);
    assert_eq!(event.domain.id(), Some(1));
    assert_eq!(event.change, Change::Started(0.into()));
}

#[tokio::test]
async fn events_around_the_registrations_reply_are_not_lost() {
    let listener = Listener::new();
    let (conn, mut peer) = listener.open().await;
    let (events, ()) = tokio::join!(conn.subscribe::<Lifecycle>(None), async {
        let feature = peer.take().await;
        peer.reply(&feature, &words(&[1])).await;
        let call = peer.take().await;
        let mut bytes = started(5, "before").bytes();
        bytes.extend(started(6, "for somebody else").bytes());
        bytes.extend(call.reply(&words(&[5])).bytes());
        bytes.extend(started(5, "after").bytes());
        peer.send_bytes(&bytes).await;
    });
    let mut events = events.unwrap();
    assert_eq!(next_name(&mut events).await, "before");
    assert_eq!(next_name(&mut events).await, "after");
}

#[tokio::test]
async fn equal_subscriptions_share_a_registration_until_the_last_is_dropped() {
    let listener = Listener::new();
    let (conn, mut peer) = listener.open().await;
    let mut first = subscribe(&conn, &mut peer).await;
    let mut second = conn.subscribe::<Lifecycle>(None).await.unwrap();
    peer.send(&started(5, "one")).await;
    assert_eq!(next_name(&mut first).await, "one");
    assert_eq!(next_name(&mut second).await, "one");
    drop(first);
    peer.send(&started(5, "two")).await;
    assert_eq!(next_name(&mut second).await, "two");
    drop(second);
    let call = peer.take().await;
    assert_eq!((call.procedure, &*call.payload), (procedure::EVENT_DEREGISTER, &*words(&[5])));

    // The next one has to wait until that is settled: the daemon refuses a second registration.
    let (third, ()) = tokio::join!(conn.subscribe::<Lifecycle>(None), async {
        let (name, ()) = tokio::join!(conn.hostname(), async {
            let next = peer.take().await;
            assert_eq!(next.procedure, procedure::CONNECT_GET_HOSTNAME);
            peer.reply(&next, &string("host")).await;
        });
        name.unwrap();
        peer.reply(&call, &[]).await;
        let call = peer.take().await;
        assert_eq!(call.procedure, procedure::EVENT_REGISTER);
        peer.reply(&call, &words(&[9])).await;
    });
    peer.send(&started(9, "three")).await;
    assert_eq!(next_name(&mut third.unwrap()).await, "three");
}

#[tokio::test]
async fn a_subscription_that_was_cancelled_in_the_middle_is_undone() {
    let listener = Listener::new();
    let (conn, mut peer) = listener.open().await;
    let call = tokio::select! {
        events = conn.subscribe::<Lifecycle>(None) => panic!("{events:?}"),
        call = async {
            let feature = peer.take().await;
            peer.reply(&feature, &words(&[1])).await;
            peer.take().await
        } => call,
    };
    assert_eq!(call.procedure, procedure::EVENT_REGISTER);
    peer.reply(&call, &words(&[5])).await;
    let call = peer.take().await;
    assert_eq!((call.procedure, &*call.payload), (procedure::EVENT_DEREGISTER, &*words(&[5])));
}

#[tokio::test]
async fn a_consumer_that_does_not_read_harms_only_itself() {
    let listener = Listener::new();
    let (conn, mut peer) = listener.open().await;
    let mut events = subscribe(&conn, &mut peer).await;
    let total = 70_000_u64;
    let mut bytes = Vec::new();
    for number in 0..total {
        bytes.extend(started(5, &number.to_string()).bytes());
    }
    let (name, ()) = tokio::join!(conn.hostname(), async {
        let call = peer.take().await;
        peer.send_bytes(&bytes).await;
        peer.reply(&call, &string("host")).await;
    });
    assert_eq!(name.unwrap(), "host");
    let mut taken = 0;
    let lost = loop {
        match events.next().await.unwrap() {
            Ok(event) => {
                assert_eq!(event.domain.name(), taken.to_string());
                taken += 1;
            }
            Err(EventError::Lagged(lost)) => break lost,
            Err(other) => panic!("{other}"),
        }
    };
    assert!(lost > 0);
    assert_eq!(taken + lost, total);
    peer.send(&started(5, "after the gap")).await;
    assert_eq!(next_name(&mut events).await, "after the gap");
}

#[tokio::test]
async fn the_end_of_the_connection_ends_subscriptions_behind_what_had_come() {
    let listener = Listener::new();
    let (conn, mut peer) = listener.open().await;
    let mut events = subscribe(&conn, &mut peer).await;
    peer.send(&started(5, "last")).await;
    drop(peer);
    assert!(matches!(conn.closed().await, CloseReason::Eof));
    assert_eq!(next_name(&mut events).await, "last");
    let end = events.next().await.unwrap();
    assert!(matches!(end, Err(EventError::Closed(CloseReason::Eof))), "{end:?}");
    assert!(events.next().await.is_none());
}

#[tokio::test]
async fn an_undecodable_event_costs_itself_only() {
    let listener = Listener::new();
    let (conn, mut peer) = listener.open().await;
    let mut events = subscribe(&conn, &mut peer).await;
    peer.send(&message(318, words(&[5, 1000]))).await;
    peer.send(&started(5, "fine")).await;
    let error = events.next().await.unwrap().unwrap_err();
    assert!(error.to_string().contains("Lifecycle"), "{error}");
    assert_eq!(next_name(&mut events).await, "fine");
}

#[tokio::test]
async fn kinds_with_a_word_more_in_front_are_read_right() {
    let listener = Listener::new();
    let (conn, mut peer) = listener.open().await;
    let (events, call) = tokio::join!(conn.subscribe::<PmWakeup>(None), register(&mut peer, 3));
    assert_eq!(call.payload, words(&[11, 0]));
    let mut payload = words(&[3, 0]);
    payload.extend(domain("sleeper"));
    peer.send(&message(329, payload)).await;
    assert_eq!(events.unwrap().next().await.unwrap().unwrap().domain.name(), "sleeper");
}

#[tokio::test]
async fn daemons_without_callback_ids_are_served_the_old_way() {
    let listener = Listener::new();
    let (conn, mut peer) = listener.open().await;
    let (events, ()) = tokio::join!(conn.subscribe::<Reboot>(None), async {
        let feature = peer.take().await;
        peer.reply(&feature, &words(&[0])).await;
        let call = peer.take().await;
        assert_eq!((call.procedure, &*call.payload), (167, &*words(&[1])));
        peer.reply(&call, &[]).await;
    });
    let mut events = events.unwrap();
    peer.send(&message(169, domain("old"))).await;
    assert_eq!(events.next().await.unwrap().unwrap().domain.name(), "old");
    drop(events);
    let call = peer.take().await;
    assert_eq!((call.procedure, &*call.payload), (168, &*words(&[1])));
}

#[tokio::test]
async fn a_kind_that_the_daemon_does_not_know_is_unsupported() {
    let listener = Listener::new();
    let (conn, mut peer) = listener.open().await;
    let (events, ()) = tokio::join!(conn.subscribe::<Lifecycle>(None), async {
        let feature = peer.take().await;
        peer.reply(&feature, &words(&[1])).await;
        let call = peer.take().await;
        // A daemon in Germany.
        let text = "Interner Fehler: Nicht unterstützte Ereignis-ID 0";
        peer.send(&call.error(1, 7, text)).await;
    });
    assert!(events.unwrap_err().is_unsupported());
    // Nothing is left of the attempt.
    let (events, ()) = tokio::join!(conn.subscribe::<Lifecycle>(None), async {
        let call = peer.take().await;
        assert_eq!(call.procedure, procedure::EVENT_REGISTER);
        peer.reply(&call, &words(&[5])).await;
    });
    let mut events = events.unwrap();
    peer.send(&started(5, "guest")).await;
    assert_eq!(next_name(&mut events).await, "guest");
}

#[tokio::test(start_paused = true)]
async fn waiting_for_an_event_can_be_given_up_and_taken_up_again() {
    let listener = Listener::new();
    let (conn, mut peer) = listener.open().await;
    let mut events = subscribe(&conn, &mut peer).await;
    for _ in 0..3 {
        let waiting = tokio::time::timeout(Duration::from_secs(1), events.next());
        assert!(waiting.await.is_err());
    }
    peer.send(&started(5, "guest")).await;
    assert_eq!(next_name(&mut events).await, "guest");
}
