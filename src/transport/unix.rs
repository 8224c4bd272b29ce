//! UNIX sockets.

use std::io;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use tokio::net::UnixStream;

use super::{Security, Transport, socket};

/// Connects to the socket at `path`; one that begins with `@` is an abstract address.
pub(crate) async fn connect(path: &Path) -> io::Result<Transport> {
    let stream = UnixStream::connect(address(path)).await?;
    let socket = OwnedFd::from(stream.into_std()?);
    let (read, write) = socket::split(socket)?;
    Ok(Transport {
        read: Box::new(read),
        write: Box::new(write),
        security: Security {
            secure: true,
            encrypted: false,
        },
        passes_descriptors: true,
        peer: Some(path.display().to_string()),
        carrier: None,
    })
}

fn address(path: &Path) -> PathBuf {
    match path.to_str().and_then(|text| text.strip_prefix('@')) {
        Some(name) => PathBuf::from(format!("\0{name}")),
        None => path.to_owned(),
    }
}
