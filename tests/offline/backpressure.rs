//! Streams that nobody reads, while others need the connection.

use std::time::Duration;

use libvirt_client::{Chunk, CloseReason, Connect, Error};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use tokio::time::{Instant, sleep, timeout};

use crate::peer::{CONTINUE, ERROR, Listener, Message, Peer, string};
use crate::streams::{confirm, open_console, packet, stream};

const MIB: usize = 1 << 20;

/// Sends so many packets of 1 MiB on a stream, each with its number.
async fn flood(peer: &mut Peer, call: &Message, packets: std::ops::Range<usize>) {
    for number in packets {
        let data = vec![number as u8; MIB];
        peer.send(&packet(call, CONTINUE, &data)).await;
    }
}

/// Answers the next call, even if that is delayed.
async fn answer(peer: &mut Peer) {
    loop {
        let call = peer.take().await;
        if call.program == crate::peer::REMOTE {
            return peer.reply(&call, &string("host")).await;
        }
    }
}

async fn hostname(conn: &Connect) {
    assert_eq!(conn.hostname().await.unwrap(), "host");
}

#[tokio::test(start_paused = true)]
async fn a_reader_that_does_not_move_does_not_cost_others_their_replies() {
    let listener = Listener::new();
    let (conn, mut peer) = listener.open().await;
    let (mut stream, call) = stream(&conn, &mut peer, false).await;
    let patient = conn.without_timeout();
    let begin = Instant::now();
    let ((), ()) = tokio::join!(hostnames(&patient, 6), async {
        let mut calls = Vec::new();
        for _ in 0..6 {
            calls.push(peer.take().await);
        }
        // The replies come after more data than may wait for a reader.
        flood(&mut peer, &call, 0..16).await;
        for call in &calls {
            peer.reply(call, &string("host")).await;
        }
    });
    assert!(begin.elapsed() < Duration::from_secs(20));

    // The reader has lost nothing.
    sleep(Duration::from_secs(600)).await;
    for number in 0..16 {
        let chunk = stream.read_chunk().await.unwrap();
        let Some(Chunk::Data(data)) = chunk else {
            panic!("{chunk:?}")
        };
        assert!(data.len() == MIB && data.iter().all(|byte| *byte == number));
    }
}

#[tokio::test(start_paused = true)]
async fn a_slow_reader_does_not_have_others_wait_for_all_its_data() {
    let listener = Listener::new();
    let (conn, mut peer) = listener.open().await;
    let (mut stream, call) = stream(&conn, &mut peer, false).await;
    let reading = async {
        loop {
            sleep(Duration::from_secs(1)).await;
            stream.read_chunk().await.unwrap();
        }
    };
    let begin = Instant::now();
    let asking = async {
        tokio::join!(hostname(&conn), async {
            let hostname = peer.take().await;
            flood(&mut peer, &call, 0..30).await;
            peer.reply(&hostname, &string("host")).await;
        })
    };
    tokio::select! {
        ((), ()) = asking => {}
        () = reading => {}
    }
    assert_eq!(begin.elapsed().as_secs(), 5);
}

