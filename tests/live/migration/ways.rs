//! The ways to migrate, each there and back.

use std::fs;

use libvirt_client::domain::{
    GetJobStatsFlags, JobOperation, JobType, MigrateFlags, MigrateParameters, State, UndefineFlags,
    XmlFlags,
};
use libvirt_client::types::error::ErrorCode;
use libvirt_client::{Connect, Optional};
use rig::certificates::{Authority, Leaf, ServerFiles, client_dir};
use rig::{Need, ssh};

use super::emulation::outlive;
use super::hosts::{Counting, Hosts, LIVE, UNSAFE, UUID_A, UUID_B, host, loopback};
use crate::common::GUESTS;

const P2P: MigrateFlags = MigrateFlags::PEER2PEER;

impl Hosts {
    /// Moves the guest from one host to the other and back.
    async fn there_and_back(
        &self,
        guest: &mut Counting,
        flags: MigrateFlags,
        parameters: &MigrateParameters,
    ) {
        for conn in [&self.conn_b, &self.conn_a] {
            let migration = guest.domain.migrate(conn).flags(flags);
            let moved = migration.parameters(parameters.clone()).await;
            guest.domain = moved.unwrap_or_else(|error| panic!("{flags:?}: {error}"));
            self.assert_runs_on(conn, guest).await;
        }
    }

    /// The same, where the daemons connect to each other by those URIs.
    async fn there_and_back_by_uri(
        &self,
        guest: &mut Counting,
        [a, b]: [&str; 2],
        flags: MigrateFlags,
        parameters: &MigrateParameters,
    ) {
        for (conn, uri) in [(&self.conn_b, b), (&self.conn_a, a)] {
            let migration = guest.domain.migrate_to_uri(uri).flags(flags);
            let moved = migration.parameters(parameters.clone()).await;
            moved.unwrap_or_else(|error| panic!("{uri} {flags:?}: {error}"));
            guest.domain = conn.domain_lookup_by_uuid(guest.domain.uuid()).await.unwrap();
            self.assert_runs_on(conn, guest).await;
        }
    }
}

#[tokio::test]
async fn this_client_conducts_it() {
    outlive(async || {
        let Some(hosts) = Hosts::start().await else {
            return;
        };
        let mut guest = hosts.counting("migrate-managed").await;
        let parameters = loopback();
        hosts.there_and_back(&mut guest, UNSAFE, &parameters).await;
        hosts.there_and_back(&mut guest, LIVE | UNSAFE, &parameters).await;
        let flags = LIVE | UNSAFE | MigrateFlags::CHANGE_PROTECTION | MigrateFlags::ABORT_ON_ERROR;
        hosts
            .there_and_back(&mut guest, flags | MigrateFlags::AUTO_CONVERGE, &parameters)
            .await;

        // In two connections at a time, and compressed.
        let mut parallel = parameters.clone();
        parallel.parallel_connections = Some(2);
        let flags = LIVE | UNSAFE | MigrateFlags::PARALLEL;
        hosts.there_and_back(&mut guest, flags, &parallel).await;
        let mut compressed = parameters.clone();
        compressed.compression.push("xbzrle".to_owned());
        compressed.compression_xbzrle_cache_bytes = Some(64 << 20);
        let flags = LIVE | UNSAFE | MigrateFlags::COMPRESSED;
        hosts.there_and_back(&mut guest, flags, &compressed).await;

        // Through a socket that both can reach.
        let mut socket = MigrateParameters::default();
        socket.uri = Some(format!("unix://{}/migrate", hosts.a.scratch().display()));
        hosts.there_and_back(&mut guest, LIVE | UNSAFE, &socket).await;

        // The destination has the last migration's statistics.
        let flags = GetJobStatsFlags::COMPLETED;
        let report = guest.domain.job_stats(flags).await.unwrap().unwrap();
        assert_eq!(report.kind, JobType::Completed);
        assert_eq!(report.stats.operation, Some(JobOperation::MigrationIn));
        assert!(report.stats.downtime.is_some(), "{report:?}");
        guest.assert_same_run();
        guest.domain.destroy().await.unwrap();
        hosts.assert_empty().await;
    })
    .await;
}

