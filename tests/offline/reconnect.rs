//! Connections that are reopened: what goes on, what ends, and the reported status.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use libvirt_client::events::domain::Lifecycle;
use libvirt_client::events::{EventError, PersistentSubscription};
use libvirt_client::{Backoff, CloseReason, Connect, ConnectionStatus, Error, Reconnect};

use crate::events::{register, started};
use crate::peer::{Listener, Peer, procedure, string};

/// A short delay between attempts.
const SOON: Duration = Duration::from_millis(1);

fn keep_open(uri: &str) -> Reconnect {
    Connect::builder(uri)
        .keepalive(Duration::ZERO, 0)
        .reconnecting(Backoff::new(SOON, SOON))
        .unwrap()
}

async fn accept(listener: &Listener) -> Peer {
    let mut peer = listener.accept().await;
    peer.greet().await;
    peer
}

async fn subscribe(host: &Reconnect) -> libvirt_client::Result<PersistentSubscription<Lifecycle>> {
    host.subscribe(|conn| async move { conn.subscribe::<Lifecycle>(None).await })
        .await
}

/// A host with a subscription to all lifecycle events, and the daemon's first end.
async fn subscribed(listener: &Listener) -> (Reconnect, PersistentSubscription<Lifecycle>, Peer) {
    let host = keep_open(&listener.uri());
    let (events, peer) = tokio::join!(subscribe(&host), async {
        let mut peer = accept(listener).await;
        register(&mut peer, 5).await;
        peer
    });
    (host, events.unwrap(), peer)
}

async fn assert_next_is(events: &mut PersistentSubscription<Lifecycle>, name: &str) {
    let event = events.next().await.unwrap().unwrap();
    assert_eq!(event.domain.name(), name);
}

async fn assert_gap(events: &mut PersistentSubscription<Lifecycle>) {
    let next = events.next().await;
    assert!(matches!(next, Some(Err(EventError::Gap(CloseReason::Eof)))), "{next:?}");
}

#[tokio::test]
async fn a_lost_subscription_goes_on_behind_a_gap() {
    let listener = Listener::new();
    let (_host, mut events, mut peer) = subscribed(&listener).await;
    peer.send(&started(5, "before")).await;
    drop(peer);
    let told = async {
        assert_next_is(&mut events, "before").await;
        assert_gap(&mut events).await;
        assert_next_is(&mut events, "behind").await;
    };
    let ((), _peer) = tokio::join!(told, async {
        let mut peer = accept(&listener).await;
        register(&mut peer, 9).await;
        peer.send(&started(9, "behind")).await;
        peer
    });
}

#[tokio::test]
async fn several_losses_in_a_row_are_one_gap() {
    let listener = Listener::new();
    let (_host, mut events, peer) = subscribed(&listener).await;
    drop(peer);
    let told = async {
        assert_gap(&mut events).await;
        assert_next_is(&mut events, "behind").await;
    };
    let ((), _peer) = tokio::join!(told, async {
        // One ends before the first request, one with the registration unanswered.
        drop(listener.accept().await);
        let mut peer = accept(&listener).await;
        let _feature = peer.take().await;
        drop(peer);
        let mut peer = accept(&listener).await;
        register(&mut peer, 9).await;
        peer.send(&started(9, "behind")).await;
        peer
    });
}

#[tokio::test]
async fn a_subscription_that_is_refused_later_ends() {
    const INTERNAL_ERROR: i32 = 1;
    let listener = Listener::new();
    let (_host, mut events, peer) = subscribed(&listener).await;
    drop(peer);
    let (next, _peer) = tokio::join!(events.next(), async {
        let mut peer = accept(&listener).await;
        let feature = peer.take().await;
        let refusal = feature.error(INTERNAL_ERROR, 7, "no");
        peer.send(&refusal).await;
        peer
    });
    let Some(Err(EventError::NotResumed(error))) = next else {
        panic!("{next:?}");
    };
    assert!(matches!(&*error, Error::Remote(error) if error.message == "no"), "{error}");
    assert!(events.next().await.is_none());
}

#[tokio::test]
async fn what_was_in_flight_fails_and_is_not_called_again() {
    let listener = Listener::new();
    let host = keep_open(&listener.uri());
    let (called, ()) =
        tokio::join!(async { host.connect().await.unwrap().hostname().await }, async {
            let mut peer = accept(&listener).await;
            peer.take().await;
        });
    assert!(matches!(called, Err(Error::Closed(_))), "{called:?}");
    let mut peer = accept(&listener).await;
    let conn = host.connect().await.unwrap();
    let (libversion, ()) = tokio::join!(conn.lib_version(), async {
        let call = peer.take().await;
        assert_ne!(call.procedure, procedure::CONNECT_GET_HOSTNAME);
        peer.reply(&call, &[0; 8]).await;
    });
    libversion.unwrap();
}

#[tokio::test]
async fn a_query_is_asked_again() {
    let listener = Listener::new();
    let host = keep_open(&listener.uri());
    let asked = AtomicUsize::new(0);
    let query = host.query(|conn| {
        asked.fetch_add(1, Ordering::Relaxed);
        async move { conn.hostname().await }
    });
    let (name, _peer) = tokio::join!(query, async {
        for _ in 0..2 {
            accept(&listener).await.take().await;
        }
        let mut peer = accept(&listener).await;
        let call = peer.take().await;
        peer.reply(&call, &string("host")).await;
        peer
    });
    assert_eq!(name.unwrap(), "host");
    assert_eq!(asked.into_inner(), 3);
}

