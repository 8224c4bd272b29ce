//! Which definition a change is meant for: the running domain's, or the one of its next start.

use crate::test_driver::failure::{Failure, Result};
use crate::test_driver::state::domain::{Definition, Domain};
use crate::types::domain::ModificationImpact as Impact;

/// The definitions that flags mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Meant {
    pub(super) live: bool,
    pub(super) config: bool,
}

impl Meant {
    /// Returns the flags that mean these.
    pub(super) fn flags(self) -> u32 {
        let bit = |is_set: bool, flag: Impact| if is_set { flag.bits() } else { 0 };
        bit(self.live, Impact::LIVE) | bit(self.config, Impact::CONFIG)
    }
}

impl Domain {
    /// Returns which definitions flags mean: without any, the running domain's if it runs.
    pub(super) fn meant(&self, flags: u32) -> Result<Meant> {
        let flags = Impact::from_bits_retain(flags);
        let mut meant = Meant {
            live: flags.contains(Impact::LIVE),
            config: flags.contains(Impact::CONFIG),
        };
        if !meant.live && !meant.config {
            meant = Meant { live: self.is_active(), config: !self.is_active() };
        }
        if meant.live {
            self.check_active()?;
        }
        if meant.config && !self.is_persistent() {
            let detail = "transient domains do not have any persistent config";
            return Err(Failure::state(detail));
        }
        Ok(meant)
    }

    /// Returns the definition that flags mean, of which they may mean only one.
    pub(super) fn one(&self, flags: u32) -> Result<&Definition> {
        let meant = self.meant_one(flags)?;
        Ok(if meant.live {
            self.definition()
        } else {
            self.config()
        })
    }

    /// Returns the definition that flags mean, to change it.
    pub(super) fn one_mut(&mut self, flags: u32) -> Result<&mut Definition> {
        let meant = self.meant_one(flags)?;
        let found = match &mut self.live {
            Some((_, live)) if meant.live => Some(live),
            _ => self.config.as_mut(),
        };
        found.ok_or_else(|| Failure::internal("the domain has no definition"))
    }

    /// Returns the one definition that flags mean.
    pub(super) fn meant_one(&self, flags: u32) -> Result<Meant> {
        exclude_both(flags, "virDomainObjGetOneDefState", "flags")?;
        self.meant(flags)
    }

    /// Changes each of the definitions that are meant.
    pub(super) fn change(&mut self, meant: Meant, change: impl Fn(&mut Definition)) {
        if let Some((_, live)) = self.live.as_mut().filter(|_| meant.live) {
            change(live);
        }
        if let Some(config) = self.config.as_mut().filter(|_| meant.config) {
            change(config);
        }
    }
}

/// Refuses flags that mean both definitions, in the words of a function in C.
pub(super) fn exclude_both(flags: u32, function: &str, argument: &str) -> Result<()> {
    let both = Impact::LIVE | Impact::CONFIG;
    if !Impact::from_bits_retain(flags).contains(both) {
        return Ok(());
    }
    let detail =
        "Flags 'VIR_DOMAIN_AFFECT_LIVE' and 'VIR_DOMAIN_AFFECT_CONFIG' are mutually exclusive";
    Err(Failure::refused(function, argument, detail))
}
