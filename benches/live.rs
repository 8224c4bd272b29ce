//! Clients against real daemons: the test driver, with a thousand domains, and a storage pool.

#![allow(missing_docs)]

mod client;
mod daemon;

use std::env;
use std::path::Path;

use bench_support::affinity::Cpus;
use bench_support::compare::{Comparison, Row, Wall};
use bench_support::table::Aim;
use bench_support::{Options, Result};
use rig::{Daemon, Need};
use tokio::runtime::Builder;

const SCRATCH: &str = concat!(env!("CARGO_TARGET_TMPDIR"), "/live");
const C_CLIENT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/c/client.c");

/// The number of domains besides the test driver's first.
const DOMAINS: u64 = 1_000;

const ROWS: [Row<'static>; 8] = [
    Row {
        name: "sequential calls",
        verb: "info",
        callers: 1,
        counts: [10_000, 10_000],
        quick: 20,
        profiled: 1_000,
        wall: Wall::Each(Aim::AtMostTimes(0.82)),
        cpu: Aim::AtMostTimes(0.45),
        system_calls: Aim::AtMost(3.2),
        peak: Aim::AtMost(6.0 * 1024.0),
    },
    Row {
        name: "64 callers",
        verb: "info",
        callers: 64,
        counts: [12_800, 12_800],
        quick: 64,
        profiled: 6_400,
        wall: Wall::Each(Aim::AtMostTimes(0.7)),
        cpu: Aim::None,
        system_calls: Aim::AtMost(1.5),
        peak: Aim::None,
    },
    Row {
        name: "sequential calls, C with its event loop",
        verb: "loop:info",
        callers: 1,
        counts: [10_000, 5_000],
        quick: 20,
        profiled: 1_000,
        wall: Wall::Each(Aim::AtMostTimes(0.6)),
        cpu: Aim::AtMostTimes(0.25),
        system_calls: Aim::None,
        peak: Aim::None,
    },
    Row {
        name: "64 callers, C with its event loop",
        verb: "loop:info",
        callers: 64,
        counts: [12_800, 12_800],
        quick: 64,
        profiled: 6_400,
        wall: Wall::Each(Aim::AtMostTimes(0.7)),
        cpu: Aim::None,
        system_calls: Aim::None,
        peak: Aim::None,
    },
    Row {
        name: "list and XML of 1000 domains, one after the other",
        verb: "xml",
        callers: 1,
        counts: [5, 5],
        quick: 1,
        profiled: 4,
        wall: Wall::Each(Aim::None),
        cpu: Aim::None,
        system_calls: Aim::None,
        peak: Aim::None,
    },
    Row {
        name: "list and XML of 1000 domains, 64 at a time",
        verb: "xml",
        callers: 64,
        counts: [5, 5],
        quick: 1,
        profiled: 4,
        wall: Wall::Each(Aim::None),
        cpu: Aim::None,
        system_calls: Aim::None,
        peak: Aim::None,
    },
    Row {
        name: "bulk statistics of 1000 domains",
        verb: "stats",
        callers: 1,
        counts: [50, 50],
        quick: 1,
        profiled: 4,
        wall: Wall::Each(Aim::None),
        cpu: Aim::None,
        system_calls: Aim::None,
        peak: Aim::None,
    },
    Row {
        name: "connect, open and close",
        verb: "open",
        callers: 1,
        counts: [400, 400],
        quick: 2,
        profiled: 50,
        wall: Wall::Each(Aim::AtMostTimes(0.9)),
        cpu: Aim::None,
        system_calls: Aim::None,
        peak: Aim::None,
    },
];

/// Their operation is the transfer of one MiB.
const VOLUME_ROWS: [Row<'static>; 2] = [
    Row {
        name: "volume upload, for each MiB",
        verb: "upload",
        callers: 1,
        counts: [VOLUME_MIB, VOLUME_MIB],
        quick: 2,
        profiled: 40,
        wall: Wall::Each(Aim::AtMostTimes(0.8)),
        cpu: Aim::AtMostTimes(0.6),
        system_calls: Aim::None,
        peak: Aim::None,
    },
    Row {
        name: "volume download, for each MiB",
        verb: "download",
        callers: 1,
        counts: [VOLUME_MIB, VOLUME_MIB],
        quick: 2,
        profiled: 40,
        wall: Wall::Each(Aim::None),
        cpu: Aim::AtMostTimes(0.55),
        system_calls: Aim::None,
        peak: Aim::None,
    },
];

/// The size of the volume.
const VOLUME_MIB: u64 = 512;

fn main() -> Result<()> {
    let args: Vec<_> = env::args().skip(1).collect();
    match args.split_first() {
        Some((role, rest)) if role == client::ROLE => client::main(rest),
        _ => compare(&Options::from_args()),
    }
}

fn compare(options: &Options) -> Result<()> {
    if !rig::available(&[Need::Daemon, Need::Virsh])? {
        return Ok(());
    }
    if ROWS.iter().any(|row| options.wants(row.name)) {
        compare_calls(options)?;
    }
    if VOLUME_ROWS.iter().any(|row| options.wants(row.name)) {
        compare_volumes(options)?;
    }
    Ok(())
}

fn compare_calls(options: &Options) -> Result<()> {
    let daemon = Daemon::builder().test_driver().start()?;
    let uri = daemon.test_uri();
    // The domains exist only while a connection is open.
    let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let _keeps_the_domains = runtime.block_on(daemon::define(&uri, options.size(DOMAINS, 10)))?;

    let title = "live: clients against libvirtd's test driver, all on one processor";
    let scratch = Path::new(SCRATCH);
    let mut table =
        Comparison::new(options, title, client::program()?, Path::new(C_CLIENT), scratch)?;
    // Waking an idle processor costs as much as a call does, and would dominate the figures.
    let cpus = Cpus::available()?.first();
    for row in &ROWS {
        cpus.bind_process(daemon.pid().ok_or("the daemon has no process")?)?;
        table.row(&uri, &cpus, row)?;
    }
    table.finish();
    Ok(())
}

fn compare_volumes(options: &Options) -> Result<()> {
    let daemon = Daemon::builder().start()?;
    let uri = daemon.uri();
    daemon::make_volume(&daemon, options.size(VOLUME_MIB, 8))?;
    let title = "live: volumes from and to libvirtd, all on all processors";
    let scratch = Path::new(SCRATCH);
    let mut table =
        Comparison::new(options, title, client::program()?, Path::new(C_CLIENT), scratch)?;
    for row in &VOLUME_ROWS {
        table.row(&uri, &Cpus::available()?, row)?;
    }
    table.finish();
    Ok(())
}
