//! Features that a daemon or its driver may support.

use crate::types::open_enum;

open_enum! {
    /// `virDrvFeature`: abilities of a daemon or of its driver, which clients probe for.
    ///
    /// libvirt does not publish these numbers, but they are part of the protocol.
    enum Feature {
        /// The oldest migration protocol.
        MigrationV1 = 1 => "VIR_DRV_FEATURE_MIGRATION_V1",
        /// The driver is a remote one; a daemon never says so.
        Remote = 2 => "VIR_DRV_FEATURE_REMOTE",
        /// The second migration protocol.
        MigrationV2 = 3 => "VIR_DRV_FEATURE_MIGRATION_V2",
        /// Migration that the source daemon conducts.
        MigrationP2p = 4 => "VIR_DRV_FEATURE_MIGRATION_P2P",
        /// Migration that the hypervisors conduct.
        MigrationDirect = 5 => "VIR_DRV_FEATURE_MIGRATION_DIRECT",
        /// The third migration protocol.
        MigrationV3 = 6 => "VIR_DRV_FEATURE_MIGRATION_V3",
        /// A domain that is being migrated can be
        /// protected from changes.
        MigrateChangeProtection = 7 => "VIR_DRV_FEATURE_MIGRATE_CHANGE_PROTECTION",
        /// File descriptors, which also need a local socket.
        FdPassing = 8 => "VIR_DRV_FEATURE_FD_PASSING",
        /// Typed parameters may be strings.
        TypedParamString = 9 => "VIR_DRV_FEATURE_TYPED_PARAM_STRING",
        /// The daemon speaks the keepalive program.
        ProgramKeepalive = 10 => "VIR_DRV_FEATURE_PROGRAM_KEEPALIVE",
        /// Domain XML made for migration.
        XmlMigratable = 11 => "VIR_DRV_FEATURE_XML_MIGRATABLE",
        /// Migration of domains that do not run.
        MigrationOffline = 12 => "VIR_DRV_FEATURE_MIGRATION_OFFLINE",
        /// Migration with typed parameters.
        MigrationParams = 13 => "VIR_DRV_FEATURE_MIGRATION_PARAMS",
        /// Events of single objects.
        RemoteEventCallback = 14 => "VIR_DRV_FEATURE_REMOTE_EVENT_CALLBACK",
        /// The daemon reports the loss of its hypervisor.
        RemoteCloseCallback = 15 => "VIR_DRV_FEATURE_REMOTE_CLOSE_CALLBACK",
        /// Network updates take section and
        /// command in the order in which they are documented.
        NetworkUpdateHasCorrectOrder = 16 => "VIR_DRV_FEATURE_NETWORK_UPDATE_HAS_CORRECT_ORDER",
    }
}
