//! A definition alone that moves, and connections that are cut while it does.

use std::time::Duration;

use libvirt_client::domain::{Domain, MigrateFlags};
use libvirt_client::protocol::{Request as _, remote};
use libvirt_client::{Connect, Optional as _, Result};
use uuid::Uuid;

use super::gate::{At, Gate};
use super::hosts::Hosts;

const UUID: Uuid = uuid::uuid!("7d0f1e9c-6a3b-4c58-9f11-2b8e5d4c0aff");

struct Journey {
    hosts: Hosts,
    gate: Gate,
    xml: String,
}

impl Journey {
    async fn begin() -> Option<Self> {
        let hosts = Hosts::start().await?;
        let gate = Gate::before(&hosts.b);
        let guest = rig::guest::Guest::new("migrate-definition").uuid(UUID.to_string());
        let xml = guest.xml().unwrap();
        hosts.conn_a.domain_define_xml(&xml).await.unwrap();
        Some(Self { hosts, gate, xml })
    }

    /// Moves the definition, and cuts the connection to the destination when it is to finish.
    async fn lose(&self, at: At) -> Result<Domain> {
        // The source remembers a migration that nobody settles for as long as its connection.
        let source = self.hosts.conn_a.reopen().await.unwrap();
        let destination = self.gate.builder().open().await.unwrap();
        let reached = self.gate.hold(remote::DomainMigrateFinish3Params::INFO.number, at);
        let flags = MigrateFlags::OFFLINE | MigrateFlags::PERSIST_DEST;
        let flags = flags | MigrateFlags::UNDEFINE_SOURCE;
        let domain = source.domain_lookup_by_uuid(UUID).await.unwrap();
        let migration = domain.migrate(&destination).flags(flags);
        let migration = migration.recovery_timeout(Duration::from_secs(1)).start();
        let held = reached.await;
        self.gate.cut();
        drop(held);
        let result = migration.await;
        source.close().await;
        result
    }

    async fn restart_destination(&mut self) {
        self.hosts.b.kill9().unwrap();
        self.hosts.b.restart().unwrap();
        self.hosts.reconnect().await;
    }
}

/// Whether a host has the definition, and whether it keeps it.
async fn keeps(conn: &Connect) -> Option<bool> {
    let found = conn.domain_lookup_by_uuid(UUID).await.optional().unwrap()?;
    Some(found.is_persistent().await.unwrap())
}

/// What has been prepared looks like what has come, but for that.
#[tokio::test]
async fn the_source_keeps_it_until_the_destination_does() {
    let Some(mut journey) = Journey::begin().await else {
        return;
    };
    journey.lose(At::Call).await.unwrap_err();
    assert_eq!(keeps(&journey.hosts.conn_a).await, Some(true));
    assert_eq!(keeps(&journey.hosts.conn_b).await, Some(false));
    journey.restart_destination().await;
    assert_eq!(keeps(&journey.hosts.conn_b).await, None);

    journey.lose(At::Reply).await.unwrap();
    assert_eq!(keeps(&journey.hosts.conn_a).await, None);
    assert_eq!(keeps(&journey.hosts.conn_b).await, Some(true));
}

#[tokio::test]
async fn what_was_there_before_is_not_taken_for_it() {
    let Some(journey) = Journey::begin().await else {
        return;
    };
    journey.hosts.conn_b.domain_define_xml(&journey.xml).await.unwrap();
    journey.lose(At::Call).await.unwrap_err();
    assert_eq!(keeps(&journey.hosts.conn_a).await, Some(true));
}
