//! Backups: pushed to files, whole and incremental, and pulled over NBD.

#[path = "../../../examples/backup/nbd.rs"]
mod nbd;
mod program;

use libvirt_client::domain::checkpoint::{ListFlags, XmlFlags};
use libvirt_client::domain::{
    BackupBeginFlags, BlockJobStatus, BlockJobType, Domain, GetJobStatsFlags, JobOperation,
    JobStats, JobType,
};
use libvirt_client::events::domain::JobCompleted;
use libvirt_client::events::{DomainEvent, DomainEventKinds, Subscription};
use libvirt_client::types::error::ErrorCode;
use nbd::{Export, MAX_READ, Parts};
use rig::guest::Disk;

use super::{image, virsh};
use crate::common::{LIMIT, define, discard, qemu, wait_for_shell};
use crate::shell::Shell;

const CLUSTER: usize = 64 << 10;
const NONE: BackupBeginFlags = BackupBeginFlags::empty();

/// Has the guest fill clusters of its disk with lines of a word.
async fn write(shell: &mut Shell, word: &str, cluster: usize, count: usize) {
    let place = format!("bs=64k seek={cluster} count={count} iflag=fullblock conv=fsync");
    shell.run(&format!("yes {word} | dd of=/dev/vda {place}")).await;
}

/// Waits until a backup to a file has ended and the file is closed, which are two events.
async fn end(events: &mut Subscription<DomainEvent>) -> JobCompleted {
    let mut next = async || {
        let next = tokio::time::timeout(LIMIT, events.next()).await;
        next.unwrap().unwrap().unwrap()
    };
    let (end, closed) = (next().await, next().await);
    let (DomainEvent::JobCompleted(end), DomainEvent::BlockJob2(job)) = (end, closed) else {
        panic!("not in this order");
    };
    assert_eq!((job.kind, job.status), (BlockJobType::Backup, BlockJobStatus::Completed));
    end
}

/// What came of the last job, as [`Domain::job_stats`] tells once.
async fn outcome(domain: &Domain) -> JobStats {
    let report = domain.job_stats(GetJobStatsFlags::COMPLETED).await.unwrap().unwrap();
    assert_eq!(report.kind, JobType::Completed);
    assert_eq!(report.stats.operation, Some(JobOperation::Backup));
    report.stats
}

#[tokio::test]
async fn disks_are_pushed_to_files_whole_and_what_has_changed() {
    let Some((daemon, conn)) = qemu().await else {
        return;
    };
    let name = "backup-push";
    let path = |name: &str| daemon.scratch().join(format!("backup-push.{name}"));
    let disk = Disk::qcow2(path("disk"), 16).unwrap();
    let guest = define(daemon, &conn, name, |guest| guest.disk(disk)).await;
    let domain = &guest.domain;
    domain.create().await.unwrap();
    wait_for_shell(&guest.serial_log).await;
    let kinds = DomainEventKinds::JOB_COMPLETED | DomainEventKinds::BLOCK_JOB_2;
    let mut events = domain.events(kinds).await.unwrap();
    let mut shell = Shell::open(domain).await;
    let backup = |file: &str, since: Option<&str>| {
        let since = since.map(|since| format!("<incremental>{since}</incremental>"));
        let target = format!("<driver type='qcow2'/><target file='{}'/>", path(file).display());
        let disks = format!("<disks><disk name='vda' type='file'>{target}</disk></disks>");
        format!("<domainbackup mode='push'>{}{disks}</domainbackup>", since.unwrap_or_default())
    };
    let error = domain.backup_xml_desc().await.unwrap_err();
    assert!(error.is_not_found(), "{error}");
    assert_eq!(error.code(), Some(ErrorCode::NoDomainBackup), "{error}");

    write(&mut shell, "first", 0, 32).await;
    let checkpoint = "<domaincheckpoint><name>base</name></domaincheckpoint>";
    domain
        .backup_begin(&backup("whole", None), Some(checkpoint), NONE)
        .await
        .unwrap();
    let params = end(&mut events).await.params;
    assert_eq!(params.get::<bool>("success"), Some(true), "{params:?}");
    let stats = outcome(domain).await;
    assert_eq!(stats.success, Some(true));
    assert_eq!(stats.disk_total_bytes, Some(16 << 20));
    assert_eq!(stats.disk_processed_bytes, Some(16 << 20));
    let disk = image::content(daemon, &path("disk"));
    assert!(disk.starts_with(b"first\nfirst\n") && disk.len() == 16 << 20);
    assert!(image::content(daemon, &path("whole")) == disk);
    let checkpoints = domain.list_all_checkpoints(ListFlags::empty()).await.unwrap();
    let xml = checkpoints[0].xml_desc(XmlFlags::SIZE | XmlFlags::NO_DOMAIN).await.unwrap();
    assert!(checkpoints[0].name() == "base" && xml.contains("size='0'"), "{xml}");

    // A file that there is already is not written to unless that is wanted.
    let error = domain.backup_begin(&backup("whole", None), None, NONE).await.unwrap_err();
    assert!(error.to_string().contains("exists"), "{error}");
    Disk::qcow2(path("ours"), 16).unwrap();
    let reuse = BackupBeginFlags::REUSE_EXTERNAL;
    domain.backup_begin(&backup("ours", None), None, reuse).await.unwrap();
    end(&mut events).await;
    assert_eq!(outcome(domain).await.success, Some(true));
    assert!(image::content(daemon, &path("ours")) == disk);

    write(&mut shell, "second", 4, 2).await;
    let since = backup("changes", Some("base"));
    domain.backup_begin(&since, None, NONE).await.unwrap();
    end(&mut events).await;
    assert_eq!(outcome(domain).await.success, Some(true));
    let disk = image::content(daemon, &path("disk"));
    let (from, to) = (4 * CLUSTER, 6 * CLUSTER);
    assert!(disk[from..].starts_with(b"second\n"));
    // On the earlier backup it is the disk, and without it what has changed.
    let file = path("changes");
    let on = |base: &str| {
        let onto = ["rebase", "-u", "-f", "qcow2", "-F", "qcow2", "-b", base];
        let args = [&onto[..], &[file.to_str().unwrap()]].concat();
        image::tool(daemon, "qemu-img", &args);
        image::content(daemon, &file)
    };
    assert!(on(path("whole").to_str().unwrap()) == disk);
    let changes = on("");
    assert!(changes[from..to] == disk[from..to]);
    assert!(changes[..from].iter().chain(&changes[to..]).all(|&byte| byte == 0));

    let error = domain
        .backup_begin(&backup("none", Some("none")), None, NONE)
        .await
        .unwrap_err();
    assert_eq!(error.code(), Some(ErrorCode::NoDomainCheckpoint), "{error}");
    domain.destroy().await.unwrap();
    let error = domain.backup_begin(&backup("off", None), None, NONE).await.unwrap_err();
    assert_eq!(error.code(), Some(ErrorCode::OperationUnsupported), "{error}");
    discard(domain).await;
}

