//! Descriptors that nobody closes. The only test of its program, since it counts what the whole
//! process has open.

#![allow(missing_docs, clippy::expect_used, clippy::panic, clippy::unwrap_used)]

use std::fs::{self, File};
use std::future::poll_fn;
use std::os::fd::OwnedFd;
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use libvirt_client::domain::{CreateFlags, Domain, FdAssociateFlags, OpenGraphicsFlags};
use libvirt_client::events::domain::Lifecycle;
use libvirt_client::types::error::ErrorCode;
use libvirt_client::{Backoff, Connect};
use rig::guest::Guest;
use rig::{Daemon, Need};
use tokio::time::{Instant, sleep};

const LIMIT: Duration = Duration::from_secs(60);
const REPETITIONS: usize = 3;

fn open_descriptors() -> Vec<String> {
    let entries = fs::read_dir("/proc/self/fd").unwrap();
    let mut open: Vec<_> = entries
        .filter_map(|entry| fs::read_link(entry.unwrap().path()).ok())
        .map(|target| target.display().to_string())
        .collect();
    open.sort();
    open
}

/// Does something several times and compares with having done it once: what the first time opens,
/// a runtime may keep.
async fn assert_closes_all(what: &str, act: impl AsyncFn()) {
    act().await;
    settle(what, None).await;
    let before = open_descriptors();
    for _ in 0..REPETITIONS {
        act().await;
    }
    settle(what, Some(&before)).await;
}

/// Waits until as many are open as there were; or, where that is not known, for a number that stays.
async fn settle(what: &str, expected: Option<&Vec<String>>) {
    let deadline = Instant::now() + LIMIT;
    let mut last = usize::MAX;
    loop {
        let open = open_descriptors();
        match expected {
            Some(expected) if open.len() <= expected.len() => return,
            None if open.len() == last => return,
            _ => {}
        }
        assert!(
            Instant::now() < deadline,
            "{what}: open before: {expected:#?}, and now: {open:#?}"
        );
        last = open.len();
        sleep(Duration::from_millis(50)).await;
    }
}

/// Begins to wait for something and thinks better of it.
async fn give_up<T>(waiting: impl Future<Output = T>) {
    let mut waiting = pin!(waiting);
    poll_fn(|cx| {
        let _whatever = waiting.as_mut().poll(cx);
        Poll::Ready(())
    })
    .await;
}

async fn opening(daemon: &Daemon) {
    let uri = &daemon.uri();
    assert_closes_all("a connection that is closed", async || {
        Connect::open(uri).await.unwrap().close().await;
    })
    .await;
    assert_closes_all("a connection that is dropped", async || {
        let conn = Connect::open(uri).await.unwrap();
        let _events = conn.subscribe::<Lifecycle>(None).await.unwrap();
    })
    .await;
    assert_closes_all("an opening that is given up", async || {
        give_up(Connect::open(uri)).await;
    })
    .await;
    assert_closes_all("an opening that expires", async || {
        let builder = Connect::builder(uri).open_timeout(Some(Duration::from_micros(1)));
        drop(builder.open().await);
    })
    .await;
    assert_closes_all("an opening that fails", async || {
        Connect::open("qemu+unix:///system?socket=/none").await.unwrap_err();
        let refused = Connect::open(&format!("no-such-driver{}", &uri["qemu".len()..])).await;
        assert_eq!(refused.unwrap_err().code(), Some(ErrorCode::NoConnect));
    })
    .await;
    assert_closes_all("a connection that is opened again", async || {
        let host = Connect::builder(uri).reconnecting(Backoff::default()).unwrap();
        let conn = host.connect().await.unwrap();
        conn.close().await;
        conn.hostname().await.unwrap_err();
        let again = host.query(|conn| async move { conn.hostname().await });
        again.await.unwrap();
        host.close().await;
    })
    .await;
}

async fn descriptors(daemon: &Daemon, conn: &Connect, domain: &Domain) {
    let flags = OpenGraphicsFlags::empty();
    assert_closes_all("a socket that is dropped", async || {
        domain.open_graphics_fd(0, flags).await.unwrap();
    })
    .await;
    assert_closes_all("a socket that nobody waits for", async || {
        give_up(domain.open_graphics_fd(0, flags)).await;
        // Behind it on the wire.
        conn.hostname().await.unwrap();
    })
    .await;
    let path = daemon.scratch().join("given");
    File::create(&path).unwrap();
    let file = || OwnedFd::from(File::open(&path).unwrap());
    let associate = FdAssociateFlags::empty();
    assert_closes_all("files that are given away", async || {
        let conn = conn.reopen().await.unwrap();
        let domain = domain.via(&conn);
        let given = domain.fd_associate("given", vec![file(), file()], associate);
        given.await.unwrap();
    })
    .await;
    assert_closes_all("files that are refused", async || {
        let refused = domain.create_with_files(vec![file(), file()], CreateFlags::empty());
        assert!(refused.await.unwrap_err().is_unsupported());
    })
    .await;
    assert_closes_all("files for a call that is given up", async || {
        give_up(domain.create_with_files(vec![file(), file()], CreateFlags::empty())).await;
        conn.hostname().await.unwrap();
    })
    .await;
    assert_closes_all("files for a connection that is closed", async || {
        let conn = conn.reopen().await.unwrap();
        conn.close().await;
        let domain = domain.via(&conn);
        let given = domain.fd_associate("given", vec![file()], associate);
        assert!(given.await.unwrap_err().is_closed());
    })
    .await;
}

#[cfg(feature = "ssh")]
async fn programs() {
    assert_closes_all("a program that ends", async || {
        let uri = "qemu+ext:///system?command=/bin/false";
        Connect::open(uri).await.unwrap_err();
    })
    .await;
    assert_closes_all("a program that is given up", async || {
        give_up(Connect::open("qemu+ext:///system?command=/bin/cat")).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_stays_open() {
    if !rig::available(&[Need::Daemon, Need::Virsh, Need::Qemu, Need::Guest]).unwrap() {
        return;
    }
    let daemon = rig::shared::qemu().unwrap();
    opening(daemon).await;
    #[cfg(feature = "ssh")]
    programs().await;

    let conn = Connect::open(&daemon.uri()).await.unwrap();
    let xml = Guest::new("descriptors-counted").graphics().xml().unwrap();
    let flags = CreateFlags::PAUSED | CreateFlags::AUTODESTROY;
    let domain = conn.domain_create_xml(&xml, flags).await.unwrap();
    descriptors(daemon, &conn, &domain).await;
    domain.destroy().await.unwrap();
}
