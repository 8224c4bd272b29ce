//! Starting a migration.

use std::fmt;
use std::future::IntoFuture;
use std::time::Duration;

use super::conduct::Conduct;
use super::old::Old;
use super::params::MigrateParameters;
use super::plan::{Plan, Version, require};
use super::running::{Migration, MigrationControl};
use super::{managed, old, unmanaged};
use crate::api::domain::{Domain, MigrateFlags};
use crate::client::Connect;
use crate::error::Result;
use crate::types::feature::Feature;

/// A migration that has not started; from [`Domain::migrate`] and [`Domain::migrate_to_uri`].
///
/// Awaiting it starts it and waits for its end; [`start`](Self::start) gives the [`Migration`] in
/// between.
#[must_use = "a migration begins when it is awaited or started"]
pub struct MigrationBuilder<D: Arrival = Domain> {
    plan: Plan,
    target: D::Target,
    recovery: Duration,
}

/// What a migration gives: the domain on a destination that this client is connected to, or nothing
/// where only the source is.
pub trait Arrival: sealed::Arrival {}

impl Arrival for Domain {}
impl Arrival for () {}

mod sealed {
    pub trait Arrival: Send + 'static {
        /// Where to migrate to.
        type Target: std::fmt::Debug + Send + 'static;
    }
}

impl sealed::Arrival for Domain {
    type Target = Connect;
}

impl sealed::Arrival for () {
    type Target = String;
}

/// # Migration
impl Domain {
    /// Migrates the domain to another host, to whose daemon `destination` is a connection
    /// (`virDomainMigrate3`, `virDomainMigrate2`, `virDomainMigrate`).
    ///
    /// This client tells both daemons what to do; the guest's memory goes from host to host. With
    /// [`PEER2PEER`](MigrateFlags::PEER2PEER) the source's daemon connects to the destination's
    /// instead, by the URI of `destination`, and does the rest.
    ///
    /// Without [`LIVE`](MigrateFlags::LIVE) the guest is paused meanwhile. What the destination
    /// cannot reach of the guest's disks must be copied
    /// ([`NON_SHARED_DISK`](MigrateFlags::NON_SHARED_DISK)), and where the daemon finds storage
    /// unsafe, [`UNSAFE`](MigrateFlags::UNSAFE) says that it is not.
    ///
    /// The timeouts of the handles do not apply. To give up, [abort](MigrationControl::abort) the
    /// migration or drop it: the guest then goes on where it was. A failure is an
    /// [`Error::Migration`](crate::Error::Migration), which says on which host which step failed,
    /// and where the guest is now.
    ///
    /// A daemon that takes one request at a time says nothing while it sends the guest: give its
    /// connection a [`busy_timeout`](crate::ConnectBuilder::busy_timeout) that is longer than that.
    ///
    /// ```no_run
    /// # async fn example(conn: libvirt_client::Connect) -> libvirt_client::Result<()> {
    /// use std::time::Duration;
    /// use libvirt_client::Connect;
    /// use libvirt_client::domain::MigrateFlags;
    ///
    /// let destination = Connect::open("qemu+ssh://root@other/system").await?;
    /// let domain = conn.domain_lookup_by_name("web").await?;
    /// let flags = MigrateFlags::LIVE | MigrateFlags::PERSIST_DEST | MigrateFlags::UNDEFINE_SOURCE;
    /// let migration = domain.migrate(&destination).flags(flags).start();
    ///
    /// let mut progress = migration.control().progress(Duration::from_secs(1));
    /// tokio::spawn(async move {
    ///     while let Some(Ok(progress)) = progress.next().await {
    ///         let percent = progress.fraction().unwrap_or_default() * 100.0;
    ///         println!("{percent:.0} %, {:?} to go", progress.time_remaining);
    ///     }
    /// });
    /// let moved = migration.await?;
    /// println!("{} runs on {}", moved.name(), destination.hostname().await?);
    /// # Ok(())
    /// # }
    /// ```
    #[doc(alias = "virDomainMigrate")]
    #[doc(alias = "virDomainMigrate2")]
    #[doc(alias = "virDomainMigrate3")]
    #[doc(alias = "migrate2")]
    #[doc(alias = "migrate3")]
    pub fn migrate(&self, destination: &Connect) -> MigrationBuilder {
        MigrationBuilder::new(self, destination.clone())
    }

