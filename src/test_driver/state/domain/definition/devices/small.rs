//! Devices about which there is little to say.

use super::super::{problem, scaled};
use super::common::Guest;
use crate::test_driver::failure::Result;
use crate::test_driver::xml::Element;

pub(super) fn complete(device: &mut Element, guest: Guest<'_>) -> Result<()> {
    match device.name.as_str() {
        "input" => input(device, guest)?,
        "filesystem" => filesystem(device)?,
        "rng" => rng(device)?,
        "vsock" => vsock(device),
        "tpm" => tpm(device)?,
        "memory"
            if device.get("access").is_none() && device.get("model") == Some("virtio-pmem") =>
        {
            device.set("access", "shared");
        }
        "sound" if device.get("model") != Some("virtio") => {
            device.remove("streams");
            device.remove_children("driver");
        }
        "sound" if device.get("streams").is_none() => device.set("streams", 2),
        _ => {}
    }
    Ok(())
}

fn input(input: &mut Element, guest: Guest<'_>) -> Result<()> {
    let Some(kind) = input.get("type") else {
        return Err(problem::internal("missing input device type"));
    };
    if !matches!(kind, "mouse" | "tablet" | "keyboard" | "passthrough" | "evdev") {
        return Err(problem::unsupported(format_args!("unknown input device type '{kind}'")));
    }
    let is_x86 = matches!(guest.arch, "i686" | "x86_64");
    let default = match guest.os {
        "hvm" if matches!(kind, "mouse" | "keyboard") && is_x86 => "ps2",
        "hvm" if kind == "passthrough" || guest.arch.starts_with("s390") => "virtio",
        "hvm" if kind == "evdev" => "none",
        "hvm" => "usb",
        "xen" | "xenpvh" => "xen",
        _ => "",
    };
    if input.get("bus").is_none() && !default.is_empty() {
        input.set("bus", default);
    }
    if input.get("bus") == Some("none") {
        input.remove("bus");
    }
    Ok(())
}

fn filesystem(filesystem: &mut Element) -> Result<()> {
    let source = filesystem.child("source");
    let has_socket = source.is_some_and(|source| source.get("socket").is_some());
    if filesystem.get("accessmode").is_none() && !has_socket {
        filesystem.set("accessmode", "passthrough");
    }
    if let Some(source) = filesystem.child_mut("source")
        && let Some(usage) = source.get("usage").map(str::to_owned)
    {
        let bytes = scaled::bytes(&usage, source.get("units"), 1024, "./source/@usage")?;
        source.set("usage", bytes / 1024);
        source.set("units", "KiB");
    }
    Ok(())
}

fn rng(rng: &mut Element) -> Result<()> {
    let Some(backend) = rng.child_mut("backend") else {
        return Err(problem::xml("only one RNG backend is supported"));
    };
    let model = backend.get("model").unwrap_or_default().to_owned();
    if model != "random" {
        backend.text.clear();
    } else if backend.text.is_empty() {
        "/dev/random".clone_into(&mut backend.text);
    }
    if model != "egd" {
        backend.remove("type");
        backend.children.clear();
    }
    Ok(())
}

fn vsock(vsock: &mut Element) {
    let cid = vsock.child_or_new("cid");
    if cid.get("auto").is_none() {
        cid.set(
            "auto",
            if cid.get("address").is_some() {
                "no"
            } else {
                "yes"
            },
        );
    }
}

fn tpm(tpm: &mut Element) -> Result<()> {
    let Some(backend) = tpm.child_mut("backend") else {
        return Err(problem::xml("missing TPM device backend"));
    };
    if backend.get("persistent_state") == Some("no") {
        backend.remove("persistent_state");
    }
    let kept: &[&str] = match backend.get("type").unwrap_or_default() {
        "passthrough" => &["device"],
        "external" => &["source"],
        _ => &["encryption", "active_pcr_banks", "source", "profile"],
    };
    backend.children.retain(|child| kept.contains(&child.name.as_str()));
    Ok(())
}

/// Checks devices against each other.
pub(super) fn check(devices: &Element) -> Result<()> {
    if devices.children("tpm").nth(2).is_some() {
        return Err(problem::xml(
            "a maximum of two TPM devices is supported, one of them being a TPM Proxy device",
        ));
    }
    let mut targets = std::collections::BTreeSet::new();
    let is_shared = |filesystem: &&Element| {
        filesystem.child("driver").and_then(|driver| driver.get("type")) == Some("virtiofs")
    };
    for filesystem in devices.children("filesystem").filter(is_shared) {
        let target = filesystem.child("target").and_then(|target| target.get("dir"));
        if let Some(target) = target
            && !targets.insert(target)
        {
            return Err(problem::unsupported(format_args!(
                "filesystem target '{target}' specified twice"
            )));
        }
    }
    let is_usb = |controller: &Element| {
        controller.get("type") == Some("usb") && controller.get("model") != Some("none")
    };
    if devices.child("redirdev").is_some() && !devices.children("controller").any(is_usb) {
        return Err(problem::unsupported(
            "cannot add redirected USB device: USB is disabled for this domain",
        ));
    }
    let mut models = std::collections::BTreeSet::new();
    for panic in devices.children("panic") {
        let model = panic.get("model").unwrap_or("default");
        if !models.insert(model) {
            return Err(problem::xml(format_args!("Multiple panic devices with model '{model}'")));
        }
    }
    Ok(())
}
