//! Every wire type against the definitions in `protocol/`.
//!
//! `codegen::sample` makes valid encodings from the definitions alone; the generated types must
//! reproduce them byte for byte, and reject invalid ones.

use std::borrow::Cow;
use std::path::Path;
use std::sync::LazyLock;

use codegen::load::load;
use codegen::sample::{Count, Sample, Style, sample};
use codegen::xdr::Definition;
use libvirt_client::protocol;
use libvirt_client::xdr::{CharVec, Decode, DecodeError, Encode, EncodeError, WireStr};
use libvirt_client::xdr::{from_slice, to_vec};
use proptest::prelude::*;

/// The table's row of one type.
pub(crate) struct Row {
    /// Its name in the definition.
    name: &'static str,
    /// Decodes a value and encodes it again.
    recode: fn(&[u8]) -> Result<Vec<u8>, Failure>,
    /// The fields that have a declared maximum, and the maximum.
    bounded: &'static [(&'static str, usize)],
    /// Decodes a value, makes the field of that index so long, and encodes it again.
    resized: Resized,
}

type Resized = fn(&[u8], usize, usize) -> Result<Vec<u8>, Failure>;

#[derive(Debug, PartialEq)]
pub(crate) enum Failure {
    Decode(DecodeError),
    Encode(EncodeError),
}

fn recode<'a, T: Decode<'a> + Encode>(bytes: &'a [u8]) -> Result<Vec<u8>, Failure> {
    let value: T = from_slice(bytes).map_err(Failure::Decode)?;
    to_vec(&value).map_err(Failure::Encode)
}

macro_rules! rows {
    ($(
        $(#[$attribute:meta])*
        $module:ident { $($name:literal $ty:ident [$($field:ident: $max:literal),*],)* }
    )*) => {
        pub(crate) fn rows() -> Vec<Row> {
            let mut rows = Vec::new();
            $(
                $(#[$attribute])*
                { $(rows.push(Row {
                    name: $name,
                    recode: |bytes| recode::<protocol::$module::$ty>(bytes),
                    bounded: &[$((stringify!($field), $max)),*],
                    #[allow(unused_mut, unused_variables)]
                    resized: |bytes, index, len| {
                        let mut value: protocol::$module::$ty =
                            from_slice(bytes).map_err(Failure::Decode)?;
                        let mut fields = 0..;
                        $(if fields.next() == Some(index) {
                            value.$field.resize_to(len);
                        })*
                        to_vec(&value).map_err(Failure::Encode)
                    },
                });)* }
            )*
            rows
        }

        use super::{Resize as _, Row, Failure, recode, from_slice, protocol, to_vec};
    };
}

// Numbers as the definition has them.
#[allow(clippy::unreadable_literal)]
#[path = "generated/wire_table.rs"]
mod wire_table;

/// A value whose length can be set.
trait Resize {
    fn resize_to(&mut self, len: usize);
}

/// More than any declared maximum.
static LONG: LazyLock<String> = LazyLock::new(|| "x".repeat(8_388_608 + 1));

impl Resize for WireStr<'_> {
    fn resize_to(&mut self, len: usize) {
        *self = LONG[..len].into();
    }
}

impl Resize for Cow<'_, [u8]> {
    fn resize_to(&mut self, len: usize) {
        *self = Cow::Borrowed(&LONG.as_bytes()[..len]);
    }
}

impl<T: Resize> Resize for Option<T> {
    fn resize_to(&mut self, len: usize) {
        self.as_mut().unwrap().resize_to(len);
    }
}

impl<T: Clone> Resize for Vec<T> {
    fn resize_to(&mut self, len: usize) {
        let element = self[0].clone();
        self.resize(len, element);
    }
}

impl Resize for CharVec {
    fn resize_to(&mut self, len: usize) {
        self.0.resize(len, b'x');
    }
}

static DEFINITION: LazyLock<Definition> =
    LazyLock::new(|| load(&Path::new(env!("CARGO_MANIFEST_DIR")).join("protocol")).unwrap());

/// Like most messages: half of the optional values present, a few elements.
const ORDINARY: Style = Style { min: 0, max: 5, full: false };

/// Every part present at least once.
const FULL: Style = Style { min: 1, max: 2, full: true };

fn sample_of(row: &Row, style: Style, seed: u64) -> Sample {
    // Splitmix: any seed will do.
    let mut state = seed;
    let mut random = || {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        (mixed >> 32) as u32
    };
    sample(&DEFINITION, row.name, style, &mut random).unwrap()
}

/// Returns a sample with another number for one of its counts. It ends there, unless that is inside
/// an array: then something must follow, or the array itself would be found too short.
fn with_count(sample: &Sample, count: &Count, claimed: u64) -> Vec<u8> {
    let mut bytes = sample.bytes.clone();
    let end = count.offset + 4;
    bytes[count.offset..end].copy_from_slice(&(claimed as u32).to_be_bytes());
    if !count.nested {
        bytes.truncate(end);
    }
    bytes
}

