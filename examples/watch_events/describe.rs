//! Text for events.

use std::fmt::Debug;

use libvirt_client::events::domain::{Change, GraphicsAddress};
use libvirt_client::events::{DomainEvent, HostEvent};
use libvirt_client::params::{TypedParams, ValueRef};

/// Describes an event in one line: its object and its change.
pub(crate) fn line(event: &HostEvent) -> String {
    let line = match event {
        HostEvent::Domain(event) => {
            let domain = event.domain().name();
            format!("domain {domain}: {}", of_domain(event))
        }
        HostEvent::Network(event) => {
            format!("network {}: {}", event.network.name(), words(event.change))
        }
        HostEvent::NetworkMetadata(event) => format!(
            "network {}: metadata changed: {}{}",
            event.network.name(),
            words(event.kind),
            in_brackets(event.namespace.as_deref())
        ),
        HostEvent::StoragePool(event) => {
            format!("pool {}: {}", event.pool.name(), words(event.change))
        }
        HostEvent::StoragePoolRefresh(event) => format!("pool {}: refreshed", event.pool.name()),
        HostEvent::NodeDevice(event) => {
            format!("device {}: {}", event.device.name(), words(event.change))
        }
        HostEvent::NodeDeviceUpdate(event) => format!("device {}: updated", event.device.name()),
        HostEvent::Secret(event) => {
            format!("secret {}: {}", event.secret.uuid(), words(event.change))
        }
        HostEvent::SecretValue(event) => format!("secret {}: value changed", event.secret.uuid()),
        HostEvent::HypervisorClosed(event) => {
            format!("hypervisor: connection lost: {}", words(event.reason))
        }
        other => format!("{other:?}"),
    };
    // Control characters in a name or a path must not fake another line or control the terminal.
    line.replace(char::is_control, "?")
}

fn of_domain(event: &DomainEvent) -> String {
    match event {
        DomainEvent::Lifecycle(event) => change(event.change),
        DomainEvent::Reboot(_) => "rebooted".to_owned(),
        DomainEvent::RtcChange(event) => {
            format!("clock set: {:+} s from the host's", event.offset_seconds)
        }
        DomainEvent::Watchdog(event) => format!("watchdog expired: {}", words(event.action)),
        DomainEvent::IoError(event) => format!(
            "I/O error of {}: {}{}",
            event.device,
            words(event.action),
            in_brackets(Some(&event.source))
        ),
        DomainEvent::IoErrorReason(event) => format!(
            "I/O error of {}: {}: {}{}",
            event.device,
            words(event.action),
            event.reason,
            in_brackets(Some(&event.source))
        ),
        DomainEvent::Graphics(event) => format!(
            "graphics client: {} from {} to {}",
            words(event.phase),
            address(&event.remote),
            address(&event.local)
        ),
        DomainEvent::ControlError(_) => "lost control of the hypervisor's process".to_owned(),
        DomainEvent::BlockJob(event) => {
            let (kind, status) = (words(event.kind), words(event.status));
            format!("block job on {}: {kind} {status}", event.source)
        }
        DomainEvent::BlockJob2(event) => {
            let (kind, status) = (words(event.kind), words(event.status));
            format!("block job on {}: {kind} {status}", event.target)
        }
        DomainEvent::DiskChange(event) => format!(
            "disk {} changed: {}: {} to {}",
            event.device,
            words(event.reason),
            event.old_source.as_deref().unwrap_or("nothing"),
            event.new_source.as_deref().unwrap_or("nothing")
        ),
        DomainEvent::TrayChange(event) => {
            format!("tray of {}: {}", event.device, words(event.reason))
        }
        DomainEvent::PmWakeup(_) => "woken up".to_owned(),
        DomainEvent::PmSuspend(_) => "suspended to memory".to_owned(),
        DomainEvent::PmSuspendDisk(_) => "suspended to disk".to_owned(),
        DomainEvent::BalloonChange(event) => format!("memory: {} KiB", event.actual_kib),
        DomainEvent::DeviceAdded(event) => format!("device {} added", event.device),
        DomainEvent::DeviceRemoved(event) => format!("device {} removed", event.device),
        DomainEvent::DeviceRemovalFailed(event) => {
            format!("device {} could not be removed", event.device)
        }
        DomainEvent::Tunable(event) => format!("tuned: {}", list(&event.params)),
        DomainEvent::AgentLifecycle(event) => {
            format!("guest agent {}: {}", words(event.state), words(event.reason))
        }
        DomainEvent::MigrationIteration(event) => {
            format!("migration: iteration {}", event.iteration)
        }
        DomainEvent::JobCompleted(event) => format!("job completed: {}", list(&event.params)),
        DomainEvent::MetadataChange(event) => format!(
            "metadata changed: {}{}",
            words(event.kind),
            in_brackets(event.namespace.as_deref())
        ),
        DomainEvent::BlockThreshold(event) => format!(
            "disk {} written {} bytes beyond {}{}",
            event.image,
            event.excess_bytes,
            event.threshold_bytes,
            in_brackets(event.path.as_deref())
        ),
        DomainEvent::MemoryFailure(event) => {
            format!("memory failure of the {}: {}", words(event.recipient), words(event.action))
        }
        DomainEvent::MemoryDeviceSizeChange(event) => {
            format!("memory device {}: {} KiB", event.device, event.size_kib)
        }
        DomainEvent::NicMacChange(event) => {
            format!("interface {}: {} became {}", event.device, event.old_mac, event.new_mac)
        }
        DomainEvent::VcpuRemoved(event) => format!("processor {} removed", event.vcpu),
        DomainEvent::ChannelLifecycle(event) => {
            format!("channel {} {}: {}", event.channel, words(event.state), words(event.reason))
        }
        other => format!("{other:?}"),
    }
}

