//! Structures for documented sets of parameters.

/// A structure of optional fields, each the value of one named parameter.
///
/// Generates `set`, which takes in one parameter and says whether it knew it, `from_params`, and
/// `to_params`.
macro_rules! param_struct {
    (
        $(#[$meta:meta])*
        $vis:vis struct $name:ident {
            $($(#[$field_meta:meta])* $field:ident: $ty:ty = $param:literal),* $(,)?
        }
    ) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Default, PartialEq)]
        #[non_exhaustive]
        $vis struct $name {
            $($(#[$field_meta])* pub $field: Option<$ty>,)*
        }

        #[allow(dead_code)]
        impl $name {
            /// Takes in one parameter. `false` when it is unknown or of another kind.
            pub(crate) fn set(&mut self, name: &str, value: $crate::params::ValueRef<'_>) -> bool {
                match name {
                    $($param => {
                        self.$field = $crate::params::FromParam::from_param(value);
                        self.$field.is_some()
                    })*
                    _ => false,
                }
            }

            /// Picks the known parameters out of a list.
            pub fn from_params(params: &$crate::params::TypedParams) -> Self {
                let mut values = Self::default();
                for (name, value) in params.iter() {
                    values.set(name, value);
                }
                values
            }

            /// The fields that have a value, as parameters.
            pub fn to_params(&self) -> $crate::params::TypedParams {
                let mut params = $crate::params::TypedParams::new();
                $(if let Some(value) = &self.$field {
                    params.push($param, value.clone());
                })*
                params
            }
        }
    };
}

pub(crate) use param_struct;
