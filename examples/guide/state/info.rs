//! Shows a domain's state, memory, processors and CPU time.
//!
//! The guide speaks of eight values; there are five. Memory is in KiB, CPU time in nanoseconds.

use libvirt_client::Connect;

use crate::shared::Result;

pub(crate) async fn run([uri, name]: [&str; 2]) -> Result<()> {
    let conn = Connect::open(uri).await?;
    let domain = conn.domain_lookup_by_name(name).await?;
    let info = domain.info().await?;
    println!("state: {:?}", info.state);
    println!("maximum of memory: {} KiB", info.max_memory_kib);
    println!("memory: {} KiB", info.memory_kib);
    println!("processors: {}", info.vcpus);
    println!("CPU time: {:.2} s", info.cpu_time.as_secs_f64());
    conn.close().await;
    Ok(())
}
