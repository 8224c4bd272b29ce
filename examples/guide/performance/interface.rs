//! Shows what each interface has received and sent. The names of their devices on the host are in
//! the XML of the running domain.
//!
//! The guide takes the first interface for granted, and its device; one of the type `user` has
//! none.

use libvirt_client::Connect;

use crate::shared::Result;

pub(crate) async fn run([uri, name]: [&str; 2]) -> Result<()> {
    let conn = Connect::open(uri).await?;
    let domain = conn.domain_lookup_by_name(name).await?;
    for interface in domain.interface_targets().await? {
        let Some(device) = interface.target else {
            println!("an interface of the type {} has no device on the host", interface.kind);
            continue;
        };
        let stats = domain.interface_stats(&device).await?;
        let counters = [
            ("bytes received", stats.rx_bytes),
            ("packets received", stats.rx_packets),
            ("errors of receiving", stats.rx_errors),
            ("dropped in receiving", stats.rx_dropped),
            ("bytes sent", stats.tx_bytes),
            ("packets sent", stats.tx_packets),
            ("errors of sending", stats.tx_errors),
            ("dropped in sending", stats.tx_dropped),
        ];
        for (counter, value) in counters {
            if let Some(value) = value {
                println!("{device} {counter}: {value}");
            }
        }
    }
    conn.close().await;
    Ok(())
}
