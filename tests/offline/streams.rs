//! Streams against a peer that does what no daemon does.

use std::time::Duration;

use libvirt_client::domain::ConsoleFlags;
use libvirt_client::protocol::remote;
use libvirt_client::{Chunk, CloseReason, Connect, Error, ProtocolError, Stream};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::time::timeout;

use crate::peer::{CONTINUE, ERROR, HOLE, Listener, Message, OK, Peer, STREAM, string, words};

const OPEN_CONSOLE: u32 = 201;

fn console_args() -> remote::DomainOpenConsole<'static> {
    remote::DomainOpenConsole {
        dom: remote::NonnullDomain { name: "guest".into(), uuid: uuid::Uuid::nil(), id: 1 },
        dev_name: None,
        flags: ConsoleFlags::empty(),
    }
}

pub async fn open_console(conn: &Connect, sparse: bool) -> Result<Stream, Error> {
    let raw = conn.raw();
    let args = console_args();
    let opened = raw.open_stream(args, sparse);
    opened.await.map(|(_, stream)| stream)
}

/// An open stream, and the call that opened it.
pub async fn stream<S: AsyncRead + AsyncWrite + Unpin>(
    conn: &Connect,
    peer: &mut Peer<S>,
    sparse: bool,
) -> (Stream, Message) {
    let (stream, call) = tokio::join!(open_console(conn, sparse), async {
        let call = peer.take().await;
        assert_eq!(call.procedure, OPEN_CONSOLE);
        peer.reply(&call, &[]).await;
        call
    });
    (stream.unwrap(), call)
}

pub fn packet(call: &Message, status: u32, payload: &[u8]) -> Message {
    Message {
        kind: STREAM,
        status,
        payload: payload.to_vec(),
        ..call.clone()
    }
}

pub fn failure(call: &Message, text: &str) -> Message {
    Message { kind: STREAM, ..call.error(38, 38, text) }
}

pub fn hole(call: &Message, length: i64) -> Message {
    let length = length as u64;
    let payload = words(&[(length >> 32) as u32, length as u32, 0]);
    Message { kind: HOLE, ..packet(call, CONTINUE, &payload) }
}

/// Takes the client's end of a stream, and confirms it.
pub async fn confirm(peer: &mut Peer, call: &Message, status: u32) {
    assert_eq!(peer.take().await, packet(call, status, &[]));
    peer.send(&packet(call, OK, &[])).await;
}

#[tokio::test]
async fn data_is_read_to_its_end_and_the_finish_is_confirmed() {
    let listener = Listener::new();
    let (conn, mut peer) = listener.open().await;
    let (mut stream, call) = stream(&conn, &mut peer, false).await;
    for piece in [&b"hello "[..], b"world", b""] {
        peer.send(&packet(&call, CONTINUE, piece)).await;
    }
    let mut text = String::new();
    stream.read_to_string(&mut text).await.unwrap();
    assert_eq!(text, "hello world");
    let (finished, ()) = tokio::join!(stream.finish(), confirm(&mut peer, &call, OK));
    finished.unwrap();
}

#[tokio::test]
async fn data_ahead_of_the_reply_is_not_lost() {
    let listener = Listener::new();
    let (conn, mut peer) = listener.open().await;
    let (stream, ()) = tokio::join!(open_console(&conn, false), async {
        let call = peer.take().await;
        peer.send(&packet(&call, CONTINUE, b"early")).await;
        peer.reply(&call, &[]).await;
        peer.send(&packet(&call, CONTINUE, b"late")).await;
    });
    let mut stream = stream.unwrap();
    for expected in [&b"early"[..], b"late"] {
        let chunk = stream.read_chunk().await.unwrap();
        assert_eq!(chunk, Some(Chunk::Data(expected.into())));
    }
}

#[tokio::test]
async fn a_call_that_fails_opens_no_stream() {
    let listener = Listener::new();
    let (conn, mut peer) = listener.open().await;
    let (stream, ()) = tokio::join!(open_console(&conn, false), async {
        let call = peer.take().await;
        peer.send(&call.error(55, 20, "not running")).await;
    });
    let error = stream.unwrap_err();
    assert_eq!(error.to_string(), "virDomainOpenConsole: not running");
}

