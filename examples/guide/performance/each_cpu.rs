//! Shows the time used on each processor of the host.
//!
//! The guide speaks of virtual processors here; those are another program's. A host with version 2
//! of control groups counts for all processors together only.

use libvirt_client::Connect;

use crate::shared::Result;

pub(crate) async fn run([uri, name]: [&str; 2]) -> Result<()> {
    let conn = Connect::open(uri).await?;
    let domain = conn.domain_lookup_by_name(name).await?;
    match domain.cpu_stats().await {
        Ok(stats) => {
            for (cpu, stats) in stats.iter().enumerate() {
                let time = stats.cpu_time.unwrap_or_default();
                println!("processor {cpu}: {:.2} s", time.as_secs_f64());
            }
        }
        Err(error) if error.is_unsupported() => {
            println!("the host counts for all processors together only");
        }
        Err(error) => return Err(error.into()),
    }
    conn.close().await;
    Ok(())
}
