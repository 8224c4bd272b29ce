//! Streams that end in a fault, which no later message undoes.

use libvirt_client::{Error, ProtocolError};

use crate::peer::{CONTINUE, ERROR, Listener, OK};
use crate::streams::{confirm, failure, hole, packet, stream};

#[tokio::test]
async fn a_failure_stays_whatever_follows_it() {
    let listener = Listener::new();
    let (conn, mut peer) = listener.open().await;
    for late in [(CONTINUE, &b""[..]), (CONTINUE, b"data"), (OK, b"")] {
        let (mut stream, call) = stream(&conn, &mut peer, false).await;
        peer.send(&failure(&call, "disk full")).await;
        peer.send(&packet(&call, late.0, late.1)).await;
        for _ in 0..2 {
            let error = stream.read_chunk().await.unwrap_err();
            assert_eq!(error.to_string(), "virDomainOpenConsole: disk full");
        }
        let error = stream.finish().await.unwrap_err();
        assert_eq!(error.to_string(), "virDomainOpenConsole: disk full");
    }
}

#[tokio::test]
async fn an_invalid_hole_stays_whatever_follows_it() {
    let listener = Listener::new();
    let (conn, mut peer) = listener.open().await;
    // Holes that were not asked for, and such that are none.
    for (sparse, length) in [(false, 5), (true, 0), (true, -1)] {
        let (mut stream, call) = stream(&conn, &mut peer, sparse).await;
        peer.send(&hole(&call, length)).await;
        peer.send(&packet(&call, CONTINUE, b"data")).await;
        peer.send(&packet(&call, CONTINUE, b"")).await;
        for _ in 0..2 {
            let error = stream.read_chunk().await.unwrap_err();
            assert!(
                matches!(error, Error::Protocol(ProtocolError::InvalidReply { .. })),
                "{error:?}"
            );
        }
        let error = stream.finish().await.unwrap_err();
        assert!(matches!(error, Error::Protocol(_)), "{error:?}");
        // Dropped because of the fault, it was aborted and not finished.
        confirm(&mut peer, &call, ERROR).await;
    }
}

#[tokio::test]
async fn data_behind_the_end_of_the_data_is_none() {
    let listener = Listener::new();
    let (conn, mut peer) = listener.open().await;
    let (mut stream, call) = stream(&conn, &mut peer, false).await;
    peer.send(&packet(&call, CONTINUE, b"")).await;
    peer.send(&packet(&call, CONTINUE, b"data")).await;
    for _ in 0..2 {
        assert_eq!(stream.read_chunk().await.unwrap(), None);
    }
}
