#![no_main]

//! Every wire type; the first two bytes say which.

use libvirt_client::fuzzing::{check_value, recode};
use libvirt_client::protocol;

macro_rules! rows {
    ($(
        $(#[$attribute:meta])*
        $module:ident { $($name:literal $ty:ident [$($field:ident: $max:literal),*],)* }
    )*) => {
        pub(crate) const TYPES: &[fn(&[u8])] = &[$($(
            |bytes| super::check_value(
                bytes,
                |bytes| super::recode::<super::protocol::$module::$ty>(bytes),
            ),
        )*)*];
    };
}

#[path = "../../tests/offline/generated/wire_table.rs"]
mod wire_table;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    if let Some((which, bytes)) = data.split_first_chunk() {
        let types = wire_table::TYPES;
        types[usize::from(u16::from_be_bytes(*which)) % types.len()](bytes);
    }
});
