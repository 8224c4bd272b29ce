//! Shows the time used by each virtual processor, and where it runs.

use libvirt_client::Connect;

use crate::shared::Result;

pub(crate) async fn run([uri, name]: [&str; 2]) -> Result<()> {
    let conn = Connect::open(uri).await?;
    let domain = conn.domain_lookup_by_name(name).await?;
    for vcpu in domain.vcpus().await? {
        let (number, time) = (vcpu.number, vcpu.cpu_time.as_secs_f64());
        println!("virtual processor {number}: {time:.2} s, on processor {}", vcpu.host_cpu);
    }
    conn.close().await;
    Ok(())
}
