//! Which function answers which procedure.

use std::collections::BTreeMap;

use super::failure::{Failure, Result, domain_of};
use super::work::Work;
use crate::protocol::{
    FdRequest, ProcedureInfo, ReplyRequest, Request, StreamRequest, VoidRequest,
};
use crate::types::error::{ErrorCode, ErrorDomain};
use crate::xdr::{self, Body, Encode, EncodeError};

/// What follows a good reply.
pub(super) enum Answer {
    /// The reply is all.
    Reply(Vec<u8>),
    /// The reply opens a stream, which has this content.
    Download(Vec<u8>, Vec<u8>),
    /// The user is to be asked, who may use the host, whose state must be free then.
    #[cfg_attr(
        not(feature = "qemu"),
        expect(dead_code, reason = "only agents are asked")
    )]
    Ask(Box<dyn FnOnce() -> Result<Answer>>),
}

/// A stream's content, beside the reply that opens it.
pub(super) type Download<R> = (R, Vec<u8>);

type Run = Box<dyn Fn(&mut Work<'_>, &[u8]) -> Result<Answer> + Send + Sync>;

/// A procedure and what answers it.
pub(super) struct Route {
    info: ProcedureInfo,
    /// Set where clients that may only read may call it.
    reads: bool,
    run: Run,
}

/// The procedures that are answered, by program and number.
#[derive(Default)]
pub(super) struct Routes {
    table: BTreeMap<(u32, u32), Route>,
}

impl Routes {
    /// Answers a procedure that has no results and changes something.
    pub(super) fn act<R>(
        &mut self,
        answer: impl for<'a> Fn(&mut Work<'_>, R::Borrowed<'a>) -> Result<()> + Send + Sync + 'static,
    ) where
        R: VoidRequest + Body,
    {
        self.insert::<R>(Box::new(move |work, arguments| {
            answer(work, decode::<R>(arguments)?)?;
            Ok(Answer::Reply(Vec::new()))
        }));
    }

    /// Answers a procedure that has results and changes something.
    pub(super) fn make<R>(
        &mut self,
        answer: impl for<'a> Fn(&mut Work<'_>, R::Borrowed<'a>) -> Result<R::Reply>
        + Send
        + Sync
        + 'static,
    ) where
        R: ReplyRequest + Body,
        R::Reply: Encode,
    {
        self.insert::<R>(Box::new(move |work, arguments| {
            encode(&answer(work, decode::<R>(arguments)?)?)
        }));
    }

    /// Answers a procedure by what is called once the host's state is free.
    #[cfg(feature = "qemu")]
    pub(super) fn ask<R, F>(
        &mut self,
        answer: impl for<'a> Fn(&mut Work<'_>, R::Borrowed<'a>) -> Result<F> + Send + Sync + 'static,
    ) where
        R: ReplyRequest + Body,
        R::Reply: Encode,
        F: FnOnce() -> R::Reply + 'static,
    {
        self.insert::<R>(Box::new(move |work, arguments| {
            let ask = answer(work, decode::<R>(arguments)?)?;
            Ok(Answer::Ask(Box::new(move || encode(&ask()))))
        }));
    }

    /// Answers a procedure that may come with files, when it comes without.
    pub(super) fn with_files<R>(
        &mut self,
        answer: impl for<'a> Fn(&mut Work<'_>, R::Borrowed<'a>) -> Result<R::Reply>
        + Send
        + Sync
        + 'static,
    ) where
        R: FdRequest + Body,
        R::Reply: Encode,
    {
        self.insert::<R>(Box::new(move |work, arguments| {
            encode(&answer(work, decode::<R>(arguments)?)?)
        }));
    }

    /// Answers a procedure that has results and changes nothing.
    pub(super) fn tell<R>(
        &mut self,
        answer: impl for<'a> Fn(&mut Work<'_>, R::Borrowed<'a>) -> Result<R::Reply>
        + Send
        + Sync
        + 'static,
    ) where
        R: ReplyRequest + Body,
        R::Reply: Encode,
    {
        self.make::<R>(answer);
        self.may_read::<R>();
    }

    /// Answers a procedure whose reply opens a stream to the client.
    pub(super) fn download<R>(
        &mut self,
        answer: impl for<'a> Fn(&mut Work<'_>, R::Borrowed<'a>) -> Result<Download<R::Reply>>
        + Send
        + Sync
        + 'static,
    ) where
        R: StreamRequest + Body,
        R::Reply: Encode,
    {
        self.insert::<R>(Box::new(move |work, arguments| {
            let (reply, content) = answer(work, decode::<R>(arguments)?)?;
            Ok(Answer::Download(encode_reply(&reply)?, content))
        }));
    }

    /// Lets clients that may only read call a procedure that is there.
    pub(super) fn may_read<R: Request>(&mut self) {
        if let Some(route) = self.table.get_mut(&(R::INFO.program.number, R::INFO.number)) {
            route.reads = true;
        }
    }

    fn insert<R: Request>(&mut self, run: Run) {
        let key = (R::INFO.program.number, R::INFO.number);
        self.table.insert(key, Route { info: R::INFO, reads: false, run });
    }

    pub(super) fn get(&self, program: u32, number: u32) -> Option<&Route> {
        self.table.get(&(program, number))
    }

    /// Returns whether a program has procedures that are answered.
    pub(super) fn has_program(&self, program: u32) -> bool {
        self.table.keys().any(|(other, _)| *other == program)
    }
}

impl Route {
    /// Answers a call.
    pub(super) fn run(
        &self,
        work: &mut Work<'_>,
        arguments: &[u8],
        read_only: bool,
    ) -> Result<Answer> {
        if read_only && !self.reads {
            let detail = format!("read only access prevents {}", self.info.name);
            return Err(Failure::of(domain_of(self.info.name), ErrorCode::OperationDenied, detail));
        }
        (self.run)(work, arguments)
    }
}

pub(super) fn decode<R: Body>(arguments: &[u8]) -> Result<R::Borrowed<'_>> {
    xdr::from_slice(arguments).map_err(|error| {
        let detail = format!("unable to decode the arguments: {error}");
        Failure::of(ErrorDomain::Rpc, ErrorCode::Rpc, detail)
    })
}

pub(super) fn encode(reply: &impl Encode) -> Result<Answer> {
    encode_reply(reply).map(Answer::Reply)
}

fn encode_reply(reply: &impl Encode) -> Result<Vec<u8>> {
    xdr::to_vec(reply).map_err(|error: EncodeError| {
        let detail = format!("unable to encode the reply: {error}");
        Failure::of(ErrorDomain::Rpc, ErrorCode::Rpc, detail)
    })
}