#[tokio::test]
async fn writes_go_out_in_order_and_an_empty_one_not_at_all() {
    let listener = Listener::new();
    let (conn, mut peer) = listener.open().await;
    let (mut stream, call) = stream(&conn, &mut peer, false).await;
    stream.write_all(b"one").await.unwrap();
    stream.write_all(b"").await.unwrap();
    assert_eq!(stream.write(b"").await.unwrap(), 0);
    stream.write_all(b"two").await.unwrap();
    assert_eq!(peer.take().await, packet(&call, CONTINUE, b"one"));
    assert_eq!(peer.take().await, packet(&call, CONTINUE, b"two"));
    let (shut_down, ()) = tokio::join!(stream.shutdown(), confirm(&mut peer, &call, OK));
    shut_down.unwrap();
    let error = stream.write_all(b"three").await.unwrap_err();
    assert!(error.to_string().contains("closed"), "{error}");
}

#[tokio::test]
async fn large_writes_are_whole_whatever_the_socket_takes_at_a_time() {
    const CALLS: u32 = 5;
    let listener = Listener::new();
    let (conn, mut peer) = listener.open().await;
    let (mut stream, _call) = stream(&conn, &mut peer, false).await;
    let data: Vec<u8> = (0..9_000_001_u32).map(|number| (number % 251) as u8).collect();
    let sending = async {
        stream.write_all(&data).await.unwrap();
        stream
    };
    let receiving = async {
        let mut received = Vec::new();
        let mut calls = 0;
        while received.len() < data.len() || calls < CALLS {
            let packet = peer.take().await;
            if packet.kind == STREAM {
                received.extend(packet.payload);
            } else {
                // A call in between takes its turn.
                peer.reply(&packet, &string("host")).await;
                calls += 1;
            }
        }
        received
    };
    let calling = async {
        for _ in 0..CALLS {
            assert_eq!(conn.hostname().await.unwrap(), "host");
        }
    };
    let (_stream, received, ()) = tokio::join!(sending, receiving, calling);
    assert!(received == data, "the data was changed on the way");
}

#[tokio::test]
async fn an_error_of_the_daemon_reaches_both_halves_and_stays() {
    let listener = Listener::new();
    let (conn, mut peer) = listener.open().await;
    let (stream, call) = stream(&conn, &mut peer, false).await;
    let (mut reader, mut writer) = stream.into_split();
    peer.send(&packet(&call, CONTINUE, b"some")).await;
    peer.send(&failure(&call, "disk full")).await;
    let chunk = reader.read_chunk().await.unwrap();
    assert_eq!(chunk, Some(Chunk::Data(b"some"[..].into())));
    for _ in 0..2 {
        let error = reader.read_chunk().await.unwrap_err();
        assert_eq!(error.to_string(), "virDomainOpenConsole: disk full");
        let error = writer.write_all(b"more").await.unwrap_err();
        assert_eq!(error.to_string(), "virDomainOpenConsole: disk full");
    }
    let error = writer.finish().await.unwrap_err();
    assert_eq!(error.to_string(), "virDomainOpenConsole: disk full");
    drop(reader);
    // No further message is sent on a stream that the daemon has forgotten.
    let (name, ()) = tokio::join!(conn.hostname(), async {
        let next = peer.take().await;
        assert_eq!(next.kind, crate::peer::CALL);
        peer.reply(&next, &string("host")).await;
    });
    assert_eq!(name.unwrap(), "host");
}

#[tokio::test]
async fn an_error_at_the_finish_is_the_finishs() {
    let listener = Listener::new();
    let (conn, mut peer) = listener.open().await;
    let (mut stream, call) = stream(&conn, &mut peer, false).await;
    stream.write_all(b"data").await.unwrap();
    let (finished, ()) = tokio::join!(stream.finish(), async {
        assert_eq!(peer.take().await, packet(&call, CONTINUE, b"data"));
        assert_eq!(peer.take().await, packet(&call, OK, &[]));
        peer.send(&failure(&call, "write-back failed")).await;
    });
    assert_eq!(finished.unwrap_err().to_string(), "virDomainOpenConsole: write-back failed");
}

