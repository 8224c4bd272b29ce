//! What the guest boots from, its firmware, its features and its clock.

use super::{problem, scaled};
use crate::test_driver::failure::Result;
use crate::test_driver::xml::Element;

const ACTIONS: [&str; 6] = [
    "destroy",
    "restart",
    "rename-restart",
    "preserve",
    "coredump-destroy",
    "coredump-restart",
];

const LOCK_ACTIONS: [&str; 4] = ["poweroff", "restart", "pause", "ignore"];

/// Completes it. Must come behind the devices, of which one may be booted from.
pub(super) fn complete(root: &mut Element) -> Result<()> {
    if os_type(root) == "exe" && root.at(&["os", "init"]).is_none() {
        return Err(problem::xml("init binary must be specified"));
    }
    boot(root)?;
    features(root)?;
    actions(root)?;
    clock(root.child_or_new("clock"))?;
    labels(root);
    Ok(())
}

/// Returns what kind of guest it is: `hvm`, `xen`, `exe`, …
pub(super) fn os_type(root: &Element) -> &str {
    let text = root.at(&["os", "type"]).map(|os| os.text.as_str()).unwrap_or_default();
    if text.is_empty() { "xen" } else { text }
}

fn boot(root: &mut Element) -> Result<()> {
    let is_hvm = os_type(root) == "hvm";
    let has_bootloader = root.child("bootloader").is_some();
    let orders = root.child("devices").into_iter().flat_map(|devices| &devices.children);
    let mut orders: Vec<&str> = orders.filter_map(|it| it.child("boot")?.get("order")).collect();
    orders.sort_unstable();
    if is_hvm && let Some(pair) = orders.windows(2).find(|pair| pair.first() == pair.last()) {
        return Err(problem::unsupported(format_args!(
            "boot order '{}' used for more than one device",
            pair.first().unwrap_or(&"")
        )));
    }
    let has_orders = !orders.is_empty();
    let kind = os_type(root).to_owned();
    let os = root.child_or_new("os");
    os.child_or_new("type").text = kind;
    if is_hvm && has_orders && os.child("boot").is_some() {
        return Err(problem::unsupported(
            "per-device boot elements cannot be used together with os/boot elements",
        ));
    }
    if is_hvm && !has_orders && os.child("boot").is_none() {
        os.children.push(Element::new("boot").with("dev", "hd"));
    }
    if has_bootloader {
        os.children
            .retain(|it| !["boot", "bootmenu", "bios"].contains(&it.name.as_str()));
    }
    if let Some(menu) = os.child_mut("bootmenu")
        && menu.get("enable") != Some("yes")
    {
        menu.remove("timeout");
    }
    if let Some(loader) = os.child_mut("loader")
        && !loader.text.is_empty()
        && loader.get("type").is_none()
    {
        loader.set("type", "rom");
    }
    Ok(())
}

/// Checks that an action is possible on that event, such as `on_crash`.
pub(crate) fn check_action(on: &str, action: &str) -> Result<()> {
    if on != "on_crash" && action.starts_with("coredump") {
        let event = on.trim_start_matches("on_");
        return Err(problem::unsupported(format_args!(
            "Lifecycle event '{event}' doesn't support '{action}' action"
        )));
    }
    Ok(())
}

/// Checks what is done when the guest ends.
fn actions(root: &Element) -> Result<()> {
    for event in ["poweroff", "reboot", "crash"] {
        let name = format!("on_{event}");
        let action = root.text_of(&name).unwrap_or_default();
        if !ACTIONS.contains(&action) {
            return Err(problem::unsupported(format_args!("unknown {name} action: {action}")));
        }
        check_action(&name, action)?;
    }
    match root.text_of("on_lockfailure") {
        Some(action) if !LOCK_ACTIONS.contains(&action) => {
            Err(problem::unsupported(format_args!("unknown on_lockfailure action: {action}")))
        }
        _ => Ok(()),
    }
}

fn features(root: &mut Element) -> Result<()> {
    let Some(features) = root.child_mut("features") else {
        return Ok(());
    };
    if let Some(capabilities) = features.child_mut("capabilities") {
        if capabilities.get("policy").is_none() {
            capabilities.set("policy", "default");
        }
        if capabilities.children.is_empty() && capabilities.get("policy") == Some("default") {
            features.remove_children("capabilities");
        }
    }
    if let Some(tseg) = features.child_mut("smm").and_then(|smm| smm.child_mut("tseg")) {
        let bytes = scaled::bytes(&tseg.text, tseg.get("unit"), 1024 * 1024, "./tseg")?;
        let (amount, unit) = scaled::pretty(bytes);
        tseg.text = amount.to_string();
        tseg.set("unit", unit);
    }
    Ok(())
}

fn clock(clock: &mut Element) -> Result<()> {
    let kept: &[&str] = match clock.get("offset").unwrap_or("utc") {
        "variable" => {
            if clock.get("adjustment").is_none() {
                clock.set("adjustment", 0);
            }
            if clock.get("basis").is_none() {
                clock.set("basis", "utc");
            }
            &["offset", "adjustment", "basis"]
        }
        "timezone" => {
            if clock.get("timezone").is_none() {
                return Err(problem::xml(
                    "missing 'timezone' attribute for clock with offset='timezone'",
                ));
            }
            &["offset", "timezone"]
        }
        "absolute" => &["offset", "start"],
        offset if !matches!(offset, "utc" | "localtime") => {
            return Err(problem::unsupported(format_args!("unknown clock offset '{offset}'")));
        }
        // The only adjustment that is none in seconds.
        _ if clock.get("adjustment") == Some("reset") => &["offset", "adjustment"],
        _ => &["offset"],
    };
    clock.attributes.retain(|(name, _)| kept.contains(&name.as_str()));
    for timer in clock.children("timer") {
        let is_catching_up = timer.get("tickpolicy") == Some("catchup");
        if timer.child("catchup").is_some() && !is_catching_up {
            return Err(problem::xml(
                "setting of timer catchup policies is only supported with tickpolicy='catchup'",
            ));
        }
    }
    Ok(())
}

fn labels(root: &mut Element) {
    for label in root.children.iter_mut().filter(|child| child.name == "seclabel") {
        let kind = label.get("type").unwrap_or("dynamic").to_owned();
        match kind.as_str() {
            "none" => {
                label.remove("relabel");
                label.children.clear();
            }
            "static" => {
                if label.get("relabel").is_none() {
                    label.set("relabel", "no");
                }
                label.remove_children("baselabel");
            }
            _ => {
                label.set("type", kind);
                label.set("relabel", "yes");
                label.remove_children("label");
            }
        }
        label.remove_children("imagelabel");
    }
}
