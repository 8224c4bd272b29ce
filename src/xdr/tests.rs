use std::borrow::Cow;

use uuid::Uuid;

use super::*;

fn encoded(value: &impl Encode) -> Vec<u8> {
    to_vec(value).unwrap_or_default()
}

#[test]
fn numbers_have_their_widths() {
    assert_eq!(encoded(&-2_i32), [0xff, 0xff, 0xff, 0xfe]);
    assert_eq!(encoded(&1_u64), [0, 0, 0, 0, 0, 0, 0, 1]);
    assert_eq!(encoded(&7_u8), [0, 0, 0, 7]);
    assert_eq!(encoded(&-1_i8), [0xff; 4]);
    assert_eq!(encoded(&1.0_f64), [0x3f, 0xf0, 0, 0, 0, 0, 0, 0]);
}

#[test]
fn narrow_numbers_keep_their_low_bits() {
    assert_eq!(from_slice::<u8>(&[0xff, 0xff, 0xff, 0xc3]), Ok(0xc3));
    assert_eq!(from_slice::<u16>(&[0, 1, 2, 3]), Ok(0x0203));
}

#[test]
fn strings_are_padded_and_their_padding_is_not_looked_at() {
    let bytes = encoded(&WireStr::from("abcde"));
    assert_eq!(bytes, [0, 0, 0, 5, b'a', b'b', b'c', b'd', b'e', 0, 0, 0]);
    let dirty = [0, 0, 0, 5, b'a', b'b', b'c', b'd', b'e', 1, 2, 3];
    assert_eq!(from_slice::<WireStr<'_>>(&dirty), Ok("abcde".into()));
}

#[test]
fn padding_that_is_missing_is_truncation() {
    let short = [0, 0, 0, 5, b'a', b'b', b'c', b'd', b'e', 0, 0];
    let result = from_slice::<WireStr<'_>>(&short);
    assert_eq!(result, Err(DecodeError::Truncated { needed: 8, left: 7 }));
}

#[test]
fn strings_borrow_from_the_message() {
    let good = encoded(&WireStr::from("text"));
    let text: WireStr<'_> = from_slice(&good).unwrap();
    assert_eq!(text.as_ptr(), good[4..].as_ptr());
}

#[test]
fn strings_that_are_not_text_keep_their_bytes() {
    let wire = [0, 0, 0, 4, b'a', 0xff, b'b', b'c'];
    let text: WireStr<'_> = from_slice(&wire).unwrap();
    assert_eq!(&*text, "a\u{fffd}bc");
    assert_eq!(format!("{text} {text:?}"), "a\u{fffd}bc \"a\u{fffd}bc\"");
    assert_eq!(encoded(&text), wire);
    let other = WireStr::from(&b"a\xfebc"[..]);
    assert_eq!(text.as_str(), other.as_str());
    assert_ne!(text, other);
    assert_ne!(text, "a\u{fffd}bc");
    assert_eq!(WireStr::from(text.clone().into_os_string()), text);
}

#[test]
fn strings_in_which_a_nul_stands_are_not_sent() {
    for len in 1..40 {
        // Neither of these bytes is a NUL, in any alignment.
        let mut bytes = [1, 0x80].repeat(20);
        bytes.truncate(len);
        assert!(to_vec(&WireStr::from(&*bytes)).is_ok());
        for at in 0..len {
            let mut bytes = bytes.clone();
            bytes[at] = 0;
            let result = to_vec(&WireStr::from(&*bytes));
            assert_eq!(result, Err(EncodeError::Nul { at }));
        }
    }
}

#[test]
fn lengths_are_checked_against_their_maximum_before_the_bytes() {
    let lie = [0xff; 8];
    let too_long = Err(DecodeError::TooLong { len: 0xffff_ffff, max: 16 });
    let mut reader = Reader::new(&lie);
    assert_eq!(Vec::<u32>::decode_max(&mut reader, 16), too_long);
    let mut reader = Reader::new(&lie);
    assert_eq!(
        Cow::<'_, [u8]>::decode_max(&mut reader, 16),
        Err(DecodeError::TooLong { len: 0xffff_ffff, max: 16 })
    );
    let mut out = Vec::new();
    let long = vec![0_u32; 17];
    assert_eq!(
        long.encode_max(&mut Writer::new(&mut out), 16),
        Err(EncodeError::TooLong { len: 17, max: 16 })
    );
}

#[test]
fn counts_are_bounded_by_what_is_left() {
    let lie = [0, 0xff, 0xff, 0xff, 0, 0, 0, 1];
    let mut reader = Reader::new(&lie);
    let result = Vec::<u64>::decode_max(&mut reader, usize::MAX);
    assert!(matches!(result, Err(DecodeError::Truncated { left: 4, .. })), "{result:?}");
}

#[test]
fn any_flag_but_zero_means_present() {
    assert_eq!(from_slice::<Option<u32>>(&[0, 0, 0, 0]), Ok(None));
    assert_eq!(from_slice::<Option<u32>>(&[0, 0, 0, 9, 0, 0, 0, 5]), Ok(Some(5)));
    assert_eq!(encoded(&Some(5_u32)), [0, 0, 0, 1, 0, 0, 0, 5]);
}

#[test]
fn characters_take_four_bytes_each_and_end_at_a_nul() {
    let bytes = [
        0, 0, 0, b'h', 0, 0, 0, b'i', 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xc3,
    ];
    let array: CharArray<4> = from_slice(&bytes).unwrap_or(CharArray([0; 4]));
    assert_eq!(array.to_text(), "hi");
    assert_eq!(array.0, [b'h', b'i', 0, 0xc3]);
}

#[test]
fn characters_are_sign_extended_as_by_c() {
    let wire = [
        0xff, 0xff, 0xff, 0x80, 0, 0, 0, 0x7f, 0xff, 0xff, 0xff, 0xff,
    ];
    assert_eq!(encoded(&CharArray([0x80, 0x7f, 0xff])), wire);
    let chars = CharVec(vec![0x80, 0x7f, 0xff]);
    let mut out = Vec::new();
    assert_eq!(chars.encode_max(&mut Writer::new(&mut out), 3), Ok(()));
    assert_eq!(out, [&[0, 0, 0, 3][..], &wire].concat());
    // From a peer with an unsigned `char`.
    let unsigned = [0, 0, 0, 3, 0, 0, 0, 0x80, 0, 0, 0, 0x7f, 0, 0, 0, 0xff];
    for bytes in [&out[..], &unsigned] {
        let decoded = CharVec::decode_max(&mut Reader::new(bytes), 3);
        assert_eq!(decoded.as_ref(), Ok(&chars));
    }
    let too_long = Err(EncodeError::TooLong { len: 3, max: 2 });
    assert_eq!(chars.encode_max(&mut Writer::new(&mut out), 2), too_long);
}

#[test]
fn a_writer_stops_at_its_limit() {
    let mut out = vec![1, 2, 3];
    let mut writer = Writer::with_limit(&mut out, 8);
    assert_eq!(1_u64.encode(&mut writer), Ok(()));
    assert!(matches!(1_u32.encode(&mut writer), Err(EncodeError::MessageTooLarge { .. })));
    assert!(matches!(
        Uuid::nil().encode(&mut writer),
        Err(EncodeError::MessageTooLarge { .. })
    ));
    assert_eq!(out.len(), 11);
}
