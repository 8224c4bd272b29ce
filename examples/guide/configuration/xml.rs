//! Shows a domain's XML as flags ask for it: names of `XmlFlags` with commas between, or nothing.
//!
//! `SECURE` has passwords in it, `INACTIVE` is the definition for the next start, `UPDATE_CPU` says
//! what the host does for the processor, `MIGRATABLE` is what another host would get.

use libvirt_client::Connect;
use libvirt_client::domain::XmlFlags;

use crate::shared::Result;

pub(crate) async fn run([uri, name, flags]: [&str; 3]) -> Result<()> {
    let names = flags.split(',').filter(|flag| !flag.is_empty());
    let flags = names.map(|flag| {
        XmlFlags::from_name(flag).ok_or_else(|| format!("there is no flag {flag} of XML"))
    });
    let flags = flags.collect::<Result<XmlFlags, _>>()?;
    let conn = Connect::open(uri).await?;
    let domain = conn.domain_lookup_by_name(name).await?;
    print!("{}", domain.xml_desc(flags).await?);
    conn.close().await;
    Ok(())
}
