//! The messages that client and daemon exchange before calls can be made.

use super::attempt::{Attempt, Step};
use super::authentication::authenticate;
use crate::client::connection::Connect;
use crate::client::options::Options;
use crate::error::Result;
use crate::protocol::{Request, remote};
use crate::transport::Transport;
use crate::types::connect::ConnectFlags;
use crate::types::feature::Feature;
use crate::uri::ConnectUri;

/// Starts the driver task of a transport, authenticates and opens the daemon's driver.
pub(super) async fn handshake(
    transport: Transport,
    options: Options,
    uri: Option<&ConnectUri>,
    attempt: &Attempt,
) -> Result<Connect> {
    attempt.set_carrier(transport.carrier.clone());
    if let Some(peer) = &transport.peer {
        attempt.reached(peer);
    }
    let conn = Connect::start(transport, options, &remote::ConnectClose::INFO)?;
    let shown = authenticate_and_open(&conn, uri, attempt)
        .await
        .map_err(|error| attempt.explain(error))?;
    conn.set_uri(shown);
    Ok(conn)
}

/// Returns the connection's URI.
async fn authenticate_and_open(
    conn: &Connect,
    uri: Option<&ConnectUri>,
    attempt: &Attempt,
) -> Result<String> {
    authenticate(conn, uri, attempt).await?;
    attempt.begin(Step::Opening);
    let name = uri.map(ConnectUri::name_for_daemon).unwrap_or_default();
    open_driver(conn, &name).await?;
    if let Some(uri) = uri {
        return Ok(uri.to_string());
    }
    let reply = conn.call(remote::ConnectGetUri).await?;
    Ok(reply.decode()?.uri.into_owned())
}

/// Asks for keepalive and opens the driver without waiting in between: neither depends on the
/// other's reply.
async fn open_driver(conn: &Connect, name: &str) -> Result<()> {
    // The deadline is that of the whole opening.
    let conn = conn.without_timeout();
    let options = conn.options();
    let probe = match options.keepalive {
        Some(_) if options.asks_for_keepalive() => {
            let request =
                remote::ConnectSupportsFeature { feature: Feature::ProgramKeepalive.into() };
            Some(conn.send(request).await?)
        }
        _ => None,
    };
    let flags = if options.read_only {
        ConnectFlags::RO
    } else {
        ConnectFlags::empty()
    };
    let name = Some(name.into());
    let opened = conn.send(remote::ConnectOpen { name, flags }).await?;

    let mut supported = true;
    if let Some(probe) = probe {
        let reply = probe.finish::<remote::ConnectSupportsFeatureRet>().await?;
        supported = reply.decode()?.supported != 0;
    }
    opened.finish::<()>().await?;
    if supported {
        conn.start_keepalive();
    }
    Ok(())
}
