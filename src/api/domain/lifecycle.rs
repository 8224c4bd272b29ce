//! Shutting down, pausing, resetting and waking domains.

use std::time::Duration;

use super::{
    DestroyFlags, Domain, LifecycleAction, LifecycleTrigger, ModificationImpact, RebootFlags,
    ShutdownFlags,
};
use crate::api::wire;
use crate::error::{Error, Result};
use crate::protocol::{Request, remote};
use crate::types::node::SuspendTarget;

/// # Life cycle
impl Domain {
    /// Asks the guest to shut itself down (`virDomainShutdown`).
    /// [Takes long](crate#calls-that-take-long) if the guest agent is asked.
    ///
    /// Returns when the guest was asked. It may take its time, or ignore the request; wait for the
    /// state [`Shutoff`](super::State::Shutoff) or for the event, and [`destroy`](Self::destroy)
    /// the domain after a timeout.
    #[doc(alias = "virDomainShutdown")]
    pub async fn shutdown(&self) -> Result<()> {
        self.run(remote::DomainShutdown { dom: self.wire() }).await
    }

    /// Asks the guest to shut itself down in the ways that `flags` name; the daemon picks their
    /// order (`virDomainShutdownFlags`). [Takes long](crate#calls-that-take-long) if the guest
    /// agent is asked.
    #[doc(alias = "virDomainShutdownFlags")]
    pub async fn shutdown_flags(&self, flags: ShutdownFlags) -> Result<()> {
        self.run(remote::DomainShutdownFlags { dom: self.wire(), flags }).await
    }

    /// Asks the guest to reboot (`virDomainReboot`). Returns when the guest was asked, as
    /// [`shutdown`](Self::shutdown) does. [Takes long](crate#calls-that-take-long) if the guest
    /// agent is asked.
    #[doc(alias = "virDomainReboot")]
    pub async fn reboot(&self, flags: RebootFlags) -> Result<()> {
        self.run(remote::DomainReboot { dom: self.wire(), flags }).await
    }

    /// Resets the guest at once, without shutting it down (`virDomainReset`).
    #[doc(alias = "virDomainReset")]
    pub async fn reset(&self) -> Result<()> {
        self.run(remote::DomainReset { dom: self.wire(), flags: 0 }).await
    }

    /// Ends the domain at once, without shutting down the guest (`virDomainDestroy`).
    ///
    /// The domain has ended when this returns. A transient domain then no longer exists, a
    /// persistent one keeps its definition.
    #[doc(alias = "virDomainDestroy")]
    pub async fn destroy(&self) -> Result<()> {
        self.run(remote::DomainDestroy { dom: self.wire() }).await?;
        self.id.set(-1);
        Ok(())
    }

    /// Ends the domain at once, as `flags` say (`virDomainDestroyFlags`).
    ///
    /// With [`GRACEFUL`](DestroyFlags::GRACEFUL) the daemon lets the hypervisor flush its data, and
    /// fails rather than kill one that does not end.
    #[doc(alias = "virDomainDestroyFlags")]
    pub async fn destroy_flags(&self, flags: DestroyFlags) -> Result<()> {
        self.run(remote::DomainDestroyFlags { dom: self.wire(), flags }).await
    }

    /// Pauses the guest's CPUs; its memory and devices stay (`virDomainSuspend`).
    #[doc(alias = "virDomainSuspend")]
    pub async fn suspend(&self) -> Result<()> {
        self.run(remote::DomainSuspend { dom: self.wire() }).await
    }

    /// Resumes a paused guest (`virDomainResume`).
    #[doc(alias = "virDomainResume")]
    pub async fn resume(&self) -> Result<()> {
        self.run(remote::DomainResume { dom: self.wire() }).await
    }

    /// Asks the guest to suspend itself, as closing a laptop's lid does
    /// (`virDomainPMSuspendForDuration`). [Takes long](crate#calls-that-take-long).
    ///
    /// It wakes up after `duration`, in whole seconds, or when it is [woken](Self::pm_wakeup). QEMU
    /// needs the guest agent for it and does not support a duration.
    #[doc(alias = "virDomainPMSuspendForDuration")]
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

    /// Wakes a guest that suspended itself (`virDomainPMWakeup`).
    #[doc(alias = "virDomainPMWakeup")]
    pub async fn pm_wakeup(&self) -> Result<()> {
        self.run(remote::DomainPmWakeup { dom: self.wire(), flags: 0 }).await
    }

    /// Sets the action for when the guest powers off, reboots or crashes
    /// (`virDomainSetLifecycleAction`).
    #[doc(alias = "virDomainSetLifecycleAction")]
    pub async fn set_lifecycle_action(
        &self,
        trigger: LifecycleTrigger,
        action: LifecycleAction,
        flags: ModificationImpact,
    ) -> Result<()> {
        self.run(remote::DomainSetLifecycleAction {
            dom: self.wire(),
            r#type: trigger,
            action,
            flags,
        })
        .await
    }
}
