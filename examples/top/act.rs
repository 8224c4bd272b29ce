//! What is done to guests.

use std::time::Duration;

use libvirt_client::domain::{Domain, XmlFlags};

#[derive(Debug, Clone, Copy)]
pub(crate) enum Action {
    Start,
    ShutDown,
    Suspend,
    Resume,
    Destroy,
}

/// Nobody looks at the screen for longer.
const PATIENCE: Duration = Duration::from_secs(30);

/// The same guest, asked with patience.
pub(crate) fn patient(domain: &Domain) -> Domain {
    domain.with_timeout(PATIENCE)
}

/// Returns what there is to say of it.
pub(crate) async fn act(action: Action, domain: Domain) -> String {
    let (done, says) = match action {
        Action::Start => (domain.create().await, "was started"),
        Action::ShutDown => (domain.shutdown().await, "was asked to shut down"),
        Action::Suspend => (domain.suspend().await, "is paused"),
        Action::Resume => (domain.resume().await, "goes on"),
        Action::Destroy => (domain.destroy().await, "was destroyed"),
    };
    match done {
        Ok(()) => format!("{} {says}", domain.name()),
        Err(error) => format!("{}: {error}", domain.name()),
    }
}

/// Returns the XML, or why there is none.
pub(crate) async fn xml(domain: Domain) -> Result<String, String> {
    let xml = domain.xml_desc(XmlFlags::empty()).await;
    xml.map_err(|error| format!("{}: {error}", domain.name()))
}
