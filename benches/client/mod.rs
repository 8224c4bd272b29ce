//! This library's side of the benchmarks that compare processes: repeats one kind of work and
//! prints its cost. `benches/c/client.c` does the same with the C library.

use std::env;
use std::sync::Arc;
use std::time::Duration;

use bench_support::client::{EVENT_LOOP, Program, Report, SEVERAL_THREADS, Stopwatch};
use bench_support::profile::warm_up;
use bench_support::{Result, fixtures};
use libvirt_client::domain::stats::GetAllDomainStatsFlags;
use libvirt_client::domain::{Domain, GetJobStatsFlags, StatsTypes, XmlFlags};
use libvirt_client::events::domain::{Change, Lifecycle};
use libvirt_client::events::{EventError, Subscription};
use libvirt_client::storage::StorageVol;
use libvirt_client::storage::storage_vol::{DownloadFlags, UploadFlags};
use libvirt_client::types::connect::ListAllDomainsFlags;
use libvirt_client::{Chunk, Connect};
use tokio::task::JoinSet;

/// The first argument that selects the client's role; [`main`] gets the others.
pub(crate) const ROLE: &str = "client";
/// The time after which a run is considered stuck.
const TIME_LIMIT: Duration = Duration::from_secs(300);

/// Returns this program in the role of the client.
pub(crate) fn program() -> Result<Program> {
    Ok(Program { path: env::current_exe()?, args: vec![ROLE.to_owned()] })
}

/// Runs the client: `URI VERB COUNT CALLERS`.
pub(crate) fn main(args: &[String]) -> Result<()> {
    let [uri, verb, count, callers] = args else {
        return Err("usage: client URI VERB COUNT CALLERS".into());
    };
    let (verb, mut runtime) = match verb.strip_prefix(SEVERAL_THREADS) {
        Some(verb) => (verb, tokio::runtime::Builder::new_multi_thread()),
        None => (verb.as_str(), tokio::runtime::Builder::new_current_thread()),
    };
    let verb = verb.strip_prefix(EVENT_LOOP).unwrap_or(verb);
    let runtime = runtime.enable_all().build()?;
    let client = Client {
        uri: uri.clone(),
        verb: verb.to_owned(),
        callers: callers.parse()?,
    };
    let count = count.parse()?;
    // In a task, as in most programs: in the future of `block_on` itself, tokio would poll its
    // driver once more in each call.
    let report = runtime.block_on(async move {
        let work = tokio::spawn(async move { client.measure(count).await });
        tokio::time::timeout(TIME_LIMIT, work).await
    })???;
    println!("{report}");
    Ok(())
}

struct Client {
    uri: String,
    verb: String,
    callers: u64,
}

impl Client {
    async fn measure(&self, count: u64) -> Result<Report> {
        let conn = Connect::open(&self.uri).await?;
        let report = match self.verb.as_str() {
            "upload" | "download" => self.measure_volume(&conn, count).await?,
            "open connection" | "used connection" => self.measure_connections(count).await?,
            "events" => measure_events(&domain(&conn).await?, count).await?,
            _ => {
                let domain = domain(&conn).await?;
                self.repeat(&domain, warm_up(count)).await?;
                let watch = Stopwatch::start();
                let (done, check) = self.repeat(&domain, count).await?;
                watch.stop(done, check)?
            }
        };
        conn.close().await;
        Ok(report)
    }

    /// Transfers so many MiB of a volume.
    async fn measure_volume(&self, conn: &Connect, count: u64) -> Result<Report> {
        let pool = conn.storage_pool_lookup_by_name(fixtures::POOL).await?;
        let volume = pool.storage_vol_lookup_by_name(fixtures::VOLUME).await?;
        let data = vec![0x5a; fixtures::MIB as usize];
        let transfer = async |count| match self.verb.as_str() {
            "upload" => upload(&volume, &data, count).await,
            _ => download(&volume, count).await,
        };
        if warm_up(count) > 0 {
            transfer(warm_up(count)).await?;
        }
        let watch = Stopwatch::start();
        let check = transfer(count).await?;
        watch.stop(count, check)
    }

    /// Opens so many connections and keeps them; "used" ones have got a long list each.
    async fn measure_connections(&self, count: u64) -> Result<Report> {
        let watch = Stopwatch::start();
        let mut kept = Vec::new();
        let mut check = 0;
        for _ in 0..count {
            let conn = Connect::open(&self.uri).await?;
            check += if self.verb == "used connection" {
                lists(&conn, 1).await?
            } else {
                1
            };
            kept.push(conn);
        }
        watch.stop(count, check)
    }

    /// Repeats the call. Returns the number of calls, which may be a little less than `count` as
    /// callers do equal parts, and the check value.
    async fn repeat(&self, domain: &Domain, count: u64) -> Result<(u64, u64)> {
        if self.verb == "xml" {
            let mut check = 0;
            for _ in 0..count {
                check += list_and_xml(domain.connect(), self.callers).await?;
            }
            return Ok((count, check));
        }
        let each = count / self.callers;
        let check = match self.verb.as_str() {
            "info" if self.callers == 1 => infos(domain.clone(), each).await?,
            "info" => {
                let calls = || infos(domain.clone(), each);
                sum((0..self.callers).map(|_| calls()).collect()).await?
            }
            "job" => jobs(domain, each).await?,
            "list" => lists(domain.connect(), each).await?,
            "stats" => stats(domain.connect(), each).await?,
            "params" => params(domain.connect(), each).await?,
            "open" => {
                for _ in 0..each {
                    Connect::open(&self.uri).await?.close().await;
                }
                each
            }
            other => return Err(format!("no verb {other}").into()),
        };
        Ok((each * self.callers, check))
    }
}

