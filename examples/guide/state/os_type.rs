//! Shows what kind of operating system a domain has: `hvm` is any that runs on a whole machine.
//!
//! The guide says that `info` has it, too. It has not; the XML has, in `<os>`.

use libvirt_client::Connect;

use crate::shared::Result;

pub(crate) async fn run([uri, name]: [&str; 2]) -> Result<()> {
    let conn = Connect::open(uri).await?;
    let domain = conn.domain_lookup_by_name(name).await?;
    println!("{name} has the OS type {}", domain.os_type().await?);
    conn.close().await;
    Ok(())
}
