//! What is said of networks that are described wrongly.

use crate::test_driver::failure::Failure;
use crate::types::error::{ErrorCode, ErrorDomain};

/// A wrong description of a network.
pub(crate) fn wrong(detail: impl std::fmt::Display) -> Failure {
    Failure::of(ErrorDomain::Network, ErrorCode::XmlError, detail)
}

/// A wrong description of a network, which says so itself.
pub(super) fn ill_formed(detail: impl std::fmt::Display) -> Failure {
    Failure::of(ErrorDomain::Network, ErrorCode::XmlDetail, detail)
}

pub(super) fn unsupported(detail: impl std::fmt::Display) -> Failure {
    Failure::of(ErrorDomain::Network, ErrorCode::ConfigUnsupported, detail)
}
