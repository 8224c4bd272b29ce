//! Migration of domains to other hosts.

mod beside;
mod builder;
mod conduct;
mod managed;
mod old;
mod params;
mod pauses;
mod plan;
mod progress;
mod recovery;
mod running;
mod steps;
mod tuning;
mod unmanaged;
mod whereabouts;

pub use builder::{Arrival, MigrationBuilder};
pub use params::MigrateParameters;
pub use progress::{MigrationProgress, MigrationProgressStream};
pub use running::{Migration, MigrationControl};
