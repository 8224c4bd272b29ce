//! Saves a guest where its next start finds it, and ends it. The daemon chooses the file.

use libvirt_client::Connect;
use libvirt_client::domain::SaveRestoreFlags;

use crate::shared::Result;

pub(crate) async fn run([uri, name]: [&str; 2]) -> Result<()> {
    let conn = Connect::open(uri).await?;
    let domain = conn.domain_lookup_by_name(name).await?;
    domain.managed_save(SaveRestoreFlags::empty()).await?;
    println!("{name} is saved: {}", domain.has_managed_save_image().await?);
    conn.close().await;
    Ok(())
}
