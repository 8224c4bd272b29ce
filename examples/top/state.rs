//! Names of states.

use libvirt_client::domain::State;

use crate::guests::Guest;

/// In eight characters.
pub(crate) fn name_of(guest: &Guest) -> &'static str {
    match guest.state {
        _ if guest.is_silent => "hangs",
        State::Running => "running",
        State::Blocked => "idle",
        State::Paused => "paused",
        State::Shutdown => "stopping",
        State::Shutoff => "shut off",
        State::Crashed => "crashed",
        State::PmSuspended => "asleep",
        _ => "unknown",
    }
}
