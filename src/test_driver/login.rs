//! The users that a node file names, of whom a client must be one.

use super::failure::{Failure, Result};
use super::xml::Element;
use crate::auth::{AuthOptions, CredentialSources};
use crate::error::{AuthError, Error};
use crate::types::error::{ErrorCode, ErrorDomain};

/// A user of a host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct User {
    name: String,
    password: Option<String>,
}

impl User {
    pub(super) fn of(element: &Element) -> Result<Self> {
        if element.text.is_empty() {
            let detail = "missing username in /node/auth/user field";
            return Err(Failure::new(ErrorCode::XmlError, detail));
        }
        let password = element.get("password").map(str::to_owned);
        Ok(Self { name: element.text.clone(), password })
    }
}

/// What a client of this process has of credentials.
#[derive(Debug, Clone)]
pub(crate) struct Login {
    pub(crate) options: AuthOptions,
    /// The auth file that the URI names.
    pub(crate) auth_file: Option<String>,
}

/// Has a client say who it is, unless everybody may open the host. One that nobody knows is asked for
/// a password, too.
pub(super) async fn check(users: &[User], login: &Login) -> Result<()> {
    const METHOD: &str = "libvirt's test driver";
    if users.is_empty() {
        return Ok(());
    }
    let Login { options, auth_file } = login;
    let sources = CredentialSources::new(options, "test", "localhost", auth_file.as_deref()).await;
    let mut sources = sources.map_err(|error| refused(&error))?;
    let name = sources.user_by("username", METHOD).await.map_err(|error| refused(&error))?;
    let user = users.iter().find(|user| user.name == name);
    if user.is_some_and(|user| user.password.is_none()) {
        return Ok(());
    }
    let given = sources.password(METHOD, &name).await.map_err(|error| refused(&error))?;
    if user.is_some_and(|user| user.password.as_deref() == Some(given.expose())) {
        return Ok(());
    }
    let detail = "authentication failed, see test XML for the correct username/password";
    Err(Failure::new(ErrorCode::AuthFailed, detail))
}

fn refused(error: &Error) -> Failure {
    match error {
        Error::Auth(error) if matches!(**error, AuthError::Missing { .. }) => {
            let detail = "Missing authentication credentials";
            Failure::of(ErrorDomain::Auth, ErrorCode::InvalidArg, detail)
        }
        error => Failure::of(ErrorDomain::Auth, ErrorCode::AuthFailed, error),
    }
}
