//! Free memory of the host, and its pools of pages.

use crate::api::wire::number_or_none;
use crate::client::Connect;
use crate::error::{Error, Result};
use crate::protocol::remote::NODE_MAX_CELLS;
use crate::protocol::{Request, remote};
use crate::types::node::AllocPagesFlags;

/// # Free memory and huge pages
impl Connect {
    /// Returns the host's free memory in bytes (`virNodeGetFreeMemory`).
    #[doc(alias = "virNodeGetFreeMemory")]
    #[doc(alias = "getFreeMemory")]
    pub async fn node_free_memory_bytes(&self) -> Result<u64> {
        let reply = self.call(remote::NodeGetFreeMemory).await?;
        Ok(reply.decode()?.free_mem)
    }

    /// Returns the free memory in bytes of each of up to `cells` NUMA nodes from `start_cell`
    /// on (`virNodeGetCellsFreeMemory`).
    ///
    /// `cells` is 1 to 1024; nodes that do not exist are left out.
    #[doc(alias = "virNodeGetCellsFreeMemory")]
    #[doc(alias = "getCellsFreeMemory")]
    pub async fn node_cells_free_memory_bytes(
        &self,
        start_cell: u32,
        cells: u32,
    ) -> Result<Vec<u64>> {
        let procedure = remote::NodeGetCellsFreeMemory::INFO.name;
        let max = cells as usize;
        if !(1..=NODE_MAX_CELLS).contains(&max) {
            return Err(Error::InvalidArgument {
                procedure,
                reason: format!("{cells} NUMA nodes; it takes 1 to {NODE_MAX_CELLS}"),
            });
        }
        let reply = self
            .call(remote::NodeGetCellsFreeMemory {
                start_cell: number_or_none(procedure, "NUMA node", Some(start_cell))?,
                maxcells: cells as i32,
            })
            .await?;
        let free = reply.decode()?.cells;
        if free.len() > max {
            return Err(reply.invalid(format!("{} NUMA nodes; asked were {max}", free.len())));
        }
        Ok(free)
    }

    /// Returns the number of free pages of each of these sizes, in KiB, for each of up to
    /// `cells` NUMA nodes from `start_cell` on (`virNodeGetFreePages`).
    ///
    /// The result has a row for each node, and in it a count for each size. A `start_cell` of
    /// `None` is the whole host, and `cells` is then 1. Sizes times nodes are at most 1024.
    #[doc(alias = "virNodeGetFreePages")]
    #[doc(alias = "getFreePages")]
    pub async fn node_free_pages(
        &self,
        page_sizes_kib: &[u32],
        start_cell: Option<u32>,
        cells: u32,
    ) -> Result<Vec<Vec<u64>>> {
        let procedure = remote::NodeGetFreePages::INFO.name;
        let sizes = page_sizes_kib.len();
        let asked = sizes.saturating_mul(cells as usize);
        if !(1..=NODE_MAX_CELLS).contains(&asked) {
            return Err(Error::InvalidArgument {
                procedure,
                reason: format!(
                    "{sizes} page sizes for {cells} NUMA nodes; it takes 1 to \
                     {NODE_MAX_CELLS} pairs"
                ),
            });
        }
        let reply = self
            .call(remote::NodeGetFreePages {
                pages: page_sizes_kib.to_vec(),
                start_cell: number_or_none(procedure, "NUMA node", start_cell)?,
                cell_count: cells,
                flags: 0,
            })
            .await?;
        let counts = reply.decode()?.counts;
        if counts.len() > asked || counts.len() % sizes != 0 {
            return Err(reply
                .invalid(format!("{} counts for {sizes} sizes on {cells} nodes", counts.len())));
        }
        Ok(counts.chunks(sizes).map(<[u64]>::to_vec).collect())
    }

    /// Reserves huge pages for domains, and returns the number of NUMA nodes on which that
    /// succeeded (`virNodeAllocPages`).
    ///
    /// `pages` has page sizes in KiB with a number of pages each, by which the pool of that size
    /// grows, or to which it is set with [`SET`](AllocPagesFlags::SET). That happens on each of
    /// `cells` nodes from `start_cell` on; with `None` the kernel spreads the pages over the
    /// whole host, and `cells` is 1. [Takes long](crate#calls-that-take-long).
    #[doc(alias = "virNodeAllocPages")]
    pub async fn node_alloc_pages(
        &self,
        pages: &[(u32, u64)],
        start_cell: Option<u32>,
        cells: u32,
        flags: AllocPagesFlags,
    ) -> Result<u32> {
        let procedure = remote::NodeAllocPages::INFO.name;
        let reply = self
            .call(remote::NodeAllocPages {
                page_sizes: pages.iter().map(|(size_kib, _)| *size_kib).collect(),
                page_counts: pages.iter().map(|(_, count)| *count).collect(),
                start_cell: number_or_none(procedure, "NUMA node", start_cell)?,
                cell_count: cells,
                flags,
            })
            .await?;
        reply.count(reply.decode()?.ret)
    }
}
