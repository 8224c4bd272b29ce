//! The printed table.

use crate::Options;
use crate::rounds::{median, ratio};

/// The unit of a figure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Nanoseconds.
    Nanos,
    /// Operations per second.
    PerSecond,
    /// A number without unit.
    Count,
    /// KiB.
    Kib,
}

impl Unit {
    fn show(self, value: f64) -> String {
        let scaled = |steps: &[(f64, &str)]| {
            let step = steps.iter().find(|(size, _)| value >= *size).or(steps.last());
            let (size, name) = step.copied().unwrap_or((1.0, ""));
            let value = value / size;
            let digits = match value {
                v if v >= 100.0 => 0,
                v if v >= 10.0 => 1,
                _ => 2,
            };
            format!("{value:.digits$}{name}")
        };
        match self {
            Self::Nanos => scaled(&[(1e9, " s"), (1e6, " ms"), (1e3, " µs"), (1.0, " ns")]),
            Self::PerSecond => scaled(&[(1e6, " M/s"), (1e3, " k/s"), (1.0, "/s")]),
            Self::Count => scaled(&[(1e6, " M"), (1e3, " k"), (1.0, "")]),
            Self::Kib => scaled(&[(1024.0, " MiB"), (1.0, " KiB")]),
        }
    }
}

/// The aim of a figure.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Aim {
    /// None: the figure is for information.
    None,
    /// Ours is at most so many times the other's.
    AtMostTimes(f64),
    /// Ours is at least so many times the other's.
    AtLeastTimes(f64),
    /// The other's is at least so many times ours.
    TimesFaster(f64),
    /// Ours is at most this, whatever the other's.
    AtMost(f64),
}

/// A figure of a row: one value per round for us and for the other contender.
#[derive(Debug)]
pub struct Figure<'a> {
    /// The name.
    pub name: &'a str,
    /// The unit.
    pub unit: Unit,
    /// Our values.
    pub ours: Vec<f64>,
    /// The other's values, if it runs here.
    pub theirs: Option<Vec<f64>>,
    /// The values of a bare socket, which nobody can beat.
    pub limit: Option<Vec<f64>>,
    /// The aim.
    pub aim: Aim,
}

impl Figure<'_> {
    /// Returns the ratio of ours to theirs, or the inverse if that is the aim.
    fn ratio(&self) -> Option<f64> {
        let theirs = self.theirs.as_ref()?;
        let ratio = match self.aim {
            Aim::TimesFaster(_) => ratio(theirs, &self.ours),
            _ => ratio(&self.ours, theirs),
        };
        ratio.is_finite().then_some(ratio)
    }

    /// Returns whether the aim is met; `None` if there is none, or no way to tell.
    fn is_met(&self) -> Option<bool> {
        match self.aim {
            Aim::None => None,
            Aim::AtMostTimes(most) => self.ratio().map(|ratio| ratio <= most),
            Aim::AtLeastTimes(least) | Aim::TimesFaster(least) => {
                self.ratio().map(|ratio| ratio >= least)
            }
            Aim::AtMost(most) => Some(median(&self.ours) <= most),
        }
    }

    fn aim_text(&self) -> String {
        match self.aim {
            Aim::None => String::new(),
            Aim::AtMostTimes(most) => format!("≤ {most} ×"),
            Aim::AtLeastTimes(least) => format!("≥ {least} ×"),
            Aim::TimesFaster(least) => format!("{least} × faster"),
            Aim::AtMost(most) => format!("≤ {}", self.unit.show(most)),
        }
    }
}

/// A table that is printed to standard output row by row.
#[derive(Debug)]
pub struct Table {
    judged: bool,
    missed: Vec<String>,
}

impl Table {
    /// Begins a table that compares us with `theirs`.
    pub fn new(options: &Options, title: &str, theirs: &str) -> Self {
        println!("\n{title}");
        if options.is_quick() {
            println!("(every row once at a tiny size: proves that it works, measures nothing)");
        }
        print_line("row", "figure", ["limit", "ours", theirs, "ratio", "aim"], "");
        Self { judged: !options.is_quick(), missed: Vec::new() }
    }

    /// Prints one row.
    pub fn row(&mut self, name: &str, figures: &[Figure<'_>]) {
        for (index, figure) in figures.iter().enumerate() {
            let show = |values: Option<&[f64]>| {
                values.map_or_else(|| "-".to_owned(), |values| figure.unit.show(median(values)))
            };
            let verdict = match figure.is_met() {
                _ if !self.judged => "",
                None => "",
                Some(true) => "met",
                Some(false) => "MISSED",
            };
            if verdict == "MISSED" {
                self.missed.push(format!("{name}: {}", figure.name));
            }
            let columns = [
                &*show(figure.limit.as_deref()),
                &*show(Some(&figure.ours)),
                &*show(figure.theirs.as_deref()),
                &*figure.ratio().map(|ratio| format!("{ratio:.2}")).unwrap_or_default(),
                &*figure.aim_text(),
            ];
            print_line(if index == 0 { name } else { "" }, figure.name, columns, verdict);
        }
    }

    /// Ends the table, and lists the aims that were missed.
    pub fn finish(self) {
        for missed in self.missed {
            println!("missed: {missed}");
        }
    }
}

fn print_line(
    row: &str,
    figure: &str,
    [limit, ours, theirs, ratio, aim]: [&str; 5],
    verdict: &str,
) {
    let line = format!(
        "{row:<48} {figure:<14} {limit:>10} {ours:>10} {theirs:>10} {ratio:>7}  {aim:<12} {verdict}"
    );
    println!("{}", line.trim_end());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_judged_by_their_aims() {
        let figure = |aim| Figure {
            name: "wall",
            unit: Unit::Nanos,
            ours: vec![2.0, 2.0],
            theirs: Some(vec![4.0, 4.0]),
            limit: None,
            aim,
        };
        assert_eq!(figure(Aim::None).is_met(), None);
        assert_eq!(figure(Aim::AtMostTimes(0.5)).is_met(), Some(true));
        assert_eq!(figure(Aim::AtMostTimes(0.4)).is_met(), Some(false));
        assert_eq!(figure(Aim::AtLeastTimes(0.6)).is_met(), Some(false));
        assert_eq!(figure(Aim::TimesFaster(2.0)).is_met(), Some(true));
        assert_eq!(figure(Aim::TimesFaster(2.1)).is_met(), Some(false));
        assert_eq!(figure(Aim::AtMost(1.9)).is_met(), Some(false));
        let alone = Figure { theirs: None, ..figure(Aim::AtMostTimes(0.5)) };
        assert_eq!(alone.is_met(), None);
    }

    #[test]
    fn values_are_shown_in_fitting_units() {
        assert_eq!(Unit::Nanos.show(43_210.0), "43.2 µs");
        assert_eq!(Unit::PerSecond.show(1_440_000.0), "1.44 M/s");
        assert_eq!(Unit::Count.show(3.0), "3.00");
        assert_eq!(Unit::Kib.show(5120.0), "5.00 MiB");
        assert_eq!(Unit::Nanos.show(0.5), "0.50 ns");
    }
}
