//! All kinds but the lifecycle.

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

/// A kind of event: its number, its messages, and its fields, each got from the message. `prefix` is
/// how many words of the modern message stand in front of what the legacy message consists of.
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
        #[derive(Debug, Clone, PartialEq)]
        #[non_exhaustive]
        pub struct $name {
            /// The domain.
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
    /// The guest rebooted (`VIR_DOMAIN_EVENT_ID_REBOOT`).
    Reboot = 1, DomainEventCallbackReboot, DomainEventReboot, prefix 1 {}
}

domain_event! {
    /// The guest changed its clock (`VIR_DOMAIN_EVENT_ID_RTC_CHANGE`).
    RtcChange = 2, DomainEventCallbackRtcChange, DomainEventRtcChange, prefix 1 {
        /// Seconds by which the guest's clock is now ahead of UTC.
        offset_seconds: i64 = |msg| msg.offset,
    }
}

domain_event! {
    /// The guest's watchdog fired (`VIR_DOMAIN_EVENT_ID_WATCHDOG`).
    Watchdog = 3, DomainEventCallbackWatchdog, DomainEventWatchdog, prefix 1 {
        /// What was done about it.
        action: EventWatchdogAction = |msg| msg.action.into(),
    }
}

domain_event! {
    /// A disk failed (`VIR_DOMAIN_EVENT_ID_IO_ERROR`); [`IoErrorReason`] says more.
    IoError = 4, DomainEventCallbackIoError, DomainEventIoError, prefix 1 {
        /// The disk's source on the host.
        source: String = |msg| msg.src_path.to_string(),
        /// The disk's alias.
        device: String = |msg| msg.dev_alias.to_string(),
        /// What was done about it.
        action: EventIoErrorAction = |msg| msg.action.into(),
    }
}

