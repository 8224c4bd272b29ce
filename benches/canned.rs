//! Clients against a peer with canned replies: the client's own cost, without a daemon's.

#![allow(missing_docs)]

mod client;

use std::env;
use std::path::Path;

use bench_support::affinity::Cpus;
use bench_support::compare::{Comparison, Row, Wall};
use bench_support::peer::{self, Peer};
use bench_support::table::Aim;
use bench_support::{Options, Result, bare};

const SCRATCH: &str = concat!(env!("CARGO_TARGET_TMPDIR"), "/canned");
const C_CLIENT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/c/client.c");

const ROWS: [Row<'static>; 7] = [
    Row {
        name: "sequential calls",
        verb: "info",
        callers: 1,
        counts: [60_000, 20_000],
        quick: 20,
        profiled: 1_000,
        wall: Wall::Each(Aim::None),
        cpu: Aim::None,
        system_calls: Aim::AtMost(3.2),
        peak: Aim::AtMost(6.0 * 1024.0),
    },
    Row {
        name: "64 callers on one connection",
        verb: "info",
        callers: 64,
        counts: [640_000, 12_800],
        quick: 64,
        profiled: 6_400,
        wall: Wall::Rate(Aim::AtLeastTimes(20.0)),
        cpu: Aim::None,
        system_calls: Aim::AtMost(1.5),
        peak: Aim::None,
    },
    // Once a second, it is to cost less than 1 % of a processor: 10 ms.
    Row {
        name: "a migration's statistics",
        verb: "job",
        callers: 1,
        counts: [40_000, 10_000],
        quick: 20,
        profiled: 1_000,
        wall: Wall::Each(Aim::None),
        cpu: Aim::None,
        system_calls: Aim::AtMost(3.2),
        peak: Aim::AtMost(6.0 * 1024.0),
    },
    Row {
        name: "a list of 16,000 domains",
        verb: "list",
        callers: 1,
        counts: [200, 20],
        quick: 1,
        profiled: 30,
        wall: Wall::Each(Aim::TimesFaster(12.0)),
        cpu: Aim::None,
        system_calls: Aim::None,
        peak: Aim::None,
    },
    Row {
        name: "bulk statistics, 1000 × 60",
        verb: "stats",
        callers: 1,
        counts: [200, 40],
        quick: 1,
        profiled: 30,
        wall: Wall::Each(Aim::TimesFaster(4.0)),
        cpu: Aim::None,
        system_calls: Aim::None,
        peak: Aim::None,
    },
    Row {
        name: "the same as lists of parameters",
        verb: "params",
        callers: 1,
        counts: [200, 40],
        quick: 1,
        profiled: 30,
        wall: Wall::Each(Aim::None),
        cpu: Aim::None,
        system_calls: Aim::None,
        peak: Aim::None,
    },
    Row {
        name: "a burst of a million events",
        verb: "events",
        callers: 1,
        counts: [1_000_000, 100_000],
        quick: 100,
        profiled: 20_000,
        wall: Wall::Rate(Aim::AtLeastTimes(15.0)),
        cpu: Aim::None,
        system_calls: Aim::None,
        peak: Aim::None,
    },
];

/// Rows for a runtime of several threads, which run on all processors.
const THREADED_ROWS: [Row<'static>; 2] = [
    Row {
        name: "64 callers, several threads",
        verb: "threads:info",
        callers: 64,
        counts: [320_000, 12_800],
        quick: 64,
        profiled: 6_400,
        wall: Wall::Rate(Aim::AtLeastTimes(10.0)),
        cpu: Aim::None,
        system_calls: Aim::None,
        peak: Aim::None,
    },
    Row {
        name: "a burst of a million events, several threads",
        verb: "threads:events",
        callers: 1,
        counts: [1_000_000, 100_000],
        quick: 100,
        profiled: 20_000,
        wall: Wall::Rate(Aim::AtLeastTimes(10.0)),
        cpu: Aim::None,
        system_calls: Aim::None,
        peak: Aim::None,
    },
];

fn main() -> Result<()> {
    let args: Vec<_> = env::args().skip(1).collect();
    match args.split_first() {
        Some((role, [socket])) if role == peer::ROLE => peer::main(Path::new(socket)),
        Some((role, rest)) if role == client::ROLE => client::main(rest),
        Some((role, rest)) if role == bare::ROLE => bare::main(rest),
        _ => compare(&Options::from_args()),
    }
}

fn compare(options: &Options) -> Result<()> {
    let cpus = Cpus::available()?;
    let title = format!(
        "canned: clients against canned replies, {}",
        if cpus.count() > 1 {
            "each on a processor of its own"
        } else {
            "on one processor"
        }
    );
    let scratch = Path::new(SCRATCH);
    let mut table =
        Comparison::new(options, &title, client::program()?, Path::new(C_CLIENT), scratch)?
            .with_limit(bare::program()?);
    let directory = tempfile::tempdir()?;
    let peer = Peer::start(directory.path().join("sock"), &cpus.last())?;
    for row in &ROWS {
        table.row(&peer.uri(), &cpus.first(), row)?;
    }
    for row in &THREADED_ROWS {
        table.row(&peer.uri(), &cpus, row)?;
    }
    for (name, verb, most) in [
        ("a connection that is new", "open connection", 8.0),
        ("a connection that is idle after a large reply", "used connection", 48.0),
    ] {
        table.memory(&peer.uri(), &cpus.first(), name, verb, Aim::AtMost(most))?;
    }
    table.finish();
    Ok(())
}
