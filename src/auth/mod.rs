//! Who the user is, and how that is proved: what is not the business of any one transport.

mod credentials;
mod file;
#[cfg(feature = "sasl")]
pub(crate) mod sasl;
mod wallet;

pub(crate) use credentials::{Asker, Given};
pub use credentials::{CredentialRequest, Secret};
pub(crate) use wallet::Wallet;
