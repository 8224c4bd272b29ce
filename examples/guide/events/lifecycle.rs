//! Shows each change of a domain's state, until Ctrl-C.
//!
//! The guide needs an event loop, registered before the connection is opened, and runs it by hand;
//! here events are a stream. The example `watch_events` shows every event of a host.

use libvirt_client::Connect;
use libvirt_client::events::domain::Lifecycle;
use tokio::signal::ctrl_c;

use crate::shared::{Result, parse};

pub(crate) async fn run([uri, uuid]: [&str; 2]) -> Result<()> {
    let conn = Connect::open(uri).await?;
    let domain = conn.domain_lookup_by_uuid(parse("the UUID", uuid)?).await?;
    let mut changes = conn.subscribe::<Lifecycle>(Some(&domain)).await?;
    println!("{}: {:?}", domain.name(), domain.state().await?.reason);
    loop {
        tokio::select! {
            event = changes.next() => match event {
                Some(event) => println!("{}: {:?}", domain.name(), event?.change),
                None => return Err("the connection ended".into()),
            },
            interrupted = ctrl_c() => break interrupted?,
        }
    }
    conn.close().await;
    Ok(())
}
