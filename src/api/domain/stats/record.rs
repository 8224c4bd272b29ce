//! All statistics of one domain, and their assignment from parameters.

use serde::Serialize;

use super::boxed::set_boxed;
use super::layout::{Count, Items, Layout, Place, RecordNames, WireName};
use super::macros::Fields as _;
use super::numbered::{item, item_of, last, nth, split_dot, split_number};
use super::{Balloon, BandwidthMonitor, Block, Cpu, DirtyRate, IoThread, Net, Perf, Vcpu};
use crate::api::domain::DomainState;
use crate::api::domain::memory::report_time;
use crate::params::{FromParam, TypedParams, ValueRef};

/// Statistics of one domain. Those that were not requested, or that are not available in the
/// domain's state, are `None` or empty.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[non_exhaustive]
pub struct DomainStats {
    /// State of the domain and its reason (`STATE`).
    pub state: Option<DomainState>,
    /// CPU time (`CPU_TOTAL`).
    pub cpu: Cpu,
    /// Memory (`BALLOON`).
    pub balloon: Balloon,
    /// Number of virtual CPUs (`VCPU`).
    pub vcpu_current: Option<u32>,
    /// Maximum number of virtual CPUs.
    pub vcpu_maximum: Option<u32>,
    /// Virtual CPUs.
    pub vcpus: Vec<Vcpu>,
    /// Number of network interfaces (`INTERFACE`).
    pub net_count: Option<u32>,
    /// Network interfaces that have statistics.
    pub nets: Vec<Net>,
    /// Number of disks, or of images (`BLOCK`).
    pub block_count: Option<u32>,
    /// Disks and, with `BACKING`, their other images, which have the same name.
    pub blocks: Vec<Block>,
    /// Performance events (`PERF`), if any is counted.
    pub perf: Option<Box<Perf>>,
    /// Number of I/O threads (`IOTHREAD`).
    pub iothread_count: Option<u32>,
    /// I/O threads.
    pub iothreads: Vec<IoThread>,
    /// Number of memory bandwidth monitors (`MEMORY`).
    pub memory_bandwidth_monitor_count: Option<u32>,
    /// Memory bandwidth monitors.
    pub memory_bandwidth_monitors: Vec<BandwidthMonitor>,
    /// Dirty rate: how fast the guest changes its memory (`DIRTYRATE`).
    pub dirty_rate: Option<Box<DirtyRate>>,
    /// Counters of the hypervisor itself for the domain, by its own names (`VM`).
    pub vm: TypedParams,
    /// Parameters without a field, by their full names.
    pub other: TypedParams,
}

impl DomainStats {
    /// Converts a list of statistics, such as one of
    /// [`all_domain_stats_raw`](crate::Connect::all_domain_stats_raw), into fields.
    pub fn from_params(params: &TypedParams) -> Self {
        let mut stats = Self::default();
        let names = RecordNames::default();
        for (name, value) in params {
            stats.take(name.as_bytes(), value, &Items::default(), &names);
        }
        stats
    }

    /// Takes in one parameter by its name, and returns the place of its field.
    fn take(
        &mut self,
        name: &[u8],
        value: ValueRef<'_>,
        items: &Items,
        names: &RecordNames,
    ) -> Place {
        let place = self.find(name, items);
        if !self.set(&place, value, items) && !self.set_part(name, value, names) {
            self.other.push_like(&names.other, name, value.to_owned());
        }
        place
    }

