//! Changes to interfaces that nobody waits for any more, and that the daemon refuses.

use std::time::Duration;

use libvirt_client::Error;

use crate::peer::{Listener, Message, Peer, procedure, string};

const BEGIN: u32 = 220;
const COMMIT: u32 = 221;
const ROLLBACK: u32 = 222;

/// Takes a rollback, which must come next.
async fn roll_back(peer: &mut Peer) {
    let call = peer.take().await;
    assert_eq!(call.procedure, ROLLBACK);
    peer.reply(&call, &[]).await;
}

async fn refuse(peer: &mut Peer, call: &Message) {
    const OPERATION_INVALID: i32 = 55;
    peer.send(&call.error(OPERATION_INVALID, 0, "no")).await;
}

#[tokio::test]
async fn what_begins_for_nobody_is_rolled_back() {
    let listener = Listener::new();
    let (conn, mut peer) = listener.open().await;
    let begin = tokio::select! {
        _ = conn.interface_change_begin() => unreachable!("there was no reply"),
        begin = peer.take() => begin,
    };
    assert_eq!(begin.procedure, BEGIN);
    drop(conn);
    peer.reply(&begin, &[]).await;
    roll_back(&mut peer).await;
    // Only then does the connection end.
    assert_eq!(peer.take().await.procedure, procedure::CONNECT_CLOSE);
}

#[tokio::test(start_paused = true)]
async fn what_begins_too_late_is_rolled_back() {
    let listener = Listener::new();
    let (conn, mut peer) = listener.open().await;
    let hasty = conn.with_timeout(Duration::from_secs(2));
    let (late, begin) = tokio::join!(hasty.interface_change_begin(), peer.take());
    let error = late.unwrap_err();
    assert!(
        matches!(error, Error::Timeout { operation: "virInterfaceChangeBegin", .. }),
        "{error}"
    );
    peer.reply(&begin, &[]).await;
    roll_back(&mut peer).await;
}

#[tokio::test(start_paused = true)]
async fn committing_and_rolling_back_have_the_callers_deadline() {
    let listener = Listener::new();
    let (conn, mut peer) = listener.open().await;
    let hasty = conn.with_timeout(Duration::from_secs(2));
    for procedure in [COMMIT, ROLLBACK] {
        let (change, ()) = tokio::join!(hasty.interface_change_begin(), async {
            let begin = peer.take().await;
            peer.reply(&begin, &[]).await;
        });
        let change = change.unwrap();
        let deciding = async {
            if procedure == COMMIT {
                change.commit().await
            } else {
                change.rollback().await
            }
        };
        let (decided, call) = tokio::join!(deciding, peer.take());
        assert!(decided.unwrap_err().is_timeout());
        assert_eq!(call.procedure, procedure);
        peer.reply(&call, &[]).await;
    }
}

#[tokio::test]
async fn what_did_not_begin_is_not_rolled_back() {
    let listener = Listener::new();
    let (conn, mut peer) = listener.open().await;
    let (begun, ()) = tokio::join!(conn.interface_change_begin(), async {
        let begin = peer.take().await;
        refuse(&mut peer, &begin).await;
    });
    begun.unwrap_err();
    // They are another client's.
    let (name, ()) = tokio::join!(conn.hostname(), async {
        let call = peer.take().await;
        assert_eq!(call.procedure, procedure::CONNECT_GET_HOSTNAME);
        peer.reply(&call, &string("host")).await;
    });
    assert_eq!(name.unwrap(), "host");
}

#[tokio::test]
async fn changes_that_cannot_be_committed_are_rolled_back() {
    let listener = Listener::new();
    let (conn, mut peer) = listener.open().await;
    let (begun, ()) = tokio::join!(conn.interface_change_begin(), async {
        let begin = peer.take().await;
        peer.reply(&begin, &[]).await;
    });
    let (committed, ()) = tokio::join!(begun.unwrap().commit(), async {
        let commit = peer.take().await;
        assert_eq!(commit.procedure, COMMIT);
        refuse(&mut peer, &commit).await;
        roll_back(&mut peer).await;
    });
    committed.unwrap_err();
}
