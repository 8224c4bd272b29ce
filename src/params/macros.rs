//! Structures for documented sets of parameters.

/// A structure of optional fields, each the value of one named parameter.
///
/// `= NAME` is the parameter's name; `as Unit` behind it is the conversion between the parameter's
/// value and the field's (see [`Unit`](super::units::Unit)), and is left out where they are the same.
/// Fields in `[…]` are lists, of parameters that may come several times.
/// `..other` at the end adds a list of the parameters without a field.
///
/// Generates `set`, which takes in one parameter and returns whether a field matched, `collect`,
/// `from_params`, and `to_params`.
macro_rules! param_struct {
    (
        $(#[$meta:meta])*
        $vis:vis struct $name:ident {
            $($(#[$field_meta:meta])* $field:ident: $ty:ty = $param:literal $(as $unit:path)?,)*
            $([$($(#[$list_meta:meta])* $list:ident: $item:ty = $list_param:literal,)*])?
            $(..$other:ident)?
        }
    ) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Default, PartialEq, serde::Serialize)]
        #[non_exhaustive]
        $vis struct $name {
            $($(#[$field_meta])* pub $field: Option<$ty>,)*
            $($($(#[$list_meta])* pub $list: Vec<$item>,)*)?
            $(
                /// Parameters without a field, such as those of a newer daemon.
                pub $other: $crate::params::TypedParams,
            )?
        }

        #[allow(dead_code)]
        impl $name {
            /// Takes in one parameter. Returns `false` for an unknown name or a wrong type.
            pub(crate) fn set(&mut self, name: &str, value: $crate::params::ValueRef<'_>) -> bool {
                match name {
                    $($param => {
                        self.$field = $crate::params::param_struct!(@read value $(, $unit)?);
                        self.$field.is_some()
                    })*
                    $($($list_param => {
                        let item = <$item as $crate::params::FromParam>::from_param(value);
                        let known = item.is_some();
                        self.$list.extend(item);
                        known
                    })*)?
                    _ => false,
                }
            }

            /// Collects parameters into fields.
            pub(crate) fn collect<'a>(
                params: impl IntoIterator<Item = (&'a str, $crate::params::ValueRef<'a>)>,
            ) -> Self {
                let mut values = Self::default();
                for (name, value) in params {
                    $crate::params::param_struct!(@take values, name, value $(, $other)?);
                }
                values
            }

            /// Converts a list of parameters into fields.
            pub fn from_params(params: &$crate::params::TypedParams) -> Self {
                Self::collect(params.iter())
            }

            /// Returns the fields that have a value, as parameters. Durations are rounded up to the
            /// parameters' units.
            pub fn to_params(&self) -> $crate::params::TypedParams {
                let mut params = $crate::params::TypedParams::new();
                $(if let Some(value) = &self.$field {
                    params.push($param, $crate::params::param_struct!(@write value $(, $unit)?));
                })*
                $($(for item in &self.$list {
                    params.push($list_param, item.clone());
                })*)?
                $(
                    let fields = params.len();
                    for (name, value) in self.$other.iter() {
                        // A field that was set replaces what it could not be read from.
                        if params.iter().take(fields).all(|(field, _)| field != name) {
                            params.push(name, value.to_owned());
                        }
                    }
                )?
                params
            }
        }
    };
    (@take $values:ident, $name:ident, $value:ident) => {
        $values.set($name, $value);
    };
    (@take $values:ident, $name:ident, $value:ident, $other:ident) => {
        if !$values.set($name, $value) {
            $values.$other.push($name, $value.to_owned());
        }
    };
    (@read $value:ident) => { $crate::params::FromParam::from_param($value) };
    (@read $value:ident, $unit:path) => {
        <$unit as $crate::params::units::Unit<_>>::read($value)
    };
    (@write $value:ident) => { $value.clone() };
    (@write $value:ident, $unit:path) => {
        <$unit as $crate::params::units::Unit<_>>::write($value)
    };
}

pub(crate) use param_struct;
