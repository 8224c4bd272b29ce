//! Calls by wire type or by number.

use std::os::fd::OwnedFd;

use bytes::Bytes;

use super::{Connect, Reply, Stream};
use crate::error::Result;
use crate::protocol::{Priority, Procedure, ProcedureInfo, Program};
use crate::rpc::calls::CallSetup;
use crate::xdr::{Encode, EncodeError, Writer};

/// Every procedure of every program that the daemon serves; from [`Connect::raw`].
///
/// Deadlines and cancellation are those of the typed API. Do not call what opening and closing a
/// connection consist of: the daemon would take offence.
#[derive(Debug)]
pub struct Raw<'a> {
    conn: &'a Connect,
}

impl<'a> Raw<'a> {
    pub(super) fn new(conn: &'a Connect) -> Self {
        Self { conn }
    }

    /// Calls a procedure by its generated marker type.
    ///
    /// ```no_run
    /// use libvirt_client::protocol::remote;
    ///
    /// # async fn example(conn: &libvirt_client::Connect) -> libvirt_client::Result<()> {
    /// let reply = conn.raw().call::<remote::NodeGetInfo>(&()).await?;
    /// println!("{} processors", reply.decode()?.cpus);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn call<P: Procedure>(&self, args: &P::Args<'_>) -> Result<Reply<P>> {
        self.conn.call::<P>(args).await
    }

    /// Calls a procedure that opens a stream, by its generated marker type.
    ///
    /// `sparse` says that the arguments ask for holes to be sent as such.
    pub async fn open_stream<P: Procedure>(
        &self,
        args: &P::Args<'_>,
        sparse: bool,
    ) -> Result<(Reply<P>, Stream)> {
        self.conn.open_stream::<P>(args, sparse).await
    }

    /// Calls a procedure that takes descriptors, or returns some, by its generated marker type.
    /// Descriptors travel over UNIX sockets only.
    pub async fn call_with_descriptors<P: Procedure>(
        &self,
        args: &P::Args<'_>,
        descriptors: Vec<OwnedFd>,
    ) -> Result<(Reply<P>, Vec<OwnedFd>)> {
        self.conn.call_with_descriptors::<P>(args, descriptors).await
    }

    /// Calls procedure `number` of `program`, which this library need not know.
    ///
    /// `args` and the result are the XDR encodings of the procedure's arguments and results.
    pub async fn call_number(&self, program: Program, number: u32, args: &[u8]) -> Result<Bytes> {
        let info = ProcedureInfo {
            program,
            number,
            name: "procedure called by number",
            since: "",
            priority: Priority::Low,
            stream: None,
            long: None,
        };
        self.conn.call_info(CallSetup::new(&info), &Encoded(args)).await
    }
}

/// Bytes that are an encoding already.
pub(super) struct Encoded<'a>(pub(super) &'a [u8]);

impl Encode for Encoded<'_> {
    fn encode(&self, writer: &mut Writer<'_>) -> Result<(), EncodeError> {
        writer.put(self.0)
    }
}
