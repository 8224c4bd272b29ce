//! From a URI to a byte stream.

use std::path::Path;

use tokio::time::Instant;

use crate::error::{Error, Result};
use crate::transport::{Transport, tcp, unix};
use crate::uri::{Config, ConnectUri, Environment, TransportKind, socket_candidates};

/// Where daemons listen for plain TCP.
const TCP_PORT: u16 = 16509;

/// Connects to the daemon that `uri` names, or to the one that there is.
pub(super) async fn connect(
    uri: Option<&ConnectUri>,
    read_only: bool,
    environment: &Environment,
    config: &Config,
    deadline: Option<Instant>,
) -> Result<Transport> {
    let Some(uri) = uri else {
        return connect_local(None, read_only, environment, config).await;
    };
    uri.require_daemon()?;
    match uri.transport {
        TransportKind::Unix => connect_local(Some(uri), read_only, environment, config).await,
        TransportKind::Tcp => {
            let host = uri.host.as_deref().unwrap_or("localhost");
            tcp::connect(host, uri.port.unwrap_or(TCP_PORT), deadline).await
        }
        other => Err(Error::Unsupported(format!(
            "the transport {} of {uri}; this release speaks over UNIX sockets and TCP only",
            other.as_str()
        ))),
    }
}

async fn connect_local(
    uri: Option<&ConnectUri>,
    read_only: bool,
    environment: &Environment,
    config: &Config,
) -> Result<Transport> {
    let candidates = socket_candidates(uri, read_only, environment, config)?;
    let chosen = candidates
        .iter()
        .find(|path| exists(path))
        .or(candidates.last());
    let Some(path) = chosen else {
        return Err(Error::Unsupported("there is no socket to try".to_owned()));
    };
    unix::connect(path).await.map_err(|source| Error::Connect {
        target: path.display().to_string(),
        tried: candidates.clone(),
        source,
    })
}

/// Abstract sockets cannot be looked for; the attempt to connect tells.
fn exists(path: &Path) -> bool {
    path.as_os_str().as_encoded_bytes().starts_with(b"@") || path.exists()
}
