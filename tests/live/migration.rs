//! Guests that move between two hosts.

mod ending;
mod example;
mod gate;
pub mod hosts;
mod loss;
mod releases;
mod ways;
