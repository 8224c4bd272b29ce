//! Several kinds of domain events in one stream.

use super::domain;
use super::subscription::{Source, Subscription};
use crate::api::domain::Domain;
use crate::client::Connect;
use crate::error::{Error, Result};
use crate::protocol::{Request, remote};

/// The kinds of events: name of the flag, ID, structure.
macro_rules! domain_events {
    ($($flag:ident = $number:literal: $kind:ident,)*) => {
        bitflags::bitflags! {
            /// Kinds of domain events, for [`Connect::domain_events`].
            #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
            pub struct DomainEventKinds: u64 {
                $(
                    #[doc = concat!("[`", stringify!($kind), "`](domain::", stringify!($kind), ")")]
                    const $flag = 1 << $number;
                )*
            }
        }

        /// A domain event of any kind.
        #[derive(Debug, Clone, PartialEq, serde::Serialize)]
        #[serde(tag = "kind", rename_all = "kebab-case")]
        #[non_exhaustive]
        pub enum DomainEvent {
            $(
                #[doc = concat!("See [`", stringify!($kind), "`](domain::", stringify!($kind), ").")]
                $kind(domain::$kind),
            )*
        }

        impl DomainEvent {
            /// Returns the domain that the event is about.
            pub fn domain(&self) -> &Domain {
                match self {
                    $(Self::$kind(event) => &event.domain,)*
                }
            }

            /// Returns the kind of event, as a set with one member.
            pub fn kind(&self) -> DomainEventKinds {
                match self {
                    $(Self::$kind(_) => DomainEventKinds::$flag,)*
                }
            }
        }

        $(impl From<domain::$kind> for DomainEvent {
            fn from(event: domain::$kind) -> Self {
                Self::$kind(event)
            }
        })*

        /// Returns the sources of those `kinds` that the daemon may support.
        pub(super) async fn sources<E: From<DomainEvent>>(
            conn: &Connect,
            kinds: DomainEventKinds,
            object: Option<&Domain>,
        ) -> Result<Vec<Source<E>>> {
            let mut sources = Vec::new();
            $(if kinds.contains(DomainEventKinds::$flag) {
                match Source::of::<domain::$kind, DomainEvent>(conn, object).await {
                    Ok(source) => sources.push(source),
                    Err(error) if error.is_unsupported() => {}
                    Err(error) => return Err(error),
                }
            })*
            Ok(sources)
        }

        impl Subscription<DomainEvent> {
            /// Returns the kinds of events in the subscription: those that were requested and that
            /// the daemon supports.
            pub fn kinds(&self) -> DomainEventKinds {
                let named = |name| match name {
                    $(stringify!($kind) => DomainEventKinds::$flag,)*
                    _ => DomainEventKinds::empty(),
                };
                self.decoders().iter().map(|decoder| named(decoder.name)).collect()
            }
        }
    };
}

domain_events! {
    LIFECYCLE = 0: Lifecycle,
    REBOOT = 1: Reboot,
    RTC_CHANGE = 2: RtcChange,
    WATCHDOG = 3: Watchdog,
    IO_ERROR = 4: IoError,
    GRAPHICS = 5: Graphics,
    IO_ERROR_REASON = 6: IoErrorReason,
    CONTROL_ERROR = 7: ControlError,
    BLOCK_JOB = 8: BlockJob,
    DISK_CHANGE = 9: DiskChange,
    TRAY_CHANGE = 10: TrayChange,
    PM_WAKEUP = 11: PmWakeup,
    PM_SUSPEND = 12: PmSuspend,
    BALLOON_CHANGE = 13: BalloonChange,
    PM_SUSPEND_DISK = 14: PmSuspendDisk,
    DEVICE_REMOVED = 15: DeviceRemoved,
    BLOCK_JOB_2 = 16: BlockJob2,
    TUNABLE = 17: Tunable,
    AGENT_LIFECYCLE = 18: AgentLifecycle,
    DEVICE_ADDED = 19: DeviceAdded,
    MIGRATION_ITERATION = 20: MigrationIteration,
    JOB_COMPLETED = 21: JobCompleted,
    DEVICE_REMOVAL_FAILED = 22: DeviceRemovalFailed,
    METADATA_CHANGE = 23: MetadataChange,
    BLOCK_THRESHOLD = 24: BlockThreshold,
    MEMORY_FAILURE = 25: MemoryFailure,
    MEMORY_DEVICE_SIZE_CHANGE = 26: MemoryDeviceSizeChange,
    NIC_MAC_CHANGE = 27: NicMacChange,
    VCPU_REMOVED = 28: VcpuRemoved,
    CHANNEL_LIFECYCLE = 29: ChannelLifecycle,
}

/// # Events of domains
impl Connect {
    /// Subscribes to several kinds of events of all domains, in one stream and in the order in
    /// which the daemon sent them (`virConnectDomainEventRegisterAny`).
    ///
    /// Kinds that the daemon does not support are left out, unless it supports none of them;
    /// [`Subscription::kinds`] returns those that are in.
    ///
    /// ```
    /// use libvirt_client::events::{DomainEvent, DomainEventKinds};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let conn = libvirt_client::Connect::open("test:///default").await?;
    /// let kinds = DomainEventKinds::LIFECYCLE | DomainEventKinds::REBOOT;
    /// let mut events = conn.domain_events(kinds).await?;
    /// # conn.domain_lookup_by_name("test").await?.suspend().await?;
    /// while let Some(event) = events.next().await {
    ///     match event? {
    ///         DomainEvent::Lifecycle(event) => {
    ///             println!("{}: {:?}", event.domain.name(), event.change);
    ///         }
    ///         DomainEvent::Reboot(event) => println!("{} reboots", event.domain.name()),
    ///         _ => {}
    ///     }
    /// #   conn.close().await;
    /// #   assert!(events.next().await.unwrap().is_err());
    /// }
    /// # Ok(())
    /// # }
    /// ```
    #[doc(alias = "virConnectDomainEventRegisterAny")]
    #[doc(alias = "domainEventRegisterAny")]
    pub async fn domain_events(
        &self,
        kinds: DomainEventKinds,
    ) -> Result<Subscription<DomainEvent>> {
        subscribe(self, kinds, None).await
    }
}

/// # Events
impl Domain {
    /// Subscribes to several kinds of events of this domain; see [`Connect::domain_events`].
    pub async fn events(&self, kinds: DomainEventKinds) -> Result<Subscription<DomainEvent>> {
        subscribe(self.connect(), kinds, Some(self)).await
    }
}

async fn subscribe(
    conn: &Connect,
    kinds: DomainEventKinds,
    object: Option<&Domain>,
) -> Result<Subscription<DomainEvent>> {
    if kinds.is_empty() {
        return Err(Error::InvalidArgument {
            procedure: remote::ConnectDomainEventCallbackRegisterAny::INFO.name,
            reason: "no kinds of events are named".to_owned(),
        });
    }
    let sources = sources(conn, kinds, object).await?;
    if sources.is_empty() {
        return Err(Error::Unsupported(
            "the daemon is too old for these kinds of events".to_owned(),
        ));
    }
    conn.subscribe_to(sources, Error::is_unsupported).await
}
