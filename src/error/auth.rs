use std::fmt::{self, Write as _};

use super::RemoteError;
use super::line::Line;

/// Why the daemon does not know who we are.
#[derive(Debug)]
#[non_exhaustive]
pub enum AuthError {
    /// The daemon looked at what we had to show, and said no.
    Refused {
        /// What was tried, e.g. `SASL mechanism SCRAM-SHA-256` or `polkit`.
        method: String,
        /// The user that we claimed to be, if that was said.
        user: Option<String>,
        /// The daemon's own report.
        source: Box<RemoteError>,
    },

    /// The URI's `auth` parameter wants what the daemon does not offer.
    NotOffered {
        /// The parameter's value.
        wanted: String,
        /// What there is instead.
        offered: Vec<String>,
    },

    /// The URI's `auth` parameter is none of the schemes that there are.
    Unknown {
        /// The parameter's value.
        wanted: String,
    },

    /// None of the SASL mechanisms that the daemon offers can be used.
    NoMechanism {
        /// What the daemon offers.
        offered: Vec<String>,
        /// What this side could do.
        known: Vec<String>,
    },

    /// The connection does not protect what SASL would have to say.
    Unprotected,

    /// Something that the user must know was found nowhere, and there is nobody to ask.
    Missing {
        /// What it is needed for.
        method: String,
        /// What it is.
        what: &'static str,
        /// Where it was looked for.
        searched: String,
    },

    /// Whoever was asked for something did not give it.
    Declined {
        /// What it is needed for.
        method: String,
        /// What it is.
        what: &'static str,
    },

    /// The daemon broke the rules of a SASL mechanism, or cannot prove that it is itself.
    Exchange {
        /// The mechanism.
        method: String,
        /// What is wrong.
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

/// The text of a daemon's report is part of that of the refusal, and has no cause.
impl std::error::Error for AuthError {}

/// What a daemon's refusal means for the user.
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