/// What the destination has of another time is no success, and the source keeps what it has.
#[tokio::test]
async fn a_guest_that_is_there_already_has_not_arrived() {
    outlive(async || {
        let Some(hosts) = Hosts::start().await else {
            return;
        };
        let mut guest = hosts.counting("migrate-already").await;
        let xml = guest.domain.xml_desc(XmlFlags::INACTIVE).await.unwrap();
        let defined = hosts.conn_a.domain_define_xml(&xml).await.unwrap();
        let flags = LIVE | UNSAFE | P2P;
        let migration = defined.migrate(&hosts.conn_b).flags(flags).parameters(loopback());
        guest.domain = migration.await.unwrap();
        assert!(guest.domain.is_active().await.unwrap());

        let flags = flags | MigrateFlags::UNDEFINE_SOURCE;
        let migration = defined.migrate(&hosts.conn_b).flags(flags).parameters(loopback());
        let error = migration.await.unwrap_err();
        assert_eq!(error.code(), Some(ErrorCode::OperationInvalid), "{error:?}");
        assert!(!defined.is_active().await.unwrap());
        assert!(guest.domain.is_active().await.unwrap());
        guest.domain.destroy().await.unwrap();
        defined.undefine().await.unwrap();
        hosts.assert_empty().await;
    })
    .await;
}

#[tokio::test]
async fn the_daemons_conduct_it() {
    outlive(async || {
        if !rig::available(GUESTS).unwrap() {
            return;
        }
        let authority = Authority::new("ca").unwrap();
        let start = |name, uuid| {
            let files = ServerFiles::new(&authority, authority.issue(&Leaf::server()).unwrap());
            host(name, uuid).listen_tls(files).start().unwrap()
        };
        let hosts = Hosts::of(start("hosta", UUID_A), start("hostb", UUID_B)).await;
        let mut guest = hosts.counting("migrate-p2p").await;
        let flags = LIVE | UNSAFE | P2P;
        // By the URI of our connection, a socket's.
        hosts.there_and_back(&mut guest, flags, &loopback()).await;

        let tcp = [&hosts.a, &hosts.b].map(|host| host.uri_over("tcp", "127.0.0.1").unwrap());
        let tcp = [tcp[0].as_str(), tcp[1].as_str()];
        hosts.there_and_back_by_uri(&mut guest, tcp, flags, &loopback()).await;
        let tunnelled = flags | MigrateFlags::TUNNELLED;
        let none = MigrateParameters::default();
        hosts.there_and_back_by_uri(&mut guest, tcp, tunnelled, &none).await;
        let unix = [hosts.a.uri(), hosts.b.uri()];
        let unix = [unix[0].as_str(), unix[1].as_str()];
        hosts.there_and_back_by_uri(&mut guest, unix, tunnelled, &none).await;

        let identity = authority.issue(&Leaf::client("migrating")).unwrap();
        let pki =
            client_dir(&hosts.a.scratch().join("pki"), &authority.pem(), None, Some(&identity))
                .unwrap();
        let tls = [&hosts.a, &hosts.b].map(|host| {
            let uri = host.uri_over("tls", "localhost").unwrap();
            // A host that is called localhost would be the source itself.
            format!(
                "{}?pkipath={}&no_verify=1",
                uri.replace("localhost", "127.0.0.1"),
                pki.display()
            )
        });
        let tls = [tls[0].as_str(), tls[1].as_str()];
        hosts.there_and_back_by_uri(&mut guest, tls, flags, &loopback()).await;

        if rig::available(&[Need::Ssh]).unwrap() {
            let client = ssh::Client::new().unwrap();
            let servers = [&hosts.a, &hosts.b].map(|host| {
                let server = ssh::Server::builder(host).accept(&client).start().unwrap();
                client.trust(&server.address(), server.host_key()).unwrap();
                server
            });
            let uri = |server: &ssh::Server, host: &rig::Daemon| {
                let (user, address) = (server.user(), server.address());
                let (parameters, socket) = (client.parameters(), host.socket());
                format!(
                    "qemu+ssh://{user}@{address}/system?{parameters}&socket={}",
                    socket.display()
                )
            };
            let ssh = [uri(&servers[0], &hosts.a), uri(&servers[1], &hosts.b)];
            let ssh = [ssh[0].as_str(), ssh[1].as_str()];
            hosts.there_and_back_by_uri(&mut guest, ssh, flags, &loopback()).await;
        }
        guest.assert_same_run();
        guest.domain.destroy().await.unwrap();
        hosts.assert_empty().await;
    })
    .await;
}

