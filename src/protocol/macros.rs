//! What generated procedures and events are written in.

/// A procedure: `Name<'a> = number in PROGRAM: Args => Ret, since "x.y.z", Low|High`, and where they
/// apply `, stream Read|Write` and `, waits for Guest|Host`.
macro_rules! procedure {
    (
        $(#[$meta:meta])*
        $name:ident<$life:lifetime> = $number:literal in $program:ident: $args:ty => $ret:ty,
        since $since:literal, $priority:ident $(, stream $stream:ident)? $(, waits for $long:ident)?
    ) => {
        $(#[$meta])*
        #[derive(Debug)]
        pub enum $name {}

        impl $crate::protocol::Procedure for $name {
            type Args<$life> = $args;
            type Ret<$life> = $ret;
            const INFO: $crate::protocol::ProcedureInfo = $crate::protocol::ProcedureInfo {
                program: $program,
                number: $number,
                name: stringify!($name),
                since: $since,
                priority: $crate::protocol::Priority::$priority,
                stream: $crate::protocol::procedure!(@stream $($stream)?),
                long: $crate::protocol::procedure!(@long $($long)?),
            };
        }
    };
    (@stream) => { None };
    (@stream $stream:ident) => { Some($crate::protocol::StreamKind::$stream) };
    (@long) => { None };
    (@long $long:ident) => { Some($crate::protocol::WaitsFor::$long) };
}

/// An event message: `Name<'a> = number in PROGRAM: Msg`.
macro_rules! event {
    (
        $(#[$meta:meta])*
        $name:ident<$life:lifetime> = $number:literal in $program:ident: $msg:ty
    ) => {
        $(#[$meta])*
        #[derive(Debug)]
        pub enum $name {}

        impl $crate::protocol::Event for $name {
            type Msg<$life> = $msg;
            const INFO: $crate::protocol::EventInfo = $crate::protocol::EventInfo {
                program: $program,
                number: $number,
                name: stringify!($name),
            };
        }
    };
}

pub(crate) use {event, procedure};
