//! Shows the time used on all processors of the host together.

use libvirt_client::Connect;

use crate::shared::Result;

pub(crate) async fn run([uri, name]: [&str; 2]) -> Result<()> {
    let conn = Connect::open(uri).await?;
    let domain = conn.domain_lookup_by_name(name).await?;
    let stats = domain.cpu_stats_total().await?;
    let times = [
        ("CPU time", stats.cpu_time),
        ("in user mode", stats.user_time),
        ("in the kernel", stats.system_time),
    ];
    for (what, time) in times {
        if let Some(time) = time {
            println!("{what}: {:.2} s", time.as_secs_f64());
        }
    }
    conn.close().await;
    Ok(())
}
