//! Tables of what exists.

mod objects;
mod storm;

use std::time::Duration;

use libvirt_client::domain::CreateFlags;
use libvirt_client::watch::{Change, Watch, Watched};
use libvirt_client::{Backoff, Connect, Reconnect};
use rig::Daemon;
use tokio::time::timeout;

use crate::common::{LIMIT, test_driver};
use crate::driver::changes::{is_now, until};

const TEST_XML: &str = "<domain type='test'><name>NAME</name><memory>1024</memory>\
                        <os><type>hvm</type></os></domain>";

/// Takes the next change.
async fn next<O: Watched>(watch: &mut Watch<O>) -> Change<O> {
    timeout(LIMIT, watch.next()).await.expect("no change").unwrap().unwrap()
}

fn often(daemon: &Daemon) -> Reconnect {
    let backoff = Backoff::new(Duration::from_millis(20), Duration::from_millis(200));
    Connect::builder(&daemon.uri()).reconnecting(backoff).unwrap()
}

#[tokio::test]
async fn a_host_that_is_not_there_yet() {
    let Some((daemon, _)) = test_driver().await else {
        return;
    };
    let dir = tempfile::tempdir().unwrap();
    let socket = dir.path().join("socket");
    let backoff = Backoff::new(Duration::from_millis(10), Duration::from_millis(10));
    let uri = format!("test+unix:///default?socket={}", socket.display());
    let host = Connect::builder(&uri).reconnecting(backoff).unwrap();
    let mut watch = host.watch_domains();
    assert!(timeout(Duration::from_millis(100), watch.next()).await.is_err());
    std::os::unix::fs::symlink(daemon.socket(), &socket).unwrap();
    until(&mut watch, "the list", |change| *change == Change::Current).await;
    let flags = CreateFlags::empty();
    let conn = host.connect().await.unwrap();
    let xml = TEST_XML.replace("NAME", "watch-late");
    let domain = conn.domain_create_xml(&xml, flags).await.unwrap();
    until(&mut watch, "a start", |change| {
        is_now(change, |entry| entry.object.name() == "watch-late")
    })
    .await;
    domain.destroy().await.unwrap();
    host.close().await;
    let last = async {
        loop {
            match watch.next().await {
                Some(Ok(_)) => {}
                other => return other,
            }
        }
    };
    assert!(timeout(LIMIT, last).await.unwrap().unwrap().is_err());
    assert!(watch.next().await.is_none());
}
