//! Pulls the backing image of a disk, named by its target such as `vda`, into its image, which then
//! stands for itself.
//!
//! The guide's images are of the format qed, which is dead: qcow2 has backing images, too. It asks
//! each second how far the job is, and takes its end for a failure; there is an event for that. In
//! the end it deletes the images while the guest still runs.

use std::time::Duration;

use libvirt_client::Connect;
use libvirt_client::domain::BlockJobStatus;
use libvirt_client::events::domain::BlockJob2;
use tokio::time::interval;

use crate::shared::{Result, wait_for};

pub(crate) async fn run([uri, name, disk]: [&str; 3]) -> Result<()> {
    let conn = Connect::open(uri).await?;
    let domain = conn.domain_lookup_by_name(name).await?;
    // Before the start, so that even the quickest end is not missed.
    let mut jobs = conn.subscribe::<BlockJob2>(Some(&domain)).await?;
    domain.block_pull(disk, None).await?;
    let mut end = std::pin::pin!(wait_for(&mut jobs, |job| job.target == disk));
    let mut seconds = interval(Duration::from_secs(1));
    let status = loop {
        tokio::select! {
            end = &mut end => break end?.status,
            _ = seconds.tick() => if let Some(job) = domain.block_job_info(disk).await? {
                println!("{} of {} bytes", job.current, job.end);
            }
        }
    };
    match status {
        BlockJobStatus::Completed => println!("{disk} has no backing image any more"),
        other => return Err(format!("the job has ended as {other:?}").into()),
    }
    conn.close().await;
    Ok(())
}
