//! Sets of CPUs.

use std::fmt;
use std::ops::{Range, RangeInclusive};
use std::slice;
use std::str::FromStr;

use serde::{Serialize, Serializer};

use crate::error::{Error, Result};
use crate::params::units::Unit;
use crate::params::{Value, ValueRef};
use crate::protocol::remote;
use crate::types::ranges::{self, Part};

/// A set of CPUs: host CPUs, as for pinning, or a guest's virtual CPUs.
///
/// ```
/// use libvirt_client::domain::CpuMap;
///
/// let mut cpus = CpuMap::from(0..=3);
/// cpus.extend([5]);
/// assert_eq!(cpus.to_string(), "0-3,5");
/// assert!(cpus.contains(2) && !cpus.contains(4));
/// assert_eq!(cpus.iter().collect::<Vec<_>>(), [0, 1, 2, 3, 5]);
/// for cpu in &cpus {
///     assert!(cpus.contains(cpu));
/// }
/// assert_eq!(cpus, [5, 3, 2, 1, 0].into_iter().collect());
/// assert_eq!(cpus, "0-3,5".parse()?);
/// # Ok::<_, libvirt_client::Error>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct CpuMap {
    /// In order, with a gap between each and the next, so that equal sets have equal ranges.
    ranges: Vec<CpuRange>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct CpuRange {
    first: u32,
    last: u32,
}

impl CpuMap {
    /// Returns the empty set.
    pub fn new() -> Self {
        Self::default()
    }

    /// Returns whether the set contains this CPU.
    pub fn contains(&self, cpu: u32) -> bool {
        let after = self.ranges.partition_point(|range| range.first <= cpu);
        self.ranges.get(after.wrapping_sub(1)).is_some_and(|range| cpu <= range.last)
    }

    /// Returns the number of CPUs in the set.
    pub fn len(&self) -> usize {
        self.ranges.iter().map(|range| (range.last - range.first) as usize + 1).sum()
    }

    /// Returns whether the set is empty.
    pub fn is_empty(&self) -> bool {
        self.ranges.is_empty()
    }

    /// Iterates over the CPUs, in order.
    pub fn iter(&self) -> CpuMapIter<'_> {
        CpuMapIter { range: RangeInclusive::new(1, 0), later: self.ranges.iter() }
    }

    /// Reads a CPU map of the protocol: bit n of byte n/8 stands for CPU n.
    pub(crate) fn from_wire(bytes: &[u8]) -> Self {
        let mut map = Self::new();
        for (index, byte) in (0_u32..).zip(bytes) {
            let mut rest = *byte;
            while rest != 0 {
                let cpu = index * 8 + rest.trailing_zeros();
                map.append(CpuRange { first: cpu, last: cpu });
                rest &= rest - 1;
            }
        }
        map
    }

    /// Encodes the map as an argument of `procedure`: as long as its last CPU needs, and at least
    /// one byte, because daemons reject an empty argument with a less helpful message.
    pub(crate) fn to_wire(&self, procedure: &'static str) -> Result<Vec<u8>> {
        let last = self.ranges.last().map_or(0, |range| range.last);
        let len = last as usize / 8 + 1;
        if len > remote::CPUMAP_MAX {
            return Err(Error::InvalidArgument {
                procedure,
                reason: format!(
                    "processor {last}; the last that there can be is {}",
                    remote::CPUMAP_MAX * 8 - 1
                ),
            });
        }
        let mut bytes = vec![0; len];
        for cpu in self {
            if let Some(byte) = bytes.get_mut(cpu as usize / 8) {
                *byte |= 1_u8 << (cpu % 8);
            }
        }
        Ok(bytes)
    }

    /// Adds a range that starts no earlier than any before it.
    fn append(&mut self, next: CpuRange) {
        match self.ranges.last_mut() {
            Some(range) if next.first <= range.last.saturating_add(1) => {
                range.last = range.last.max(next.last);
            }
            _ => self.ranges.push(next),
        }
    }

    fn remove(&mut self, cpu: u32) {
        let ranges = std::mem::take(&mut self.ranges);
        for CpuRange { first, last } in ranges {
            let before = cpu.checked_sub(1).map(|end| (first, last.min(end)));
            let after = cpu.checked_add(1).map(|begin| (first.max(begin), last));
            let kept = [before, after].into_iter().flatten();
            let kept = kept.filter(|(first, last)| first <= last);
            self.ranges.extend(kept.map(|(first, last)| CpuRange { first, last }));
        }
    }

    /// Adds ranges in any order.
    fn add(&mut self, ranges: impl IntoIterator<Item = CpuRange>) {
        let mut all = std::mem::take(&mut self.ranges);
        all.extend(ranges);
        all.sort_unstable_by_key(|range| range.first);
        for range in all {
            self.append(range);
        }
    }
}

