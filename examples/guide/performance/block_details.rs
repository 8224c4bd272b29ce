//! Shows what was read and written on each disk, with flushes and the times that it took.

use libvirt_client::Connect;

use crate::shared::Result;

pub(crate) async fn run([uri, name]: [&str; 2]) -> Result<()> {
    let conn = Connect::open(uri).await?;
    let domain = conn.domain_lookup_by_name(name).await?;
    for disk in domain.disk_targets().await? {
        let stats = domain.block_stats_flags(&disk.target).await?;
        let counters = [
            ("read", stats.read_requests, stats.read_time),
            ("write", stats.write_requests, stats.write_time),
            ("flush", stats.flush_requests, stats.flush_time),
        ];
        for (counter, requests, time) in counters {
            if let (Some(requests), Some(time)) = (requests, time) {
                println!("{} {counter} requests: {requests} in {time:?}", disk.target);
            }
        }
    }
    conn.close().await;
    Ok(())
}
