//! What the user knows, and how the user is asked.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;

use zeroize::Zeroizing;

use crate::types::connect::CredentialType;

/// A text that nobody else is to see: `Debug` does not show it, and dropping it wipes it from memory.
#[derive(Clone)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// The text itself.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self(Zeroizing::new(text))
    }
}

impl From<&str> for Secret {
    fn from(text: &str) -> Self {
        text.to_owned().into()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}

/// Something that authentication has to know and found nowhere; for
/// [`ConnectBuilder::credentials`](crate::ConnectBuilder::credentials).
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct CredentialRequest {
    /// What is asked for: a user's name is [`CredentialType::Authname`], a password
    /// [`CredentialType::Passphrase`].
    pub kind: CredentialType,
    /// The host that wants it, as the URI has it; `localhost` where it names none.
    pub host: String,
    /// What it is needed for, e.g. `SASL mechanism SCRAM-SHA-256`.
    pub method: String,
    /// Whose password is asked for, where that is known by now.
    pub user: Option<String>,
    /// A question that can be shown to the user.
    pub prompt: String,
}

impl CredentialRequest {
    /// Whether the answer must not be seen while it is typed.
    pub fn is_secret(&self) -> bool {
        matches!(self.kind, CredentialType::Passphrase | CredentialType::Noechoprompt)
    }
}

type FutureAnswer = Pin<Box<dyn Future<Output = Option<Secret>> + Send>>;

/// What the program has set up to be asked for credentials.
#[derive(Clone)]
pub(crate) struct CredentialCallback(Arc<dyn Fn(CredentialRequest) -> FutureAnswer + Send + Sync>);

impl CredentialCallback {
    pub(crate) fn new<F, A>(ask: F) -> Self
    where
        F: Fn(CredentialRequest) -> A + Send + Sync + 'static,
        A: Future<Output = Option<Secret>> + Send + 'static,
    {
        Self(Arc::new(move |request| Box::pin(ask(request))))
    }

    pub(crate) async fn ask(&self, request: CredentialRequest) -> Option<Secret> {
        (self.0)(request).await
    }
}

impl fmt::Debug for CredentialCallback {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CredentialCallback")
    }
}

/// What the program has set up for authentication.
#[derive(Debug, Clone, Default)]
pub(crate) struct AuthOptions {
    /// A user's name and password.
    pub(crate) login: Option<(String, Secret)>,
    pub(crate) callback: Option<CredentialCallback>,
}
