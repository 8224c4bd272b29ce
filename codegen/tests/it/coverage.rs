use codegen::coverage::{Entry, Status, coverage, json, table};
use codegen::project::Project;

use super::{workspace, write};

const DOMAIN: &str = "\
use crate::protocol::remote::{self, DomainReset};
use crate::protocol::{Procedure, remote::{DomainSuspend, NonnullDomain}};

macro_rules! simple { ($name:ident => $procedure:ident) => { remote::$procedure } }

impl<'a> Domain<'a> {
    /// Not a mention: remote::DomainRename.
    pub async fn info(&self) -> Result<Info> {
        self.call(remote::DomainGetInfo { dom: self.wire() }).await
    }

    pub fn reset(&self) {
        let closure = || async { self.run(DomainReset { dom }) };
        register(&remote::DomainEventReboot::INFO, &DomainSuspend::INFO);
    }

    simple! { shutdown => DomainShutdownFlags }
}

impl std::fmt::Debug for Domain<'_> {
    fn fmt(&self) {
        let _ = other::DomainRename;
        let _ = DomainMemoryPeek;
    }
}

fn helper() {
    run!(remote::DomainScreenshot { dom, screen: 0, flags: 0 });
}

simple! { resume => DomainResume }

#[cfg(test)]
mod tests {
    fn it_works() { let _ = remote::DomainRename; }
}
";

/// Names of procedures that make no request: events and types called like one, names for errors.
const EVENTS: &str = "\
use crate::protocol::{Request, remote};

pub enum HostEvent {
    StoragePoolRefresh(storage_pool::Refresh),
}

host_events! {
    StoragePoolRefresh: storage_pool::Refresh,
    Other(NodeDeviceUpdate: Update),
}

object_event! {
    Refresh = 1, StoragePoolEventRefresh about StoragePool as pool {}
}

fn error(request: remote::DomainSetTime<'_>, size: remote::DomainGetTime) -> Error {
    match HostEvent::NodeDeviceUpdate(1) {
        HostEvent::StoragePoolRefresh(_) => Error::new(remote::DomainSetUserPassword::INFO.name),
        other => convert::<remote::DomainPinEmulator>(other),
    }
}
";

const ADMIN: &str = "
impl Admin {
    fn version(&self) { self.call(admin::ConnectGetLibVersion) }
    simple! { fn close(&self) => ConnectClose }
}
";

const OPEN: &str = "
fn open() { let _ = (remote::AuthList, remote::ConnectGetUri); }
";

fn entries() -> Vec<Entry> {
    let root = tempfile::tempdir().unwrap();
    write(
        root.path(),
        &[
            ("src/api/domain/mod.rs", DOMAIN),
            ("src/api/admin.rs", ADMIN),
            ("src/events/host.rs", EVENTS),
            ("src/api/domain/tests.rs", "fn test() { remote::DomainRename }"),
            ("src/client/opening/open.rs", OPEN),
        ],
    );
    let mut project = Project::open(workspace()).unwrap();
    root.path().clone_into(&mut project.root);
    coverage(&project).unwrap()
}

fn status(entries: &[Entry], program: &str, name: &str) -> Status {
    let entry = entries.iter().find(|entry| entry.program == program && entry.name == name);
    entry.unwrap().status.clone()
}

#[test]
fn procedures_are_found_where_they_are_called() {
    let entries = entries();
    let api = |by: &str| Status::Api(vec![by.to_owned()]);
    for (program, name, by) in [
        ("remote", "DomainGetInfo", "Domain::info"),
        ("remote", "DomainReset", "Domain::reset"),
        ("remote", "DomainSuspend", "Domain::reset"),
        ("remote", "DomainEventReboot", "Domain::reset"),
        ("remote", "DomainScreenshot", "api::domain::helper"),
        ("remote", "StoragePoolEventRefresh", "object_event! Refresh"),
        ("remote", "DomainShutdownFlags", "simple! shutdown"),
        ("remote", "DomainResume", "simple! resume"),
        ("admin", "ConnectGetLibVersion", "Admin::version"),
        ("admin", "ConnectClose", "simple! close"),
        ("remote", "ConnectGetUri", "client::opening::open::open"),
    ] {
        assert_eq!(status(&entries, program, name), api(by), "{program} {name}");
    }
}

#[test]
fn mentions_that_reach_nothing_do_not_count() {
    let entries = entries();
    for name in [
        "DomainRename",
        "DomainMemoryPeek",
        "ConnectGetLibVersion",
        "StoragePoolRefresh",
        "NodeDeviceUpdate",
        "DomainSetTime",
        "DomainGetTime",
        "DomainSetUserPassword",
        "DomainPinEmulator",
    ] {
        assert_eq!(status(&entries, "remote", name), Status::Missing, "{name}");
    }
    // Spoken by the library itself, and said to be internal.
    let Status::Internal(reason) = status(&entries, "remote", "AuthList") else {
        panic!("not internal");
    };
    assert!(reason.contains("opened"), "{reason}");
}

#[test]
fn totals_add_up() {
    let entries = entries();
    let table = table(&entries, true);
    let total = table.lines().last().unwrap();
    let numbers: Vec<usize> =
        total.split_whitespace().skip(1).map(|number| number.parse().unwrap()).collect();
    assert_eq!(numbers.iter().sum::<usize>(), entries.len());
    assert_eq!(table.matches("missing  ").count(), numbers[2]);
    assert_eq!(json(&entries, false).lines().count(), entries.len());
    assert_eq!(json(&entries, true).lines().count(), numbers[2]);
}
