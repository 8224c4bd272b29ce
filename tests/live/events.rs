//! Every kind of event that can be caused here, and what subscriptions do with them.

mod device;
mod guest;
mod lifecycle;
mod objects;
mod program;
mod registration;

use std::fs;

use libvirt_client::domain::Domain;
use libvirt_client::events::domain::Change;
use libvirt_client::events::{DomainEvent, DomainEventKinds, Subscription};
use rig::Daemon;

use crate::common::LIMIT;

/// All that is told of one domain.
pub struct Watch {
    events: Subscription<DomainEvent>,
    /// What came and was not asked for yet.
    seen: Vec<DomainEvent>,
}

impl Watch {
    pub async fn of(domain: &Domain) -> Self {
        Self {
            events: domain.events(DomainEventKinds::all()).await.unwrap(),
            seen: Vec::new(),
        }
    }

    /// Waits for an event of which `wanted` makes something, and takes it; `what` is its name.
    pub async fn find<T>(&mut self, what: &str, wanted: impl Fn(&DomainEvent) -> Option<T>) -> T {
        let mut looked_at = 0;
        let finding = async {
            loop {
                while let Some(event) = self.seen.get(looked_at) {
                    if let Some(found) = wanted(event) {
                        self.seen.remove(looked_at);
                        return found;
                    }
                    looked_at += 1;
                }
                self.seen.push(self.events.next().await.unwrap().unwrap());
            }
        };
        let found = tokio::time::timeout(LIMIT, finding).await;
        found.unwrap_or_else(|_| panic!("no {what}, but {:#?}", self.seen))
    }

    /// Waits for one of the changes of state, and forgets those before it.
    pub async fn change(&mut self, expected: Change) {
        let what = format!("{expected:?}");
        self.find(&what, |event| match event {
            DomainEvent::Lifecycle(event) if event.change == expected => Some(()),
            _ => None,
        })
        .await;
    }
}

/// Waits for an event of this variant, and gives its structure.
macro_rules! find {
    ($watch:expr, $kind:ident $(if |$event:ident| $holds:expr)?) => {
        $watch
            .find(stringify!($kind), |event| match event {
                libvirt_client::events::DomainEvent::$kind(event)
                    $(if { let $event = event; $holds })? => Some(event.clone()),
                _ => None,
            })
            .await
    };
}

use find;

/// Has QEMU's monitor do something as a human would ask for it.
pub fn monitor(daemon: &Daemon, domain: &Domain, command: &str) {
    let args = ["qemu-monitor-command", domain.name(), "--hmp", command];
    daemon.virsh(args).unwrap();
}

/// The process of a domain's QEMU.
pub fn qemu_process(daemon: &Daemon, domain: &Domain) -> rustix::process::Pid {
    let mark = format!("guest={},", domain.name());
    let is_it = |pid: &u32| {
        let command = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        let mut words = command.split(|byte| *byte == 0);
        words.any(|word| word.starts_with(mark.as_bytes()))
    };
    let pid = daemon.processes().unwrap().into_iter().find(is_it).unwrap();
    rustix::process::Pid::from_raw(pid as i32).unwrap()
}
