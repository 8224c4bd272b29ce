//! Reading a client's messages.

use std::future::poll_fn;
use std::io;
use std::pin::Pin;

use tokio::io::{AsyncRead, ReadHalf};

use super::session::{End, Session};
use crate::rpc::frame::FrameBuffer;

/// The bytes that are read ahead of the messages that are handled.
const AHEAD_MAX: usize = 256 * 1024;

/// Reads messages and has them answered until the connection ends.
pub(super) async fn receive<S: AsyncRead>(mut read: ReadHalf<S>, mut session: Session) -> End {
    let mut frames = FrameBuffer::new();
    let mut ahead = Vec::new();
    loop {
        // As by daemons, nothing is handled while the client's calls are as many as it may have. But
        // that it has gone is to be noticed.
        tokio::select! {
            biased;
            () = session.wait_for_place() => {}
            () = read_ahead(&mut read, &mut ahead) => return End::Hard,
        }
        match frames.next() {
            Ok(Some(frame)) => {
                let header = frame.header;
                let payload = frame.into_payload();
                if let Some(end) = session.handle(header, &payload).await {
                    return end;
                }
                continue;
            }
            Ok(None) => {}
            Err(error) => {
                tracing::debug!(%error, "a client of the test driver violates the protocol");
                return End::Hard;
            }
        }
        if !ahead.is_empty() {
            frames.space().0.extend_from_slice(&ahead);
            ahead.clear();
            continue;
        }
        let reading = poll_fn(|cx| {
            let (buffer, _descriptors) = frames.space();
            buffer.append_with(|into| tokio_util::io::poll_read_buf(Pin::new(&mut read), cx, into))
        });
        if has_ended(&reading.await) {
            return End::Hard;
        }
    }
}

/// Reads until the client has gone, or until it has sent more than is kept.
async fn read_ahead<S: AsyncRead>(read: &mut ReadHalf<S>, ahead: &mut Vec<u8>) {
    while ahead.len() < AHEAD_MAX {
        let reading = poll_fn(|cx| tokio_util::io::poll_read_buf(Pin::new(&mut *read), cx, ahead));
        if has_ended(&reading.await) {
            return;
        }
    }
    std::future::pending::<()>().await;
}

fn has_ended(read: &io::Result<usize>) -> bool {
    matches!(read, Ok(0) | Err(_))
}
