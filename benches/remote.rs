//! Clients against a real daemon over TCP, TLS and ssh.

#![allow(missing_docs)]

mod client;
mod daemon;

use std::env;
use std::path::Path;

use bench_support::affinity::Cpus;
use bench_support::compare::{Comparison, Row, Wall};
use bench_support::table::Aim;
use bench_support::{Options, Result};
use rig::certificates::{Authority, Leaf, ServerFiles, client_dir};
use rig::{Daemon, Need, ssh};
use tokio::runtime::Builder;

const SCRATCH: &str = concat!(env!("CARGO_TARGET_TMPDIR"), "/remote");
const C_CLIENT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/c/client.c");

/// The number of domains besides the test driver's first.
const DOMAINS: u64 = 1_000;
/// The size of the volume.
const VOLUME_MIB: u64 = 128;

/// Name, verb, number of callers, repetitions, and those that only prove that it works.
type Work = (&'static str, &'static str, u64, u64, u64);

/// With the test driver.
const CALLS: [Work; 3] = [
    ("sequential calls", "info", 1, 2_000, 20),
    ("64 callers", "info", 64, 6_400, 64),
    ("list and XML of 1000 domains, 64 at a time", "xml", 64, 3, 1),
];
/// Their operation is the transfer of one MiB.
const VOLUMES: [Work; 2] = [
    ("volume upload, for each MiB", "upload", 1, VOLUME_MIB, 2),
    ("volume download, for each MiB", "download", 1, VOLUME_MIB, 2),
];

fn main() -> Result<()> {
    let args: Vec<_> = env::args().skip(1).collect();
    match args.split_first() {
        Some((role, rest)) if role == client::ROLE => client::main(rest),
        _ => compare(&Options::from_args()),
    }
}

fn compare(options: &Options) -> Result<()> {
    if !rig::available(&[Need::Daemon, Need::Qemu, Need::Virsh, Need::Ssh])? {
        return Ok(());
    }
    let authority = Authority::new("ca")?;
    let daemon = Daemon::builder()
        .listen_tcp()
        .listen_tls(ServerFiles::new(&authority, authority.issue(&Leaf::server())?))
        .start()?;
    daemon::make_volume(&daemon, options.size(VOLUME_MIB, 8))?;
    // The domains exist only while a connection is open.
    let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let local = daemon.test_uri();
    let defined = daemon::define(&local, options.size(DOMAINS, 10));
    let _keeps_the_domains = runtime.block_on(defined)?;

    let identity = authority.issue(&Leaf::client("bench"))?;
    let files =
        client_dir(&daemon.scratch().join("client"), &authority.pem(), None, Some(&identity))?;
    let user = ssh::Client::new()?;
    let server = ssh::Server::builder(&daemon).accept(&user).start()?;
    user.trust(&server.address(), server.host_key())?;
    let tls = daemon.uri_over("tls", "localhost")?;
    let uris = [
        ("TCP", daemon.uri_over("tcp", "localhost")?),
        ("TLS", format!("{tls}?pkipath={}", files.display())),
        (
            "ssh",
            format!(
                "qemu+ssh://{}@{}/system?{}&socket={}",
                server.user(),
                server.address(),
                user.parameters(),
                daemon.socket().display()
            ),
        ),
    ];

    let title = "remote: clients against libvirtd over networks, all on all processors";
    let scratch = Path::new(SCRATCH);
    let mut table =
        Comparison::new(options, title, client::program()?, Path::new(C_CLIENT), scratch)?;
    let cpus = Cpus::available()?;
    for (transport, uri) in &uris {
        let test = uri.replacen("qemu+", "test+", 1).replacen("/system", "/default", 1);
        for (works, uri) in [(&CALLS[..], &test), (&VOLUMES[..], uri)] {
            for work in works {
                row(&mut table, transport, uri, &cpus, work)?;
            }
        }
    }
    table.finish();
    Ok(())
}

fn row(
    table: &mut Comparison,
    transport: &str,
    uri: &str,
    cpus: &Cpus,
    &(name, verb, callers, count, quick): &Work,
) -> Result<()> {
    table.row(
        uri,
        cpus,
        &Row {
            name: &format!("{transport}: {name}"),
            verb,
            callers,
            counts: [count, count],
            quick,
            profiled: quick * 10,
            wall: Wall::Each(Aim::AtMostTimes(1.0)),
            cpu: Aim::AtMostTimes(1.0),
            system_calls: Aim::None,
            peak: Aim::None,
        },
    )
}
