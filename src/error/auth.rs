use std::fmt;

use super::RemoteError;

/// Why the daemon does not know who we are.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AuthError {
    /// The daemon looked at what we had to show, and said no.
    #[error("{}", Refusal { method, user: user.as_deref(), source })]
    Refused {
        /// What was tried, e.g. `SASL mechanism SCRAM-SHA-256` or `polkit`.
        method: String,
        /// The user that we claimed to be, if that was said.
        user: Option<String>,
        /// The daemon's own report.
        source: Box<RemoteError>,
    },

    /// The URI's `auth` parameter wants what the daemon does not offer.
    #[error(
        "the URI asks for auth={wanted}, but the daemon offers {}",
        list(offered)
    )]
    NotOffered {
        /// The parameter's value.
        wanted: String,
        /// What there is instead.
        offered: Vec<String>,
    },

    /// The URI's `auth` parameter is none of the schemes that there are.
    #[error("the URI asks for auth={wanted}; known are sasl, sasl.MECHANISM and polkit")]
    Unknown {
        /// The parameter's value.
        wanted: String,
    },

    /// None of the SASL mechanisms that the daemon offers can be used.
    #[error(
        "none of the daemon's SASL mechanisms is known here: it offers {}; this library knows {}",
        list(offered),
        list(known)
    )]
    NoMechanism {
        /// What the daemon offers.
        offered: Vec<String>,
        /// What this side could do.
        known: Vec<String>,
    },

    /// The connection does not protect what SASL would have to say.
    #[error(
        "the daemon asks for SASL over a connection that others can read; only the mechanisms \
         GSSAPI and DIGEST-MD5 could protect it, which this library does not know. Use TLS \
         (driver+tls://…) or ssh (driver+ssh://…)"
    )]
    Unprotected,

    /// Something that the user must know was found nowhere, and there is nobody to ask.
    #[error("{method} needs {what}: {searched}, and the program has set up nobody to ask for it")]
    Missing {
        /// What it is needed for.
        method: String,
        /// What it is.
        what: &'static str,
        /// Where it was looked for.
        searched: String,
    },

    /// Whoever was asked for something did not give it.
    #[error("{method} needs {what}, which was asked for and not given")]
    Declined {
        /// What it is needed for.
        method: String,
        /// What it is.
        what: &'static str,
    },

    /// The daemon broke the rules of a SASL mechanism, or cannot prove that it is itself.
    #[error("{method} failed on this side: {reason}")]
    Exchange {
        /// The mechanism.
        method: String,
        /// What is wrong.
        reason: String,
    },
}

/// What a daemon's refusal means for the user.
struct Refusal<'a> {
    method: &'a str,
    user: Option<&'a str>,
    source: &'a RemoteError,
}

impl fmt::Display for Refusal<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            method,
            user,
            source,
        } = self;
        f.write_str("the daemon refused ")?;
        match user {
            Some(user) => write!(f, "user {user:?}")?,
            None => f.write_str("us")?,
        }
        let message = &source.message;
        write!(f, ", by {method}: {}", message.trim_end_matches('.'))?;
        if *method == "polkit" {
            return f.write_str(
                ". A rule of polkit's for org.libvirt.unix.manage can let this user in, or an \
                 agent can ask for a password (pkttyagent --process PID)",
            );
        }
        f.write_str(". Daemons never say why; most often name or password are wrong")
    }
}

fn list(names: &[String]) -> String {
    if names.is_empty() {
        return "nothing".to_owned();
    }
    names.join(", ")
}
