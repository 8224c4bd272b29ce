//! Resets a guest at once, as a reset button does: it boots without having shut down.
//!
//! The guide leaves it out.

use libvirt_client::Connect;

use crate::shared::Result;

pub(crate) async fn run([uri, name]: [&str; 2]) -> Result<()> {
    let conn = Connect::open(uri).await?;
    let domain = conn.domain_lookup_by_name(name).await?;
    domain.reset().await?;
    println!("{name} is reset");
    conn.close().await;
    Ok(())
}
