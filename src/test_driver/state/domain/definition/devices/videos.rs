//! Video cards.

use super::common::Guest;
use crate::test_driver::xml::Element;

/// Puts the primary card first.
pub(super) fn sort(devices: &mut [Element]) {
    let is_primary = |device: &Element| {
        device.child("model").and_then(|model| model.get("primary")) == Some("yes")
    };
    let first = devices.iter().position(|device| device.name == "video");
    let primary = devices.iter().rposition(|device| device.name == "video" && is_primary(device));
    if let (Some(first), Some(primary)) = (first, primary)
        && let Some(videos) = devices.get_mut(first..=primary)
    {
        videos.rotate_right(1);
    }
    let mut is_first = true;
    for video in devices.iter_mut().filter(|device| device.name == "video") {
        let model = video.child_or_new("model");
        model.remove("primary");
        if std::mem::take(&mut is_first) && model.get("type") != Some("none") {
            model.set("primary", "yes");
        }
    }
}

pub(super) fn complete(video: &mut Element, guest: Guest<'_>) {
    let model = video.child_or_new("model");
    if matches!(model.get("type"), None | Some("default")) {
        model.set(
            "type",
            match (guest.os, guest.arch) {
                ("xen" | "linux", _) => "xen",
                (_, "ppc64" | "ppc64le") => "vga",
                _ => "cirrus",
            },
        );
    }
    let kind = model.get("type").unwrap_or_default().to_owned();
    if kind == "none" {
        *model = Element::new("model").with("type", kind);
        video.children.retain(|child| matches!(child.name.as_str(), "model" | "alias"));
        return;
    }
    let memory_kib = match kind.as_str() {
        "vga" | "cirrus" | "vmvga" | "bochs" => 16 * 1024,
        "xen" => 4 * 1024,
        "qxl" => 64 * 1024,
        _ => 0_u64,
    };
    let of_qxl = if kind == "qxl" { memory_kib } else { 0 };
    for (name, default) in [("ram", of_qxl), ("vram", memory_kib)] {
        let given = model.get(name).and_then(|text| text.parse().ok());
        let amount: u64 = given.filter(|amount| *amount > 0).unwrap_or(default);
        model.remove(name);
        if amount > 0 && (name == "vram" || kind == "qxl") {
            model.set(name, amount.checked_next_power_of_two().unwrap_or(amount));
        }
    }
    if kind != "qxl" {
        model.remove("vram64");
        model.remove("vgamem");
    }
    if model.get("heads").is_none() {
        model.set("heads", 1);
    }
}

/// Adds a card for a display that has none.
pub(super) fn add_implicit(devices: &mut Element, guest: Guest<'_>) {
    if devices.child("graphics").is_none() || devices.child("video").is_some() {
        return;
    }
    let mut video = Element::new("video").with_child(Element::new("model").with("primary", "yes"));
    complete(&mut video, guest);
    devices.children.push(video);
}
