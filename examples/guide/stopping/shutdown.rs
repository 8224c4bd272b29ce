//! Asks a guest to shut down, and waits for it.
//!
//! That is a press of its power button: the guest may take its time, or ignore it. The guide's
//! guests never notice it, because their XML has no `<acpi/>`.

use std::time::Duration;

use libvirt_client::Connect;
use libvirt_client::domain::ShutdownFlags;

use crate::shared::{Result, parse};

pub(crate) async fn run([uri, name, seconds]: [&str; 3]) -> Result<()> {
    let limit = Duration::from_secs(parse("the number of seconds", seconds)?);
    let conn = Connect::open(uri).await?;
    let domain = conn.domain_lookup_by_name(name).await?;
    match domain.shutdown_and_wait(limit, ShutdownFlags::empty()).await {
        Err(error) if error.is_timeout() => {
            return Err(format!("{name} still runs after {seconds} s").into());
        }
        result => result?,
    }
    println!("{name} has shut down");
    conn.close().await;
    Ok(())
}
