//! Starts a transient guest from a file of XML. All traces of it disappear when it ends, so that
//! nobody can ask then why it did.

use libvirt_client::Connect;
use libvirt_client::domain::CreateFlags;

use crate::shared::{Result, read_file};

pub(crate) async fn run([uri, file]: [&str; 2]) -> Result<()> {
    let conn = Connect::open(uri).await?;
    let xml = read_file(file).await?;
    let domain = conn.domain_create_xml(&xml, CreateFlags::empty()).await?;
    println!("{} has booted", domain.name());
    conn.close().await;
    Ok(())
}