impl<'a> IntoIterator for &'a CpuMap {
    type Item = u32;
    type IntoIter = CpuMapIter<'a>;

    fn into_iter(self) -> CpuMapIter<'a> {
        self.iter()
    }
}

/// The CPUs of a set, in order; from [`CpuMap::iter`].
#[derive(Debug, Clone)]
pub struct CpuMapIter<'a> {
    range: RangeInclusive<u32>,
    later: slice::Iter<'a, CpuRange>,
}

impl Iterator for CpuMapIter<'_> {
    type Item = u32;

    fn next(&mut self) -> Option<u32> {
        loop {
            if let Some(cpu) = self.range.next() {
                return Some(cpu);
            }
            let CpuRange { first, last } = *self.later.next()?;
            self.range = first..=last;
        }
    }
}

/// Writes the set as libvirt does: `0-3,5`. Nothing for the empty set.
impl fmt::Display for CpuMap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, range) in self.ranges.iter().enumerate() {
            if index > 0 {
                f.write_str(",")?;
            }
            write!(f, "{}", range.first)?;
            if range.last > range.first {
                write!(f, "-{}", range.last)?;
            }
        }
        Ok(())
    }
}

/// Serializes as [`Display`](fmt::Display) writes it.
impl Serialize for CpuMap {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Reads what libvirt writes in its XML: numbers and ranges, separated by commas; `^2` takes out of
/// what stands before it.
impl FromStr for CpuMap {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let mut map = Self::new();
        if text.trim().is_empty() {
            return Ok(map);
        }
        let mut added = Vec::new();
        for part in ranges::parts(text) {
            match part {
                Ok(Part::In(first, last)) => added.push(CpuRange { first, last }),
                Ok(Part::Out(cpu)) => {
                    map.add(added.drain(..));
                    map.remove(cpu);
                }
                Err(part) => {
                    return Err(Error::InvalidArgument {
                        procedure: "CpuMap",
                        reason: format!("{part:?} in {text:?} is no number or range of processors"),
                    });
                }
            }
        }
        map.add(added);
        Ok(map)
    }
}

impl From<RangeInclusive<u32>> for CpuMap {
    fn from(cpus: RangeInclusive<u32>) -> Self {
        let mut map = Self::new();
        if !cpus.is_empty() {
            map.append(CpuRange { first: *cpus.start(), last: *cpus.end() });
        }
        map
    }
}

impl From<Range<u32>> for CpuMap {
    fn from(cpus: Range<u32>) -> Self {
        match cpus.end.checked_sub(1) {
            Some(last) => Self::from(cpus.start..=last),
            None => Self::new(),
        }
    }
}

impl FromIterator<u32> for CpuMap {
    fn from_iter<I: IntoIterator<Item = u32>>(cpus: I) -> Self {
        let mut map = Self::new();
        map.extend(cpus);
        map
    }
}

impl Extend<u32> for CpuMap {
    fn extend<I: IntoIterator<Item = u32>>(&mut self, cpus: I) {
        self.add(cpus.into_iter().map(|cpu| CpuRange { first: cpu, last: cpu }));
    }
}

