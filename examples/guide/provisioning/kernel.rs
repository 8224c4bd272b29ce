//! Installs a guest by a kernel and an initial RAM disk of the host, up to the end of its
//! installer: that is the first phase. The second is the next program's.
//!
//! The guest is transient, and a reboot ends it, since the installer's reboot must not come back to
//! the kernel.

use libvirt_client::Connect;
use libvirt_client::domain::{CreateFlags, EventStoppedDetailType};
use libvirt_client::events::domain::{Change, Lifecycle};

use crate::guest::{Guest, escape};
use crate::shared::{Result, wait_for};

pub(crate) async fn run([uri, kind, name, disk, kernel, initrd, args]: [&str; 7]) -> Result<()> {
    let [kernel, initrd, args] = [kernel, initrd, args].map(escape);
    let boot = format!(
        "<kernel>{kernel}</kernel>
    <initrd>{initrd}</initrd>
    <cmdline>{args}</cmdline>"
    );
    let guest = Guest {
        kind,
        name,
        disk,
        boot: &boot,
        on_reboot: "destroy",
        devices: "",
    };

    let conn = Connect::open(uri).await?;
    // Before the start, so that even the quickest end is not missed.
    let mut changes = conn.subscribe::<Lifecycle>(None).await?;
    let domain = conn.domain_create_xml(&guest.xml(), CreateFlags::empty()).await?;
    println!("{name} runs its installer");
    let end = wait_for(&mut changes, |event| {
        event.domain == domain && matches!(event.change, Change::Stopped(_))
    });
    match end.await?.change {
        Change::Stopped(EventStoppedDetailType::Shutdown) => println!("the installer has ended"),
        other => return Err(format!("the installer has not ended, but {name}: {other:?}").into()),
    }
    conn.close().await;
    Ok(())
}
