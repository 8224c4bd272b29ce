//! The names of functions in libvirt's binding for Python.

use std::collections::BTreeMap;

use super::objects::Object;

/// Returns class and method, or module and function, that libvirt-python has for a function, if it
/// has one; `exceptions` are the names that follow no rule, and an empty one is none.
pub(super) fn name(
    library: &str,
    function: &str,
    exceptions: &BTreeMap<String, String>,
) -> Option<String> {
    if let Some(exception) = exceptions.get(function) {
        return Some(exception.clone()).filter(|name| !name.is_empty());
    }
    let object = Object::of(function);
    // Python counts references and has dictionaries.
    if ["Free", "Ref"].iter().any(|suffix| function.ends_with(suffix))
        || object.prefix == "virTypedParam"
    {
        return None;
    }
    match library {
        "libvirt-qemu" => in_module("libvirt_qemu", "Qemu", function),
        "libvirt-lxc" => in_module("libvirt_lxc", "Lxc", function),
        "libvirt" => Some(method(object, function)),
        _ => None,
    }
}

/// The libraries for one hypervisor are modules of functions: `qemuMonitorCommand`.
fn in_module(module: &str, program: &str, function: &str) -> Option<String> {
    let (_, topic) = function.split_once(program)?;
    Some(format!("{module}.{}{topic}", program.to_lowercase()))
}

fn method(object: &Object, function: &str) -> String {
    let topic = function.strip_prefix(object.prefix).unwrap_or(function);
    let class = match object.prefix {
        "virNode" => "virConnect",
        prefix => prefix,
    };
    let Some(parent) = object.parent else {
        return match class {
            "virConnect" => format!("virConnect.{}", decapitalised(topic)),
            _ => format!("libvirt.{function}"),
        };
    };
    // What makes or finds an object is a method of what that is in, and all but domains name it.
    if ["CreateXML", "Define", "Lookup"].iter().any(|verb| topic.starts_with(verb)) {
        let named = if object.prefix == "virDomain" {
            topic
        } else {
            let shorter = function.strip_prefix(parent).or_else(|| function.strip_prefix("vir"));
            shorter.unwrap_or(function)
        };
        return format!("{parent}.{}", decapitalised(named));
    }
    let topic = topic.strip_prefix("Get").unwrap_or(topic);
    format!("{class}.{}", decapitalised(topic))
}

/// Returns a name with a small first word: `IOThreadInfo` is `ioThreadInfo`, but `XMLDesc` stays.
fn decapitalised(name: &str) -> String {
    const KEPT: [&str; 6] = ["DHCP", "ID", "MAC", "OS", "UUID", "XML"];
    const WORDS: [&str; 3] = ["FS", "IO", "NWF"];
    if KEPT.iter().any(|word| name.starts_with(word)) {
        return name.to_owned();
    }
    let first = WORDS.iter().find(|word| name.starts_with(**word)).map_or(1, |word| word.len());
    match name.split_at_checked(first) {
        Some((first, rest)) => format!("{}{rest}", first.to_lowercase()),
        None => name.to_owned(),
    }
}
