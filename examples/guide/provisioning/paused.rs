//! Starts a transient guest paused, then lets it go on: in between it has executed nothing, and can
//! still be watched from its first instruction.

use libvirt_client::Connect;
use libvirt_client::domain::CreateFlags;

use crate::shared::{Result, read_file};

pub(crate) async fn run([uri, file]: [&str; 2]) -> Result<()> {
    let conn = Connect::open(uri).await?;
    let xml = read_file(file).await?;
    let domain = conn.domain_create_xml(&xml, CreateFlags::PAUSED).await?;
    println!("{}: {:?}", domain.name(), domain.state().await?.reason);
    domain.resume().await?;
    println!("{}: {:?}", domain.name(), domain.state().await?.reason);
    conn.close().await;
    Ok(())
}
