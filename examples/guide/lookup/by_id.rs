//! Looks up a running domain by its ID.
//!
//! Only running domains have one, and each start gives another. The guide says that look-ups return
//! `None` for what does not exist: in Python they raise an exception, and here they give an error,
//! of which `optional()` makes a `None`.

use libvirt_client::{Connect, Optional};

use crate::shared::{Result, parse};

pub(crate) async fn run([uri, id]: [&str; 2]) -> Result<()> {
    let conn = Connect::open(uri).await?;
    let found = conn.domain_lookup_by_id(parse("the ID", id)?).await;
    match found.optional()? {
        Some(domain) => println!("the domain with the ID {id} is {}", domain.name()),
        None => println!("no domain has the ID {id}"),
    }
    conn.close().await;
    Ok(())
}
