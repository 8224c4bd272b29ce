//! Saves a guest to a file, with another definition for its restoring, from a file of XML.
//!
//! Start from `XmlFlags::MIGRATABLE`. Only what the guest does not notice may be changed, such as
//! the path of a disk's image or its title.

use libvirt_client::Connect;
use libvirt_client::domain::SaveRestoreFlags;

use crate::shared::{Result, read_file};

pub(crate) async fn run([uri, name, file, xml]: [&str; 4]) -> Result<()> {
    let conn = Connect::open(uri).await?;
    let domain = conn.domain_lookup_by_name(name).await?;
    let xml = read_file(xml).await?;
    domain.save_flags(file, Some(&xml), SaveRestoreFlags::empty()).await?;
    println!("{name} is saved to {file} with another definition");
    conn.close().await;
    Ok(())
}
