//! A guide, from the URI to moving whole programs.
//!
//! | chapter | what it answers |
//! |---|---|
//! | [`opening`] | how is a connection opened; what does this parameter, file or variable mean? |
//! | [`objects`] | what is a handle; what is the difference between defining and creating? |
//! | [`waiting`] | how do I learn that something has happened? |
//! | [`changing`] | how do I add a disk, set a limit, or ask the agent in the guest? |
//! | [`snapshots`] | how do I take snapshots and backups, copy disks, and move guests? |
//! | [`errors`] | what went wrong, and may I try again? |
//! | [`deadlines`] | how long does it take at most, and how do I give up? |
//! | [`reconnecting`] | what happens when the daemon is restarted? |
//! | [`streams`] | how do I reach consoles, screens and the content of disks? |
//! | [`statistics`] | how do I monitor hosts and guests? |
//! | [`tracing`] | how do I see what it does? |
//! | [`testing`] | how do I test a program without a daemon? |
//! | [`blocking`] | how do I use it without async? |
//! | [`porting`] | what is this function of libvirt-python, go-libvirt or `virt` here? |
//!
//! # What no chapter shows
//!
//! | what | where |
//! |---|---|
//! | the daemon has lost its hypervisor | [`HypervisorClosed`](crate::events::connection::HypervisorClosed), an event |
//! | names and passwords are asked for | `CredentialRequest`, by [`ConnectBuilder::credentials`](crate::ConnectBuilder#method.credentials); feature `sasl` or `ssh-native` |
//! | saving a guest's memory, dumping it | [`Domain::save`](crate::domain::Domain::save), [`managed_save`](crate::domain::Domain::managed_save), [`core_dump`](crate::domain::Domain::core_dump) |
//! | networks, their leases and ports | [`network`](crate::network) |
//! | network filters, and which interface has which | [`nwfilter`](crate::nwfilter) |
//! | interfaces of the host, changed on trial: begin, commit, roll back | [`InterfaceChange`](crate::interface::InterfaceChange), by [`Connect::interface_change_begin`](crate::Connect::interface_change_begin) |
//! | secrets and their values | [`secret`](crate::secret) |
//! | devices of the host, such as those that guests are given | [`node_device`](crate::node_device) |
//! | the processors that a host has, or can give | [`Connect::compare_cpu`](crate::Connect::compare_cpu), [`baseline_cpu`](crate::Connect::baseline_cpu), [`node_info`](crate::Connect::node_info) |
//! | the daemons themselves: their clients, threads, limits, logs | `admin::AdminConnect`; feature `admin` |
//! | the namespaces of LXC's containers | `Domain::lxc_open_namespace`; feature `lxc` |
//! | open files, to a guest or from one | [`Domain::create_with_files`](crate::domain::Domain::create_with_files), [`open_graphics_fd`](crate::domain::Domain::open_graphics_fd) |
//! | constants, such as flags and codes | [`types`](crate::types) |
//! | any procedure, with or without a method | [`Connect::raw`](crate::Connect::raw), [`protocol`](crate::protocol) |
//! | a function of C or of Python | [`c_functions`](crate::c_functions) |

// rustdoc searches the names of items and their aliases, not texts.
#[doc = include_str!("opening.md")]
#[doc(alias = "argv")]
#[doc(alias = "auth")]
#[doc(alias = "auth.conf")]
#[doc(alias = "authfile")]
#[doc(alias = "auto_answer")]
#[doc(alias = "command")]
#[doc(alias = "keyfile")]
#[doc(alias = "known_hosts")]
#[doc(alias = "known_hosts_verify")]
#[doc(alias = "LIBVIRT_ADMIN_DEFAULT_URI")]
#[doc(alias = "LIBVIRT_AUTH_FILE")]
#[doc(alias = "LIBVIRT_AUTOSTART")]
#[doc(alias = "LIBVIRT_DEFAULT_URI")]
#[doc(alias = "libvirt.conf")]
#[doc(alias = "LIBVIRTD_PATH")]
#[doc(alias = "mode")]
#[doc(alias = "name")]
#[doc(alias = "netcat")]
#[doc(alias = "no_sanity")]
#[doc(alias = "no_tty")]
#[doc(alias = "no_verify")]
#[doc(alias = "pkipath")]
#[doc(alias = "proxy")]
#[doc(alias = "remote_mode")]
#[doc(alias = "remote_proxy")]
#[doc(alias = "root")]
#[doc(alias = "socket")]
#[doc(alias = "SSH_AUTH_SOCK")]
#[doc(alias = "sshauth")]
#[doc(alias = "tls_priority")]
#[doc(alias = "transport")]
#[doc(alias = "uri_aliases")]
#[doc(alias = "uri_default")]
#[doc(alias = "vcenter")]
#[doc(alias = "VIRTD_PATH")]
#[doc(alias = "XDG_CACHE_HOME")]
#[doc(alias = "XDG_CONFIG_HOME")]
#[doc(alias = "XDG_RUNTIME_DIR")]
pub mod opening {}

#[doc = include_str!("objects.md")]
pub mod objects {}

#[doc = include_str!("waiting.md")]
pub mod waiting {}

#[doc = include_str!("changing.md")]
#[doc(alias = "capabilities")]
#[doc(alias = "channels")]
#[doc(alias = "devices")]
#[doc(alias = "guest agent")]
#[doc(alias = "hotplug")]
#[doc(alias = "metadata")]
#[doc(alias = "typed parameters")]
pub mod changing {}

#[doc = include_str!("snapshots.md")]
#[doc(alias = "backups")]
#[doc(alias = "block jobs")]
#[doc(alias = "checkpoints")]
#[doc(alias = "migration")]
pub mod snapshots {}

#[doc = include_str!("errors.md")]
#[doc(alias = "retry")]
pub mod errors {}

#[doc = include_str!("deadlines.md")]
#[doc(alias = "cancellation")]
#[doc(alias = "timeout")]
pub mod deadlines {}

#[doc = include_str!("reconnecting.md")]
pub mod reconnecting {}

#[doc = include_str!("streams.md")]
#[doc(alias = "volumes")]
pub mod streams {}

#[doc = include_str!("statistics.md")]
#[doc(alias = "metrics")]
#[doc(alias = "monitoring")]
pub mod statistics {}

#[doc = include_str!("tracing.md")]
#[doc(alias = "logging")]
pub mod tracing {}

// Its links lead to what only the feature has.
#[cfg_attr(feature = "test-driver", doc = include_str!("testing.md"))]
#[cfg_attr(
    not(feature = "test-driver"),
    doc = "Testing your program: needs the feature `test-driver`."
)]
#[doc(alias = "test:///default")]
#[doc(alias = "mock")]
#[doc(alias = "fake")]
pub mod testing {}

#[doc = include_str!("blocking.md")]
#[doc(alias = "block_on")]
#[doc(alias = "synchronous")]
pub mod blocking {}

#[doc = include_str!("porting.md")]
#[doc(alias = "go-libvirt")]
#[doc(alias = "libvirt-python")]
#[doc(alias = "virt")]
pub mod porting {}
