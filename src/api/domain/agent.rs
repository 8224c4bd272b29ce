//! Calls to the agent inside the guest.
//!
//! Every call takes as long as the agent does. It fails for a guest whose XML has no channel for an
//! agent ([`is_unsupported`](crate::Error::is_unsupported) holds), and for one whose agent does not
//! run, with the code [`AgentUnresponsive`](ErrorCode::AgentUnresponsive). An agent that runs and
//! does not answer in time gives that code, too, and since libvirt 11.2.0
//! [`AgentCommandTimeout`](ErrorCode::AgentCommandTimeout). For all of these
//! [`is_agent_unavailable`](crate::Error::is_agent_unavailable) holds.

use serde::Serialize;

#[cfg(doc)]
use crate::types::error::ErrorCode;

use super::cpu_map::CpuList;
use super::{
    AgentResponseTimeoutValues, AuthorizedSshKeysSetFlags, CpuMap, Domain, GuestInfoTypes,
    SetUserPasswordFlags,
};
use crate::api::wire;
use crate::error::Result;
use crate::params::{TypedParams, param_struct};
use crate::protocol::remote;

/// A mounted file system of the guest (`virDomainFSInfo`).
#[doc(alias = "virDomainFSInfo")]
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct FsInfo {
    /// Mount point.
    pub mountpoint: String,
    /// Device name inside the guest, e.g. `vda1`.
    pub name: String,
    /// File system type, e.g. `ext4`.
    pub fstype: String,
    /// Targets of the disks that it is on, e.g. `vda`, as the domain's XML has them.
    pub dev_aliases: Vec<String>,
}

param_struct! {
    /// Virtual CPUs as the guest sees them.
    pub struct GuestVcpus {
        /// All virtual CPUs.
        vcpus: CpuMap = "vcpus" as CpuList,
        /// Online virtual CPUs.
        online: CpuMap = "online" as CpuList,
        /// Virtual CPUs that the guest can take offline.
        offlinable: CpuMap = "offlinable" as CpuList,
        ..other
    }
}

/// Timeout of a guest agent command.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum AgentTimeout {
    /// No timeout.
    Block,
    /// The daemon's default.
    #[default]
    Default,
    /// No wait. QEMU's driver mostly gives up before the agent can have answered, so that a command
    /// fails with [`AgentUnresponsive`](ErrorCode::AgentUnresponsive), or from libvirt 11.2.0 on with
    /// [`AgentCommandTimeout`](ErrorCode::AgentCommandTimeout) where the command itself was sent, and
    /// may be obeyed.
    NoWait,
    /// Timeout in seconds.
    Seconds(u32),
}

impl AgentTimeout {
    pub(in crate::api) fn to_wire(self) -> i32 {
        match self {
            Self::Block => AgentResponseTimeoutValues::Block.into(),
            Self::Default => AgentResponseTimeoutValues::Default.into(),
            Self::NoWait => AgentResponseTimeoutValues::NoWait.into(),
            // Zero seconds means no wait, as `NoWait` does; a time too long for the wire is as good
            // as endless.
            Self::Seconds(seconds) => i32::try_from(seconds).unwrap_or(i32::MAX),
        }
    }
}

/// # Guest agent
///
/// These methods ask a program that runs in the guest, and all but
/// [`agent_set_response_timeout`](Self::agent_set_response_timeout)
/// [take long](crate#calls-that-take-long).
impl Domain {
    /// Freezes file systems of the guest: it writes out what it has cached and then stops changing
    /// them (`virDomainFSFreeze`).
    ///
    /// They are named by mount point; none means all. Returns the number of frozen file systems.
    /// They stay frozen until [`fs_thaw`](Self::fs_thaw), even if this program ends.
    #[doc(alias = "virDomainFSFreeze")]
    pub async fn fs_freeze(&self, mountpoints: &[&str]) -> Result<u32> {
        let reply = self
            .call(remote::DomainFsfreeze {
                dom: self.wire(),
                mountpoints: mountpoints.iter().map(|&path| path.into()).collect(),
                flags: 0,
            })
            .await?;
        reply.count(reply.decode()?.filesystems)
    }

    /// Thaws these file systems of the guest, all if none is named, and returns their number
    /// (`virDomainFSThaw`).
    #[doc(alias = "virDomainFSThaw")]
    pub async fn fs_thaw(&self, mountpoints: &[&str]) -> Result<u32> {
        let reply = self
            .call(remote::DomainFsthaw {
                dom: self.wire(),
                mountpoints: mountpoints.iter().map(|&path| path.into()).collect(),
                flags: 0,
            })
            .await?;
        reply.count(reply.decode()?.filesystems)
    }

    /// Discards unused blocks: the guest tells its disks which blocks it does not use
    /// (`virDomainFSTrim`).
    ///
    /// Covers one file system, or all; free ranges of less than `minimum_bytes` may be left out.
    #[doc(alias = "virDomainFSTrim")]
    pub async fn fs_trim(&self, mountpoint: Option<&str>, minimum_bytes: u64) -> Result<()> {
        self.run(remote::DomainFstrim {
            dom: self.wire(),
            mount_point: mountpoint.map(Into::into),
            minimum: minimum_bytes,
            flags: 0,
        })
        .await
    }

