//! Deadlines, cancellation, and limits on what is under way.

use std::time::Duration;

use libvirt_client::{Connect, Error, Waiting, domain::SaveRestoreFlags};
use tokio::io::AsyncWriteExt;
use tokio::time::Instant;

use crate::peer::{Listener, Peer, event, ping, procedure, string, words};
use crate::streams::{packet, stream};

#[tokio::test(start_paused = true)]
async fn a_call_that_times_out_leaves_the_connection_usable() {
    let listener = Listener::new();
    let (conn, mut peer) = listener.open().await;
    let hasty = conn.with_timeout(Duration::from_secs(2));
    let begin = Instant::now();
    let (result, late) = tokio::join!(hasty.hostname(), peer.take());
    let error = result.unwrap_err();
    assert_eq!(begin.elapsed(), Duration::from_secs(2));
    assert_eq!(
        error.to_string(),
        "ConnectGetHostname got no reply within 2s"
    );

    // The late reply is for nobody; the next call gets its own.
    let (name, ()) = tokio::join!(hasty.hostname(), async {
        peer.reply(&late, &string("late")).await;
        let call = peer.take().await;
        peer.reply(&call, &string("timely")).await;
    });
    assert_eq!(name.unwrap(), "timely");
}

#[tokio::test(start_paused = true)]
async fn the_default_deadline_is_the_builders() {
    let listener = Listener::new();
    let (conn, mut peer) = listener
        .open_with(|builder| {
            builder
                .keepalive(Duration::ZERO, 0)
                .call_timeout(Some(Duration::from_secs(7)))
        })
        .await;
    let begin = Instant::now();
    let (result, _call) = tokio::join!(conn.hostname(), peer.take());
    assert!(matches!(result, Err(Error::Timeout { .. })), "{result:?}");
    assert_eq!(begin.elapsed(), Duration::from_secs(7));
}

#[tokio::test(start_paused = true)]
async fn of_many_deadlines_each_is_kept() {
    let listener = Listener::new();
    let (conn, mut peer) = listener.open().await;
    let begin = Instant::now();
    let calls: Vec<_> = [9, 3, 6, 1]
        .map(|seconds| {
            let conn = conn.with_timeout(Duration::from_secs(seconds));
            tokio::spawn(async move {
                assert!(conn.hostname().await.is_err());
                (seconds, begin.elapsed().as_secs())
            })
        })
        .into();
    for _ in &calls {
        peer.take().await;
    }
    for call in calls {
        let (asked, took) = call.await.unwrap();
        assert_eq!(asked, took);
    }
}

#[tokio::test]
async fn the_reply_to_a_cancelled_call_is_discarded() {
    let listener = Listener::new();
    let (conn, mut peer) = listener.open().await;
    let cancelled = tokio::select! {
        result = conn.hostname() => panic!("{result:?}"),
        call = peer.take() => call,
    };
    let (name, ()) = tokio::join!(conn.hostname(), async {
        let call = peer.take().await;
        assert_ne!(call.serial, cancelled.serial);
        peer.reply(&cancelled, &string("cancelled")).await;
        peer.reply(&call, &string("wanted")).await;
    });
    assert_eq!(name.unwrap(), "wanted");
}

#[tokio::test]
async fn a_string_over_the_limit_is_refused_before_it_is_sent() {
    let listener = Listener::new();
    let (conn, mut peer) = listener.open().await;
    let long = "x".repeat(4_194_305);
    let error = conn.lookup_domain_by_name(&long).await.unwrap_err();
    let Error::InvalidArgument { procedure, reason } = &error else {
        panic!("{error:?}")
    };
    assert_eq!(*procedure, "DomainLookupByName");
    assert!(
        reason.contains("4194305") && reason.contains("4194304"),
        "{reason}"
    );

    let (name, ()) = tokio::join!(conn.hostname(), async {
        let call = peer.take().await;
        assert_eq!(call.procedure, procedure::CONNECT_GET_HOSTNAME);
        peer.reply(&call, &string("host")).await;
    });
    assert_eq!(name.unwrap(), "host");
}

