use crate::xdr::{Decode, Encode};

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

/// A procedure of a program: its number and the types of its arguments and results.
///
/// Implemented by generated marker types that have no values.
pub trait Procedure {
    /// The arguments; `()` where there are none.
    type Args<'a>: Encode + Sync;
    /// The results; `()` where there are none.
    type Ret<'a>: Decode<'a>;
    /// What the protocol definition says of it.
    const INFO: ProcedureInfo;
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
