//! Rows that compare two client programs.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use crate::affinity::Cpus;
use crate::client::{Program, Report, Work};
use crate::profile::Counter;
use crate::rounds::alternate;
use crate::table::{Aim, Figure, Table, Unit};
use crate::{Options, Result, c};

/// A row of the table.
#[derive(Debug, Clone, Copy)]
pub struct Row<'a> {
    /// The name.
    pub name: &'a str,
    /// The clients' work; see [`Work::verb`].
    pub verb: &'a str,
    /// The number of tasks or threads.
    pub callers: u64,
    /// The repetitions of our client, and of C's: each for about half a second.
    pub counts: [u64; 2],
    /// The repetitions that only prove that it works, and the least number under valgrind.
    pub quick: u64,
    /// The repetitions when system calls and the like are counted: so many in one run, three times
    /// as many in another. A multiple of ten times `callers`.
    pub profiled: u64,
    /// Wall time.
    pub wall: Wall,
    /// Aim for the client's processor time.
    pub cpu: Aim,
    /// Aim for the system calls.
    pub system_calls: Aim,
    /// Aim for the peak of memory.
    pub peak: Aim,
}

/// The form of a row's wall time.
#[derive(Debug, Clone, Copy)]
pub enum Wall {
    /// The time of one operation.
    Each(Aim),
    /// Operations per second.
    Rate(Aim),
}

/// The clients, and the table.
#[derive(Debug)]
pub struct Comparison {
    options: Options,
    table: Table,
    ours: Program,
    theirs: Option<Program>,
    limit: Option<Program>,
    counter: Option<Counter>,
    scratch: PathBuf,
}

impl Comparison {
    /// Compiles C's client from `source`, or reports why not; `scratch` is a directory for files.
    pub fn new(
        options: &Options,
        title: &str,
        ours: Program,
        source: &Path,
        scratch: &Path,
    ) -> Result<Self> {
        fs::create_dir_all(scratch)?;
        let theirs = match c::compile(source, &["-lvirt", "-pthread"], scratch) {
            Ok(path) => Some(Program { path, args: Vec::new() }),
            Err(why) => {
                println!("no C library to compare with ({why}); scripts/setup --bench installs it");
                None
            }
        };
        let counter = Counter::of_system_calls();
        if counter.is_none() {
            println!("no system calls are counted: neither perf nor strace works here");
        }
        if options.valgrind && !Counter::has_valgrind() {
            return Err("--valgrind: there is no valgrind here".into());
        }
        let table = Table::new(options, title, "C");
        let (options, scratch) = (options.clone(), scratch.to_owned());
        Ok(Self { options, table, ours, theirs, limit: None, counter, scratch })
    }

    /// Shows what `program` reaches, too.
    #[must_use]
    pub fn with_limit(mut self, program: Program) -> Self {
        self.limit = Some(program);
        self
    }

    /// Runs one row against `uri`, if it is selected, with the clients on these processors.
    pub fn row(&mut self, uri: &str, cpus: &Cpus, row: &Row<'_>) -> Result<()> {
        if !self.options.wants(row.name) {
            return Ok(());
        }
        let work = Work { uri, verb: row.verb, count: 0, callers: row.callers };
        let reports = self.measure(cpus, row, work)?;
        let mut figures = time_figures(row, &reports);
        if let Some(program) = &self.limit {
            let work = Work { count: self.options.size(row.counts[0], row.quick), ..work };
            let mut run = || program.run(cpus, &work);
            let limits = alternate(self.options.rounds(), &mut [&mut run])?;
            for (figure, limit) in figures.iter_mut().zip(time_figures(row, &limits)) {
                if figure.unit != Unit::Kib {
                    figure.limit = Some(limit.ours);
                }
            }
        }
        if let Some(counter) = self.counter {
            let least = self.options.size(row.profiled, row.quick);
            let counter = ("system calls", counter, row.system_calls);
            figures.push(self.count(counter, cpus, least, work)?);
        }
        if self.options.valgrind {
            // Few repetitions are enough: the same work takes the same instructions.
            for (name, counter, unit) in [
                ("instructions", Counter::Callgrind, Unit::Count),
                ("allocations", Counter::Allocations, Unit::Count),
                ("allocated", Counter::Allocated, Unit::Kib),
            ] {
                let figure = self.count((name, counter, Aim::None), cpus, row.quick, work)?;
                figures.push(Figure { unit, ..figure });
            }
        }
        self.table.row(row.name, &figures);
        Ok(())
    }

