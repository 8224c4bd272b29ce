//! Shows what a domain boots from, from its XML: the devices in their order, or a kernel of the
//! host. Programs 4.4.1f to 4.4.1i set it.
//!
//! The guide's example names a loader of Xen's, beside variables of a firmware that has another
//! one.

use libvirt_client::Connect;
use libvirt_client::domain::XmlFlags;

use crate::elements::elements;
use crate::shared::Result;

pub(crate) async fn run([uri, name]: [&str; 2]) -> Result<()> {
    let conn = Connect::open(uri).await?;
    let domain = conn.domain_lookup_by_name(name).await?;
    let xml = domain.xml_desc(XmlFlags::empty()).await?;
    for element in elements(&xml)? {
        match element.path.strip_prefix("domain/os/") {
            Some("boot") => println!("device: {}", element.attribute("dev").unwrap_or_default()),
            Some(what @ ("loader" | "nvram" | "kernel" | "initrd" | "cmdline")) => {
                println!("{what}: {}", element.text);
            }
            _ => {}
        }
    }
    conn.close().await;
    Ok(())
}
