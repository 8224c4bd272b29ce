//! What x86 processors have in common.

use super::failures::{failed, unknown};
use super::guest::{GuestCpu, Policy};
use super::host::HostCpu;
use super::map::{self, Feature, Features, Model, X86};
use crate::test_driver::failure::Result;

/// Returns the processor whose guests can run on all of these, of which there is a first.
pub(super) fn baseline(first: &HostCpu, cpus: &[HostCpu]) -> Result<GuestCpu> {
    let (_, mut common) = features(first)?;
    let mut vendor = first.vendor.as_deref().map(known_vendor).transpose()?;
    let mut models = vec![first.model.as_str()];
    for cpu in cpus.iter().skip(1) {
        if !models.contains(&cpu.model.as_str()) {
            models.push(&cpu.model);
        }
        let (model, features) = features(cpu)?;
        check_vendor(model, cpu, &mut vendor)?;
        common.retain(|feature| features.contains(feature));
    }
    if common.is_empty() {
        return Err(failed("CPUs are incompatible"));
    }
    let mut guest = describe(&common, vendor, &models);
    guest.is_exact = models == [guest.model.as_str()];
    guest.vendor = vendor
        .filter(|_| cpus.iter().all(|cpu| cpu.vendor.is_some()))
        .map(str::to_owned);
    Ok(guest)
}

/// Says of each feature whether the processor has it.
pub(super) fn expand(guest: &mut GuestCpu) {
    let Some(model) = map::find(&X86, &guest.model) else {
        return;
    };
    let special = std::mem::take(&mut guest.features);
    let is_special = |name: &str| special.iter().any(|(other, _)| *other == name);
    let common = model.features.iter().map(|feature| (feature.name(), Policy::Require));
    let mut all: Vec<_> = common.filter(|(name, _)| !is_special(name)).collect();
    all.extend(special.iter().copied());
    disable_removed(&mut all, model);
    all.sort_by_key(|(name, _)| *name);
    guest.features = all;
}

/// Returns a processor's model, and all of its features.
fn features(cpu: &HostCpu) -> Result<(&'static Model, Features)> {
    let model = map::find(&X86, &cpu.model).ok_or_else(|| unknown("model", &cpu.model))?;
    let mut features = model.features.clone();
    for name in &cpu.features {
        features.insert(Feature::named(name).ok_or_else(|| unknown("feature", name))?);
    }
    Ok((model, features))
}

fn known_vendor(name: &str) -> Result<&'static str> {
    map::vendor(&X86, name).ok_or_else(|| failed(format_args!("Unknown CPU vendor {name}")))
}

/// Checks that a processor is of the vendor that the others are of.
fn check_vendor(model: &Model, cpu: &HostCpu, vendor: &mut Option<&'static str>) -> Result<()> {
    if let (Some(own), Some(said)) = (model.vendor, &cpu.vendor)
        && own != said
    {
        let name = model.name;
        return Err(failed(format_args!(
            "CPU vendor {own} of model {name} differs from vendor {said}"
        )));
    }
    let Some(own) = cpu.vendor.as_deref().or(model.vendor) else {
        return Ok(());
    };
    match vendor {
        None => *vendor = Some(known_vendor(own)?),
        Some(vendor) if *vendor != own => return Err(failed("CPU vendors do not match")),
        Some(_) => {}
    }
    Ok(())
}

/// Finds the model that needs the fewest words beside it. The only one that was named is taken in any
/// case.
fn describe(features: &Features, vendor: Option<&str>, named: &[&str]) -> GuestCpu {
    let mut best: Option<GuestCpu> = None;
    for model in X86.iter().rev().filter(|model| !model.is_hidden) {
        if vendor.is_some() && model.vendor.is_some() && model.vendor != vendor {
            continue;
        }
        let candidate = as_model(features, model);
        let is_named = named.contains(&model.name);
        if is_named && named.len() == 1 {
            return candidate;
        }
        if best.as_ref().is_none_or(|best| is_better(&candidate, best, is_named)) {
            best = Some(candidate);
        }
    }
    best.unwrap_or_default()
}

/// Returns a processor as one of that model.
fn as_model(features: &Features, model: &Model) -> GuestCpu {
    let more = features.difference(&model.features).map(|it| (it.name(), Policy::Require));
    let fewer = model.features.difference(features).map(|it| (it.name(), Policy::Disable));
    let mut features = more.chain(fewer).collect();
    disable_removed(&mut features, model);
    GuestCpu {
        model: model.name.to_owned(),
        features,
        ..GuestCpu::default()
    }
}

/// Says that a processor lacks what its model had once, where nothing was said of it.
fn disable_removed(features: &mut Vec<(&'static str, Policy)>, model: &Model) {
    for name in &model.removed {
        if features.iter().all(|(other, _)| other != name) {
            features.push((name, Policy::Disable));
        }
    }
}

fn is_better(candidate: &GuestCpu, best: &GuestCpu, is_named: bool) -> bool {
    let (more, fewer) = cost(candidate);
    let (best_more, best_fewer) = cost(best);
    let (all, best_all) = (more + fewer, best_more + best_fewer);
    all < best_all || fewer < best_fewer && (all == best_all || is_named)
}

/// What a description costs: features that are required, and those that are not there, which get
/// dearer one by one. As in libvirt, each of the latter takes one off the end of those that are
/// looked at, so that half of them go unseen.
fn cost(cpu: &GuestCpu) -> (usize, usize) {
    let mut seen = cpu.features.len();
    let (mut fewer, mut price) = (0, 2);
    let mut at = 0;
    while at < seen {
        if cpu.features.get(at).is_some_and(|(_, policy)| *policy == Policy::Disable) {
            seen -= 1;
            fewer += price;
            price += 1;
        }
        at += 1;
    }
    (seen, fewer)
}
