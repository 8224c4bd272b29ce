//! Common parts of the benchmarks.
//!
//! A row of a benchmark compares contenders: this library, the C library, a bare socket. They run
//! in turn, several times, and a ratio is the median of the ratios of adjacent runs, so that it is
//! reliable even if the machine's speed drifts. The crate does not use the library that is
//! measured.

// Times and counts stay far below what a float represents exactly.
#![allow(clippy::cast_precision_loss)]

pub mod affinity;
pub mod bare;
pub mod c;
pub mod client;
pub mod compare;
pub mod fixtures;
mod options;
pub mod peer;
pub mod profile;
pub mod rounds;
pub mod table;

pub use options::Options;

/// Any error; a benchmark stops at it.
pub type Error = Box<dyn std::error::Error + Send + Sync>;
/// A result whose error is [`Error`] unless it says otherwise.
pub type Result<T, E = Error> = std::result::Result<T, E>;
