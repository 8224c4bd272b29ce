//! Starts a guest that ends with the connection, however that ends. It can be neither saved nor
//! migrated.

use libvirt_client::Connect;
use libvirt_client::domain::CreateFlags;
use libvirt_client::events::domain::{Change, Lifecycle};

use crate::shared::{Result, read_file, wait_for};

pub(crate) async fn run([uri, file]: [&str; 2]) -> Result<()> {
    let watching = Connect::open(uri).await?;
    let conn = Connect::open(uri).await?;
    let xml = read_file(file).await?;
    let domain = conn.domain_create_xml(&xml, CreateFlags::AUTODESTROY).await?;
    println!("{} has booted", domain.name());

    let seen = domain.via(&watching);
    let mut changes = watching.subscribe::<Lifecycle>(Some(&seen)).await?;
    conn.close().await;
    let end = wait_for(&mut changes, |event| matches!(event.change, Change::Stopped(_))).await?;
    println!("{} has ended with its connection: {:?}", domain.name(), end.change);
    watching.close().await;
    Ok(())
}