#[tokio::test]
async fn long_calls_leave_room_for_short_ones() {
    let listener = Listener::new();
    let (conn, mut peer) = listener.open().await;
    let mut domain = string("guest");
    domain.extend([1; 16]);
    domain.extend(words(&[3]));
    let (guest, ()) = tokio::join!(conn.lookup_domain_by_name("guest"), async {
        let call = peer.take().await;
        peer.reply(&call, &domain).await;
    });
    let guest = guest.unwrap();
    let saves: Vec<_> = (0..6)
        .map(|number| {
            let guest = guest.clone();
            tokio::spawn(async move {
                let flags = SaveRestoreFlags::empty();
                guest
                    .save_flags(format!("/tmp/{number}").as_ref(), None, flags)
                    .await
            })
        })
        .collect();
    let mut taken = Vec::new();
    for _ in 0..4 {
        taken.push(peer.take().await);
    }
    // A short call passes by; were a fifth long one sent, it would come before that.
    let (name, ()) = tokio::join!(conn.hostname(), async {
        let call = peer.take().await;
        assert_eq!(call.procedure, procedure::CONNECT_GET_HOSTNAME);
        peer.reply(&call, &string("host")).await;
    });
    assert_eq!(name.unwrap(), "host");
    for _ in 0..2 {
        let oldest = taken.remove(0);
        peer.reply(&oldest, &[]).await;
        taken.push(peer.take().await);
    }
    for call in &taken {
        peer.reply(call, &[]).await;
    }
    for save in saves {
        save.await.unwrap().unwrap();
    }
}

/// What a daemon that does not read has not taken when nothing more can be sent to it.
#[track_caller]
fn unsent(error: &Error) -> usize {
    let Error::Timeout {
        waiting: Waiting::Room { unsent },
        ..
    } = error
    else {
        panic!("{error:?}")
    };
    let text = error.to_string();
    assert!(
        text.contains(&format!("has not taken {unsent} bytes sent before")),
        "{text}"
    );
    *unsent
}

#[tokio::test(start_paused = true)]
async fn waiting_for_room_ends_at_the_deadline() {
    let listener = Listener::new();
    let (conn, _peer) = listener.open().await;
    let hasty = conn.with_timeout(Duration::from_secs(2));
    let name = "x".repeat(3 << 20);
    let begin = Instant::now();
    let (large, small) = tokio::join!(hasty.lookup_domain_by_name(&name), hasty.hostname());
    assert!(matches!(
        large,
        Err(Error::Timeout {
            waiting: Waiting::Reply { .. },
            ..
        })
    ));
    assert!(unsent(&small.unwrap_err()) > 1 << 20);
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
    assert!(unsent(&error) > 0);
    let error = stream.write_hole(5).await.unwrap_err();
    assert!(unsent(&error) > 0);
    let error = AsyncWriteExt::write_all(&mut stream, &data)
        .await
        .unwrap_err();
    assert!(error.to_string().contains("has not taken"), "{error}");

    // One that takes a little now and then is slow, and that is all. The first packet of the first
    // attempt was on its way.
    let (sent, ()) = tokio::join!(stream.write_all(&data), async {
        for _ in 0..10 {
            tokio::time::sleep(Duration::from_secs(1)).await;
            let packet = peer.take().await;
            assert_eq!(packet.serial, call.serial);
        }
    });
    sent.unwrap();
}

/// A peer that always has something to read, so that its reader never has to wait.
struct Endless {
    socket: tokio::io::DuplexStream,
    message: Vec<u8>,
    has_begun: std::sync::Arc<std::sync::atomic::AtomicBool>,
}

impl tokio::io::AsyncRead for Endless {
    fn poll_read(
        mut self: std::pin::Pin<&mut Self>,
        cx: &mut std::task::Context<'_>,
        buf: &mut tokio::io::ReadBuf<'_>,
    ) -> std::task::Poll<std::io::Result<()>> {
        if !self.has_begun.load(std::sync::atomic::Ordering::Relaxed) {
            return std::pin::Pin::new(&mut self.socket).poll_read(cx, buf);
        }
        for _ in 0..100 {
            buf.put_slice(&self.message);
        }
        std::task::Poll::Ready(Ok(()))
    }
}

impl tokio::io::AsyncWrite for Endless {
    fn poll_write(
        mut self: std::pin::Pin<&mut Self>,
        cx: &mut std::task::Context<'_>,
        data: &[u8],
    ) -> std::task::Poll<std::io::Result<usize>> {
        std::pin::Pin::new(&mut self.socket).poll_write(cx, data)
    }

    fn poll_flush(
        mut self: std::pin::Pin<&mut Self>,
        cx: &mut std::task::Context<'_>,
    ) -> std::task::Poll<std::io::Result<()>> {
        std::pin::Pin::new(&mut self.socket).poll_flush(cx)
    }

    fn poll_shutdown(
        mut self: std::pin::Pin<&mut Self>,
        cx: &mut std::task::Context<'_>,
    ) -> std::task::Poll<std::io::Result<()>> {
        std::pin::Pin::new(&mut self.socket).poll_shutdown(cx)
    }
}

