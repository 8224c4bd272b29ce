//! A domain's share of the host's block I/O, in all and by device.

use super::parameters::{IMPACT, STRINGS, Type, check, limited, param, string};
use crate::protocol::remote::{self, TypedParamValue};
use crate::test_driver::domain::impact::exclude_both;
use crate::test_driver::failure::{Failure, Result, check_flags};
use crate::test_driver::routes::Routes;
use crate::test_driver::work::Work;
use crate::test_driver::xml::Element;
use crate::types::error::{ErrorCode, ErrorDomain};

const WEIGHT: &str = "weight";

/// What there is by device: the parameter, and the child of the device's element.
const BY_DEVICE: [(&str, &str); 5] = [
    ("device_weight", "weight"),
    ("device_read_iops_sec", "read_iops_sec"),
    ("device_write_iops_sec", "write_iops_sec"),
    ("device_read_bytes_sec", "read_bytes_sec"),
    ("device_write_bytes_sec", "write_bytes_sec"),
];

pub(super) fn route(routes: &mut Routes) {
    routes.tell::<remote::DomainGetBlkioParameters<'static>>(get);
    routes.act::<remote::DomainSetBlkioParameters<'static>>(set);
}

fn get(
    work: &mut Work<'_>,
    request: remote::DomainGetBlkioParameters<'_>,
) -> Result<remote::DomainGetBlkioParametersRet<'static>> {
    exclude_both(request.flags, "virDomainGetBlkioParameters", "ctl")?;
    check_flags(request.flags, IMPACT | STRINGS, "testDomainGetBlkioParameters")?;
    if request.nparams == 0 {
        let nparams = 1 + BY_DEVICE.len() as i32;
        return Ok(remote::DomainGetBlkioParametersRet { params: Vec::new(), nparams });
    }
    let definition = work.state.domains.get(&request.dom)?.one(request.flags & !STRINGS)?;
    let tune = definition.root().child("blkiotune");
    let weight = tune.and_then(|tune| tune.text_of(WEIGHT)?.parse().ok()).unwrap_or_default();
    let mut all = vec![param(WEIGHT, TypedParamValue::Uint(weight))];
    for (field, child) in BY_DEVICE {
        let devices = tune.into_iter().flat_map(|tune| tune.children("device"));
        let values = devices
            .filter_map(|device| Some(format!("{},{}", path_of(device), device.text_of(child)?)));
        all.push(string(field, values.collect::<Vec<_>>().join(",")));
    }
    let params = limited(all, request.nparams, request.flags);
    Ok(remote::DomainGetBlkioParametersRet { params, nparams: 0 })
}

fn path_of(device: &Element) -> &str {
    device.child("path").map(|path| path.text.as_str()).unwrap_or_default()
}

fn set(work: &mut Work<'_>, request: remote::DomainSetBlkioParameters<'_>) -> Result<()> {
    check_flags(request.flags.bits(), IMPACT, "testDomainSetBlkioParameters")?;
    check(&request.params, |field| match field {
        WEIGHT => Some(Type::Uint),
        _ => child_of(field).map(|_| Type::String),
    })?;
    let definition = work.state.domains.get_mut(&request.dom)?.one_mut(request.flags.bits())?;
    let mut result = Ok(());
    definition.change(|root| {
        let tune = root.child_or_new("blkiotune");
        // As with libvirt, what is right is set although something else is wrong.
        for param in &request.params {
            let field = param.field.as_str();
            match (&param.value, child_of(field)) {
                (TypedParamValue::Uint(weight), None) => {
                    tune.child_or_new(WEIGHT).text = weight.to_string();
                }
                (TypedParamValue::String(list), Some(child)) => match parse(field, list.as_str()) {
                    Ok(values) => merge(tune, child, &values),
                    Err(failure) => result = Err(failure),
                },
                _ => {}
            }
        }
    });
    result
}

fn child_of(field: &str) -> Option<&'static str> {
    let found = BY_DEVICE.iter().find(|(name, _)| *name == field);
    found.map(|(_, child)| *child)
}

/// Sets values of devices. One that has none any more keeps its place.
fn merge(tune: &mut Element, child: &str, values: &[(&str, u64)]) {
    for (path, value) in values {
        let is_it = |other: &&mut Element| other.name == "device" && path_of(other) == *path;
        let known = tune.children.iter_mut().find(is_it);
        let value = (*value != 0).then(|| Element::new(child).with_text(value));
        match (known, value) {
            (Some(device), value) => {
                device.remove_children(child);
                device.children.extend(value);
            }
            (None, Some(value)) => {
                let path = Element::new("path").with_text(path);
                tune.children.push(Element::new("device").with_child(path).with_child(value));
            }
            (None, None) => {}
        }
    }
}

/// Reads a list such as `/dev/a,1,/dev/b,2`.
fn parse<'a>(field: &str, list: &'a str) -> Result<Vec<(&'a str, u64)>> {
    let fail = |detail| Err(Failure::of(ErrorDomain::Domain, ErrorCode::InvalidArg, detail));
    let unreadable = || fail(format!("unable to parse blkio device '{field}' '{list}'"));
    if list.is_empty() {
        return Ok(Vec::new());
    }
    if !list.split(',').count().is_multiple_of(2) {
        return unreadable();
    }
    let max = if field.ends_with("bytes_sec") {
        u64::MAX
    } else {
        u32::MAX.into()
    };
    let mut values = Vec::new();
    let mut rest = Some(list);
    while let Some((path, after)) = rest.and_then(|rest| rest.split_once(',')) {
        let number = after.trim_start();
        let number = number.strip_prefix('+').unwrap_or(number);
        let digits = number.find(|it: char| !it.is_ascii_digit()).unwrap_or(number.len());
        let (number, behind) = number.split_at(digits);
        let Some(value) = number.parse().ok().filter(|value| *value <= max) else {
            return fail(format!(
                "invalid value '{after}' for parameter '{field}' of device '{path}'"
            ));
        };
        values.push((path, value));
        rest = behind.strip_prefix(',');
        if rest.is_none() && !behind.is_empty() {
            return unreadable();
        }
    }
    Ok(values)
}
