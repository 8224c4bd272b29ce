//! The macro that defines groups of statistics.

/// A structure of optional fields, each the value of the parameter whose name ends with the given
/// string; `as Unit` is that of `param_struct!`. Fields behind a `;` are filled in by hand.
///
/// With `numbered`, the structure is one of several of its kind, with an index.
macro_rules! stat_struct {
    (
        $(#[$meta:meta])*
        numbered struct $name:ident {
            $($(#[$field_meta:meta])* $field:ident: $ty:ty = $key:literal $(as $unit:path)?),* $(,)?
            $(; $($(#[$hand_meta:meta])* $hand:ident: $hand_ty:ty),* $(,)?)?
        }
    ) => {
        stat_struct! {
            $(#[$meta])*
            struct $name {
                $($(#[$field_meta])* $field: $ty = $key $(as $unit)?),*
                ;
                /// Index among the others of its kind.
                number: u32,
                $($($(#[$hand_meta])* $hand: $hand_ty),*)?
            }
        }

        impl $crate::api::domain::stats::numbered::Numbered for $name {
            fn number(&self) -> u32 {
                self.number
            }

            fn new(number: u32) -> Self {
                Self { number, ..Self::default() }
            }
        }
    };
    (
        $(#[$meta:meta])*
        struct $name:ident {
            $($(#[$field_meta:meta])* $field:ident: $ty:ty = $key:literal $(as $unit:path)?),* $(,)?
            $(; $($(#[$hand_meta:meta])* $hand:ident: $hand_ty:ty),* $(,)?)?
        }
    ) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Default, PartialEq)]
        #[non_exhaustive]
        pub struct $name {
            $($($(#[$hand_meta])* pub $hand: $hand_ty,)*)?
            $($(#[$field_meta])* pub $field: Option<$ty>,)*
        }

        impl $name {
            /// Takes in one parameter by the rest of its name. Returns `false` for an unknown name
            /// or a wrong type.
            #[inline]
            pub(super) fn set(&mut self, key: &[u8], value: $crate::params::ValueRef<'_>) -> bool {
                $(if key == $key.as_bytes() {
                    self.$field = $crate::params::param_struct!(@read value $(, $unit)?);
                    return self.$field.is_some();
                })*
                false
            }
        }
    };
}

pub(super) use stat_struct;