    /// Takes in one parameter of a reply by its name, and remembers its place.
    pub(super) fn learn<'a>(
        &mut self,
        index: usize,
        name: WireName<'a>,
        value: ValueRef<'_>,
        layout: &mut Layout<'a>,
    ) {
        let place = self.take(name.bytes(), value, &layout.items, &layout.names);
        layout.note(index, name, place);
    }

    /// Ends a record of a reply: the next is expected to be like it.
    pub(super) fn model(&self, layout: &mut Layout<'_>) {
        layout.items = self.items();
        let packages = self.cpu.energy_monitors.iter().flat_map(|monitor| &monitor.packages);
        let names = &mut layout.names;
        names.vcpu.follow(self.vcpus.last().map(|vcpu| &vcpu.custom));
        names.energy.follow(packages.last().map(|package| &package.custom));
        names.vm.follow(Some(&self.vm));
        names.other.follow(Some(&self.other));
    }

    /// Returns the items that another record may be expected to have.
    fn items(&self) -> Items {
        /// Records with very many items are no rule for others.
        const MAX: usize = 16;

        Items {
            vcpu: self.vcpus.len().min(MAX),
            net: self.nets.len().min(MAX),
            block: self.blocks.len().min(MAX),
            iothread: self.iothreads.len().min(MAX),
        }
    }

    /// Returns the place of the field that a parameter of that name sets, and adds the item that the
    /// field is of.
    fn find(&mut self, name: &[u8], items: &Items) -> Place {
        let Some((group, key)) = split_dot(name) else {
            return Place::Unknown;
        };
        let place = match (group, split_number(key)) {
            (b"block", Some((number, key))) => {
                let at = item_of(&mut self.blocks, number, items.block);
                Block::field(key).map(|field| Place::Block(at, number, field))
            }
            (b"net", Some((number, key))) => {
                let at = item_of(&mut self.nets, number, items.net);
                Net::field(key).map(|field| Place::Net(at, number, field))
            }
            (b"vcpu", Some((number, key))) => {
                let at = item_of(&mut self.vcpus, number, items.vcpu);
                Vcpu::field(key).map(|field| Place::Vcpu(at, number, field))
            }
            (b"iothread", Some((number, key))) => {
                let at = item_of(&mut self.iothreads, number, items.iothread);
                IoThread::field(key).map(|field| Place::IoThread(at, number, field))
            }
            (b"state", _) => match key {
                b"state" => Some(Place::State),
                b"reason" => Some(Place::Reason),
                _ => None,
            },
            (b"cpu", _) => Cpu::field(key).map(Place::Cpu),
            (b"balloon", _) => match key {
                b"last-update" => Some(Place::LastUpdate),
                _ => Balloon::field(key).map(Place::Balloon),
            },
            (b"perf", _) => Perf::field(key).map(Place::Perf),
            (b"dirtyrate", _) => DirtyRate::field(key).map(Place::DirtyRate),
            _ => Count::of(name).map(Place::Count),
        };
        place.unwrap_or(Place::Unknown)
    }

    /// Sets the field in a place, of an item that is added if it is new. Returns `false` if there is
    /// none, or for a wrong type.
    ///
    /// A value whose type is known when this is compiled takes half of the work.
    pub(super) fn set<'v>(
        &mut self,
        place: &Place,
        value: impl Into<ValueRef<'v>>,
        items: &Items,
    ) -> bool {
        match *place {
            Place::Unknown => false,
            Place::State => self.set_state(value.into()),
            Place::Reason => self.set_reason(value.into()),
            Place::Cpu(field) => self.cpu.set(field, value),
            Place::Balloon(field) => self.balloon.set(field, value),
            Place::LastUpdate => self.set_last_update(value.into()),
            Place::Vcpu(at, number, field) => nth(&mut self.vcpus, at, number, items.vcpu)
                .is_some_and(|vcpu| vcpu.set(field, value)),
            Place::Net(at, number, field) => {
                nth(&mut self.nets, at, number, items.net).is_some_and(|net| net.set(field, value))
            }
            Place::Block(at, number, field) => nth(&mut self.blocks, at, number, items.block)
                .is_some_and(|block| block.set(field, value)),
            Place::IoThread(at, number, field) => {
                nth(&mut self.iothreads, at, number, items.iothread)
                    .is_some_and(|thread| thread.set(field, value))
            }
            Place::Perf(field) => set_boxed(&mut self.perf, |perf| perf.set(field, value)),
            Place::DirtyRate(field) => {
                set_boxed(&mut self.dirty_rate, |rate| rate.set(field, value))
            }
            Place::Count(count) => {
                let count = match count {
                    Count::VcpuCurrent => &mut self.vcpu_current,
                    Count::VcpuMaximum => &mut self.vcpu_maximum,
                    Count::Nets => &mut self.net_count,
                    Count::Blocks => &mut self.block_count,
                    Count::IoThreads => &mut self.iothread_count,
                    Count::BandwidthMonitors => &mut self.memory_bandwidth_monitor_count,
                };
                *count = u32::from_param(value.into());
                count.is_some()
            }
        }
    }

    /// Takes in a parameter of something that has no place: parts of items, the hypervisor's own
    /// counters, and what few hosts have.
    fn set_part(&mut self, name: &[u8], value: ValueRef<'_>, names: &RecordNames) -> bool {
        let Some((group, key)) = split_dot(name) else {
            return false;
        };
        match (group, split_number(key)) {
            (b"block", Some((number, key))) => {
                last(&mut self.blocks, number).is_some_and(|block| block.set_part(key, value))
            }
            (b"vcpu", Some((number, key))) => last(&mut self.vcpus, number).is_some_and(|vcpu| {
                vcpu.custom.push_like(&names.vcpu, key, value.to_owned());
                true
            }),
            (b"cpu", _) => self.set_monitor(key, value, names),
            (b"memory", _) => self.set_bandwidth(key, value),
            (b"dirtyrate", _) => self.set_vcpu_dirty_rate(key, value),
            (b"vm", _) => {
                self.vm.push_like(&names.vm, key, value.to_owned());
                true
            }
            _ => false,
        }
    }

    fn set_state(&mut self, value: ValueRef<'_>) -> bool {
        let state = i32::from_param(value).map(|state| DomainState::from_wire(state.into(), 0));
        self.state = state.or(self.state);
        state.is_some()
    }

    /// The meaning of the reason depends on the state, which every daemon sends first.
    fn set_reason(&mut self, value: ValueRef<'_>) -> bool {
        let (Some(state), Some(reason)) = (&mut self.state, i32::from_param(value)) else {
            return false;
        };
        *state = DomainState::from_wire(state.state, reason);
        true
    }

    fn set_monitor(&mut self, key: &[u8], value: ValueRef<'_>, names: &RecordNames) -> bool {
        let monitors = key.strip_prefix(b"energy.monitor.");
        if let Some((number, key)) = monitors.and_then(split_number) {
            return self.set_energy(number, key, value, names);
        }
        let monitors = key.strip_prefix(b"cache.monitor.");
        let Some((number, key)) = monitors.and_then(split_number) else {
            return false;
        };
        let index = item(&mut self.cpu.cache_monitors, number);
        let Some(monitor) = self.cpu.cache_monitors.get_mut(index) else {
            return false;
        };
        let Some((number, key)) = key.strip_prefix(b"bank.").and_then(split_number) else {
            return monitor.set_named(key, value);
        };
        let index = item(&mut monitor.banks, number);
        let bank = monitor.banks.get_mut(index);
        bank.is_some_and(|bank| bank.set_named(key, value))
    }

    fn set_energy(
        &mut self,
        number: u32,
        key: &[u8],
        value: ValueRef<'_>,
        names: &RecordNames,
    ) -> bool {
        let index = item(&mut self.cpu.energy_monitors, number);
        let Some(monitor) = self.cpu.energy_monitors.get_mut(index) else {
            return false;
        };
        let Some((number, key)) = key.strip_prefix(b"pkg.").and_then(split_number) else {
            return monitor.set_named(key, value);
        };
        let index = item(&mut monitor.packages, number);
        monitor.packages.get_mut(index).is_some_and(|package| {
            if !package.set_named(key, value) {
                package.custom.push_like(&names.energy, key, value.to_owned());
            }
            true
        })
    }

    fn set_last_update(&mut self, value: ValueRef<'_>) -> bool {
        let seconds = u64::from_param(value);
        self.balloon.last_update = seconds.and_then(report_time);
        seconds.is_some()
    }

    fn set_bandwidth(&mut self, key: &[u8], value: ValueRef<'_>) -> bool {
        let Some(key) = key.strip_prefix(b"bandwidth.monitor.") else {
            return false;
        };
        let Some((number, key)) = split_number(key) else {
            return false;
        };
        let index = item(&mut self.memory_bandwidth_monitors, number);
        let Some(monitor) = self.memory_bandwidth_monitors.get_mut(index) else {
            return false;
        };
        let Some((number, key)) = key.strip_prefix(b"node.").and_then(split_number) else {
            return monitor.set_named(key, value);
        };
        let index = item(&mut monitor.nodes, number);
        let node = monitor.nodes.get_mut(index);
        node.is_some_and(|node| node.set_named(key, value))
    }

    fn set_vcpu_dirty_rate(&mut self, key: &[u8], value: ValueRef<'_>) -> bool {
        let Some((number, key)) = key.strip_prefix(b"vcpu.").and_then(split_number) else {
            return false;
        };
        set_boxed(&mut self.dirty_rate, |rate| {
            let index = item(&mut rate.vcpus, number);
            let vcpu = rate.vcpus.get_mut(index);
            vcpu.is_some_and(|vcpu| vcpu.set_named(key, value))
        })
    }
}
