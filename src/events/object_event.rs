//! The macro that defines kinds of events about an object.

/// A kind of event about an object with a handle: its ID, its message, and its fields, each with
/// its conversion from the message. The module's `register` makes the registration.
macro_rules! object_event {
    (
        $(#[$meta:meta])*
        $name:ident = $id:literal, $event:ident about $object:ident as $shown:ident from $wire:ident
        { $($(#[$field_meta:meta])* $field:ident: $ty:ty = $get:expr),* $(,)? }
    ) => {
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
        #[non_exhaustive]
        pub struct $name {
            /// Object that the event is about.
            pub $shown: $object,
            $($(#[$field_meta])* pub $field: $ty,)*
        }

        impl $crate::events::sealed::Sealed for $name {}

        impl $crate::events::EventKind for $name {
            type Object = $object;
            const NAME: &'static str = stringify!($name);

            async fn registration(
                _conn: &$crate::client::Connect,
                object: Option<&$object>,
            ) -> $crate::error::Result<$crate::client::registration::Registration> {
                const EVENT: &$crate::protocol::EventInfo =
                    &<$crate::protocol::remote::$event as $crate::protocol::Event>::INFO;
                register(EVENT, $id, object)
            }

            fn decode(
                conn: &$crate::client::Connect,
                body: &mut $crate::xdr::Reader<'_>,
                _has_callback_id: bool,
            ) -> Result<Self, $crate::xdr::DecodeError> {
                type Msg<'a> =
                    <$crate::protocol::remote::$event as $crate::protocol::Event>::Msg<'a>;
                let msg = <Msg<'_> as $crate::xdr::Decode<'_>>::decode(body)?;
                Ok(Self {
                    $shown: $object::from_wire(conn, &msg.$wire),
                    $($field: $crate::events::object_event::field(&msg, $get),)*
                })
            }
        }
    };
}

/// Lets the type of a closure's argument be inferred from a message.
pub(super) fn field<M, T>(msg: &M, get: impl FnOnce(&M) -> T) -> T {
    get(msg)
}

pub(super) use object_event;
