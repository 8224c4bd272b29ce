//! What a host has of processors and memory, and who may open it.

use crate::test_driver::login::User;

/// Processors and memory of a host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Node {
    pub(crate) model: String,
    pub(crate) memory_kib: u64,
    pub(crate) cpus: u32,
    pub(crate) mhz: u32,
    pub(crate) nodes: u32,
    pub(crate) sockets: u32,
    pub(crate) cores: u32,
    pub(crate) threads: u32,
    /// The host's NUMA cells, which only the default host has.
    pub(crate) cells: Vec<Cell>,
    /// Who may open it; everybody if there is nobody.
    pub(crate) users: Vec<User>,
}

/// A NUMA cell, which has eight processors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Cell {
    pub(crate) memory_kib: u64,
    pub(crate) free_kib: u64,
}

impl Default for Node {
    fn default() -> Self {
        Self {
            model: "i686".to_owned(),
            memory_kib: 3 * 1024 * 1024,
            cpus: 16,
            mhz: 1400,
            nodes: 2,
            sockets: 2,
            cores: 2,
            threads: 2,
            cells: Vec::new(),
            users: Vec::new(),
        }
    }
}

impl Node {
    /// Returns the number of processors that the host could have.
    pub(crate) fn max_cpus(&self) -> u32 {
        let all = [self.sockets, self.cores, self.threads];
        all.iter().fold(self.nodes, |product, factor| product.saturating_mul(*factor))
    }
}
