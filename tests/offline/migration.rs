//! Migrations between hosts that say what a test wants them to say: all versions of the protocol,
//! each failure, and giving up at each step.

mod cancelling;
mod failures;
mod garbage;
mod hosts;
mod journey;
mod old;
mod progress;
mod refusals;
mod unmanaged;
mod versions;
mod wire;
