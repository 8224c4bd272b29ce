//! SASL authentication.

use tokio::task::spawn_blocking;
use zeroize::{Zeroize as _, Zeroizing};

use super::refusal::refusal;
use crate::auth::CredentialSources;
use crate::auth::sasl::{Exchange, Mechanism, SaslCredentials};
use crate::client::connection::Connect;
use crate::error::{AuthError, Error, Result};
use crate::protocol::remote;
use crate::uri::ConnectUri;
use crate::xdr::CharVec;

/// The daemon's reply to a start or a step.
struct ServerStep {
    is_complete: bool,
    data: Option<Zeroizing<Vec<u8>>>,
}

/// Authenticates by SASL.
pub(super) async fn authenticate(
    conn: &Connect,
    uri: Option<&ConnectUri>,
    wanted: Option<&str>,
) -> Result<()> {
    let reply = conn.call(remote::AuthSaslInit).await;
    let reply = reply.map_err(|error| refusal(error, "SASL", None))?;
    let is_secure = conn.security().secure;
    let mechanism = Mechanism::choose(&reply.decode()?.mechlist, wanted, is_secure)?;
    let method = mechanism.to_string();
    let credentials = credentials(conn, uri, mechanism).await?;
    let user = credentials.user.clone();
    let exchange = async {
        let exchange =
            Exchange::new(mechanism, credentials).map_err(|reason| failed(&method, reason))?;
        exchange_all(conn, exchange, mechanism).await
    };
    exchange.await.map_err(|error| refusal(error, &method, user.as_deref()))
}

async fn credentials(
    conn: &Connect,
    uri: Option<&ConnectUri>,
    mechanism: Mechanism,
) -> Result<SaslCredentials> {
    let host = uri.map_or("localhost", ConnectUri::host_or_local);
    let auth_file = uri.and_then(|uri| uri.parameters().get("authfile"));
    let auth = &conn.options().auth;
    let mut sources = CredentialSources::new(auth, "libvirt", host, auth_file).await?;
    let mut found = SaslCredentials::default();
    if mechanism == Mechanism::Anonymous {
        return Ok(found);
    }
    if mechanism.has_user() {
        let method = mechanism.to_string();
        let user = sources.user(&method).await?;
        found.password = Some(sources.password(&method, &user).await?);
        found.user = Some(user);
    }
    found.other_identity = sources.other_identity().await?;
    Ok(found)
}

/// Exchanges steps until both sides have finished: a daemon that accepts us has yet to prove that
/// it knows the password too.
async fn exchange_all(conn: &Connect, exchange: Exchange, mechanism: Mechanism) -> Result<()> {
    let (mut exchange, output) = client_step(exchange, None, mechanism).await?;
    let mut reply = send_start(conn, mechanism, output).await?;
    while !(reply.is_complete && exchange.is_done()) {
        let (next, output) = client_step(exchange, reply.data.take(), mechanism).await?;
        exchange = next;
        if reply.is_complete {
            if exchange.is_done() {
                break;
            }
            let reason = "the daemon takes it for done too early".to_owned();
            return Err(failed(&mechanism.to_string(), reason));
        }
        reply = send_step(conn, output).await?;
    }
    Ok(())
}

/// Computes a step on a blocking thread: hashing a password takes long enough to delay other tasks.
async fn client_step(
    mut exchange: Exchange,
    input: Option<Zeroizing<Vec<u8>>>,
    mechanism: Mechanism,
) -> Result<(Exchange, Option<Zeroizing<Vec<u8>>>)> {
    let stepping = spawn_blocking(move || {
        let input = input.as_ref().map(|input| input.as_slice());
        let output = exchange.step(input)?;
        Ok((exchange, output))
    });
    let stepped = stepping.await.unwrap_or_else(|error| Err(error.to_string()));
    stepped.map_err(|reason| failed(&mechanism.to_string(), reason))
}

async fn send_start(
    conn: &Connect,
    mechanism: Mechanism,
    output: Option<Zeroizing<Vec<u8>>>,
) -> Result<ServerStep> {
    let (nil, data) = wire(output);
    let wiped = Wiped {
        request: remote::AuthSaslStart { mech: mechanism.name().into(), nil, data },
        data: |request| &mut request.data,
    };
    let reply = conn.call_secret(&wiped.request).await?;
    let reply = reply.decode()?;
    Ok(server_step(reply.complete, reply.nil, reply.data))
}

async fn send_step(conn: &Connect, output: Option<Zeroizing<Vec<u8>>>) -> Result<ServerStep> {
    let (nil, data) = wire(output);
    let wiped = Wiped {
        request: remote::AuthSaslStep { nil, data },
        data: |request| &mut request.data,
    };
    let reply = conn.call_secret(&wiped.request).await?;
    let reply = reply.decode()?;
    Ok(server_step(reply.complete, reply.nil, reply.data))
}

/// A request whose data is wiped at the end, also if the login is given up.
struct Wiped<R> {
    request: R,
    data: fn(&mut R) -> &mut CharVec,
}

impl<R> Drop for Wiped<R> {
    fn drop(&mut self) {
        (self.data)(&mut self.request).0.zeroize();
    }
}

/// Encodes data for the wire, where no data differs from empty data.
fn wire(output: Option<Zeroizing<Vec<u8>>>) -> (i32, CharVec) {
    match output {
        None => (1, CharVec::default()),
        Some(mut output) => (0, CharVec(std::mem::take(&mut output))),
    }
}

fn server_step(complete: i32, nil: i32, data: CharVec) -> ServerStep {
    ServerStep {
        is_complete: complete != 0,
        data: (nil == 0).then(|| Zeroizing::new(data.0)),
    }
}

fn failed(method: &str, reason: String) -> Error {
    Error::from(AuthError::Exchange { method: method.to_owned(), reason })
}