#[tokio::test]
async fn an_answer_that_is_an_error_is_an_answer() {
    const NO_DOMAIN: i32 = 42;
    let listener = Listener::new();
    let host = keep_open(&listener.uri());
    let query = host.query(|conn| async move { conn.domain_lookup_by_name("web").await });
    let (found, _peer) = tokio::join!(query, async {
        let mut peer = accept(&listener).await;
        let call = peer.take().await;
        let refusal = call.error(NO_DOMAIN, 10, "none");
        peer.send(&refusal).await;
        peer
    });
    assert!(found.unwrap_err().is_not_found());
}

#[tokio::test]
async fn who_waits_in_vain_is_told_why() {
    let dir = tempfile::tempdir().unwrap();
    let uri = format!("qemu+unix:///system?socket={}/none", dir.path().display());
    let mut host = Connect::builder(&uri)
        .open_timeout(Some(Duration::from_millis(50)))
        .reconnecting(Backoff::new(SOON, SOON))
        .unwrap();
    assert!(matches!(host.next_status().await, Some(ConnectionStatus::Lost(_))));
    let Err(Error::NotConnected(reason)) = host.connect().await else {
        panic!("connected to nothing");
    };
    assert!(matches!(&*reason, Error::Connect { .. }), "{reason}");
}

#[tokio::test]
async fn a_host_that_is_down_fails_no_subscription() {
    fn is_shared<T: Sync>(_: &T) {}

    let listener = Listener::new();
    let late = listener.path().with_extension("late");
    let host = keep_open(&format!("qemu+unix:///system?socket={}", late.display()));
    let mut events = subscribe(&host.with_timeout(Duration::ZERO)).await.unwrap();
    is_shared(&events);
    std::os::unix::fs::symlink(listener.path(), &late).unwrap();
    let (next, mut peer) = tokio::join!(events.next(), async {
        let mut peer = accept(&listener).await;
        register(&mut peer, 5).await;
        peer
    });
    assert!(matches!(next, Some(Err(EventError::Delayed))), "{next:?}");
    peer.send(&started(5, "late")).await;
    assert_next_is(&mut events, "late").await;
    // As with any other connection.
    drop(peer);
    let ((), _peer) = tokio::join!(assert_gap(&mut events), async {
        let mut peer = accept(&listener).await;
        register(&mut peer, 6).await;
        peer
    });
}

#[tokio::test]
async fn a_handle_waits_as_long_as_it_is_to() {
    let listener = Listener::new();
    let late = listener.path().with_extension("late");
    let host = keep_open(&format!("qemu+unix:///system?socket={}", late.display()));
    let error = host.with_timeout(Duration::ZERO).connect().await.unwrap_err();
    assert!(error.is_transient(), "{error:#?}");
    let waiting = host.without_timeout();
    let (conn, _peer) = tokio::join!(waiting.connect(), async {
        std::os::unix::fs::symlink(listener.path(), &late).unwrap();
        accept(&listener).await
    });
    assert!(conn.unwrap().is_alive());
    host.close().await;
    let error = host.connect().await.unwrap_err();
    assert!(!error.is_transient(), "{error:#?}");
}

#[tokio::test(start_paused = true)]
async fn a_daemon_that_says_nothing_is_named() {
    let listener = Listener::new();
    let host = keep_open(&listener.uri());
    let error = host.connect().await.unwrap_err();
    let text = error.to_string();
    assert!(text.contains("cannot open qemu+unix:///system"), "{text}");
}

#[tokio::test]
async fn what_cannot_be_is_not_tried_again() {
    let host = keep_open("qemu+carrier-pigeon:///system");
    let Err(Error::NotConnected(reason)) = host.connect().await else {
        panic!("connected by pigeon");
    };
    assert!(matches!(&*reason, Error::Uri { .. }), "{reason}");
    assert!(matches!(host.status(), ConnectionStatus::Ended(_)));
}

#[tokio::test]
async fn closing_is_for_good() {
    let listener = Listener::new();
    let (mut host, mut events, mut peer) = subscribed(&listener).await;
    let told = async {
        while let Some(call) = peer.try_take().await {
            if call.procedure == procedure::CONNECT_CLOSE {
                peer.reply(&call, &[]).await;
                return true;
            }
        }
        false
    };
    let ((), was_told) = tokio::join!(host.close(), told);
    assert!(was_told);
    let next = events.next().await;
    assert!(matches!(next, Some(Err(EventError::Closed(CloseReason::Local)))), "{next:?}");
    assert!(events.next().await.is_none());
    let Err(Error::NotConnected(reason)) = host.connect().await else {
        panic!("connected after closing");
    };
    assert!(matches!(&*reason, Error::Closed(CloseReason::Local)), "{reason}");
    assert!(matches!(host.next_status().await, Some(ConnectionStatus::Ended(_))));
    assert!(host.next_status().await.is_none());
}

#[tokio::test]
async fn what_is_open_outlives_the_handle() {
    let listener = Listener::new();
    let host = keep_open(&listener.uri());
    let (conn, mut peer) = tokio::join!(host.connect(), accept(&listener));
    let conn = conn.unwrap();
    drop(host);
    let (name, ()) = tokio::join!(conn.hostname(), async {
        let call = peer.take().await;
        peer.reply(&call, &string("host")).await;
    });
    assert_eq!(name.unwrap(), "host");
    drop(conn);
    assert_eq!(peer.take().await.procedure, procedure::CONNECT_CLOSE);
}
