//! Guests that move between two hosts.

mod hosts;
mod ways;
