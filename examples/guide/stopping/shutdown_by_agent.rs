//! Has a guest's agent shut it down, which needs no ACPI, and tells at once if nobody is there to
//! do it.

use libvirt_client::Connect;
use libvirt_client::domain::ShutdownFlags;
use libvirt_client::events::domain::{Change, Lifecycle};

use crate::shared::{Result, wait_for};

pub(crate) async fn run([uri, name]: [&str; 2]) -> Result<()> {
    let conn = Connect::open(uri).await?;
    let domain = conn.domain_lookup_by_name(name).await?;
    let mut changes = conn.subscribe::<Lifecycle>(Some(&domain)).await?;
    domain.shutdown_flags(ShutdownFlags::GUEST_AGENT).await?;
    println!("{name} shuts down");
    let end = wait_for(&mut changes, |event| matches!(event.change, Change::Stopped(_))).await?;
    println!("{name} has ended: {:?}", end.change);
    conn.close().await;
    Ok(())
}
