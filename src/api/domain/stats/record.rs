//! All statistics of one domain, and their assignment from parameter names.

use super::names::RecordNames;
use super::numbered::{item, split_dot, split_number};
use super::{Balloon, BandwidthMonitor, Block, Cpu, DirtyRate, IoThread, Net, Perf, Vcpu};
use crate::api::domain::DomainState;
use crate::api::domain::memory::unix_time;
use crate::params::{FromParam, TypedParams, ValueRef};

/// Statistics of one domain. Those that were not requested, or that are not available in the
/// domain's state, are `None` or empty.
#[derive(Debug, Clone, Default, PartialEq)]
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
    pub vcpu: Vec<Vcpu>,
    /// Number of network interfaces (`INTERFACE`).
    pub net_count: Option<u32>,
    /// Network interfaces that have statistics.
    pub net: Vec<Net>,
    /// Number of disks, or of images (`BLOCK`).
    pub block_count: Option<u32>,
    /// Disks and, with `BACKING`, their backing images.
    pub block: Vec<Block>,
    /// Performance events (`PERF`).
    pub perf: Perf,
    /// Number of I/O threads (`IOTHREAD`).
    pub iothread_count: Option<u32>,
    /// I/O threads.
    pub iothread: Vec<IoThread>,
    /// Number of memory bandwidth monitors (`MEMORY`).
    pub memory_bandwidth_monitor_count: Option<u32>,
    /// Memory bandwidth monitors.
    pub memory_bandwidth_monitors: Vec<BandwidthMonitor>,
    /// Dirty rate: how fast the guest changes its memory (`DIRTYRATE`).
    pub dirty_rate: DirtyRate,
    /// Counters of the hypervisor itself for the domain, by its own names (`VM`).
    pub vm: TypedParams,
    /// Parameters without a field, by their full names.
    pub other: TypedParams,
}

impl DomainStats {
    /// Converts a list of statistics, such as one of
    /// [`all_domain_stats_raw`](crate::Connect::all_domain_stats_raw), into fields.
    pub fn from_params(params: &TypedParams) -> Self {
        Self::collect(params.iter(), &mut RecordNames::default())
    }

