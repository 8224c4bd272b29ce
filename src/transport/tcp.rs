//! TCP sockets.

use std::io;
use std::net::SocketAddr;
use std::os::fd::OwnedFd;
#[cfg(feature = "ssh-native")]
use std::time::Duration;

#[cfg(feature = "ssh-native")]
use rustix::net::sockopt;
use tokio::net::{TcpStream, lookup_host};
use tokio::time::{Instant, timeout_at};

use super::{Security, Transport, socket};
use crate::error::{Error, NetworkError, Result};

/// Connects to a host without encryption.
pub(crate) async fn connect(host: &str, port: u16, deadline: Option<Instant>) -> Result<Transport> {
    let stream = dial(host, port, deadline).await?;
    let split = stream.into_std().map(OwnedFd::from).and_then(socket::split);
    let (read, write) = split.map_err(|source| Error::Connect {
        target: format!("{host} port {port}"),
        tried: Vec::new(),
        source,
    })?;
    Ok(Transport {
        read: Box::new(read),
        write: Box::new(write),
        security: Security { secure: false, encrypted: false },
        passes_descriptors: false,
        peer: None,
        carrier: None,
    })
}

/// Connects to the first of a host's addresses that accepts.
pub(crate) async fn dial(host: &str, port: u16, deadline: Option<Instant>) -> Result<TcpStream> {
    let failed = |attempts, resolution| {
        Error::Network(Box::new(NetworkError { host: host.to_owned(), port, attempts, resolution }))
    };
    match within(deadline, lookup_host((host, port))).await {
        Err(error) => Err(failed(Vec::new(), Some(error))),
        Ok(addresses) => dial_any(&addresses.collect::<Vec<_>>(), deadline)
            .await
            .map_err(|attempts| failed(attempts, None)),
    }
}

/// Connects to the first address that accepts, or returns every address's error.
async fn dial_any(
    addresses: &[SocketAddr],
    deadline: Option<Instant>,
) -> Result<TcpStream, Vec<(SocketAddr, io::Error)>> {
    let mut attempts = Vec::new();
    for (index, address) in addresses.iter().enumerate() {
        // An address that never answers must leave time for the others.
        let share = u32::try_from(addresses.len() - index).unwrap_or(u32::MAX);
        let limit = deadline.map(|deadline| {
            let now = Instant::now();
            now + deadline.saturating_duration_since(now) / share
        });
        let connected = within(limit, TcpStream::connect(address)).await;
        match connected.and_then(|stream| stream.set_nodelay(true).map(|()| stream)) {
            Ok(stream) => return Ok(stream),
            Err(error) => {
                tracing::debug!(%address, %error, "no connection");
                attempts.push((*address, error));
            }
        }
    }
    Err(attempts)
}

/// Has the kernel end a connection to a host that is gone: that acknowledges nothing, or is silent
/// for `interval` and then for so many intervals more.
#[cfg(feature = "ssh-native")]
pub(crate) fn keep_alive(stream: &TcpStream, interval: Duration, count: u32) -> io::Result<()> {
    // Both as long as the kernel permits, which also takes milliseconds in a C `int`.
    let interval = Duration::from_secs(interval.as_secs().clamp(1, 32_767));
    let count = count.clamp(1, 127);
    sockopt::set_tcp_keepidle(stream, interval)?;
    sockopt::set_tcp_keepintvl(stream, interval)?;
    sockopt::set_tcp_keepcnt(stream, count)?;
    let limit = interval.saturating_mul(count + 1).as_millis().min(i32::MAX as u128);
    sockopt::set_tcp_user_timeout(stream, limit as u32)?;
    Ok(sockopt::set_socket_keepalive(stream, true)?)
}

async fn within<T>(
    deadline: Option<Instant>,
    step: impl Future<Output = io::Result<T>>,
) -> io::Result<T> {
    let Some(deadline) = deadline else {
        return step.await;
    };
    let started = Instant::now();
    timeout_at(deadline, step).await.unwrap_or_else(|_| {
        let waited = started.elapsed().as_secs_f32();
        let text = format!("no answer within {waited:.1} s");
        Err(io::Error::new(io::ErrorKind::TimedOut, text))
    })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::net::{TcpListener, TcpSocket};

    use super::*;

    /// Returns a listener whose queue is full, so that it accepts nobody, and the connection that
    /// fills it.
    async fn full() -> io::Result<(TcpListener, TcpStream, SocketAddr)> {
        let socket = TcpSocket::new_v4()?;
        socket.bind(([127, 0, 0, 1], 0).into())?;
        let listener = socket.listen(0)?;
        let address = listener.local_addr()?;
        Ok((listener, TcpStream::connect(address).await?, address))
    }

    #[tokio::test(start_paused = true)]
    async fn silent_addresses_leave_time_for_others() -> io::Result<()> {
        let (_listener, _first, silent) = full().await?;
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let deadline = Some(Instant::now() + Duration::from_secs(30));
        let both = dial_any(&[silent, listener.local_addr()?], deadline).await;
        let stream = both.map_err(|attempts| io::Error::other(format!("{attempts:?}")))?;
        assert_eq!(stream.peer_addr()?, listener.local_addr()?);
        assert!(stream.nodelay()?);
        Ok(())
    }

    #[cfg(feature = "ssh-native")]
    #[tokio::test]
    async fn hosts_that_are_gone_are_noticed() -> io::Result<()> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let stream = TcpStream::connect(listener.local_addr()?).await?;
        keep_alive(&stream, Duration::from_millis(5900), 4)?;
        assert!(sockopt::socket_keepalive(&stream)?);
        let seconds = Duration::from_secs;
        assert_eq!(sockopt::tcp_keepidle(&stream)?, seconds(5));
        assert_eq!(sockopt::tcp_keepintvl(&stream)?, seconds(5));
        assert_eq!(sockopt::tcp_keepcnt(&stream)?, 4);
        assert_eq!(sockopt::tcp_user_timeout(&stream)?, 25_000);
        // What the kernel does not take is cut down to what it does.
        keep_alive(&stream, Duration::ZERO, 0)?;
        keep_alive(&stream, Duration::MAX, u32::MAX)
    }

    #[tokio::test(start_paused = true)]
    async fn each_address_and_its_failure_are_told() -> io::Result<()> {
        let (_listener, _first, silent) = full().await?;
        let refusing = TcpListener::bind("127.0.0.1:0").await?.local_addr()?;
        let deadline = Some(Instant::now() + Duration::from_secs(30));
        let Err(attempts) = dial_any(&[refusing, silent], deadline).await else {
            return Err(io::Error::other("connected to nobody"));
        };
        let error = NetworkError {
            host: "kvm1".to_owned(),
            port: 16509,
            attempts,
            resolution: None,
        };
        assert_eq!(
            error.to_string(),
            "cannot connect to kvm1 port 16509: 127.0.0.1: Connection refused (os error 111), \
             127.0.0.1: no answer within 30.0 s; nothing listens there (daemons listen on the \
             network only where configured to)"
        );
        Ok(())
    }
}
