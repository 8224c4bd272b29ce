//! A pure-Rust, async client of [libvirt](https://libvirt.org)'s RPC protocol.
//!
//! [`Connect`] is a connection to a daemon. It is driven by one task on the tokio runtime, its
//! handles are cheap to clone, and any number of calls may be in flight on it. Objects such as
//! [`domain::Domain`] are handles too: they hold nothing on the daemon's side.
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> libvirt_client::Result<()> {
//! use libvirt_client::{Connect, Optional};
//!
//! let uri = "qemu:///system";
//! # let uri = "test:///default";
//! let conn = Connect::open(uri).await?;
//! if let Some(domain) = conn.domain_lookup_by_name("web").await.optional()? {
//!     let info = domain.info().await?;
//!     println!("{:?} with {} KiB", info.state, info.memory_kib);
//! }
//! # assert_eq!(conn.num_of_domains().await?, 1);
//! # Ok(())
//! # }
//! ```
//!
//! # Deadlines and cancellation
//!
//! Every wait ends: by the reply, by a deadline ([`ConnectBuilder::call_timeout`],
//! [`Connect::with_timeout`]), by dropping the future, or by the end of the connection, at which
//! all calls fail at once with its [`CloseReason`]. The daemon may still execute a call whose
//! future was dropped; its late reply is discarded. Methods are cancel-safe in this sense unless
//! their documentation says otherwise.
//!
//! # Calls that take long
//!
//! Some calls may take minutes by their nature: they wait for a guest, which may never answer, or
//! for work of the host, such as writing a guest's memory to a file. The documentation of their
//! methods says "Takes long", and that means:
//!
//! - The connection's deadline for calls does not apply to them. Where one is wanted it is
//!   [`Connect::with_timeout`], e.g. `domain.with_timeout(…).save(path)`.
//! - The daemon is given only so many of them at a time ([`ConnectBuilder::max_long_calls`]);
//!   others wait for their turn in this process.
//! - When their deadline has passed or their future was dropped, the daemon still goes on; some
//!   kinds of work [`Domain::abort_job`](domain::Domain::abort_job) can end.
//!
//! # Errors
//!
//! [`Error`] distinguishes the daemon's own errors ([`RemoteError`], with a code to match on) from
//! everything else. [`Optional::optional`] turns "not found" into `None`, and
//! [`Error::is_unsupported`] recognises daemons that are too old, in all the forms in which they
//! report it. [`Error::is_transient`] and its like say [what to do](guide::errors).
//!
//! # Authentication
//!
//! A daemon accepts every client, or asks polkit (over its own sockets only), or asks for SASL; the
//! URI's `auth=sasl`, `auth=sasl.MECHANISM` or `auth=polkit` insists on one. The feature `sasl`
//! supports the mechanisms EXTERNAL, SCRAM-SHA-512, SCRAM-SHA-256, SCRAM-SHA-1, PLAIN and
//! ANONYMOUS, of which the first that the daemon offers is used. Names and passwords come from the
//! program ([`ConnectBuilder::login`](ConnectBuilder#method.login)), from libvirt's auth file, or
//! from a callback ([`ConnectBuilder::credentials`](ConnectBuilder#method.credentials)), in that
//! order.
//!
//! None of these mechanisms encrypts, so SASL needs a connection that does, or a local one, or ssh:
//! GSSAPI and DIGEST-MD5, the only mechanisms that daemons accept over plain TCP, are not
//! supported. No maintained library has them without being linked to C ones.
//!
//! # Guide
//!
//! The [`guide`] goes from [URIs](guide::opening) to [events](guide::waiting), [changes of
//! guests](guide::changing), [backups and migration](guide::snapshots), [errors](guide::errors),
//! [streams](guide::streams), [synchronous code](guide::blocking) and [other
//! libraries](guide::porting).
//!
//! # Finding the right item
//!
//! Methods have the C functions' names in snake case, without the object and `get`:
//! `virDomainLookupByName` is [`Connect::domain_lookup_by_name`], `virDomainGetXMLDesc`
//! [`Domain::xml_desc`](domain::Domain::xml_desc). rustdoc's search finds them by the C names, too.
//! Numbers end with their unit. [`c_functions`] lists every function of C and its name in Python,
//! with what does the same here. [`types`] has libvirt's enumerations and flag sets, [`params`] its typed
//! parameters, [`events`] subscriptions, and [`protocol`] every wire structure, for
//! [`Connect::raw`].
//!
//! # Features
//!
//! | feature | what it adds |
//! |---|---|
//! | `ssh` (default) | connections through the system's ssh program, or through another (`ext`) |
//! | `ssh-native` | SSH spoken by this process itself (`libssh` and `libssh2` in a URI) |
//! | `tls` (default) | connections over TLS |
//! | `sasl` | names and passwords, where daemons ask for them by SASL |
//! | `qemu` | QEMU's monitor and guest agent, passed through |
//! | `lxc` | the namespaces of LXC's containers |
//! | `admin` | administration of the daemons themselves |
//! | `test-driver` | hosts within the process, for tests: `test:///default` and [`testing`](https://docs.rs/libvirt-client/latest/libvirt_client/testing/index.html) |

#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(any(feature = "sasl", feature = "ssh-native", feature = "test-driver"))]
mod auth;
/// Every public function of libvirt in C, its name in libvirt-python, and what does the same here.
///
/// Some differences are the same everywhere:
///
/// - Objects are handles that hold nothing on the daemon's side: they are cloned and dropped, and
///   nothing is freed. What makes or finds one is a method of what it is in.
/// - A method returns its own [`Error`], as Python raises a `libvirtError`: [`Error::code`] is
///   `get_error_code()`, and [`RemoteError`] has the rest.
/// - Methods are futures. There is no event loop to run; callbacks are streams of [`events`].
/// - Flags have types of their own in [`types`]. Typed parameters, Python's dictionaries, are
///   structures, or [`params::TypedParams`] where it is the daemon that knows their names.
/// - Each handle's connection is its `connect`, as in Python also where C has no function for it.
pub mod c_functions;
mod config;
mod error;
mod files;
#[cfg(any(fuzzing, test))]
#[doc(hidden)]
pub mod fuzzing;
pub mod guide;
pub mod params;
pub mod protocol;
mod rpc;
#[cfg(test)]
mod simulation;
#[cfg(feature = "test-driver")]
mod test_driver;
mod transport;
pub mod types;
pub mod uri;
pub mod xdr;

// rustdoc shows the blocks of methods in the order of their modules; blank lines keep it.
mod client;

mod api;

pub mod events;

pub mod waiting;

pub mod watch;

#[cfg(feature = "test-driver")]
pub mod testing;

#[cfg(feature = "admin")]
pub use api::admin;
#[cfg(feature = "qemu")]
pub use api::qemu;
pub use api::{connect, domain, interface, network, node_device, nwfilter, secret, storage};
#[cfg(any(feature = "sasl", feature = "ssh-native", feature = "test-driver"))]
pub use auth::{Credential, CredentialRequest};
pub use client::{
    Backoff, Chunk, Connect, ConnectBuilder, ConnectionStatus, Raw, Reconnect, Reply, Stream,
    StreamReader, StreamWriter,
};
pub use error::{
    AuthError, CloseReason, Error, MigrationError, MigrationFailure, MigrationOutcome,
    MigrationSide, MigrationStep, NetworkError, Optional, Presence, ProtocolError, RemoteError,
    Result, Silence, SshError, SshFailure, TlsError, TunnelError, TunnelFailure, Waiting,
};
#[cfg(feature = "tls")]
pub use transport::tls::TlsOptions;
/// What objects are told apart by; of the crate `uuid`, in its version 1.
#[doc(no_inline)]
pub use uuid::Uuid;

/// Compiles the README's programs.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
