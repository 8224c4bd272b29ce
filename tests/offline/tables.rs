//! Tables of what exists, where a daemon does not tell that something has gone.

use libvirt_client::protocol::{Request as _, remote};
use libvirt_client::watch::Change;
use tokio::time::{Duration, Instant};

use crate::peer::{Listener, string, words};

#[tokio::test(start_paused = true)]
async fn all_is_listed_once_more_when_a_daemon_has_had_time_to_start() {
    let listener = Listener::new();
    let (conn, peer) = listener.open().await;
    let mut lists = 0;
    tokio::spawn(peer.serve(move |call| {
        if call.procedure != remote::ConnectListAllSecrets::INFO.number {
            // It has the feature, or this is the callback's ID.
            return words(&[1]);
        }
        lists += 1;
        if lists > 1 {
            return words(&[0, 0]);
        }
        let mut one = words(&[1]);
        one.extend([7; 16]);
        one.extend(words(&[2]));
        one.extend(string("gone"));
        one.extend(words(&[1]));
        one
    }));
    let begin = Instant::now();
    let mut watch = conn.watch_secrets();
    let mut next = async || watch.next().await.unwrap().unwrap();
    assert!(matches!(next().await, Change::Appeared(_)));
    assert_eq!(next().await, Change::Current);
    // Without an event, and without having been told of all again.
    assert!(matches!(next().await, Change::Gone(_)));
    assert!(begin.elapsed() >= Duration::from_secs(5));
    // Only once.
    let more = tokio::time::timeout(Duration::from_secs(60), next()).await;
    assert!(more.is_err(), "{more:?}");
}
