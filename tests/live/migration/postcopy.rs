//! Guests that run on the destination while their memory is still on the source.

use std::cell::RefCell;
use std::fs;
use std::time::Duration;

use libvirt_client::domain::{
    Domain, GetJobStatsFlags, MigrateFlags, MigrateMaxSpeedFlags, MigrateParameters, Migration,
    RunningReason, StateReason,
};
use libvirt_client::types::error::ErrorCode;
use libvirt_client::{Error, MigrationOutcome, Optional as _, Presence};

use rig::Release;

use super::emulation::outlive;
use super::halted;
use super::hosts::{Hosts, LIVE, UNSAFE, loopback};
use super::relay::Relay;
use crate::common::eventually;

const FLAGS: MigrateFlags = LIVE.union(UNSAFE).union(MigrateFlags::POSTCOPY);

impl Hosts {
    /// Starts a migration that would not end by itself, and switches it to post-copy.
    async fn depart(
        &self,
        domain: &Domain,
        flags: MigrateFlags,
        parameters: MigrateParameters,
    ) -> Migration {
        domain.migrate_set_max_speed(1, MigrateMaxSpeedFlags::empty()).await.unwrap();
        let migration = domain.migrate(&self.conn_b).flags(flags).parameters(parameters).start();
        let control = migration.control();
        let mut progress = control.progress(Duration::from_millis(50));
        while let Some(seen) = progress.next().await {
            if seen.unwrap().stats.memory_iteration >= Some(1) {
                break;
            }
        }
        control.start_post_copy().await.unwrap();
        migration
    }

    /// Waits until the guest runs on the destination while its memory is on the source.
    async fn runs_ahead(&self, domain: &Domain) {
        eventually("the guest runs without its memory", async || {
            let found = self.conn_b.domain_lookup_by_uuid(domain.uuid()).await;
            let Some(there) = found.optional().unwrap() else {
                return false;
            };
            let state = there.state().await.unwrap();
            state.reason == StateReason::Running(RunningReason::PostCopy)
        })
        .await;
    }

    /// Waits until the destination's daemon would know after a restart that the guest runs. One that
    /// dies before that takes the guest with it when it comes back.
    async fn is_noted(&self, domain: &Domain) {
        let status = self.b.dir().join("run/qemu").join(format!("{}.xml", domain.name()));
        eventually("the daemon has noted that the guest runs", async || {
            fs::read_to_string(&status).is_ok_and(|text| text.contains("reason='post-copy'"))
        })
        .await;
    }

    /// Goes on with a migration that broke, to its end.
    async fn resume(&self, domain: &Domain, flags: MigrateFlags) {
        let flags = flags | MigrateFlags::POSTCOPY_RESUME;
        let mut parameters = loopback();
        parameters.bandwidth_postcopy_mib_per_second = Some(1000);
        let result = RefCell::new(None);
        eventually("the source knows that it broke", async || {
            let migration = domain.migrate(&self.conn_b).flags(flags);
            let moved = migration.parameters(parameters.clone()).await;
            let code = moved.as_ref().err().and_then(Error::code);
            result.replace(Some(moved));
            code != Some(ErrorCode::OperationInvalid)
        })
        .await;
        result.take().unwrap().unwrap();
    }
}

#[tokio::test]
async fn the_guest_goes_on_before_its_memory_is_there() {
    outlive(async || {
        let Some(hosts) = Hosts::start().await else {
            return;
        };
        let mut guest = hosts.counting("migrate-postcopy").await;
        let migration = hosts.depart(&guest.domain, FLAGS, loopback()).await;
        guest.domain = migration.await.unwrap();
        hosts.assert_runs_on(&hosts.conn_b, &guest).await;
        guest.assert_same_run();
        // The source could not tell it before the guest ran there.
        let done = guest.domain.job_stats(GetJobStatsFlags::COMPLETED).await.unwrap();
        assert_eq!(done, None);
        guest.domain.destroy().await.unwrap();
        hosts.assert_empty().await;
    })
    .await;
}

#[tokio::test]
async fn a_broken_network_can_be_mended() {
    let Some(hosts) = Hosts::start().await else {
        return;
    };
    for (name, flags) in [
        ("migrate-broken", FLAGS),
        ("migrate-broken-p2p", FLAGS | MigrateFlags::PEER2PEER),
    ] {
        let domain = halted::boot(&hosts, name).await;
        let relay = Relay::open().await;
        let mut parameters = relay.parameters();
        parameters.bandwidth_postcopy_mib_per_second = Some(1);
        let migration = hosts.depart(&domain, flags, parameters).await;
        hosts.runs_ahead(&domain).await;
        relay.cut();
        let Err(Error::Migration(error)) = migration.await else {
            panic!("it cannot have come");
        };
        let MigrationOutcome { source, destination, .. } = error.outcome;
        assert_eq!(source, Presence::PostCopyFailed, "{error}");
        assert_eq!(destination, Presence::PostCopyFailed, "{error}");
        // libvirtd 11.3.0 dies when it prepares to go on.
        if Release::of_environment().unwrap() == Some(Release::Trixie) {
            return;
        }
        hosts.resume(&domain, flags).await;
        halted::assert_whole(&hosts.conn_b, &domain).await;
        hosts
            .conn_b
            .domain_lookup_by_uuid(domain.uuid())
            .await
            .unwrap()
            .destroy()
            .await
            .unwrap();
        hosts.assert_empty().await;
    }
}

#[tokio::test]
async fn killed_daemons_are_no_loss() {
    outlive(async || {
        let Some(mut hosts) = Hosts::start().await else {
            return;
        };
        for side in ["source", "destination"] {
            let mut guest = hosts.counting(&format!("migrate-killed-{side}")).await;
            let mut parameters = loopback();
            parameters.bandwidth_postcopy_mib_per_second = Some(4);
            let migration = hosts.depart(&guest.domain, FLAGS, parameters).await;
            hosts.runs_ahead(&guest.domain).await;
            hosts.is_noted(&guest.domain).await;
            let killed = if side == "source" {
                &mut hosts.a
            } else {
                &mut hosts.b
            };
            killed.kill9().unwrap();
            killed.restart().unwrap();
            guest.domain = migration.await.unwrap();
            hosts.reconnect().await;
            guest.domain = guest.domain.via(&hosts.conn_b);
            hosts.assert_runs_on(&hosts.conn_b, &guest).await;
            guest.assert_same_run();
            guest.domain.destroy().await.unwrap();
            hosts.assert_empty().await;
        }
    })
    .await;
}
