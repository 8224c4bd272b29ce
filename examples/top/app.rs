//! What is shown, and what of it is chosen.

use std::cmp::Ordering;
use std::time::{Duration, Instant};

use libvirt_client::domain::Domain;
use uuid::Uuid;

use crate::act::patient;
use crate::collect::{News, Update};
use crate::guests::{Guest, Guests};
use crate::place;

#[derive(Debug)]
pub(crate) struct App {
    pub(crate) hosts: Vec<Host>,
    /// The guests that are shown, in their order.
    pub(crate) order: Vec<Id>,
    /// `None` until the user chooses: who has not done so means none of them.
    pub(crate) selected: Option<Id>,
    /// How many lines there are for guests.
    pub(crate) page: usize,
    pub(crate) sort: Sort,
    pub(crate) is_reversed: bool,
    pub(crate) are_all_shown: bool,
    pub(crate) filter: String,
    pub(crate) mode: Mode,
    pub(crate) message: String,
    /// Where the list is scrolled to.
    pub(crate) first: usize,
}

/// A guest, whatever becomes of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Id {
    pub(crate) host: usize,
    pub(crate) uuid: Uuid,
}

#[derive(Debug)]
pub(crate) struct Host {
    pub(crate) name: String,
    pub(crate) guests: Guests,
    pub(crate) link: Link,
    /// When it has answered last.
    pub(crate) answered: Option<Instant>,
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Link {
    Opening,
    Up,
    Lost(String),
    /// It is not tried again.
    Ended(String),
}

/// What the keys are for.
#[derive(Debug)]
pub(crate) enum Mode {
    List,
    Filter,
    /// Whether to destroy this guest.
    Confirm(Id),
    Help,
    Text(Text),
}

/// A text to read.
#[derive(Debug)]
pub(crate) struct Text {
    pub(crate) title: String,
    pub(crate) lines: Vec<String>,
    pub(crate) first: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sort {
    Name,
    State,
    Cpu,
    Memory,
    Disk,
    Net,
}

impl Sort {
    const ALL: [Self; 6] = [
        Self::Name,
        Self::State,
        Self::Cpu,
        Self::Memory,
        Self::Disk,
        Self::Net,
    ];

    pub(crate) fn next(self, by: isize) -> Self {
        let place = Self::ALL.iter().position(|it| *it == self).unwrap_or_default();
        let count = Self::ALL.len();
        Self::ALL[(place + count).wrapping_add_signed(by) % count]
    }

    /// The greatest first, but names and states from the beginning.
    fn compare(self, one: &Guest, other: &Guest) -> Ordering {
        let numbers = |one: Option<f64>, other: Option<f64>| {
            let number = |it: Option<f64>| it.unwrap_or(-1.0);
            number(other).total_cmp(&number(one))
        };
        match self {
            Self::Name => Ordering::Equal,
            Self::State => i32::from(one.state).cmp(&other.state.into()),
            Self::Cpu => numbers(one.rates.cpu, other.rates.cpu),
            Self::Memory => other.memory_kib.cmp(&one.memory_kib),
            Self::Disk => numbers(one.rates.disk(), other.rates.disk()),
            Self::Net => numbers(one.rates.net(), other.rates.net()),
        }
    }
}

impl Host {
    /// All of them, before any has answered.
    pub(crate) fn all(uris: &[String], every: Duration) -> Vec<Self> {
        let names = place::names(uris).into_iter();
        let hosts = names.map(|name| Self {
            name,
            guests: Guests::new(every),
            link: Link::Opening,
            answered: None,
        });
        hosts.collect()
    }