    /// Migrates the domain to the daemon at `uri`, as the source reaches it, without a connection
    /// of this client's own to it (`virDomainMigrateToURI3`, `virDomainMigrateToURI2`,
    /// `virDomainMigrateToURI`).
    ///
    /// With [`PEER2PEER`](MigrateFlags::PEER2PEER) the source's daemon connects to it, over any
    /// transport that it has and with its own keys and certificates. Without, the hypervisors are
    /// to do it alone (direct migration); `uri` is then not used, but the parameter
    /// [`uri`](MigrateParameters::uri), and QEMU cannot.
    ///
    /// The rest is as with [`migrate`](Self::migrate).
    ///
    /// ```no_run
    /// # async fn example(domain: libvirt_client::domain::Domain) -> libvirt_client::Result<()> {
    /// use libvirt_client::domain::MigrateFlags;
    ///
    /// let flags = MigrateFlags::LIVE | MigrateFlags::PEER2PEER | MigrateFlags::TUNNELLED;
    /// domain.migrate_to_uri("qemu+tls://other/system").flags(flags).await?;
    /// # Ok(())
    /// # }
    /// ```
    #[doc(alias = "virDomainMigrateToURI")]
    #[doc(alias = "virDomainMigrateToURI2")]
    #[doc(alias = "virDomainMigrateToURI3")]
    #[doc(alias = "migrateToURI2")]
    #[doc(alias = "migrateToURI3")]
    pub fn migrate_to_uri(&self, uri: impl Into<String>) -> MigrationBuilder<()> {
        MigrationBuilder::new(self, uri.into())
    }
}

impl<D: Arrival> MigrationBuilder<D> {
    pub(super) fn new(source: &Domain, target: D::Target) -> Self {
        let plan = Plan {
            source: source.via(&source.connect().without_timeout()),
            flags: MigrateFlags::empty(),
            parameters: MigrateParameters::default(),
        };
        Self { plan, target, recovery: Duration::from_secs(60) }
    }

    /// Sets how to migrate. Default: no flag, which means that the guest is paused meanwhile.
    pub fn flags(mut self, flags: MigrateFlags) -> Self {
        self.plan.flags = flags;
        self
    }

    /// Sets the parameters.
    pub fn parameters(mut self, parameters: MigrateParameters) -> Self {
        self.plan.parameters = parameters;
        self
    }

    /// Sets for how long to try and reach a host again whose connection was lost just when it had
    /// to be known whether the guest has arrived, or to be said that it has; and for how long each
    /// host may take to tidy up once that is known. Default: one minute.
    ///
    /// If the destination cannot be reached by then, the source leaves its guest paused, because it
    /// may be running on the destination. Ask for the [`outcome`](Migration::outcome) once both can
    /// be reached, close the connection to the source, for as long as which its daemon waits, and
    /// [`resume`](Domain::resume) or [`destroy`](Domain::destroy) the guest over a new one.
    pub fn recovery_timeout(mut self, timeout: Duration) -> Self {
        self.recovery = timeout;
        self
    }
}

impl MigrationBuilder<Domain> {
    /// Starts the migration in a task of its own.
    pub fn start(self) -> Migration {
        let source = self.plan.source.clone();
        Migration::spawn(&source, |control| self.migrate(control))
    }

    async fn migrate(self, control: MigrationControl) -> Result<Domain> {
        let Self { mut plan, target, recovery } = self;
        let destination = target.without_timeout();
        plan.check()?;
        plan.check_source().await?;
        plan.check_destination(&destination).await?;
        let domain = if plan.has(MigrateFlags::PEER2PEER) {
            let conduct = Conduct::new(plan, destination, control, recovery);
            unmanaged::migrate_to_host(conduct).await?
        } else {
            if plan.has(MigrateFlags::CHANGE_PROTECTION) {
                let what = "protecting the domain from changes, by the source";
                require(plan.source.connect(), Feature::MigrateChangeProtection, what).await?;
                // Only the source is told.
                plan.flags.remove(MigrateFlags::CHANGE_PROTECTION);
            }
            let version = plan.version(&destination).await?;
            let conduct = Conduct::new(plan, destination, control, recovery);
            match version {
                Version::Params => managed::migrate(conduct, true).await,
                Version::V3 => managed::migrate(conduct, false).await,
                Version::V2 => old::migrate(conduct, Old::V2).await,
                Version::V1 => old::migrate(conduct, Old::V1).await,
            }?
        };
        // Not so if the connection was lost meanwhile.
        let is_over_target = *domain.connect() == target;
        Ok(if is_over_target {
            domain.via(&target)
        } else {
            domain
        })
    }
}

impl MigrationBuilder<()> {
    /// Starts the migration in a task of its own.
    pub fn start(self) -> Migration<()> {
        let source = self.plan.source.clone();
        Migration::spawn(&source, |control| self.migrate(control))
    }

    async fn migrate(self, control: MigrationControl) -> Result<()> {
        let Self { plan, target, .. } = self;
        plan.check()?;
        plan.check_source().await?;
        unmanaged::migrate_to_uri(&plan, &target, &control).await
    }
}

impl IntoFuture for MigrationBuilder<Domain> {
    type Output = Result<Domain>;
    type IntoFuture = Migration<Domain>;

    fn into_future(self) -> Migration<Domain> {
        self.start()
    }
}

impl IntoFuture for MigrationBuilder<()> {
    type Output = Result<()>;
    type IntoFuture = Migration<()>;

    fn into_future(self) -> Migration<()> {
        self.start()
    }
}

impl<D: Arrival> fmt::Debug for MigrationBuilder<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MigrationBuilder")
            .field("plan", &self.plan)
            .field("target", &self.target)
            .field("recovery", &self.recovery)
            .finish()
    }
}
