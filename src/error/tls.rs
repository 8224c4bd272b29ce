use std::fmt::{self, Write as _};

use super::line::Line;

/// Why TLS with a daemon came to nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum TlsError {
    /// Something of this side's own cannot be used: a certificate, a key, a list. The daemon has
    /// not heard of us.
    Credentials {
        /// The file, or which of the values given in its place.
        item: String,
        /// What is wrong with it.
        reason: String,
    },

    /// The server's certificate, or that of its authority, was valid in the past.
    Expired {
        /// Whose certificate: the server's or its authority's.
        owner: &'static str,
        /// Whom it names.
        subject: String,
        /// Its last moment.
        on: String,
    },

    /// The server's certificate, or that of its authority, will be valid in the future.
    NotYetValid {
        /// Whose certificate: the server's or its authority's.
        owner: &'static str,
        /// Whom it names.
        subject: String,
        /// Its first moment.
        from: String,
    },

    /// Nobody whom we trust has issued the server's certificate.
    UnknownIssuer {
        /// Whom it names.
        subject: String,
        /// Who issued it, as it says.
        issuer: String,
        /// Where our own authorities come from.
        trusted: String,
    },

    /// The server's certificate is for another host than the one in the URI.
    WrongHost {
        /// Whom it names.
        subject: String,
        /// The host that was connected to.
        host: String,
        /// The host names and addresses that it is for.
        names: Vec<String>,
        /// The subject's common name, where that is the host and yet does not count: for an
        /// address it never does, for a name only where the certificate has no others.
        common_name: Option<String>,
    },

    /// The server's certificate, or that of its authority, was called back.
    Revoked {
        /// Whom it names.
        subject: String,
        /// Where the list of revoked certificates comes from.
        list: String,
    },

    /// The server's certificate is unfit in some other way.
    Certificate {
        /// Whom it names.
        subject: String,
        /// What is wrong with it.
        reason: String,
    },

    /// The daemon did not let us in: it does not accept our certificate, or the lack of one.
    Refused {
        /// What it may have against us.
        reason: String,
    },

    /// The two sides did not come to an agreement.
    Handshake(String),
}

impl fmt::Display for TlsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let f = &mut Line(f);
        match self {
            Self::Credentials { item, reason } => write!(f, "{item}: {reason}"),
            Self::Expired { owner, subject, on } => {
                write!(f, "the {owner}'s certificate ({subject}) has expired, on {on}")
            }
            Self::NotYetValid { owner, subject, from } => write!(
                f,
                "the {owner}'s certificate ({subject}) is not valid before {from}; is this host's \
                 clock right?"
            ),
            Self::UnknownIssuer { subject, issuer, trusted } => write!(
                f,
                "the server's certificate ({subject}) was issued by {issuer}, which {trusted} does \
                 not know, or not with that key"
            ),
            Self::WrongHost { subject, host, names, common_name } => {
                write!(
                    f,
                    "the server's certificate ({subject}) is not for {host:?} but for {}",
                    list(names)
                )?;
                match common_name {
                    None => Ok(()),
                    Some(name) if names.is_empty() => write!(
                        f,
                        "; {name:?} is its common name only, which counts for host names and not \
                         for addresses: those belong into its subject alternative names"
                    ),
                    Some(name) => write!(
                        f,
                        "; {name:?} is its common name only, which does not count beside subject \
                         alternative names"
                    ),
                }
            }
            Self::Revoked { subject, list } => write!(
                f,
                "the server's certificate ({subject}) has been revoked, according to {list}"
            ),
            Self::Certificate { subject, reason } => {
                write!(f, "the server's certificate ({subject}) cannot be accepted: {reason}")
            }
            Self::Refused { reason } => write!(f, "the daemon refused this client: {reason}"),
            Self::Handshake(reason) => write!(f, "the handshake failed: {reason}"),
        }
    }
}

impl std::error::Error for TlsError {}

fn list(names: &[String]) -> String {
    if names.is_empty() {
        return "no host at all".to_owned();
    }
    let quoted: Vec<_> = names.iter().map(|name| format!("{name:?}")).collect();
    quoted.join(", ")
}
