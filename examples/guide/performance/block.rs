//! Shows what was read and written on each disk since the domain started. The names of the disks
//! are in its XML.
//!
//! QEMU counts no errors: what the guide prints as their number is −1.

use libvirt_client::Connect;

use crate::shared::Result;

pub(crate) async fn run([uri, name]: [&str; 2]) -> Result<()> {
    let conn = Connect::open(uri).await?;
    let domain = conn.domain_lookup_by_name(name).await?;
    for disk in domain.disk_targets().await? {
        let stats = domain.block_stats(&disk.target).await?;
        let counters = [
            ("read requests", stats.read_requests),
            ("bytes read", stats.read_bytes),
            ("write requests", stats.write_requests),
            ("bytes written", stats.write_bytes),
            ("errors", stats.errors),
        ];
        for (counter, value) in counters {
            if let Some(value) = value {
                println!("{} {counter}: {value}", disk.target);
            }
        }
    }
    conn.close().await;
    Ok(())
}
