//! Registering for the events of objects.

use super::events::{Class, Kind};
use super::failure::{Failure, Result};
use super::work::Work;
use crate::types::error::{ErrorCode, ErrorDomain};

/// The events of one class of objects.
#[derive(Debug, Clone, Copy)]
pub(super) struct Registrar {
    pub(super) class: Class,
    /// How the objects are called.
    pub(super) name: &'static str,
    /// One more than the highest number of an event.
    pub(super) kinds: i32,
}

impl Registrar {
    /// Registers a client, and returns the number of the callback.
    pub(super) fn register(
        &self,
        work: &mut Work<'_>,
        number: i32,
        object: Option<String>,
    ) -> Result<i32> {
        if !(0..self.kinds).contains(&number) {
            let name = self.name;
            return Err(failure(format_args!("unsupported {name} event ID {number}")));
        }
        let kind = Kind { class: self.class, number };
        Ok(work.state.events.register(work.client, kind, object, false))
    }

    pub(super) fn deregister(&self, work: &mut Work<'_>, callback: i32) -> Result<()> {
        if work.state.events.deregister(work.client, self.class, callback) {
            Ok(())
        } else {
            let name = self.name;
            Err(failure(format_args!("{name} event callback {callback} not registered")))
        }
    }

    pub(super) const fn kind(&self, number: i32) -> Kind {
        Kind { class: self.class, number }
    }
}

/// Creates the failure of a registration.
pub(super) fn failure(detail: impl std::fmt::Display) -> Failure {
    Failure::of(ErrorDomain::Rpc, ErrorCode::InternalError, detail)
}
