use std::fmt::{self, Write as _};

use super::line::Line;
use crate::protocol::net::MessageError;
use crate::types::error::{ErrorCode, ErrorDomain, ErrorLevel};
use crate::xdr::{self, DecodeError, WireStr};

/// A failure as the daemon reports it: every field of libvirt's `virError`, and what was called.
///
/// The `str` and `int` fields hold details whose meaning depends on the code; for most codes `str1`
/// is the message's template and `str2` what was filled in.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct RemoteError {
    /// What kind of failure it is; the thing to match on.
    pub code: ErrorCode,
    /// Which part of libvirt reports it.
    pub domain: ErrorDomain,
    /// Whether it is an error or a warning.
    pub level: ErrorLevel,
    /// The text for humans.
    pub message: String,
    /// First detail.
    pub str1: Option<String>,
    /// Second detail.
    pub str2: Option<String>,
    /// Third detail.
    pub str3: Option<String>,
    /// First number; for system errors the `errno`.
    pub int1: i32,
    /// Second number.
    pub int2: i32,
    /// The procedure that failed, e.g. `DomainCreate`.
    pub procedure: &'static str,
}

impl RemoteError {
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
        // A daemon that is too old for a procedure reports it as a failure of RPC; its code becomes
        // the one that a driver without the function reports, as in the C library.
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

    /// See [`Error::is_unsupported`](super::Error::is_unsupported).
    pub fn is_unsupported(&self) -> bool {
        match self.code {
            ErrorCode::NoSupport
            | ErrorCode::OperationUnsupported
            | ErrorCode::ArgumentUnsupported => true,
            ErrorCode::Rpc => self.message.starts_with("Cannot find program"),
            // The code's own text stands in front of these.
            ErrorCode::InvalidArg => self.message.contains("unsupported flags"),
            ErrorCode::InternalError => {
                self.message.contains("unsupported ") && self.message.contains("event ID ")
            }
            _ => false,
        }
    }
}

impl fmt::Display for RemoteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let message = self.message.trim_end();
        write!(Line(f), "{} failed: {message}", self.procedure)
    }
}

impl std::error::Error for RemoteError {}
