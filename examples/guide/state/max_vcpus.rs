//! Shows how many processors a domain can have.
//!
//! The guide says that `info` has this number, too; it has the one of now. A domain that does not
//! run has only the number of its next start, which QEMU must be asked for by flags.

use libvirt_client::Connect;
use libvirt_client::domain::VcpuFlags;

use crate::shared::Result;

pub(crate) async fn run([uri, name]: [&str; 2]) -> Result<()> {
    let conn = Connect::open(uri).await?;
    let domain = conn.domain_lookup_by_name(name).await?;
    let maximum = if domain.is_active().await? {
        domain.max_vcpus().await?
    } else {
        domain.vcpus_flags(VcpuFlags::CONFIG | VcpuFlags::MAXIMUM).await?
    };
    println!("{name} can have {maximum} processors");
    conn.close().await;
    Ok(())
}
