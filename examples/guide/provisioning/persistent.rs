//! Defines a persistent guest, and starts it.
//!
//! The guide says that the flags of `defineXMLFlags` have no meaning; `VALIDATE` has.

use libvirt_client::Connect;
use libvirt_client::domain::DefineFlags;

use crate::shared::{Result, read_file};

pub(crate) async fn run([uri, file]: [&str; 2]) -> Result<()> {
    let conn = Connect::open(uri).await?;
    let xml = read_file(file).await?;
    let domain = conn.domain_define_xml_flags(&xml, DefineFlags::VALIDATE).await?;
    domain.create().await?;
    println!("{} has booted", domain.name());
    conn.close().await;
    Ok(())
}
