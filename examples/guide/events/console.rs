//! Shows a guest's console across its reboots, until Ctrl-C: whenever the domain starts, its
//! console is opened again.
//!
//! The guide's program also sends what is typed; so does the example `console`, for one run.

use libvirt_client::Connect;
use libvirt_client::domain::{ConsoleFlags, Domain};
use libvirt_client::events::domain::{Change, Lifecycle};
use tokio::io::{copy, stdout};
use tokio::signal::ctrl_c;

use crate::shared::{Result, parse, wait_for};

pub(crate) async fn run([uri, uuid]: [&str; 2]) -> Result<()> {
    let conn = Connect::open(uri).await?;
    let domain = conn.domain_lookup_by_uuid(parse("the UUID", uuid)?).await?;
    tokio::select! {
        never = show(&domain) => never?,
        interrupted = ctrl_c() => interrupted?,
    }
    conn.close().await;
    Ok(())
}

async fn show(domain: &Domain) -> Result<()> {
    let mut changes = domain.connect().subscribe::<Lifecycle>(Some(domain)).await?;
    loop {
        // Fails while the domain does not run, and ends with the guest in one way or another.
        if let Err(error) = show_once(domain).await {
            eprintln!("no console: {error}");
        }
        wait_for(&mut changes, |event| matches!(event.change, Change::Started(_))).await?;
    }
}

async fn show_once(domain: &Domain) -> Result<()> {
    let mut console = domain.open_console(None, ConsoleFlags::FORCE).await?;
    copy(&mut console, &mut stdout()).await?;
    Ok(())
}