/// Returns the union of some sets.
impl FromIterator<CpuMap> for CpuMap {
    fn from_iter<I: IntoIterator<Item = CpuMap>>(maps: I) -> Self {
        let mut union = Self::new();
        union.add(maps.into_iter().flat_map(|map| map.ranges));
        union
    }
}

/// A set of CPUs as text, `STRING`.
pub(super) struct CpuList;

impl Unit<CpuMap> for CpuList {
    fn read(value: ValueRef<'_>) -> Option<CpuMap> {
        match value {
            // Daemons take nothing out again, and of very much that would take long.
            ValueRef::String(text) if !text.contains('^') => text.parse().ok(),
            _ => None,
        }
    }

    fn write(cpus: &CpuMap) -> Value {
        Value::String(cpus.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wire_form_both_ways() -> Result<()> {
        let cpus: CpuMap = [9, 0, 7, 8, 20].into_iter().collect();
        assert_eq!(cpus.to_wire("test")?, [0b1000_0001, 0b11, 0b1_0000]);
        assert_eq!(CpuMap::from_wire(&[0b1000_0001, 0b11, 0b1_0000, 0, 0]), cpus);
        assert_eq!(cpus.to_string(), "0,7-9,20");
        assert_eq!(cpus.len(), 5);
        assert_eq!(CpuMap::new().to_wire("test")?, [0]);
        assert_eq!(CpuMap::from_wire(&[0, 0]), CpuMap::new());
        assert_eq!(CpuMap::from(16_383..=16_383).to_wire("test")?.len(), 2048);
        Ok(())
    }

    #[test]
    fn what_no_host_has_is_refused() {
        for cpus in [CpuMap::from(16_384..=16_384), CpuMap::from(0..=u32::MAX)] {
            let error = cpus.to_wire("test").map_err(|error| error.to_string());
            assert!(matches!(&error, Err(text) if text.contains("16383")), "{error:?}");
        }
    }

    #[test]
    fn what_libvirt_writes_is_read() {
        for (text, expected) in [
            ("", ""),
            ("0-3,5", "0-3,5"),
            (" 8 , 0-2,1-4 ", "0-4,8"),
            ("0-7,^3,^0,^9", "1-2,4-7"),
            ("1,^1,1", "1"),
            ("0-4294967295,^4294967295", "0-4294967294"),
        ] {
            let read = text.parse::<CpuMap>().map(|cpus| cpus.to_string());
            assert!(matches!(&read, Ok(read) if read == expected), "{text:?}: {read:?}");
        }
        for wrong in [
            "a",
            "3-1",
            "1-",
            "-1",
            "+1",
            "1,,2",
            "^",
            "^1-2",
            "4294967296",
            "1;2",
        ] {
            let error = wrong.parse::<CpuMap>().map_err(|error| error.to_string());
            assert!(matches!(&error, Err(text) if text.contains(wrong)), "{error:?}");
        }
    }

    #[test]
    fn daemons_write_sets_as_text() {
        assert_eq!(CpuList::read(ValueRef::String("0-3,5")), "0-3,5".parse().ok());
        assert_eq!(CpuList::write(&CpuMap::from(1..3)), Value::from("1-2"));
        for wrong in [
            ValueRef::String("x"),
            ValueRef::String("0-3,^1"),
            ValueRef::Int(1),
        ] {
            assert_eq!(CpuList::read(wrong), None, "{wrong:?}");
        }
    }

    #[test]
    fn ranges_merge() {
        let parts = [2..5, 8..9, 5..7, 3..4].map(CpuMap::from);
        let union: CpuMap = parts.into_iter().collect();
        assert_eq!(union.to_string(), "2-6,8");
        assert_eq!(union.iter().collect::<Vec<_>>(), [2, 3, 4, 5, 6, 8]);
        for cpu in [0, 1, 7, 9, u32::MAX] {
            assert!(!union.contains(cpu), "{cpu}");
        }
        assert!(union.contains(2) && union.contains(6) && union.contains(8));
        assert!(CpuMap::from(3..3).is_empty());
        assert_eq!(CpuMap::from(0..0), CpuMap::default());
    }
}
