//! What the agent inside the guest can do and tell.
//!
//! All of it takes as long as the agent does. It fails for a guest whose XML has no channel for an
//! agent ([`is_unsupported`](crate::Error::is_unsupported) holds), and for one whose agent does not
//! run, with the code [`AgentUnresponsive`](ErrorCode::AgentUnresponsive). An agent that runs and
//! does not answer in time is told by that code, too, and since libvirt 11.2.0 by
//! [`AgentCommandTimeout`](ErrorCode::AgentCommandTimeout).

#[cfg(doc)]
use crate::types::error::ErrorCode;

use super::{Domain, GuestInfoTypes, SetUserPasswordFlags};
use crate::api::wire;
use crate::error::Result;
use crate::params::{TypedParams, param_struct};
use crate::protocol::remote;

/// One of the guest's mounted file systems (`virDomainFSInfo`).
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct FsInfo {
    /// Where it is mounted.
    pub mountpoint: String,
    /// The device as the guest calls it, e.g. `vda1`.
    pub name: String,
    /// Its type, e.g. `ext4`.
    pub fstype: String,
    /// The targets of the disks that it lies on, e.g. `vda`, as the domain's XML has them.
    pub dev_aliases: Vec<String>,
}

param_struct! {
    /// The guest's processors as the guest sees them. Each field is a list such as `0-3,5`.
    pub struct GuestVcpus {
        /// All processors.
        vcpus: String = "vcpus",
        /// Those that the guest uses.
        online: String = "online",
        /// Those that the guest could stop using.
        offlinable: String = "offlinable",
        ..other
    }
}

impl Domain {
    /// Has the guest write out what it has cached of these file systems, and then change them no
    /// more (`virDomainFSFreeze`).
    ///
    /// They are named by mount point; none means all. The result is how many are frozen. They stay
    /// so until [`fs_thaw`](Self::fs_thaw), whatever becomes of this program.
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

    /// Lets the guest change these file systems again, all if none is named, and says how many
    /// (`virDomainFSThaw`).
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

    /// Has the guest tell its disks which blocks it does not use (`virDomainFSTrim`).
    ///
    /// Of one file system, or of all; free ranges of less than `minimum_bytes` may be left out.
    pub async fn fs_trim(&self, mountpoint: Option<&str>, minimum_bytes: u64) -> Result<()> {
        self.run(remote::DomainFstrim {
            dom: self.wire(),
            mount_point: mountpoint.map(Into::into),
            minimum: minimum_bytes,
            flags: 0,
        })
        .await
    }

    /// The guest's mounted file systems (`virDomainGetFSInfo`).
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

    /// What the agent knows of the guest: users, operating system, time zone, host name, load, file
    /// systems, disks, interfaces, device drivers (`virDomainGetGuestInfo`).
    ///
    /// No types mean everything that the agent can tell; a type that it cannot tell is an error if
    /// it was asked for by name. The names have dots and numbers in them, so that the list reads as
    /// a nested structure:
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
    pub async fn guest_info(&self, types: GuestInfoTypes) -> Result<TypedParams> {
        let reply = self
            .call(remote::DomainGetGuestInfo { dom: self.wire(), types, flags: 0 })
            .await?;
        Ok(wire::params_from_wire(&reply.decode()?.params))
    }

    /// Sets a guest user's password (`virDomainSetUserPassword`).
    ///
    /// With [`ENCRYPTED`](SetUserPasswordFlags::ENCRYPTED) it is what the guest stores, not what the
    /// user types.
    pub async fn set_user_password(
        &self,
        user: &str,
        password: &str,
        flags: SetUserPasswordFlags,
    ) -> Result<()> {
        self.run(remote::DomainSetUserPassword {
            dom: self.wire(),
            user: Some(user.into()),
            password: Some(password.into()),
            flags,
        })
        .await
    }

    /// Which processors the guest has, and which it uses (`virDomainGetGuestVcpus`).
    pub async fn guest_vcpus(&self) -> Result<GuestVcpus> {
        let reply = self.call(remote::DomainGetGuestVcpus { dom: self.wire(), flags: 0 }).await?;
        let params = wire::params_from_wire(&reply.decode()?.params);
        Ok(GuestVcpus::from_params(&params))
    }

    /// Has the guest use these processors, or no longer use them (`virDomainSetGuestVcpus`).
    ///
    /// `vcpus` is a list such as `0-3,5`; others stay as they are.
    pub async fn set_guest_vcpus(&self, vcpus: &str, online: bool) -> Result<()> {
        self.run(remote::DomainSetGuestVcpus {
            dom: self.wire(),
            cpumap: vcpus.into(),
            state: online.into(),
            flags: 0,
        })
        .await
    }
}
