//! Has a guest's agent shut it down, which needs no ACPI, and tells at once if nobody is there to
//! do it.

use std::time::Duration;

use libvirt_client::Connect;
use libvirt_client::domain::ShutdownFlags;

use crate::shared::Result;

const LIMIT: Duration = Duration::from_secs(120);

pub(crate) async fn run([uri, name]: [&str; 2]) -> Result<()> {
    let conn = Connect::open(uri).await?;
    let domain = conn.domain_lookup_by_name(name).await?;
    domain.shutdown_and_wait(LIMIT, ShutdownFlags::GUEST_AGENT).await?;
    println!("{name} has shut down");
    conn.close().await;
    Ok(())
}