    /// Runs a row for the memory of one connection: the work opens as many as it is told, and keeps
    /// them. The difference of two runs excludes what a process needs anyway.
    pub fn memory(
        &mut self,
        uri: &str,
        cpus: &Cpus,
        name: &str,
        verb: &str,
        aim: Aim,
    ) -> Result<()> {
        if !self.options.wants(name) {
            return Ok(());
        }
        // More than fit into what the first large reply leaves free in the process.
        let less = self.options.size(200, 1);
        let more = 2 * less;
        let each = |program: &Program| {
            let peak = |count| -> Result<f64> {
                let work = Work { uri, verb, count, callers: 1 };
                Ok(program.run(cpus, &work)?.peak as f64)
            };
            Ok((peak(more)? - peak(less)?) / (more - less) as f64)
        };
        let mut ours = || each(&self.ours);
        let rounds = self.options.rounds();
        let mut sides = match &self.theirs {
            None => alternate(rounds, &mut [&mut ours])?,
            Some(program) => alternate(rounds, &mut [&mut ours, &mut || each(program)])?,
        }
        .into_iter();
        let ours = sides.next().unwrap_or_default();
        let figure = Figure {
            name: "memory",
            unit: Unit::Kib,
            ours,
            theirs: sides.next(),
            limit: None,
            aim,
        };
        self.table.row(name, &[figure]);
        Ok(())
    }

    /// Runs the clients in turn; returns our reports, and those of C's if there is one.
    fn measure(&self, cpus: &Cpus, row: &Row<'_>, work: Work<'_>) -> Result<Vec<Vec<Report>>> {
        let [our_count, their_count] = row.counts.map(|full| self.options.size(full, row.quick));
        let mut ours = || self.ours.run(cpus, &Work { count: our_count, ..work });
        let reports = match &self.theirs {
            None => alternate(self.options.rounds(), &mut [&mut ours])?,
            Some(program) => {
                let mut theirs = || program.run(cpus, &Work { count: their_count, ..work });
                alternate(self.options.rounds(), &mut [&mut ours, &mut theirs])?
            }
        };
        let checks = reports.iter().flatten().map(Report::check_each);
        let checks = checks.collect::<Result<BTreeSet<_>>>()?;
        if checks.len() != 1 {
            return Err(format!("{}: the clients understood different things", row.name).into());
        }
        Ok(reports)
    }

    /// Counts in runs that do their work `least` times and three times that.
    fn count(
        &self,
        (name, counter, aim): (&'static str, Counter, Aim),
        cpus: &Cpus,
        least: u64,
        work: Work<'_>,
    ) -> Result<Figure<'static>> {
        let counts = [least, 3 * least];
        let each = |program: &Program| counter.each(&self.scratch, cpus, program, work, counts);
        Ok(Figure {
            name,
            unit: Unit::Count,
            ours: vec![each(&self.ours)?],
            theirs: self.theirs.as_ref().map(each).transpose()?.map(|each| vec![each]),
            limit: None,
            aim,
        })
    }

    /// Ends the table.
    pub fn finish(self) {
        self.table.finish();
    }
}

fn time_figures(row: &Row<'_>, reports: &[Vec<Report>]) -> Vec<Figure<'static>> {
    let figure = |name, unit, value: &dyn Fn(&Report) -> f64, aim| {
        let mut sides = reports.iter().map(|side| side.iter().map(value).collect::<Vec<_>>());
        let ours = sides.next().unwrap_or_default();
        Figure { name, unit, ours, theirs: sides.next(), limit: None, aim }
    };
    let wall = match row.wall {
        Wall::Each(aim) => figure("wall", Unit::Nanos, &Report::wall_each, aim),
        Wall::Rate(aim) => figure("rate", Unit::PerSecond, &Report::rate, aim),
    };
    let mut figures = vec![
        wall,
        figure("client CPU", Unit::Nanos, &Report::cpu_each, row.cpu),
        figure("peak memory", Unit::Kib, &|report| report.peak as f64, row.peak),
    ];
    if reports.iter().flatten().any(|report| report.lost > 0) {
        let share = |report: &Report| report.lost as f64 / (report.lost + report.done) as f64;
        figures.push(figure("lost share", Unit::Count, &share, Aim::None));
    }
    figures
}
