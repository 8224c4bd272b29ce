//! Sets of processors and NUMA nodes, such as `0-3,^2,7`.

use std::collections::BTreeSet;
use std::fmt;

use crate::test_driver::failure::{Failure, Result};
use crate::types::error::{ErrorCode, ErrorDomain};
use crate::types::ranges::{self, Part};

/// One more than the largest number in a set.
const LIMIT: u32 = 16384;

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Set(pub(crate) BTreeSet<u32>);

impl Set {
    /// Reads a set; a number with a circumflex is taken out again.
    pub(crate) fn parse(text: &str) -> Result<Self> {
        let mut numbers = BTreeSet::new();
        for part in ranges::parts(text) {
            match part {
                Ok(Part::In(first, last)) if last < LIMIT => numbers.extend(first..=last),
                Ok(Part::Out(number)) if number < LIMIT => {
                    numbers.remove(&number);
                }
                _ => {
                    let detail = format!("Failed to parse bitmap '{text}'");
                    return Err(Failure::of(ErrorDomain::None, ErrorCode::InvalidArg, detail));
                }
            }
        }
        Ok(Self(numbers))
    }
}

impl fmt::Display for Set {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut numbers = self.0.iter().copied().peekable();
        let mut is_first = true;
        while let Some(first) = numbers.next() {
            let mut last = first;
            while numbers.next_if_eq(&(last + 1)).is_some() {
                last += 1;
            }
            if !is_first {
                f.write_str(",")?;
            }
            is_first = false;
            match last - first {
                0 => write!(f, "{first}")?,
                _ => write!(f, "{first}-{last}")?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_are_written_with_ranges() {
        let written = |text: &str| Set::parse(text).unwrap().to_string();
        assert_eq!(written("1,2,3,^2,0-4"), "0-4");
        assert_eq!(written("5-7,^6"), "5,7");
        assert_eq!(written("1,2"), "1-2");
        for text in ["", "x", "3-1", "99999999", "-1", "1-"] {
            Set::parse(text).unwrap_err();
        }
    }
}
