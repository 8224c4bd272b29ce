//! Guests that move between two hosts.

mod gate;
mod hosts;
mod loss;
mod ways;
