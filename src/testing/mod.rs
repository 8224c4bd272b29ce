//! Hosts within the process, for the tests of programs that use this library.
//!
//! A [`TestHost`] is what the C library's `test:///default` is, without the C library: domains,
//! networks, pools and the rest that exist in memory only, behind the same protocol and the same
//! client as those of a real host. Nothing needs a daemon, root or a network.

mod host;

pub use host::TestHost;
