//! The rig against real daemons and guests.

mod common;
mod daemon;
mod guest;
mod owner;
mod remote;
mod shared;
mod system;
