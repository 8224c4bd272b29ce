//! Shows the time that it is in a guest, by its agent.
//!
//! The guide compares the pair that `state()` gives with a number, so that no domain ever runs.

use libvirt_client::Connect;

use crate::shared::Result;

pub(crate) async fn run([uri, name]: [&str; 2]) -> Result<()> {
    let conn = Connect::open(uri).await?;
    let domain = conn.domain_lookup_by_name(name).await?;
    let time = domain.time().await?;
    println!("in {name} it is {}", humantime::format_rfc3339_seconds(time));
    conn.close().await;
    Ok(())
}
