//! Keys, interrupts and signals for guests.

use std::time::Duration;

use super::{Domain, KeycodeSet, ProcessSignal};
use crate::api::wire;
use crate::error::Result;
use crate::protocol::{Request, remote};

/// # Keys and signals
impl Domain {
    /// Presses keys of the guest's keyboard together, and releases them after `hold`, in whole
    /// milliseconds (`virDomainSendKey`).
    ///
    /// The codes, at most 16, are those of `codeset`: in [`Linux`](KeycodeSet::Linux) 29, 56 and
    /// 111 are Control, Alt and Delete. A `hold` of zero means the hypervisor's default.
    #[doc(alias = "virDomainSendKey")]
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
    #[doc(alias = "virDomainInjectNMI")]
    pub async fn inject_nmi(&self) -> Result<()> {
        self.run(remote::DomainInjectNmi { dom: self.wire(), flags: 0 }).await
    }

    /// Sends a signal to a process inside the guest (`virDomainSendProcessSignal`).
    ///
    /// `pid` is the process ID inside the guest; a negative one means the process group of that ID.
    /// Mostly for containers: QEMU does not support it.
    #[doc(alias = "virDomainSendProcessSignal")]
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
