//! Restores a guest from a file, with another definition from a file of XML, and paused.
//!
//! The same may be changed as when it is saved.

use libvirt_client::Connect;
use libvirt_client::domain::SaveRestoreFlags;

use crate::shared::{Result, read_file};

pub(crate) async fn run([uri, file, xml]: [&str; 3]) -> Result<()> {
    let conn = Connect::open(uri).await?;
    let xml = read_file(xml).await?;
    conn.domain_restore_flags(file, Some(&xml), SaveRestoreFlags::PAUSED).await?;
    println!("{file} is restored with another definition");
    conn.close().await;
    Ok(())
}
