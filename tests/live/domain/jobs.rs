//! Dumps, and the jobs that they and other long operations are.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::Path;
use std::process::Command;

use libvirt_client::domain::{
    AbortJobFlags, CoreDumpFlags, CoreDumpFormat, Domain, GetJobStatsFlags, JobInfo, JobOperation,
    JobType, State,
};
use libvirt_client::types::error::ErrorCode;
use libvirt_client::{Error, Result};
use tokio::task::JoinHandle;

use crate::common::{boot, discard, eventually, qemu};

const MEMORY_ONLY: CoreDumpFlags = CoreDumpFlags::MEMORY_ONLY;
const COMPLETED: GetJobStatsFlags = GetJobStatsFlags::COMPLETED;
const KEEP: GetJobStatsFlags = GetJobStatsFlags::KEEP_COMPLETED;

fn starts_with(file: &Path, magic: &[u8]) -> bool {
    fs::read(file).unwrap().starts_with(magic)
}

#[tokio::test]
async fn memory_is_dumped_in_several_formats() {
    let Some((daemon, conn)) = qemu().await else {
        return;
    };
    let name = "jobs-dump";
    let domain = boot(daemon, &conn, name, |guest| guest).await.domain;
    assert_eq!(domain.job_info().await.unwrap(), None);
    let flags = GetJobStatsFlags::empty();
    assert_eq!(domain.job_stats(flags).await.unwrap(), None);
    assert_eq!(domain.job_stats(COMPLETED).await.unwrap(), None);
    let error = domain.abort_job().await.unwrap_err();
    assert_eq!(error.code(), Some(ErrorCode::OperationInvalid), "{error}");

    let file = daemon.scratch().join("jobs-dump.core");
    domain.core_dump(&file, MEMORY_ONLY).await.unwrap();
    assert!(starts_with(&file, b"\x7fELF"));
    assert!(fs::metadata(&file).unwrap().len() > 128 << 20);

    // Of a job that migrates the memory the daemon tells until it has told.
    let file = daemon.scratch().join("jobs-dump.raw");
    let flags = CoreDumpFlags::empty();
    domain.core_dump(&file, flags).await.unwrap();
    assert!(fs::metadata(&file).unwrap().len() > 1 << 20);
    let kept = domain.job_stats(COMPLETED | KEEP).await.unwrap().unwrap();
    assert_eq!(kept.kind, JobType::Completed);
    assert_eq!(kept.stats.operation, Some(JobOperation::Dump));
    assert_eq!(kept.stats.error_message, None);
    let elapsed = kept.stats.time_elapsed.unwrap();
    let args = ["domjobinfo", name, "--completed", "--keep-completed"];
    let virsh = daemon.virsh(args).unwrap();
    assert!(virsh.contains("Dump"), "{virsh}");
    let line = format!("Time elapsed:     {:<12} ms", elapsed.as_millis());
    assert!(virsh.contains(&line), "{line} in {virsh}");
    let told = domain.job_stats(COMPLETED).await.unwrap();
    assert_eq!(told, Some(kept));
    assert_eq!(domain.job_stats(COMPLETED).await.unwrap(), None);

    let file = daemon.scratch().join("jobs-dump.kdump");
    let format = CoreDumpFormat::KdumpZlib;
    let dump = async |flags| domain.core_dump_with_format(&file, format, flags).await;
    dump(MEMORY_ONLY).await.unwrap();
    assert!(starts_with(&file, b"KDUMP") || starts_with(&file, b"makedumpfile"));
    let error = dump(CoreDumpFlags::empty()).await.unwrap_err();
    assert!(error.to_string().contains("memory-only"), "{error}");

    assert_eq!(domain.state().await.unwrap(), State::Running);
    discard(&domain).await;
}

/// Starts a dump that cannot get on, and waits until it is a job.
async fn stuck_dump(domain: &Domain, pipe: &Path) -> (JoinHandle<Result<()>>, JobInfo) {
    let dump = tokio::spawn({
        let (domain, pipe) = (domain.clone(), pipe.to_owned());
        async move { domain.core_dump(&pipe, CoreDumpFlags::empty()).await }
    });
    let info = || async { domain.job_info().await.unwrap() };
    eventually("there is a job", async || {
        info().await.is_some_and(|job| job.memory.total_bytes > 0)
    })
    .await;
    let info = info().await.unwrap();
    (dump, info)
}

#[tokio::test]
async fn a_job_is_watched_and_aborted_while_it_runs() {
    let Some((daemon, conn)) = qemu().await else {
        return;
    };
    let name = "jobs-abort";
    let domain = boot(daemon, &conn, name, |guest| guest).await.domain;
    for round in 0..2 {
        // A pipe that nobody empties. Opened in both directions it lets the daemon open it too.
        let pipe = daemon.scratch().join(format!("jobs-abort.{round}"));
        assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        let both = OpenOptions::new().read(true).write(true).open(&pipe);
        let mut out = File::open(&pipe).unwrap();
        let (dump, job) = stuck_dump(&domain, &pipe).await;
        drop(both.unwrap());
        assert_eq!(job.kind, JobType::Unbounded);
        assert_eq!(job.time_remaining, None);
        assert!(job.memory.total_bytes >= 128 << 20, "{job:?}");
        assert!(job.memory.remaining_bytes > 0, "{job:?}");
        let report = domain.job_stats(GetJobStatsFlags::empty()).await.unwrap();
        let report = report.unwrap();
        assert_eq!(report.kind, JobType::Unbounded);
        assert_eq!(report.stats.operation, Some(JobOperation::Dump));
        assert_eq!(report.stats.memory_total_bytes, Some(job.memory.total_bytes));
        assert_eq!(report.stats.memory_page_bytes, Some(4096));
        let virsh = daemon.virsh(["domjobinfo", name]).unwrap();
        assert!(virsh.contains("Unbounded") && virsh.contains("Dump"), "{virsh}");

        if round == 0 {
            domain.abort_job().await.unwrap();
        } else {
            let flags = AbortJobFlags::empty();
            domain.abort_job_flags(flags).await.unwrap();
        }
        // The daemon's helper that writes to the pipe is not aborted.
        let emptying = tokio::task::spawn_blocking(move || io::copy(&mut out, &mut io::sink()));
        let error = dump.await.unwrap().unwrap_err();
        assert_eq!(error.code(), Some(ErrorCode::OperationAborted), "{error}");
        let Error::Remote(error) = error else {
            panic!("{error:?}");
        };
        assert_eq!(error.procedure, "virDomainCoreDump");
        emptying.await.unwrap().unwrap();
        assert_eq!(domain.job_info().await.unwrap(), None);
        assert_eq!(domain.state().await.unwrap(), State::Running);
    }
    discard(&domain).await;
}
