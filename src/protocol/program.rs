use crate::xdr::{Body, Decode, Encode};

/// An RPC program: a numbered set of procedures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Program {
    /// The program number that each message carries.
    pub number: u32,
    /// The version of the program; libvirt has never used another than 1.
    pub version: u32,
    /// Its name in the protocol definition.
    pub name: &'static str,
}

/// The daemon's workers that may run a procedure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Priority {
    /// May wait for a guest or a hypervisor: ordinary workers only.
    Low,
    /// Never waits long: priority workers run it when all ordinary ones are busy.
    High,
}

/// The direction of a stream that a procedure's reply opens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum StreamKind {
    /// From the daemon; data may also be sent to it (consoles).
    Read,
    /// To the daemon.
    Write,
}

/// The party that the daemon waits for while it executes a call that may take minutes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum WaitsFor {
    /// A guest: its agent, its operating system, its monitor. It may never answer.
    Guest,
    /// Work of the host: moving a guest's memory or a disk's content, a hook script, a device.
    Host,
}

/// The protocol definition of one procedure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProcedureInfo {
    /// The program of the procedure.
    pub program: Program,
    /// The number in the program.
    pub number: u32,
    /// The name in errors and traces: the C function that the procedure is for, e.g.
    /// `virDomainGetInfo`, or where there is not one function its own, e.g. `AuthPolkit`.
    pub name: &'static str,
    /// The libvirt release whose public API first had it, e.g. `0.0.3`.
    pub since: &'static str,
    /// The daemon's workers that may run it.
    pub priority: Priority,
    /// The stream that a successful reply opens, if any.
    pub stream: Option<StreamKind>,
    /// The party that the daemon may wait for where the call takes minutes by nature (migrations,
    /// saves, guest agent commands, …). The number of such calls at a time is limited.
    pub long: Option<WaitsFor>,
}

/// A call: the arguments of one procedure, whose type identifies the procedure.
///
/// Implemented by generated structures with the names of their procedures. A second trait tells how
/// the request is made: [`VoidRequest`], [`ReplyRequest`], [`StreamRequest`] or [`FdRequest`].
pub trait Request: Encode + Send + Sync {
    /// The procedure's definition.
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

/// A call that sends file descriptors, returns some, or both.
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

/// The protocol definition of one event message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EventInfo {
    /// The program of the event.
    pub program: Program,
    /// The procedure number in the program.
    pub number: u32,
    /// The name, e.g. `DomainEventCallbackLifecycle`.
    pub name: &'static str,
}

/// A message that the daemon sends unasked.
///
/// Implemented by generated marker types that have no values.
pub trait Event {
    /// The body of the message.
    type Msg<'a>: Decode<'a>;
    /// The event's definition.
    const INFO: EventInfo;
}
