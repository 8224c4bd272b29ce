//! What the guide says of daemons.

use std::thread::sleep;
use std::time::Duration;

use libvirt_client::domain::stats::GetAllDomainStatsFlags;
use libvirt_client::domain::{
    BackupBeginFlags, BlockCopyFlags, BlockCopyParameters, BlockJobAbortFlags, BlockJobStatus,
    GetJobStatsFlags, JobOperation, JobStats, State, StatsTypes,
};
use libvirt_client::events::domain::{Change, Lifecycle};
use libvirt_client::events::{DomainEvent, DomainEventKinds};
use libvirt_client::types::error::ErrorCode;
use libvirt_client::waiting::BlockJobEnd;
use libvirt_client::{Connect, Optional, Result};
use rig::guest::Disk;
use rig::{Daemon, Need};
use rustix::process::{Signal, kill_process};
use tokio::runtime::{Builder, Runtime};

use crate::common::{GUESTS, LIMIT, boot, define, discard, qemu};
use crate::events::qemu_process;

/// A daemon that soon cuts off who does not answer, and how long it bears that.
fn impatient() -> Option<(Daemon, Duration)> {
    if !rig::available(&[Need::Daemon, Need::Virsh]).unwrap() {
        return None;
    }
    let builder = Daemon::builder().test_driver();
    let builder = builder.conf_line("keepalive_interval = 1").conf_line("keepalive_count = 2");
    Some((builder.start().unwrap(), Duration::from_secs(3)))
}

fn open(runtime: &Runtime, daemon: &Daemon) -> Connect {
    runtime.block_on(Connect::open(&daemon.test_uri())).unwrap()
}

/// The chapter about synchronous code: what a worker thread is for.
#[test]
fn synchronous_programs_may_rest_between_calls() {
    let Some((daemon, patience)) = impatient() else {
        return;
    };
    let mut builder = Builder::new_multi_thread();
    let runtime = builder.worker_threads(1).enable_all().build().unwrap();
    let conn = open(&runtime, &daemon);
    let lone = Builder::new_current_thread().enable_all().build().unwrap();
    let neglected = open(&lone, &daemon);
    sleep(2 * patience);

    let running: Result<Option<bool>> = runtime.block_on(async {
        let Some(domain) = conn.domain_lookup_by_name("test").await.optional()? else {
            return Ok(None);
        };
        Ok(Some(domain.state().await? == State::Running))
    });
    assert_eq!(running.unwrap(), Some(true));
    runtime.block_on(conn.close());
    let error = lone.block_on(neglected.hostname()).unwrap_err();
    assert!(error.is_closed(), "{error:#?}");
}

/// The chapter about statistics: what `NOWAIT` is for.
#[tokio::test]
async fn a_stuck_guest_holds_up_statistics_unless_told_not_to() {
    if !rig::available(GUESTS).unwrap() {
        return;
    }
    // The statistics of others would be held up, too.
    let daemon: &'static Daemon = Box::leak(Box::new(Daemon::builder().start().unwrap()));
    let conn = Connect::open(&daemon.uri()).await.unwrap();
    let guest = boot(daemon, &conn, "guide-stuck", |guest| guest).await.domain;
    let process = qemu_process(daemon, &guest);
    kill_process(process, Signal::STOP).unwrap();
    // Somebody's question is stuck.
    let hasty = conn.with_timeout(Duration::from_secs(1));
    assert!(guest.via(&hasty).memory_stats().await.unwrap_err().is_timeout());

    let wanted = StatsTypes::BALLOON | StatsTypes::CPU_TOTAL;
    let all = hasty.all_domain_stats(wanted, GetAllDomainStatsFlags::empty()).await;
    assert!(all.unwrap_err().is_timeout());
    let all = conn.all_domain_stats(wanted, GetAllDomainStatsFlags::NOWAIT).await.unwrap();
    let [record] = &all[..] else {
        panic!("{all:?}");
    };
    assert!(record.stats.cpu.time.is_some(), "{record:?}");
    kill_process(process, Signal::CONT).unwrap();
    guest.destroy().await.unwrap();
}

/// The chapter about waiting, with a domain that is gone when it has ended.
#[tokio::test]
async fn subscribing_before_asking_misses_nothing() {
    let Some((daemon, conn)) = qemu().await else {
        return;
    };
    let domain = boot(daemon, &conn, "guide-waiting", |guest| guest).await.domain;
    let mut changes = domain.connect().subscribe::<Lifecycle>(Some(&domain)).await.unwrap();
    domain.destroy().await.unwrap();
    assert!(domain.state().await.unwrap_err().is_not_found());
    // Others may come before.
    while !matches!(changes.next().await.unwrap().unwrap().change, Change::Stopped(_)) {}
}

/// The chapter about snapshots, backups and migration: the order of a backup's events, and the flag
/// that a copy of a defined guest's disk needs.
#[tokio::test]
async fn backups_and_copies_end_as_the_programs_wait_for() {
    let Some((daemon, conn)) = qemu().await else {
        return;
    };
    let path = |name: &str| daemon.scratch().join(format!("guide-copies.{name}"));
    let disk = Disk::qcow2(path("disk"), 16).unwrap();
    let domain = define(daemon, &conn, "guide-copies", |guest| guest.disk(disk)).await.domain;
    domain.create().await.unwrap();

    let kinds = DomainEventKinds::JOB_COMPLETED | DomainEventKinds::BLOCK_JOB_2;
    let mut events = domain.events(kinds).await.unwrap();
    let backup = format!(
        "<domainbackup mode='push'><disks><disk name='vda' type='file'><driver type='qcow2'/>\
         <target file='{}'/></disk></disks></domainbackup>",
        path("backup").display()
    );
    let checkpoint = "<domaincheckpoint><name>monday</name></domaincheckpoint>";
    let none = BackupBeginFlags::empty();
    domain.backup_begin(&backup, Some(checkpoint), none).await.unwrap();
    let mut success = None;
    let mut ticks = tokio::time::interval(Duration::from_millis(20));
    let status = loop {
        tokio::select! {
            event = events.next() => match event.unwrap().unwrap() {
                DomainEvent::JobCompleted(end) => {
                    success = JobStats::from_params(&end.params).success;
                }
                DomainEvent::BlockJob2(disk) if disk.target == "vda" => break disk.status,
                _ => {}
            },
            _ = ticks.tick() => {
                if let Some(job) = domain.job_stats(GetJobStatsFlags::empty()).await.unwrap() {
                    assert_eq!(job.stats.operation, Some(JobOperation::Backup), "{job:?}");
                }
            }
        }
    };
    assert_eq!((success, status), (Some(true), BlockJobStatus::Completed));

    let image = format!(
        "<disk type='file'><driver type='qcow2'/><source file='{}'/></disk>",
        path("copy").display()
    );
    let parameters = BlockCopyParameters::default();
    let mut job = domain.watch_block_job("vda").await.unwrap();
    let flags = BlockCopyFlags::empty();
    let error = domain.block_copy("vda", &image, &parameters, flags).await.unwrap_err();
    assert_eq!(error.code(), Some(ErrorCode::OperationInvalid), "{error}");
    let flags = BlockCopyFlags::TRANSIENT_JOB;
    domain.block_copy("vda", &image, &parameters, flags).await.unwrap();
    job.wait_ready(LIMIT).await.unwrap();
    domain.block_job_abort("vda", BlockJobAbortFlags::PIVOT).await.unwrap();
    assert_eq!(job.wait_done(LIMIT).await.unwrap(), BlockJobEnd::Completed);
    discard(&domain).await;
}