#[tokio::test(start_paused = true)]
async fn an_end_that_is_never_confirmed_has_the_deadline_of_calls() {
    let listener = Listener::new();
    let (conn, mut peer) = listener.open().await;
    let conn = conn.with_timeout(Duration::from_secs(7));
    let (mut one, _) = stream(&conn, &mut peer, false).await;
    let (other, _) = stream(&conn, &mut peer, false).await;
    let limit = Duration::from_secs(8);
    let shut = timeout(limit, one.shutdown()).await.unwrap().unwrap_err();
    let finished = timeout(limit, other.finish()).await.unwrap().unwrap_err();
    for text in [shut.to_string(), finished.to_string()] {
        assert!(text.starts_with("virDomainOpenConsole ") && text.contains("7s"), "{text}");
    }
}

#[tokio::test]
async fn data_that_was_not_read_does_not_hold_up_the_finish() {
    let listener = Listener::new();
    let (conn, mut peer) = listener.open().await;
    let (stream, call) = stream(&conn, &mut peer, false).await;
    let (finished, ()) = tokio::join!(stream.finish(), async {
        assert_eq!(peer.take().await, packet(&call, OK, &[]));
        peer.send(&packet(&call, CONTINUE, b"unread")).await;
        peer.send(&packet(&call, CONTINUE, b"")).await;
        peer.send(&packet(&call, OK, &[])).await;
    });
    finished.unwrap();
}

#[tokio::test]
async fn a_dropped_stream_is_aborted() {
    let listener = Listener::new();
    let (conn, mut peer) = listener.open().await;
    let (dropped, call) = stream(&conn, &mut peer, false).await;
    drop(dropped);
    assert_eq!(peer.take().await, packet(&call, ERROR, &[]));
    // Data in flight is discarded, and the confirmation frees the serial.
    peer.send(&packet(&call, CONTINUE, b"late")).await;
    peer.send(&packet(&call, OK, &[])).await;
    let (next, next_call) = stream(&conn, &mut peer, false).await;
    assert_ne!(next_call.serial, call.serial);
    let (aborted, ()) = tokio::join!(next.abort(), confirm(&mut peer, &next_call, ERROR));
    aborted.unwrap();
}

#[tokio::test]
async fn a_stream_that_was_read_to_its_end_is_finished_when_dropped() {
    let listener = Listener::new();
    let (conn, mut peer) = listener.open().await;
    let (mut stream, call) = stream(&conn, &mut peer, false).await;
    peer.send(&packet(&call, CONTINUE, b"")).await;
    assert_eq!(stream.read_chunk().await.unwrap(), None);
    drop(stream);
    assert_eq!(peer.take().await, packet(&call, OK, &[]));
}

#[tokio::test]
async fn a_stream_whose_opening_was_cancelled_is_aborted() {
    let listener = Listener::new();
    let (conn, mut peer) = listener.open().await;
    let call = tokio::select! {
        stream = open_console(&conn, false) => panic!("{stream:?}"),
        call = peer.take() => call,
    };
    peer.send(&packet(&call, CONTINUE, b"data")).await;
    peer.reply(&call, &[]).await;
    assert_eq!(peer.take().await, packet(&call, ERROR, &[]));
}

#[tokio::test]
async fn holes_are_holes_to_those_who_ask_and_zeros_to_readers() {
    let listener = Listener::new();
    let (conn, mut peer) = listener.open().await;
    let (mut stream, call) = stream(&conn, &mut peer, true).await;
    for message in [
        packet(&call, CONTINUE, b"a"),
        hole(&call, 1 << 40),
        packet(&call, CONTINUE, b"b"),
        hole(&call, 5),
        packet(&call, CONTINUE, b"c"),
        packet(&call, CONTINUE, b""),
    ] {
        peer.send(&message).await;
    }
    let data = |bytes: &'static [u8]| Some(Chunk::Data(bytes.into()));
    assert_eq!(stream.read_chunk().await.unwrap(), data(b"a"));
    assert_eq!(stream.read_chunk().await.unwrap(), Some(Chunk::Hole(1 << 40)));
    let mut rest = Vec::new();
    stream.read_to_end(&mut rest).await.unwrap();
    assert_eq!(rest, b"b\0\0\0\0\0c");

    stream.write_hole(1 << 33).await.unwrap();
    assert_eq!(peer.take().await, hole(&call, 1 << 33));
    assert!(stream.write_hole(0).await.is_err());
    assert!(stream.write_hole(u64::MAX).await.is_err());
}

