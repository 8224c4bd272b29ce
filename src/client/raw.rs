//! Calls by request or by number.

use std::os::fd::OwnedFd;

use bytes::Bytes;

use super::connection::Connect;
use super::running::{Encoded, Reply};
use super::stream::Stream;
use crate::error::Result;
use crate::protocol::{
    FdRequest, Priority, ProcedureInfo, Program, ReplyRequest, StreamRequest, VoidRequest,
};
use crate::rpc::calls::CallSetup;

/// Access to every procedure of every program of the daemon; from [`Connect::raw`].
///
/// Timeouts and cancellation are those of the typed API. Do not call the procedures that open or
/// close a connection: the daemon would end this one.
#[derive(Debug, Clone, Copy)]
pub struct Raw<'a> {
    conn: &'a Connect,
}

/// # Raw calls
impl Connect {
    /// Gives access to every procedure of every program, also those that the typed API does not
    /// cover.
    pub fn raw(&self) -> Raw<'_> {
        Raw { conn: self }
    }
}

impl Raw<'_> {
    /// Makes a call with results.
    ///
    /// ```
    /// use libvirt_client::protocol::remote;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> libvirt_client::Result<()> {
    /// # let conn = libvirt_client::Connect::open("test:///default").await?;
    /// let reply = conn.raw().call(remote::NodeGetInfo).await?;
    /// println!("{} processors", reply.decode()?.cpus);
    /// # assert_eq!(reply.decode()?.cpus, 16);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// A call of another kind has a method of its own:
    ///
    /// ```compile_fail,E0277
    /// use libvirt_client::protocol::remote;
    ///
    /// # async fn example(domain: &libvirt_client::domain::Domain) -> libvirt_client::Result<()> {
    /// let suspend = remote::DomainSuspend { dom: domain.into() };
    /// domain.connect().raw().call(suspend).await?; // It has no results: `run`.
    /// # Ok(())
    /// # }
    /// ```
    pub async fn call<R: ReplyRequest>(&self, request: R) -> Result<Reply<R::Reply>> {
        self.conn.call(request).await
    }

    /// Makes a call without results.
    ///
    /// ```
    /// use libvirt_client::protocol::remote;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> libvirt_client::Result<()> {
    /// # let conn = libvirt_client::Connect::open("test:///default").await?;
    /// # let domain = &conn.domain_lookup_by_name("test").await?;
    /// let suspend = remote::DomainSuspend { dom: domain.into() };
    /// domain.connect().raw().run(suspend).await?;
    /// # assert_eq!(domain.state().await?, libvirt_client::domain::State::Paused);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn run<R: VoidRequest>(&self, request: R) -> Result<()> {
        self.conn.run(request).await
    }

    /// Makes a call that opens a stream.
    ///
    /// `sparse` states that the request asks for holes to be sent as such.
    pub async fn open_stream<R: StreamRequest>(
        &self,
        request: R,
        sparse: bool,
    ) -> Result<(Reply<R::Reply>, Stream)> {
        self.conn.open_stream(request, sparse).await
    }

    /// Makes a call that sends file descriptors or returns some. They travel over UNIX sockets
    /// only.
    pub async fn call_with_fds<R: FdRequest>(
        &self,
        request: R,
        descriptors: Vec<OwnedFd>,
    ) -> Result<(Reply<R::Reply>, Vec<OwnedFd>)> {
        self.conn.call_with_fds(request, descriptors).await
    }

    /// Calls procedure `number` of `program`, which need not be known to this library.
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
        let call = self.conn.begin(CallSetup::new(&info), &Encoded(args)).await?;
        Ok(call.finish::<()>().await?.into_bytes())
    }
}
