//! Shows a domain's disks, from its XML.
//!
//! `Domain::disk_targets` has what is mostly wanted of it.

use libvirt_client::Connect;
use libvirt_client::domain::XmlFlags;

use crate::elements::print_devices;
use crate::shared::Result;

pub(crate) async fn run([uri, name]: [&str; 2]) -> Result<()> {
    let conn = Connect::open(uri).await?;
    let domain = conn.domain_lookup_by_name(name).await?;
    print_devices(&domain.xml_desc(XmlFlags::empty()).await?, "disk")?;
    conn.close().await;
    Ok(())
}
