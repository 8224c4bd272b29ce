//! What a domain is doing.

use std::time::Duration;

use super::{
    BlockedReason, ControlErrorReason, ControlState, CrashedReason, Domain, NostateReason,
    PausedReason, PmSuspendedReason, RunningReason, ShutdownReason, ShutoffReason, State,
};
use crate::api::wire::truth;
use crate::error::Result;
use crate::protocol::remote;

/// A domain's state and how it came to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct DomainState {
    /// What the domain is doing.
    pub state: State,
    /// Why.
    pub reason: StateReason,
}

/// Why a domain is in its state: the meaning of the number depends on the state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum StateReason {
    /// Why there is no state.
    Nostate(NostateReason),
    /// Why it runs.
    Running(RunningReason),
    /// Why it is blocked.
    Blocked(BlockedReason),
    /// Why it is paused.
    Paused(PausedReason),
    /// Why it is shutting down.
    Shutdown(ShutdownReason),
    /// Why it is off.
    Shutoff(ShutoffReason),
    /// Why it crashed.
    Crashed(CrashedReason),
    /// Why the guest suspended itself.
    PmSuspended(PmSuspendedReason),
    /// The reason's number, for a state that this release does not know.
    Other(i32),
}

impl DomainState {
    pub(crate) fn from_wire(state: State, reason: i32) -> Self {
        let reason = match state {
            State::Nostate => StateReason::Nostate(reason.into()),
            State::Running => StateReason::Running(reason.into()),
            State::Blocked => StateReason::Blocked(reason.into()),
            State::Paused => StateReason::Paused(reason.into()),
            State::Shutdown => StateReason::Shutdown(reason.into()),
            State::Shutoff => StateReason::Shutoff(reason.into()),
            State::Crashed => StateReason::Crashed(reason.into()),
            State::PmSuspended => StateReason::PmSuspended(reason.into()),
            State::Other(_) => StateReason::Other(reason),
        };
        Self { state, reason }
    }
}

/// The gist of a domain (`virDomainInfo`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct DomainInfo {
    /// What the domain is doing.
    pub state: State,
    /// The most memory that it may get, in KiB.
    pub max_memory_kib: u64,
    /// The memory that it has, in KiB.
    pub memory_kib: u64,
    /// How many virtual processors it has.
    pub vcpus: u16,
    /// Processor time that it has used.
    pub cpu_time: Duration,
}

/// Whether the hypervisor's process can be talked to (`virDomainControlInfo`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct ControlInfo {
    /// Whether it can, and if not, for what kind of reason.
    pub state: ControlState,
    /// What is wrong, in the state [`Error`](ControlState::Error).
    pub error: Option<ControlErrorReason>,
    /// For how long the state has lasted, as far as the daemon tells.
    pub duration: Option<Duration>,
}

impl Domain {
    /// State, memory, processors and processor time (`virDomainGetInfo`).
    pub async fn info(&self) -> Result<DomainInfo> {
        let reply = self.call(remote::DomainGetInfo { dom: self.wire() }).await?;
        let info = reply.decode()?;
        Ok(DomainInfo {
            state: i32::from(info.state).into(),
            max_memory_kib: info.max_mem,
            memory_kib: info.memory,
            vcpus: info.nr_virt_cpu,
            cpu_time: Duration::from_nanos(info.cpu_time),
        })
    }

    /// State and reason (`virDomainGetState`).
    pub async fn state(&self) -> Result<DomainState> {
        let reply = self.call(remote::DomainGetState { dom: self.wire(), flags: 0 }).await?;
        let ret = reply.decode()?;
        Ok(DomainState::from_wire(ret.state, ret.reason))
    }

    /// Whether the domain runs, paused or not (`virDomainIsActive`).
    pub async fn is_active(&self) -> Result<bool> {
        let reply = self.call(remote::DomainIsActive { dom: self.wire() }).await?;
        Ok(truth(reply.decode()?.active))
    }

    /// Whether the domain outlives its shutdown (`virDomainIsPersistent`).
    pub async fn is_persistent(&self) -> Result<bool> {
        let reply = self.call(remote::DomainIsPersistent { dom: self.wire() }).await?;
        Ok(truth(reply.decode()?.persistent))
    }

    /// Whether the definition differs from what runs (`virDomainIsUpdated`).
    pub async fn is_updated(&self) -> Result<bool> {
        let reply = self.call(remote::DomainIsUpdated { dom: self.wire() }).await?;
        Ok(truth(reply.decode()?.updated))
    }

    /// Whether the domain's control interface is free, busy or broken (`virDomainGetControlInfo`).
    pub async fn control_info(&self) -> Result<ControlInfo> {
        let reply = self.call(remote::DomainGetControlInfo { dom: self.wire(), flags: 0 }).await?;
        let info = reply.decode()?;
        let state = info.state;
        Ok(ControlInfo {
            state,
            error: (state == ControlState::Error).then(|| (info.details as i32).into()),
            duration: (info.state_time > 0).then(|| Duration::from_millis(info.state_time)),
        })
    }
}
