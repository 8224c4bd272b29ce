//! SASL mechanisms, by rsasl, without I/O.

use std::fmt;
use std::sync::Arc;

use rsasl::callback::{Context, Request, SessionCallback, SessionData};
use rsasl::config::SASLConfig;
use rsasl::mechanisms::anonymous::{ANONYMOUS, AnonymousToken};
use rsasl::mechanisms::external::EXTERNAL;
use rsasl::mechanisms::plain::PLAIN;
use rsasl::mechanisms::scram::{SCRAM_SHA1, SCRAM_SHA256, SCRAM_SHA512};
use rsasl::prelude::{Mechanism as Implementation, Mechname, Registry, SASLClient, Session, State};
use rsasl::prelude::{MessageSent, SessionError};
use rsasl::property::{AuthId, AuthzId, Password};
use zeroize::Zeroizing;

use super::Credential;
use crate::error::AuthError;

static IMPLEMENTATIONS: &[Implementation] = &[
    EXTERNAL,
    SCRAM_SHA512,
    SCRAM_SHA256,
    SCRAM_SHA1,
    PLAIN,
    ANONYMOUS,
];

/// The limit on hash iterations, above all that servers reasonably ask for: they are computed
/// before the server has proved anything.
const ROUNDS_MAX: u64 = 1_000_000;

/// A supported mechanism.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mechanism {
    External,
    ScramSha512,
    ScramSha256,
    ScramSha1,
    Plain,
    Anonymous,
}

impl Mechanism {
    /// All mechanisms, preferred ones first: authentication by the transport, then mechanisms that
    /// keep the password secret, then PLAIN, then ANONYMOUS.
    const ALL: [Self; 6] = [
        Self::External,
        Self::ScramSha512,
        Self::ScramSha256,
        Self::ScramSha1,
        Self::Plain,
        Self::Anonymous,
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::External => "EXTERNAL",
            Self::ScramSha512 => "SCRAM-SHA-512",
            Self::ScramSha256 => "SCRAM-SHA-256",
            Self::ScramSha1 => "SCRAM-SHA-1",
            Self::Plain => "PLAIN",
            Self::Anonymous => "ANONYMOUS",
        }
    }

    /// Returns whether the mechanism needs a user name and password.
    pub(crate) fn has_user(self) -> bool {
        !matches!(self, Self::External | Self::Anonymous)
    }

    /// Chooses the best mechanism that the daemon offers, among those that the URI names if it
    /// names any.
    ///
    /// Mechanisms for connections that others can read are not supported.
    pub(crate) fn choose(
        offered: &str,
        wanted: Option<&str>,
        is_secure: bool,
    ) -> Result<Self, AuthError> {
        let names = |list: &str| -> Vec<String> {
            let names = list.split([',', ' ']).filter(|name| !name.is_empty());
            names.map(ToOwned::to_owned).collect()
        };
        let mut candidates = names(offered);
        if let Some(wanted) = wanted {
            let wanted_names = names(wanted);
            candidates.retain(|name| wanted_names.contains(name));
            if candidates.is_empty() {
                return Err(AuthError::NotOffered {
                    wanted: format!("sasl.{wanted}"),
                    offered: names(offered),
                });
            }
        }
        if !is_secure {
            return Err(AuthError::Unprotected);
        }
        let mut known = Self::ALL.into_iter();
        let is_candidate = |known: &Self| candidates.iter().any(|name| name == known.name());
        known.find(is_candidate).ok_or_else(|| AuthError::NoMechanism {
            offered: candidates.clone(),
            known: Self::ALL.map(|known| known.name().to_owned()).to_vec(),
        })
    }
}

impl fmt::Display for Mechanism {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SASL mechanism {}", self.name())
    }
}

/// The credentials for a mechanism.
#[derive(Debug, Default)]
pub(crate) struct SaslCredentials {
    pub(crate) user: Option<String>,
    pub(crate) password: Option<Credential>,
    /// The authorization identity, if it differs from the user.
    pub(crate) other_identity: Option<String>,
}

