//! Shows a domain's emulator, from its XML.

use libvirt_client::Connect;
use libvirt_client::domain::XmlFlags;

use crate::elements::elements;
use crate::shared::Result;

pub(crate) async fn run([uri, name]: [&str; 2]) -> Result<()> {
    let conn = Connect::open(uri).await?;
    let domain = conn.domain_lookup_by_name(name).await?;
    let xml = domain.xml_desc(XmlFlags::empty()).await?;
    for element in elements(&xml)? {
        if element.path == "domain/devices/emulator" {
            println!("emulator: {}", element.text);
        }
    }
    conn.close().await;
    Ok(())
}
