//! Failures of authentication.

use std::fmt::{self, Write as _};

use super::RemoteError;
use super::line::Line;

/// A failure of authentication.
#[derive(Debug)]
#[non_exhaustive]
pub enum AuthError {
    /// The daemon refused the credentials.
    Refused {
        /// The method, e.g. `SASL mechanism SCRAM-SHA-256` or `polkit`.
        method: String,
        /// The user name, if one was sent.
        user: Option<String>,
        /// The daemon's error.
        source: Box<RemoteError>,
    },

    /// The URI's `auth` parameter names a scheme that the daemon does not offer.
    NotOffered {
        /// The parameter's value.
        wanted: String,
        /// The schemes that the daemon offers.
        offered: Vec<String>,
    },

    /// The URI's `auth` parameter names no known scheme.
    Unknown {
        /// The parameter's value.
        wanted: String,
    },

    /// None of the daemon's SASL mechanisms can be used.
    NoMechanism {
        /// The daemon's mechanisms.
        offered: Vec<String>,
        /// The supported mechanisms.
        known: Vec<String>,
    },

    /// The connection does not protect the SASL exchange.
    Unprotected,

    /// A credential was not found, and there is no callback to ask for it.
    Missing {
        /// The method that needs it.
        method: String,
        /// The credential.
        what: &'static str,
        /// The places where it was looked for.
        searched: String,
    },

    /// The callback did not return a credential.
    Declined {
        /// The method that needs it.
        method: String,
        /// The credential.
        what: &'static str,
    },

    /// The daemon violated a SASL mechanism, or could not prove its identity.
    Exchange {
        /// The mechanism.
        method: String,
        /// The violation.
        reason: String,
    },
}

impl fmt::Display for AuthError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let f = &mut Line(f);
        match self {
            Self::Refused { method, user, source } => refused(f, method, user.as_deref(), source),
            Self::NotOffered { wanted, offered } => {
                write!(f, "the URI asks for auth={wanted}, but the daemon offers {}", list(offered))
            }
            Self::Unknown { wanted } => write!(
                f,
                "the URI asks for auth={wanted}; known are sasl, sasl.MECHANISM and polkit"
            ),
            Self::NoMechanism { offered, known } => write!(
                f,
                "none of the daemon's SASL mechanisms is known here: it offers {}; this library \
                 knows {}",
                list(offered),
                list(known)
            ),
            Self::Unprotected => f.write_str(
                "the daemon asks for SASL over a connection that others can read; only the \
                 mechanisms GSSAPI and DIGEST-MD5 could protect it, which this library does not \
                 know. Use TLS (driver+tls://…) or ssh (driver+ssh://…)",
            ),
            Self::Missing { method, what, searched } => write!(
                f,
                "{method} needs {what}: {searched}, and the program has set up nobody to ask for it"
            ),
            Self::Declined { method, what } => {
                write!(f, "{method} needs {what}, which was asked for and not given")
            }
            Self::Exchange { method, reason } => {
                write!(f, "{method} failed on this side: {reason}")
            }
        }
    }
}

/// The daemon's text is part of the refusal's text, so there is no source.
impl std::error::Error for AuthError {}

/// Writes a daemon's refusal and the likely remedy.
fn refused(
    f: &mut Line<'_, '_>,
    method: &str,
    user: Option<&str>,
    source: &RemoteError,
) -> fmt::Result {
    f.write_str("the daemon refused ")?;
    match user {
        Some(user) => write!(f, "user {user:?}")?,
        None => f.write_str("us")?,
    }
    let message = source.message.trim_end().trim_end_matches('.');
    write!(f, ", by {method}: {message}")?;
    f.write_str(if method == "polkit" {
        ". A rule of polkit's for org.libvirt.unix.manage can let this user in, or an agent can \
         ask for a password (pkttyagent --process PID)"
    } else {
        ". Daemons never say why; most often name or password are wrong"
    })
}

fn list(names: &[String]) -> String {
    if names.is_empty() {
        return "nothing".to_owned();
    }
    names.join(", ")
}
