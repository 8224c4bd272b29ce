use std::fmt;

use super::close::write_calls;

/// What was waited for when a deadline passed.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Waiting {
    /// The daemon's reply.
    Reply {
        /// Calls of the connection that the daemon has not answered, this one and those included that
        /// their callers have given up.
        unanswered: usize,
    },
    /// To be sent: the daemon works on as many calls that take long as it may be given at a time
    /// ([`ConnectBuilder::max_long_calls`](crate::ConnectBuilder::max_long_calls)).
    Turn {
        /// How many calls of which procedures it has not answered, those included that their callers
        /// have given up.
        unanswered: Vec<(&'static str, usize)>,
    },
    /// To be sent: the daemon does not take what it was sent before.
    Room {
        /// Bytes that it has not taken.
        unsent: usize,
    },
    /// The daemon's confirmation of a stream's end.
    Confirmation,
    /// A step of opening a connection to be done.
    Opening,
}

impl fmt::Display for Waiting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Reply { unanswered: 0 | 1 } | Self::Opening => f.write_str("got no reply"),
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
            Self::Room { unsent } => write!(
                f,
                "was not sent, because the daemon has not taken {unsent} bytes sent before,"
            ),
        }
    }
}
