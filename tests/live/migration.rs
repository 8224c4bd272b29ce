//! Guests that move between two hosts.

mod definition;
mod emulation;
mod ending;
mod example;
mod gate;
mod halted;
pub mod hosts;
mod loss;
mod postcopy;
mod relay;
mod releases;
mod ways;
