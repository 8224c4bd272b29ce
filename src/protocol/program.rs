use crate::xdr::{Body, Decode, Encode};

/// One RPC program: a numbered set of procedures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Program {
    /// The program number that each message carries.
    pub number: u32,
    /// The version of the program; libvirt has never used another than 1.
    pub version: u32,
    /// Its name in the protocol definition.
    pub name: &'static str,
}

/// Which of the daemon's workers may run a procedure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Priority {
    /// May wait for a guest or a hypervisor: ordinary workers only.
    Low,
    /// Never waits long: priority workers take it when all ordinary ones are busy.
    High,
}

/// What a procedure's reply opens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum StreamKind {
    /// Data comes from the daemon; it may also be sent to it (consoles).
    Read,
    /// Data goes to the daemon.
    Write,
}

/// What the daemon waits for while it executes a call that may take minutes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum WaitsFor {
    /// A guest: its agent, its operating system, its monitor. It may never answer.
    Guest,
    /// Work of the host: moving a guest's memory or a disk's content, a hook script, a device.
    Host,
}

/// What the protocol definition says of one procedure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProcedureInfo {
    /// The program that it belongs to.
    pub program: Program,
    /// Its number in the program.
    pub number: u32,
    /// Its name, e.g. `DomainGetInfo`.
    pub name: &'static str,
    /// The libvirt release whose public API first had it, e.g. `0.0.3`.
    pub since: &'static str,
    /// Which workers of the daemon may run it.
    pub priority: Priority,
    /// The stream that a successful reply opens, if any.
    pub stream: Option<StreamKind>,
    /// What the daemon may wait for that takes minutes by the nature of the thing (migrations, saves,
    /// guest agent commands, …), if so. Such calls share a limited number of permits.
    pub long: Option<WaitsFor>,
}

/// A call: the arguments of one procedure, which know the procedure.
///
/// Implemented by generated structures that are called like their procedures. Which way a request is
/// made is told by the trait that it implements besides: [`VoidRequest`], [`ReplyRequest`],
/// [`StreamRequest`] or [`FdRequest`].
pub trait Request: Encode + Send + Sync {
    /// What the protocol definition says of the procedure.
    const INFO: ProcedureInfo;
}

/// A call without results.
pub trait VoidRequest: Request {}

/// A call with results.
pub trait ReplyRequest: Request {
    /// The results.
    type Reply: Body;
}

/// A call whose reply opens a stream.
pub trait StreamRequest: Request {
    /// The results; `()` where there are none.
    type Reply: Body;
}

/// A call that takes file descriptors, or returns some, or both.
pub trait FdRequest: Request {
    /// The results; `()` where there are none.
    type Reply: Body;
}

impl<R: Request> Request for &R {
    const INFO: ProcedureInfo = R::INFO;
}

impl<R: VoidRequest> VoidRequest for &R {}

impl<R: ReplyRequest> ReplyRequest for &R {
    type Reply = R::Reply;
}

impl<R: StreamRequest> StreamRequest for &R {
    type Reply = R::Reply;
}

impl<R: FdRequest> FdRequest for &R {
    type Reply = R::Reply;
}

/// What the protocol definition says of one event message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EventInfo {
    /// The program that it belongs to.
    pub program: Program,
    /// Its procedure number in the program.
    pub number: u32,
    /// Its name, e.g. `DomainEventCallbackLifecycle`.
    pub name: &'static str,
}

/// A message that the daemon sends on its own.
///
/// Implemented by generated marker types that have no values.
pub trait Event {
    /// The body of the message.
    type Msg<'a>: Decode<'a>;
    /// What the protocol definition says of it.
    const INFO: EventInfo;
}
