//! Starts a transient guest, then makes it persistent, by defining it while it runs.
//!
//! What is defined must have its UUID, which the XML that it was started from need not have.

use libvirt_client::Connect;
use libvirt_client::domain::{CreateFlags, XmlFlags};

use crate::shared::{Result, read_file};

pub(crate) async fn run([uri, file]: [&str; 2]) -> Result<()> {
    let conn = Connect::open(uri).await?;
    let xml = read_file(file).await?;
    let domain = conn.domain_create_xml(&xml, CreateFlags::empty()).await?;
    println!("{} is persistent: {}", domain.name(), domain.is_persistent().await?);
    let definition = domain.xml_desc(XmlFlags::INACTIVE | XmlFlags::SECURE).await?;
    conn.domain_define_xml(&definition).await?;
    println!("{} is persistent: {}", domain.name(), domain.is_persistent().await?);
    conn.close().await;
    Ok(())
}
