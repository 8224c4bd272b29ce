//! All kinds of domain events but the lifecycle.

use serde::Serialize;

use super::super::object_event::field;
use super::super::{EventKind, sealed};
use super::Wire;
use crate::api::domain::{
    AgentLifecycleReason, AgentLifecycleState, BlockJobStatus, BlockJobType,
    ChannelLifecycleReason, ChannelLifecycleState, DiskChangeReason, Domain,
    EventGraphicsAddressType, EventGraphicsPhase, EventIoErrorAction, EventTrayChangeReason,
    EventWatchdogAction, MemoryFailureActionType, MemoryFailureFlags, MemoryFailureRecipientType,
    MetadataType,
};
use crate::api::wire::params_from_wire;
use crate::client::Connect;
use crate::client::registration::Registration;
use crate::error::Result;
use crate::params::TypedParams;
use crate::protocol::{Event, remote};
use crate::xdr::{Decode, DecodeError, Reader};

/// A kind of event: its ID, its messages, and its fields, each with its conversion from the
/// message. `prefix` is the number of words in the modern message before the content of the legacy
/// message.
macro_rules! domain_event {
    (
        $(#[$meta:meta])*
        $name:ident = $id:literal, $modern:ident, $legacy:ident, prefix $prefix:literal
        { $($(#[$field_meta:meta])* $field:ident: $ty:ty = $get:expr),* $(,)? }
    ) => {
        domain_event!(@item [$(#[$meta])*] $name { $($(#[$field_meta])* $field: $ty,)* });

        impl EventKind for $name {
            domain_event!(@registration $name = $id, $modern, Some(&remote::$legacy::INFO));

            fn decode(
                conn: &Connect,
                body: &mut Reader<'_>,
                has_callback_id: bool,
            ) -> Result<Self, DecodeError> {
                if has_callback_id {
                    for _ in 0..$prefix {
                        i32::decode(body)?;
                    }
                }
                let msg = <remote::$legacy as Event>::Msg::decode(body)?;
                Ok(Self {
                    domain: Domain::from_wire(conn, &msg.dom),
                    $($field: field(&msg, $get),)*
                })
            }
        }
    };
    (
        $(#[$meta:meta])*
        $name:ident = $id:literal, $modern:ident
        { $($(#[$field_meta:meta])* $field:ident: $ty:ty = $get:expr),* $(,)? }
    ) => {
        domain_event!(@item [$(#[$meta])*] $name { $($(#[$field_meta])* $field: $ty,)* });

        impl EventKind for $name {
            domain_event!(@registration $name = $id, $modern, None);

            fn decode(
                conn: &Connect,
                body: &mut Reader<'_>,
                _has_callback_id: bool,
            ) -> Result<Self, DecodeError> {
                let msg = <remote::$modern as Event>::Msg::decode(body)?;
                Ok(Self {
                    domain: Domain::from_wire(conn, &msg.dom),
                    $($field: field(&msg, $get),)*
                })
            }
        }
    };
    (@item [$($meta:tt)*] $name:ident
        { $($(#[$field_meta:meta])* $field:ident: $ty:ty,)* }
    ) => {
        $($meta)*
        #[derive(Debug, Clone, PartialEq, serde::Serialize)]
        #[non_exhaustive]
        pub struct $name {
            /// Domain that the event is about.
            pub domain: Domain,
            $($(#[$field_meta])* pub $field: $ty,)*
        }

        impl sealed::Sealed for $name {}
    };
    (@registration $name:ident = $id:literal, $modern:ident, $legacy:expr) => {
        type Object = Domain;
        const NAME: &'static str = stringify!($name);

        async fn registration(conn: &Connect, object: Option<&Domain>) -> Result<Registration> {
            const WIRE: Wire =
                Wire { id: $id, modern: &remote::$modern::INFO, legacy: $legacy };
            WIRE.registration(conn, object).await
        }
    };
}

domain_event! {
    /// Reboot of the guest (`VIR_DOMAIN_EVENT_ID_REBOOT`).
    #[doc(alias = "VIR_DOMAIN_EVENT_ID_REBOOT")]
    Reboot = 1, DomainEventCallbackReboot, DomainEventReboot, prefix 1 {}
}

domain_event! {
    /// Change of the guest's clock by the guest (`VIR_DOMAIN_EVENT_ID_RTC_CHANGE`).
    #[doc(alias = "VIR_DOMAIN_EVENT_ID_RTC_CHANGE")]
    RtcChange = 2, DomainEventCallbackRtcChange, DomainEventRtcChange, prefix 1 {
        /// Seconds by which the guest's clock is now ahead of UTC.
        offset_seconds: i64 = |msg| msg.offset,
    }
}

domain_event! {
    /// Expiry of the guest's watchdog (`VIR_DOMAIN_EVENT_ID_WATCHDOG`).
    #[doc(alias = "VIR_DOMAIN_EVENT_ID_WATCHDOG")]
    Watchdog = 3, DomainEventCallbackWatchdog, DomainEventWatchdog, prefix 1 {
        /// Action taken.
        action: EventWatchdogAction = |msg| msg.action.into(),
    }
}

domain_event! {
    /// I/O error of a disk (`VIR_DOMAIN_EVENT_ID_IO_ERROR`); [`IoErrorReason`] has the reason, too.
    #[doc(alias = "VIR_DOMAIN_EVENT_ID_IO_ERROR")]
    IoError = 4, DomainEventCallbackIoError, DomainEventIoError, prefix 1 {
        /// Source of the disk on the host.
        source: String = |msg| msg.src_path.to_string(),
        /// Alias of the disk.
        device: String = |msg| msg.dev_alias.to_string(),
        /// Action taken.
        action: EventIoErrorAction = |msg| msg.action.into(),
    }
}

domain_event! {
    /// Connection or disconnection of a client of the guest's graphics display
    /// (`VIR_DOMAIN_EVENT_ID_GRAPHICS`).
    #[doc(alias = "VIR_DOMAIN_EVENT_ID_GRAPHICS")]
    Graphics = 5, DomainEventCallbackGraphics, DomainEventGraphics, prefix 1 {
        /// Phase of the connection.
        phase: EventGraphicsPhase = |msg| msg.phase.into(),
        /// Address of the server.
        local: GraphicsAddress = |msg| GraphicsAddress::from_wire(&msg.local),
        /// Address of the client.
        remote: GraphicsAddress = |msg| GraphicsAddress::from_wire(&msg.remote),
        /// Authentication scheme of the client.
        auth_scheme: String = |msg| msg.auth_scheme.to_string(),
        /// Identity of the client, as pairs of a kind of name and the name.
        subject: Vec<(String, String)> = |msg| {
            let pairs = msg.subject.iter();
            pairs.map(|identity| (identity.r#type.to_string(), identity.name.to_string())).collect()
        },
    }
}

/// Address of one end of a connection to a guest's graphics display.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct GraphicsAddress {
    /// Address family.
    pub family: EventGraphicsAddressType,
    /// Host or path.
    pub node: String,
    /// Port.
    pub service: String,
}

impl GraphicsAddress {
    fn from_wire(wire: &remote::DomainEventGraphicsAddress<'_>) -> Self {
        Self {
            family: wire.family.into(),
            node: wire.node.to_string(),
            service: wire.service.to_string(),
        }
    }
}

domain_event! {
    /// I/O error of a disk, with its reason (`VIR_DOMAIN_EVENT_ID_IO_ERROR_REASON`).
    #[doc(alias = "VIR_DOMAIN_EVENT_ID_IO_ERROR_REASON")]
    IoErrorReason = 6, DomainEventCallbackIoErrorReason, DomainEventIoErrorReason, prefix 1 {
        /// Source of the disk on the host.
        source: String = |msg| msg.src_path.to_string(),
        /// Alias of the disk.
        device: String = |msg| msg.dev_alias.to_string(),
        /// Action taken.
        action: EventIoErrorAction = |msg| msg.action.into(),
        /// Reason for the error, e.g. `enospc`.
        reason: String = |msg| msg.reason.to_string(),
    }
}

domain_event! {
    /// Loss of the daemon's control over the domain (`VIR_DOMAIN_EVENT_ID_CONTROL_ERROR`).
    #[doc(alias = "VIR_DOMAIN_EVENT_ID_CONTROL_ERROR")]
    ControlError = 7, DomainEventCallbackControlError, DomainEventControlError, prefix 1 {}
}

domain_event! {
    /// Change of a block job's state (`VIR_DOMAIN_EVENT_ID_BLOCK_JOB`); [`BlockJob2`] names the
    /// disk by its target instead.
    #[doc(alias = "VIR_DOMAIN_EVENT_ID_BLOCK_JOB")]
    BlockJob = 8, DomainEventCallbackBlockJob, DomainEventBlockJob, prefix 1 {
        /// Source of the disk on the host.
        source: String = |msg| msg.path.to_string(),
        /// Kind of job.
        kind: BlockJobType = |msg| msg.r#type.into(),
        /// Status of the job.
        status: BlockJobStatus = |msg| msg.status.into(),
    }
}

domain_event! {
    /// Replacement of a disk's source (`VIR_DOMAIN_EVENT_ID_DISK_CHANGE`).
    #[doc(alias = "VIR_DOMAIN_EVENT_ID_DISK_CHANGE")]
    DiskChange = 9, DomainEventCallbackDiskChange, DomainEventDiskChange, prefix 1 {
        /// Old source.
        old_source: Option<String> = |msg| msg.old_src_path.as_deref().map(str::to_owned),
        /// New source.
        new_source: Option<String> = |msg| msg.new_src_path.as_deref().map(str::to_owned),
        /// Alias of the disk.
        device: String = |msg| msg.dev_alias.to_string(),
        /// Reason for the replacement.
        reason: DiskChangeReason = |msg| msg.reason.into(),
    }
}

domain_event! {
    /// Opening or closing of the tray of a removable disk (`VIR_DOMAIN_EVENT_ID_TRAY_CHANGE`).
    #[doc(alias = "VIR_DOMAIN_EVENT_ID_TRAY_CHANGE")]
    TrayChange = 10, DomainEventCallbackTrayChange, DomainEventTrayChange, prefix 1 {
        /// Alias of the disk.
        device: String = |msg| msg.dev_alias.to_string(),
        /// Opening or closing.
        reason: EventTrayChangeReason = |msg| msg.reason.into(),
    }
}

domain_event! {
    /// Wake-up of a guest that had suspended itself (`VIR_DOMAIN_EVENT_ID_PMWAKEUP`).
    #[doc(alias = "VIR_DOMAIN_EVENT_ID_PMWAKEUP")]
    PmWakeup = 11, DomainEventCallbackPmWakeup, DomainEventPmWakeup, prefix 2 {}
}

domain_event! {
    /// Suspension of the guest by itself to memory (`VIR_DOMAIN_EVENT_ID_PMSUSPEND`).
    #[doc(alias = "VIR_DOMAIN_EVENT_ID_PMSUSPEND")]
    PmSuspend = 12, DomainEventCallbackPmSuspend, DomainEventPmSuspend, prefix 2 {}
}

domain_event! {
    /// Change of the guest's memory balloon (`VIR_DOMAIN_EVENT_ID_BALLOON_CHANGE`).
    #[doc(alias = "VIR_DOMAIN_EVENT_ID_BALLOON_CHANGE")]
    BalloonChange = 13, DomainEventCallbackBalloonChange, DomainEventBalloonChange, prefix 1 {
        /// Current memory of the guest, in KiB.
        actual_kib: u64 = |msg| msg.actual,
    }
}

domain_event! {
    /// Suspension of the guest by itself to disk (`VIR_DOMAIN_EVENT_ID_PMSUSPEND_DISK`).
    #[doc(alias = "VIR_DOMAIN_EVENT_ID_PMSUSPEND_DISK")]
    PmSuspendDisk = 14, DomainEventCallbackPmSuspendDisk, DomainEventPmSuspendDisk, prefix 2 {}
}

domain_event! {
    /// Removal of a device: the guest released it after a detach request
    /// (`VIR_DOMAIN_EVENT_ID_DEVICE_REMOVED`).
    #[doc(alias = "VIR_DOMAIN_EVENT_ID_DEVICE_REMOVED")]
    DeviceRemoved = 15, DomainEventCallbackDeviceRemoved, DomainEventDeviceRemoved, prefix 1 {
        /// Alias of the device.
        device: String = |msg| msg.dev_alias.to_string(),
    }
}

domain_event! {
    /// Change of a block job's state (`VIR_DOMAIN_EVENT_ID_BLOCK_JOB_2`).
    #[doc(alias = "VIR_DOMAIN_EVENT_ID_BLOCK_JOB_2")]
    BlockJob2 = 16, DomainEventBlockJob2 {
        /// Target of the disk, e.g. `vda`.
        target: String = |msg| msg.dst.to_string(),
        /// Kind of job.
        kind: BlockJobType = |msg| msg.r#type.into(),
        /// Status of the job.
        status: BlockJobStatus = |msg| msg.status.into(),
    }
}

domain_event! {
    /// Change of a tunable (`VIR_DOMAIN_EVENT_ID_TUNABLE`).
    #[doc(alias = "VIR_DOMAIN_EVENT_ID_TUNABLE")]
    Tunable = 17, DomainEventCallbackTunable {
        /// Changed tunables with their new values.
        params: TypedParams = |msg| params_from_wire(&msg.params),
    }
}

domain_event! {
    /// Connection or disconnection of the guest's agent (`VIR_DOMAIN_EVENT_ID_AGENT_LIFECYCLE`).
    #[doc(alias = "VIR_DOMAIN_EVENT_ID_AGENT_LIFECYCLE")]
    AgentLifecycle = 18, DomainEventCallbackAgentLifecycle {
        /// Connected or disconnected.
        state: AgentLifecycleState = |msg| msg.state.into(),
        /// Reason for the change.
        reason: AgentLifecycleReason = |msg| msg.reason.into(),
    }
}

domain_event! {
    /// Addition of a device (`VIR_DOMAIN_EVENT_ID_DEVICE_ADDED`).
    #[doc(alias = "VIR_DOMAIN_EVENT_ID_DEVICE_ADDED")]
    DeviceAdded = 19, DomainEventCallbackDeviceAdded {
        /// Alias of the device.
        device: String = |msg| msg.dev_alias.to_string(),
    }
}

domain_event! {
    /// Start of another pass of a migration over the memory
    /// (`VIR_DOMAIN_EVENT_ID_MIGRATION_ITERATION`).
    #[doc(alias = "VIR_DOMAIN_EVENT_ID_MIGRATION_ITERATION")]
    MigrationIteration = 20, DomainEventCallbackMigrationIteration {
        /// Number of the pass.
        iteration: u64 = |msg| msg.iteration.try_into().unwrap_or_default(),
    }
}

domain_event! {
    /// End of a job (`VIR_DOMAIN_EVENT_ID_JOB_COMPLETED`).
    #[doc(alias = "VIR_DOMAIN_EVENT_ID_JOB_COMPLETED")]
    JobCompleted = 21, DomainEventCallbackJobCompleted {
        /// Statistics of the job; [`JobStats::from_params`](crate::domain::JobStats::from_params)
        /// types them.
        params: TypedParams = |msg| params_from_wire(&msg.params),
    }
}

domain_event! {
    /// Failed removal of a device: the guest did not release it
    /// (`VIR_DOMAIN_EVENT_ID_DEVICE_REMOVAL_FAILED`).
    #[doc(alias = "VIR_DOMAIN_EVENT_ID_DEVICE_REMOVAL_FAILED")]
    DeviceRemovalFailed = 22, DomainEventCallbackDeviceRemovalFailed {
        /// Alias of the device.
        device: String = |msg| msg.dev_alias.to_string(),
    }
}

domain_event! {
    /// Change of the domain's metadata (`VIR_DOMAIN_EVENT_ID_METADATA_CHANGE`).
    #[doc(alias = "VIR_DOMAIN_EVENT_ID_METADATA_CHANGE")]
    MetadataChange = 23, DomainEventCallbackMetadataChange {
        /// Kind of metadata.
        kind: MetadataType = |msg| msg.r#type.into(),
        /// XML namespace, of custom metadata.
        namespace: Option<String> = |msg| msg.nsuri.as_deref().map(str::to_owned),
    }
}

domain_event! {
    /// Write to a disk beyond its threshold (`VIR_DOMAIN_EVENT_ID_BLOCK_THRESHOLD`).
    #[doc(alias = "VIR_DOMAIN_EVENT_ID_BLOCK_THRESHOLD")]
    BlockThreshold = 24, DomainEventBlockThreshold {
        /// Target of the disk, with the index of the image in its chain.
        image: String = |msg| msg.dev.to_string(),
        /// Path of the image, for a local one.
        path: Option<String> = |msg| msg.path.as_deref().map(str::to_owned),
        /// Threshold in bytes.
        threshold_bytes: u64 = |msg| msg.threshold,
        /// Excess over the threshold, in bytes.
        excess_bytes: u64 = |msg| msg.excess,
    }
}

domain_event! {
    /// Memory failure (`VIR_DOMAIN_EVENT_ID_MEMORY_FAILURE`).
    #[doc(alias = "VIR_DOMAIN_EVENT_ID_MEMORY_FAILURE")]
    MemoryFailure = 25, DomainEventMemoryFailure {
        /// Owner of the memory.
        recipient: MemoryFailureRecipientType = |msg| msg.recipient.into(),
        /// Action taken.
        action: MemoryFailureActionType = |msg| msg.action.into(),
        /// Circumstances of the failure.
        flags: MemoryFailureFlags = |msg| MemoryFailureFlags::from_bits_retain(msg.flags),
    }
}

domain_event! {
    /// Change of a memory device's size (`VIR_DOMAIN_EVENT_ID_MEMORY_DEVICE_SIZE_CHANGE`).
    #[doc(alias = "VIR_DOMAIN_EVENT_ID_MEMORY_DEVICE_SIZE_CHANGE")]
    MemoryDeviceSizeChange = 26, DomainEventMemoryDeviceSizeChange {
        /// Alias of the device.
        device: String = |msg| msg.alias.to_string(),
        /// Current size of the device, in KiB.
        size_kib: u64 = |msg| msg.size,
    }
}

domain_event! {
    /// Change of an interface's MAC address by the guest (`VIR_DOMAIN_EVENT_ID_NIC_MAC_CHANGE`).
    #[doc(alias = "VIR_DOMAIN_EVENT_ID_NIC_MAC_CHANGE")]
    NicMacChange = 27, DomainEventNicMacChange {
        /// Alias of the interface.
        device: String = |msg| msg.alias.to_string(),
        /// Old MAC address.
        old_mac: String = |msg| msg.old_mac.to_string(),
        /// New MAC address.
        new_mac: String = |msg| msg.new_mac.to_string(),
    }
}

domain_event! {
    /// Removal of a virtual CPU: the guest released it after an unplug request
    /// (`VIR_DOMAIN_EVENT_ID_VCPU_REMOVED`, since libvirt 12.4.0).
    #[doc(alias = "VIR_DOMAIN_EVENT_ID_VCPU_REMOVED")]
    VcpuRemoved = 28, DomainEventVcpuRemoved {
        /// ID of the virtual CPU in the domain's XML.
        vcpu: u32 = |msg| msg.vcpuid,
    }
}

domain_event! {
    /// Opening or closing of a channel by a program in the guest
    /// (`VIR_DOMAIN_EVENT_ID_CHANNEL_LIFECYCLE`, since libvirt 12.4.0); [`AgentLifecycle`] is about
    /// the guest agent's channel alone.
    #[doc(alias = "VIR_DOMAIN_EVENT_ID_CHANNEL_LIFECYCLE")]
    ChannelLifecycle = 29, DomainEventCallbackChannelLifecycle {
        /// Name of the channel, e.g. `org.qemu.guest_agent.0`.
        channel: String = |msg| msg.channel_name.to_string(),
        /// Opened or closed.
        state: ChannelLifecycleState = |msg| msg.state.into(),
        /// Reason for the change.
        reason: ChannelLifecycleReason = |msg| msg.reason.into(),
    }
}
