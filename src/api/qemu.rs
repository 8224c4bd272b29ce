//! Calls of the QEMU driver: passthrough to the monitor and the guest agent.
//!
//! Nothing here is stable across QEMU's releases, and the monitor can put a domain into a state that
//! the daemon does not know.

use std::os::fd::OwnedFd;

use super::domain::{AgentTimeout, Domain};
use crate::client::Connect;
use crate::error::Result;
use crate::protocol::qemu;

pub use crate::types::qemu::*;

/// # QEMU processes
impl Connect {
    /// Attaches to a QEMU process that was started without the daemon (`virDomainQemuAttach`).
    #[doc(alias = "virDomainQemuAttach")]
    pub async fn domain_qemu_attach(&self, pid: u32) -> Result<Domain> {
        let reply = self.call(qemu::DomainAttach { pid_value: pid, flags: 0 }).await?;
        Ok(Domain::from_wire(self, &reply.decode()?.dom))
    }
}

/// # QEMU
///
/// These methods wait for QEMU or for the guest, and [take long](crate#calls-that-take-long).
impl Domain {
    /// Sends a command to the monitor of the domain's QEMU (`virDomainQemuMonitorCommand`): JSON,
    /// or with [`HMP`](MonitorCommandFlags::HMP) a command of the human monitor. What QEMU answers is
    /// returned as it is, an error of its own included.
    #[doc(alias = "virDomainQemuMonitorCommand")]
    pub async fn qemu_monitor_command(
        &self,
        command: &str,
        flags: MonitorCommandFlags,
    ) -> Result<String> {
        let reply = self
            .call(qemu::DomainMonitorCommand { dom: self.wire(), cmd: command.into(), flags })
            .await?;
        Ok(reply.decode()?.result.into_owned())
    }

    /// Sends a command to the monitor of the domain's QEMU with open files, and returns its result
    /// with the files that QEMU sends back (`virDomainQemuMonitorCommandWithFiles`). Over UNIX
    /// sockets only.
    #[doc(alias = "virDomainQemuMonitorCommandWithFiles")]
    pub async fn qemu_monitor_command_with_files(
        &self,
        command: &str,
        files: Vec<OwnedFd>,
        flags: MonitorCommandFlags,
    ) -> Result<(String, Vec<OwnedFd>)> {
        let called = self.connect().call_with_fds(
            qemu::DomainMonitorCommandWithFiles { dom: self.wire(), cmd: command.into(), flags },
            files,
        );
        let (reply, files) = called.await?;
        Ok((reply.decode()?.result.into_owned(), files))
    }

    /// Sends a command, as JSON, to the agent in the guest, and returns its answer; `None` for a
    /// command without one (`virDomainQemuAgentCommand`).
    #[doc(alias = "virDomainQemuAgentCommand")]
    pub async fn qemu_agent_command(
        &self,
        command: &str,
        timeout: AgentTimeout,
    ) -> Result<Option<String>> {
        let reply = self
            .call(qemu::DomainAgentCommand {
                dom: self.wire(),
                cmd: command.into(),
                timeout: timeout.to_wire(),
                flags: 0,
            })
            .await?;
        Ok(reply.decode()?.result.map(String::from))
    }
}
