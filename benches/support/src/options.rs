use std::env;

/// The options of the command line.
///
/// `cargo bench` passes `--bench`; without it, or with `--test` or `--quick`, every row runs once
/// at a tiny size, which proves that the benchmark works and measures nothing. Words select the
/// rows whose name contains one of them. `--valgrind` adds instructions and allocations per call,
/// which takes long; `--rounds N` sets the number of rounds.
#[derive(Debug, Clone)]
pub struct Options {
    quick: bool,
    /// Count instructions and allocations too.
    pub valgrind: bool,
    rounds: usize,
    words: Vec<String>,
}

const ROUNDS: usize = 5;

impl Options {
    /// Parses this process's command line.
    pub fn from_args() -> Self {
        let mut options = Self {
            quick: true,
            valgrind: false,
            rounds: ROUNDS,
            words: Vec::new(),
        };
        let mut forced_quick = false;
        let mut args = env::args().skip(1);
        while let Some(arg) = args.next() {
            match arg.as_str() {
                "--bench" => options.quick = false,
                "--quick" | "--test" => forced_quick = true,
                "--valgrind" => options.valgrind = true,
                "--rounds" => {
                    let rounds = args.next().and_then(|word| word.parse().ok());
                    options.rounds = rounds.unwrap_or(ROUNDS).max(1);
                }
                other if other.starts_with('-') => {}
                _ => options.words.push(arg),
            }
        }
        options.quick |= forced_quick;
        options
    }

    /// Returns whether this run only proves that the benchmark works.
    pub fn is_quick(&self) -> bool {
        self.quick
    }

    /// Returns whether a row is selected.
    pub fn wants(&self, row: &str) -> bool {
        self.words.is_empty() || self.words.iter().any(|word| row.contains(word.as_str()))
    }

    /// Returns the number of rounds.
    pub fn rounds(&self) -> usize {
        if self.quick { 1 } else { self.rounds }
    }

    /// Returns an amount of work: `full` to measure, `quick` to prove that it works.
    pub fn size(&self, full: u64, quick: u64) -> u64 {
        if self.quick { quick } else { full }
    }
}
