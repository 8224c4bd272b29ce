//! What the daemon is asked to send.

use crate::error::{Error, Result};
use crate::protocol::{EventInfo, ProcedureInfo, Request};
use crate::rpc::events::MessageKind;
use crate::xdr;

/// How to have the daemon send one kind of event.
#[derive(Debug, Clone)]
pub struct Registration {
    pub(crate) event: &'static EventInfo,
    pub(crate) register: &'static ProcedureInfo,
    pub(crate) deregister: &'static ProcedureInfo,
    /// Encoded arguments of the registration.
    pub(crate) args: Vec<u8>,
    pub(crate) named_by: NamedBy,
}

/// By what the daemon is told which registration to take back.
#[derive(Debug, Clone)]
pub(crate) enum NamedBy {
    /// By the callback id that the registration returned. The events' messages begin with it.
    CallbackId,
    /// By these encoded arguments.
    Args(Vec<u8>),
}

impl Registration {
    /// A registration whose reply is a callback id.
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

    /// The kind of message that it brings.
    pub(crate) fn message_kind(&self) -> MessageKind {
        (self.event.program.number, self.event.number)
    }

    /// Whether those messages begin with a callback id.
    pub(crate) fn has_callback_id(&self) -> bool {
        matches!(self.named_by, NamedBy::CallbackId)
    }
}
