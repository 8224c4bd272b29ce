//! What the test driver does, which needs no guest: that of a daemon, and in `tests/test_driver`, which has
//! these tests too, that of this process. `crate::common::test_driver` says of which.

pub mod changes;
mod connect;
mod domain;
pub mod events;
mod interface;
mod many_events;
mod network;
mod node_device;
pub mod patience;
pub mod shown;
mod states;
mod storage;
mod waiting;
mod watch;
