//! Authentication errors of daemons.

use crate::error::{AuthError, Error, RemoteError};
use crate::types::error::ErrorCode;

/// Turns the daemon's authentication errors into [`AuthError::Refused`]; passes others on.
pub(super) fn refusal(error: Error, method: &str, user: Option<&str>) -> Error {
    let is_about_us = |error: &RemoteError| {
        matches!(
            error.code,
            ErrorCode::AuthFailed | ErrorCode::AuthCancelled | ErrorCode::AuthUnavailable
        )
    };
    match error {
        Error::Remote(source) if is_about_us(&source) => Error::from(AuthError::Refused {
            method: method.to_owned(),
            user: user.map(ToOwned::to_owned),
            source,
        }),
        other => other,
    }
}
