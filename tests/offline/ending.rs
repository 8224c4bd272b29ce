//! The end of connections: no wait outlasts it.

use std::time::Duration;

use libvirt_client::{CloseReason, Connect, Error, Result};
use tokio::task::JoinHandle;

use crate::peer::{Listener, Message, Peer, ping, procedure, string, words};

/// Starts as many calls as asked for, which all reach the peer.
async fn in_flight(
    conn: &Connect,
    peer: &mut Peer,
    count: usize,
) -> Vec<JoinHandle<Result<String, Error>>> {
    let calls = (0..count).map(|_| {
        let conn = conn.clone();
        tokio::spawn(async move { conn.hostname().await })
    });
    let calls: Vec<_> = calls.collect();
    for _ in 0..count {
        peer.take().await;
    }
    calls
}

#[tokio::test]
async fn a_daemon_that_dies_tells_every_call_at_once() {
    let listener = Listener::new();
    let (conn, mut peer) = listener.open().await;
    let calls = in_flight(&conn, &mut peer, 50).await;
    drop(peer);
    for call in calls {
        let error = call.await.unwrap().unwrap_err();
        assert!(matches!(error, Error::Closed(CloseReason::Eof)), "{error:?}");
        assert!(error.is_closed());
    }
    assert!(!conn.is_alive());
    let later = conn.hostname().await.unwrap_err();
    assert!(matches!(later, Error::NotSent(CloseReason::Eof)), "{later:?}");
    assert!(later.is_closed() && !later.is_outcome_unknown());
}

#[tokio::test]
async fn a_daemon_that_dies_in_the_middle_of_a_message_is_noticed() {
    let listener = Listener::new();
    let (conn, mut peer) = listener.open().await;
    let (result, ()) = tokio::join!(conn.hostname(), async {
        let call = peer.take().await;
        let bytes = call.reply(&string("host")).bytes();
        peer.send_bytes(&bytes[..bytes.len() - 1]).await;
        drop(peer);
    });
    let error = result.unwrap_err();
    assert!(matches!(error, Error::Closed(CloseReason::EofInMessage)), "{error:?}");
}

#[tokio::test]
async fn a_reply_that_came_before_the_end_is_not_lost() {
    let listener = Listener::new();
    let (conn, mut peer) = listener.open().await;
    let (name, ()) = tokio::join!(conn.hostname(), async {
        let call = peer.take().await;
        peer.reply(&call, &string("host")).await;
        drop(peer);
    });
    assert_eq!(name.unwrap(), "host");
    assert!(matches!(conn.closed().await, CloseReason::Eof));
}

#[tokio::test]
async fn closing_tells_the_daemon_and_fails_what_is_in_flight() {
    let listener = Listener::new();
    let (conn, mut peer) = listener.open().await;
    let calls = in_flight(&conn, &mut peer, 3).await;
    let ((), ()) = tokio::join!(conn.close(), async {
        let close = peer.take().await;
        assert_eq!(close.procedure, procedure::CONNECT_CLOSE);
        peer.reply(&close, &[]).await;
        assert_eq!(peer.try_take().await, None);
    });
    for call in calls {
        let error = call.await.unwrap().unwrap_err();
        assert!(matches!(error, Error::Closed(CloseReason::Local)), "{error:?}");
    }
    assert!(matches!(conn.hostname().await, Err(Error::NotSent(CloseReason::Local))));
    conn.close().await;
}

#[tokio::test]
async fn dropping_the_last_handle_closes_the_connection() {
    let listener = Listener::new();
    let (conn, mut peer) = listener.open().await;
    let last = conn.clone();
    drop(conn);
    let (name, ()) = tokio::join!(last.hostname(), async {
        let call = peer.take().await;
        peer.reply(&call, &string("host")).await;
    });
    assert_eq!(name.unwrap(), "host");
    drop(last);
    let close = peer.take().await;
    assert_eq!(close.procedure, procedure::CONNECT_CLOSE);
    peer.reply(&close, &[]).await;
    assert_eq!(peer.try_take().await, None);
}