impl SessionCallback for SaslCredentials {
    fn callback(
        &self,
        _session: &SessionData,
        _context: &Context<'_>,
        request: &mut Request<'_>,
    ) -> Result<(), SessionError> {
        // Daemons take a missing token for a response that is still to come.
        request.satisfy::<AnonymousToken>("anonymous")?;
        if let Some(identity) = &self.other_identity {
            request.satisfy::<AuthzId>(identity)?;
        }
        if let Some(user) = &self.user {
            request.satisfy::<AuthId>(user)?;
        }
        if let Some(password) = &self.password {
            request.satisfy::<Password>(password.expose().as_bytes())?;
        }
        Ok(())
    }
}

/// The client's side of an exchange.
pub(crate) struct Exchange {
    session: Session,
    mechanism: Mechanism,
    is_done: bool,
}

impl Exchange {
    pub(crate) fn new(mechanism: Mechanism, credentials: SaslCredentials) -> Result<Self, String> {
        let config = SASLConfig::builder()
            .with_registry(Registry::with_mechanisms(IMPLEMENTATIONS))
            .with_callback(credentials)
            .map_err(|error| error.to_string())?;
        let name = Mechname::parse(mechanism.name().as_bytes());
        let name = name.map_err(|error| error.to_string())?;
        let session = SASLClient::new(Arc::clone(&config)).start_suggested(&[name]);
        Ok(Self {
            session: session.map_err(|error| error.to_string())?,
            mechanism,
            is_done: false,
        })
    }

    /// Takes the daemon's challenge, `None` at first, and returns the response, if there is one.
    /// May take long: the password is hashed many times.
    pub(crate) fn step(
        &mut self,
        input: Option<&[u8]>,
    ) -> Result<Option<Zeroizing<Vec<u8>>>, String> {
        if self.is_done {
            return Err("the daemon goes on where there is nothing left to say".to_owned());
        }
        let rounds = input.and_then(rounds).unwrap_or_default();
        if rounds > ROUNDS_MAX {
            return Err(format!("the daemon wants {rounds} rounds of hashing"));
        }
        let is_scram = !matches!(
            self.mechanism,
            Mechanism::External | Mechanism::Plain | Mechanism::Anonymous
        );
        if is_scram && !input.is_none_or(has_scram_syntax) {
            return Err("the daemon's message is not one of SCRAM".to_owned());
        }
        // More room than any mechanism needs, so that growing leaves no copies in memory.
        let mut output = Zeroizing::new(Vec::with_capacity(64 * 1024));
        let state = self.session.step(input, &mut *output);
        match state.map_err(|error| describe(&error))? {
            State::Running => Ok(Some(output)),
            State::Finished(sent) => {
                self.is_done = true;
                if self.session.has_security_layer() {
                    return Err("it wants to encrypt what follows by itself, which this library \
                                does not do"
                        .to_owned());
                }
                Ok(matches!(sent, MessageSent::Yes).then_some(output))
            }
        }
    }

    /// Returns whether the client's side has finished.
    pub(crate) fn is_done(&self) -> bool {
        self.is_done
    }
}

/// Returns whether a message has SCRAM's syntax, as far as rsasl takes it for granted and panics, or
/// is so lax that the [`rounds`] would not be known before they are done.
fn has_scram_syntax(message: &[u8]) -> bool {
    message.split(|byte| *byte == b',').all(|part| match part {
        [b'i', b'=', count @ ..] => is_number(count),
        [_, b'=', ..] => true,
        _ => false,
    })
}

fn is_number(text: &[u8]) -> bool {
    !text.is_empty() && text.iter().all(u8::is_ascii_digit)
}

/// Returns the number of hash iterations that the server asks for, if its message has one.
pub(crate) fn rounds(message: &[u8]) -> Option<u64> {
    let mut attributes = message.split(|byte| *byte == b',');
    let count = attributes.find_map(|attribute| attribute.strip_prefix(b"i="))?;
    let digits = str::from_utf8(count).ok().filter(|_| is_number(count))?;
    // A number too large for the type is far too many.
    Some(digits.parse().unwrap_or(u64::MAX))
}

