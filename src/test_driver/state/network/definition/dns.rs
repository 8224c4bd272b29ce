//! What a network's name server answers.

use super::failures::{ill_formed, wrong};
use crate::test_driver::document::{Base, Ip, Values as _, signed};
use crate::test_driver::failure::Result;
use crate::test_driver::xml::Element;

pub(super) fn complete(dns: &mut Element, name: &str) -> Result<()> {
    let is_disabled = dns.yes("enable")? == Some(false);
    dns.yes("forwardPlainNames")?;
    for (child, check) in CHECKS {
        for element in dns.children.iter_mut().filter(|element| element.name == *child) {
            check(element, name)?;
        }
    }
    let says_something = dns
        .children
        .iter()
        .any(|element| CHECKS.iter().any(|(child, _)| *child == element.name));
    if is_disabled && says_something {
        Err(wrong(format_args!("Extra data in disabled network '{name}'")))
    } else {
        Ok(())
    }
}

type Check = fn(&mut Element, &str) -> Result<()>;

const CHECKS: &[(&str, Check)] = &[
    ("forwarder", complete_forwarder),
    ("host", |host, name| check_dns_host(host, name, false)),
    ("srv", |srv, name| check_srv(srv, name, false)),
    ("txt", |txt, name| check_txt(txt, name, false)),
];

fn complete_forwarder(forwarder: &mut Element, name: &str) -> Result<()> {
    if let Some(text) = forwarder.get("addr").map(str::to_owned) {
        let ip = Ip::parse(&text).ok_or_else(|| {
            wrong(format_args!("Invalid forwarder IP address '{text}' in network '{name}'"))
        })?;
        forwarder.set("addr", ip);
    } else if forwarder.get("domain").is_none() {
        let detail = "Invalid forwarder element, must contain at least one of addr or domain";
        return Err(wrong(detail));
    }
    Ok(())
}

/// Checks a host; of one that is only looked for, parts may be missing.
pub(crate) fn check_dns_host(host: &mut Element, name: &str, may_lack: bool) -> Result<()> {
    let names = host.children("hostname").count();
    let is_unnamed = host.children("hostname").any(|hostname| hostname.text.is_empty());
    if is_unnamed || (names == 0 && !may_lack) {
        return Err(ill_formed(format_args!(
            "Missing hostname in network '{name}' DNS HOST record"
        )));
    }
    if let Some(text) = host.get("ip") {
        let ip = Ip::parse(text).ok_or_else(|| {
            ill_formed(format_args!("Invalid IP address in network '{name}' DNS HOST record"))
        })?;
        host.set("ip", ip);
        return Ok(());
    }
    if !may_lack {
        return Err(ill_formed(format_args!(
            "Missing IP address in network '{name}' DNS HOST record"
        )));
    }
    match names {
        0 => Err(ill_formed(format_args!(
            "Missing ip and hostname in network '{name}' DNS HOST record"
        ))),
        _ => Ok(()),
    }
}

/// Checks a service; of one that is only looked for, parts may be missing.
pub(crate) fn check_srv(srv: &mut Element, name: &str, may_lack: bool) -> Result<()> {
    let service = srv.get("service").map(str::to_owned);
    match &service {
        None if may_lack => {}
        None => {
            return Err(ill_formed(format_args!(
                "missing required service attribute in DNS SRV record of network '{name}'"
            )));
        }
        Some(service) if service.len() > 512 - 50 - 9 => {
            return Err(ill_formed(format_args!(
                "service attribute '{service}' in network '{name}' is too long, limit is {} bytes",
                512 - 50 - 9
            )));
        }
        Some(service) if !is_made_of(service, "_-+/*") => {
            return Err(ill_formed(format_args!(
                "invalid character in service attribute '{service}' in DNS SRV record of network '{name}'"
            )));
        }
        Some(_) => {}
    }
    let service = service.unwrap_or_else(|| "(null)".to_owned());
    match srv.get("protocol") {
        None if may_lack => {}
        None => {
            return Err(ill_formed(format_args!(
                "missing required protocol attribute in DNS SRV record '{service}' of network '{name}'"
            )));
        }
        Some(protocol) if !is_made_of(protocol, "-+/") => {
            return Err(ill_formed(format_args!(
                "invalid character in protocol attribute '{protocol}' in DNS SRV record of network '{name}'"
            )));
        }
        Some(_) => {}
    }
    for (attribute, invalid, least) in [
        ("port", "invalid", 1),
        ("priority", "Invalid", 0),
        ("weight", "invalid", 0),
    ] {
        complete_srv_number(srv, name, &service, (attribute, invalid, least))?;
    }
    Ok(())
}

fn complete_srv_number(
    srv: &mut Element,
    name: &str,
    service: &str,
    (attribute, invalid, least): (&str, &str, i128),
) -> Result<()> {
    let Some(text) = srv.filled(attribute) else {
        srv.remove(attribute);
        return Ok(());
    };
    let number = signed(text, Base::Ten);
    if number.is_some() && srv.get("target").is_none() {
        return Err(ill_formed(format_args!(
            "DNS SRV {attribute} attribute not permitted without target for service '{service}' in network '{name}'"
        )));
    }
    let number = number.filter(|number| (least..=65535).contains(number)).ok_or_else(|| {
        ill_formed(format_args!(
            "{invalid} DNS SRV {attribute} attribute for service '{service}' in network '{name}'"
        ))
    })?;
    match number {
        0 => srv.remove(attribute),
        _ => srv.set(attribute, number),
    }
    Ok(())
}

fn is_made_of(text: &str, others: &str) -> bool {
    text.chars().all(|char| char.is_ascii_alphanumeric() || others.contains(char))
}

/// Checks a text; of one that is only looked for, the value may be missing.
pub(crate) fn check_txt(txt: &mut Element, name: &str, may_lack: bool) -> Result<()> {
    let Some(own) = txt.get("name") else {
        return Err(ill_formed(format_args!(
            "missing required name attribute in DNS TXT record of network {name}"
        )));
    };
    if own.contains([' ', ',']) {
        return Err(ill_formed(format_args!(
            "prohibited character in DNS TXT record name '{own}' of network {name}"
        )));
    }
    if txt.get("value").is_none() && !may_lack {
        return Err(ill_formed(format_args!(
            "missing required value attribute in DNS TXT record named '{own}' of network {name}"
        )));
    }
    Ok(())
}
