//! Authentication by SASL.

use tokio::task::spawn_blocking;
use zeroize::{Zeroize as _, Zeroizing};

use super::authenticate::refusal;
use super::{Connect, Reply};
use crate::auth::Wallet;
use crate::auth::sasl::{Claim, Exchange, Mechanism};
use crate::error::{AuthError, Error, Result};
use crate::protocol::ReplyRequest;
use crate::protocol::remote;
use crate::uri::ConnectUri;
use crate::xdr::CharVec;

/// What the daemon answers to what we said.
struct Answer {
    is_complete: bool,
    data: Option<Zeroizing<Vec<u8>>>,
}

/// Goes through a SASL exchange.
pub(super) async fn prove(
    conn: &Connect,
    uri: Option<&ConnectUri>,
    wanted: Option<&str>,
) -> Result<()> {
    let reply = conn.call(remote::AuthSaslInit).await;
    let reply = reply.map_err(|error| refusal(error, "SASL", None))?;
    let is_secure = conn.security().secure;
    let mechanism = Mechanism::choose(&reply.decode()?.mechlist, wanted, is_secure)?;
    let method = mechanism.to_string();
    let claim = claim(conn, uri, mechanism).await?;
    let user = claim.user.clone();
    let talk = async {
        let exchange = Exchange::new(mechanism, claim).map_err(|reason| failed(&method, reason))?;
        exchange_all(conn, exchange, mechanism).await
    };
    talk.await.map_err(|error| refusal(error, &method, user.as_deref()))
}

async fn claim(conn: &Connect, uri: Option<&ConnectUri>, mechanism: Mechanism) -> Result<Claim> {
    let host = uri.map_or("localhost", ConnectUri::host_or_local);
    let auth_file = uri.and_then(|uri| uri.parameters.get("authfile"));
    let given = &conn.inner.options.given;
    let mut wallet = Wallet::new(given, "libvirt", host, auth_file).await?;
    let mut claim = Claim::default();
    if mechanism == Mechanism::Anonymous {
        return Ok(claim);
    }
    if mechanism.has_user() {
        let method = mechanism.to_string();
        let user = wallet.user(&method).await?;
        claim.password = Some(wallet.password(&method, &user).await?);
        claim.user = Some(user);
    }
    claim.other_identity = wallet.other_identity().await?;
    Ok(claim)
}

/// Says what there is to say until both sides are content: a daemon that lets us in has yet to
/// prove that it knows the password too.
async fn exchange_all(conn: &Connect, exchange: Exchange, mechanism: Mechanism) -> Result<()> {
    let (mut exchange, output) = step(exchange, None, mechanism).await?;
    let mut answer = start(conn, mechanism, output).await?;
    while !(answer.is_complete && exchange.is_done()) {
        let (next, output) = step(exchange, answer.data.take(), mechanism).await?;
        exchange = next;
        if answer.is_complete {
            if exchange.is_done() {
                break;
            }
            let reason = "the daemon takes it for done too early".to_owned();
            return Err(failed(&mechanism.to_string(), reason));
        }
        answer = go_on(conn, output).await?;
    }
    Ok(())
}

/// Hashing a password takes long enough to be in the way of other tasks.
async fn step(
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

async fn start(
    conn: &Connect,
    mechanism: Mechanism,
    output: Option<Zeroizing<Vec<u8>>>,
) -> Result<Answer> {
    let (nil, data) = wire(output);
    let mut request = remote::AuthSaslStart { mech: mechanism.name().into(), nil, data };
    let reply = call(conn, &request).await;
    request.data.0.zeroize();
    let reply = reply?;
    let answer = reply.decode()?;
    Ok(heard(answer.complete, answer.nil, answer.data))
}

async fn go_on(conn: &Connect, output: Option<Zeroizing<Vec<u8>>>) -> Result<Answer> {
    let (nil, data) = wire(output);
    let mut request = remote::AuthSaslStep { nil, data };
    let reply = call(conn, &request).await;
    request.data.0.zeroize();
    let reply = reply?;
    let answer = reply.decode()?;
    Ok(heard(answer.complete, answer.nil, answer.data))
}

async fn call<R: ReplyRequest>(conn: &Connect, request: R) -> Result<Reply<R::Reply>> {
    let reply = conn.call(request).await;
    conn.inner.shared.lock().engine.outbox.wipe();
    reply
}

/// No data is something else than data of no length.
fn wire(output: Option<Zeroizing<Vec<u8>>>) -> (i32, CharVec) {
    match output {
        None => (1, CharVec::default()),
        Some(mut output) => (0, CharVec(std::mem::take(&mut output))),
    }
}

fn heard(complete: i32, nil: i32, data: CharVec) -> Answer {
    Answer {
        is_complete: complete != 0,
        data: (nil == 0).then(|| Zeroizing::new(data.0)),
    }
}

fn failed(method: &str, reason: String) -> Error {
    Error::from(AuthError::Exchange { method: method.to_owned(), reason })
}
