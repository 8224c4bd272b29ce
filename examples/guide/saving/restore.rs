//! Restores a guest from a file of the daemon's host.
//!
//! The guide takes what `restore` returns for an ID; it is 0. Whoever wants to know what was restored
//! looks into the file.

use libvirt_client::Connect;
use libvirt_client::domain::SaveImageXmlFlags;

use crate::elements::elements;
use crate::shared::Result;

pub(crate) async fn run([uri, file]: [&str; 2]) -> Result<()> {
    let conn = Connect::open(uri).await?;
    let xml = conn.domain_save_image_xml_desc(file, SaveImageXmlFlags::empty()).await?;
    let elements = elements(&xml)?;
    let name = elements.iter().find(|element| element.path == "domain/name");
    let name = name.ok_or("the definition in the file has no name")?;

    conn.domain_restore(file).await?;
    let domain = conn.domain_lookup_by_name(&name.text).await?;
    println!("{}: {:?}", domain.name(), domain.state().await?.reason);
    conn.close().await;
    Ok(())
}
