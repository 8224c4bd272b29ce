//! Shows a domain's ID.
//!
//! The handle knows it from the look-up: Python gives −1 for a domain that did not run then.

use libvirt_client::Connect;

use crate::shared::Result;

pub(crate) async fn run([uri, name]: [&str; 2]) -> Result<()> {
    let conn = Connect::open(uri).await?;
    let domain = conn.domain_lookup_by_name(name).await?;
    match domain.id() {
        Some(id) => println!("{name} has the ID {id}"),
        None => println!("{name} does not run, so that it has no ID"),
    }
    conn.close().await;
    Ok(())
}
