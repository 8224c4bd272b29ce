//! Calls from outside the runtime that opened the connection.

use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::Duration;

use libvirt_client::events::EventError;
use libvirt_client::events::domain::Lifecycle;
use libvirt_client::protocol::{Request as _, remote};
use libvirt_client::{Backoff, CloseReason, Connect, ConnectionStatus, Error, Reconnect};
use tokio::runtime::{Builder, Handle, Runtime};

use crate::events::{register, started};
use crate::peer::{Listener, string, words};

/// A minimal executor on this thread.
fn block_on<T>(future: impl Future<Output = T>) -> T {
    struct Unpark(Thread);
    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    assert!(Handle::try_current().is_err());
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut future = pin!(future);
    loop {
        match future.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(value) => return value,
            Poll::Pending => thread::park(),
        }
    }
}

fn runtime() -> Runtime {
    let mut builder = Builder::new_multi_thread();
    builder.worker_threads(1).enable_all().build().unwrap()
}

fn keep_open(runtime: &Runtime, uri: &str, timeout: Duration) -> Reconnect {
    let _context = runtime.enter();
    let soon = Duration::from_millis(1);
    Connect::builder(uri)
        .keepalive(Duration::ZERO, 0)
        .open_timeout(Some(timeout))
        .reconnecting(Backoff::new(soon, soon))
        .unwrap()
}

const LONG: Duration = Duration::from_secs(60);

#[test]
fn a_kept_connection_serves_any_executor() {
    let runtime = runtime();
    let listener = runtime.block_on(async { Listener::new() });
    let host = keep_open(&runtime, &listener.uri(), LONG);
    let daemon = runtime.spawn(async move {
        let mut peer = listener.accept().await;
        peer.greet().await;
        let call = peer.take().await;
        peer.reply(&call, &string("host")).await;
        register(&mut peer, 5).await;
        peer.send(&started(5, "before")).await;
        drop(peer);
        let mut peer = listener.accept().await;
        peer.greet().await;
        register(&mut peer, 9).await;
        peer.send(&started(9, "behind")).await;
        (listener, peer)
    });
    block_on(async {
        host.connect().await.unwrap();
        let name = host.query(|conn| async move { conn.hostname().await });
        assert_eq!(name.await.unwrap(), "host");
        let subscribe = |conn: Connect| async move { conn.subscribe::<Lifecycle>(None).await };
        let mut events = host.subscribe(subscribe).await.unwrap();
        let event = events.next().await.unwrap().unwrap();
        assert_eq!(event.domain.name(), "before");
        let gap = events.next().await;
        assert!(matches!(gap, Some(Err(EventError::Gap(CloseReason::Eof)))), "{gap:?}");
        let event = events.next().await.unwrap().unwrap();
        assert_eq!(event.domain.name(), "behind");
    });
    runtime.block_on(daemon).unwrap();
    block_on(host.close());
}

#[test]
fn a_watch_that_pauses_ends_with_the_runtime() {
    let runtime = runtime();
    let listener = runtime.block_on(async { Listener::new() });
    let (conn, mut peer) = runtime.block_on(listener.open());
    runtime.spawn(async move {
        while let Some(call) = peer.try_take().await {
            if call.procedure == remote::ConnectListAllSecrets::INFO.number {
                peer.send(&call.error(1, 10, "broken")).await;
            } else {
                peer.reply(&call, &words(&[1])).await;
            }
        }
    });
    let mut watch = conn.watch_secrets();
    let error = block_on(watch.next()).unwrap().unwrap_err();
    assert!(error.code().is_some(), "{error:?}");
    let waiting = thread::spawn(move || block_on(watch.next()));
    drop(runtime);
    let error = waiting.join().unwrap().unwrap().unwrap_err();
    assert!(matches!(error, Error::Closed(CloseReason::RuntimeGone)), "{error:?}");
}

#[test]
fn waiting_in_vain_ends_on_any_executor() {
    let runtime = runtime();
    let dir = tempfile::tempdir().unwrap();
    let uri = format!("qemu+unix:///system?socket={}/none", dir.path().display());
    let host = keep_open(&runtime, &uri, Duration::from_millis(50));
    let error = block_on(host.connect()).unwrap_err();
    assert!(matches!(error, Error::NotConnected(_) | Error::Timeout { .. }), "{error:?}");
}

#[test]
fn a_runtime_that_is_gone_keeps_nothing_open() {
    let runtime = runtime();
    let dir = tempfile::tempdir().unwrap();
    let uri = format!("qemu+unix:///system?socket={}/none", dir.path().display());
    let host = keep_open(&runtime, &uri, LONG);
    let waiting = thread::spawn({
        let host = host.clone();
        move || block_on(host.connect())
    });
    drop(runtime);
    for result in [waiting.join().unwrap(), block_on(host.connect())] {
        let Error::NotConnected(reason) = result.unwrap_err() else {
            panic!("there is a connection")
        };
        assert!(matches!(*reason, Error::Closed(CloseReason::RuntimeGone)), "{reason:?}");
    }
}

#[test]
fn a_runtime_that_is_gone_leaves_no_connection() {
    let runtime = runtime();
    let listener = runtime.block_on(async { Listener::new() });
    let host = keep_open(&runtime, &listener.uri(), LONG);
    let (conn, peer) = runtime.block_on(async {
        let opening = async {
            let mut peer = listener.accept().await;
            peer.greet().await;
            peer
        };
        tokio::join!(host.connect(), opening)
    });
    assert!(conn.is_ok());
    assert!(matches!(host.status(), ConnectionStatus::Connected(_)));
    drop((runtime, peer));
    let ConnectionStatus::Ended(reason) = host.status() else {
        panic!("{:?}", host.status())
    };
    assert!(matches!(*reason, Error::Closed(CloseReason::RuntimeGone)), "{reason:?}");
}
