//! What was asked for.

use std::env;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

pub(crate) const USAGE: &str = "\
usage: soak [--guests N] [--seed N] [MINUTES]

MINUTES is 60 unless given, guests are 200, and the seed is a new one.";

#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) minutes: usize,
    pub(crate) guests: usize,
    pub(crate) seed: u64,
}

impl Plan {
    /// `None` if they make no sense.
    pub(crate) fn of_arguments() -> Option<Self> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
        let mut plan = Self { minutes: 60, guests: 200, seed: now.as_secs() };
        let mut arguments = env::args().skip(1);
        while let Some(argument) = arguments.next() {
            let mut value = || arguments.next()?.parse().ok();
            match &*argument {
                "--guests" => plan.guests = value()? as usize,
                "--seed" => plan.seed = value()?,
                minutes => plan.minutes = minutes.parse().ok()?,
            }
        }
        Some(plan)
    }

    /// So many minutes may things grow, before they must have found their size.
    pub(crate) fn warm_up(&self) -> usize {
        (self.minutes / 5).max(1)
    }
}