fn describe(error: &SessionError) -> String {
    match error {
        SessionError::MutualAuthenticationFailed => {
            "the daemon does not know the password itself; it may be another one".to_owned()
        }
        SessionError::MechanismError(error) => format!("{error}"),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_that_is_offered() {
        for (offered, wanted, chosen) in [
            ("SCRAM-SHA-256", None, Some(Mechanism::ScramSha256)),
            (
                "GSS-SPNEGO,GSSAPI,PLAIN,SCRAM-SHA-1,SCRAM-SHA-512,ANONYMOUS",
                None,
                Some(Mechanism::ScramSha512),
            ),
            ("ANONYMOUS,PLAIN", None, Some(Mechanism::Plain)),
            ("SCRAM-SHA-256,EXTERNAL", None, Some(Mechanism::External)),
            ("SCRAM-SHA-256,PLAIN", Some("PLAIN"), Some(Mechanism::Plain)),
            ("SCRAM-SHA-256,PLAIN", Some("plain"), None),
            ("SCRAM-SHA-256-PLUS", None, None),
            ("SCRAM-SHA-256", Some("SCRAM-SHA"), None),
            ("DIGEST-MD5", None, None),
            ("", None, None),
        ] {
            let found = Mechanism::choose(offered, wanted, true).ok();
            assert_eq!(found, chosen, "{offered} {wanted:?}");
        }
        let error = Mechanism::choose("PLAIN", None, false).err();
        assert!(matches!(error, Some(AuthError::Unprotected)), "{error:?}");
        let error = Mechanism::choose("PLAIN", Some("GSSAPI"), false).err();
        let text = error.map(|error| error.to_string()).unwrap_or_default();
        assert_eq!(text, "the URI asks for auth=sasl.GSSAPI, but the daemon offers PLAIN");
    }

    #[test]
    fn rounds_of_hashing_are_limited() {
        for (message, count) in [
            (&b"r=abc,s=QSXC,i=4096"[..], Some(4096)),
            (b"r=abc,s=QSXC,i=99999999999999999999999", Some(u64::MAX)),
            (b"r=abc,s=QSXC,i=x", None),
            (b"r=abc,s=QSXC,i=+4096", None),
            (b"v=abc", None),
            (b"", None),
        ] {
            assert_eq!(rounds(message), count);
        }
        let credentials = SaslCredentials {
            user: Some("fred".to_owned()),
            password: Some("secret".into()),
            other_identity: None,
        };
        let exchange = Exchange::new(Mechanism::ScramSha1, credentials);
        let mut exchange = exchange.unwrap_or_else(|error| unreachable!("{error}"));
        assert!(exchange.step(None).is_ok());
        let error = exchange.step(Some(b"r=abc,s=QSXC,i=1000001"));
        assert_eq!(error.map(drop), Err("the daemon wants 1000001 rounds of hashing".to_owned()));
    }

    #[test]
    fn what_is_not_scram_is_an_error() {
        for message in [
            &b""[..],
            b"r",
            b"r=abc,",
            b"r=abc,,i=64",
            b"r=abc,s=QSXC,",
            b"r=abc,s,i",
            b"r=abc,s=QSXC,i=",
            // A sign must not hide how many they are.
            b"r=abc,s=QSXC,i=+64",
        ] {
            let credentials = SaslCredentials {
                user: Some("fred".to_owned()),
                password: Some("secret".into()),
                other_identity: None,
            };
            let exchange = Exchange::new(Mechanism::ScramSha256, credentials);
            let mut exchange = exchange.unwrap_or_else(|error| unreachable!("{error}"));
            assert!(exchange.step(None).is_ok());
            let error = exchange.step(Some(message)).map(drop);
            assert_eq!(error, Err("the daemon's message is not one of SCRAM".to_owned()));
        }
    }
}
