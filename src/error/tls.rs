/// Why TLS with a daemon came to nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TlsError {
    /// Something of this side's own cannot be used: a certificate, a key, a list. The daemon has
    /// not heard of us.
    #[error("{item}: {reason}")]
    Credentials {
        /// The file, or which of the values given in its place.
        item: String,
        /// What is wrong with it.
        reason: String,
    },

    /// The server's certificate, or that of its authority, was valid in the past.
    #[error("the {owner}'s certificate ({subject}) has expired, on {on}")]
    Expired {
        /// Whose certificate: the server's or its authority's.
        owner: &'static str,
        /// Whom it names.
        subject: String,
        /// Its last moment.
        on: String,
    },

    /// The server's certificate, or that of its authority, will be valid in the future.
    #[error(
        "the {owner}'s certificate ({subject}) is not valid before {from}; is this host's clock \
         right?"
    )]
    NotYetValid {
        /// Whose certificate: the server's or its authority's.
        owner: &'static str,
        /// Whom it names.
        subject: String,
        /// Its first moment.
        from: String,
    },

    /// Nobody whom we trust has issued the server's certificate.
    #[error(
        "the server's certificate ({subject}) was issued by {issuer}, which {trusted} does not \
         know, or not with that key"
    )]
    UnknownIssuer {
        /// Whom it names.
        subject: String,
        /// Who issued it, as it says.
        issuer: String,
        /// Where our own authorities come from.
        trusted: String,
    },

    /// The server's certificate is for another host than the one in the URI.
    #[error(
        "the server's certificate ({subject}) is not for {host:?} but for {}",
        list(names)
    )]
    WrongHost {
        /// Whom it names.
        subject: String,
        /// The host that was connected to.
        host: String,
        /// The host names and addresses that it is for.
        names: Vec<String>,
    },

    /// The server's certificate, or that of its authority, was called back.
    #[error("the server's certificate ({subject}) has been revoked, according to {list}")]
    Revoked {
        /// Whom it names.
        subject: String,
        /// Where the list of revoked certificates comes from.
        list: String,
    },

    /// The server's certificate is unfit in some other way.
    #[error("the server's certificate ({subject}) cannot be accepted: {reason}")]
    Certificate {
        /// Whom it names.
        subject: String,
        /// What is wrong with it.
        reason: String,
    },

    /// The daemon did not let us in: it does not accept our certificate, or the lack of one.
    #[error("the daemon refused this client: {reason}")]
    Refused {
        /// What it may have against us.
        reason: String,
    },

    /// The two sides did not come to an agreement.
    #[error("the handshake failed: {0}")]
    Handshake(String),
}

fn list(names: &[String]) -> String {
    if names.is_empty() {
        return "no host at all".to_owned();
    }
    let quoted: Vec<_> = names.iter().map(|name| format!("{name:?}")).collect();
    quoted.join(", ")
}
