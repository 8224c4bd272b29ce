//! Event registrations: the requests that have the daemon send events.

use crate::error::{Error, Result};
use crate::protocol::{EventInfo, ProcedureInfo, Request};
use crate::rpc::events::MessageKind;
use crate::xdr;

/// The procedures and arguments that register for one kind of event.
#[derive(Debug, Clone)]
pub struct Registration {
    pub(crate) event: &'static EventInfo,
    pub(crate) register: &'static ProcedureInfo,
    pub(crate) deregister: &'static ProcedureInfo,
    /// Encoded arguments of the registration.
    pub(crate) args: Vec<u8>,
    pub(crate) named_by: NamedBy,
}

/// The way that a registration is named when it is removed.
#[derive(Debug, Clone)]
pub(crate) enum NamedBy {
    /// By the callback ID that registering returned. The events' messages begin with it.
    CallbackId,
    /// By these encoded arguments.
    Args(Vec<u8>),
}

impl Registration {
    /// Returns a registration whose reply is a callback ID.
    pub(crate) fn with_callback_id<R: Request>(
        event: &'static EventInfo,
        register: &R,
        deregister: &'static ProcedureInfo,
    ) -> Result<Self> {
        let args = xdr::to_vec(register).map_err(|error| Error::unsendable(R::INFO.name, error))?;
        Ok(Self {
            event,
            register: const { &R::INFO },
            deregister,
            args,
            named_by: NamedBy::CallbackId,
        })
    }

    /// Returns the kind of the events' messages.
    pub(crate) fn message_kind(&self) -> MessageKind {
        (self.event.program.number, self.event.number)
    }

    /// Returns whether the events' messages begin with a callback ID.
    pub(crate) fn has_callback_id(&self) -> bool {
        matches!(self.named_by, NamedBy::CallbackId)
    }
}
