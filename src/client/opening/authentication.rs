//! Authentication, by the scheme that the daemon offers or the URI asks for.

use super::attempt::{Attempt, Step};
use super::refusal::refusal;
#[cfg(feature = "sasl")]
use super::sasl;
use crate::client::connection::Connect;
use crate::error::{AuthError, Error, Result};
use crate::protocol::remote::{self, AuthType};
use crate::uri::ConnectUri;

/// Authenticates. The list of schemes is requested even where none is needed: that request alone
/// lets a root client in.
pub(super) async fn authenticate(
    conn: &Connect,
    uri: Option<&ConnectUri>,
    attempt: &Attempt,
) -> Result<()> {
    let offered = match conn.call(remote::AuthList).await {
        Err(error) if error.is_unsupported() => Vec::new(),
        reply => reply?.decode()?.types,
    };
    attempt.begin(Step::Authenticating);
    let wanted = uri.and_then(|uri| uri.parameters().get("auth"));
    let (scheme, mechanism) = choose(&offered, wanted)?;
    match scheme {
        AuthType::None => Ok(()),
        AuthType::Polkit => polkit(conn).await,
        #[cfg(feature = "sasl")]
        AuthType::Sasl => sasl::authenticate(conn, uri, mechanism).await,
        #[cfg(not(feature = "sasl"))]
        AuthType::Sasl => Err(Error::Unsupported(format!(
            "SASL{}, which the daemon asks for: this program was built without the feature `sasl` \
             of libvirt-client",
            mechanism.map(|name| format!(" by {name}")).unwrap_or_default()
        ))),
        AuthType::Other(number) => Err(Error::Unsupported(format!(
            "authentication scheme {number}, which the daemon asks for"
        ))),
    }
}

/// Chooses the scheme, and for SASL the mechanism that the URI asks for, if any.
fn choose<'a>(
    offered: &[AuthType],
    wanted: Option<&'a str>,
) -> Result<(AuthType, Option<&'a str>)> {
    let Some(wanted) = wanted else {
        return Ok((offered.first().copied().unwrap_or(AuthType::None), None));
    };
    let (name, mechanism) = match wanted.split_once('.') {
        Some((name, mechanism)) => (name, Some(mechanism)),
        None => (wanted, None),
    };
    let scheme = if name.eq_ignore_ascii_case("sasl") {
        AuthType::Sasl
    } else if wanted.eq_ignore_ascii_case("polkit") {
        AuthType::Polkit
    } else {
        return Err(Error::from(AuthError::Unknown { wanted: wanted.to_owned() }));
    };
    if !offered.contains(&scheme) {
        return Err(Error::from(AuthError::NotOffered {
            wanted: wanted.to_owned(),
            offered: offered.iter().map(|scheme| scheme_name(*scheme)).collect(),
        }));
    }
    Ok((scheme, mechanism))
}

fn scheme_name(scheme: AuthType) -> String {
    match scheme {
        AuthType::None => "none".to_owned(),
        AuthType::Sasl => "sasl".to_owned(),
        AuthType::Polkit => "polkit".to_owned(),
        AuthType::Other(number) => format!("scheme {number}"),
    }
}

async fn polkit(conn: &Connect) -> Result<()> {
    // The daemon may prompt the user, so only the deadline of the whole opening counts.
    let conn = conn.without_timeout();
    let done = conn.call(remote::AuthPolkit).await;
    done.map(drop).map_err(|error| refusal(error, "polkit", None))
}