#[test]
fn every_type_of_the_definitions_is_in_the_table() {
    let rows = wire_table::rows();
    let mut missing = Vec::new();
    for file in DEFINITION.files() {
        let feature = file.name.trim_end_matches("_protocol");
        let off = match feature {
            "qemu" => !cfg!(feature = "qemu"),
            "lxc" => !cfg!(feature = "lxc"),
            "admin" => !cfg!(feature = "admin"),
            _ => false,
        };
        let structs = file.structs.iter().map(|item| &item.name);
        let names = structs.chain(file.unions.iter().map(|item| &item.name));
        missing.extend(names.filter(|name| !off && !rows.iter().any(|row| row.name == **name)));
    }
    assert_eq!(missing, Vec::<&String>::new());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn what_is_decoded_encodes_to_the_same_bytes(seed: u64) {
        for row in wire_table::rows() {
            let sample = sample_of(&row, ORDINARY, seed);
            prop_assert_eq!((row.recode)(&sample.bytes), Ok(sample.bytes), "{}", row.name);
        }
    }

    #[test]
    fn bytes_behind_a_value_are_ignored(seed: u64) {
        for row in wire_table::rows() {
            let sample = sample_of(&row, ORDINARY, seed);
            let mut bytes = sample.bytes.clone();
            bytes.extend_from_slice(b"more");
            prop_assert_eq!((row.recode)(&bytes), Ok(sample.bytes), "{}", row.name);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(8))]

    #[test]
    fn every_proper_prefix_is_truncated(seed: u64) {
        for row in wire_table::rows() {
            let sample = sample_of(&row, ORDINARY, seed);
            for end in 0..sample.bytes.len() {
                let result = (row.recode)(&sample.bytes[..end]);
                prop_assert!(
                    matches!(result, Err(Failure::Decode(DecodeError::Truncated { .. }))),
                    "{} cut to {end} of {} bytes: {result:?}", row.name, sample.bytes.len()
                );
            }
        }
    }

    #[test]
    fn a_count_above_its_maximum_is_refused_before_anything_behind_it_is_read(seed: u64) {
        for row in wire_table::rows() {
            let sample = sample_of(&row, FULL, seed);
            for count in &sample.counts {
                let max = usize::try_from(count.max).unwrap();
                for len in [count.max + 1, 0x7fff_ffff, 0xffff_ffff] {
                    let bytes = with_count(&sample, count, len);
                    let len = usize::try_from(len).unwrap();
                    prop_assert_eq!(
                        (row.recode)(&bytes),
                        Err(Failure::Decode(DecodeError::TooLong { len, max })),
                        "{} at {}", row.name, count.offset
                    );
                }
                let result = (row.recode)(&with_count(&sample, count, count.max));
                let refused = matches!(result, Err(Failure::Decode(DecodeError::TooLong { max, .. }))
                    if max as u64 == count.max);
                prop_assert!(!refused, "{} at {}: {result:?}", row.name, count.offset);
            }
        }
    }

    #[test]
    fn no_count_makes_more_room_than_the_bytes_could_fill(seed: u64) {
        for row in wire_table::rows() {
            let sample = sample_of(&row, FULL, seed);
            for count in &sample.counts {
                for claimed in [count.max, 0x7fff_ffff, 0xffff_ffff] {
                    let bytes = with_count(&sample, count, claimed);
                    let used = allocation_counter::measure(|| {
                        // Either result is fine here.
                        let _ = (row.recode)(&bytes);
                    });
                    // A value in memory takes at most so much more than on the wire.
                    let fair = 16 * bytes.len() as u64 + 256;
                    prop_assert!(
                        used.bytes_max <= fair,
                        "{}: {} bytes allocated for {} on the wire",
                        row.name, used.bytes_max, bytes.len()
                    );
                }
            }
        }
    }
}

#[test]
fn what_is_longer_than_its_maximum_is_not_sent() {
    let mut fields = 0;
    for row in wire_table::rows() {
        let sample = sample_of(&row, FULL, 7);
        for (index, (field, max)) in row.bounded.iter().enumerate() {
            let len = max + 1;
            assert_eq!(
                (row.resized)(&sample.bytes, index, len),
                Err(Failure::Encode(EncodeError::TooLong { len, max: *max })),
                "{}.{field}",
                row.name
            );
            fields += 1;
        }
    }
    assert!(fields > 400, "the table lists {fields} bounded fields");
}

#[test]
fn what_is_as_long_as_its_maximum_is_sent_and_received() {
    for row in wire_table::rows() {
        let sample = sample_of(&row, FULL, 7);
        for (index, (field, max)) in row.bounded.iter().enumerate() {
            // Larger ones take long and no other path.
            if *max > 4096 {
                continue;
            }
            let bytes = (row.resized)(&sample.bytes, index, *max).unwrap();
            assert!((row.recode)(&bytes) == Ok(bytes), "{}.{field}", row.name);
        }
    }
}