#[tokio::test]
async fn a_guest_arrives_as_it_is_asked_for() {
    outlive(async || {
        let Some(hosts) = Hosts::start().await else {
            return;
        };
        let mut guest = hosts.counting("migrate-as").await;
        let uuid = guest.domain.uuid();
        let find =
            async |conn: &Connect| conn.domain_lookup_by_uuid(uuid).await.optional().unwrap();

        // Under another name, and paused.
        let mut renamed = loopback();
        renamed.destination_name = Some("migrate-as-2".to_owned());
        let flags = LIVE | UNSAFE | MigrateFlags::PAUSED;
        let moved = guest.domain.migrate(&hosts.conn_b).flags(flags).parameters(renamed).await;
        let moved = moved.unwrap();
        assert_eq!(moved.name(), "migrate-as-2");
        assert_eq!(moved.state().await.unwrap().state, State::Paused);
        assert!(find(&hosts.conn_a).await.is_none());

        // A guest that is paused stays so. (QEMU before 10.0 dies if one that arrived paused has not
        // run before it moves on.)
        moved.resume().await.unwrap();
        moved.suspend().await.unwrap();
        let flags = LIVE | UNSAFE;
        let moved = moved.migrate(&hosts.conn_a).flags(flags).parameters(loopback()).await.unwrap();
        assert_eq!(moved.state().await.unwrap().state, State::Paused);
        moved.resume().await.unwrap();
        guest.domain = moved;
        hosts.assert_runs_on(&hosts.conn_a, &guest).await;

        // With another definition, and to stay there.
        let xml = guest.domain.xml_desc(XmlFlags::MIGRATABLE).await.unwrap();
        let changed = xml.replacen("</uuid>", "</uuid><title>moved</title>", 1);
        let mut parameters = loopback();
        parameters.destination_xml = Some(changed.clone());
        parameters.persistent_xml = Some(changed.replace("moved", "kept"));
        let flags = LIVE | UNSAFE | MigrateFlags::PERSIST_DEST;
        let moved = guest.domain.migrate(&hosts.conn_b).flags(flags).parameters(parameters).await;
        guest.domain = moved.unwrap();
        hosts.assert_runs_on(&hosts.conn_b, &guest).await;
        let live = guest.domain.xml_desc(XmlFlags::empty()).await.unwrap();
        assert!(live.contains("<title>moved</title>"), "{live}");
        let kept = guest.domain.xml_desc(XmlFlags::INACTIVE).await.unwrap();
        assert!(kept.contains("<title>kept</title>"), "{kept}");
        assert!(guest.domain.is_persistent().await.unwrap());

        // The definition stays behind unless it is to go too.
        let flags = LIVE | UNSAFE;
        let moved = guest.domain.migrate(&hosts.conn_a).flags(flags).parameters(loopback()).await;
        let stayed = find(&hosts.conn_b).await.unwrap();
        assert_eq!(stayed.state().await.unwrap().state, State::Shutoff);
        stayed.undefine().await.unwrap();
        let flags = flags | MigrateFlags::PERSIST_DEST;
        let moved = moved.unwrap().migrate(&hosts.conn_b).flags(flags).parameters(loopback()).await;
        let flags = flags | MigrateFlags::UNDEFINE_SOURCE;
        let moved = moved.unwrap().migrate(&hosts.conn_a).flags(flags).parameters(loopback()).await;
        guest.domain = moved.unwrap();
        hosts.assert_runs_on(&hosts.conn_a, &guest).await;
        guest.assert_same_run();

        // Only the definition.
        guest.domain.destroy().await.unwrap();
        let flags =
            MigrateFlags::OFFLINE | MigrateFlags::PERSIST_DEST | MigrateFlags::UNDEFINE_SOURCE;
        let moved = guest.domain.migrate(&hosts.conn_b).flags(flags).await.unwrap();
        assert_eq!(moved.state().await.unwrap().state, State::Shutoff);
        assert!(find(&hosts.conn_a).await.is_none());
        moved.undefine_flags(UndefineFlags::empty()).await.unwrap();
        hosts.assert_empty().await;
    })
    .await;
}

#[tokio::test]
async fn disks_go_along() {
    outlive(async || {
        let Some(hosts) = Hosts::start().await else {
            return;
        };
        // The same path, and another file behind it on either host.
        let images = "/var/lib/libvirt/images";
        let image = |host: &rig::Daemon, name: &str| host.dir().join("lib/images").join(name);
        for (flag, name) in [
            (MigrateFlags::NON_SHARED_DISK, "full.raw"),
            (MigrateFlags::NON_SHARED_INC, "incremental.raw"),
        ] {
            rig::guest::Disk::raw(image(&hosts.a, name), 8).unwrap();
            rig::guest::Disk::raw(image(&hosts.b, name), 8).unwrap();
            let disk = rig::guest::Disk { path: format!("{images}/{name}").into(), format: "raw" };
            let mut guest = hosts.counting_with(&format!("migrate-{name}"), disk).await;
            let mut shell = crate::shell::Shell::open(&guest.domain).await;
            shell.run("echo written before >/dev/vda; sync").await;
            shell.close().await;
            let mut parameters = loopback();
            parameters.migrate_disks.push("vda".to_owned());
            let migration = guest.domain.migrate(&hosts.conn_b).flags(LIVE | flag);
            guest.domain = migration.parameters(parameters).await.unwrap();
            hosts.assert_runs_on(&hosts.conn_b, &guest).await;
            guest.domain.destroy().await.unwrap();
            let copied = fs::read(image(&hosts.b, name)).unwrap();
            assert!(copied.starts_with(b"written before\n"), "{name}");
            hosts.assert_empty().await;
        }
    })
    .await;
}