fn change(change: Change) -> String {
    let (change, reason) = match change {
        Change::Defined(reason) => ("defined", words(reason)),
        Change::Undefined(reason) => ("undefined", words(reason)),
        Change::Started(reason) => ("started", words(reason)),
        Change::Suspended(reason) => ("suspended", words(reason)),
        Change::Resumed(reason) => ("resumed", words(reason)),
        Change::Stopped(reason) => ("stopped", words(reason)),
        Change::Shutdown(reason) => ("shut down", words(reason)),
        Change::PmSuspended(reason) => ("sleeping", words(reason)),
        Change::Crashed(reason) => ("crashed", words(reason)),
        other => return format!("{other:?}"),
    };
    format!("{change}: {reason}")
}

/// Converts the name of an enumeration's member to words: `FromSnapshot` is "from snapshot".
fn words(member: impl Debug) -> String {
    let mut words = String::new();
    for character in format!("{member:?}").chars() {
        if character.is_uppercase() && !words.is_empty() {
            words.push(' ');
        }
        words.extend(character.to_lowercase());
    }
    words
}

fn in_brackets(text: Option<&str>) -> String {
    text.map_or_else(String::new, |text| format!(" ({text})"))
}

fn address(address: &GraphicsAddress) -> String {
    match (&*address.node, &*address.service) {
        ("", _) => words(address.family),
        (node, "") => node.to_owned(),
        (node, service) => format!("{node} {service}"),
    }
}

fn list(params: &TypedParams) -> String {
    let items: Vec<_> = params
        .iter()
        .map(|(name, value)| match value {
            ValueRef::Int(number) => format!("{name}={number}"),
            ValueRef::Uint(number) => format!("{name}={number}"),
            ValueRef::Llong(number) => format!("{name}={number}"),
            ValueRef::Ullong(number) => format!("{name}={number}"),
            ValueRef::Double(number) => format!("{name}={number}"),
            ValueRef::Boolean(truth) => format!("{name}={truth}"),
            ValueRef::String(text) => format!("{name}={text}"),
        })
        .collect();
    items.join(" ")
}