async fn hostnames(conn: &Connect, count: usize) {
    let calls: Vec<_> = (0..count)
        .map(|_| {
            let conn = conn.clone();
            tokio::spawn(async move { hostname(&conn).await })
        })
        .collect();
    for call in calls {
        call.await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_nobody_reads_is_given_up_before_it_costs_the_connection() {
    let listener = Listener::new();
    let (conn, mut peer) = listener.open().await;
    let (mut stream, call) = stream(&conn, &mut peer, false).await;
    let patient = conn.without_timeout();
    let ((), ()) = tokio::join!(hostname(&patient), async {
        let hostname = peer.take().await;
        flood(&mut peer, &call, 0..40).await;
        peer.reply(&hostname, &string("host")).await;
    });
    let error = stream.read_chunk().await.unwrap_err();
    assert!(matches!(error, Error::Overrun { .. }), "{error:?}");
    assert!(error.to_string().contains("Connect::reopen"), "{error}");
    let error = stream.write_all(b"data").await.unwrap_err();
    assert!(matches!(error, Error::Overrun { .. }), "{error:?}");

    // The daemon was told once; what it sends before it knows is ignored.
    confirm(&mut peer, &call, ERROR).await;
    let error = stream.finish().await.unwrap_err();
    assert!(matches!(error, Error::Overrun { .. }), "{error:?}");
    let ((), ()) = tokio::join!(hostname(&conn), answer(&mut peer));
}

#[tokio::test(start_paused = true)]
async fn of_two_streams_that_are_behind_the_one_whose_reader_comes_back_goes_on() {
    let listener = Listener::new();
    let (conn, mut peer) = listener.open().await;
    let (_unread, unread) = stream(&conn, &mut peer, false).await;
    let (mut stream, call) = stream(&conn, &mut peer, false).await;
    let both = async {
        tokio::join!(
            async {
                sleep(Duration::from_secs(60)).await;
                for number in 0..16 {
                    let chunk = stream.read_chunk().await.unwrap();
                    let Some(Chunk::Data(data)) = chunk else {
                        panic!("{chunk:?}")
                    };
                    assert!(data.iter().all(|byte| *byte == number));
                }
            },
            async {
                flood(&mut peer, &unread, 0..9).await;
                flood(&mut peer, &call, 0..16).await;
            }
        )
    };
    timeout(Duration::from_secs(120), both).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_nobody_reads_does_not_hold_up_the_end() {
    let listener = Listener::new();
    let (conn, mut peer) = listener.open().await;
    let (_stream, call) = stream(&conn, &mut peer, false).await;
    let closed = async {
        sleep(Duration::from_secs(1)).await;
        let begin = Instant::now();
        conn.close().await;
        begin.elapsed()
    };
    let (elapsed, ()) = tokio::join!(closed, async {
        flood(&mut peer, &call, 0..40).await;
        let close = peer.take().await;
        peer.reply(&close, &[]).await;
        assert_eq!(peer.try_take().await, None);
    });
    assert!(elapsed < Duration::from_secs(1), "{elapsed:?}");
}

/// Forwards bytes as netcat does: while it cannot deliver the bytes of one side, it takes none from
/// the other.
async fn carry(client: DuplexStream, daemon: DuplexStream) {
    let (mut from_client, mut to_client) = tokio::io::split(client);
    let (mut from_daemon, mut to_daemon) = tokio::io::split(daemon);
    let mut up = [0; 16 * 1024];
    let mut down = [0; 16 * 1024];
    loop {
        let done = tokio::select! {
            count = from_client.read(&mut up) => match count.unwrap() {
                0 => return,
                count => to_daemon.write_all(&up[..count]).await,
            },
            count = from_daemon.read(&mut down) => match count.unwrap() {
                0 => return,
                count => to_client.write_all(&down[..count]).await,
            },
        };
        if done.is_err() {
            return;
        }
    }
}

#[tokio::test]
async fn a_writer_does_not_wait_for_a_reader_in_the_same_task() {
    const PACKETS: usize = 128;
    const SIZE: usize = MIB / 4;
    let (ours, client_side) = tokio::io::duplex(64 * 1024);
    let (daemon_side, theirs) = tokio::io::duplex(64 * 1024);
    let carrier = tokio::spawn(carry(client_side, daemon_side));
    let mut peer = Peer::new(theirs);
    let opening = Connect::builder("qemu:///system")
        .keepalive(Duration::ZERO, 0)
        .call_timeout(None)
        .open_over(ours);
    let (conn, ()) = tokio::join!(opening, peer.greet());
    let conn = conn.unwrap();
    let (mut download, down) = stream(&conn, &mut peer, false).await;
    let (mut upload, up) = stream(&conn, &mut peer, false).await;

    let (reading, mut writing) = tokio::io::split(peer.stream);
    let sending = tokio::spawn(async move {
        for number in 0..PACKETS {
            let data = packet(&down, CONTINUE, &vec![number as u8; SIZE]);
            writing.write_all(&data.bytes()).await.unwrap();
        }
        writing
    });
    let receiving = tokio::spawn(async move {
        let mut reading = Peer::new(tokio::io::join(reading, tokio::io::sink()));
        let mut received = Vec::new();
        while received.len() < PACKETS * SIZE {
            let packet = reading.take().await;
            assert_eq!((packet.serial, packet.status), (up.serial, CONTINUE));
            received.extend(packet.payload);
        }
        (reading, received)
    });
    // As when copying one volume to another.
    let mut sent = 0;
    while sent < PACKETS * SIZE {
        let chunk = download.read_chunk().await.unwrap();
        let Some(Chunk::Data(data)) = chunk else {
            panic!("{chunk:?}")
        };
        upload.write_all(&data).await.unwrap();
        sent += data.len();
    }
    let (_reading, received) = receiving.await.unwrap();
    let expected = (0..PACKETS * SIZE).map(|index| (index / SIZE) as u8);
    assert!(received.into_iter().eq(expected));
    drop(sending.await.unwrap());
    drop(conn);
    carrier.abort();
}

#[tokio::test(start_paused = true)]
async fn data_ahead_of_the_reply_that_opens_its_stream_is_bounded() {
    let listener = Listener::new();
    let (conn, mut peer) = listener.open().await;
    let patient = conn.without_timeout();
    // The reply arrives, and is ignored.
    let (opened, call) = tokio::join!(open_console(&patient, false), async {
        let call = peer.take().await;
        flood(&mut peer, &call, 0..9).await;
        peer.reply(&call, &[]).await;
        call
    });
    let error = opened.unwrap().read_chunk().await.unwrap_err();
    assert!(matches!(error, Error::Overrun { .. }), "{error:?}");
    assert_eq!(peer.take().await, packet(&call, ERROR, &[]));

    // An error comes.
    let (opened, ()) = tokio::join!(open_console(&patient, false), async {
        let call = peer.take().await;
        flood(&mut peer, &call, 0..9).await;
        peer.send(&call.error(1, 1, "no")).await;
    });
    assert!(matches!(opened, Err(Error::Remote(_))), "{opened:?}");

    // Nothing comes.
    let hasty = conn.with_timeout(Duration::from_secs(1));
    let (opened, ()) = tokio::join!(open_console(&hasty, false), async {
        let call = peer.take().await;
        flood(&mut peer, &call, 0..9).await;
    });
    assert!(opened.unwrap_err().is_timeout());
    let ((), ()) = tokio::join!(hostname(&hasty), answer(&mut peer));
}

#[tokio::test(start_paused = true)]
async fn a_dead_peer_is_found_although_a_stream_is_not_read() {
    let listener = Listener::new();
    let (conn, mut peer) = listener
        .open_with(|builder| builder.keepalive(Duration::from_secs(3), 2).call_timeout(None))
        .await;
    let (_stream, call) = stream(&conn, &mut peer, false).await;
    flood(&mut peer, &call, 0..9).await;
    let error = conn.hostname().await.unwrap_err();
    assert!(matches!(error, Error::Closed(CloseReason::Keepalive(_))), "{error:?}");
}
