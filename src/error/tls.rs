//! Failures of TLS.

use std::fmt::{self, Write as _};

use super::line::Line;

/// The reason why TLS with a daemon failed.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum TlsError {
    /// A certificate, key or revocation list of this side cannot be used. The daemon was not contacted.
    Credentials {
        /// The file, or the option given in its place.
        item: String,
        /// The problem.
        reason: String,
    },

    /// The certificate of the server or its CA has expired.
    Expired {
        /// The certificate's owner: the server or its CA.
        owner: &'static str,
        /// The certificate's subject.
        subject: String,
        /// The end of its validity.
        on: String,
    },

    /// The certificate of the server or its CA is not valid yet.
    NotYetValid {
        /// The certificate's owner: the server or its CA.
        owner: &'static str,
        /// The certificate's subject.
        subject: String,
        /// The start of its validity.
        from: String,
    },

    /// No trusted CA has issued the server's certificate.
    UnknownIssuer {
        /// The certificate's subject.
        subject: String,
        /// The issuer that it names.
        issuer: String,
        /// The source of the trusted CAs.
        trusted: String,
    },

    /// The server's certificate is for another host than the URI's.
    WrongHost {
        /// The certificate's subject.
        subject: String,
        /// The host that was connected to.
        host: String,
        /// The host names and addresses that it is for.
        names: Vec<String>,
        /// The subject's common name, where it is the host but does not count: it never counts for
        /// an address, and for a name only where the certificate has no others.
        common_name: Option<String>,
    },

    /// The certificate of the server or its CA was revoked.
    Revoked {
        /// The certificate's subject.
        subject: String,
        /// The source of the revocation list.
        list: String,
    },

    /// The server's certificate is invalid in some other way.
    Certificate {
        /// The certificate's subject.
        subject: String,
        /// The problem.
        reason: String,
    },

    /// The daemon refused our certificate, or the lack of one.
    Refused {
        /// The possible reasons.
        reason: String,
    },

    /// The handshake failed.
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
