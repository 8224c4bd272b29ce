//! Engine and driver task over a UNIX socket to a peer in this process, against a bare blocking
//! socket that sends requests encoded ahead of time and reads replies by length: the overhead of
//! the client.

#![allow(missing_docs)]

use std::io::{Read as _, Write as _};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::thread;
use std::time::Instant;

use bench_support::affinity::Cpus;
use bench_support::fixtures::{self, Encoder};
use bench_support::rounds::{alternate, nanos_each};
use bench_support::table::{Aim, Figure, Table, Unit};
use bench_support::{Options, Result, peer};
use libvirt_client::Connect;
use libvirt_client::domain::Domain;
use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinSet;

const TASKS: u64 = 64;

/// Measures calls of this library on `runtime`, from so many tasks.
fn ours(runtime: &Runtime, uri: &str, tasks: u64, calls: u64) -> Result<f64> {
    runtime.block_on(async {
        let conn = Connect::open(uri).await?;
        let domain = conn.domain_lookup_by_name(fixtures::DOMAIN).await?;
        run_tasks(&domain, tasks, calls / 10).await?;
        let begin = Instant::now();
        let check = run_tasks(&domain, tasks, calls).await?;
        let nanos = nanos_each(begin, calls);
        conn.close().await;
        if check != calls / tasks * tasks * fixtures::MAX_MEMORY_KIB {
            return Err("a reply was misunderstood".into());
        }
        Ok(nanos)
    })
}

async fn run_tasks(domain: &Domain, tasks: u64, calls: u64) -> Result<u64> {
    let task = |_| infos(domain.clone(), calls / tasks);
    let mut running: JoinSet<_> = (0..tasks).map(task).collect();
    let mut check = 0;
    while let Some(part) = running.join_next().await {
        check += part??;
    }
    Ok(check)
}

async fn infos(domain: Domain, calls: u64) -> Result<u64> {
    let mut check = 0;
    for _ in 0..calls {
        check += domain.info().await?.max_memory_kib;
    }
    Ok(check)
}

/// Measures the same calls on a bare socket: so many requests in one write, then their replies.
fn bare(socket: &Path, at_a_time: u64, calls: u64) -> Result<f64> {
    const REPLY: usize = 28 + 32;
    let dom = Encoder::default().domain(fixtures::DOMAIN, 0).0;
    let header = Encoder::default().word(28 + dom.len() as u32).word(0x2000_8086).word(1);
    let mut request = header.word(16).word(0).word(7).word(0).0;
    request.extend(dom);
    let requests = request.repeat(at_a_time as usize);
    let mut replies = vec![0; REPLY * at_a_time as usize];
    let mut stream = UnixStream::connect(socket)?;
    let begin = Instant::now();
    for _ in 0..calls / at_a_time {
        stream.write_all(&requests)?;
        stream.read_exact(&mut replies)?;
    }
    let nanos = nanos_each(begin, calls);
    if !replies.starts_with(&(REPLY as u32).to_be_bytes()) {
        return Err("a reply of an unexpected length".into());
    }
    Ok(nanos)
}

/// Serves every connection on a thread of its own, on these processors.
fn serve(listener: UnixListener, cpus: Cpus) {
    thread::spawn(move || -> Result<()> {
        cpus.bind_this_thread()?;
        for stream in listener.incoming() {
            let stream = stream?;
            thread::spawn(|| peer::serve(stream));
        }
        Ok(())
    });
}

fn main() -> Result<()> {
    let options = Options::from_args();
    let cpus = Cpus::available()?;
    let directory = tempfile::tempdir()?;
    let socket = directory.path().join("sock");
    let uri = format!("qemu+unix:///system?socket={}", socket.display());
    serve(UnixListener::bind(&socket)?, cpus.last());

    let threads = Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    cpus.first().bind_this_thread()?;
    let current = Builder::new_current_thread().enable_all().build()?;

    let title = "dispatch: against a bare blocking socket; the peer is a thread of this process";
    let mut table = Table::new(&options, title, "bare");
    for (name, runtime, tasks, calls) in [
        ("sequential calls", &current, 1, options.size(50_000, 10)),
        ("64 tasks", &current, TASKS, options.size(640_000, TASKS)),
        ("64 tasks, two worker threads", &threads, TASKS, options.size(320_000, TASKS)),
    ] {
        if !options.wants(name) {
            continue;
        }
        let samples = alternate(
            options.rounds(),
            &mut [&mut || ours(runtime, &uri, tasks, calls), &mut || {
                bare(&socket, tasks, calls)
            }],
        )?;
        let mut samples = samples.into_iter();
        let figure = Figure {
            name: "wall",
            unit: Unit::Nanos,
            ours: samples.next().unwrap_or_default(),
            theirs: samples.next(),
            aim: Aim::None,
        };
        table.row(name, &[figure]);
    }
    table.finish();
    Ok(())
}