domain_event! {
    /// A client of the guest's screen came or went (`VIR_DOMAIN_EVENT_ID_GRAPHICS`).
    Graphics = 5, DomainEventCallbackGraphics, DomainEventGraphics, prefix 1 {
        /// How far the connection is.
        phase: EventGraphicsPhase = |msg| msg.phase.into(),
        /// The server's address.
        local: GraphicsAddress = |msg| GraphicsAddress::from_wire(&msg.local),
        /// The client's address.
        remote: GraphicsAddress = |msg| GraphicsAddress::from_wire(&msg.remote),
        /// How the client authenticated.
        auth_scheme: String = |msg| msg.auth_scheme.to_string(),
        /// As whom, as pairs of a kind of name and the name.
        subject: Vec<(String, String)> = |msg| {
            let pairs = msg.subject.iter();
            pairs.map(|identity| (identity.r#type.to_string(), identity.name.to_string())).collect()
        },
    }
}

/// One end of a connection to a guest's screen.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct GraphicsAddress {
    /// What kind of address it is.
    pub family: EventGraphicsAddressType,
    /// The host or path.
    pub node: String,
    /// The port.
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
    /// A disk failed, and why (`VIR_DOMAIN_EVENT_ID_IO_ERROR_REASON`).
    IoErrorReason = 6, DomainEventCallbackIoErrorReason, DomainEventIoErrorReason, prefix 1 {
        /// The disk's source on the host.
        source: String = |msg| msg.src_path.to_string(),
        /// The disk's alias.
        device: String = |msg| msg.dev_alias.to_string(),
        /// What was done about it.
        action: EventIoErrorAction = |msg| msg.action.into(),
        /// Why, e.g. `enospc`.
        reason: String = |msg| msg.reason.to_string(),
    }
}

domain_event! {
    /// The daemon lost control of the domain (`VIR_DOMAIN_EVENT_ID_CONTROL_ERROR`).
    ControlError = 7, DomainEventCallbackControlError, DomainEventControlError, prefix 1 {}
}

domain_event! {
    /// A block job changed its state (`VIR_DOMAIN_EVENT_ID_BLOCK_JOB`); [`BlockJob2`] names the disk
    /// by its target instead.
    BlockJob = 8, DomainEventCallbackBlockJob, DomainEventBlockJob, prefix 1 {
        /// The disk's source on the host.
        path: String = |msg| msg.path.to_string(),
        /// What kind of job it is.
        kind: BlockJobType = |msg| msg.r#type.into(),
        /// How far it is.
        status: BlockJobStatus = |msg| msg.status.into(),
    }
}

domain_event! {
    /// A disk's source was replaced (`VIR_DOMAIN_EVENT_ID_DISK_CHANGE`).
    DiskChange = 9, DomainEventCallbackDiskChange, DomainEventDiskChange, prefix 1 {
        /// What was there.
        old_source: Option<String> = |msg| msg.old_src_path.as_deref().map(str::to_owned),
        /// What is there now.
        new_source: Option<String> = |msg| msg.new_src_path.as_deref().map(str::to_owned),
        /// The disk's alias.
        device: String = |msg| msg.dev_alias.to_string(),
        /// Why.
        reason: DiskChangeReason = |msg| msg.reason.into(),
    }
}

domain_event! {
    /// The tray of a removable disk was opened or closed (`VIR_DOMAIN_EVENT_ID_TRAY_CHANGE`).
    TrayChange = 10, DomainEventCallbackTrayChange, DomainEventTrayChange, prefix 1 {
        /// The disk's alias.
        device: String = |msg| msg.dev_alias.to_string(),
        /// Which of the two.
        reason: EventTrayChangeReason = |msg| msg.reason.into(),
    }
}

domain_event! {
    /// The guest woke from its own suspension (`VIR_DOMAIN_EVENT_ID_PMWAKEUP`).
    PmWakeup = 11, DomainEventCallbackPmWakeup, DomainEventPmWakeup, prefix 2 {}
}

domain_event! {
    /// The guest suspended itself to memory (`VIR_DOMAIN_EVENT_ID_PMSUSPEND`).
    PmSuspend = 12, DomainEventCallbackPmSuspend, DomainEventPmSuspend, prefix 2 {}
}

domain_event! {
    /// The guest's memory balloon changed (`VIR_DOMAIN_EVENT_ID_BALLOON_CHANGE`).
    BalloonChange = 13, DomainEventCallbackBalloonChange, DomainEventBalloonChange, prefix 1 {
        /// The memory that the guest has now, in KiB.
        actual_kib: u64 = |msg| msg.actual,
    }
}

domain_event! {
    /// The guest suspended itself to disk (`VIR_DOMAIN_EVENT_ID_PMSUSPEND_DISK`).
    PmSuspendDisk = 14, DomainEventCallbackPmSuspendDisk, DomainEventPmSuspendDisk, prefix 2 {}
}

domain_event! {
    /// The guest gave a device up that was to be detached (`VIR_DOMAIN_EVENT_ID_DEVICE_REMOVED`).
    DeviceRemoved = 15, DomainEventCallbackDeviceRemoved, DomainEventDeviceRemoved, prefix 1 {
        /// The device's alias.
        device: String = |msg| msg.dev_alias.to_string(),
    }
}

domain_event! {
    /// A block job changed its state (`VIR_DOMAIN_EVENT_ID_BLOCK_JOB_2`).
    BlockJob2 = 16, DomainEventBlockJob2 {
        /// The disk's target, e.g. `vda`.
        target: String = |msg| msg.dst.to_string(),
        /// What kind of job it is.
        kind: BlockJobType = |msg| msg.r#type.into(),
        /// How far it is.
        status: BlockJobStatus = |msg| msg.status.into(),
    }
}

domain_event! {
    /// A tunable was changed (`VIR_DOMAIN_EVENT_ID_TUNABLE`).
    Tunable = 17, DomainEventCallbackTunable {
        /// What has been changed, and to what.
        params: TypedParams = |msg| params_from_wire(&msg.params),
    }
}

domain_event! {
    /// The guest's agent came or went (`VIR_DOMAIN_EVENT_ID_AGENT_LIFECYCLE`).
    AgentLifecycle = 18, DomainEventCallbackAgentLifecycle {
        /// Which of the two.
        state: AgentLifecycleState = |msg| msg.state.into(),
        /// Why.
        reason: AgentLifecycleReason = |msg| msg.reason.into(),
    }
}

domain_event! {
    /// A device was added (`VIR_DOMAIN_EVENT_ID_DEVICE_ADDED`).
    DeviceAdded = 19, DomainEventCallbackDeviceAdded {
        /// The device's alias.
        device: String = |msg| msg.dev_alias.to_string(),
    }
}

domain_event! {
    /// A migration began one more pass over the memory (`VIR_DOMAIN_EVENT_ID_MIGRATION_ITERATION`).
    MigrationIteration = 20, DomainEventCallbackMigrationIteration {
        /// Which one.
        iteration: i32 = |msg| msg.iteration,
    }
}

domain_event! {
    /// A job ended (`VIR_DOMAIN_EVENT_ID_JOB_COMPLETED`).
    JobCompleted = 21, DomainEventCallbackJobCompleted {
        /// Its statistics.
        params: TypedParams = |msg| params_from_wire(&msg.params),
    }
}

domain_event! {
    /// The guest did not give a device up (`VIR_DOMAIN_EVENT_ID_DEVICE_REMOVAL_FAILED`).
    DeviceRemovalFailed = 22, DomainEventCallbackDeviceRemovalFailed {
        /// The device's alias.
        device: String = |msg| msg.dev_alias.to_string(),
    }
}

domain_event! {
    /// The domain's metadata was changed (`VIR_DOMAIN_EVENT_ID_METADATA_CHANGE`).
    MetadataChange = 23, DomainEventCallbackMetadataChange {
        /// Which kind of metadata.
        kind: MetadataType = |msg| msg.r#type.into(),
        /// The XML namespace, of custom metadata.
        namespace: Option<String> = |msg| msg.nsuri.as_deref().map(str::to_owned),
    }
}

domain_event! {
    /// A disk was written beyond its threshold (`VIR_DOMAIN_EVENT_ID_BLOCK_THRESHOLD`).
    BlockThreshold = 24, DomainEventBlockThreshold {
        /// The disk's target, with the index of the image in its chain.
        device: String = |msg| msg.dev.to_string(),
        /// The image's path, of local ones.
        path: Option<String> = |msg| msg.path.as_deref().map(str::to_owned),
        /// The threshold, in bytes.
        threshold_bytes: u64 = |msg| msg.threshold,
        /// By how much it was exceeded, in bytes.
        excess_bytes: u64 = |msg| msg.excess,
    }
}

domain_event! {
    /// Memory failed (`VIR_DOMAIN_EVENT_ID_MEMORY_FAILURE`).
    MemoryFailure = 25, DomainEventMemoryFailure {
        /// Whose memory it was.
        recipient: MemoryFailureRecipientType = |msg| msg.recipient.into(),
        /// What was done about it.
        action: MemoryFailureActionType = |msg| msg.action.into(),
        /// Circumstances.
        flags: MemoryFailureFlags = |msg| MemoryFailureFlags::from_bits_retain(msg.flags),
    }
}

domain_event! {
    /// A memory device changed its size (`VIR_DOMAIN_EVENT_ID_MEMORY_DEVICE_SIZE_CHANGE`).
    MemoryDeviceSizeChange = 26, DomainEventMemoryDeviceSizeChange {
        /// The device's alias.
        device: String = |msg| msg.alias.to_string(),
        /// Its size now, in KiB.
        size_kib: u64 = |msg| msg.size,
    }
}

domain_event! {
    /// The guest changed the address of an interface (`VIR_DOMAIN_EVENT_ID_NIC_MAC_CHANGE`).
    NicMacChange = 27, DomainEventNicMacChange {
        /// The interface's alias.
        device: String = |msg| msg.alias.to_string(),
        /// The address that it had.
        old_mac: String = |msg| msg.old_mac.to_string(),
        /// The address that it has.
        new_mac: String = |msg| msg.new_mac.to_string(),
    }
}

domain_event! {
    /// The guest gave a virtual processor up that was to be unplugged
    /// (`VIR_DOMAIN_EVENT_ID_VCPU_REMOVED`, since libvirt 12.4.0).
    VcpuRemoved = 28, DomainEventVcpuRemoved {
        /// The processor's number in the domain's XML.
        vcpu: u32 = |msg| msg.vcpuid,
    }
}

domain_event! {
    /// A program in the guest opened or closed a channel (`VIR_DOMAIN_EVENT_ID_CHANNEL_LIFECYCLE`,
    /// since libvirt 12.4.0); [`AgentLifecycle`] is about that of the guest's agent alone.
    ChannelLifecycle = 29, DomainEventCallbackChannelLifecycle {
        /// The channel's name, e.g. `org.qemu.guest_agent.0`.
        channel: String = |msg| msg.channel_name.to_string(),
        /// Which of the two.
        state: ChannelLifecycleState = |msg| msg.state.into(),
        /// Why.
        reason: ChannelLifecycleReason = |msg| msg.reason.into(),
    }
}
