//! One call, from its arguments to its results.

use std::fmt;
use std::future::poll_fn;
use std::marker::PhantomData;
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tracing::field::Empty;

use super::Connect;
use super::shared::Shared;
use crate::error::{Error, ProtocolError, RemoteError, Result};
use crate::protocol::{FdRequest, ReplyRequest, Request, VoidRequest};
use crate::rpc::calls::{CallSetup, Outcome};
use crate::rpc::header::DESCRIPTORS_MAX;
use crate::xdr::{Body, Decode, DecodeError, Encode, Reader};

/// The results of a call, as they came; decoding borrows from them.
pub struct Reply<B> {
    payload: Bytes,
    procedure: &'static str,
    body: PhantomData<fn() -> B>,
}

impl<B: Body> Reply<B> {
    /// The results.
    pub fn decode(&self) -> Result<B::Borrowed<'_>> {
        self.decode_with(Decode::decode)
    }

    /// The results, read by hand where building the wire types first would cost too much.
    pub(crate) fn decode_with<'a, T>(
        &'a self,
        decode: impl FnOnce(&mut Reader<'a>) -> Result<T, DecodeError>,
    ) -> Result<T> {
        decode(&mut Reader::new(&self.payload))
            .map_err(|source| undecodable(self.procedure, source))
    }
}

impl<B> Reply<B> {
    /// The error of results that are well-formed and contradict themselves, or the request.
    pub(crate) fn invalid(&self, reason: impl Into<String>) -> Error {
        ProtocolError::InvalidReply { procedure: self.procedure, reason: reason.into() }.into()
    }

    /// A count among the results, which the protocol carries as a signed integer.
    pub(crate) fn count(&self, number: i32) -> Result<u32> {
        u32::try_from(number).map_err(|_| self.invalid(format!("{number} is no count")))
    }

    /// The results' encoding.
    pub fn into_bytes(self) -> Bytes {
        self.payload
    }
}

impl<B> fmt::Debug for Reply<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Not the payload: it may hold secrets.
        write!(f, "{}Reply({} bytes)", self.procedure, self.payload.len())
    }
}

fn undecodable(procedure: &'static str, source: DecodeError) -> Error {
    ProtocolError::Reply { procedure, source }.into()
}

impl Connect {
    /// Makes a call with results.
    ///
    /// Dropping the future abandons the call: the daemon may still execute it, its reply is
    /// discarded.
    pub(crate) async fn call<R: ReplyRequest>(&self, request: R) -> Result<Reply<R::Reply>> {
        self.send(request).await?.finish().await
    }

    /// Makes a call without results.
    pub(crate) async fn run<R: VoidRequest>(&self, request: R) -> Result<()> {
        self.send(request).await?.finish::<()>().await.map(drop)
    }

    /// Makes a call that takes descriptors, or returns some, or both.
    pub(crate) async fn call_with_fds<R: FdRequest>(
        &self,
        request: R,
        descriptors: Vec<OwnedFd>,
    ) -> Result<(Reply<R::Reply>, Vec<OwnedFd>)> {
        let procedure = R::INFO.name;
        if !self.inner.passes_descriptors {
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

    /// Sends a call as soon as the daemon may be given it; its results are waited for later. The
    /// handle's deadline counts from now on, for both.
    pub(super) async fn send<R: Request>(&self, request: R) -> Result<PendingCall> {
        self.begin(CallSetup::new(&R::INFO), &request).await
    }

    /// The same for calls that need more than a request.
    pub(super) async fn begin(
        &self,
        setup: CallSetup,
        args: &(dyn Encode + Sync),
    ) -> Result<PendingCall> {
        let shared = &self.inner.shared;
        let timeout = self.deadline(setup.long.is_some());
        let after = timeout.map(|(_, after)| after).unwrap_or_default();
        let setup = CallSetup { deadline: timeout.map(|(at, _)| at.into_std()), ..setup };
        PendingCall::begin(shared, setup, after, args).await
    }
}

/// A call in flight; dropping it abandons the call.
pub(super) struct PendingCall {
    shared: Arc<Shared>,
    serial: u32,
    procedure: &'static str,
    /// The handle's timeout, which has been running since the call was made.
    after: Duration,
    answered: bool,
    /// Open until the call ends, so that its duration is the call's.
    span: tracing::Span,
}

impl PendingCall {
    /// Sends a call as soon as the daemon may be given it.
    pub(super) async fn begin(
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

    pub(super) fn serial(&self) -> u32 {
        self.serial
    }

    /// The results, or the daemon's error.
    pub(super) async fn finish<B>(self) -> Result<Reply<B>> {
        // Descriptors that nobody asked for are closed.
        let (reply, _descriptors) = self.finish_with_descriptors().await?;
        Ok(reply)
    }

    /// The results and the descriptors that came along.
    pub(super) async fn finish_with_descriptors<B>(mut self) -> Result<(Reply<B>, Vec<OwnedFd>)> {
        let outcome = poll_fn(|cx| self.shared.poll_outcome(self.serial, cx.waker())).await;
        self.answered = true;
        match outcome {
            Ok(Outcome::Reply(payload, descriptors)) => {
                self.span.record("bytes", payload.len());
                let reply = Reply { payload, procedure: self.procedure, body: PhantomData };
                Ok((reply, descriptors))
            }
            Ok(Outcome::Error(payload)) => Err(RemoteError::decode(&payload, self.procedure)
                .map_or_else(|source| undecodable(self.procedure, source), Error::from)),
            Ok(Outcome::Expired) => Err(Error::Timeout {
                procedure: self.procedure,
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
