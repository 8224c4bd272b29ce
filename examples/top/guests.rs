//! The guests of a host, and what they use.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use libvirt_client::domain::{Domain, DomainStats, State};
use libvirt_client::watch::Change;
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
    pub(crate) state: State,
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

    pub(crate) fn change(&mut self, change: Change<Domain>) {
        match change {
            Change::Appeared(entry) | Change::Changed { entry, .. } => {
                self.saw(entry.object, entry.state.state);
            }
            Change::Gone(entry) => drop(self.all.remove(&entry.object.uuid())),
            _ => {}
        }
    }

    /// Takes all that have statistics for all that there are.
    pub(crate) fn saw_all(&mut self, answer: &Answer) {
        for record in &answer.guests {
            let state = record.stats.state.map_or(State::Nostate, |state| state.state);
            self.saw(record.domain.clone(), state);
        }
    }

    fn saw(&mut self, domain: Domain, state: State) {
        let guest = self.all.entry(domain.uuid()).or_insert_with(|| Guest::new(&domain));
        guest.domain = domain;
        guest.state = state;
        if !guest.is_active() {
            guest.rates = Rates::default();
        }
    }

    /// Has heard of those that exist what they use.
    pub(crate) fn count(&mut self, answer: Answer, at: Instant) {
        for record in answer.guests {
            if let Some(guest) = self.all.get_mut(&record.domain.uuid()) {
                // Its connection is the one that there is now.
                guest.domain = record.domain;
                guest.update(&record.stats, answer.is_whole);
                guest.count(&record.stats, at, self.shortest);
            }
        }
    }
}

impl Guest {
    fn new(domain: &Domain) -> Self {
        Self {
            domain: domain.clone(),
            state: State::Nostate,
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
        !matches!(self.state, State::Shutoff | State::Crashed | State::Nostate)
    }

    fn update(&mut self, stats: &DomainStats, is_whole: bool) {
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
