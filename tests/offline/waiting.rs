//! Waiting to be sent, and deadlines while the peer never pauses.

use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake};
use std::time::Duration;

use libvirt_client::{Connect, Error, Waiting};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt, DuplexStream, ReadBuf};
use tokio::time::Instant;

use crate::peer::{Listener, Peer, event, ping, string, words};
use crate::streams::stream;

/// Returns the bytes that a daemon that does not read has not taken when nothing more can be sent: a
/// call, or a stream's data, of which a part may have been sent.
#[track_caller]
fn unsent(error: &Error, of_stream: bool) -> usize {
    let Error::Timeout { waiting, .. } = error else {
        panic!("{error:?}")
    };
    let (unsent, rest) = match waiting {
        Waiting::Room { unsent_bytes } if !of_stream => (*unsent_bytes, " sent before"),
        Waiting::Data { unsent_bytes } if of_stream => (*unsent_bytes, ""),
        other => panic!("{other:?}"),
    };
    let text = error.to_string();
    assert!(text.contains(&format!("has not taken {unsent} bytes{rest}")), "{text}");
    assert_eq!(error.is_transient(), !of_stream);
    assert_eq!(error.is_outcome_unknown(), of_stream);
    unsent
}

#[tokio::test(start_paused = true)]
async fn waiting_for_room_ends_at_the_deadline() {
    let listener = Listener::new();
    let (conn, _peer) = listener.open().await;
    let hasty = conn.with_timeout(Duration::from_secs(2));
    let name = "x".repeat(3 << 20);
    let begin = Instant::now();
    let (large, small) = tokio::join!(hasty.domain_lookup_by_name(&name), hasty.hostname());
    assert!(matches!(large, Err(Error::Timeout { waiting: Waiting::Reply { .. }, .. })));
    assert!(unsent(&small.unwrap_err(), false) > 1 << 20);
    assert_eq!(begin.elapsed(), Duration::from_secs(2));
}

#[tokio::test(start_paused = true)]
async fn a_stream_whose_data_the_daemon_does_not_take_fails_at_the_deadline() {
    let listener = Listener::new();
    let (conn, mut peer) = listener.open().await;
    let hasty = conn.with_timeout(Duration::from_secs(2));
    let (mut stream, call) = stream(&hasty, &mut peer, true).await;
    let data = vec![7; 9 << 20];
    let error = stream.write_all(&data).await.unwrap_err();
    assert!(unsent(&error, true) > 0);
    let error = stream.write_hole(5).await.unwrap_err();
    assert!(unsent(&error, true) > 0);
    let error = AsyncWriteExt::write_all(&mut stream, &data).await.unwrap_err();
    assert!(error.to_string().contains("has not taken"), "{error}");

    // A daemon that takes a little now and then is only slow.
    let taking = async {
        loop {
            tokio::time::sleep(Duration::from_secs(1)).await;
            // The kernel says that there is room when most of what it holds was taken.
            for _ in 0..5 {
                assert_eq!(peer.take().await.serial, call.serial);
            }
        }
    };
    tokio::select! {
        sent = stream.write_all(&data) => sent.unwrap(),
        () = taking => {}
    }
}

/// A peer that always has something to read, so that its reader never waits.
struct Endless {
    socket: DuplexStream,
    message: Vec<u8>,
    /// The bytes of the message that were already read.
    sent: usize,
    has_begun: Arc<AtomicBool>,
}

impl AsyncRead for Endless {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if !self.has_begun.load(Ordering::Relaxed) {
            return Pin::new(&mut self.socket).poll_read(cx, buf);
        }
        while buf.remaining() > 0 {
            let rest = &self.message[self.sent..];
            let piece = &rest[..rest.len().min(buf.remaining())];
            buf.put_slice(piece);
            self.sent = (self.sent + piece.len()) % self.message.len();
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Endless {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        data: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.socket).poll_write(cx, data)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_shutdown(cx)
    }
}