#[tokio::test]
async fn a_hole_is_not_sent_where_it_would_cost_the_connection() {
    let listener = Listener::new();
    let (conn, mut peer) = listener.open().await;
    let (mut stream, call) = stream(&conn, &mut peer, false).await;
    let error = stream.write_hole(5).await.unwrap_err();
    assert!(matches!(error, Error::InvalidArgument { .. }), "{error:?}");
    stream.write_all(b"data").await.unwrap();
    assert_eq!(peer.take().await, packet(&call, CONTINUE, b"data"));
}

#[tokio::test]
async fn a_write_that_is_given_up_leaves_no_half_packet() {
    let listener = Listener::new();
    let (conn, mut peer) = listener.open().await;
    let (mut stream, call) = stream(&conn, &mut peer, false).await;
    // More than the socket takes of a peer that does not read.
    let data = vec![9; 3 << 20];
    tokio::select! {
        biased;
        written = stream.write_all(&data) => panic!("{written:?}"),
        () = tokio::task::yield_now() => {}
    }
    drop(stream);
    let (name, ()) = tokio::join!(conn.hostname(), async {
        let mut received = 0;
        loop {
            let message = peer.take().await;
            if message.kind == crate::peer::CALL {
                peer.reply(&message, &string("host")).await;
                break;
            }
            assert_eq!(message.serial, call.serial);
            assert!(message.payload.iter().all(|byte| *byte == 9));
            received += message.payload.len();
        }
        assert!(0 < received && received < data.len());
    });
    assert_eq!(name.unwrap(), "host");
}

#[tokio::test]
async fn a_hole_that_was_not_asked_for_fails_the_stream_only() {
    for (sparse, length) in [(false, 5), (true, 0), (true, -1)] {
        let listener = Listener::new();
        let (conn, mut peer) = listener.open().await;
        let (mut stream, call) = stream(&conn, &mut peer, sparse).await;
        peer.send(&hole(&call, length)).await;
        let error = stream.read_chunk().await.unwrap_err();
        let Error::Protocol(ProtocolError::InvalidReply { .. }) = error else {
            panic!("{error:?}");
        };
        drop(stream);
        assert_eq!(peer.take().await, packet(&call, ERROR, &[]));
        assert!(conn.is_alive());
    }
}

#[tokio::test]
async fn the_end_of_the_connection_comes_after_what_had_come() {
    let listener = Listener::new();
    let (conn, mut peer) = listener.open().await;
    let (mut stream, call) = stream(&conn, &mut peer, false).await;
    peer.send(&packet(&call, CONTINUE, b"last")).await;
    drop(peer);
    conn.closed().await;
    assert_eq!(stream.read_u32().await.unwrap(), u32::from_be_bytes(*b"last"));
    let error = stream.read_chunk().await.unwrap_err();
    assert!(matches!(error, Error::Closed(CloseReason::Eof)), "{error:?}");
    let error = stream.write_all(b"x").await.unwrap_err();
    assert!(matches!(error, Error::Closed(CloseReason::Eof)), "{error:?}");
}

