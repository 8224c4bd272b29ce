//! The guests of a host, and what they use.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use libvirt_client::domain::{Domain, DomainStats, State};
use uuid::Uuid;

use crate::rates::{Counters, History, Rates};
use crate::statistics::Answer;

#[derive(Debug)]
pub(crate) struct Guests {
    all: BTreeMap<Uuid, Guest>,
    /// Rates over less time than this would jump about.
    shortest: Duration,
}

#[derive(Debug)]
pub(crate) struct Guest {
    pub(crate) domain: Domain,
    pub(crate) state: Option<State>,
    /// Its hypervisor hangs, or is busy.
    pub(crate) is_silent: bool,
    pub(crate) vcpus: Option<u32>,
    pub(crate) memory_kib: Option<u64>,
    /// What of it the guest cannot do without.
    pub(crate) used_kib: Option<u64>,
    pub(crate) rates: Rates,
    pub(crate) cpu: History,
    pub(crate) disk: History,
    pub(crate) net: History,
    counters: Option<Counters>,
}

impl Guests {
    /// None yet, of a host that is to be asked in this interval.
    pub(crate) fn new(every: Duration) -> Self {
        Self { all: BTreeMap::new(), shortest: every / 2 }
    }

    pub(crate) fn get(&self, uuid: Uuid) -> Option<&Guest> {
        self.all.get(&uuid)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (Uuid, &Guest)> {
        self.all.iter().map(|(uuid, guest)| (*uuid, guest))
    }

    pub(crate) fn update(&mut self, answer: Answer, at: Instant) {
        let mut gone = std::mem::take(&mut self.all);
        for record in answer.guests {
            let uuid = record.domain.uuid();
            let mut guest = gone.remove(&uuid).unwrap_or_else(|| Guest::new(record.domain.clone()));
            guest.domain = record.domain;
            guest.update(&record.stats, answer.is_whole);
            guest.count(&record.stats, at, self.shortest);
            self.all.insert(uuid, guest);
        }
    }
}

impl Guest {
    fn new(domain: Domain) -> Self {
        Self {
            domain,
            state: None,
            is_silent: false,
            vcpus: None,
            memory_kib: None,
            used_kib: None,
            rates: Rates::default(),
            cpu: History::default(),
            disk: History::default(),
            net: History::default(),
            counters: None,
        }
    }

    pub(crate) fn is_active(&self) -> bool {
        !matches!(self.state, None | Some(State::Shutoff | State::Crashed | State::Nostate))
    }

    fn update(&mut self, stats: &DomainStats, is_whole: bool) {
        self.state = stats.state.map(|state| state.state);
        if is_whole {
            let memory = &stats.balloon;
            self.vcpus = stats.vcpu_current;
            self.memory_kib = memory.current_kib;
            self.is_silent =
                self.is_active() && memory.current_kib.is_some() && memory.rss_kib.is_none();
            let free = memory.usable_kib.or(memory.unused_kib);
            self.used_kib =
                memory.available_kib.zip(free).map(|(all, free)| all.saturating_sub(free));
        }
    }

    fn count(&mut self, stats: &DomainStats, at: Instant, shortest: Duration) {
        let now = Counters::of(stats, at);
        match &self.counters {
            _ if !self.is_active() => self.rates = Rates::default(),
            Some(before) if now.since(before) < shortest => return,
            Some(before) => self.rates = now.rates(before),
            None => {}
        }
        self.counters = Some(now);
        self.cpu.push(self.rates.cpu);
        self.disk.push(self.rates.disk());
        self.net.push(self.rates.net());
    }
}
