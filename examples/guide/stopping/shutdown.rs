//! Asks a guest to shut down, and waits for it.
//!
//! That is a press of its power button: the guest may take its time, or ignore it. The guide's
//! guests never notice it, because their XML has no `<acpi/>`.

use std::time::Duration;

use libvirt_client::Connect;
use libvirt_client::events::domain::{Change, Lifecycle};
use tokio::time::timeout;

use crate::shared::{Result, parse, wait_for};

pub(crate) async fn run([uri, name, seconds]: [&str; 3]) -> Result<()> {
    let limit = Duration::from_secs(parse("the number of seconds", seconds)?);
    let conn = Connect::open(uri).await?;
    let domain = conn.domain_lookup_by_name(name).await?;
    let mut changes = conn.subscribe::<Lifecycle>(Some(&domain)).await?;
    domain.shutdown().await?;
    println!("{name} is asked to shut down");
    let end = wait_for(&mut changes, |event| matches!(event.change, Change::Stopped(_)));
    match timeout(limit, end).await {
        Ok(end) => println!("{name} has ended: {:?}", end?.change),
        Err(_) => return Err(format!("{name} still runs after {seconds} s").into()),
    }
    conn.close().await;
    Ok(())
}
