//! Which definitions of a domain a change is for.

use super::super::Domain;
use crate::test_driver::failure::{Failure, Result};
use crate::types::domain::ModificationImpact;
use crate::types::error::{ErrorCode, ErrorDomain};

/// Which definitions of a domain are meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Impact {
    pub(super) live: bool,
    pub(super) config: bool,
}

impl Impact {
    /// Returns what is meant by flags, of which none means whatever the domain uses now.
    pub(super) fn of(domain: &Domain, flags: u32) -> Result<Self> {
        let has = |flag: ModificationImpact| flags & flag.bits() != 0;
        let mut impact = Self {
            live: has(ModificationImpact::LIVE),
            config: has(ModificationImpact::CONFIG),
        };
        if !impact.live && !impact.config {
            impact.live = domain.is_active();
            impact.config = !impact.live;
        }
        if impact.live {
            domain.check_active()?;
        }
        if impact.config && !domain.is_persistent() {
            let detail = "transient domains do not have any persistent config";
            return Err(Failure::of(ErrorDomain::Domain, ErrorCode::OperationInvalid, detail));
        }
        Ok(impact)
    }

    pub(super) fn flags(self) -> u32 {
        let bit = |is_set: bool, flag: ModificationImpact| if is_set { flag.bits() } else { 0 };
        bit(self.live, ModificationImpact::LIVE) | bit(self.config, ModificationImpact::CONFIG)
    }
}

/// Creates the failure of an argument that libvirt's library does not pass on to a driver.
pub(super) fn of_library(
    function: &str,
    argument: &str,
    message: impl std::fmt::Display,
) -> Failure {
    Failure {
        domain: ErrorDomain::Domain,
        ..Failure::argument(function, argument, message)
    }
}