#[tokio::test(start_paused = true)]
async fn closing_ends_even_if_the_daemon_does_not_answer() {
    let listener = Listener::new();
    let (conn, mut peer) = listener.open().await;
    conn.close().await;
    assert_eq!(peer.take().await.procedure, procedure::CONNECT_CLOSE);
    assert_eq!(peer.try_take().await, None);
}

#[test]
fn a_runtime_that_is_shut_down_tells_callers_elsewhere() {
    let listener;
    let (conn, _peer);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    {
        let _inside = runtime.enter();
        listener = Listener::new();
    }
    (conn, _peer) = runtime.block_on(listener.open());
    runtime.shutdown_timeout(Duration::from_secs(5));
    let other = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let error = other.block_on(conn.hostname()).unwrap_err();
    assert!(matches!(error, Error::NotSent(CloseReason::RuntimeGone)), "{error:?}");
}

#[tokio::test(start_paused = true)]
async fn a_silent_daemon_is_given_up_after_its_missed_pings() {
    let listener = Listener::new();
    let (conn, mut peer) =
        listener.open_with(|builder| builder.keepalive(Duration::from_secs(3), 2)).await;
    let begin = tokio::time::Instant::now();
    let call = tokio::spawn({
        let conn = conn.clone();
        async move { conn.without_timeout().hostname().await }
    });
    assert!(matches!(conn.closed().await, CloseReason::Keepalive(_)));
    // Silence × (count + 1), as libvirt counts.
    assert_eq!(begin.elapsed().as_secs(), 9);
    let error = call.await.unwrap().unwrap_err();
    assert!(matches!(error, Error::Closed(CloseReason::Keepalive(_))), "{error:?}");

    assert_eq!(peer.take().await.procedure, procedure::CONNECT_GET_HOSTNAME);
    for _ in 0..2 {
        let ping = peer.take().await;
        assert_eq!((ping.program, ping.procedure), (crate::peer::KEEPALIVE, 1));
    }
    assert_eq!(peer.try_take().await, None);
}

/// Starts so many calls without a deadline, and returns them as the peer got them.
async fn unanswered(
    conn: &Connect,
    peer: &mut Peer,
    count: usize,
) -> (Vec<JoinHandle<Result<String>>>, Vec<Message>) {
    let mut calls = Vec::new();
    let mut taken = Vec::new();
    for _ in 0..count {
        let conn = conn.without_timeout();
        calls.push(tokio::spawn(async move { conn.hostname().await }));
        taken.push(peer.take().await);
    }
    (calls, taken)
}

#[tokio::test(start_paused = true)]
async fn a_daemon_that_is_busy_with_five_calls_may_be_silent_for_longer() {
    let listener = Listener::new();
    let (conn, mut peer) =
        listener.open_with(|builder| builder.keepalive(Duration::from_secs(3), 2)).await;
    let (calls, taken) = unanswered(&conn, &mut peer, 5).await;
    tokio::time::sleep(Duration::from_secs(58)).await;
    assert!(conn.is_alive());
    for call in &taken {
        peer.reply(call, &string("host")).await;
    }
    for call in calls {
        assert_eq!(call.await.unwrap().unwrap(), "host");
    }
}

#[tokio::test(start_paused = true)]
async fn silence_ends_whatever_is_owed() {
    let listener = Listener::new();
    for (count, limit) in [(4, 9), (5, 30), (9, 30)] {
        let (conn, mut peer) = listener
            .open_with(|builder| {
                builder
                    .keepalive(Duration::from_secs(3), 2)
                    .busy_timeout(Duration::from_secs(30))
            })
            .await;
        let begin = tokio::time::Instant::now();
        let (mut calls, _) = unanswered(&conn, &mut peer, count).await;
        // The daemon still owes the reply of a call whose caller was dropped.
        calls.pop().unwrap().abort();
        for call in calls {
            let error = call.await.unwrap().unwrap_err();
            let text = error.to_string();
            assert!(matches!(error, Error::Closed(CloseReason::Keepalive(_))), "{text}");
            assert!(
                text.contains(&format!("virConnectGetHostname {count} times"))
                    && text.contains(&format!("{limit}.0 s of silence"))
                    && text.contains("max_client_requests"),
                "{text}"
            );
        }
        assert_eq!(begin.elapsed().as_secs(), limit);
    }
}

