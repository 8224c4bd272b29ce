//! The daemon's side of a connection.

mod receiving;
mod session;

use std::pin::pin;
use std::sync::Arc;

use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt as _, DuplexStream, WriteHalf};

use self::session::{End, Session};
use super::doors::Door;
use super::outgoing::Outgoing;

/// The bytes that either side may be ahead of the other.
const AHEAD: usize = 256 * 1024;

/// Returns a client's end of a connection to a host of this process. Must be called in a runtime.
pub(crate) fn dial(door: Door) -> DuplexStream {
    let (ours, theirs) = tokio::io::duplex(AHEAD);
    tokio::spawn(serve(theirs, door));
    ours
}

/// Serves one client until either side ends the connection.
pub(crate) async fn serve<S: AsyncRead + AsyncWrite>(stream: S, door: Door) {
    let (read, write) = tokio::io::split(stream);
    let outgoing = Arc::new(Outgoing::default());
    let session = Session::new(door, Arc::clone(&outgoing));
    let mut sending = pin!(send(write, &outgoing));
    let end = tokio::select! {
        end = receiving::receive(read, session) => end,
        () = &mut sending => return,
        () = outgoing.until_cut() => return,
    };
    if end == End::Soft {
        outgoing.close();
        tokio::select! {
            () = sending => {}
            () = outgoing.until_cut() => {}
        }
    }
}

/// Sends what there is until it is closed, or the client takes nothing more.
async fn send<S: AsyncWrite>(mut write: WriteHalf<S>, outgoing: &Outgoing) {
    while let Some(bytes) = outgoing.take().await {
        if write.write_all(&bytes).await.is_err() {
            return;
        }
    }
}
