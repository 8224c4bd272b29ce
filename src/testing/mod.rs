//! Hosts within the process, for the tests of programs that use this library.
//!
//! A [`TestHost`] is what the C library's `test:///default` is, without the C library: domains,
//! networks, pools and the rest that exist in memory only, behind the same protocol and the same
//! client as those of a real host. Nothing needs a daemon, root or a network. What it does not
//! support fails as on a daemon whose driver does not have it.
//!
//! ```
//! use libvirt_client::testing::TestHost;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let host = TestHost::builder()
//!     .domain("<domain type='test'><name>web</name><memory>65536</memory><os><type>hvm</type></os></domain>")
//!     .build()?;
//! let conn = host.connect().await?;
//! let web = conn.domain_lookup_by_name("web").await?;
//! web.create().await?;
//! assert!(web.is_active().await?);
//! # Ok(())
//! # }
//! ```
//!
//! # What there is
//!
//! What libvirt's own test driver has, in the newest release that it was compared with (12.8.0). Files
//! to start guests with are refused, and end the connection. Documents are not validated against a
//! schema: flags that ask for it are accepted. Nothing boots, so guests have no consoles and no agents
//! but the one of [`TestDomain::answer_agent`]; saved guests and dumps are remembered, not written to
//! files.
//!
//! # Faults
//!
//! [`TestHost::calls_to`] makes calls fail, late, or never be answered; [`TestHost::cut`] and
//! [`TestHost::stop`] take the connection or the whole host away; [`TestHost::hold_events`] and its
//! like disturb events. [`TestHost::domain`] changes a guest from outside: one that crashes, or an
//! agent that appears.
//!
//! # Time
//!
//! Nothing here sleeps. With tokio's clock paused (`#[tokio::test(start_paused = true)]`), a test
//! that waits for minutes, for a deadline or for a late answer, takes milliseconds.

// rustdoc shows the blocks of methods in the order of their modules; blank lines keep it.
mod host;

mod builder;

mod calls;

mod domain;

mod events;

pub use builder::TestHostBuilder;
pub use calls::{CallsTo, TestCall};
pub use domain::TestDomain;
pub use host::TestHost;
