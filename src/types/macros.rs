//! Macros that define the generated enumerations and flag sets.

/// Encodes a type as a number, by functions to the number and from it.
macro_rules! as_number {
    ($name:ident: $number:ty, $to:expr, $from:expr) => {
        impl $crate::xdr::Encode for $name {
            #[inline]
            fn encode(
                &self,
                writer: &mut $crate::xdr::Writer<'_>,
            ) -> Result<(), $crate::xdr::EncodeError> {
                let number: $number = $to(*self);
                $crate::xdr::Encode::encode(&number, writer)
            }
        }

        impl<'a> $crate::xdr::Decode<'a> for $name {
            const MIN_SIZE: usize = 4;

            #[inline]
            fn decode(
                reader: &mut $crate::xdr::Reader<'a>,
            ) -> Result<Self, $crate::xdr::DecodeError> {
                <$number as $crate::xdr::Decode<'_>>::decode(reader).map($from)
            }
        }
    };
}

/// A set's name in C, with a link to the page in libvirt's reference that its header has.
macro_rules! reference {
    ($c_name:literal in $header:literal $(since $since:literal)?) => {
        concat!(
            "[`", $c_name, "`](https://libvirt.org/html/libvirt-", $header, ".html#", $c_name, ")"
            $(, ", since ", $since)?
        )
    };
}

/// An enumeration that keeps unknown numbers, so that a newer daemon never breaks decoding.
macro_rules! open_enum {
    (
        $(#[$meta:meta])*
        enum $name:ident $(=> $set:literal in $header:literal $(since $set_since:literal)?)? {
            $(
                $(#[$variant_meta:meta])*
                $variant:ident = $value:literal => $c_name:literal $(since $since:literal)?
            ),* $(,)?
        }
    ) => {
        $(#[$meta])*
        $(
            #[doc = ""]
            #[doc = $crate::types::reference!($set in $header $(since $set_since)?)]
            #[doc(alias = $set)]
        )?
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum $name {
            $(
                $(#[$variant_meta])*
                #[doc = ""]
                #[doc = concat!("`", $c_name, "`" $(, ", since ", $since)?)]
                #[doc(alias = $c_name)]
                $variant,
            )*
            /// A number that this release of the library does not know.
            Other(i32),
        }

        impl From<i32> for $name {
            fn from(raw: i32) -> Self {
                match raw {
                    $($value => Self::$variant,)*
                    other => Self::Other(other),
                }
            }
        }

        impl From<$name> for i32 {
            fn from(value: $name) -> Self {
                match value {
                    $($name::$variant => $value,)*
                    $name::Other(raw) => raw,
                }
            }
        }

        $crate::types::as_number!($name: i32, i32::from, Self::from);
        $crate::types::text::text_form!($name { $($variant),* });
    };
}

/// A set of flags that keeps unknown bits. The members of value zero are names of the empty set.
macro_rules! flag_set {
    (
        $(#[$($meta:tt)*])*
        flags $name:ident => $set:literal in $header:literal $(since $set_since:literal)? {
            $(
                $(#[$($flag_meta:tt)*])*
                $flag:ident = $value:literal => $c_name:literal $(since $since:literal)?
            ),* $(,)?
        }
        $(zero {
            $(
                $(#[$($zero_meta:tt)*])*
                $zero:ident => $zero_name:literal $(since $zero_since:literal)?
            ),* $(,)?
        })?
    ) => {
        bitflags::bitflags! {
            $(#[$($meta)*])*
            #[doc = ""]
            #[doc = $crate::types::reference!($set in $header $(since $set_since)?)]
            #[doc(alias = $set)]
            #[derive(
                Debug, Clone, Copy, PartialEq, Eq, Hash, Default, serde::Serialize, serde::Deserialize,
            )]
            pub struct $name: u32 {
                $(
                    $(#[$($flag_meta)*])*
                    #[doc = ""]
                    #[doc = concat!("`", $c_name, "`" $(, ", since ", $since)?)]
                    #[doc(alias = $c_name)]
                    const $flag = $value;
                )*
                const _ = !0;
            }
        }

        $(impl $name {
            $(
                $(#[$($zero_meta)*])*
                #[doc = ""]
                #[doc = concat!("`", $zero_name, "`" $(, ", since ", $zero_since)?)]
                #[doc(alias = $zero_name)]
                pub const $zero: Self = Self::empty();
            )*
        })?

        $crate::types::as_number!($name: u32, |flags: $name| flags.bits(), Self::from_bits_retain);
    };
}

pub(crate) use {as_number, flag_set, open_enum, reference};
