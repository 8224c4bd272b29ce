//! The macro that defines groups of statistics.

use crate::params::ValueRef;

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
        #[derive(Debug, Clone, Default, PartialEq, serde::Serialize)]
        #[non_exhaustive]
        pub struct $name {
            $($($(#[$hand_meta])* pub $hand: $hand_ty,)*)?
            $($(#[$field_meta])* pub $field: Option<$ty>,)*
        }

        const _: () = {
            #[allow(non_camel_case_types)]
            #[derive(Debug, Clone, Copy)]
            pub(in crate::api::domain::stats) enum Field {
                $($field),*
            }

            impl $crate::api::domain::stats::macros::Fields for $name {
                type Field = Field;

                fn field(key: &[u8]) -> Option<Field> {
                    $(if key == $key.as_bytes() {
                        return Some(Field::$field);
                    })*
                    None
                }

                fn set<'v>(
                    &mut self,
                    field: Field,
                    value: impl Into<$crate::params::ValueRef<'v>>,
                ) -> bool {
                    let value = value.into();
                    match field {
                        $(Field::$field => {
                            self.$field = $crate::params::param_struct!(@read value $(, $unit)?);
                            self.$field.is_some()
                        })*
                    }
                }
            }
        };
    };
}

pub(super) use stat_struct;

/// The fields of a structure that parameters set.
pub(super) trait Fields {
    /// A field.
    type Field: Copy;

    /// Returns the field that the rest of a parameter's name stands for.
    fn field(key: &[u8]) -> Option<Self::Field>;

    /// Sets a field. Returns `false` for a value of a wrong type.
    fn set<'v>(&mut self, field: Self::Field, value: impl Into<ValueRef<'v>>) -> bool;

    /// Sets the field that the rest of a parameter's name stands for. Returns `false` for an unknown
    /// name or a wrong type.
    fn set_named(&mut self, key: &[u8], value: ValueRef<'_>) -> bool {
        Self::field(key).is_some_and(|field| self.set(field, value))
    }
}
