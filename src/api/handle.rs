//! The macro that defines the handles to libvirt's objects.

use crate::client::Connect;

/// Parent of an object: a connection, or the object that it is a part of.
pub(crate) trait Parent: Clone + PartialEq {
    fn connection(&self) -> &Connect;

    /// Returns the same object through `conn`.
    fn through(&self, conn: &Connect) -> Self;
}

impl Parent for Connect {
    fn connection(&self) -> &Connect {
        self
    }

    fn through(&self, conn: &Connect) -> Self {
        conn.clone()
    }
}

/// Defines a handle: it converts from and to a reference on the wire, is cheap to clone, makes
/// calls, and is equal to another with the same identity and connection.
///
/// `Name of program::Wire, known by key { texts; plain values; hidden values }`, where `key` is the
/// field that tells objects apart. `Name of program::Wire in Parent as field` is an object within
/// another, whose reference is `field` of its own. The visibility in front is that of the connection;
/// `through Type` is the one of that name that users have in its place.
/// Hidden values are visible to the files beside the handle's. `field: text as name` is a text that
/// users know by another name than the wire has for it. What stands before `connect` are attributes
/// of the method that returns the connection.
macro_rules! handle {
    (
        $(#[$meta:meta])*
        $vis:vis $name:ident of $program:ident::$wire:ident
        $(in $parent:ident as $parent_field:ident)? $(through $via:ident)?, known by $key:ident
        $(, $(#[$connect_meta:meta])+ connect)? {
            $($(#[$text_meta:meta])* $text:ident: text $(as $shown:ident)?),*;
            $($(#[$plain_meta:meta])* $plain:ident: $plain_ty:ty),*;
            $($(#[$hidden_meta:meta])* $hidden:ident: $hidden_ty:ty),* $(;)?
        }
    ) => {
        $(#[$meta])*
        #[derive(Clone)]
        pub struct $name {
            parent: $crate::api::handle::handle!(@parent $($parent)?),
            $($text: $crate::api::name::Name,)*
            $($plain: $plain_ty,)*
            $($(#[$hidden_meta])* pub(super) $hidden: $hidden_ty,)*
        }

        /// # Identity
        #[allow(dead_code, reason = "not each object needs each of them")]
        impl $name {
            pub(crate) fn from_wire(
                parent: &$crate::api::handle::handle!(@parent $($parent)?),
                wire: &$program::$wire<'_>,
            ) -> Self {
                Self {
                    parent: parent.clone(),
                    $($text: (&wire.$text).into(),)*
                    $($plain: wire.$plain.into(),)*
                    $($hidden: wire.$hidden.into(),)*
                }
            }

            pub(crate) fn list_from_wire(
                parent: &$crate::api::handle::handle!(@parent $($parent)?),
                wire: &[$program::$wire<'_>],
            ) -> Vec<Self> {
                wire.iter().map(|wire| Self::from_wire(parent, wire)).collect()
            }

            /// Returns the reference that calls carry.
            pub(crate) fn wire(&self) -> $program::$wire<'_> {
                self.into()
            }

            pub(crate) async fn call<R: $crate::protocol::ReplyRequest>(
                &self,
                request: R,
            ) -> $crate::error::Result<$crate::client::Reply<R::Reply>> {
                self.connect().call(request).await
            }

            pub(crate) async fn run<R: $crate::protocol::VoidRequest>(
                &self,
                request: R,
            ) -> $crate::error::Result<()> {
                self.connect().run(request).await
            }

            $($crate::api::handle::handle!(@text [$(#[$text_meta])*] $text $($shown)?);)*

            $(
                $(#[$plain_meta])*
                pub fn $plain(&self) -> $plain_ty {
                    self.$plain
                }
            )*

            /// Returns the connection through which the object was found.
            $($(#[$connect_meta])+)?
            $vis fn connect(&self) -> &$crate::client::Connect {
                $crate::api::handle::Parent::connection(&self.parent)
            }

            /// Returns a handle to the same object whose calls use `conn`: with its timeout, or
            /// over another connection to the same daemon.
            #[must_use]
            pub fn via(&self, conn: &$crate::api::handle::handle!(@via $($via)?)) -> Self {
                let conn = $crate::api::handle::handle!(@connection conn $($via)?);
                $crate::api::handle::Parent::through(self, conn)
            }

            /// Returns a handle to the same object whose calls fail with
            /// [`Error::Timeout`](crate::Error::Timeout) when the daemon has not replied within
            /// `timeout`.
            #[must_use]
            pub fn with_timeout(&self, timeout: std::time::Duration) -> Self {
                let conn = self.connect().with_timeout(timeout);
                $crate::api::handle::Parent::through(self, &conn)
            }
        }

        impl $crate::api::handle::Parent for $name {
            fn connection(&self) -> &$crate::client::Connect {
                self.connect()
            }

            fn through(&self, conn: &$crate::client::Connect) -> Self {
                Self {
                    parent: $crate::api::handle::Parent::through(&self.parent, conn),
                    ..self.clone()
                }
            }
        }

        /// Converts to the reference that requests carry.
        impl<'a> From<&'a $name> for $program::$wire<'a> {
            fn from(handle: &'a $name) -> Self {
                Self {
                    $($parent_field: (&handle.parent).into(),)?
                    $($text: (&handle.$text).into(),)*
                    $($plain: handle.$plain.into(),)*
                    $($hidden: (&handle.$hidden).into(),)*
                }
            }
        }

        /// Equality means the same object through the same connection.
        impl PartialEq for $name {
            fn eq(&self, other: &Self) -> bool {
                self.$key == other.$key && self.parent == other.parent
            }
        }

        impl Eq for $name {}

        impl std::hash::Hash for $name {
            fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
                self.$key.hash(state);
            }
        }

        /// What tells the object apart, as in [`Debug`](std::fmt::Debug); of one within another
        /// object that as well.
        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                use serde::ser::SerializeStruct as _;

                let names: &[&str] = &[
                    $(stringify!($parent),)?
                    $(stringify!($text),)*
                    $(stringify!($plain),)*
                ];
                let mut fields = serializer.serialize_struct(stringify!($name), names.len())?;
                $(fields.serialize_field($crate::types::text::text!($parent), &self.parent)?;)?
                $($crate::api::handle::handle!(@serialize fields, self, $text $($shown)?);)*
                $(fields.serialize_field(stringify!($plain), &self.$plain)?;)*
                fields.end()
            }
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.debug_struct(stringify!($name))
                    $(.field(stringify!($text), &self.$text))*
                    $(.field(stringify!($plain), &self.$plain))*
                    $(.field(stringify!($hidden), &self.$hidden))*
                    .finish_non_exhaustive()
            }
        }
    };
    (@text [$($meta:tt)*] $text:ident) => {
        $crate::api::handle::handle!(@text [$($meta)*] $text $text);
    };
    (@text [$($meta:tt)*] $text:ident $shown:ident) => {
        $($meta)*
        pub fn $shown(&self) -> &str {
            self.$text.as_str()
        }
    };
    (@serialize $fields:ident, $self:ident, $text:ident) => {
        $fields.serialize_field(stringify!($text), $self.$text.as_str())?;
    };
    (@serialize $fields:ident, $self:ident, $text:ident $shown:ident) => {
        $fields.serialize_field(stringify!($shown), $self.$text.as_str())?;
    };
    (@via) => { $crate::client::Connect };
    (@via $via:ident) => { $via };
    (@connection $conn:ident) => { $conn };
    (@connection $conn:ident $via:ident) => { &$conn.conn };
    (@parent) => { $crate::client::Connect };
    (@parent $parent:ident) => { $parent };
}

pub(crate) use handle;
