//! Errors that the daemon reports.

use std::fmt::{self, Write as _};

use super::line::Line;
use crate::protocol::net::MessageError;
use crate::types::error::{ErrorCode, ErrorDomain, ErrorLevel};
use crate::xdr::{self, DecodeError, WireStr};

/// An error of the daemon: every field of libvirt's `virError`, and the procedure.
///
/// The `str` and `int` fields hold details whose meaning depends on the code; for most codes `str1`
/// is the message's template and `str2` the text filled in.
///
/// The text is the procedure's name and the message, e.g. `virDomainCreate: Requested operation is
/// not valid: domain is already running`.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct RemoteError {
    /// The kind of failure; the field to match on.
    pub code: ErrorCode,
    /// The part of libvirt that reports it.
    pub domain: ErrorDomain,
    /// The level: error or warning.
    pub level: ErrorLevel,
    /// The message for humans.
    pub message: String,
    /// The first detail.
    pub str1: Option<String>,
    /// The second detail.
    pub str2: Option<String>,
    /// The third detail.
    pub str3: Option<String>,
    /// The first number; for system errors the `errno`.
    pub int1: i32,
    /// The second number.
    pub int2: i32,
    /// The procedure that failed, by the C function that it is for, e.g. `virDomainCreate`; empty of
    /// an error that no daemon has made.
    pub procedure: &'static str,
}

impl RemoteError {
    /// Makes an error as a daemon could report it, for tests; without a procedure, whose name the
    /// text has in front, and without details.
    ///
    /// ```
    /// use libvirt_client::types::error::ErrorCode;
    /// use libvirt_client::{Error, RemoteError};
    ///
    /// let error = Error::from(RemoteError::new(ErrorCode::NoDomain, "Domain not found"));
    /// assert!(error.is_not_found());
    /// assert_eq!(error.to_string(), "Domain not found");
    /// ```
    pub fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self {
            code,
            domain: ErrorDomain::None,
            level: ErrorLevel::Error,
            message: message.into(),
            str1: None,
            str2: None,
            str3: None,
            int1: 0,
            int2: 0,
            procedure: "",
        }
    }

    pub(crate) fn decode(payload: &[u8], procedure: &'static str) -> Result<Self, DecodeError> {
        let wire: MessageError<'_> = xdr::from_slice(payload)?;
        let text = |text: Option<WireStr<'_>>| text.map(String::from);
        let mut error = Self {
            code: wire.code.into(),
            domain: wire.domain.into(),
            level: wire.level.into(),
            message: text(wire.message).unwrap_or_else(|| "no message".to_owned()),
            str1: text(wire.str1),
            str2: text(wire.str2),
            str3: text(wire.str3),
            int1: wire.int1,
            int2: wire.int2,
            procedure,
        };
        // A daemon that is too old for a procedure reports an RPC failure; its code becomes the one
        // of a driver without the function, as in the C library.
        if error.is_unknown_procedure() {
            error.code = ErrorCode::NoSupport;
        }
        Ok(error)
    }

    fn is_unknown_procedure(&self) -> bool {
        self.code == ErrorCode::Rpc
            && matches!(self.domain, ErrorDomain::Rpc | ErrorDomain::Remote)
            && self.message.starts_with("unknown procedure")
    }

    /// Returns whether the procedure is not supported; see
    /// [`Error::is_unsupported`](super::Error::is_unsupported).
    pub fn is_unsupported(&self) -> bool {
        match self.code {
            ErrorCode::NoSupport
            | ErrorCode::OperationUnsupported
            | ErrorCode::ArgumentUnsupported => true,
            ErrorCode::Rpc => self.message.starts_with("Cannot find program"),
            // The code's own text precedes these.
            ErrorCode::InvalidArg => self.message.contains("unsupported flags"),
            // The daemon does not know the event, or has no driver that could tell of it. What it
            // was asked is right, and its messages may be translated.
            ErrorCode::InternalError => {
                self.domain == ErrorDomain::Rpc && self.procedure.contains("Register")
            }
            _ => false,
        }
    }
}

impl fmt::Display for RemoteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let message = self.message.trim_end();
        match self.procedure {
            "" => Line(f).write_str(message),
            procedure => write!(Line(f), "{procedure}: {message}"),
        }
    }
}

impl std::error::Error for RemoteError {}
