//! What only the QEMU driver can do: its monitor and the guest agent, passed through.
//!
//! Nothing here is stable across QEMU's releases, and the monitor can put a domain into a state that
//! the daemon does not know.

use std::os::fd::OwnedFd;

use super::domain::Domain;
use crate::client::Connect;
use crate::error::Result;
use crate::protocol::qemu;

pub use crate::types::qemu::*;

/// How long the guest agent may take for a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum AgentTimeout {
    /// As long as it likes.
    Block,
    /// The daemon's default.
    #[default]
    Default,
    /// It must be ready at once.
    NoWait,
    /// So many seconds.
    Seconds(u32),
}

impl AgentTimeout {
    fn to_wire(self) -> i32 {
        match self {
            Self::Block => AgentCommandTimeoutValues::Block.into(),
            Self::Default => AgentCommandTimeoutValues::Default.into(),
            Self::NoWait => AgentCommandTimeoutValues::NoWait.into(),
            // Zero seconds would be "at once" anyway; more than the wire can say is for ever.
            Self::Seconds(seconds) => i32::try_from(seconds).unwrap_or(i32::MAX),
        }
    }
}

impl Connect {
    /// Takes over a QEMU process that runs without the daemon's doing (`virDomainQemuAttach`).
    pub async fn qemu_attach(&self, pid: u32) -> Result<Domain> {
        let reply = self.call(qemu::DomainAttach { pid_value: pid, flags: 0 }).await?;
        Ok(Domain::from_wire(self, &reply.decode()?.dom))
    }
}

impl Domain {
    /// Sends a command to the monitor of the domain's QEMU (`virDomainQemuMonitorCommand`): JSON,
    /// or with [`HMP`](MonitorCommandFlags::HMP) what a human would type.
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

    /// The same with open files that go along, and those that come back
    /// (`virDomainQemuMonitorCommandWithFiles`). Over UNIX sockets only.
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

    /// Sends a command, as JSON, to the agent in the guest (`virDomainQemuAgentCommand`); `None`
    /// where the command is one that the agent does not answer.
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
