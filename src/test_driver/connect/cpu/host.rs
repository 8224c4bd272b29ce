//! Reading what a host's processors are like.

use std::collections::BTreeSet;
use std::fmt::Display;

use crate::test_driver::arch;
use crate::test_driver::document::{Base, Values as _, parse_any, unsigned};
use crate::test_driver::failure::{Failure, Result};
use crate::test_driver::xml::Element;
use crate::types::error::{ErrorCode, ErrorDomain};

/// The processors of a host.
#[derive(Debug)]
pub(super) struct HostCpu {
    pub(super) arch: String,
    pub(super) model: String,
    pub(super) vendor: Option<String>,
    pub(super) features: Vec<String>,
}

fn wrong(detail: impl Display) -> Failure {
    Failure::of(ErrorDomain::Cpu, ErrorCode::XmlError, detail)
}

fn unsupported(detail: impl Display) -> Failure {
    Failure::of(ErrorDomain::Cpu, ErrorCode::ConfigUnsupported, detail)
}

impl HostCpu {
    pub(super) fn parse(text: &str) -> Result<Self> {
        let cpu = parse_any(text, ErrorDomain::Cpu)?;
        if cpu.name != "cpu" {
            return Err(wrong("XML does not contain expected 'cpu' element"));
        }
        if cpu.get("mode").is_some() {
            return Err(unsupported("Attribute mode is only allowed for guest CPU"));
        }
        cpu.check_on("migratable")?;
        if cpu.get("migratable").is_some() {
            return Err(unsupported(
                "Attribute migratable is only allowed for 'host-passthrough' / 'maximum' CPU mode",
            ));
        }
        let arch = cpu.content("arch").ok_or_else(|| wrong("Missing CPU architecture"))?;
        if !arch::is_known(arch) {
            return Err(unsupported(format_args!("Unknown architecture {arch}")));
        }
        check_identity(&cpu)?;
        let model = cpu.content("model").ok_or_else(|| wrong("Missing CPU model name"))?;
        check_topology(&cpu)?;
        let features = features(&cpu)?;
        check_cache(&cpu)?;
        check_address(&cpu)?;
        Ok(Self {
            arch: arch.to_owned(),
            model: model.to_owned(),
            vendor: cpu.content("vendor").map(str::to_owned),
            features,
        })
    }
}

fn check_identity(cpu: &Element) -> Result<()> {
    if let Some(version) = cpu.child("microcode").and_then(|microcode| microcode.get("version"))
        && unsigned::<u32>(version, Base::Ten).is_none()
    {
        return Err(unsupported("invalid microcode version"));
    }
    if let Some(signature) = cpu.child("signature") {
        positive(signature, "family")?;
        for attribute in ["model", "stepping"] {
            signature.required(attribute)?;
            signature.number::<u32>(attribute, Base::Ten)?;
        }
    }
    if let Some(tsc) = cpu.children("counter").find(|counter| counter.get("name") == Some("tsc")) {
        tsc.required("frequency")?;
        tsc.number::<u64>("frequency", Base::Ten)?;
        tsc.yes("scaling")?;
    }
    Ok(())
}

fn check_topology(cpu: &Element) -> Result<()> {
    let Some(topology) = cpu.child("topology") else {
        return Ok(());
    };
    for attribute in ["sockets", "dies", "clusters", "cores", "threads"] {
        let is_optional = ["dies", "clusters"].contains(&attribute);
        if !(is_optional && topology.get(attribute).is_none()) {
            positive(topology, attribute)?;
        }
    }
    Ok(())
}

fn features(cpu: &Element) -> Result<Vec<String>> {
    let mut names = Vec::new();
    let mut known = BTreeSet::new();
    for feature in cpu.children("feature") {
        let name = feature.filled("name").ok_or_else(|| wrong("Invalid CPU feature name"))?;
        if !known.insert(name) {
            return Err(wrong(format_args!("CPU feature '{name}' specified more than once")));
        }
        names.push(name.to_owned());
    }
    Ok(names)
}

fn check_cache(cpu: &Element) -> Result<()> {
    let Some(cache) = cpu.child("cache") else {
        return Ok(());
    };
    if cpu.children("cache").count() > 1 {
        return Err(wrong("at most one CPU cache element may be specified"));
    }
    if let Some(level) = not_negative(cache, "level")?
        && !(1..=3).contains(&level)
    {
        return Err(wrong("invalid CPU cache level, must be in range [1,3]"));
    }
    cache.required("mode")?;
    cache.one_of("mode", &["emulate", "passthrough", "disable"])
}

fn check_address(cpu: &Element) -> Result<()> {
    let Some(address) = cpu.child("maxphysaddr") else {
        return Ok(());
    };
    let mode = address.required("mode")?;
    address.one_of("mode", &["emulate", "passthrough"])?;
    not_negative(address, "bits")?;
    if address.get("limit").is_some() {
        positive(address, "limit")?;
        if mode != "passthrough" {
            return Err(unsupported(
                "attribute 'limit' is only supported for maxphysaddr mode 'passthrough'",
            ));
        }
    }
    Ok(())
}

/// Checks an attribute that must be a number, and not zero.
fn positive(element: &Element, attribute: &str) -> Result<()> {
    element.required(attribute)?;
    if element.number::<u32>(attribute, Base::Ten)? == Some(0) {
        let name = &element.name;
        return Err(Failure::of(
            ErrorDomain::Xml,
            ErrorCode::XmlError,
            format_args!(
                "Invalid value for attribute '{attribute}' in element '{name}': Zero is not permitted"
            ),
        ));
    }
    Ok(())
}

/// Returns an attribute that may have a sign, but not be below zero.
fn not_negative(element: &Element, attribute: &str) -> Result<Option<i32>> {
    let number = element.integer(attribute, Base::Ten)?;
    if number.is_some_and(|number| number < 0) {
        let name = &element.name;
        let value = element.get(attribute).unwrap_or_default();
        return Err(Failure::of(
            ErrorDomain::Xml,
            ErrorCode::XmlError,
            format_args!(
                "Invalid value for attribute '{attribute}' in element '{name}': '{value}'. Expected non-negative value"
            ),
        ));
    }
    Ok(number)
}
