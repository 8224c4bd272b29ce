//! What can be done about a daemon's report, by its code and, where that does not tell, by its text:
//! a daemon's messages are translated where its own locale says so.

use super::RemoteError;
use crate::types::error::ErrorCode;

/// How the texts name what can be active.
const OBJECTS: [&str; 7] = [
    "domain",
    "vm",
    "network",
    "storage pool",
    "interface",
    "device",
    "node device",
];

impl RemoteError {
    /// Returns whether something is not there that has no code of its own: a device, an entry of a
    /// network.
    pub(super) fn says_not_found(&self) -> bool {
        match self.code {
            ErrorCode::InternalError => self.says("no device found with alias "),
            ErrorCode::OperationInvalid => {
                self.says("couldn't locate a")
                    || self.says("couldn't find an interface entry")
                    || self.says("couldn't find a portgroup entry")
            }
            _ => false,
        }
    }

    /// Returns whether something of that name or kind is there; see
    /// [`Error::is_already_exists`](super::Error::is_already_exists).
    pub(super) fn is_already_exists(&self) -> bool {
        match self.code {
            ErrorCode::DomExist
            | ErrorCode::NetworkExist
            | ErrorCode::StorageVolExist
            | ErrorCode::NetworkPortExist => true,
            ErrorCode::OperationFailed | ErrorCode::OperationInvalid | ErrorCode::InternalError => {
                self.says("already exists")
                    || self.says("already defined")
                    // What is to be started says so in other words, ...
                    || self.says("is already active as ")
                    || self.says("domain '") && self.message.ends_with("' is already active")
                    // ... a copy of a volume, ...
                    || self.says("storage volume name '") && self.says("' already in use")
                    // ... and an entry of a network.
                    || self.says("there is an existing ")
                    || self.says("there is already at least one DNS ")
                    || self.says("there is already a DNS ")
            }
            _ => false,
        }
    }

    /// Returns whether an object is in the state that was asked for; see
    /// [`Error::is_already_active`](super::Error::is_already_active).
    pub(super) fn is_already_active(&self) -> bool {
        let is_started = self.says_of_object(" is already running")
            || self.says_of_object(" is already active")
            // So says the test driver, of one that is to be undefined as well.
            || self.procedure == "virStoragePoolCreate" && self.says_of_object(" is active");
        is_started && !self.is_already_exists()
    }

    /// Returns whether an object does not run; see
    /// [`Error::is_not_active`](super::Error::is_not_active).
    pub(super) fn is_not_active(&self) -> bool {
        self.says_of_object(" is not running")
            || self.says_of_object(" is not active")
            || self.says_of_object(" not running")
    }

    /// Returns whether the arguments were wrong; see
    /// [`Error::is_invalid`](super::Error::is_invalid).
    pub(super) fn is_invalid(&self) -> bool {
        match self.code {
            // Also that of flags that the daemon does not know.
            ErrorCode::InvalidArg => !self.is_unsupported(),
            ErrorCode::XmlError
            | ErrorCode::XmlDetail
            | ErrorCode::XmlInvalidSchema
            | ErrorCode::InvalidMac
            | ErrorCode::Overflow
            // What XML lacks.
            | ErrorCode::NoName
            | ErrorCode::NoSource
            | ErrorCode::NoTarget => true,
            _ => false,
        }
    }

    /// Returns whether the daemon was busy with the object and did nothing; see
    /// [`Error::is_transient`](super::Error::is_transient).
    pub(super) fn is_busy(&self) -> bool {
        match self.code {
            ErrorCode::OperationTimeout => !self.is_undecided(),
            ErrorCode::ResourceBusy => true,
            // Pools and volumes have no code for it.
            ErrorCode::InternalError => self.says("has asynchronous jobs running"),
            ErrorCode::OperationInvalid => {
                self.says("is still in use")
                    || self.says("is still being allocated")
                    || self.says("is starting up")
            }
            _ => false,
        }
    }

    /// Returns whether the guest may still do what it was asked for: its agent a command, or to give
    /// up a virtual CPU.
    pub(super) fn is_undecided(&self) -> bool {
        match self.code {
            ErrorCode::AgentCommandTimeout => true,
            ErrorCode::OperationTimeout => self.says("unplug request timed out"),
            _ => false,
        }
    }

    fn says(&self, text: &str) -> bool {
        self.message.contains(text)
    }

    /// Returns whether the message is that of an object, with or without its name.
    fn says_of_object(&self, what: &str) -> bool {
        use ErrorCode::{InternalError, OperationFailed, OperationInvalid};
        if !matches!(self.code, OperationInvalid | OperationFailed | InternalError) {
            return false;
        }
        // The code's own text precedes it.
        let detail = self.message.split_once(": ").map_or(&*self.message, |(_, detail)| detail);
        let Some(object) = detail.strip_suffix(what) else {
            return false;
        };
        let kind = object.split_once(" '").map_or(object, |(kind, _)| kind);
        OBJECTS.iter().any(|known| kind.eq_ignore_ascii_case(known))
    }
}
