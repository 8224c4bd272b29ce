//! Lists all domains; the example `list` shows them as `virsh list --all` does.

use libvirt_client::Connect;
use libvirt_client::connect::ListAllDomainsFlags;

use crate::shared::Result;

pub(crate) async fn run([uri]: [&str; 1]) -> Result<()> {
    let conn = Connect::open(uri).await?;
    let domains = conn.list_all_domains(ListAllDomainsFlags::empty()).await?;
    println!("all domains: {}", domains.len());
    for domain in domains {
        match domain.id() {
            Some(id) => println!("  {} runs with the ID {id}", domain.name()),
            None => println!("  {} does not run", domain.name()),
        }
    }
    conn.close().await;
    Ok(())
}
