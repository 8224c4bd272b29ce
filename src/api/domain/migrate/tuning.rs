//! Settings of migrations, while they run and before.

use std::time::Duration;

use crate::api::domain::{Domain, MigrateMaxSpeedFlags};
use crate::api::wire;
use crate::error::Result;
use crate::protocol::{Request as _, remote};

/// # Settings of migrations
impl Domain {
    /// Returns for how long migrations may pause the guest at their end
    /// (`virDomainMigrateGetMaxDowntime`). Since libvirt 3.7.0.
    #[doc(alias = "virDomainMigrateGetMaxDowntime")]
    #[doc(alias = "migrateGetMaxDowntime")]
    pub async fn migrate_max_downtime(&self) -> Result<Duration> {
        let request = remote::DomainMigrateGetMaxDowntime { dom: self.wire(), flags: 0 };
        let reply = self.call(request).await?;
        Ok(Duration::from_millis(reply.decode()?.downtime))
    }

    /// Sets for how long migrations may pause the guest at their end, in whole milliseconds
    /// (`virDomainMigrateSetMaxDowntime`).
    ///
    /// A migration comes to its end when what remains can be sent within that time, so a longer
    /// time helps one that does not converge.
    #[doc(alias = "virDomainMigrateSetMaxDowntime")]
    pub async fn migrate_set_max_downtime(&self, downtime: Duration) -> Result<()> {
        let procedure = remote::DomainMigrateSetMaxDowntime::INFO.name;
        let downtime = wire::whole_millis(procedure, downtime)?.into();
        self.run(remote::DomainMigrateSetMaxDowntime { dom: self.wire(), downtime, flags: 0 })
            .await
    }

    /// Returns the maximum transfer rate of migrations, in MiB per second
    /// (`virDomainMigrateGetMaxSpeed`).
    ///
    /// With [`POSTCOPY`](MigrateMaxSpeedFlags::POSTCOPY) it is that of the post-copy phase.
    #[doc(alias = "virDomainMigrateGetMaxSpeed")]
    #[doc(alias = "migrateGetMaxSpeed")]
    pub async fn migrate_max_speed_mib_per_second(
        &self,
        flags: MigrateMaxSpeedFlags,
    ) -> Result<u64> {
        let request = remote::DomainMigrateGetMaxSpeed { dom: self.wire(), flags };
        let reply = self.call(request).await?;
        Ok(reply.decode()?.bandwidth)
    }

    /// Sets the maximum transfer rate of migrations, in MiB per second, also of one that runs
    /// (`virDomainMigrateSetMaxSpeed`).
    ///
    /// With [`POSTCOPY`](MigrateMaxSpeedFlags::POSTCOPY) it is that of the post-copy phase.
    #[doc(alias = "virDomainMigrateSetMaxSpeed")]
    pub async fn migrate_set_max_speed(
        &self,
        mib_per_second: u64,
        flags: MigrateMaxSpeedFlags,
    ) -> Result<()> {
        self.run(remote::DomainMigrateSetMaxSpeed {
            dom: self.wire(),
            bandwidth: mib_per_second,
            flags,
        })
        .await
    }

    /// Returns the size of the cache that compressed migrations use, in bytes
    /// (`virDomainMigrateGetCompressionCache`).
    #[doc(alias = "virDomainMigrateGetCompressionCache")]
    #[doc(alias = "migrateGetCompressionCache")]
    pub async fn migrate_compression_cache_bytes(&self) -> Result<u64> {
        let request = remote::DomainMigrateGetCompressionCache { dom: self.wire(), flags: 0 };
        let reply = self.call(request).await?;
        Ok(reply.decode()?.cache_size)
    }

    /// Sets the size of the cache that compressed migrations use, in bytes
    /// (`virDomainMigrateSetCompressionCache`). The hypervisor may round it.
    ///
    /// QEMU's cache holds the pages that were sent, so that only their changes need be sent again:
    /// [`COMPRESSED`](crate::domain::MigrateFlags::COMPRESSED) by `xbzrle`.
    #[doc(alias = "virDomainMigrateSetCompressionCache")]
    pub async fn migrate_set_compression_cache(&self, bytes: u64) -> Result<()> {
        let dom = self.wire();
        self.run(remote::DomainMigrateSetCompressionCache { dom, cache_size: bytes, flags: 0 })
            .await
    }

    /// Switches a migration that runs to its post-copy phase (`virDomainMigrateStartPostCopy`): the
    /// guest goes on on the destination at once, which requests what it needs of the rest. Since
    /// libvirt 1.3.3.
    ///
    /// The migration must have been started with [`POSTCOPY`](crate::domain::MigrateFlags::POSTCOPY), and
    /// cannot be aborted any more. If it breaks, neither host has the whole guest; migrate again
    /// with [`POSTCOPY_RESUME`](crate::domain::MigrateFlags::POSTCOPY_RESUME).
    #[doc(alias = "virDomainMigrateStartPostCopy")]
    pub async fn migrate_start_post_copy(&self) -> Result<()> {
        self.run(remote::DomainMigrateStartPostCopy { dom: self.wire(), flags: 0 })
            .await
    }
}
