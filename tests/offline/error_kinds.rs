//! What programs are told that they can do about failures.

use std::net;
use std::os::unix::net::UnixListener;
use std::time::Duration;

use libvirt_client::{Backoff, Connect, Error};

use crate::peer::Listener;

/// Asserts that nothing was done, and that the same may succeed later.
#[track_caller]
fn assert_transient(error: &Error) {
    assert!(error.is_transient(), "{error:#?}");
    assert!(!error.is_outcome_unknown() && !error.is_permission_denied(), "{error:#?}");
}

/// Asserts that nobody can know what was done.
#[track_caller]
fn assert_unknown(error: &Error) {
    assert!(error.is_outcome_unknown() && !error.is_transient(), "{error:#?}");
}

#[tokio::test]
async fn daemons_that_do_not_run_yet() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("sock");
    let uri = format!("qemu:///system?socket={}", path.display());
    assert_transient(&Connect::open(&uri).await.unwrap_err());
    drop(UnixListener::bind(&path).unwrap());
    assert_transient(&Connect::open(&uri).await.unwrap_err());

    let listener = net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    let uri = format!("qemu+tcp://127.0.0.1:{port}/system");
    assert_transient(&Connect::open(&uri).await.unwrap_err());
}

#[tokio::test(start_paused = true)]
async fn daemons_that_fall_silent_while_a_connection_is_opened() {
    let listener = Listener::new();
    let builder = Connect::builder(&listener.uri()).open_timeout(Some(Duration::from_secs(1)));
    let (opened, _peer) = tokio::join!(builder.open(), listener.accept());
    let error = opened.unwrap_err();
    assert!(error.is_timeout());
    assert_transient(&error);

    let (opened, ()) = tokio::join!(Connect::builder(&listener.uri()).open(), async {
        drop(listener.accept().await);
    });
    assert_transient(&opened.unwrap_err());
}

#[tokio::test(start_paused = true)]
async fn calls_that_may_have_been_carried_out() {
    let listener = Listener::new();
    let (conn, mut peer) = listener.open().await;
    let hasty = conn.with_timeout(Duration::from_secs(1));
    let (called, _) = tokio::join!(hasty.hostname(), peer.take());
    assert_unknown(&called.unwrap_err());
    let (called, ()) = tokio::join!(conn.hostname(), async {
        peer.take().await;
        drop(peer);
    });
    let error = called.unwrap_err();
    assert!(error.is_closed());
    assert_unknown(&error);
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_may_come_back() {
    let listener = Listener::new();
    let uri = listener.uri();
    drop(listener);
    let host = Connect::builder(&uri).reconnecting(Backoff::default()).unwrap();
    let error = host.connect().await.unwrap_err();
    assert!(matches!(error, Error::NotConnected(_)), "{error:#?}");
    assert_transient(&error);
    host.close().await;
    let error = host.connect().await.unwrap_err();
    assert!(!error.is_transient() && !error.is_outcome_unknown(), "{error:#?}");
}
