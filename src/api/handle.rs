//! What handles to objects other than domains have in common.

/// A handle that is told by its name or UUID: how it is made from a reference on the wire and back,
/// and that it is cheap to clone and compares by identity and connection.
macro_rules! handle {
    (
        $(#[$meta:meta])*
        $name:ident of $wire:ident, known by $key:ident {
            $($(#[$field_meta:meta])* $field:ident: text),*;
            $($(#[$plain_meta:meta])* $plain:ident: $plain_ty:ty),* $(,)?
        }
    ) => {
        $(#[$meta])*
        #[derive(Clone)]
        pub struct $name {
            conn: $crate::client::Connect,
            $($field: $crate::api::name::Name,)*
            $($plain: $plain_ty,)*
        }

        impl $name {
            pub(crate) fn from_wire(
                conn: &$crate::client::Connect,
                wire: &$crate::protocol::remote::$wire<'_>,
            ) -> Self {
                Self {
                    conn: conn.clone(),
                    $($field: (&wire.$field).into(),)*
                    $($plain: wire.$plain.into(),)*
                }
            }

            /// The reference that calls carry.
            pub(crate) fn wire(&self) -> $crate::protocol::remote::$wire<'_> {
                $crate::protocol::remote::$wire {
                    $($field: (&self.$field).into(),)*
                    $($plain: self.$plain.into(),)*
                }
            }

            $(
                $(#[$field_meta])*
                pub fn $field(&self) -> &str {
                    self.$field.as_str()
                }
            )*

            $(
                $(#[$plain_meta])*
                pub fn $plain(&self) -> $plain_ty {
                    self.$plain
                }
            )*

            /// The connection that the object was found through.
            pub fn connect(&self) -> &$crate::client::Connect {
                &self.conn
            }
        }

        impl PartialEq for $name {
            fn eq(&self, other: &Self) -> bool {
                self.$key == other.$key && self.conn.same_connection(&other.conn)
            }
        }

        impl Eq for $name {}

        impl std::hash::Hash for $name {
            fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
                self.$key.hash(state);
            }
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.debug_struct(stringify!($name))
                    $(.field(stringify!($field), &self.$field))*
                    $(.field(stringify!($plain), &self.$plain))*
                    .finish_non_exhaustive()
            }
        }
    };
}

pub(crate) use handle;
