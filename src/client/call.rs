//! Calls on a connection.

use std::os::fd::OwnedFd;
use std::sync::{Arc, OnceLock};

use super::connection::Connect;
use super::running::{PendingCall, Reply};
use crate::error::{Error, Result};
use crate::protocol::{FdRequest, ReplyRequest, Request, VoidRequest};
use crate::rpc::calls::CallSetup;
use crate::rpc::header::DESCRIPTORS_MAX;
use crate::xdr::Encode;

/// Returns what a cell keeps, or else asks for it. Callers do not wait for one another, so that each
/// has its own deadline.
pub(crate) async fn asked_once<T>(
    cell: &OnceLock<T>,
    asking: impl Future<Output = Result<T>>,
) -> Result<&T> {
    if let Some(known) = cell.get() {
        return Ok(known);
    }
    let answer = asking.await?;
    Ok(cell.get_or_init(|| answer))
}

impl Connect {
    /// Makes a call with results.
    ///
    /// Dropping the future abandons the call: the daemon may still execute it, and its reply is
    /// discarded.
    pub(crate) async fn call<R: ReplyRequest>(&self, request: R) -> Result<Reply<R::Reply>> {
        self.send(request).await?.finish().await
    }

    /// Makes a call without results.
    pub(crate) async fn run<R: VoidRequest>(&self, request: R) -> Result<()> {
        self.send(request).await?.finish::<()>().await.map(drop)
    }

    /// Makes a call without results whose arguments are secret: they are wiped once they were sent.
    pub(crate) async fn run_secret<R: VoidRequest>(&self, request: R) -> Result<()> {
        self.send_secret(request).await?.finish::<()>().await.map(drop)
    }

    /// Makes a call with results whose arguments are secret.
    #[cfg(feature = "sasl")]
    pub(super) async fn call_secret<R: ReplyRequest>(&self, request: R) -> Result<Reply<R::Reply>> {
        self.send_secret(request).await?.finish().await
    }

    async fn send_secret<R: Request>(&self, request: R) -> Result<PendingCall> {
        let setup = CallSetup { is_secret: true, ..CallSetup::new(&R::INFO) };
        self.begin(setup, &request).await
    }

    /// Makes a call that sends file descriptors, returns some, or both.
    pub(crate) async fn call_with_fds<R: FdRequest>(
        &self,
        request: R,
        descriptors: Vec<OwnedFd>,
    ) -> Result<(Reply<R::Reply>, Vec<OwnedFd>)> {
        let procedure = R::INFO.name;
        if !self.passes_descriptors() {
            return Err(Error::Unsupported(format!(
                "{procedure}: descriptors travel over UNIX sockets only"
            )));
        }
        if descriptors.len() > DESCRIPTORS_MAX {
            return Err(Error::InvalidArgument {
                procedure,
                reason: format!(
                    "{} descriptors; at most {DESCRIPTORS_MAX} can be passed",
                    descriptors.len()
                ),
            });
        }
        let mut setup = CallSetup::new(&R::INFO);
        setup.descriptors = descriptors.into_iter().map(Arc::new).collect();
        setup.expects_descriptors = true;
        let call = self.begin(setup, &request).await?;
        call.finish_with_descriptors().await
    }

    /// Sends a call as soon as the daemon may be given it, without waiting for its results. The
    /// handle's timeout starts now and covers both.
    pub(super) async fn send<R: Request>(&self, request: R) -> Result<PendingCall> {
        self.begin(CallSetup::new(&R::INFO), &request).await
    }

    /// Like [`send`](Self::send), for calls that need more than a request.
    pub(super) async fn begin(
        &self,
        setup: CallSetup,
        args: &(dyn Encode + Sync),
    ) -> Result<PendingCall> {
        let deadline = self.deadline(setup.long.is_some());
        let setup = CallSetup { deadline: deadline.at, ..setup };
        PendingCall::begin(self.shared(), setup, deadline.after, args).await
    }
}
