//! What a wait was for when its deadline passed.

use std::fmt;

use super::close::write_calls;

/// The state of a wait when its deadline passed.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Waiting {
    /// Waited for the daemon's reply.
    Reply {
        /// The number of the connection's unanswered calls, this one and abandoned ones included.
        unanswered: usize,
    },
    /// Waited to be sent: the daemon has as many calls that take long as it may be given at a time
    /// ([`ConnectBuilder::max_long_calls`](crate::ConnectBuilder::max_long_calls)).
    Turn {
        /// The number of unanswered calls per procedure, including those that their callers have
        /// abandoned.
        unanswered: Vec<(&'static str, usize)>,
    },
    /// Waited to be sent: the daemon does not read what was sent before.
    Room {
        /// The number of bytes that it has not read.
        unsent_bytes: usize,
    },
    /// Waited for the daemon to take data of a stream; it may have got what was written before.
    Data {
        /// The number of bytes that it has not read.
        unsent_bytes: usize,
    },
    /// Waited for the daemon to confirm a stream's end.
    Confirmation,
    /// Waited for a step of opening a connection.
    Opening,
    /// Waited for something to happen, e.g. in [`Domain::wait_for_state`](crate::domain::Domain::wait_for_state).
    Event {
        /// The name of the object that it was to happen to.
        object: String,
    },
}

impl fmt::Display for Waiting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Reply { unanswered: 0 | 1 } | Self::Opening => f.write_str("got no reply"),
            Self::Event { .. } => f.write_str("has not come"),
            Self::Confirmation => f.write_str("got no confirmation of its stream's end"),
            Self::Reply { unanswered } => write!(
                f,
                "got no reply, as one of {unanswered} calls that the daemon has not answered,"
            ),
            Self::Turn { unanswered } => {
                f.write_str("was not sent, because the daemon has not answered ")?;
                write_calls(f, unanswered)?;
                f.write_str(",")
            }
            Self::Data { unsent_bytes } => {
                write!(
                    f,
                    "was not sent all, because the daemon has not taken {unsent_bytes} bytes,"
                )
            }
            Self::Room { unsent_bytes } => write!(
                f,
                "was not sent, because the daemon has not taken {unsent_bytes} bytes sent before,"
            ),
        }
    }
}
