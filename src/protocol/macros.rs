//! Macros that define the generated procedures and events.

/// Defines a procedure as the structure of its arguments, which is the request:
/// `struct Name<'a> { fields } = number in PROGRAM => Reply<'static>, for "virName" since "x.y.z",
/// Low|High`, and where they apply `, stream Read|Write`, `, waits for Guest|Host` and `, with
/// descriptors`. Without a C function there is no `for`. The fields are those of `xdr_struct!`, and
/// so is `secret`; a procedure without arguments has none.
macro_rules! procedure {
    ($(#[$meta:meta])* struct $name:ident {} = $($rest:tt)*) => {
        $(#[$meta])*
        #[cfg_attr(docsrs, doc(hidden))]
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub struct $name;

        impl $crate::xdr::Encode for $name {
            #[inline]
            fn encode(
                &self,
                _writer: &mut $crate::xdr::Writer<'_>,
            ) -> Result<(), $crate::xdr::EncodeError> {
                Ok(())
            }
        }

        impl<'x> $crate::xdr::Decode<'x> for $name {
            const MIN_SIZE: usize = 0;

            #[inline]
            fn decode(
                _reader: &mut $crate::xdr::Reader<'x>,
            ) -> Result<Self, $crate::xdr::DecodeError> {
                Ok(Self)
            }
        }

        impl $crate::xdr::Body for $name {
            type Borrowed<'x> = Self;
        }

        $crate::protocol::procedure!(@request $name [] $($rest)*);
    };
    (
        $(#[$meta:meta])*
        struct $name:ident $(<$life:lifetime>)? { $($fields:tt)* } = $($rest:tt)*
    ) => {
        $crate::xdr::xdr_struct! { $(#[$meta])* struct $name $(<$life>)? { $($fields)* } }
        $crate::protocol::procedure!(@request $name [$(<$life>)?] $($rest)*);
    };
    (
        $(#[$meta:meta])*
        secret struct $name:ident $(<$life:lifetime>)? { $($fields:tt)* } = $($rest:tt)*
    ) => {
        $crate::xdr::xdr_struct! { $(#[$meta])* secret struct $name $(<$life>)? { $($fields)* } }
        $crate::protocol::procedure!(@request $name [$(<$life>)?] $($rest)*);
    };
    (
        @request $name:ident [$($life:tt)*] $number:literal in $program:ident $(=> $reply:ty)?,
        $(for $function:literal)? since $since:literal, $priority:ident
        $(, stream $stream:ident)? $(, waits for $long:ident)? $(, with $descriptors:ident)?
    ) => {
        impl $($life)* $crate::protocol::Request for $name $($life)* {
            const INFO: $crate::protocol::ProcedureInfo = $crate::protocol::ProcedureInfo {
                program: $program,
                number: $number,
                name: $crate::protocol::procedure!(@name $name $($function)?),
                since: $since,
                priority: $crate::protocol::Priority::$priority,
                stream: $crate::protocol::procedure!(@stream $($stream)?),
                long: $crate::protocol::procedure!(@long $($long)?),
            };
        }

        $crate::protocol::procedure!(
            @kind $name [$($life)*] [$($reply)?] [$($stream)?] [$($descriptors)?]
        );
    };
    (@kind $name:ident [$($life:tt)*] [] [] []) => {
        impl $($life)* $crate::protocol::VoidRequest for $name $($life)* {}
    };
    (@kind $name:ident [$($life:tt)*] [$reply:ty] [] []) => {
        impl $($life)* $crate::protocol::ReplyRequest for $name $($life)* {
            type Reply = $reply;
        }
    };
    (@kind $name:ident [$($life:tt)*] [$($reply:ty)?] [$stream:ident] []) => {
        impl $($life)* $crate::protocol::StreamRequest for $name $($life)* {
            type Reply = $crate::protocol::procedure!(@reply $($reply)?);
        }
    };
    (@kind $name:ident [$($life:tt)*] [$($reply:ty)?] [] [descriptors]) => {
        impl $($life)* $crate::protocol::FdRequest for $name $($life)* {
            type Reply = $crate::protocol::procedure!(@reply $($reply)?);
        }
    };
    (@name $name:ident) => { stringify!($name) };
    (@name $name:ident $function:literal) => { $function };
    (@reply) => { () };
    (@reply $reply:ty) => { $reply };
    (@stream) => { None };
    (@stream $stream:ident) => { Some($crate::protocol::StreamKind::$stream) };
    (@long) => { None };
    (@long $long:ident) => { Some($crate::protocol::WaitsFor::$long) };
}

/// Defines an event message: `Name<'a> = number in PROGRAM: Msg`.
macro_rules! event {
    (
        $(#[$meta:meta])*
        $name:ident<$life:lifetime> = $number:literal in $program:ident: $msg:ty
    ) => {
        $(#[$meta])*
        #[cfg_attr(docsrs, doc(hidden))]
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
