//! Unplugs a device, named by its `<alias>`, from a running guest: asks the guest, and waits until
//! it has let the device go.

use std::time::Duration;

use libvirt_client::Connect;

use crate::shared::Result;

const LIMIT: Duration = Duration::from_secs(60);

pub(crate) async fn run([uri, name, alias]: [&str; 3]) -> Result<()> {
    let conn = Connect::open(uri).await?;
    let domain = conn.domain_lookup_by_name(name).await?;
    domain.detach_device_and_wait(alias, LIMIT).await?;
    println!("{alias} has gone from {name}");
    conn.close().await;
    Ok(())
}
