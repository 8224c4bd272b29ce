//! Sets the numbers of processors of a domain's next start: how many it can have, and has first.

use libvirt_client::Connect;
use libvirt_client::domain::VcpuFlags;

use crate::shared::{Result, parse};

const CONFIG: VcpuFlags = VcpuFlags::CONFIG;
const MAXIMUM: VcpuFlags = VcpuFlags::CONFIG.union(VcpuFlags::MAXIMUM);

pub(crate) async fn run([uri, name, maximum, count]: [&str; 4]) -> Result<()> {
    let conn = Connect::open(uri).await?;
    let domain = conn.domain_lookup_by_name(name).await?;
    domain.set_vcpus_flags(parse("the maximum", maximum)?, MAXIMUM).await?;
    domain.set_vcpus_flags(parse("the count", count)?, CONFIG).await?;
    let [count, maximum] = [
        domain.vcpus_flags(CONFIG).await?,
        domain.vcpus_flags(MAXIMUM).await?,
    ];
    println!("{name} will have {count} of {maximum} processors");
    conn.close().await;
    Ok(())
}