#[tokio::test(start_paused = true)]
async fn who_is_cut_off_by_a_busy_daemon_is_told_of_that() {
    let listener = Listener::new();
    let (conn, mut peer) =
        listener.open_with(|builder| builder.keepalive(Duration::from_secs(5), 5)).await;
    let (calls, _) = unanswered(&conn, &mut peer, 1).await;
    // It works on one request at a time, so it reads no answer to what it asks.
    for _ in 0..6 {
        tokio::time::sleep(Duration::from_secs(5)).await;
        peer.send(&ping()).await;
    }
    drop(peer);
    for call in calls {
        let error = call.await.unwrap().unwrap_err();
        assert!(matches!(error, Error::Closed(CloseReason::CutOff { .. })), "{error:?}");
        let text = error.to_string();
        assert!(
            text.contains("30.0 s of silence with calls in flight (virConnectGetHostname)")
                && text.contains("max_client_requests"),
            "{text}"
        );
    }
}

#[tokio::test]
async fn a_daemon_that_works_on_one_request_at_a_time_is_not_asked_to_watch_us() {
    let listener = Listener::new();
    let opening = Connect::builder(&listener.uri()).max_client_requests(1).open();
    let (conn, ()) = tokio::join!(opening, async {
        let mut peer = listener.accept().await;
        for expected in [procedure::AUTH_LIST, procedure::CONNECT_OPEN] {
            let call = peer.take().await;
            assert_eq!(call.procedure, expected);
            let none = words(&[0]);
            let payload: &[u8] = match expected {
                procedure::AUTH_LIST => &none,
                _ => &[],
            };
            peer.reply(&call, payload).await;
        }
    });
    conn.unwrap();
}

#[tokio::test(start_paused = true)]
async fn the_longest_keepalive_interval_is_none() {
    let listener = Listener::new();
    let (conn, mut peer) = listener.open_with(|builder| builder.keepalive(Duration::MAX, 1)).await;
    tokio::time::sleep(Duration::from_secs(1_000_000)).await;
    let (name, ()) = tokio::join!(conn.hostname(), async {
        let call = peer.take().await;
        peer.reply(&call, &string("host")).await;
    });
    assert_eq!(name.unwrap(), "host");
}

#[test]
fn the_daemon_hears_of_the_end_even_if_the_runtime_ends_at_once() {
    for round in 0..50 {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("sock");
        let socket = std::os::unix::net::UnixListener::bind(&path).unwrap();
        let uri = format!("qemu+unix:///system?socket={}", path.display());
        let daemon = std::thread::spawn(move || {
            let runtime =
                tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            let (stream, _) = socket.accept().unwrap();
            stream.set_nonblocking(true).unwrap();
            runtime.block_on(async {
                let stream = tokio::net::UnixStream::from_std(stream).unwrap();
                let mut peer = Peer::new(stream);
                peer.greet().await;
                let close = peer.take().await;
                assert_eq!(close.procedure, procedure::CONNECT_CLOSE);
                // Hanging up before this would leave an error in a daemon's log.
                peer.reply(&close, &[]).await;
            });
        });
        let runtime = match round % 2 {
            0 => tokio::runtime::Builder::new_current_thread(),
            _ => tokio::runtime::Builder::new_multi_thread(),
        }
        .enable_all()
        .build()
        .unwrap();
        runtime.block_on(async { drop(Connect::open(&uri).await.unwrap()) });
        drop(runtime);
        daemon.join().unwrap();
    }
}
