//! What is wrong with a definition.

use std::fmt::Display;

use crate::test_driver::failure::Failure;
use crate::types::error::{ErrorCode, ErrorDomain};

fn of(code: ErrorCode, detail: impl Display) -> Failure {
    Failure::of(ErrorDomain::Domain, code, detail)
}

pub(super) fn xml(detail: impl Display) -> Failure {
    of(ErrorCode::XmlError, detail)
}

pub(super) fn unsupported(detail: impl Display) -> Failure {
    of(ErrorCode::ConfigUnsupported, detail)
}

pub(super) fn internal(detail: impl Display) -> Failure {
    of(ErrorCode::InternalError, detail)
}

/// Creates the failure of what is said of processors.
pub(super) fn of_cpu(code: ErrorCode, detail: impl Display) -> Failure {
    Failure::of(ErrorDomain::Cpu, code, detail)
}

/// Creates the failure of something that is missing, as the text of the code says, of a device or
/// altogether.
pub(super) fn missing(code: ErrorCode, text: &str, detail: Option<&str>) -> Failure {
    let message = match detail {
        Some(detail) => format!("{text} for device {detail}"),
        None => text.to_owned(),
    };
    Failure {
        str1: Some(detail.map_or_else(|| text.to_owned(), |_| format!("{text} for device %s"))),
        str2: detail.map(str::to_owned),
        message,
        ..Failure::of(ErrorDomain::Domain, code, "")
    }
}