#[tokio::test]
async fn a_disk_is_pulled_as_it_was_while_the_guest_writes_on() {
    let Some((daemon, conn)) = qemu().await else {
        return;
    };
    let name = "backup-pull";
    let path = |name: &str| daemon.scratch().join(format!("backup-pull.{name}"));
    let disk = Disk::qcow2(path("disk"), 16).unwrap();
    let guest = define(daemon, &conn, name, |guest| guest.disk(disk)).await;
    let domain = &guest.domain;
    domain.create().await.unwrap();
    wait_for_shell(&guest.serial_log).await;
    let mut ends = conn.subscribe::<JobCompleted>(Some(domain)).await.unwrap();
    let mut shell = Shell::open(domain).await;
    write(&mut shell, "first", 0, 32).await;

    let (socket, scratch) = (path("socket"), path("scratch"));
    let xml = format!(
        "<domainbackup mode='pull'><server transport='unix' socket='{}'/><disks>\
         <disk name='vda' type='file'><scratch file='{}'/></disk></disks></domainbackup>",
        socket.display(),
        scratch.display()
    );
    let before = image::content(daemon, &path("disk"));
    domain.backup_begin(&xml, None, NONE).await.unwrap();
    let told = domain.backup_xml_desc().await.unwrap();
    let virshs = virsh(daemon, ["backup-dumpxml", name]).await;
    assert_eq!(told.trim_end(), virshs.trim_end());
    assert!(
        told.contains("mode='pull'") && told.contains(socket.to_str().unwrap()),
        "{told}"
    );
    let job = domain.job_stats(GetJobStatsFlags::empty()).await.unwrap().unwrap();
    assert_eq!(job.stats.operation, Some(JobOperation::Backup), "{job:?}");

    // What is written now goes to the disk, and not to who pulls.
    write(&mut shell, "second", 1, 2).await;
    assert!(image::content(daemon, &path("disk")) != before);
    let unknown = Export::open(&socket, "vda", Parts::Marked("none")).err().unwrap();
    assert!(unknown.to_string().contains("does not know"), "{unknown}");
    let mut nbd = Export::open(&socket, "vda", Parts::Data).unwrap();
    assert_eq!(nbd.size(), 16 << 20);
    let mut rest = 0;
    for part in nbd.parts().unwrap() {
        assert!(before[rest..part.start as usize].iter().all(|&byte| byte == 0));
        rest = part.end as usize;
    }
    assert_eq!(rest, 32 * CLUSTER);
    let whole = (0..16 << 20)
        .step_by(MAX_READ as usize)
        .map(|offset| (offset, MAX_READ as usize));
    for (offset, length) in whole.chain([(CLUSTER - 100, 3 * CLUSTER), ((16 << 20) - 512, 512)]) {
        let pulled = nbd.read(offset as u64, length as u32).unwrap();
        assert!(pulled == before[offset..offset + length], "{length} bytes at {offset}");
    }
    drop(nbd);

    domain.abort_job().await.unwrap();
    tokio::time::timeout(LIMIT, ends.next()).await.unwrap().unwrap().unwrap();
    // There is no other way to end it, so this is no failure, although it says so.
    let stats = outcome(domain).await;
    assert_eq!(stats.success, Some(true));
    assert_eq!(stats.error_message.as_deref(), Some("Operation canceled"));
    assert_eq!(stats.disk_temp_total_bytes, Some(16 << 20));
    assert_eq!(stats.disk_temp_used_bytes, Some(2 * CLUSTER as u64));
    assert!(domain.backup_xml_desc().await.unwrap_err().is_not_found());
    assert!(!scratch.exists() && !socket.exists());
    discard(domain).await;
}
