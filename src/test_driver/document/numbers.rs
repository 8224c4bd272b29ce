//! Numbers as the C library reads them.

/// The base of a number's digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Base {
    Eight,
    Ten,
    /// That of its prefix, as in C.
    Any,
}

/// Returns the number that a whole text is, which may have a sign and space in front.
pub(crate) fn signed(text: &str, base: Base) -> Option<i128> {
    let text = text.trim_start_matches(|char: char| char.is_ascii_whitespace() || char == '\x0b');
    let (is_negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let (digits, radix) = match base {
        Base::Eight => (digits, 8),
        Base::Ten => (digits, 10),
        Base::Any => match digits.strip_prefix("0x").or_else(|| digits.strip_prefix("0X")) {
            Some(digits) => (digits, 16),
            None if digits.starts_with('0') => (digits, 8),
            None => (digits, 10),
        },
    };
    if digits.starts_with(['+', '-']) {
        return None;
    }
    let number = i128::from(u64::from_str_radix(digits, radix).ok()?);
    Some(if is_negative { -number } else { number })
}

/// Returns the number that a whole text is, unless it is negative or does not fit.
pub(crate) fn unsigned<T: TryFrom<i128>>(text: &str, base: Base) -> Option<T> {
    let number = signed(text, base)?;
    // Even "-0" is refused.
    if text.trim_start().starts_with('-') {
        return None;
    }
    T::try_from(number).ok()
}

/// Why a number with a unit is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unscaled {
    UnknownUnit,
    TooLarge,
}

/// Returns how many bytes a number with a unit is.
pub(crate) fn scaled(number: u64, unit: Option<&str>, limit: u64) -> Result<u64, Unscaled> {
    let scale = match unit {
        None | Some("") => 1,
        Some(unit) => scale(&unit.to_ascii_lowercase()).ok_or(Unscaled::UnknownUnit)?,
    };
    match number.checked_mul(scale) {
        Some(bytes) if number <= limit / scale => Ok(bytes),
        _ => Err(Unscaled::TooLarge),
    }
}

fn scale(unit: &str) -> Option<u64> {
    if ["b", "byte", "bytes"].contains(&unit) {
        return Some(1);
    }
    let first = unit.chars().next()?;
    let exponent = "kmgtpe".find(first)? as u32 + 1;
    let base: u64 = match unit.strip_prefix(first)? {
        "" | "ib" => 1024,
        "b" => 1000,
        _ => return None,
    };
    Some(base.pow(exponent))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_as_in_c() {
        assert_eq!(signed(" -12", Base::Ten), Some(-12));
        assert_eq!(signed("0x1f", Base::Any), Some(31));
        assert_eq!(signed("017", Base::Any), Some(15));
        assert_eq!(signed("0", Base::Any), Some(0));
        for wrong in ["", "-", "+-1", "1 ", "0x", "8x"] {
            assert_eq!(signed(wrong, Base::Any), None, "{wrong}");
        }
        assert_eq!(unsigned::<u32>("-1", Base::Ten), None);
        assert_eq!(unsigned::<u32>("4294967296", Base::Ten), None);
        assert_eq!(unsigned::<u32>("4294967295", Base::Ten), Some(u32::MAX));
    }

    #[test]
    fn units_are_powers_of_1024_or_1000() {
        assert_eq!(scaled(3, None, u64::MAX), Ok(3));
        assert_eq!(scaled(3, Some("KiB"), u64::MAX), Ok(3072));
        assert_eq!(scaled(3, Some("g"), u64::MAX), Ok(3 << 30));
        assert_eq!(scaled(3, Some("MB"), u64::MAX), Ok(3_000_000));
        assert_eq!(scaled(3, Some("x"), u64::MAX), Err(Unscaled::UnknownUnit));
        assert_eq!(scaled(3, Some("k\u{e9}"), u64::MAX), Err(Unscaled::UnknownUnit));
        assert_eq!(scaled(16, Some("EiB"), u64::MAX), Err(Unscaled::TooLarge));
    }
}
