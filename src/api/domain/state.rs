//! State and resource use of a domain.

use std::fmt;
use std::time::Duration;

use serde::Serialize;

use super::{
    BlockedReason, ControlErrorReason, ControlState, CrashedReason, Domain, NostateReason,
    PausedReason, PmSuspendedReason, RunningReason, ShutdownReason, ShutoffReason, State,
};
use crate::api::wire::truth;
use crate::error::Result;
use crate::protocol::remote;

/// State of a domain and its reason. It equals a [`State`] whatever the reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[non_exhaustive]
pub struct DomainState {
    /// State of the domain.
    pub state: State,
    /// Reason for the state.
    pub reason: StateReason,
}

/// Reason for a domain's state; the meaning of its value depends on the state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(untagged)]
#[non_exhaustive]
pub enum StateReason {
    /// Reason for no state.
    Nostate(NostateReason),
    /// Reason for running.
    Running(RunningReason),
    /// Reason for being blocked.
    Blocked(BlockedReason),
    /// Reason for being paused.
    Paused(PausedReason),
    /// Reason for shutting down.
    Shutdown(ShutdownReason),
    /// Reason for being shut off.
    Shutoff(ShutoffReason),
    /// Reason for the crash.
    Crashed(CrashedReason),
    /// Reason for the guest's suspending itself.
    PmSuspended(PmSuspendedReason),
    /// Numeric reason of a state that this release does not know.
    Other(i32),
}

/// Writes both, as in `paused (io-error)`.
impl fmt::Display for DomainState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.state, self.reason)
    }
}

impl fmt::Display for StateReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nostate(reason) => reason.fmt(f),
            Self::Running(reason) => reason.fmt(f),
            Self::Blocked(reason) => reason.fmt(f),
            Self::Paused(reason) => reason.fmt(f),
            Self::Shutdown(reason) => reason.fmt(f),
            Self::Shutoff(reason) => reason.fmt(f),
            Self::Crashed(reason) => reason.fmt(f),
            Self::PmSuspended(reason) => reason.fmt(f),
            Self::Other(reason) => reason.fmt(f),
        }
    }
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

/// A reason with the state that it is one for. [`Other`](StateReason::Other) is one for a state that
/// this release does not know, so that is [`Nostate`](State::Nostate).
impl From<StateReason> for DomainState {
    fn from(reason: StateReason) -> Self {
        let state = match reason {
            StateReason::Nostate(_) | StateReason::Other(_) => State::Nostate,
            StateReason::Running(_) => State::Running,
            StateReason::Blocked(_) => State::Blocked,
            StateReason::Paused(_) => State::Paused,
            StateReason::Shutdown(_) => State::Shutdown,
            StateReason::Shutoff(_) => State::Shutoff,
            StateReason::Crashed(_) => State::Crashed,
            StateReason::PmSuspended(_) => State::PmSuspended,
        };
        Self { state, reason }
    }
}

impl PartialEq<State> for DomainState {
    fn eq(&self, state: &State) -> bool {
        self.state == *state
    }
}

/// State and resource use of a domain (`virDomainInfo`).
#[doc(alias = "virDomainInfo")]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct DomainInfo {
    /// State of the domain.
    pub state: State,
    /// Maximum memory in KiB.
    pub max_memory_kib: u64,
    /// Current memory in KiB.
    pub memory_kib: u64,
    /// Number of virtual CPUs.
    pub vcpus: u32,
    /// CPU time used.
    pub cpu_time: Duration,
}

/// State of a domain's control interface, i.e. whether its hypervisor can be reached
/// (`virDomainControlInfo`).
#[doc(alias = "virDomainControlInfo")]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct ControlInfo {
    /// State of the control interface.
    pub state: ControlState,
    /// Error, in the state [`Error`](ControlState::Error).
    pub error: Option<ControlErrorReason>,
    /// Time since the state was entered, if the daemon reports it.
    pub duration: Option<Duration>,
}

