//! Shows the statistics of a guest's memory, under libvirt-python's names. Sizes are in KiB.
//!
//! Most come from the guest, and only as often as the `<stats period>` of its `<memballoon>` says.

use libvirt_client::Connect;

use crate::shared::Result;

pub(crate) async fn run([uri, name]: [&str; 2]) -> Result<()> {
    let conn = Connect::open(uri).await?;
    let domain = conn.domain_lookup_by_name(name).await?;
    for (statistic, value) in domain.memory_stats().await?.iter() {
        println!("{statistic}: {value}");
    }
    conn.close().await;
    Ok(())
}
