//! Moving a running guest's disk between images.

use libvirt_client::domain::{
    BlockCommitFlags, BlockCopyFlags, BlockCopyParameters, BlockJobAbortFlags, BlockJobInfo,
    BlockJobType, BlockRebaseFlags, Domain,
};
use libvirt_client::types::error::ErrorCode;
use rig::guest::Disk;

use super::virsh;
use crate::common::{boot, eventually, qemu};

const MIB: u64 = 1 << 20;

#[tokio::test]
async fn disk_data_moves_between_images() {
    let Some((daemon, conn)) = qemu().await else {
        return;
    };
    let path = |name: &str| {
        let path = daemon.scratch().join(format!("res-jobs-{name}"));
        path.to_str().unwrap().to_owned()
    };
    let (base, top, second) = (path("base.qcow2"), path("top.qcow2"), path("second.qcow2"));
    let disk = Disk::qcow2(&base, 32).unwrap();
    let domain = &boot(daemon, &conn, "res-jobs", |guest| guest.disk(disk)).await.domain;
    let snapshot = async |file: &str| {
        let spec = format!("vda,file={file}");
        let name = "res-jobs";
        let options = ["--disk-only", "--no-metadata", "--diskspec", &spec];
        let [a, b, c, d] = options;
        virsh(daemon, ["snapshot-create-as", name, a, b, c, d]).await;
    };
    assert_eq!(domain.block_job_info("vda").await.unwrap(), None);

    // Down the chain.
    snapshot(&top).await;
    assert_eq!(source(domain).await, top);
    let active = BlockCommitFlags::ACTIVE;
    domain.block_commit("vda", None, None, None, active).await.unwrap();
    wait_until_caught_up(domain, BlockJobType::ActiveCommit).await;
    pivot(domain).await;
    assert_eq!(source(domain).await, base);

    // Up the chain, all of it and a part.
    std::fs::remove_file(&top).unwrap();
    snapshot(&top).await;
    snapshot(&second).await;
    let none = BlockRebaseFlags::empty();
    domain.block_rebase("vda", Some(&base), None, none).await.unwrap();
    wait_until_gone(domain).await;
    let chain = virsh(daemon, ["dumpxml", "res-jobs"]).await;
    assert!(chain.contains(&base) && !chain.contains(&top), "{chain}");
    domain.block_pull("vda", Some(100 * MIB)).await.unwrap();
    wait_until_gone(domain).await;
    assert!(!virsh(daemon, ["dumpxml", "res-jobs"]).await.contains(&base));

    // To another place, with limits that are to be seen while the copy waits for its end.
    let destination = format!(
        "<disk type='file'><source file='{}'/><driver type='raw'/></disk>",
        path("copy.raw")
    );
    let mut parameters = BlockCopyParameters::default();
    parameters.bytes_per_second = Some(3 * MIB + 512);
    parameters.granularity_bytes = Some(65_536);
    let flags = BlockCopyFlags::empty();
    domain.block_copy("vda", &destination, &parameters, flags).await.unwrap();
    assert_eq!(job(domain).await.unwrap().bytes_per_second, Some(3 * MIB + 512));
    domain.block_job_set_speed("vda", Some(9 * MIB)).await.unwrap();
    assert_eq!(job(domain).await.unwrap().bytes_per_second, Some(9 * MIB));
    domain.block_job_set_speed("vda", None).await.unwrap();
    assert_eq!(job(domain).await.unwrap().bytes_per_second, None);
    wait_until_caught_up(domain, BlockJobType::Copy).await;
    domain.block_job_abort("vda", BlockJobAbortFlags::empty()).await.unwrap();
    assert_eq!((job(domain).await, source(domain).await), (None, second));

    let error = domain.block_job_abort("vda", BlockJobAbortFlags::empty()).await;
    assert!(error.is_err());
}

async fn source(domain: &Domain) -> String {
    let disks = domain.disk_targets().await.unwrap();
    disks[0].source.clone().unwrap()
}

async fn job(domain: &Domain) -> Option<BlockJobInfo> {
    domain.block_job_info("vda").await.unwrap()
}

async fn wait_until_caught_up(domain: &Domain, kind: BlockJobType) {
    eventually("the job has caught up", async || {
        let job = job(domain).await.unwrap();
        assert_eq!(job.kind, kind);
        // Zero of zero is a job that has not begun.
        job.end > 0 && job.current == job.end
    })
    .await;
}

/// Changes over to the job's result, for which the hypervisor may take a moment to be ready.
async fn pivot(domain: &Domain) {
    eventually("the job has changed over", async || {
        let result = domain.block_job_abort("vda", BlockJobAbortFlags::PIVOT).await;
        match result {
            Err(error) if error.code() == Some(ErrorCode::BlockCopyActive) => false,
            done => {
                done.unwrap();
                true
            }
        }
    })
    .await;
}

async fn wait_until_gone(domain: &Domain) {
    eventually("the job has ended", async || job(domain).await.is_none()).await;
}
