//! UNIX sockets.

use std::io;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use tokio::net::UnixStream;
use tokio::time::{Duration, Instant, sleep_until};

use super::{Security, Transport, socket};

/// The first and the longest delay before another attempt, when the daemon's queue of new clients
/// is full.
const PAUSES: (Duration, Duration) = (Duration::from_millis(1), Duration::from_millis(50));

/// The bytes that may be on their way, which the kernel doubles: two packets of a stream, so that the
/// daemon has the next one when it is done with one. Only what is used costs memory. More would save
/// little, and make a slow daemon look like one that takes nothing.
const SEND_BUFFER: usize = 256 * 1024;

/// Connects to the socket at `path`; one that begins with `@` is an abstract address.
pub(crate) async fn connect(path: &Path, deadline: Option<Instant>) -> io::Result<Transport> {
    let stream = connect_in_turn(&address(path), deadline).await?;
    let socket = OwnedFd::from(stream.into_std()?);
    // Larger than the system allows is as large as it allows.
    rustix::net::sockopt::set_socket_send_buffer_size(&socket, SEND_BUFFER)?;
    let (read, write) = socket::split(socket)?;
    Ok(Transport {
        read: Box::new(read),
        write: Box::new(write),
        security: Security { secure: true, encrypted: false },
        passes_descriptors: true,
        peer: Some(path.display().to_string()),
        carrier: None,
    })
}

/// Connects once there is room in the daemon's queue of new clients. A blocking socket would wait
/// for that; for a non-blocking one the kernel does not tell when to try again.
async fn connect_in_turn(address: &Path, deadline: Option<Instant>) -> io::Result<UnixStream> {
    let started = Instant::now();
    let (mut pause, longest) = PAUSES;
    loop {
        match UnixStream::connect(address).await {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            other => return other,
        }
        let now = Instant::now();
        let next = now + pause;
        if deadline.is_some_and(|deadline| deadline <= now) {
            let waited = (now - started).as_secs_f32();
            return Err(io::Error::new(
                io::ErrorKind::TimedOut,
                format!("the queue of its new clients was full for {waited:.1} s"),
            ));
        }
        sleep_until(deadline.map_or(next, |deadline| deadline.min(next))).await;
        pause = longest.min(pause * 2);
    }
}

fn address(path: &Path) -> PathBuf {
    match path.to_str().and_then(|text| text.strip_prefix('@')) {
        Some(name) => PathBuf::from(format!("\0{name}")),
        None => path.to_owned(),
    }
}
