//! Macros that define the generated wire types, with one short invocation per type.
//!
//! docs.rs shows these types only as definitions, on the pages of their modules: `protocol/mod.rs`
//! says why.

/// Defines a structure with its fields in order. `= MAX` after a type is the declared maximum of a
/// variable-length field; the flag `secret` keeps the values out of `Debug`.
macro_rules! xdr_struct {
    (
        $(#[$meta:meta])*
        secret struct $name:ident $(<$life:lifetime>)? { $($body:tt)* }
    ) => {
        $crate::xdr::xdr_struct!(@item [] [$(#[$meta])*] $name $(<$life>)? { $($body)* });

        impl $(<$life>)? std::fmt::Debug for $name $(<$life>)? {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.debug_struct(stringify!($name)).finish_non_exhaustive()
            }
        }
    };
    (
        $(#[$meta:meta])*
        struct $name:ident $(<$life:lifetime>)? { $($body:tt)* }
    ) => {
        $crate::xdr::xdr_struct!(@item [Debug,] [$(#[$meta])*] $name $(<$life>)? { $($body)* });
    };
    (
        @item [$($derive:tt)*] [$($meta:tt)*] $name:ident $(<$life:lifetime>)?
        { $($field:ident: $ty:ty $(= $max:expr)?),* $(,)? }
    ) => {
        $($meta)*
        #[cfg_attr(docsrs, doc(hidden))]
        #[derive($($derive)* Clone, PartialEq)]
        #[allow(missing_docs)]
        pub struct $name $(<$life>)? {
            $(pub $field: $ty,)*
        }

        impl $(<$life>)? $crate::xdr::Encode for $name $(<$life>)? {
            #[inline]
            fn encode(
                &self,
                writer: &mut $crate::xdr::Writer<'_>,
            ) -> Result<(), $crate::xdr::EncodeError> {
                $($crate::xdr::xdr_struct!(@encode writer, self.$field $(, $max)?);)*
                Ok(())
            }
        }

        $crate::xdr::xdr_struct!(@decode $name [$($life)?] { $($field: $ty $(= $max)?,)* });
    };
    (@decode $name:ident [] { $($fields:tt)* }) => {
        impl<'x> $crate::xdr::Decode<'x> for $name {
            $crate::xdr::xdr_struct!(@decode_body 'x { $($fields)* });
        }

        impl $crate::xdr::Body for $name {
            type Borrowed<'x> = Self;
        }
    };
    (@decode $name:ident [$life:lifetime] { $($fields:tt)* }) => {
        impl<$life> $crate::xdr::Decode<$life> for $name<$life> {
            $crate::xdr::xdr_struct!(@decode_body $life { $($fields)* });
        }

        impl $crate::xdr::Body for $name<'static> {
            type Borrowed<'x> = $name<'x>;
        }
    };
    (@decode_body $life:lifetime { $($field:ident: $ty:ty $(= $max:expr)?,)* }) => {
        const MIN_SIZE: usize = 0 $(+ $crate::xdr::xdr_struct!(@min_size $ty $(, $max)?))*;

        #[inline]
        fn decode(
            reader: &mut $crate::xdr::Reader<$life>,
        ) -> Result<Self, $crate::xdr::DecodeError> {
            Ok(Self {
                $($field: $crate::xdr::xdr_struct!(@field reader, $ty $(, $max)?),)*
            })
        }
    };
    (@encode $writer:ident, $value:expr) => {
        $crate::xdr::Encode::encode(&$value, $writer)?
    };
    (@encode $writer:ident, $value:expr, $max:expr) => {
        $crate::xdr::EncodeMax::encode_max(&$value, $writer, $max)?
    };
    (@field $reader:ident, $ty:ty) => { <$ty as $crate::xdr::Decode<'_>>::decode($reader)? };
    (@field $reader:ident, $ty:ty, $max:expr) => {
        <$ty as $crate::xdr::DecodeMax<'_>>::decode_max($reader, $max)?
    };
    (@min_size $ty:ty) => { <$ty as $crate::xdr::Decode<'_>>::MIN_SIZE };
    (@min_size $ty:ty, $max:expr) => { 4 };
}

/// Defines a discriminated union on a signed integer, with no default arm.
macro_rules! xdr_union {
    (
        $(#[$meta:meta])*
        union $name:ident<$life:lifetime> { $($arm:ident($ty:ty) = $discriminant:literal),* $(,)? }
    ) => {
        $(#[$meta])*
        #[cfg_attr(docsrs, doc(hidden))]
        #[derive(Debug, Clone, PartialEq)]
        #[allow(missing_docs)]
        pub enum $name<$life> {
            $($arm($ty),)*
        }

        impl<$life> $crate::xdr::Encode for $name<$life> {
            #[inline]
            fn encode(
                &self,
                writer: &mut $crate::xdr::Writer<'_>,
            ) -> Result<(), $crate::xdr::EncodeError> {
                match self {
                    $(Self::$arm(value) => {
                        $crate::xdr::Encode::encode(&($discriminant as i32), writer)?;
                        $crate::xdr::Encode::encode(value, writer)
                    })*
                }
            }
        }

        impl<$life> $crate::xdr::Decode<$life> for $name<$life> {
            const MIN_SIZE: usize = 4;

            #[inline]
            fn decode(
                reader: &mut $crate::xdr::Reader<$life>,
            ) -> Result<Self, $crate::xdr::DecodeError> {
                match <i32 as $crate::xdr::Decode<'_>>::decode(reader)? {
                    $($discriminant => {
                        <$ty as $crate::xdr::Decode<'_>>::decode(reader).map(Self::$arm)
                    })*
                    discriminant => Err($crate::xdr::DecodeError::UnknownArm { discriminant }),
                }
            }
        }
    };
}

pub(crate) use {xdr_struct, xdr_union};
