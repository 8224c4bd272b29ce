//! Aborts the job of a disk; what was moved so far stays where it is.

use libvirt_client::Connect;
use libvirt_client::domain::BlockJobAbortFlags;

use crate::shared::Result;

pub(crate) async fn run([uri, name, disk]: [&str; 3]) -> Result<()> {
    let conn = Connect::open(uri).await?;
    let domain = conn.domain_lookup_by_name(name).await?;
    domain.block_job_abort(disk, BlockJobAbortFlags::empty()).await?;
    println!("the job of {disk} has ended");
    conn.close().await;
    Ok(())
}
