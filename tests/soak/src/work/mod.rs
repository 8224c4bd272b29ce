//! The kinds of work.

pub(crate) mod calls;
pub(crate) mod consoles;
pub(crate) mod life;
pub(crate) mod migrations;
pub(crate) mod openings;
pub(crate) mod snapshots;
pub(crate) mod trouble;
pub(crate) mod tuning;
pub(crate) mod volumes;
