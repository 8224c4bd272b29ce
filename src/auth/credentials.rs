//! Credentials, and the callback that asks for them.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;

use zeroize::Zeroizing;

use crate::types::connect::CredentialType;

/// A secret text, such as a password, that answers a [`CredentialRequest`]: `Debug` does not show it,
/// and dropping it wipes it from memory.
#[derive(Clone)]
pub struct Credential(Zeroizing<String>);

impl Credential {
    /// Returns the text.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl From<String> for Credential {
    fn from(text: String) -> Self {
        Self(Zeroizing::new(text))
    }
}

impl From<&str> for Credential {
    fn from(text: &str) -> Self {
        text.to_owned().into()
    }
}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Credential")
    }
}

/// A credential that authentication needs and found nowhere; for
/// [`ConnectBuilder::credentials`](crate::ConnectBuilder::credentials).
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct CredentialRequest {
    /// The kind of credential: a user name is [`CredentialType::Authname`], a password
    /// [`CredentialType::Passphrase`].
    pub kind: CredentialType,
    /// The host that asks for it, as the URI has it; `localhost` where it names none.
    pub host: String,
    /// The method that needs it, e.g. `SASL mechanism SCRAM-SHA-256`.
    pub method: String,
    /// The user whose password is asked for, where that is known.
    pub user: Option<String>,
    /// A prompt to show to the user.
    pub prompt: String,
}

impl CredentialRequest {
    /// Returns whether the answer must be hidden while it is typed.
    pub fn is_secret(&self) -> bool {
        matches!(self.kind, CredentialType::Passphrase | CredentialType::Noechoprompt)
    }
}

type FutureAnswer = Pin<Box<dyn Future<Output = Option<Credential>> + Send>>;

/// The program's callback for credentials.
#[derive(Clone)]
pub(crate) struct CredentialCallback(Arc<dyn Fn(CredentialRequest) -> FutureAnswer + Send + Sync>);

impl CredentialCallback {
    pub(crate) fn new<F, A>(ask: F) -> Self
    where
        F: Fn(CredentialRequest) -> A + Send + Sync + 'static,
        A: Future<Output = Option<Credential>> + Send + 'static,
    {
        Self(Arc::new(move |request| Box::pin(ask(request))))
    }

    pub(crate) async fn ask(&self, request: CredentialRequest) -> Option<Credential> {
        (self.0)(request).await
    }
}

impl fmt::Debug for CredentialCallback {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CredentialCallback")
    }
}

/// The program's options for authentication.
#[derive(Debug, Clone, Default)]
pub(crate) struct AuthOptions {
    /// A user name and password.
    pub(crate) login: Option<(String, Credential)>,
    pub(crate) callback: Option<CredentialCallback>,
}
