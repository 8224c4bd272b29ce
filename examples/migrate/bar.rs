//! The progress, as a bar or in lines.

use std::io::{self, IsTerminal as _, Write as _};
use std::time::Duration;

use libvirt_client::domain::MigrationProgress;

use crate::flags::Options;

pub(crate) enum Bar {
    Terminal,
    /// A line whenever another tenth is done.
    Lines {
        tenths: u32,
    },
    Nothing,
}

impl Bar {
    pub(crate) fn new(options: &Options) -> Self {
        if options.has("quiet") {
            Self::Nothing
        } else if io::stdout().is_terminal() {
            Self::Terminal
        } else if options.has("verbose") {
            Self::Lines { tenths: 0 }
        } else {
            Self::Nothing
        }
    }

    pub(crate) fn show(&mut self, progress: &MigrationProgress) {
        let Some(done) = progress.fraction() else {
            return;
        };
        let text = describe(progress, done);
        let mut out = io::stdout().lock();
        // A reader who has gone is no reason to stop.
        let _ = match self {
            Self::Terminal => {
                let full = "#".repeat((done * 40.0) as usize);
                write!(out, "\r[{full:40}] {text}\x1b[K").and_then(|()| out.flush())
            }
            Self::Lines { tenths } if (done * 10.0) as u32 >= *tenths => {
                *tenths = (done * 10.0) as u32 + 1;
                writeln!(out, "{text}")
            }
            Self::Lines { .. } | Self::Nothing => Ok(()),
        };
    }

    pub(crate) fn clear(&self) {
        if matches!(self, Self::Terminal) {
            let mut out = io::stdout().lock();
            let _ = write!(out, "\r\x1b[K").and_then(|()| out.flush());
        }
    }
}

fn describe(progress: &MigrationProgress, done: f64) -> String {
    let stats = &progress.stats;
    let rates = [stats.memory_bytes_per_second, stats.disk_bytes_per_second];
    let rate: u64 = rates.into_iter().flatten().sum();
    let percent = (done * 100.0) as u32;
    let total = stats.data_total_bytes.unwrap_or_default() >> 20;
    let remaining = match progress.time_remaining {
        Some(time) => format!("{} to go", show_time(time)),
        // The guest changes its memory faster than that, or nothing has been sent yet.
        None => "no end in sight".to_owned(),
    };
    format!("{percent:3} % of {total} MiB, {} MiB/s, {remaining}", rate >> 20)
}

pub(crate) fn show_time(time: Duration) -> String {
    let seconds = time.as_secs();
    match (seconds / 3600, seconds / 60) {
        (0, 0) if seconds < 10 => format!("{:.1} s", time.as_secs_f64()),
        (0, 0) => format!("{seconds} s"),
        (0, minutes) => format!("{minutes} min {} s", seconds % 60),
        (hours, minutes) => format!("{hours} h {} min", minutes % 60),
    }
}
