//! The content of records, on transports that have them.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;

use libvirt_client::Connect;
use tokio::io::{AsyncRead, AsyncWrite, DuplexStream, ReadBuf};

use crate::peer::{Peer, string};
use crate::streams::stream;

/// A stream that records each write, of which TLS would make a record.
struct Recorder {
    inner: DuplexStream,
    pieces: Arc<Mutex<Vec<Vec<u8>>>>,
}

impl AsyncRead for Recorder {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_read(cx, buf)
    }
}

impl AsyncWrite for Recorder {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        data: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.inner).poll_write(cx, data);
        if let Poll::Ready(Ok(count)) = written {
            self.pieces.lock().unwrap().push(data[..count].to_vec());
        }
        written
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}

/// Fails where a write goes beyond its message.
#[track_caller]
fn assert_apart(pieces: &[Vec<u8>]) -> usize {
    let mut left = 0;
    let mut messages = 0;
    for piece in pieces {
        if left == 0 {
            left = u32::from_be_bytes(*piece.first_chunk().unwrap()) as usize;
            messages += 1;
        }
        assert!(piece.len() <= left, "two messages in one piece");
        left -= piece.len();
    }
    assert_eq!(left, 0);
    messages
}

#[tokio::test]
async fn each_message_is_written_on_its_own() {
    const CALLS: usize = 200;
    let pieces = Arc::default();
    // Less than what the messages need, so that some are written in several pieces.
    let (inner, theirs) = tokio::io::duplex(1000);
    let recorder = Recorder { inner, pieces: Arc::clone(&pieces) };
    let mut peer = Peer::new(theirs);
    let opening = Connect::builder("qemu:///system")
        .keepalive(Duration::ZERO, 0)
        .open_over(recorder);
    let (conn, ()) = tokio::join!(opening, peer.greet());
    let conn = conn.unwrap();
    let (mut stream, _) = stream(&conn, &mut peer, false).await;
    let calls: Vec<_> = (0..CALLS)
        .map(|_| {
            let conn = conn.clone();
            tokio::spawn(async move { conn.hostname().await })
        })
        .collect();
    let receiving = async {
        for _ in 0..CALLS + 3 {
            let message = peer.take().await;
            if message.kind == crate::peer::CALL {
                peer.reply(&message, &string("host")).await;
            }
        }
    };
    let sending = async {
        for length in [1, 5_000, 77] {
            stream.write_all(&vec![7; length]).await.unwrap();
        }
    };
    tokio::join!(receiving, sending);
    for call in calls {
        assert_eq!(call.await.unwrap().unwrap(), "host");
    }
    let pieces = std::mem::take(&mut *pieces.lock().unwrap());
    // Two to open, one for the stream.
    assert_eq!(assert_apart(&pieces), 3 + CALLS + 3);
}
