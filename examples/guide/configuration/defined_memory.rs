//! Sets the memory of a domain's next start: how much it boots with, and what its balloon leaves.

use libvirt_client::Connect;
use libvirt_client::domain::MemoryModFlags;

use crate::shared::{Result, parse};

pub(crate) async fn run([uri, name, maximum_kib, kib]: [&str; 4]) -> Result<()> {
    let conn = Connect::open(uri).await?;
    let domain = conn.domain_lookup_by_name(name).await?;
    let config = MemoryModFlags::CONFIG;
    let maximum = config | MemoryModFlags::MAXIMUM;
    domain.set_memory_flags(parse("the maximum", maximum_kib)?, maximum).await?;
    domain.set_memory_flags(parse("the memory", kib)?, config).await?;
    println!("{name} will have {kib} KiB of {maximum_kib} KiB");
    conn.close().await;
    Ok(())
}
