//! How many processors a domain has, what they run on, and its I/O threads.

use std::collections::{BTreeMap, BTreeSet};

use super::problem;
use super::set::Set;
use crate::test_driver::failure::Result;
use crate::test_driver::xml::Element;

/// The most processors and I/O threads whose numbers are listed.
const LISTED_MAX: u32 = 16384;

/// Completes what is said of processors and threads.
pub(super) fn complete(root: &mut Element) -> Result<()> {
    count(root)?;
    iothreads(root)?;
    schedulers(root)?;
    order_by_thread(root);
    Ok(())
}

fn count(root: &mut Element) -> Result<()> {
    let vcpu = root.child_or_new("vcpu");
    let max: u32 = match vcpu.text.trim() {
        "" => 1,
        text => text
            .parse()
            .map_err(|_| problem::xml("maximum vcpus count must be an integer"))?,
    };
    if max == 0 {
        return Err(problem::internal("CPU IDs in <numa> exceed the <vcpu> count"));
    }
    vcpu.text = max.to_string();
    if let Some(set) = vcpu.get("cpuset") {
        let set = Set::parse(set)?;
        vcpu.set("cpuset", set);
    }
    if vcpu.get("placement") == Some("auto") {
        vcpu.remove("cpuset");
    }
    let mut current = vcpu.get("current").and_then(|text| text.parse().ok()).unwrap_or(max);
    if root.at(&["vcpus", "vcpu"]).is_some() {
        current = by_one(root, max)?;
    } else {
        root.remove_children("vcpus");
    }
    if current > max {
        return Err(problem::unsupported(
            "maximum vCPU count must not be less than current vCPU count",
        ));
    }
    let vcpu = root.child_or_new("vcpu");
    vcpu.remove("current");
    if current < max {
        vcpu.set("current", current);
    }
    Ok(())
}

/// Completes the list of single processors; returns how many are there at first.
fn by_one(root: &mut Element, max: u32) -> Result<u32> {
    let mut given: BTreeMap<u32, Element> = BTreeMap::new();
    for vcpu in root.child_or_new("vcpus").children.drain(..) {
        let id = vcpu.get("id").and_then(|id| id.parse().ok()).unwrap_or(u32::MAX);
        if id >= max {
            return Err(problem::xml(format_args!(
                "vcpu id '{id}' is out of range of maximum vcpu count"
            )));
        }
        given.insert(id, vcpu);
    }
    let mut current = 0;
    for id in 0..max.min(LISTED_MAX) {
        let mut vcpu = given.remove(&id).unwrap_or_else(|| Element::new("vcpu").with("id", id));
        let is_enabled = vcpu.get("enabled") == Some("yes");
        if !is_enabled && vcpu.get("hotpluggable") == Some("no") {
            return Err(problem::unsupported(format_args!(
                "vcpu '{id}' is both offline and not hotpluggable"
            )));
        }
        current += u32::from(is_enabled);
        vcpu.set("enabled", if is_enabled { "yes" } else { "no" });
        if vcpu.get("hotpluggable").is_none() {
            vcpu.set("hotpluggable", if is_enabled { "no" } else { "yes" });
        }
        root.child_or_new("vcpus").children.push(vcpu);
    }
    Ok(current)
}

/// Numbers the I/O threads that have no number.
fn iothreads(root: &mut Element) -> Result<()> {
    let mut count: u32 = match root.text_of("iothreads").unwrap_or_default() {
        "" => 0,
        text => text
            .parse()
            .map_err(|_| problem::xml(format_args!("invalid iothreads count '{text}'")))?,
    };
    let mut ids = BTreeSet::new();
    for thread in root.child("iothreadids").into_iter().flat_map(|list| &list.children) {
        let id: u32 = thread.get("id").and_then(|id| id.parse().ok()).unwrap_or_default();
        if id == 0 {
            return Err(problem::xml("invalid iothread 'id' value '0'"));
        }
        if !ids.insert(id) {
            return Err(problem::xml(format_args!("duplicate iothread id '{id}' found")));
        }
    }
    count = count.max(ids.len() as u32);
    if !ids.is_empty() {
        let free = (1..=count.min(LISTED_MAX)).filter(|id| !ids.contains(id));
        let missing = count as usize - ids.len();
        let list = root.child_or_new("iothreadids");
        list.children
            .extend(free.take(missing).map(|id| Element::new("iothread").with("id", id)));
    }
    root.remove_children("iothreads");
    if count > 0 {
        root.child_or_new("iothreads").text = count.to_string();
    }
    Ok(())
}

/// Gives each processor and thread that has a scheduler an element of its own.
fn schedulers(root: &mut Element) -> Result<()> {
    let Some(tune) = root.child_mut("cputune") else {
        return Ok(());
    };
    for (name, of) in [("vcpusched", "vcpus"), ("iothreadsched", "iothreads")] {
        let mut by_id = BTreeMap::new();
        for element in tune.children(name) {
            for id in Set::parse(element.get(of).unwrap_or_default())?.0 {
                by_id.insert(id, element.clone().with(of, id));
            }
        }
        tune.remove_children(name);
        tune.children.extend(by_id.into_values());
    }
    Ok(())
}

/// Returns the numbers of the I/O threads, in their order: they are listed, or only counted.
pub(super) fn thread_numbers(root: &Element) -> Vec<u32> {
    if let Some(list) = root.child("iothreadids") {
        let threads = list.children("iothread");
        return threads.filter_map(|thread| thread.get("id")?.trim().parse().ok()).collect();
    }
    let count = root.text_of("iothreads").and_then(|text| text.parse().ok());
    (1..=count.unwrap_or(0_u32).min(LISTED_MAX)).collect()
}

/// Returns the threads of a complete document that were not given a number.
pub(super) fn counted_threads(given: &Element, root: &Element) -> BTreeSet<u32> {
    let is_listed = given.child("iothreadids").is_some();
    let given = if is_listed {
        thread_numbers(given)
    } else {
        Vec::new()
    };
    thread_numbers(root).into_iter().filter(|id| !given.contains(id)).collect()
}

/// Has what is said of the I/O threads in the order of the threads.
pub(super) fn order_by_thread(root: &mut Element) {
    let order: BTreeMap<String, usize> =
        thread_numbers(root).iter().map(u32::to_string).zip(0..).collect();
    if let Some(tune) = root.child_mut("cputune") {
        tune.children.sort_by_key(|it| {
            let thread = it.get("iothread").or_else(|| it.get("iothreads"));
            thread.and_then(|thread| order.get(thread).copied())
        });
    }
}
