//! Whole connections on a clock of their own, each run decided by a seed.
//!
//! The client is the real one, from its handles to its driver. Around it are a network that cuts,
//! delays and divides, a daemon that answers as it likes, and users that come and go; one thread and
//! one random generator run all of it, so that the same seed is the same run.
//!
//! `SIMULATION_SEEDS` in the environment has the number of seeds, `SIMULATION_FIRST` the first of
//! them, and `SIMULATION_SEED` one whose trace is to be shown.

mod daemon;
mod descriptors;
mod hosts;
mod invariants;
mod network;
mod plan;
mod random;
mod run;
mod users;
mod wire;
mod world;

use std::env;

/// The number of seeds of an ordinary run.
const SEEDS: u64 = 2000;

fn number(name: &str) -> Option<u64> {
    let text = env::var(name).ok()?;
    Some(text.parse().unwrap_or_else(|_| unreachable!("{name}={text}")))
}

fn check(seed: u64, tracing: bool) {
    let outcome = run::run(seed, tracing);
    if tracing {
        println!("{}", outcome.trace.join("\n"));
    }
    if let Some(failure) = outcome.failure {
        panic!(
            "seed {seed}: {failure}\nSIMULATION_SEED={seed} cargo test --lib --all-features \
             simulation::seeds -- --nocapture"
        );
    }
}

#[test]
fn seeds() {
    if let Some(seed) = number("SIMULATION_SEED") {
        return check(seed, true);
    }
    let first = number("SIMULATION_FIRST").unwrap_or(1);
    for seed in first..first + number("SIMULATION_SEEDS").unwrap_or(SEEDS) {
        check(seed, false);
    }
}

#[test]
fn a_seed_is_one_run() {
    for seed in 1..40 {
        assert_eq!(run::run(seed, true).trace, run::run(seed, true).trace, "seed {seed}");
    }
}
