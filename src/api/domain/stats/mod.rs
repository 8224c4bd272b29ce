//! Statistics of many domains at once.
//!
//! One call returns all groups of statistics of all domains: [`Connect::all_domain_stats`] as
//! structures, [`Connect::all_domain_stats_raw`] as the daemon's own list of names and values.
//!
//! ```
//! use libvirt_client::Connect;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> libvirt_client::Result<()> {
//! # let conn = Connect::open("test:///default").await?;
//! for record in conn.all_domain_stats(Default::default(), Default::default()).await? {
//!     let stats = &record.stats;
//!     println!("{}: {:?} of processor time", record.domain.name(), stats.cpu.time);
//!     for disk in &stats.blocks {
//!         println!("  {:?}: {:?} bytes read", disk.name, disk.read_bytes);
//!     }
//! }
//! # let all = conn.all_domain_stats(Default::default(), Default::default()).await?;
//! # assert_eq!(all[0].domain.name(), "test");
//! # Ok(())
//! # }
//! ```

mod block;
mod boxed;
mod call;
mod host;
mod layout;
mod macros;
mod net;
mod numbered;
mod record;
#[cfg(test)]
mod tests;

pub use crate::types::connect::GetAllDomainStatsFlags;
pub use block::{
    Block, BlockLimits, BlockTimedGroup, LatencyBin, LatencyHistogram, LatencyHistograms,
};
pub use call::DomainStatsRecord;
#[cfg(any(fuzzing, test))]
pub(crate) use call::read_both_ways;
pub use host::{
    Balloon, BandwidthMonitor, BandwidthNode, CacheBank, CacheMonitor, Cpu, DirtyRate,
    DirtyRateVcpu, EnergyMonitor, EnergyPackage, IoThread, Perf, Vcpu,
};
pub use net::Net;
pub use record::DomainStats;

#[cfg(doc)]
use crate::client::Connect;
