//! The handle to a domain.

use uuid::Uuid;

use super::last_id::LastId;
use crate::api::handle::handle;
use crate::protocol::remote;

handle! {
    /// A handle to a domain, running or not (`virDomain`).
    ///
    /// Cheap to clone; it holds nothing on the daemon's side and stays valid when the domain ends:
    /// calls for a domain that no longer exists fail with an error for which
    /// [`is_not_found`](crate::Error::is_not_found) holds. Two handles are equal if they name the
    /// same domain over the same connection.
    ///
    /// # Contents
    ///
    /// - What it is: [Identity](#identity), [State](#state), [Description](#description)
    /// - Running it: [Starting and removing](#starting-and-removing), [Life cycle](#life-cycle),
    ///   [Autostart](#autostart), [Saving](#saving), [Memory dumps](#memory-dumps)
    /// - Points to return to: [Snapshots](#snapshots), [Checkpoints](#checkpoints),
    ///   [Backups](#backups)
    /// - Work in progress: [Jobs](#jobs), [Migration](#migration), [Settings of
    ///   migrations](#settings-of-migrations)
    /// - Devices and processors: [Devices](#devices), [Virtual CPUs](#virtual-cpus), [CPU
    ///   pinning](#cpu-pinning), [I/O threads](#io-threads), [CPU scheduling](#cpu-scheduling)
    /// - Memory: [Memory](#memory), [Limits on host resources](#limits-on-host-resources)
    /// - Disks: [Disks](#disks), [Block jobs](#block-jobs), [I/O limits of
    ///   disks](#io-limits-of-disks)
    /// - Network: [Network interfaces](#network-interfaces), [Targets of disks and
    ///   interfaces](#targets-of-disks-and-interfaces)
    /// - Measuring: [Statistics](#statistics), [CPU time](#cpu-time), [Performance
    ///   events](#performance-events), [Reading memory and disks](#reading-memory-and-disks)
    /// - The guest: [Console, channels and screen](#console-channels-and-screen), [Keys and
    ///   signals](#keys-and-signals), [File descriptors](#file-descriptors), [Guest
    ///   agent](#guest-agent), [Guest clock](#guest-clock), [Security](#security)
    /// - More: [QEMU](#qemu), [LXC containers](#lxc-containers), [Events](#events)
    /// - Waiting: [Waiting for addresses](#waiting-for-addresses), [Waiting for the
    ///   agent](#waiting-for-the-agent), [Waiting for block jobs](#waiting-for-block-jobs), [Detaching
    ///   devices and waiting](#detaching-devices-and-waiting), [Shutting down and
    ///   waiting](#shutting-down-and-waiting), [Waiting for states](#waiting-for-states)
    #[doc(alias = "virDomain")]
    pub Domain of remote::NonnullDomain, known by uuid,
    #[doc(alias = "virDomainGetConnect")] connect {
        /// Returns the domain's name (`virDomainGetName`). Local: as it was when the handle was
        /// made.
        #[doc(alias = "virDomainGetName")]
        name: text;
        /// Returns the domain's UUID, which never changes (`virDomainGetUUID`,
        /// `virDomainGetUUIDString`). Local.
        #[doc(alias = "virDomainGetUUID")]
        #[doc(alias = "virDomainGetUUIDString")]
        #[doc(alias = "UUIDString")]
        uuid: Uuid;
        /// The last ID that this handle learned.
        id: LastId
    }
}

impl Domain {
    /// Returns a handle to the same domain with the name that it has now.
    pub(super) fn renamed(&self, name: &str) -> Self {
        Self { name: name.into(), ..self.clone() }
    }
}
