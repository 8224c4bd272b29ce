//! Migrations that are aborted or dropped, that do not end by themselves, and that have ended.

use std::time::Duration;

use libvirt_client::domain::{
    Domain, EventResumedDetailType, EventStartedDetailType, EventStoppedDetailType,
    GetJobStatsFlags, MigrateFlags, MigrateMaxSpeedFlags, MigrationControl,
};
use libvirt_client::events::Subscription;
use libvirt_client::events::domain::{Change, Lifecycle};
use libvirt_client::protocol::{Request as _, remote};
use libvirt_client::types::error::ErrorCode;
use libvirt_client::{
    Connect, Error, MigrationOutcome, MigrationSide, MigrationStep, Optional, Presence,
};

use super::emulation::outlive;
use super::gate::{At, Gate};
use super::hosts::{Hosts, LIVE, UNSAFE, UUID_A, UUID_B, host, loopback};
use crate::common::{GUESTS, eventually};
use crate::shell::Shell;

const FLAGS: MigrateFlags = LIVE.union(UNSAFE);
const TICK: Duration = Duration::from_millis(50);
const NONE: MigrateMaxSpeedFlags = MigrateMaxSpeedFlags::empty();

impl Hosts {
    /// Waits until nothing of a migration is left on either host.
    async fn assert_settled_on_a(&self, domain: &Domain) {
        let uuid = domain.uuid();
        eventually("the destination has removed it", async || {
            self.conn_b.domain_lookup_by_uuid(uuid).await.optional().unwrap().is_none()
        })
        .await;
        eventually("the source has no job", async || domain.job_info().await.unwrap().is_none())
            .await;
    }
}

/// Waits until the guest is being sent.
async fn sending(control: &MigrationControl) {
    let mut progress = control.progress(TICK);
    while let Some(seen) = progress.next().await {
        if seen.unwrap().stats.memory_processed_bytes > Some(0) {
            return;
        }
    }
    panic!("the migration has ended");
}

#[tokio::test]
async fn aborting_has_the_guest_go_on() {
    outlive(async || {
        let Some(hosts) = Hosts::start().await else {
            return;
        };
        let guest = hosts.counting("migrate-abort").await;
        let domain = &guest.domain;
        domain.migrate_set_max_speed(1, NONE).await.unwrap();
        assert_eq!(domain.migrate_max_speed_mib_per_second(NONE).await.unwrap(), 1);
        for flags in [FLAGS, FLAGS | MigrateFlags::PEER2PEER] {
            let builder = domain.migrate(&hosts.conn_b).flags(flags).parameters(loopback());
            let migration = builder.start();
            let control = migration.control();
            sending(&control).await;
            control.abort();
            let error = migration.await.unwrap_err();
            assert!(error.is_aborted(), "{error}");
            assert_eq!(error.code(), Some(ErrorCode::OperationAborted), "{error}");
            let Error::Migration(error) = error else {
                panic!("{error}");
            };
            assert_eq!(error.first.side, MigrationSide::Source);
            assert_eq!(error.first.step, MigrationStep::Perform);
            let MigrationOutcome { source, destination, .. } = error.outcome;
            assert_eq!((source, destination), (Presence::Running, Presence::Absent), "{error}");
            control.ended().await;
            assert!(control.progress(TICK).next().await.is_none());
            hosts.assert_runs_on(&hosts.conn_a, &guest).await;
            hosts.assert_settled_on_a(domain).await;
        }
        // Before anything has begun.
        let migration = domain.migrate(&hosts.conn_b).flags(FLAGS).parameters(loopback()).start();
        migration.control().abort();
        let error = migration.await.unwrap_err();
        assert!(error.is_aborted(), "{error}");
        hosts.assert_runs_on(&hosts.conn_a, &guest).await;
        guest.domain.destroy().await.unwrap();
        hosts.assert_empty().await;
    })
    .await;
}

#[tokio::test]
async fn a_daemon_that_takes_one_request_at_a_time_can_be_told_to_stop() {
    outlive(async || {
        if !rig::available(GUESTS).unwrap() {
            return;
        }
        let start =
            |name, uuid| host(name, uuid).conf_line("max_client_requests = 1").start().unwrap();
        let mut hosts = Hosts::of(start("hosta", UUID_A), start("hostb", UUID_B)).await;
        for (conn, daemon) in [(&mut hosts.conn_a, &hosts.a), (&mut hosts.conn_b, &hosts.b)] {
            *conn = Connect::builder(&daemon.uri()).max_client_requests(1).open().await.unwrap();
        }
        let guest = hosts.counting("migrate-one").await;
        let domain = &guest.domain;
        domain.migrate_set_max_speed(1, NONE).await.unwrap();
        let migration = domain.migrate(&hosts.conn_b).flags(FLAGS).parameters(loopback()).start();
        let control = migration.control();
        sending(&control).await;
        control.set_max_speed(2, NONE).await.unwrap();
        control.abort();
        let error = migration.await.unwrap_err();
        assert!(error.is_aborted(), "{error}");
        hosts.assert_settled_on_a(domain).await;
        hosts.assert_runs_on(&hosts.conn_a, &guest).await;
        guest.domain.destroy().await.unwrap();
        hosts.assert_empty().await;
    })
    .await;
}

