//! Shows whether a domain has a managed save image, from which its next start would go on.
//!
//! The guide calls the method `hasManagedSaveImages` in its text; it is `hasManagedSaveImage`.

use libvirt_client::Connect;

use crate::shared::Result;

pub(crate) async fn run([uri, name]: [&str; 2]) -> Result<()> {
    let conn = Connect::open(uri).await?;
    let domain = conn.domain_lookup_by_name(name).await?;
    println!("has_managed_save_image: {}", domain.has_managed_save_image().await?);
    conn.close().await;
    Ok(())
}
