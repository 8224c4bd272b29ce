//! Waits that nothing must make a loop of which nobody else has a turn.

use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use libvirt_client::events::domain::Lifecycle;
use libvirt_client::waiting::BlockJobEnd;
use libvirt_client::{Backoff, Connect, Error};

use crate::events::{domain, register};
use crate::peer::{Listener, Peer, procedure, words};

const LIMIT: Duration = Duration::from_secs(30);

/// Runs a test on a runtime of one thread, whose timers would not notice that it is stuck.
fn finishes<F: Future<Output = ()>>(test: impl FnOnce() -> F + Send + 'static) {
    let (done, is_done) = mpsc::channel();
    let runs = thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(test());
        done.send(()).unwrap();
    });
    if let Err(mpsc::RecvTimeoutError::Timeout) = is_done.recv_timeout(LIMIT) {
        panic!("stuck");
    }
    runs.join().unwrap();
}

async fn accept(listener: &Listener) -> Peer {
    let mut peer = listener.accept().await;
    peer.greet().await;
    peer
}

/// Answers the two registrations of a block job's watch.
async fn is_watched(peer: &mut Peer) {
    register(peer, 5).await;
    let call = peer.take().await;
    peer.reply(&call, &words(&[6])).await;
}

/// Finds `web`, and watches the job of its disk until the connection is lost.
async fn found_and_watched(mut peer: Peer) {
    let call = peer.take().await;
    peer.reply(&call, &domain("web")).await;
    is_watched(&mut peer).await;
}

#[test]
fn a_block_job_s_watch_ends_with_its_connection() {
    finishes(|| async {
        let listener = Listener::new();
        let (conn, peer) = listener.open().await;
        let serving = tokio::spawn(found_and_watched(peer));
        let web = conn.domain_lookup_by_name("web").await.unwrap();
        let mut watch = web.watch_block_job("vda").await.unwrap();
        serving.await.unwrap();
        conn.closed().await;
        let error = watch.wait_done(LIMIT).await.unwrap_err();
        assert!(matches!(error, Error::Closed(_)), "{error:?}");
    });
}

#[test]
fn a_block_job_s_watch_goes_on_over_the_next_connection() {
    finishes(|| async {
        let listener = Listener::new();
        let soon = Duration::from_millis(1);
        let host = Connect::builder(&listener.uri())
            .keepalive(Duration::ZERO, 0)
            .reconnecting(Backoff::new(soon, soon))
            .unwrap();
        let serving = tokio::spawn(async move {
            found_and_watched(accept(&listener).await).await;
            let mut peer = accept(&listener).await;
            is_watched(&mut peer).await;
            // There is no job.
            let call = peer.take().await;
            peer.reply(&call, &words(&[0, 0, 0, 0, 0, 0, 0, 0])).await;
            peer
        });
        let conn = host.connect().await.unwrap();
        let web = conn.domain_lookup_by_name("web").await.unwrap();
        let mut watch = web.watch_block_job("vda").await.unwrap();
        conn.closed().await;
        assert_eq!(watch.wait_done(LIMIT).await.unwrap(), BlockJobEnd::Unknown);
        serving.await.unwrap();
    });
}

async fn answer_only_to_be_opened(mut peer: Peer) {
    while let Some(call) = peer.try_take().await {
        match call.procedure {
            procedure::AUTH_LIST => peer.reply(&call, &words(&[0])).await,
            procedure::CONNECT_OPEN => peer.reply(&call, &[]).await,
            procedure::SUPPORTS_FEATURE if call.payload != words(&[14]) => {
                peer.reply(&call, &words(&[1])).await;
            }
            _ => {}
        }
    }
}

/// Each attempt to resume fails at once, without having waited for the daemon.
#[test]
fn a_subscription_that_is_never_in_time_lets_others_have_their_turn() {
    finishes(|| async {
        let listener = Listener::new();
        let soon = Duration::from_millis(1);
        let host = Connect::builder(&listener.uri())
            .keepalive(Duration::ZERO, 0)
            .open_timeout(Some(Duration::from_millis(20)))
            .reconnecting(Backoff::new(soon, soon))
            .unwrap();
        let subscribe = |conn: Connect| async move {
            conn.with_timeout(Duration::ZERO).subscribe::<Lifecycle>(None).await
        };
        let mut events = host.subscribe(subscribe).await.unwrap();
        tokio::spawn(async move {
            loop {
                tokio::spawn(answer_only_to_be_opened(listener.accept().await));
            }
        });
        let others = tokio::time::sleep(Duration::from_millis(300));
        tokio::select! {
            biased;
            event = events.next() => panic!("{event:?}"),
            () = others => {}
        }
    });
}
