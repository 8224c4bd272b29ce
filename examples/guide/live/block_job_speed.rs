//! Limits the bandwidth of a disk's job; 0 takes the limit away.
//!
//! The guide has it in MB per second, libvirt in MiB, and this crate in bytes.

use libvirt_client::Connect;

use crate::shared::{Result, parse};

pub(crate) async fn run([uri, name, disk, mib]: [&str; 4]) -> Result<()> {
    let speed: u32 = parse("the bandwidth", mib)?;
    let bytes_per_second = (speed > 0).then_some(u64::from(speed) << 20);
    let conn = Connect::open(uri).await?;
    let domain = conn.domain_lookup_by_name(name).await?;
    domain.block_job_set_speed(disk, bytes_per_second).await?;
    println!("the job of {disk} may do {mib} MiB per second");
    conn.close().await;
    Ok(())
}
