//! Errors as a daemon reports them.

use std::fmt;

use crate::protocol::net::MessageError;
use crate::types::error::{ErrorCode, ErrorDomain, ErrorLevel};

/// The failure of a call: what becomes a `virError` on the wire.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Failure {
    pub(crate) code: ErrorCode,
    pub(crate) domain: ErrorDomain,
    pub(crate) message: String,
    /// The template of the message.
    pub(crate) str1: Option<String>,
    /// What was filled in.
    pub(crate) str2: Option<String>,
    pub(crate) int1: i32,
    pub(crate) int2: i32,
}

pub(crate) type Result<T> = std::result::Result<T, Failure>;

impl Failure {
    /// Creates a failure that the test driver itself reports.
    pub(crate) fn new(code: ErrorCode, detail: impl fmt::Display) -> Self {
        Self::of(ErrorDomain::Test, code, detail)
    }

    /// Creates a failure that a part of libvirt reports: the detail follows what libvirt says for the
    /// code.
    pub(crate) fn of(domain: ErrorDomain, code: ErrorCode, detail: impl fmt::Display) -> Self {
        let detail = detail.to_string();
        let template = template(code);
        Self {
            code,
            domain,
            message: template.replacen("%s", &detail, 1),
            str1: Some(template.to_owned()),
            str2: Some(detail),
            int1: -1,
            int2: -1,
        }
    }

    /// Creates a failure that says no more than what libvirt says for the code.
    pub(crate) fn bare(code: ErrorCode) -> Self {
        let template = template(code);
        let message = template.strip_suffix(": %s").unwrap_or(template).to_owned();
        Self {
            code,
            domain: ErrorDomain::Test,
            str1: Some(message.clone()),
            message,
            str2: None,
            int1: -1,
            int2: -1,
        }
    }

    /// Creates a failure that says this and nothing for the code.
    pub(crate) fn said(domain: ErrorDomain, code: ErrorCode, message: &str) -> Self {
        Self {
            code,
            domain,
            message: message.to_owned(),
            str1: Some(message.to_owned()),
            str2: None,
            int1: -1,
            int2: -1,
        }
    }

    /// Creates the failure of which a daemon says nothing: it has forgotten to.
    pub(crate) fn unsaid() -> Self {
        Self {
            code: ErrorCode::InternalError,
            domain: ErrorDomain::None,
            message: "An error occurred, but the cause is unknown".to_owned(),
            str1: None,
            str2: None,
            int1: 0,
            int2: 0,
        }
    }

    /// Creates the failure of an argument that is not accepted by a function of libvirt in C.
    pub(crate) fn argument(function: &str, argument: &str, message: impl fmt::Display) -> Self {
        Self {
            code: ErrorCode::InvalidArg,
            domain: ErrorDomain::Test,
            message: message.to_string(),
            str1: Some(function.to_owned()),
            str2: Some(argument.to_owned()),
            int1: 0,
            int2: 0,
        }
    }

    /// Creates the failure of an operation that the state of a domain does not allow, as the code that
    /// libvirt's drivers share reports it.
    pub(crate) fn state(detail: impl fmt::Display) -> Self {
        Self::of(ErrorDomain::Domain, ErrorCode::OperationInvalid, detail)
    }

    /// Creates the failure of an argument that the C function itself refuses, before any driver.
    pub(crate) fn refused(function: &str, argument: &str, message: impl fmt::Display) -> Self {
        Self {
            domain: ErrorDomain::Domain,
            ..Self::argument(function, argument, message)
        }
    }

    /// Creates the failure that the code which libvirt's drivers share reports.
    pub(crate) fn shared(code: ErrorCode, detail: impl fmt::Display) -> Self {
        Self::of(ErrorDomain::Domain, code, detail)
    }

    pub(crate) fn internal(detail: impl fmt::Display) -> Self {
        Self::new(ErrorCode::InternalError, detail)
    }

    pub(crate) fn invalid(detail: impl fmt::Display) -> Self {
        Self::new(ErrorCode::OperationInvalid, detail)
    }

    /// Creates the failure of something that the driver does not have.
    pub(crate) fn unsupported(function: &str) -> Self {
        Self::of(domain_of(function), ErrorCode::NoSupport, function)
    }

