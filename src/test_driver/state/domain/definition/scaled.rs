//! Amounts with a unit.

use crate::test_driver::failure::{Failure, Result};
use crate::types::error::{ErrorCode, ErrorDomain};

/// Returns the bytes of an amount, whose unit is so many bytes if none is given.
/// `place` is what an error calls it.
pub(super) fn bytes(text: &str, unit: Option<&str>, assumed: u64, place: &str) -> Result<u64> {
    // Space in front is skipped, behind it is not.
    let digits = text.trim_start();
    let amount: u64 = digits.parse().map_err(|_| {
        let detail = format!("Invalid value '{text}' for element or attribute '{place}'");
        Failure::of(ErrorDomain::Xml, ErrorCode::XmlError, detail)
    })?;
    let factor = match unit {
        Some(unit) => factor(unit)?,
        None => assumed,
    };
    let bytes = amount.checked_mul(factor).filter(|bytes| i64::try_from(*bytes).is_ok());
    bytes.ok_or_else(|| {
        let detail = format!("value too large: {amount}{}", unit.unwrap_or_default());
        Failure::of(ErrorDomain::None, ErrorCode::Overflow, detail)
    })
}

/// Returns the bytes of a unit: of a thousand with a B at the end, of 1024 without.
fn factor(unit: &str) -> Result<u64> {
    let lower = unit.to_ascii_lowercase();
    if lower.is_empty() || matches!(lower.as_str(), "b" | "byte" | "bytes") {
        return Ok(1);
    }
    let unknown = || {
        let detail = format!("unknown suffix '{unit}'");
        Failure::of(ErrorDomain::None, ErrorCode::InvalidArg, detail)
    };
    let mut letters = lower.chars();
    let power = letters.next().and_then(|letter| "kmgtpe".find(letter)).ok_or_else(unknown)?;
    let base: u64 = match letters.as_str() {
        "" | "ib" => 1024,
        "b" => 1000,
        _ => return Err(unknown()),
    };
    Ok(base.pow(power as u32 + 1))
}

/// Returns an amount in the largest unit that it is a multiple of.
pub(super) fn pretty(bytes: u64) -> (u64, &'static str) {
    let mut units = ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"].into_iter();
    let (mut amount, mut unit) = (bytes, "B");
    while amount > 0 && amount.is_multiple_of(1024) {
        let Some(next) = units.next() else { break };
        (amount, unit) = (amount / 1024, next);
    }
    (amount, unit)
}