#[tokio::test]
async fn deadlines_pass_although_the_peer_never_pauses() {
    for message in [ping(), event()] {
        let (ours, theirs) = tokio::io::duplex(1 << 20);
        let begin = Arc::default();
        let stream = Endless {
            socket: ours,
            message: message.bytes(),
            sent: 0,
            has_begun: Arc::clone(&begin),
        };
        let mut peer = Peer::new(theirs);
        let opening = Connect::builder("qemu:///system").open_over(stream);
        let (conn, ()) = tokio::join!(opening, peer.greet());
        let conn = conn.unwrap();
        begin.store(true, Ordering::Relaxed);
        let hasty = conn.with_timeout(Duration::from_millis(50));
        let error = hasty.hostname().await.unwrap_err();
        assert!(matches!(error, Error::Timeout { .. }), "{error:?}");
        conn.close().await;
    }
}

/// A stream that takes nothing up to some time, and nothing at the first attempt after it either.
struct Reluctant {
    socket: DuplexStream,
    until: Arc<Mutex<Instant>>,
    refused: bool,
}

impl AsyncRead for Reluctant {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_read(cx, buf)
    }
}

impl AsyncWrite for Reluctant {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        data: &[u8],
    ) -> Poll<io::Result<usize>> {
        if Instant::now() < *self.until.lock().unwrap() {
            self.refused = false;
            return Poll::Pending;
        }
        if !self.refused {
            self.refused = true;
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        Pin::new(&mut self.socket).poll_write(cx, data)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_shutdown(cx)
    }
}

#[tokio::test(start_paused = true)]
async fn whoever_waits_for_room_is_told_also_of_what_the_timer_sent() {
    let (socket, theirs) = tokio::io::duplex(1 << 20);
    let until = Arc::new(Mutex::new(Instant::now()));
    let stream = Reluctant { socket, until: Arc::clone(&until), refused: false };
    let mut peer = Peer::new(theirs);
    let opening = Connect::builder("qemu:///system")
        .keepalive(Duration::from_secs(3), 1000)
        .call_timeout(None)
        .open_over(stream);
    let (conn, ()) = tokio::join!(opening, peer.greet());
    let conn = conn.unwrap();
    let (mut console, _) = crate::streams::stream(&conn, &mut peer, false).await;
    // Only the timer of keepalive wakes the driver task then.
    *until.lock().unwrap() = Instant::now() + Duration::from_secs(3);
    for _ in 0..2 {
        console.write_all(b"data").await.unwrap();
    }
}

#[test]
fn calls_and_streams_work_on_any_executor() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap();
    let listener = runtime.block_on(async { Listener::new() });
    let (conn, mut peer) = runtime.block_on(listener.open());
    let mut domain = string("guest");
    domain.extend([1; 16]);
    domain.extend(words(&[3]));
    let hasty = conn.with_timeout(Duration::from_millis(200));
    let (guest, opened) = runtime.block_on(async {
        let (guest, ()) = tokio::join!(hasty.domain_lookup_by_name("guest"), async {
            let call = peer.take().await;
            peer.reply(&call, &domain).await;
        });
        let mut streams = Vec::new();
        for _ in 0..3 {
            streams.push(stream(&hasty, &mut peer, false).await);
        }
        (guest.unwrap(), streams)
    });
    let [finished, aborted, mut written]: [_; 3] = opened
        .into_iter()
        .map(|(stream, _)| stream)
        .collect::<Vec<_>>()
        .try_into()
        .unwrap();

    // No runtime is entered from here on.
    let timed_out = |error: Error| assert!(matches!(error, Error::Timeout { .. }), "{error:?}");
    timed_out(block_on(hasty.hostname()).unwrap_err());
    timed_out(block_on(guest.time()).unwrap_err());
    timed_out(block_on(finished.finish()).unwrap_err());
    timed_out(block_on(aborted.abort()).unwrap_err());
    timed_out(block_on(written.write_all(&vec![0; 9 << 20])).unwrap_err());
    timed_out(block_on(hasty.hostname()).unwrap_err());
    drop(runtime);
}

/// A minimal executor.
fn block_on<T>(future: impl Future<Output = T>) -> T {
    struct Unpark(std::thread::Thread);
    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    let waker = Arc::new(Unpark(std::thread::current())).into();
    let mut cx = Context::from_waker(&waker);
    let mut future = std::pin::pin!(future);
    loop {
        if let Poll::Ready(value) = future.as_mut().poll(&mut cx) {
            return value;
        }
        std::thread::park();
    }
}
