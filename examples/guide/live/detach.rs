//! Unplugs a device, named by its `<alias>`, from a running guest. The call asks the guest; the
//! device is gone when the event comes.

use libvirt_client::Connect;
use libvirt_client::domain::DeviceModifyFlags;
use libvirt_client::events::{DomainEvent, DomainEventKinds};

use crate::shared::{Result, wait_for};

pub(crate) async fn run([uri, name, alias]: [&str; 3]) -> Result<()> {
    let conn = Connect::open(uri).await?;
    let domain = conn.domain_lookup_by_name(name).await?;
    let kinds = DomainEventKinds::DEVICE_REMOVED | DomainEventKinds::DEVICE_REMOVAL_FAILED;
    let mut events = domain.events(kinds).await?;
    domain.detach_device_alias(alias, DeviceModifyFlags::LIVE).await?;
    let answer = wait_for(&mut events, |event| match event {
        DomainEvent::DeviceRemoved(event) => event.device == alias,
        DomainEvent::DeviceRemovalFailed(event) => event.device == alias,
        _ => false,
    });
    match answer.await? {
        DomainEvent::DeviceRemoved(_) => println!("{alias} has gone from {name}"),
        _ => return Err(format!("{name} does not let {alias} go").into()),
    }
    conn.close().await;
    Ok(())
}
