//! Events of the daemon's own connection to its hypervisor.

use std::convert::Infallible;

use serde::Serialize;

use super::{EventKind, sealed};
use crate::client::Connect;
use crate::client::registration::{NamedBy, Registration};
use crate::error::Result;
use crate::protocol::{Event, Request, remote};
use crate::types::connect::CloseReason;
use crate::xdr::{Decode, DecodeError, Reader};

/// Loss of the daemon's connection to its hypervisor (`virConnectRegisterCloseCallback`).
///
/// The end of this side's connection to the daemon is a different event: see
/// [`Connect::closed`](crate::Connect::closed).
#[doc(alias = "virConnectRegisterCloseCallback")]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct HypervisorClosed {
    /// Reason for the loss.
    pub reason: CloseReason,
}

impl sealed::Sealed for HypervisorClosed {}

impl EventKind for HypervisorClosed {
    /// None: a subscription cannot be limited to an object.
    type Object = Infallible;
    const NAME: &'static str = "HypervisorClosed";

    async fn registration(_conn: &Connect, _object: Option<&Infallible>) -> Result<Registration> {
        Ok(Registration {
            event: &remote::ConnectEventConnectionClosed::INFO,
            register: &remote::ConnectRegisterCloseCallback::INFO,
            deregister: &remote::ConnectUnregisterCloseCallback::INFO,
            args: Vec::new(),
            named_by: NamedBy::Args(Vec::new()),
        })
    }

    fn decode(
        _conn: &Connect,
        body: &mut Reader<'_>,
        _has_callback_id: bool,
    ) -> Result<Self, DecodeError> {
        let msg = remote::ConnectEventConnectionClosedMsg::decode(body)?;
        Ok(Self { reason: msg.reason.into() })
    }
}
