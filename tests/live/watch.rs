//! Tables of what exists.

mod objects;
mod storm;

use std::time::Duration;

use libvirt_client::domain::{CreateFlags, Domain, State};
use libvirt_client::watch::{Change, Entry, Watch, Watched};
use libvirt_client::{Backoff, Connect, Reconnect};
use rig::Daemon;
use tokio::time::timeout;

use crate::common::{LIMIT, test_driver};

const TEST_XML: &str = "<domain type='test'><name>NAME</name><memory>1024</memory>\
                        <os><type>hvm</type></os></domain>";

/// Takes the next change.
async fn next<O: Watched>(watch: &mut Watch<O>) -> Change<O> {
    timeout(LIMIT, watch.next()).await.expect("no change").unwrap().unwrap()
}

/// Takes changes until one satisfies the condition.
async fn until<O: Watched>(
    watch: &mut Watch<O>,
    what: &str,
    condition: impl Fn(&Change<O>) -> bool,
) {
    let waiting = async {
        loop {
            let change = watch.next().await.unwrap().unwrap();
            if condition(&change) {
                return;
            }
        }
    };
    timeout(LIMIT, waiting).await.unwrap_or_else(|_| panic!("not told: {what}"));
}

/// Whether the change is one to that state.
fn is_now<O: Watched>(change: &Change<O>, is_it: impl Fn(&Entry<O>) -> bool) -> bool {
    match change {
        Change::Appeared(entry) | Change::Changed { entry, .. } => is_it(entry),
        _ => false,
    }
}

#[tokio::test]
async fn domains() {
    let Some((_, conn)) = test_driver().await else {
        return;
    };
    let mut watch = conn.watch_domains();
    until(&mut watch, "the list", |change| *change == Change::Current).await;
    assert!(watch.entries().any(|entry| entry.object.name() == "test"));
    assert!(!watch.is_empty() && watch.len() == watch.entries().count());

    let name = "watch-domains";
    let is = |state: State| {
        move |change: &Change<Domain>| {
            is_now(change, |entry| entry.object.name() == name && entry.state == state)
        }
    };
    let domain = conn.domain_define_xml(&TEST_XML.replace("NAME", name)).await.unwrap();
    until(&mut watch, "its definition", is(State::Shutoff)).await;
    domain.create().await.unwrap();
    until(&mut watch, "its start", is(State::Running)).await;
    domain.suspend().await.unwrap();
    until(&mut watch, "its pause", |change| match change {
        Change::Changed { entry, before } if entry.object.name() == name => {
            before.state == State::Running && entry.state == State::Paused
        }
        _ => false,
    })
    .await;
    domain.destroy().await.unwrap();
    until(&mut watch, "its end", is(State::Shutoff)).await;
    let renamed = "watch-renamed";
    domain.rename(renamed).await.unwrap();
    until(
        &mut watch,
        "its name",
        |change| matches!(change, Change::Changed { entry, .. } if entry.object.name() == renamed),
    )
    .await;
    domain.undefine().await.unwrap();
    until(
        &mut watch,
        "that it is gone",
        |change| matches!(change, Change::Gone(entry) if entry.object.name() == renamed),
    )
    .await;
    conn.close().await;
    let error = watch.next().await.unwrap().unwrap_err();
    assert!(error.is_closed(), "{error}");
    assert!(watch.next().await.is_none());
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
