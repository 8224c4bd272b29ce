//! What the guest's processors are like, and its NUMA cells.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Display;

use super::memory::size_attribute;
use super::problem;
use crate::test_driver::failure::{Failure, Result};
use crate::test_driver::xml::Element;
use crate::types::error::ErrorCode;

const MODES: [&str; 4] = ["custom", "host-model", "host-passthrough", "maximum"];

fn xml(detail: impl Display) -> Failure {
    problem::of_cpu(ErrorCode::XmlError, detail)
}

/// Completes the model of the processors and the cells.
pub(super) fn complete(root: &mut Element) -> Result<()> {
    placement(root);
    let Some(cpu) = root.child_mut("cpu") else {
        return Ok(());
    };
    model(cpu)?;
    if let Some(numa) = cpu.child_mut("numa") {
        for (id, cell) in numa.children.iter_mut().filter(|cell| cell.name == "cell").enumerate() {
            if cell.get("id").is_none() {
                cell.set("id", id);
            }
            size_attribute(cell, "memory")?;
        }
        distances(numa);
    }
    Ok(())
}

fn model(cpu: &mut Element) -> Result<()> {
    let mode = cpu.get("mode").unwrap_or("custom").to_owned();
    let has_model = cpu.child("model").is_some_and(|model| !model.text.is_empty());
    let is_custom = mode == "custom";
    if !MODES.contains(&mode.as_str()) {
        let detail = format!("Invalid mode attribute '{mode}'");
        return Err(problem::of_cpu(ErrorCode::ConfigUnsupported, detail));
    }
    if cpu.child("vendor").is_some() && !has_model {
        return Err(xml("CPU vendor specified without CPU model"));
    }
    if is_custom && !has_model {
        if cpu.child("feature").is_some() {
            return Err(xml("Non-empty feature list specified without CPU model"));
        }
        if cpu.get("check").is_some_and(|check| check != "none") {
            return Err(problem::unsupported("check attribute specified for CPU with no model"));
        }
    }
    let mut names = BTreeSet::new();
    for feature in cpu.children("feature") {
        let name = feature.get("name").unwrap_or_default();
        if name.is_empty() {
            return Err(xml("Invalid CPU feature name"));
        }
        if !names.insert(name) {
            return Err(xml(format_args!("CPU feature '{name}' specified more than once")));
        }
    }
    match (is_custom, has_model) {
        (true, true) => {
            cpu.set("mode", mode);
            if cpu.get("match").is_none() {
                cpu.set("match", "exact");
            }
            let model = cpu.child_or_new("model");
            if model.get("fallback").is_none() {
                model.set("fallback", "allow");
            }
        }
        (true, false) => cpu.attributes.clear(),
        (false, _) => {
            cpu.remove("match");
            if mode != "host-model" {
                cpu.remove_children("model");
            }
        }
    }
    Ok(())
}

/// Has the host choose the processors if it chooses the memory.
fn placement(root: &mut Element) {
    let memory = root.at(&["numatune", "memory"]);
    let is_auto = memory.is_some_and(|memory| memory.get("placement") == Some("auto"));
    let pins = ["vcpupin", "emulatorpin", "iothreadpin"];
    let is_pinned = root
        .child("cputune")
        .is_some_and(|tune| tune.children.iter().any(|it| pins.contains(&it.name.as_str())));
    let has_tune = root.at(&["numatune", "memory"]).is_some();
    if root.child("vcpu").is_some_and(|it| it.get("placement") == Some("auto")) && !has_tune {
        let memory = Element::new("memory").with("mode", "strict").with("placement", "auto");
        root.child_or_new("numatune").children.push(memory);
    }
    let vcpu = root.child_or_new("vcpu");
    if is_auto && !is_pinned && vcpu.get("cpuset").is_none() {
        vcpu.set("placement", "auto");
    }
}

/// Gives cells the distances that only the cell at the other end has, and their own.
fn distances(numa: &mut Element) {
    const OWN: u32 = 10;
    let number = |element: &Element, name: &str| element.get(name)?.parse::<u32>().ok();
    let mut known = BTreeMap::new();
    for cell in numa.children("cell") {
        let id = number(cell, "id").unwrap_or_default();
        for sibling in cell.child("distances").into_iter().flat_map(|list| &list.children) {
            if let (Some(other), Some(value)) = (number(sibling, "id"), number(sibling, "value")) {
                known.insert((id, other), value);
                known.entry((other, id)).or_insert(value);
                known.insert((id, id), OWN);
                known.insert((other, other), OWN);
            }
        }
    }
    for cell in numa.children.iter_mut().filter(|cell| cell.name == "cell") {
        let id = number(cell, "id").unwrap_or_default();
        let siblings: Vec<Element> = known
            .range((id, 0)..=(id, u32::MAX))
            .map(|((_, other), value)| {
                Element::new("sibling").with("id", other).with("value", value)
            })
            .collect();
        if !siblings.is_empty() {
            cell.child_or_new("distances").children = siblings;
        }
    }
}
