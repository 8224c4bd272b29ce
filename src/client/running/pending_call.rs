//! Calls in flight, from the request to the results.

use std::future::poll_fn;
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::time::Duration;

use tracing::field::Empty;

use super::reply::{Reply, failure};
use super::shared::Shared;
use crate::error::{Error, Result};
use crate::rpc::calls::{CallSetup, Outcome};
use crate::xdr::Encode;

/// A call in flight; dropping it abandons the call.
pub(crate) struct PendingCall {
    shared: Arc<Shared>,
    serial: u32,
    procedure: &'static str,
    /// The handle's timeout, which started when the call was made.
    after: Duration,
    answered: bool,
    /// Open until the call ends, so that the span's duration is the call's.
    span: tracing::Span,
}

impl PendingCall {
    /// Sends a call as soon as the daemon may be given it.
    pub(crate) async fn begin(
        shared: &Arc<Shared>,
        setup: CallSetup,
        after: Duration,
        args: &(dyn Encode + Sync),
    ) -> Result<Self> {
        let procedure = setup.procedure;
        let span = tracing::debug_span!("call", procedure, serial = Empty, bytes = Empty);
        let serial = shared.start(setup, after, args).await?;
        span.record("serial", serial);
        Ok(Self {
            shared: Arc::clone(shared),
            serial,
            procedure,
            after,
            answered: false,
            span,
        })
    }

    pub(crate) fn serial(&self) -> u32 {
        self.serial
    }

    /// Waits for the results, or the daemon's error.
    pub(crate) async fn finish<B>(self) -> Result<Reply<B>> {
        // Descriptors that the caller did not ask for are closed.
        let (reply, _descriptors) = self.finish_with_descriptors().await?;
        Ok(reply)
    }

    /// Waits for the results and the descriptors that came with them.
    pub(crate) async fn finish_with_descriptors<B>(mut self) -> Result<(Reply<B>, Vec<OwnedFd>)> {
        let outcome = poll_fn(|cx| self.shared.poll_outcome(self.serial, cx.waker())).await;
        self.answered = true;
        match outcome {
            Ok(Outcome::Reply(payload, descriptors)) => {
                self.span.record("bytes", payload.len());
                Ok((Reply::new(payload, self.procedure), descriptors))
            }
            Ok(Outcome::Error(payload)) => Err(failure(self.procedure, &payload)),
            Ok(Outcome::Expired) => Err(Error::Timeout {
                operation: self.procedure,
                after: self.after,
                waiting: self.shared.waiting_for_reply(),
            }),
            Err(reason) => Err(Error::Closed(reason)),
        }
    }
}

impl Drop for PendingCall {
    fn drop(&mut self) {
        if !self.answered {
            self.shared.with_engine(|engine| engine.abandon(self.serial));
        }
    }
}
