//! Guests that move between releases of libvirt, in both directions.

use libvirt_client::domain::MigrateFlags;
use rig::{Daemon, Release};

use super::emulation::outlive;
use super::hosts::{Hosts, LIVE, UNSAFE, UUID_A, UUID_B, host, loopback};
use crate::common::GUESTS;

/// The release before that one, of those that can be had; `None` is the installed one.
fn before(release: Release) -> Option<Release> {
    match release {
        Release::Trixie => None,
        Release::Sid => Some(Release::Trixie),
    }
}

#[tokio::test]
async fn a_guest_moves_to_the_next_release_and_back() {
    outlive(async || {
        // The installed release has none before it.
        let Some(release) = Release::of_environment().unwrap() else {
            return;
        };
        if !rig::available(GUESTS).unwrap() {
            return;
        }
        let start =
            |name, uuid, release| -> Daemon { host(name, uuid).release(release).start().unwrap() };
        let older = start("hosta", UUID_A, before(release));
        let newer = start("hostb", UUID_B, Some(release));
        let hosts = Hosts::of(older, newer).await;
        // QEMU 11.1 does not take over what virtio devices of 10.0's have sent.
        let guest = hosts.counting_adapted("migrate-releases", |xml| {
            let xml = xml.replace("dev='vda' bus='virtio'", "dev='sda' bus='sata'");
            let balloon = xml.find("<memballoon").unwrap()..xml.find("</memballoon>").unwrap();
            xml.replace(&xml[balloon], "<memballoon model='none'>")
        });
        let mut guest = guest.await;
        for flags in [LIVE | UNSAFE, LIVE | UNSAFE | MigrateFlags::PEER2PEER] {
            for conn in [&hosts.conn_b, &hosts.conn_a] {
                let migration = guest.domain.migrate(conn).flags(flags).parameters(loopback());
                let from = guest.domain.connect().lib_version().await.unwrap();
                guest.domain =
                    migration.await.unwrap_or_else(|error| panic!("from {from}: {error}"));
                hosts.assert_runs_on(conn, &guest).await;
            }
        }
        guest.assert_same_run();
        guest.domain.destroy().await.unwrap();
        hosts.assert_empty().await;
    })
    .await;
}
