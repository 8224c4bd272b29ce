//! Has a guest start with its host, or not; with its managed save image it goes on where it was.
//!
//! The guide finds it by the ID 6, which is another one after each start.

use libvirt_client::Connect;

use crate::shared::Result;

pub(crate) async fn run([uri, name, on_or_off]: [&str; 3]) -> Result<()> {
    let autostart = match on_or_off {
        "on" => true,
        "off" => false,
        other => return Err(format!("'{other}' is neither on nor off").into()),
    };
    let conn = Connect::open(uri).await?;
    let domain = conn.domain_lookup_by_name(name).await?;
    domain.set_autostart(autostart).await?;
    println!("{name} starts with its host: {}", domain.autostart().await?);
    conn.close().await;
    Ok(())
}
