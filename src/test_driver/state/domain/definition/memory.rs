//! How much memory a domain has.

use super::{problem, scaled};
use crate::test_driver::failure::Result;
use crate::test_driver::xml::Element;

/// Returns a number of KiB that a child has, 0 without one.
fn kib(element: &Element, path: &[&str]) -> u64 {
    let found = element.at(path);
    found.and_then(|found| found.text.trim().parse().ok()).unwrap_or_default()
}

/// Completes the amounts of memory.
pub(super) fn complete(root: &mut Element) -> Result<()> {
    pages(root)?;
    let modules: u64 = match root.child("devices") {
        Some(devices) => {
            let sizes = devices.children("memory").map(|it| kib(it, &["target", "size"]));
            sizes.fold(0, u64::saturating_add)
        }
        None => 0,
    };
    let mut total = kib(root, &["memory"]);
    if total == 0 {
        let cells = root.at(&["cpu", "numa"]).into_iter().flat_map(|numa| numa.children("cell"));
        let sizes = cells.filter_map(|cell| cell.get("memory")?.parse::<u64>().ok());
        let sum = sizes.fold(0_u64, u64::saturating_add);
        if sum > 0 {
            total = sum.saturating_add(modules);
        }
    }
    if modules > total {
        return Err(problem::xml("Total size of memory devices exceeds the total memory size"));
    }
    if total == modules {
        return Err(problem::xml(
            "Memory size must be specified via <memory> or in the <numa> configuration",
        ));
    }
    let current = match kib(root, &["currentMemory"]) {
        current if current == 0 || current > total => total,
        current => current,
    };
    root.child_or_new("memory").text = total.to_string();
    root.child_or_new("currentMemory").text = current.to_string();
    let limit = kib(root, &["maxMemory"]);
    let has_slots = root.child("maxMemory").is_some_and(|limit| limit.get("slots").is_some());
    if limit == 0 && has_slots {
        return Err(problem::xml(
            "maximum memory size must be specified when specifying number of memory slots",
        ));
    }
    if limit > 0 && limit < total {
        return Err(problem::xml(
            "maximum memory size must be equal or greater than the actual memory size",
        ));
    }
    Ok(())
}

/// Gives the sizes of huge pages in KiB.
fn pages(root: &mut Element) -> Result<()> {
    let has_cells = root.at(&["cpu", "numa", "cell"]).is_some();
    let backing = root.child_mut("memoryBacking").and_then(|it| it.child_mut("hugepages"));
    for page in backing.into_iter().flat_map(|pages| &mut pages.children) {
        size_attribute(page, "size")?;
        // The only node of a guest that has none is not named.
        if !has_cells && page.get("nodeset") == Some("0") {
            page.remove("nodeset");
        }
    }
    Ok(())
}

/// Has an attribute say KiB, whatever its unit is.
pub(super) fn size_attribute(element: &mut Element, name: &str) -> Result<()> {
    let Some(text) = element.get(name) else {
        return Ok(());
    };
    let bytes = scaled::bytes(text, element.get("unit"), 1024, name)?;
    element.set(name, bytes.div_ceil(1024));
    element.set("unit", "KiB");
    Ok(())
}
