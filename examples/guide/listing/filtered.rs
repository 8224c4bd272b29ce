//! Lists the domains that pass each of the filters: the guide's 14, and two of checkpoints, which
//! are younger.
//!
//! Filters come in groups, such as `PERSISTENT` and `TRANSIENT`. Of one group any may hold, of
//! several groups each must.

use libvirt_client::Connect;
use libvirt_client::connect::ListAllDomainsFlags as Filter;
use libvirt_client::domain::Domain;

use crate::shared::Result;

pub(crate) async fn run([uri]: [&str; 1]) -> Result<()> {
    let conn = Connect::open(uri).await?;
    for (name, filter) in Filter::all().iter_names() {
        print(name, &conn.list_all_domains(filter).await?);
    }
    let filter = Filter::PAUSED | Filter::SHUTOFF | Filter::PERSISTENT;
    print("(PAUSED or SHUTOFF) and PERSISTENT", &conn.list_all_domains(filter).await?);
    conn.close().await;
    Ok(())
}

fn print(filter: &str, domains: &[Domain]) {
    let names: Vec<_> = domains.iter().map(Domain::name).collect();
    println!("{filter}: {}", names.join(" "));
}
