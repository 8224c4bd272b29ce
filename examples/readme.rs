//! The first program of the README, for the URI on its command line.
#![allow(clippy::default_trait_access)]

use libvirt_client::{Connect, Result};

#[tokio::main]
async fn main() -> Result<()> {
    let uri = std::env::args().nth(1).unwrap_or_default();
    let conn = Connect::open(&uri).await?;
    for domain in conn.list_all_domains(Default::default()).await? {
        let info = domain.info().await?;
        println!("{:<20} {:?}, {} MiB", domain.name(), info.state, info.memory_kib / 1024);
    }
    conn.close().await;
    Ok(())
}
