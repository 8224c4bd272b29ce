//! Defining, starting, stopping, saving and the other things that change what a domain does.

use libvirt_client::domain::State;

use crate::common::{boot, discard, eventually, qemu};

#[tokio::test]
async fn shuts_down_when_the_power_button_is_pressed() {
    let Some((daemon, conn)) = qemu().await else {
        return;
    };
    let guest = boot(daemon, &conn, "control-acpi", |guest| guest).await;
    assert_eq!(guest.domain.state().await.unwrap().state, State::Running);
    guest.domain.shutdown().await.unwrap();
    eventually("the guest is gone", async || {
        !guest.domain.is_active().await.is_ok_and(|active| active)
    })
    .await;
    discard(&guest.domain).await;
}
