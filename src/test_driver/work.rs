//! What the functions that answer calls work on.

use super::events::ClientId;
use super::state::State;

/// A call that is being answered.
pub(super) struct Work<'a> {
    pub(super) state: &'a mut State,
    pub(super) client: ClientId,
    /// The URI that the client has opened.
    pub(super) uri: &'a str,
}