/// # State
impl Domain {
    /// Returns the ID of the running domain, `None` if it does not run (`virDomainGetID`).
    ///
    /// Local: the last ID that this handle learned. It changes with [`create`](Self::create),
    /// [`create_with_flags`](Self::create_with_flags), [`destroy`](Self::destroy),
    /// [`save`](Self::save) and [`managed_save`](Self::managed_save) on this handle, and with
    /// nothing else; look the domain up again to be sure.
    #[doc(alias = "virDomainGetID")]
    pub fn id(&self) -> Option<u32> {
        self.id.get()
    }

    /// Returns the domain's state, memory, virtual CPUs and CPU time (`virDomainGetInfo`).
    #[doc(alias = "virDomainGetInfo")]
    pub async fn info(&self) -> Result<DomainInfo> {
        let reply = self.call(remote::DomainGetInfo { dom: self.wire() }).await?;
        let info = reply.decode()?;
        Ok(DomainInfo {
            state: i32::from(info.state).into(),
            max_memory_kib: info.max_mem,
            memory_kib: info.memory,
            vcpus: info.nr_virt_cpu.into(),
            cpu_time: Duration::from_nanos(info.cpu_time),
        })
    }

    /// Returns the domain's state and its reason (`virDomainGetState`).
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> libvirt_client::Result<()> {
    /// # let conn = libvirt_client::Connect::open("test:///default").await?;
    /// # let domain = conn.domain_lookup_by_name("test").await?;
    /// # domain.suspend().await?;
    /// use libvirt_client::domain::{PausedReason, State, StateReason};
    ///
    /// let now = domain.state().await?;
    /// if now == State::Paused && now.reason != StateReason::Paused(PausedReason::Snapshot) {
    ///     domain.resume().await?;
    /// }
    /// # assert_eq!(domain.state().await?, State::Running);
    /// # Ok(())
    /// # }
    /// ```
    #[doc(alias = "virDomainGetState")]
    pub async fn state(&self) -> Result<DomainState> {
        let reply = self.call(remote::DomainGetState { dom: self.wire(), flags: 0 }).await?;
        let ret = reply.decode()?;
        Ok(DomainState::from_wire(ret.state, ret.reason))
    }

    /// Returns whether the domain is running, paused included (`virDomainIsActive`).
    #[doc(alias = "virDomainIsActive")]
    pub async fn is_active(&self) -> Result<bool> {
        let reply = self.call(remote::DomainIsActive { dom: self.wire() }).await?;
        Ok(truth(reply.decode()?.active))
    }

    /// Returns whether the domain is persistent: whether it stays defined after it ends
    /// (`virDomainIsPersistent`).
    #[doc(alias = "virDomainIsPersistent")]
    pub async fn is_persistent(&self) -> Result<bool> {
        let reply = self.call(remote::DomainIsPersistent { dom: self.wire() }).await?;
        Ok(truth(reply.decode()?.persistent))
    }

    /// Returns whether the driver has noted that the definition was changed while the domain runs
    /// (`virDomainIsUpdated`).
    ///
    /// No driver of libvirt 11.3.0 ever notes it, so that `false` says nothing: compare
    /// [`xml_desc`](Self::xml_desc) with and without [`INACTIVE`](super::XmlFlags::INACTIVE).
    #[doc(alias = "virDomainIsUpdated")]
    pub async fn is_updated(&self) -> Result<bool> {
        let reply = self.call(remote::DomainIsUpdated { dom: self.wire() }).await?;
        Ok(truth(reply.decode()?.updated))
    }

    /// Returns whether the domain's control interface is free, busy or broken
    /// (`virDomainGetControlInfo`).
    #[doc(alias = "virDomainGetControlInfo")]
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_tells_the_state() {
        for number in 0..8 {
            let state = DomainState::from_wire(number.into(), 1);
            assert_eq!(DomainState::from(state.reason), state);
        }
        let newer = DomainState::from_wire(State::Other(77), 7);
        assert_eq!(newer.reason, StateReason::Other(7));
        assert_eq!(DomainState::from(newer.reason), State::Nostate);
    }
}
