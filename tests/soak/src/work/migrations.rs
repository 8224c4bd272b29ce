//! A guest that moves back and forth.

use std::time::Duration;

use libvirt_client::domain::{CreateFlags, Domain, MigrateFlags, MigrateParameters};
use libvirt_client::types::error::ErrorCode;
use libvirt_client::{Connect, Optional as _, Reconnect};

use crate::crew::Work;
use crate::guests::tiny;
use crate::ledger::{Outcome, Setback};
use crate::stage::connected;

pub(crate) struct Migrations {
    pub(crate) hosts: [Reconnect; 2],
    pub(crate) name: String,
    /// So many guests were given up before, which a daemon could not end.
    pub(crate) given_up: usize,
    /// Whether it is not known what the last migration has left.
    pub(crate) has_failed: bool,
}

impl Work for Migrations {
    const KIND: &'static str = "migrations";

    async fn step(&mut self) -> Outcome {
        let [a, b] = &self.hosts;
        let (a, b) = tokio::try_join!(connected(a), connected(b))?;
        let (here, there) = tokio::try_join!(self.find(&a), self.find(&b))?;
        let (domain, to) = match (here, there) {
            // A hypervisor may refuse for good to send a guest whose migration has failed.
            (here, there) if self.has_failed => {
                let ended = end([here, there]).await;
                // A daemon that still has a job of its own there ends nothing, until it dies.
                let is_stuck = ended.as_ref().is_err_and(|error| {
                    error.is_timeout() || error.code() == Some(ErrorCode::OperationTimeout)
                });
                self.given_up += usize::from(is_stuck);
                self.has_failed = ended.is_err() && !is_stuck;
                return Ok(ended?);
            }
            (None, None) => {
                a.domain_create_xml(&tiny(&self.name()), CreateFlags::PAUSED).await?;
                return Ok(());
            }
            (Some(domain), None) => (domain, b),
            (None, Some(domain)) => (domain, a),
            (Some(_), Some(_)) => {
                // A source that dies as soon as it is rid of a guest may find it again.
                self.has_failed = true;
                return Err(Setback::Unlucky("on both hosts"));
            }
        };
        self.has_failed = true;
        migrate(&domain, &to).await?;
        self.has_failed = false;
        Ok(())
    }
}

impl Migrations {
    fn name(&self) -> String {
        format!("{}-{}", self.name, self.given_up)
    }

    async fn find(&self, conn: &Connect) -> libvirt_client::Result<Option<Domain>> {
        conn.domain_lookup_by_name(&self.name()).await.optional()
    }
}

async fn end(guests: [Option<Domain>; 2]) -> libvirt_client::Result<()> {
    for domain in guests.into_iter().flatten() {
        domain.destroy().await.optional()?;
    }
    Ok(())
}

async fn migrate(domain: &Domain, to: &Connect) -> libvirt_client::Result<()> {
    let mut parameters = MigrateParameters::default();
    parameters.uri = Some(String::from("tcp://127.0.0.1"));
    domain
        .migrate(to)
        .flags(MigrateFlags::LIVE | MigrateFlags::UNSAFE)
        .parameters(parameters)
        .recovery_timeout(Duration::from_secs(20))
        .await
        .map(drop)
}
