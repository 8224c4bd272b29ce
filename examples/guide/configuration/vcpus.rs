//! Sets the number of processors of a running domain, up to the number that it can have.
//!
//! The guide calls it the maximum, which a running domain cannot change.

use libvirt_client::Connect;
use libvirt_client::domain::VcpuFlags;

use crate::shared::{Result, parse};

pub(crate) async fn run([uri, name, count]: [&str; 3]) -> Result<()> {
    let conn = Connect::open(uri).await?;
    let domain = conn.domain_lookup_by_name(name).await?;
    domain.set_vcpus(parse("the count", count)?).await?;
    println!("{name} has {} processors", domain.vcpus_flags(VcpuFlags::LIVE).await?);
    conn.close().await;
    Ok(())
}
