//! The order of a record's parameters, which that of the next record mostly equals.

use super::macros::Fields;
use super::{Balloon, Block, Cpu, DirtyRate, IoThread, Net, Perf, Vcpu};
use crate::params::Names;
use crate::protocol::remote::STRING_MAX;
use crate::xdr::{self, DecodeError, Reader};

/// The places that are remembered: more than the parameters of most records.
const PLACES_MAX: usize = 4096;
type Field<T> = <T as Fields>::Field;

/// A field of a record; those of items with the item's place among its kind and its number.
#[derive(Debug, Clone, Copy)]
pub(super) enum Place {
    /// None that is remembered.
    Unknown,
    State,
    Reason,
    Cpu(Field<Cpu>),
    Balloon(Field<Balloon>),
    LastUpdate,
    Vcpu(usize, u32, Field<Vcpu>),
    Net(usize, u32, Field<Net>),
    Block(usize, u32, Field<Block>),
    IoThread(usize, u32, Field<IoThread>),
    Perf(Field<Perf>),
    DirtyRate(Field<DirtyRate>),
    Count(Count),
}

/// A number of items.
#[derive(Debug, Clone, Copy)]
pub(super) enum Count {
    VcpuCurrent,
    VcpuMaximum,
    Nets,
    Blocks,
    IoThreads,
    BandwidthMonitors,
}

impl Count {
    /// Returns the count of that name.
    pub(super) fn of(name: &[u8]) -> Option<Self> {
        Some(match name {
            b"vcpu.current" => Self::VcpuCurrent,
            b"vcpu.maximum" => Self::VcpuMaximum,
            b"net.count" => Self::Nets,
            b"block.count" => Self::Blocks,
            b"iothread.count" => Self::IoThreads,
            b"memory.bandwidth.monitor.count" => Self::BandwidthMonitors,
            _ => return None,
        })
    }
}

/// A parameter's name as it was encoded, with its length before it and padding after it.
#[derive(Debug, Clone, Copy)]
pub(super) struct WireName<'a> {
    encoded: &'a [u8],
    len: usize,
}

impl<'a> WireName<'a> {
    /// Reads a name.
    pub(super) fn take(reader: &mut Reader<'a>) -> Result<Self, DecodeError> {
        let before = reader.rest();
        let len = xdr::take_bytes(reader, STRING_MAX)?.len();
        let encoded = before.get(..before.len() - reader.remaining()).unwrap_or(before);
        Ok(Self { encoded, len })
    }

    /// Returns the name.
    pub(super) fn bytes(self) -> &'a [u8] {
        self.encoded.get(4..4 + self.len).unwrap_or_default()
    }
}

/// Where the parameters of the last record went, in their order.
///
/// A parameter with the same name in the same place needs only that name compared.
#[derive(Debug, Default)]
pub(super) struct Layout<'a> {
    places: Vec<(WireName<'a>, Place)>,
    /// The last record's items.
    pub(super) items: Items,
    pub(super) names: RecordNames,
}

/// The names of each kind of list in the last record that had one.
#[derive(Debug, Default)]
pub(super) struct RecordNames {
    pub(super) vcpu: Names,
    pub(super) energy: Names,
    pub(super) vm: Names,
    pub(super) other: Names,
}

/// Numbers of items for which memory is taken at once.
#[derive(Debug, Default)]
pub(super) struct Items {
    pub(super) vcpu: usize,
    pub(super) net: usize,
    pub(super) block: usize,
    pub(super) iothread: usize,
}

impl<'a> Layout<'a> {
    /// Reads the name of the current record's parameter at `index` and returns its place, if the last
    /// record had one of that name there.
    #[inline]
    pub(super) fn take_expected(
        &self,
        index: usize,
        reader: &mut Reader<'a>,
    ) -> Option<&(WireName<'a>, Place)> {
        let expected = self.places.get(index);
        expected.filter(|(name, _)| reader.take_exactly(name.encoded))
    }

    /// Remembers the place of the current record's parameter at `index`.
    pub(super) fn note(&mut self, index: usize, name: WireName<'a>, place: Place) {
        match self.places.get_mut(index) {
            Some(old) => *old = (name, place),
            None if index < PLACES_MAX => self.places.push((name, place)),
            None => {}
        }
    }
}