    pub(crate) fn hear(&mut self, news: News) {
        let asked = match news {
            News::Asked(asked) => asked,
            News::Change(change) => return self.guests.change(change),
        };
        match asked.answer {
            Ok(answer) => {
                self.guests.count(answer, asked.at);
                self.link = Link::Up;
                self.answered = Some(asked.at);
            }
            Err(reason) if asked.is_last => self.link = Link::Ended(reason),
            Err(reason) => self.link = Link::Lost(reason),
        }
    }
}

impl App {
    pub(crate) fn new(uris: &[String], every: Duration) -> Self {
        Self {
            hosts: Host::all(uris, every),
            order: Vec::new(),
            selected: None,
            page: 1,
            sort: Sort::Cpu,
            is_reversed: false,
            are_all_shown: true,
            filter: String::new(),
            mode: Mode::List,
            message: String::new(),
            first: 0,
        }
    }

    pub(crate) fn guest(&self, id: Id) -> Option<&Guest> {
        self.hosts.get(id.host)?.guests.get(id.uuid)
    }

    pub(crate) fn selected(&self) -> Option<(Id, &Guest)> {
        let id = self.selected?;
        Some((id, self.guest(id)?))
    }

    /// A guest, for calls to it.
    pub(crate) fn domain(&self, id: Id) -> Option<Domain> {
        self.guest(id).map(|guest| patient(&guest.domain))
    }

    /// Why nothing can be shown any more: no host is tried again.
    pub(crate) fn end(&self) -> Option<String> {
        let reasons = self.hosts.iter().map(|host| match &host.link {
            Link::Ended(reason) => Some(format!("{}: {reason}", host.name)),
            _ => None,
        });
        Some(reasons.collect::<Option<Vec<_>>>()?.join("; "))
    }

    pub(crate) fn update(&mut self, update: Update) {
        let Some(host) = self.hosts.get_mut(update.host) else {
            return;
        };
        match update.news {
            Ok(news) => host.hear(news),
            Err(error) => self.message = format!("{}: {error}", host.name),
        }
    }

    /// Filters and sorts the guests anew, and keeps the selected one in sight.
    pub(crate) fn arrange(&mut self) {
        let wanted = self.filter.to_lowercase();
        let is_wanted = |host: &Host, guest: &Guest| {
            (self.are_all_shown || guest.is_active())
                && (wanted.is_empty()
                    || guest.domain.name().to_lowercase().contains(&wanted)
                    || host.name.to_lowercase().contains(&wanted))
        };
        let all = self.hosts.iter().enumerate().flat_map(|(place, host)| {
            host.guests
                .iter()
                .map(move |(uuid, guest)| (Id { host: place, uuid }, host, guest))
        });
        let mut all: Vec<_> = all.filter(|(_, host, guest)| is_wanted(host, guest)).collect();
        all.sort_by(|(one_id, _, one), (other_id, _, other)| {
            let order = self.sort.compare(one, other);
            let order = order.then_with(|| one.domain.name().cmp(other.domain.name()));
            let order = order.then_with(|| one_id.host.cmp(&other_id.host));
            if self.is_reversed {
                order.reverse()
            } else {
                order
            }
        });
        let order = all.into_iter().map(|(id, _, _)| id).collect();
        let place = self.place();
        self.order = order;
        if let (Some(place), None) = (place, self.place()) {
            // The next one takes the place of one that is gone.
            let last = self.order.len().saturating_sub(1);
            self.selected = self.order.get(place.min(last)).copied();
        }
        self.scroll();
    }

    fn place(&self) -> Option<usize> {
        let selected = self.selected?;
        self.order.iter().position(|id| *id == selected)
    }

    /// Selects the guest that is so many lines further down.
    pub(crate) fn go(&mut self, by: isize) {
        let last = self.order.len().saturating_sub(1);
        let place = match self.place() {
            Some(place) => place.saturating_add_signed(by).min(last),
            None => self.first,
        };
        self.selected = self.order.get(place).copied();
        self.scroll();
    }

    pub(crate) fn scroll(&mut self) {
        let (place, page) = (self.place().unwrap_or_default(), self.page.max(1));
        let lowest = (place + 1).saturating_sub(page);
        let bottom = self.order.len().saturating_sub(page);
        self.first = self.first.clamp(lowest, place.max(lowest)).min(bottom);
    }
}