    pub(crate) fn wire(&self) -> MessageError<'_> {
        MessageError {
            code: self.code.into(),
            domain: self.domain.into(),
            message: Some((&self.message).into()),
            level: ErrorLevel::Error.into(),
            dom: None,
            str1: self.str1.as_ref().map(Into::into),
            str2: self.str2.as_ref().map(Into::into),
            str3: None,
            int1: self.int1,
            int2: self.int2,
            net: None,
        }
    }
}

/// Returns the part of the C library that a public function is in.
pub(super) fn domain_of(function: &str) -> ErrorDomain {
    const PARTS: [(&str, ErrorDomain); 9] = [
        ("DomainSnapshot", ErrorDomain::DomainSnapshot),
        ("DomainCheckpoint", ErrorDomain::DomainCheckpoint),
        ("NodeDevice", ErrorDomain::Nodedev),
        ("NodeNumOfDevices", ErrorDomain::Nodedev),
        ("NWFilter", ErrorDomain::Nwfilter),
        ("Storage", ErrorDomain::Storage),
        ("Secret", ErrorDomain::Secret),
        ("Network", ErrorDomain::Network),
        ("virInterface", ErrorDomain::Interface),
    ];
    let found = PARTS.iter().find(|(part, _)| function.contains(part));
    found.map_or(ErrorDomain::Domain, |(_, domain)| *domain)
}

/// Refuses flags that a function of the C library does not know.
pub(crate) fn check_flags(given: u32, known: u32, function: &str) -> Result<()> {
    match given & !known {
        0 => Ok(()),
        unknown => Err(Failure::argument(
            function,
            "flags",
            format_args!("unsupported flags (0x{unknown:x}) in function {function}"),
        )),
    }
}

/// Refuses zero, as a function of the C library does by itself.
pub(crate) fn not_zero(given: impl Into<u64>, argument: &str, function: &str) -> Result<()> {
    if given.into() == 0 {
        let detail = format!("{argument} in {function} must not be zero");
        return Err(Failure::refused(function, argument, detail));
    }
    Ok(())
}

/// Refuses an empty text, likewise.
pub(crate) fn not_empty(given: &str, argument: &str, function: &str) -> Result<()> {
    if given.is_empty() {
        let detail = format!("string {argument} in {function} must not be empty");
        return Err(Failure::refused(function, argument, detail));
    }
    Ok(())
}

/// Returns what libvirt says for a code, with a place for the details.
fn template(code: ErrorCode) -> &'static str {
    match code {
        ErrorCode::InternalError => "internal error: %s",
        ErrorCode::NoSupport => "this function is not supported by the connection driver: %s",
        ErrorCode::InvalidArg => "invalid argument: %s",
        ErrorCode::OperationFailed => "operation failed: %s",
        ErrorCode::OperationDenied => "operation forbidden: %s",
        ErrorCode::OperationInvalid => "Requested operation is not valid: %s",
        ErrorCode::OperationUnsupported => "Operation not supported: %s",
        ErrorCode::ArgumentUnsupported => "argument unsupported: %s",
        ErrorCode::ConfigUnsupported => "unsupported configuration: %s",
        ErrorCode::Overflow => "numerical overflow: %s",
        ErrorCode::OsType => "unknown OS type %s",
        ErrorCode::XmlError => "XML error: %s",
        ErrorCode::AuthFailed => "authentication failed: %s",
        ErrorCode::DomExist => "domain %s exists already",
        ErrorCode::NetworkExist => "network %s exists already",
        ErrorCode::StorageVolExist => "storage volume %s exists already",
        ErrorCode::NoDomain => "Domain not found: %s",
        ErrorCode::NoNetwork => "Network not found: %s",
        ErrorCode::NoStoragePool => "Storage pool not found: %s",
        ErrorCode::NoStorageVol => "Storage volume not found: %s",
        ErrorCode::NoNodeDevice => "Node device not found: %s",
        ErrorCode::NoInterface => "Interface not found: %s",
        ErrorCode::NoDomainSnapshot => "Domain snapshot not found: %s",
        ErrorCode::NoDomainCheckpoint => "Domain checkpoint not found: %s",
        ErrorCode::NoDomainMetadata | ErrorCode::NoNetworkMetadata => "metadata not found: %s",
        ErrorCode::DeviceMissing => "device not found: %s",
        ErrorCode::CheckpointInconsistent => "checkpoint inconsistent: %s",
        ErrorCode::SnapshotRevertRisky => "revert requires force: %s",
        ErrorCode::MultipleInterfaces => "multiple matching interfaces found: %s",
        _ => "%s",
    }
}
