//! Stopping domains, pausing them, and what else is done to one that runs.

use std::time::Duration;

use super::{
    DestroyFlags, Domain, KeycodeSet, Lifecycle, LifecycleAction, ModificationImpact,
    ProcessSignal, RebootFlags, ShutdownFlags,
};
use crate::api::wire;
use crate::error::{Error, Result};
use crate::protocol::{Request, remote};
use crate::types::node::SuspendTarget;

impl Domain {
    /// Asks the guest to shut itself down (`virDomainShutdown`).
    ///
    /// Returns when the guest was asked. It may take its time, or ignore the request; wait for the
    /// state [`Shutoff`](super::State::Shutoff) or for the event, and [`destroy`](Self::destroy) it
    /// when patience ends.
    pub async fn shutdown(&self) -> Result<()> {
        self.run(remote::DomainShutdown { dom: self.wire() }).await
    }

    /// The same, asking in the ways that the flags name; the daemon tries them in an order of its
    /// own (`virDomainShutdownFlags`).
    pub async fn shutdown_flags(&self, flags: ShutdownFlags) -> Result<()> {
        self.run(remote::DomainShutdownFlags { dom: self.wire(), flags }).await
    }

    /// Asks the guest to reboot (`virDomainReboot`). Like [`shutdown`](Self::shutdown) it does not
    /// wait for it.
    pub async fn reboot(&self, flags: RebootFlags) -> Result<()> {
        self.run(remote::DomainReboot { dom: self.wire(), flags }).await
    }

    /// Presses the reset button: the guest starts over without a chance to put its affairs in order
    /// (`virDomainReset`).
    pub async fn reset(&self) -> Result<()> {
        self.run(remote::DomainReset { dom: self.wire(), flags: 0 }).await
    }

    /// Pulls the plug (`virDomainDestroy`).
    ///
    /// The domain has ended when this returns. A transient domain is then gone, a persistent one
    /// keeps its definition.
    pub async fn destroy(&self) -> Result<()> {
        self.run(remote::DomainDestroy { dom: self.wire() }).await?;
        self.id.set(-1);
        Ok(())
    }

    /// The same with flags (`virDomainDestroyFlags`).
    ///
    /// With [`GRACEFUL`](DestroyFlags::GRACEFUL) the daemon lets the hypervisor write out what it
    /// holds, and fails rather than kill one that does not end.
    pub async fn destroy_flags(&self, flags: DestroyFlags) -> Result<()> {
        self.run(remote::DomainDestroyFlags { dom: self.wire(), flags }).await
    }

    /// Stops the guest's processors; its memory and devices stay (`virDomainSuspend`).
    pub async fn suspend(&self) -> Result<()> {
        self.run(remote::DomainSuspend { dom: self.wire() }).await
    }

    /// Lets a suspended guest go on (`virDomainResume`).
    pub async fn resume(&self) -> Result<()> {
        self.run(remote::DomainResume { dom: self.wire() }).await
    }

    /// Asks the guest to put itself to sleep, as closing a laptop's lid does
    /// (`virDomainPMSuspendForDuration`).
    ///
    /// It wakes up after `duration`, in whole seconds, or when it is
    /// [woken](Self::pm_wakeup). QEMU needs the guest agent for it and knows no duration.
    pub async fn pm_suspend_for_duration(
        &self,
        target: SuspendTarget,
        duration: Option<Duration>,
    ) -> Result<()> {
        let procedure = remote::DomainPmSuspendForDuration::INFO.name;
        let duration = match duration {
            // On the wire zero stands for "until it is woken".
            Some(Duration::ZERO) => {
                return Err(Error::InvalidArgument {
                    procedure,
                    reason: "the duration is zero; for an endless sleep pass none".to_owned(),
                });
            }
            Some(duration) => wire::whole_seconds(procedure, duration)?,
            None => 0,
        };
        self.run(remote::DomainPmSuspendForDuration {
            dom: self.wire(),
            target,
            duration,
            flags: 0,
        })
        .await
    }

    /// Wakes a guest that put itself to sleep (`virDomainPMWakeup`).
    pub async fn pm_wakeup(&self) -> Result<()> {
        self.run(remote::DomainPmWakeup { dom: self.wire(), flags: 0 }).await
    }

    /// Changes what becomes of the domain when its guest powers off, reboots or crashes
    /// (`virDomainSetLifecycleAction`).
    pub async fn set_lifecycle_action(
        &self,
        lifecycle: Lifecycle,
        action: LifecycleAction,
        flags: ModificationImpact,
    ) -> Result<()> {
        self.run(remote::DomainSetLifecycleAction {
            dom: self.wire(),
            r#type: lifecycle,
            action,
            flags,
        })
        .await
    }

    /// Presses keys of the guest's keyboard together, and releases them after `hold`, in whole
    /// milliseconds (`virDomainSendKey`).
    ///
    /// The codes, at most 16, are those of `codeset`: in [`Linux`](KeycodeSet::Linux) 29, 56 and 111
    /// are Control, Alt and Delete. A zero `hold` leaves the time to the hypervisor.
    pub async fn send_key(
        &self,
        codeset: KeycodeSet,
        hold: Duration,
        keycodes: &[u32],
    ) -> Result<()> {
        self.run(remote::DomainSendKey {
            dom: self.wire(),
            codeset,
            holdtime: wire::whole_millis(remote::DomainSendKey::INFO.name, hold)?,
            keycodes: keycodes.to_vec(),
            flags: 0,
        })
        .await
    }

    /// Sends the guest a non-maskable interrupt (`virDomainInjectNMI`).
    pub async fn inject_nmi(&self) -> Result<()> {
        self.run(remote::DomainInjectNmi { dom: self.wire(), flags: 0 }).await
    }

    /// Sends a signal to a process inside the guest (`virDomainSendProcessSignal`).
    ///
    /// `pid` is the guest's own number of the process; a negative one means the process group of
    /// that number. Mostly for containers, QEMU's guests have no such thing.
    pub async fn send_process_signal(&self, pid: i64, signal: ProcessSignal) -> Result<()> {
        self.run(remote::DomainSendProcessSignal {
            dom: self.wire(),
            pid_value: pid,
            signum: signal,
            flags: 0,
        })
        .await
    }
}