async fn domain(conn: &Connect) -> Result<Domain> {
    Ok(conn.domain_lookup_by_name(fixtures::DOMAIN).await?)
}

async fn upload(volume: &StorageVol, data: &[u8], count: u64) -> Result<u64> {
    let length = count * data.len() as u64;
    let mut stream = volume.upload(0, Some(length), UploadFlags::empty()).await?;
    for _ in 0..count {
        stream.write_all(data).await?;
    }
    stream.finish().await?;
    Ok(length)
}

async fn download(volume: &StorageVol, count: u64) -> Result<u64> {
    let length = Some(count * fixtures::MIB);
    let mut stream = volume.download(0, length, DownloadFlags::empty()).await?;
    let mut check = 0;
    while let Some(chunk) = stream.read_chunk().await? {
        check += match chunk {
            Chunk::Data(data) => data.len() as u64,
            Chunk::Hole(length) => length,
        };
    }
    stream.finish().await?;
    Ok(check)
}

/// Waits for all tasks and returns the sum of their results.
async fn sum(mut tasks: JoinSet<Result<u64>>) -> Result<u64> {
    let mut total = 0;
    while let Some(part) = tasks.join_next().await {
        total += part??;
    }
    Ok(total)
}

async fn infos(domain: Domain, count: u64) -> Result<u64> {
    let mut check = 0;
    for _ in 0..count {
        check += domain.info().await?.max_memory_kib;
    }
    Ok(check)
}

/// What somebody who watches a migration asks for.
async fn jobs(domain: &Domain, count: u64) -> Result<u64> {
    let mut check = 0;
    for _ in 0..count {
        let report = domain.job_stats(GetJobStatsFlags::empty()).await?;
        check += report.and_then(|report| report.stats.data_remaining_bytes).unwrap_or_default();
    }
    Ok(check)
}

async fn lists(conn: &Connect, count: u64) -> Result<u64> {
    let mut check = 0;
    for _ in 0..count {
        for domain in conn.list_all_domains(ListAllDomainsFlags::empty()).await? {
            check += 1 + domain.name().len() as u64;
        }
    }
    Ok(check)
}

/// Reads statistics as structures, and of each domain the values that a program would plot.
async fn stats(conn: &Connect, count: u64) -> Result<u64> {
    let mut check = 0;
    for _ in 0..count {
        let (groups, flags) = (StatsTypes::empty(), GetAllDomainStatsFlags::empty());
        let records = conn.all_domain_stats(groups, flags).await?;
        let each = records.iter().map(|record| {
            let received = record.stats.nets.first().and_then(|net| net.rx_bytes);
            let read = record.stats.blocks.first();
            let read = read.and_then(|block| block.read_bytes);
            record.domain.name().len() as u64
                + received.unwrap_or_default()
                + read.unwrap_or_default()
        });
        check += total(each);
    }
    Ok(check)
}

/// Reads the same statistics as lists of parameters.
async fn params(conn: &Connect, count: u64) -> Result<u64> {
    let mut check = 0;
    for _ in 0..count {
        let (groups, flags) = (StatsTypes::empty(), GetAllDomainStatsFlags::empty());
        let records = conn.all_domain_stats_raw(groups, flags).await?;
        let each = records.iter().map(|(domain, params)| {
            let number = |name| params.get::<u64>(name).unwrap_or_default();
            domain.name().len() as u64 + number("net.0.rx.bytes") + number("block.0.rd.bytes")
        });
        check += total(each);
    }
    Ok(check)
}

/// Sums up as the C program does: a few million times the result must not wrap.
fn total(each: impl Iterator<Item = u64>) -> u64 {
    each.fold(0, u64::wrapping_add) & 0xffff_ffff
}

/// Reads the definitions of all domains, one call each; callers share the domains.
async fn list_and_xml(conn: &Connect, callers: u64) -> Result<u64> {
    let domains = Arc::new(conn.list_all_domains(ListAllDomainsFlags::empty()).await?);
    let part = |first: u64| {
        let domains = Arc::clone(&domains);
        async move {
            let mut check = 0;
            for domain in domains.iter().skip(first as usize).step_by(callers as usize) {
                check += domain.xml_desc(XmlFlags::empty()).await?.len() as u64;
            }
            Ok(check)
        }
    };
    if callers == 1 {
        return part(0).await;
    }
    sum((0..callers).map(part).collect()).await
}

/// Takes `count` events after a warm-up.
///
/// The canned peer makes as many events as a domain's memory is set to.
async fn measure_events(domain: &Domain, count: u64) -> Result<Report> {
    let mut events = domain.connect().subscribe::<Lifecycle>(None).await?;
    take_events(&mut events, domain, warm_up(count)).await?;
    let watch = Stopwatch::start();
    let (check, lost) = take_events(&mut events, domain, count).await?;
    let report = watch.stop(count - lost, check)?;
    Ok(Report { lost, ..report })
}

async fn take_events(
    events: &mut Subscription<Lifecycle>,
    domain: &Domain,
    count: u64,
) -> Result<(u64, u64)> {
    if count == 0 {
        return Ok((0, 0));
    }
    domain.set_memory(count).await?;
    let (mut check, mut seen, mut lost) = (0, 0, 0);
    while seen + lost < count {
        match events.next().await.ok_or("the events ended")? {
            Ok(event) => {
                seen += 1;
                check += event.domain.name().len() as u64;
                if let Change::Resumed(detail) = event.change {
                    check += 4 + i32::from(detail) as u64;
                }
            }
            Err(EventError::Lagged(count)) => lost += count,
            Err(error) => return Err(error.into()),
        }
    }
    Ok((check, lost))
}
