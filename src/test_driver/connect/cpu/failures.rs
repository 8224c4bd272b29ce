//! What is wrong with processors.

use crate::test_driver::failure::Failure;
use crate::types::error::{ErrorCode, ErrorDomain};

/// The failure for an architecture of whose processors nothing is known.
pub(super) fn without_driver(arch: &str) -> Failure {
    Failure::of(
        ErrorDomain::Cpu,
        ErrorCode::NoSupport,
        format_args!("'{arch}' architecture is not supported by CPU driver"),
    )
}

/// What cannot be had.
pub(super) fn failed(detail: impl std::fmt::Display) -> Failure {
    Failure::of(ErrorDomain::Cpu, ErrorCode::OperationFailed, detail)
}

pub(super) fn unknown(what: &str, name: &str) -> Failure {
    let detail = format!("Unknown CPU {what} {name}");
    Failure::of(ErrorDomain::Cpu, ErrorCode::InternalError, detail)
}
