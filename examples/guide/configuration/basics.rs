//! Shows what machine a domain is, from its XML.

use libvirt_client::Connect;
use libvirt_client::domain::XmlFlags;

use crate::elements::elements;
use crate::shared::Result;

pub(crate) async fn run([uri, name]: [&str; 2]) -> Result<()> {
    let conn = Connect::open(uri).await?;
    let domain = conn.domain_lookup_by_name(name).await?;
    let xml = domain.xml_desc(XmlFlags::empty()).await?;
    for element in elements(&xml)? {
        match element.path.as_str() {
            "domain" => println!("type: {}", element.attribute("type").unwrap_or_default()),
            "domain/os/type" => {
                println!("machine: {}", element.attribute("machine").unwrap_or_default());
                println!("architecture: {}", element.attribute("arch").unwrap_or_default());
            }
            _ => {}
        }
    }
    conn.close().await;
    Ok(())
}
