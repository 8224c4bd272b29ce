//! The objects of libvirt's API, as the names of C functions tell them.

/// An object, or another topic of the API.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Object {
    /// The beginning of the functions' names.
    pub(super) prefix: &'static str,
    /// The objects in words.
    pub(super) title: &'static str,
    /// The object that it is found in, if it is one.
    pub(super) parent: Option<&'static str>,
}

const fn topic(prefix: &'static str, title: &'static str) -> Object {
    Object { prefix, title, parent: None }
}

const fn within(parent: &'static str, prefix: &'static str, title: &'static str) -> Object {
    Object { prefix, title, parent: Some(parent) }
}

/// In the order of the page. The last one has all functions that no other has.
const OBJECTS: [Object; 25] = [
    topic("virConnect", "connections, and what is found through them"),
    topic("virNode", "the host"),
    within("virConnect", "virDomain", "domains"),
    within("virDomain", "virDomainSnapshot", "snapshots of domains"),
    within("virDomain", "virDomainCheckpoint", "checkpoints of domains"),
    within("virConnect", "virNetwork", "networks"),
    within("virNetwork", "virNetworkPort", "ports of networks"),
    within("virConnect", "virNWFilter", "network filters"),
    within("virConnect", "virNWFilterBinding", "bindings of network filters"),
    within("virConnect", "virInterface", "interfaces of the host"),
    within("virConnect", "virNodeDevice", "devices of the host"),
    within("virConnect", "virSecret", "secrets"),
    within("virConnect", "virStoragePool", "storage pools"),
    within("virStoragePool", "virStorageVol", "storage volumes"),
    within("virConnect", "virStream", "streams"),
    topic("virTypedParam", "typed parameters"),
    topic("virEvent", "event loops"),
    topic("virConnectDomainQemu", "events of QEMU's monitors"),
    topic("virDomainQemu", "QEMU's monitors and the agents of guests"),
    topic("virDomainLxc", "containers"),
    topic("virAdmConnect", "connections to a daemon's administration"),
    topic("virAdmServer", "servers of a daemon"),
    topic("virAdmClient", "clients of a server"),
    topic("virAdm", "the library for that itself"),
    topic("vir", "errors, and the library itself"),
];

impl Object {
    /// Returns the object or topic of a function.
    pub(super) fn of(function: &str) -> &'static Self {
        let [.., rest] = &OBJECTS;
        let fitting = OBJECTS.iter().filter(|object| function.starts_with(object.prefix));
        fitting.max_by_key(|object| object.prefix.len()).unwrap_or(rest)
    }

    /// Returns its place on the page.
    pub(super) fn place(&self) -> Option<usize> {
        OBJECTS.iter().position(|object| object == self)
    }
}
