//! The host's memory.

use crate::protocol::remote;
use crate::test_driver::failure::{Failure, Result, check_flags};
use crate::test_driver::routes::Routes;
use crate::test_driver::work::Work;
use crate::types::error::{ErrorCode, ErrorDomain};

pub(super) fn route(routes: &mut Routes) {
    routes.tell::<remote::NodeGetFreeMemory>(|work, _| {
        let free = work.state.node.cells.iter().map(|cell| cell.free_kib).sum();
        match free {
            // None at all is how failures are told.
            0 => Err(Failure::unsaid()),
            free_mem => Ok(remote::NodeGetFreeMemoryRet { free_mem }),
        }
    });
    routes.tell::<remote::NodeGetCellsFreeMemory>(cells_free_memory);
    routes.tell::<remote::NodeGetFreePages>(free_pages);
}

fn cells_free_memory(
    work: &mut Work<'_>,
    request: remote::NodeGetCellsFreeMemory,
) -> Result<remote::NodeGetCellsFreeMemoryRet> {
    const FUNCTION: &str = "virNodeGetCellsFreeMemory";
    let failure = |detail| Failure::of(ErrorDomain::Rpc, ErrorCode::Rpc, detail);
    let room =
        usize::try_from(request.maxcells).map_err(|_| failure("maxcells must be non-negative"))?;
    if room > remote::NODE_MAX_CELLS {
        return Err(failure("maxcells > REMOTE_NODE_MAX_CELLS"));
    }
    if room == 0 {
        return Err(refused(FUNCTION, "maxCells", "must be greater than zero"));
    }
    let Ok(first) = usize::try_from(request.start_cell) else {
        return Err(refused(FUNCTION, "startCell", "must be zero or greater"));
    };
    let cells = &work.state.node.cells;
    if first >= cells.len() {
        return Err(Failure::new(ErrorCode::InvalidArg, "Range exceeds available cells"));
    }
    // The driver tells all of the cells' memory.
    let cells = cells.iter().skip(first).take(room).map(|cell| cell.memory_kib).collect();
    Ok(remote::NodeGetCellsFreeMemoryRet { cells })
}

fn free_pages(
    _: &mut Work<'_>,
    request: remote::NodeGetFreePages,
) -> Result<remote::NodeGetFreePagesRet> {
    const FUNCTION: &str = "virNodeGetFreePages";
    let cells = usize::try_from(request.cell_count).unwrap_or(usize::MAX);
    if request.pages.len().saturating_mul(cells) > remote::NODE_MAX_CELLS {
        let detail =
            format!("npages * cellcount > REMOTE_NODE_MAX_CELLS ({})", remote::NODE_MAX_CELLS);
        return Err(Failure::of(ErrorDomain::Rpc, ErrorCode::InternalError, detail));
    }
    for (argument, is_none) in [
        ("npages", request.pages.is_empty()),
        ("cellCount", cells == 0),
    ] {
        if is_none {
            return Err(refused(FUNCTION, argument, "must not be zero"));
        }
    }
    check_flags(request.flags, 0, "testNodeGetFreePages")?;
    let mut counts = Vec::new();
    for cell in 0..request.cell_count {
        let mut count = request.start_cell.wrapping_add_unsigned(cell).wrapping_mul(6);
        for _ in &request.pages {
            count = count.wrapping_mul(2).wrapping_add(7);
            counts.push(i64::from(count).cast_unsigned());
        }
    }
    Ok(remote::NodeGetFreePagesRet { counts })
}

fn refused(function: &str, argument: &str, why: &str) -> Failure {
    let message = format!("{argument} in {function} {why}");
    let mut failure = Failure::argument(function, argument, message);
    failure.domain = ErrorDomain::Domain;
    failure
}
