//! Asks a guest to reboot, and waits until it has begun to.
//!
//! The guide leaves it out. The guest may ignore it, as `shutdown`; Ctrl-C then ends the waiting.

use libvirt_client::Connect;
use libvirt_client::domain::RebootFlags;
use libvirt_client::events::domain::Reboot;

use crate::shared::{Result, wait_for};

pub(crate) async fn run([uri, name]: [&str; 2]) -> Result<()> {
    let conn = Connect::open(uri).await?;
    let domain = conn.domain_lookup_by_name(name).await?;
    let mut reboots = conn.subscribe::<Reboot>(Some(&domain)).await?;
    domain.reboot(RebootFlags::empty()).await?;
    println!("{name} is asked to reboot");
    wait_for(&mut reboots, |_| true).await?;
    println!("{name} reboots");
    conn.close().await;
    Ok(())
}
