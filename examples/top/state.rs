//! Names of states.

use libvirt_client::domain::State;

use crate::guests::Guest;

/// In eight characters.
pub(crate) fn name_of(guest: &Guest) -> &'static str {
    match guest.state {
        _ if guest.is_silent => "hangs",
        Some(State::Running) => "running",
        Some(State::Blocked) => "idle",
        Some(State::Paused) => "paused",
        Some(State::Shutdown) => "stopping",
        Some(State::Shutoff) => "shut off",
        Some(State::Crashed) => "crashed",
        Some(State::PmSuspended) => "asleep",
        _ => "unknown",
    }
}
