//! Where and when a migration fails, and which host then has the guest.

use std::fmt;

/// A host of a migration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MigrationSide {
    /// The host that the guest is to leave.
    Source,
    /// The host that the guest is to move to.
    Destination,
}

/// A step of a migration, each of which is one call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MigrationStep {
    /// The source describes the guest.
    Begin,
    /// The destination makes itself ready for the guest.
    Prepare,
    /// The source sends the guest.
    Perform,
    /// The destination starts the guest, or removes what it has of it.
    Finish,
    /// The source removes its guest, or lets it go on.
    Confirm,
}

/// What a host has of a guest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Presence {
    /// Nothing.
    Absent,
    /// Its definition; it does not run there.
    Inactive,
    /// The guest, paused.
    Paused,
    /// A part of the guest's memory, the other host having the rest: a migration in its post-copy
    /// phase broke. Migrate again with
    /// [`POSTCOPY_RESUME`](crate::domain::MigrateFlags::POSTCOPY_RESUME).
    PostCopyFailed,
    /// The guest, running.
    Running,
    /// Unknown: the host could not be asked.
    Unknown,
}

/// Which of a migration's hosts has the guest; see
/// [`Migration::outcome`](crate::domain::Migration::outcome).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct MigrationOutcome {
    /// What the source has of the guest.
    pub source: Presence,
    /// What the destination has of the guest.
    pub destination: Presence,
}

impl fmt::Display for MigrationSide {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Source => "source",
            Self::Destination => "destination",
        })
    }
}

impl fmt::Display for MigrationStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Begin => "begin",
            Self::Prepare => "prepare",
            Self::Perform => "perform",
            Self::Finish => "finish",
            Self::Confirm => "confirm",
        })
    }
}

impl fmt::Display for Presence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Absent => "absent",
            Self::Inactive => "defined, not running",
            Self::Paused => "paused",
            Self::PostCopyFailed => "incomplete since post-copy failed",
            Self::Running => "running",
            Self::Unknown => "unknown",
        })
    }
}

impl fmt::Display for MigrationOutcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "on the source {}, on the destination {}", self.source, self.destination)
    }
}
