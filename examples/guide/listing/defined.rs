//! Lists the names of the domains that are defined and do not run.
//!
//! The guide then adds the names of those that run, one by one, to an empty string in place of the
//! list. Whoever wants both asks for all at once: between two calls a domain may start or stop.

use libvirt_client::Connect;

use crate::shared::Result;

pub(crate) async fn run([uri]: [&str; 1]) -> Result<()> {
    let conn = Connect::open(uri).await?;
    let names = conn.list_defined_domains().await?;
    println!("domains that do not run: {}", names.len());
    for name in names {
        println!("  {name}");
    }
    conn.close().await;
    Ok(())
}