#[tokio::test]
async fn dropping_at_any_step_has_the_guest_go_on() {
    outlive(async || {
        let Some(hosts) = Hosts::start().await else {
            return;
        };
        let guest = hosts.counting("migrate-drop").await;
        let domain = &guest.domain;
        let gates = [Gate::before(&hosts.a), Gate::before(&hosts.b)];
        let source = gates[0].builder().open().await.unwrap();
        let destination = gates[1].builder().open().await.unwrap();
        let through_gate = domain.via(&source);
        let migrate = || through_gate.migrate(&destination).flags(FLAGS).parameters(loopback());
        for (procedure, gate) in [
            (remote::DomainMigrateBegin3Params::INFO.number, &gates[0]),
            (remote::DomainMigratePrepare3Params::INFO.number, &gates[1]),
            (remote::DomainMigratePerform3Params::INFO.number, &gates[0]),
        ] {
            for at in [At::Call, At::Reply] {
                if (procedure, at) == (remote::DomainMigratePerform3Params::INFO.number, At::Reply)
                {
                    // The guest has been sent by then.
                    continue;
                }
                let reached = gate.hold(procedure, at);
                let migration = migrate().start();
                let control = migration.control();
                let held = reached.await;
                drop(migration);
                drop(held);
                control.ended().await;
                hosts.assert_settled_on_a(domain).await;
                hosts.assert_runs_on(&hosts.conn_a, &guest).await;
            }
        }
        // While the guest is sent.
        domain.migrate_set_max_speed(1, NONE).await.unwrap();
        let migration = migrate().start();
        let control = migration.control();
        sending(&control).await;
        drop(migration);
        control.ended().await;
        hosts.assert_settled_on_a(domain).await;
        hosts.assert_runs_on(&hosts.conn_a, &guest).await;

        // Too late: the guest has been sent.
        domain.migrate_set_max_speed(1000, NONE).await.unwrap();
        let reached = gates[1].hold(remote::DomainMigrateFinish3Params::INFO.number, At::Call);
        let migration = migrate().start();
        let control = migration.control();
        let held = reached.await;
        drop(migration);
        drop(held);
        control.ended().await;
        hosts.assert_runs_on(&hosts.conn_b, &guest).await;
        guest.assert_same_run();
        hosts
            .conn_b
            .domain_lookup_by_uuid(domain.uuid())
            .await
            .unwrap()
            .destroy()
            .await
            .unwrap();
        hosts.assert_empty().await;
    })
    .await;
}

#[tokio::test]
async fn a_busy_guest_is_let_through() {
    outlive(async || {
        let Some(hosts) = Hosts::start().await else {
            return;
        };
        let mut guest = hosts.counting("migrate-busy").await;
        let mut shell = Shell::open(&guest.domain).await;
        // Writes memory again and again.
        let busy = "(while :; do dd if=/dev/zero of=/run/busy bs=1M count=8 2>/dev/null; done) &";
        shell.run(busy).await;
        shell.close().await;
        let domain = &guest.domain;
        domain.migrate_set_max_speed(1, NONE).await.unwrap();
        domain.migrate_set_compression_cache(16 << 20).await.unwrap();
        assert_eq!(domain.migrate_compression_cache_bytes().await.unwrap(), 16 << 20);
        let migration = domain.migrate(&hosts.conn_b).flags(FLAGS).parameters(loopback()).start();
        let control = migration.control();
        let mut progress = control.progress(TICK);
        let mut fractions = Vec::new();
        while let Some(seen) = progress.next().await {
            let seen = seen.unwrap();
            fractions.extend(seen.fraction());
            if seen.stats.memory_processed_bytes > Some(1 << 20) {
                assert!(seen.stats.memory_total_bytes > Some(128 << 20), "{seen:?}");
                assert!(seen.stats.memory_remaining_bytes > Some(0), "{seen:?}");
                break;
            }
        }
        assert!(fractions.iter().all(|fraction| (0.0..=1.0).contains(fraction)), "{fractions:?}");
        // Half an hour would do for what remains.
        let downtime = Duration::from_secs(1800);
        control.set_max_downtime(downtime).await.unwrap();
        assert_eq!(domain.migrate_max_downtime().await.unwrap(), downtime);
        control.set_max_speed(1000, NONE).await.unwrap();
        guest.domain = migration.await.unwrap();
        assert!(progress.next().await.is_none());
        hosts.assert_runs_on(&hosts.conn_b, &guest).await;
        let report = guest.domain.job_stats(GetJobStatsFlags::COMPLETED).await.unwrap().unwrap();
        assert!(report.stats.time_elapsed.is_some(), "{report:?}");
        guest.domain.destroy().await.unwrap();
        hosts.assert_empty().await;
    })
    .await;
}

#[tokio::test]
async fn both_hosts_tell_of_it_to_the_end() {
    outlive(async || {
        let Some(hosts) = Hosts::start().await else {
            return;
        };
        let guest = hosts.counting("migrate-events").await;
        let mut leaving = hosts.conn_a.subscribe::<Lifecycle>(None).await.unwrap();
        let mut coming = hosts.conn_b.subscribe::<Lifecycle>(None).await.unwrap();
        let domain = &guest.domain;
        let moved = domain.migrate(&hosts.conn_b).flags(FLAGS).parameters(loopback()).await;
        let changes = async |events: &mut Subscription<Lifecycle>, last| {
            let mut seen = Vec::new();
            while seen.last() != Some(&last) {
                let event: Lifecycle = events.next().await.unwrap().unwrap();
                seen.push(event.change);
            }
            seen
        };
        let stopped = Change::Stopped(EventStoppedDetailType::Migrated);
        changes(&mut leaving, stopped).await;
        let resumed = Change::Resumed(EventResumedDetailType::Migrated);
        let came = changes(&mut coming, resumed).await;
        assert!(came.contains(&Change::Started(EventStartedDetailType::Migrated)), "{came:?}");
        moved.unwrap().destroy().await.unwrap();
        hosts.assert_empty().await;
    })
    .await;
}
