//! What `{:?}` shows of the errors that methods return: the text, so that a program whose `main`
//! returns one ends with it, and `unwrap` panics with it. `{:#?}` and `dbg!` show the structure.

use std::fmt;

use super::Error;
use super::uri::without_password;

/// Writes the structure of an enumeration like the derived `Debug`.
macro_rules! structure {
    (
        $value:expr, $f:expr,
        $($tuple:ident)*
        $(, $name:ident { $($field:ident $(= $shown:expr)?),* })*
    ) => {
        match $value {
            $(Self::$tuple(inner) => $f.debug_tuple(stringify!($tuple)).field(inner).finish(),)*
            $(Self::$name { $($field),* } => {
                $($(let $field = $shown;)?)*
                $f.debug_struct(stringify!($name))$(.field(stringify!($field), &$field))*.finish()
            })*
        }
    };
}

pub(crate) use structure;

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !f.alternate() {
            return fmt::Display::fmt(self, f);
        }
        structure!(
            self, f,
            Remote Closed NotSent NotConnected Protocol ReadOnly Network Tunnel Ssh Auth File
            Migration Aborted Failed Unsupported,
            Timeout { operation, after, waiting },
            Overrun { procedure, unread_bytes },
            InvalidArgument { procedure, reason },
            Uri { uri = without_password(uri), reason },
            Config { path, line, reason },
            Unreadable { path, source },
            Connect { target, tried, source },
            Start { daemon, source },
            Tls { host, port, source },
            Opening { target, source, hint },
            Incomplete { ended, copied_bytes, expected_bytes }
        )
    }
}