    /// Lists the guest's mounted file systems (`virDomainGetFSInfo`).
    #[doc(alias = "virDomainGetFSInfo")]
    pub async fn fs_info(&self) -> Result<Vec<FsInfo>> {
        let reply = self.call(remote::DomainGetFsInfo { dom: self.wire(), flags: 0 }).await?;
        let ret = reply.decode()?;
        if ret.ret as usize != ret.info.len() {
            return Err(reply.invalid(format!(
                "{} file systems, said to be {}",
                ret.info.len(),
                ret.ret
            )));
        }
        let from_wire = |info: remote::DomainFsInfo<'_>| FsInfo {
            mountpoint: info.mountpoint.into_owned(),
            name: info.name.into_owned(),
            fstype: info.fstype.into_owned(),
            dev_aliases: info.dev_aliases.into_iter().map(String::from).collect(),
        };
        Ok(ret.info.into_iter().map(from_wire).collect())
    }

    /// Returns information about the guest: users, operating system, time zone, host name, load,
    /// file systems, disks, interfaces, device drivers (`virDomainGetGuestInfo`).
    ///
    /// No types mean everything that the agent supports; a type that it does not support is an
    /// error only if it was asked for by name. The parameter names have dots and numbers in them,
    /// and deserialize as a nested structure:
    ///
    /// ```no_run
    /// use libvirt_client::domain::{Domain, GuestInfoTypes};
    ///
    /// #[derive(serde::Deserialize)]
    /// struct Info {
    ///     os: Os,
    ///     hostname: String,
    /// }
    /// #[derive(serde::Deserialize)]
    /// #[serde(rename_all = "kebab-case")]
    /// struct Os {
    ///     kernel_release: String,
    /// }
    ///
    /// # async fn example(domain: &Domain) -> Result<(), Box<dyn std::error::Error>> {
    /// let types = GuestInfoTypes::OS | GuestInfoTypes::HOSTNAME;
    /// let info: Info = domain.guest_info(types).await?.deserialize()?;
    /// println!("{} runs Linux {}", info.hostname, info.os.kernel_release);
    /// # Ok(())
    /// # }
    /// ```
    #[doc(alias = "virDomainGetGuestInfo")]
    pub async fn guest_info(&self, types: GuestInfoTypes) -> Result<TypedParams> {
        let reply = self
            .call(remote::DomainGetGuestInfo { dom: self.wire(), types, flags: 0 })
            .await?;
        Ok(wire::params_from_wire(&reply.decode()?.params))
    }

    /// Sets a guest user's password (`virDomainSetUserPassword`).
    ///
    /// With [`ENCRYPTED`](SetUserPasswordFlags::ENCRYPTED) `password` is in the encrypted form that
    /// the guest stores. The connection wipes its copy of what was sent.
    #[doc(alias = "virDomainSetUserPassword")]
    pub async fn set_user_password(
        &self,
        user: &str,
        password: &str,
        flags: SetUserPasswordFlags,
    ) -> Result<()> {
        let (user, password) = (Some(user.into()), Some(password.into()));
        let request = remote::DomainSetUserPassword { dom: self.wire(), user, password, flags };
        self.connect().run_secret(request).await
    }

    /// Returns which virtual CPUs the guest has, and which are online (`virDomainGetGuestVcpus`).
    #[doc(alias = "virDomainGetGuestVcpus")]
    pub async fn guest_vcpus(&self) -> Result<GuestVcpus> {
        let reply = self.call(remote::DomainGetGuestVcpus { dom: self.wire(), flags: 0 }).await?;
        Ok(GuestVcpus::collect(wire::params(&reply.decode()?.params)))
    }

    /// Has the guest bring these virtual CPUs online or take them offline, and leave the others as
    /// they are (`virDomainSetGuestVcpus`).
    #[doc(alias = "virDomainSetGuestVcpus")]
    pub async fn set_guest_vcpus(&self, vcpus: &CpuMap, online: bool) -> Result<()> {
        self.run(remote::DomainSetGuestVcpus {
            dom: self.wire(),
            cpumap: vcpus.to_string().into(),
            state: online.into(),
            flags: 0,
        })
        .await
    }

    /// Sets how long the agent may take for a command of the daemon's
    /// (`virDomainAgentSetResponseTimeout`). QEMU's driver keeps it for a defined domain's next runs,
    /// too, and over a restart of the daemon while the guest runs.
    #[doc(alias = "virDomainAgentSetResponseTimeout")]
    pub async fn agent_set_response_timeout(&self, timeout: AgentTimeout) -> Result<()> {
        let timeout = timeout.to_wire();
        let request = remote::DomainAgentSetResponseTimeout { dom: self.wire(), timeout, flags: 0 };
        self.call(request).await.map(drop)
    }

    /// Lists the public keys by which a user of the guest can log in by SSH, a line of
    /// `authorized_keys` each (`virDomainAuthorizedSSHKeysGet`).
    #[doc(alias = "virDomainAuthorizedSSHKeysGet")]
    #[doc(alias = "authorizedSSHKeysGet")]
    pub async fn authorized_ssh_keys(&self, user: &str) -> Result<Vec<String>> {
        let user = user.into();
        let request = remote::DomainAuthorizedSshKeysGet { dom: self.wire(), user, flags: 0 };
        let reply = self.call(request).await?;
        Ok(reply.decode()?.keys.into_iter().map(Into::into).collect())
    }

    /// Sets the public keys by which a user of the guest can log in by SSH, at most 2048
    /// (`virDomainAuthorizedSSHKeysSet`).
    ///
    /// `keys` take the place of all others, or with
    /// [`APPEND`](AuthorizedSshKeysSetFlags::APPEND) are added to them, or with
    /// [`REMOVE`](AuthorizedSshKeysSetFlags::REMOVE) are removed.
    #[doc(alias = "virDomainAuthorizedSSHKeysSet")]
    pub async fn authorized_ssh_keys_set(
        &self,
        user: &str,
        keys: &[&str],
        flags: AuthorizedSshKeysSetFlags,
    ) -> Result<()> {
        let keys = keys.iter().map(|key| (*key).into()).collect();
        let user = user.into();
        self.run(remote::DomainAuthorizedSshKeysSet { dom: self.wire(), user, keys, flags })
            .await
    }
}