#[tokio::test]
async fn a_slow_reader_stops_the_daemon_and_loses_nothing() {
    const PACKETS: usize = 200;
    let listener = Listener::new();
    let (conn, mut peer) = listener.open().await;
    let (mut stream, call) = stream(&conn, &mut peer, false).await;
    let sent = std::sync::Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let counter = std::sync::Arc::clone(&sent);
    let daemon = tokio::spawn(async move {
        for number in 0..PACKETS {
            peer.send(&packet(&call, CONTINUE, &vec![number as u8; 250_000])).await;
            counter.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        }
        peer.send(&packet(&call, CONTINUE, &[])).await;
        confirm(&mut peer, &call, OK).await;
        peer
    });
    // Until nothing moves any more.
    let mut before = usize::MAX;
    while before != sent.load(std::sync::atomic::Ordering::Relaxed) {
        before = sent.load(std::sync::atomic::Ordering::Relaxed);
        for _ in 0..1000 {
            tokio::task::yield_now().await;
        }
    }
    // What the budget and the sockets' buffers hold, of fifty megabytes.
    assert!((16..80).contains(&before), "{before} packets were taken off the socket");

    for number in 0..PACKETS {
        let mut packet = vec![0; 250_000];
        stream.read_exact(&mut packet).await.unwrap();
        assert!(packet.iter().all(|byte| *byte == number as u8), "packet {number}");
    }
    assert_eq!(stream.read_chunk().await.unwrap(), None);
    stream.finish().await.unwrap();
    daemon.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_waits_for_a_reader_gives_signs_of_life() {
    let listener = Listener::new();
    let (conn, mut peer) =
        listener.open_with(|builder| builder.keepalive(Duration::from_secs(3), 2)).await;
    let (mut stream, call) = stream(&conn, &mut peer, false).await;
    let flood = packet(&call, CONTINUE, &vec![0; 9_000_000]).bytes();
    peer.send_bytes(&flood).await;
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert!(conn.is_alive());
    for _ in 0..15 {
        assert_eq!(peer.take().await.program, crate::peer::KEEPALIVE);
    }
    let Some(Chunk::Data(data)) = stream.read_chunk().await.unwrap() else {
        panic!("no data");
    };
    assert_eq!(data.len(), 9_000_000);
    // Now it listens again, and finds the peer silent.
    assert!(matches!(conn.closed().await, CloseReason::Keepalive(_)));
}

#[tokio::test(start_paused = true)]
async fn an_abort_that_the_daemon_does_not_confirm_ends_at_the_deadline() {
    let listener = Listener::new();
    let (conn, mut peer) = listener.open().await;
    let hasty = conn.with_timeout(Duration::from_secs(5));
    let (stream, call) = stream(&hasty, &mut peer, false).await;
    let (aborted, abort) = tokio::join!(stream.abort(), peer.take());
    assert_eq!(abort, packet(&call, ERROR, &[]));
    assert!(matches!(aborted, Err(Error::Timeout { .. })), "{aborted:?}");
    assert!(conn.is_alive());
}

#[tokio::test]
async fn a_half_that_waits_for_data_does_not_outlast_the_finish_of_the_other() {
    let listener = Listener::new();
    let (conn, mut peer) = listener.open().await;
    let (stream, call) = stream(&conn, &mut peer, false).await;
    let (mut reader, writer) = stream.into_split();
    let reading = tokio::spawn(async move {
        // Asked again, it does not take the confirmation away from the half that waits for it.
        for _ in 0..2 {
            let error = reader.read_chunk().await.unwrap_err();
            assert!(error.to_string().contains("closed"), "{error}");
        }
        reader
    });
    tokio::task::yield_now().await;
    let finishing = tokio::spawn(writer.finish());
    assert_eq!(peer.take().await, packet(&call, OK, &[]));
    let mut reader = reading.await.unwrap();
    peer.send(&packet(&call, OK, &[])).await;
    finishing.await.unwrap().unwrap();
    assert!(reader.read_chunk().await.is_err());
}

/// As when one side of `copy_bidirectional` is at its end.
#[tokio::test]
async fn a_console_that_was_shut_down_is_at_its_end() {
    let listener = Listener::new();
    let (conn, mut peer) = listener.open().await;
    let (mut console, call) = stream(&conn, &mut peer, false).await;
    let (mut user, mut terminal) = tokio::io::duplex(64);
    user.write_all(b"exit\n").await.unwrap();
    user.shutdown().await.unwrap();
    let (copied, ()) =
        tokio::join!(tokio::io::copy_bidirectional(&mut terminal, &mut console), async {
            assert_eq!(peer.take().await, packet(&call, CONTINUE, b"exit\n"));
            confirm(&mut peer, &call, OK).await;
        });
    assert_eq!(copied.unwrap(), (5, 0));
    assert_eq!(console.read(&mut [0; 8]).await.unwrap(), 0);
    console.read_chunk().await.unwrap_err();
    let error = AsyncWriteExt::write_all(&mut console, b"more").await.unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::BrokenPipe);
}
