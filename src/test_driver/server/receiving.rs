//! Reading a client's messages.

use std::future::poll_fn;
use std::pin::Pin;

use tokio::io::{AsyncRead, ReadHalf};

use super::session::{End, Session};
use crate::rpc::frame::FrameBuffer;

/// Reads messages and has them answered until the connection ends.
pub(super) async fn receive<S: AsyncRead>(mut read: ReadHalf<S>, mut session: Session) -> End {
    let mut frames = FrameBuffer::new();
    loop {
        // As daemons do, nothing is read while the client's calls are as many as it may have.
        tokio::select! {
            () = session.wait_for_place() => {}
            () = session.until_cut() => return End::Hard,
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
        let reading = poll_fn(|cx| {
            let (buffer, _descriptors) = frames.space();
            buffer.append_with(|into| tokio_util::io::poll_read_buf(Pin::new(&mut read), cx, into))
        });
        let read = tokio::select! {
            read = reading => read,
            () = session.until_cut() => return End::Hard,
        };
        if matches!(read, Ok(0) | Err(_)) {
            return End::Hard;
        }
    }
}
