//! Guests that move between two hosts.

mod ending;
mod gate;
mod hosts;
mod loss;
mod releases;
mod ways;
