//! What is asked and done about a domain's devices, and what users keep with a domain.

mod events;
mod filesystems;
mod hotplug;
mod metadata;
mod statistics;

use super::Domain;
use crate::test_driver::failure::{Failure, Result};
use crate::test_driver::routes::Routes;
use crate::types::domain::ModificationImpact;
use crate::types::error::{ErrorCode, ErrorDomain};

pub(super) fn route(routes: &mut Routes) {
    hotplug::route(routes);
    statistics::route(routes);
    filesystems::route(routes);
    metadata::route(routes);
}

/// Which definitions of a domain are meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Impact {
    live: bool,
    config: bool,
}

impl Impact {
    /// Returns what is meant by flags, of which none means whatever the domain uses now.
    fn of(domain: &Domain, flags: u32) -> Result<Self> {
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

    fn flags(self) -> u32 {
        let bit = |is_set: bool, flag: ModificationImpact| if is_set { flag.bits() } else { 0 };
        bit(self.live, ModificationImpact::LIVE) | bit(self.config, ModificationImpact::CONFIG)
    }
}

/// Creates the failure of an argument that libvirt's library does not pass on to a driver.
fn of_library(function: &str, argument: &str, message: impl std::fmt::Display) -> Failure {
    Failure {
        domain: ErrorDomain::Domain,
        ..Failure::argument(function, argument, message)
    }
}
