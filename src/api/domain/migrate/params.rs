//! Parameters of migrations.

use crate::params::param_struct;
use crate::params::units::Int;

param_struct! {
    /// Parameters of a migration (`VIR_MIGRATE_PARAM_…`). What is not given is for the daemons to
    /// choose.
    ///
    /// ```
    /// use libvirt_client::domain::MigrateParameters;
    ///
    /// let mut params = MigrateParameters::default();
    /// params.destination_name = Some("web-2".to_owned());
    /// params.bandwidth_mib_per_second = Some(500);
    /// params.compression.push("zstd".to_owned());
    /// ```
    pub struct MigrateParameters {
        /// Address that the guest's memory is sent to, such as `tcp://192.0.2.7` or
        /// `unix:///path/to/socket`, as the source sees it. Not for tunnelled migration.
        uri: String = "migrate_uri",
        /// Name of the domain on the destination.
        destination_name: String = "destination_name",
        /// Definition of the running domain on the destination. Only what the guest cannot notice
        /// may differ, such as the paths of disks, and not the name. Start from the XML that
        /// [`xml_desc`](crate::domain::Domain::xml_desc) returns with
        /// [`MIGRATABLE`](crate::domain::XmlFlags::MIGRATABLE).
        destination_xml: String = "destination_xml",
        /// Definition of the domain that the destination keeps, with
        /// [`PERSIST_DEST`](crate::domain::MigrateFlags::PERSIST_DEST).
        persistent_xml: String = "persistent_xml",
        /// Maximum transfer rate, in MiB per second.
        bandwidth_mib_per_second: u64 = "bandwidth",
        /// Maximum transfer rate in the post-copy phase, in MiB per second; without limit unless
        /// given.
        bandwidth_postcopy_mib_per_second: u64 = "bandwidth.postcopy",
        /// Rate that can be counted on while the guest is paused at the end, in MiB per second, in
        /// place of the rate observed before. Since libvirt 11.1.0.
        bandwidth_switchover_mib_per_second: u64 = "bandwidth.avail.switchover",
        /// Where the clients of the guest's display connect to afterwards, such as
        /// `spice://host:5900/?tlsPort=5901`.
        graphics_uri: String = "graphics_uri",
        /// Address or host name that the destination's hypervisor listens on.
        listen_address: String = "listen_address",
        /// Port that the destination listens on for disks.
        disks_port: u16 = "disks_port" as Int,
        /// Address that disks are sent to, `tcp://host:port` or `unix:///path/to/socket`.
        disks_uri: String = "disks_uri",
        /// Level of compression `mt`, from 0 (none) to 9.
        compression_mt_level: u32 = "compression.mt.level" as Int,
        /// Number of threads that compress, with `mt`.
        compression_mt_threads: u32 = "compression.mt.threads" as Int,
        /// Number of threads that decompress, with `mt`.
        compression_mt_dthreads: u32 = "compression.mt.dthreads" as Int,
        /// Size of the cache of `xbzrle`, in bytes.
        compression_xbzrle_cache_bytes: u64 = "compression.xbzrle.cache",
        /// Level of compression `zlib`, from 0 (none) to 9. Since libvirt 9.4.0.
        compression_zlib_level: u32 = "compression.zlib.level" as Int,
        /// Level of compression `zstd`, from 0 (none) to 20. Since libvirt 9.4.0.
        compression_zstd_level: u32 = "compression.zstd.level" as Int,
        /// Percentage by which the guest is slowed down at first, with
        /// [`AUTO_CONVERGE`](crate::domain::MigrateFlags::AUTO_CONVERGE).
        auto_converge_initial_percent: u32 = "auto_converge.initial" as Int,
        /// Percentage by which it is slowed down more, each time that was not enough.
        auto_converge_increment_percent: u32 = "auto_converge.increment" as Int,
        /// Number of connections, with [`PARALLEL`](crate::domain::MigrateFlags::PARALLEL).
        parallel_connections: u32 = "parallel.connections" as Int,
        /// Host name in the destination's TLS certificate, where it is another than the address's.
        tls_destination: String = "tls.destination",
        [
            /// Targets of the disks to copy, such as `vda`; all that are not shared and not
            /// read-only unless given.
            migrate_disks: String = "migrate_disks",
            /// Targets of disks whose zeros need not be sent. Their images on the destination must
            /// be empty. Since libvirt 10.9.0.
            migrate_disks_detect_zeroes: String = "migrate_disks_detect_zeroes",
            /// Targets of disks whose images on the destination are known to read as zeros. Since
            /// libvirt 12.2.0.
            migrate_disks_target_zero: String = "migrate_disks_target_zero",
            /// Kinds of compression, of `xbzrle`, `mt`, `zlib` and `zstd`, with
            /// [`COMPRESSED`](crate::domain::MigrateFlags::COMPRESSED).
            compression: String = "compression",
        ]
        ..other
    }
}