    pub(super) fn collect<'a>(
        params: impl IntoIterator<Item = (&'a str, ValueRef<'a>)>,
        names: &mut RecordNames,
    ) -> Self {
        let mut stats = Self::default();
        let mut position = Position::default();
        for (name, value) in params {
            stats.take(name.as_bytes(), value, &mut position, names);
        }
        stats
    }

    /// Takes in one parameter. `position` is the previous parameter's place.
    #[inline]
    pub(super) fn take<'a>(
        &mut self,
        name: &'a [u8],
        value: ValueRef<'_>,
        position: &mut Position<'a>,
        names: &mut RecordNames,
    ) {
        if let Some(key) = name.strip_prefix(position.prefix)
            && self.set(position.group, key, value, names)
        {
            return;
        }
        if let Some((found, key)) = self.find(name) {
            *position = found;
            if self.set(found.group, key, value, names) {
                return;
            }
        }
        names.other.push(&mut self.other, name, value);
    }

    /// Returns the place of a parameter of that name, and the rest of the name.
    fn find<'a>(&mut self, name: &'a [u8]) -> Option<(Position<'a>, &'a [u8])> {
        let (group, key) = split_dot(name)?;
        let (group, key) = match (group, split_number(key)) {
            (b"block", Some((number, key))) => (Group::Block(item(&mut self.block, number)), key),
            (b"net", Some((number, key))) => (Group::Net(item(&mut self.net, number)), key),
            (b"vcpu", Some((number, key))) => (Group::Vcpu(item(&mut self.vcpu, number)), key),
            (b"iothread", Some((number, key))) => {
                (Group::IoThread(item(&mut self.iothread, number)), key)
            }
            (b"block", None) => (Group::Blocks, key),
            (b"net", None) => (Group::Nets, key),
            (b"vcpu", None) => (Group::Vcpus, key),
            (b"iothread", None) => (Group::IoThreads, key),
            (b"state", _) => (Group::State, key),
            (b"cpu", _) => (Group::Cpu, key),
            (b"balloon", _) => (Group::Balloon, key),
            (b"perf", _) => (Group::Perf, key),
            (b"memory", _) => (Group::Memory, key),
            (b"dirtyrate", _) => (Group::DirtyRate, key),
            (b"vm", _) => (Group::Vm, key),
            _ => return None,
        };
        let prefix = name.strip_suffix(key)?;
        Some((Position { prefix, group }, key))
    }

    /// Sets the field that `key` means in `group`. Returns `false` for an unknown name or a wrong
    /// type.
    #[inline]
    fn set(
        &mut self,
        group: Group,
        key: &[u8],
        value: ValueRef<'_>,
        names: &mut RecordNames,
    ) -> bool {
        match group {
            Group::None => false,
            Group::State => self.set_state(key, value),
            Group::Cpu => self.set_cpu(key, value, names),
            Group::Balloon => self.set_balloon(key, value),
            Group::Vcpus => match key {
                b"current" => assign(&mut self.vcpu_current, value),
                b"maximum" => assign(&mut self.vcpu_maximum, value),
                _ => false,
            },
            Group::Vcpu(index) => self.vcpu.get_mut(index).is_some_and(|vcpu| {
                if !vcpu.set(key, value) {
                    names.vcpu.push(&mut vcpu.custom, key, value);
                }
                true
            }),
            Group::Nets => key == b"count" && assign(&mut self.net_count, value),
            Group::Net(index) => {
                let net = self.net.get_mut(index);
                net.is_some_and(|net| net.set(key, value))
            }
            Group::Blocks => key == b"count" && assign(&mut self.block_count, value),
            Group::Block(index) => {
                let block = self.block.get_mut(index);
                block.is_some_and(|block| block.take(key, value))
            }
            Group::Perf => self.perf.set(key, value),
            Group::IoThreads => key == b"count" && assign(&mut self.iothread_count, value),
            Group::IoThread(index) => {
                let thread = self.iothread.get_mut(index);
                thread.is_some_and(|thread| thread.set(key, value))
            }
            Group::Memory => self.set_memory(key, value),
            Group::DirtyRate => self.set_dirty_rate(key, value),
            Group::Vm => {
                names.vm.push(&mut self.vm, key, value);
                true
            }
        }
    }

    fn set_state(&mut self, key: &[u8], value: ValueRef<'_>) -> bool {
        let Some(number) = i32::from_param(value) else {
            return false;
        };
        // The meaning of the reason depends on the state, which every daemon sends first.
        let state = match (key, self.state) {
            (b"state", _) => DomainState::from_wire(number.into(), 0),
            (b"reason", Some(state)) => DomainState::from_wire(state.state, number),
            _ => return false,
        };
        self.state = Some(state);
        true
    }

    fn set_cpu(&mut self, key: &[u8], value: ValueRef<'_>, names: &mut RecordNames) -> bool {
        let monitors = key.strip_prefix(b"energy.monitor.");
        if let Some((number, key)) = monitors.and_then(split_number) {
            return self.set_energy(number, key, value, names);
        }
        let monitors = key.strip_prefix(b"cache.monitor.");
        let Some((number, key)) = monitors.and_then(split_number) else {
            return self.cpu.set(key, value);
        };
        let index = item(&mut self.cpu.cache_monitors, number);
        let Some(monitor) = self.cpu.cache_monitors.get_mut(index) else {
            return false;
        };
        let Some((number, key)) = key.strip_prefix(b"bank.").and_then(split_number) else {
            return monitor.set(key, value);
        };
        let index = item(&mut monitor.banks, number);
        let bank = monitor.banks.get_mut(index);
        bank.is_some_and(|bank| bank.set(key, value))
    }

    fn set_energy(
        &mut self,
        number: u32,
        key: &[u8],
        value: ValueRef<'_>,
        names: &mut RecordNames,
    ) -> bool {
        let index = item(&mut self.cpu.energy_monitors, number);
        let Some(monitor) = self.cpu.energy_monitors.get_mut(index) else {
            return false;
        };
        let Some((number, key)) = key.strip_prefix(b"pkg.").and_then(split_number) else {
            return monitor.set(key, value);
        };
        let index = item(&mut monitor.packages, number);
        monitor.packages.get_mut(index).is_some_and(|package| {
            if !package.set(key, value) {
                names.energy.push(&mut package.custom, key, value);
            }
            true
        })
    }

    fn set_balloon(&mut self, key: &[u8], value: ValueRef<'_>) -> bool {
        if key != b"last-update" {
            return self.balloon.set(key, value);
        }
        let seconds = u64::from_param(value);
        self.balloon.last_update = seconds.and_then(unix_time);
        seconds.is_some()
    }

    fn set_memory(&mut self, key: &[u8], value: ValueRef<'_>) -> bool {
        let Some(key) = key.strip_prefix(b"bandwidth.monitor.") else {
            return false;
        };
        let Some((number, key)) = split_number(key) else {
            let count = &mut self.memory_bandwidth_monitor_count;
            return key == b"count" && assign(count, value);
        };
        let index = item(&mut self.memory_bandwidth_monitors, number);
        let Some(monitor) = self.memory_bandwidth_monitors.get_mut(index) else {
            return false;
        };
        let Some((number, key)) = key.strip_prefix(b"node.").and_then(split_number) else {
            return monitor.set(key, value);
        };
        let index = item(&mut monitor.nodes, number);
        let node = monitor.nodes.get_mut(index);
        node.is_some_and(|node| node.set(key, value))
    }

    fn set_dirty_rate(&mut self, key: &[u8], value: ValueRef<'_>) -> bool {
        let Some((number, key)) = key.strip_prefix(b"vcpu.").and_then(split_number) else {
            return self.dirty_rate.set(key, value);
        };
        let index = item(&mut self.dirty_rate.vcpus, number);
        let vcpu = self.dirty_rate.vcpus.get_mut(index);
        vcpu.is_some_and(|vcpu| vcpu.set(key, value))
    }
}

/// Place of a parameter in a record. Parameters of one thing come together, so the next one mostly
/// has the same place, and only the rest of its name must be compared.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Position<'a> {
    /// Start of the name, up to and including the last significant dot.
    prefix: &'a [u8],
    group: Group,
}

/// A part of a record.
#[derive(Debug, Clone, Copy, Default)]
enum Group {
    #[default]
    None,
    State,
    Cpu,
    Balloon,
    Vcpus,
    Vcpu(usize),
    Nets,
    Net(usize),
    Blocks,
    Block(usize),
    Perf,
    IoThreads,
    IoThread(usize),
    Memory,
    DirtyRate,
    Vm,
}

fn assign<T: FromParam>(field: &mut Option<T>, value: ValueRef<'_>) -> bool {
    *field = T::from_param(value);
    field.is_some()
}