#[tokio::test]
async fn deadlines_pass_although_the_peer_never_pauses() {
    for message in [ping(), event()] {
        let (ours, theirs) = tokio::io::duplex(1 << 20);
        let begin = std::sync::Arc::default();
        let stream = Endless {
            socket: ours,
            message: message.bytes(),
            has_begun: std::sync::Arc::clone(&begin),
        };
        let mut peer = Peer::new(theirs);
        let opening = Connect::builder("qemu:///system").open_over(stream);
        let (conn, ()) = tokio::join!(opening, peer.greet());
        let conn = conn.unwrap();
        begin.store(true, std::sync::atomic::Ordering::Relaxed);
        let hasty = conn.with_timeout(Duration::from_millis(50));
        let error = hasty.hostname().await.unwrap_err();
        assert!(matches!(error, Error::Timeout { .. }), "{error:?}");
        conn.close().await;
    }
}

#[tokio::test(start_paused = true)]
async fn whoever_waits_for_room_is_told_also_of_what_the_timer_sent() {
    let listener = Listener::new();
    let (conn, mut peer) = listener
        .open_with(|builder| builder.keepalive(Duration::from_secs(3), 1000))
        .await;
    let (mut stream, call) = stream(&conn, &mut peer, false).await;
    // More than the socket holds, so that the rest is sent whenever the driver looks again.
    let data = vec![7; 3 << 20];
    let receiving = async {
        let mut received = 0;
        while received < data.len() {
            tokio::time::sleep(Duration::from_millis(2999)).await;
            let message = peer.take().await;
            if message.serial == call.serial && message.program == crate::peer::REMOTE {
                assert_eq!(packet(&call, message.status, &message.payload), message);
                received += message.payload.len();
            }
        }
    };
    let (sent, ()) = tokio::join!(stream.write_all(&data), receiving);
    sent.unwrap();
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
        let (guest, ()) = tokio::join!(hasty.lookup_domain_by_name("guest"), async {
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

/// The simplest of executors.
fn block_on<T>(future: impl Future<Output = T>) -> T {
    struct Unpark(std::thread::Thread);
    impl std::task::Wake for Unpark {
        fn wake(self: std::sync::Arc<Self>) {
            self.0.unpark();
        }
    }
    let waker = std::sync::Arc::new(Unpark(std::thread::current())).into();
    let mut cx = std::task::Context::from_waker(&waker);
    let mut future = std::pin::pin!(future);
    loop {
        if let std::task::Poll::Ready(value) = future.as_mut().poll(&mut cx) {
            return value;
        }
        std::thread::park();
    }
}

#[tokio::test]
async fn pings_to_a_client_whose_answers_are_not_read_cost_it_no_memory() {
    let listener = Listener::new();
    let (conn, mut peer) = listener.open().await;
    let before = resident_kib();
    let pings = ping().bytes().repeat(10_000);
    for _ in 0..75 {
        peer.send_bytes(&pings).await;
    }
    let grown = resident_kib().saturating_sub(before);
    assert!(grown < 8 * 1024, "{grown} KiB for 20 MiB of pings");
    assert!(conn.is_alive());
}

#[tokio::test]
async fn a_daemon_that_does_not_read_makes_callers_wait_and_not_hoard() {
    const CALLS: usize = 64;
    let listener = Listener::new();
    let (conn, peer) = listener.open().await;
    let name = "x".repeat(4_000_000);
    let before = resident_kib();
    let calls: Vec<_> = (0..CALLS)
        .map(|_| {
            let (conn, name) = (conn.clone(), name.clone());
            tokio::spawn(async move { conn.lookup_domain_by_name(&name).await })
        })
        .collect();
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
    // The names themselves, and what is on its way: not each call's message besides.
    let grown = resident_kib().saturating_sub(before);
    let names = (CALLS * name.len() / 1024) as u64;
    assert!(
        grown < names + 40 * 1024,
        "{grown} KiB for {names} KiB of names"
    );

    // Once it reads, nothing was lost.
    let server = tokio::spawn(peer.serve(|_| {
        let mut domain = string("guest");
        domain.extend([1; 16]);
        domain.extend(words(&[3]));
        domain
    }));
    for call in calls {
        assert_eq!(call.await.unwrap().unwrap().name(), "guest");
    }
    conn.close().await;
    server.await.unwrap();
}

fn resident_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status
        .lines()
        .find(|line| line.starts_with("VmRSS:"))
        .unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}
