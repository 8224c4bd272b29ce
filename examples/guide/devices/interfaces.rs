//! Shows a domain's network interfaces, from its XML.
//!
//! `Domain::interface_targets` has what is mostly wanted of it.

use libvirt_client::Connect;
use libvirt_client::domain::XmlFlags;

use crate::elements::print_devices;
use crate::shared::Result;

pub(crate) async fn run([uri, name]: [&str; 2]) -> Result<()> {
    let conn = Connect::open(uri).await?;
    let domain = conn.domain_lookup_by_name(name).await?;
    print_devices(&domain.xml_desc(XmlFlags::empty()).await?, "interface")?;
    conn.close().await;
    Ok(())
}
