//! Percent-encoding.

use std::fmt::Write as _;

/// Replaces `%41` by `A`; a percent sign without two hexadecimal digits stays.
pub(super) fn decode(text: &str) -> Result<String, String> {
    let mut rest = text.as_bytes();
    let mut out = Vec::with_capacity(rest.len());
    while let Some((&byte, tail)) = rest.split_first() {
        rest = tail;
        if let (b'%', Some(([high, low], after))) = (byte, tail.split_first_chunk())
            && let (Some(high), Some(low)) = (digit(*high), digit(*low))
        {
            out.push(high << 4 | low);
            rest = after;
        } else {
            out.push(byte);
        }
    }
    if out.contains(&0) {
        return Err(format!("{text:?} encodes a zero byte"));
    }
    String::from_utf8(out).map_err(|_| format!("{text:?} encodes bytes that are not UTF-8"))
}

fn digit(byte: u8) -> Option<u8> {
    let digit = char::from(byte).to_digit(16)?;
    u8::try_from(digit).ok()
}

/// Encodes all bytes but letters, digits, `-._~` and those in `keep`.
pub(crate) fn encode(text: &str, keep: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        let plain = byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
        if plain || keep.as_bytes().contains(&byte) {
            out.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}
