//! The end of connections: nobody waits for what cannot come.

use std::time::Duration;

use libvirt_client::{CloseReason, Connect, Error};
use tokio::task::JoinHandle;

use crate::peer::{Listener, Peer, procedure, string};

/// Calls in flight, as many as asked for, all with the peer.
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
        assert!(
            matches!(error, Error::Closed(CloseReason::Eof)),
            "{error:?}"
        );
        assert!(error.is_closed());
    }
    assert!(!conn.is_alive());
    let later = conn.hostname().await.unwrap_err();
    assert!(
        matches!(later, Error::Closed(CloseReason::Eof)),
        "{later:?}"
    );
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
    assert!(
        matches!(error, Error::Closed(CloseReason::EofInMessage)),
        "{error:?}"
    );
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
        assert!(
            matches!(error, Error::Closed(CloseReason::Local)),
            "{error:?}"
        );
    }
    assert!(matches!(
        conn.hostname().await,
        Err(Error::Closed(CloseReason::Local))
    ));
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
    let other = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let error = other.block_on(conn.hostname()).unwrap_err();
    assert!(
        matches!(error, Error::Closed(CloseReason::RuntimeGone)),
        "{error:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_silent_daemon_is_given_up_after_its_missed_pings() {
    let listener = Listener::new();
    let (conn, mut peer) = listener
        .open_with(|builder| builder.keepalive(Duration::from_secs(3), 2))
        .await;
    let begin = tokio::time::Instant::now();
    let call = tokio::spawn({
        let conn = conn.clone();
        async move { conn.without_timeout().hostname().await }
    });
    assert!(matches!(conn.closed().await, CloseReason::Keepalive));
    // Silence × (count + 1), as libvirt counts.
    assert_eq!(begin.elapsed().as_secs(), 9);
    let error = call.await.unwrap().unwrap_err();
    assert!(
        matches!(error, Error::Closed(CloseReason::Keepalive)),
        "{error:?}"
    );

    assert_eq!(peer.take().await.procedure, procedure::CONNECT_GET_HOSTNAME);
    for _ in 0..2 {
        let ping = peer.take().await;
        assert_eq!((ping.program, ping.procedure), (crate::peer::KEEPALIVE, 1));
    }
    assert_eq!(peer.try_take().await, None);
}

#[tokio::test(start_paused = true)]
async fn a_daemon_that_is_busy_with_five_calls_may_be_silent() {
    let listener = Listener::new();
    let (conn, mut peer) = listener
        .open_with(|builder| builder.keepalive(Duration::from_secs(3), 2))
        .await;
    let calls: Vec<_> = (0..5)
        .map(|_| {
            let conn = conn.without_timeout();
            tokio::spawn(async move { conn.hostname().await })
        })
        .collect();
    let mut taken = Vec::new();
    for _ in 0..5 {
        taken.push(peer.take().await);
    }
    tokio::time::sleep(Duration::from_secs(600)).await;
    assert!(conn.is_alive());
    for call in &taken {
        peer.reply(call, &string("host")).await;
    }
    for call in calls {
        assert_eq!(call.await.unwrap().unwrap(), "host");
    }
}
