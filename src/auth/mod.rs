//! Authentication apart from the transport: credentials and SASL mechanisms.

mod credentials;
pub(crate) mod file;
#[cfg(feature = "sasl")]
pub(crate) mod sasl;
mod sources;

pub(crate) use credentials::{AuthOptions, CredentialCallback};
pub use credentials::{Credential, CredentialRequest};
pub(crate) use sources::CredentialSources;
