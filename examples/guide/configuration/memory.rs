//! Sets the memory of a running domain: its balloon takes the rest, as soon as the guest gives it.
//!
//! It is in KiB. The 4096 that the guide has for 4 gigabytes are 4 MiB, too little for any guest.

use libvirt_client::Connect;

use crate::shared::{Result, parse};

pub(crate) async fn run([uri, name, kib]: [&str; 3]) -> Result<()> {
    let conn = Connect::open(uri).await?;
    let domain = conn.domain_lookup_by_name(name).await?;
    domain.set_memory(parse("the memory", kib)?).await?;
    println!("{name} is to have {kib} KiB of {} KiB", domain.max_memory_kib().await?);
    conn.close().await;
    Ok(())
}
