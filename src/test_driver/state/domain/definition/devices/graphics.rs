//! Graphical displays.

use super::super::problem;
use super::common::keep_attributes;
use crate::test_driver::failure::Result;
use crate::test_driver::xml::Element;

/// Attributes of who may look.
const SECRETS: [&str; 4] = ["username", "passwd", "passwdValidTo", "connected"];

pub(super) fn complete(graphics: &mut Element) -> Result<()> {
    let kind = graphics.get("type").unwrap_or_default().to_owned();
    if graphics.get("passwd").is_none() {
        for name in SECRETS {
            graphics.remove(name);
        }
    }
    if let Some(valid_to) = graphics.get("passwdValidTo").map(str::to_owned) {
        // Fractions of a second and the zone are left out.
        graphics.set("passwdValidTo", valid_to.get(..19).unwrap_or(&valid_to));
    }
    match kind.as_str() {
        "vnc" | "spice" | "rdp" => network(graphics, &kind),
        _ => {
            let kept: &[&str] = match kind.as_str() {
                "sdl" => &["type", "display", "xauth", "fullscreen"],
                "desktop" => &["type", "display", "fullscreen"],
                "dbus" => &["type", "p2p", "address"],
                _ => &["type"],
            };
            keep_attributes(graphics, kept);
            without_listens(graphics);
            Ok(())
        }
    }
}

fn without_listens(graphics: &mut Element) {
    if graphics.get("fullscreen") == Some("no") {
        graphics.remove("fullscreen");
    }
    if graphics.get("p2p") == Some("no") {
        graphics.remove("p2p");
    }
    graphics.remove_children("listen");
}

fn network(graphics: &mut Element, kind: &str) -> Result<()> {
    let listen = listens(graphics, kind == "vnc")?;
    let is_socket = listen.get("type") == Some("socket");
    let port = graphics.get("port").unwrap_or_default().to_owned();
    let tls_port = graphics.get("tlsPort").unwrap_or_default().to_owned();
    let autoport = graphics.get("autoport").map(|autoport| autoport == "yes");
    let is_auto = match kind {
        "vnc" => autoport.unwrap_or(matches!(port.as_str(), "" | "-1")),
        "spice" => autoport == Some(true) || (port == "-1" && tls_port == "-1"),
        _ => autoport == Some(true),
    };
    let is_given = |port: &str| !is_auto && !matches!(port, "" | "0");
    for name in ["socket", "port", "tlsPort", "autoport", "listen"] {
        graphics.remove(name);
    }
    let is_silent = kind == "spice"
        && (listen.get("type") == Some("none")
            || listen.get("type") == Some("address")
                && !is_auto
                && !is_given(&port)
                && !is_given(&tls_port));
    if is_silent && let Some(listen) = graphics.child_mut("listen") {
        listen.attributes.clear();
        listen.set("type", "none");
    } else if is_socket {
        if let Some(path) = listen.get("socket").filter(|_| kind == "vnc") {
            graphics.set("socket", path);
        }
    } else {
        ports(graphics, kind, is_auto, &[("port", &port), ("tlsPort", &tls_port)]);
        if let Some(address) = listen.get("address") {
            graphics.set("listen", address);
        }
    }
    match kind {
        "vnc" if is_socket => graphics.remove("websocket"),
        "vnc" => {}
        _ => graphics.remove("websocket"),
    }
    if graphics.get("websocket") == Some("0") {
        graphics.remove("websocket");
    }
    for name in ["replaceUser", "multiUser"] {
        if graphics.get(name) == Some("no") {
            graphics.remove(name);
        }
    }
    Ok(())
}

fn ports(graphics: &mut Element, kind: &str, is_auto: bool, given: &[(&str, &str)]) {
    for (name, port) in given {
        if !is_auto && !matches!(*port, "" | "0") && (kind == "spice" || *name == "port") {
            graphics.set(name, port);
        }
    }
    let yes_or_no = if is_auto { "yes" } else { "no" };
    match kind {
        "vnc" => {
            if is_auto {
                graphics.set("port", -1);
            }
            graphics.set("autoport", yes_or_no);
        }
        "spice" => graphics.set("autoport", yes_or_no),
        _ if is_auto => {
            graphics.set("port", 0);
            graphics.set("autoport", yes_or_no);
        }
        _ => {}
    }
}

/// Completes where a display listens; returns the first of these places.
fn listens(graphics: &mut Element, has_socket: bool) -> Result<Element> {
    let address = graphics.get("listen").filter(|text| !text.is_empty()).map(str::to_owned);
    let socket = graphics.get("socket").filter(|_| has_socket).map(str::to_owned);
    let mut is_first = true;
    for listen in graphics.children.iter_mut().filter(|child| child.name == "listen") {
        complete_listen(listen, address.as_deref().filter(|_| is_first))?;
        is_first = false;
    }
    let of_attributes = match (&socket, &address) {
        (Some(path), _) => Element::new("listen").with("type", "socket").with("socket", path),
        (None, Some(address)) => {
            Element::new("listen").with("type", "address").with("address", address)
        }
        (None, None) => Element::new("listen").with("type", "address"),
    };
    match graphics.child_mut("listen") {
        None => graphics.children.push(of_attributes.clone()),
        Some(first)
            if socket.is_some() && matches!(first.get("type"), Some("address" | "network")) =>
        {
            first.clone_from(&of_attributes);
        }
        Some(_) => {}
    }
    Ok(graphics.child("listen").cloned().unwrap_or(of_attributes))
}

fn complete_listen(listen: &mut Element, compatible: Option<&str>) -> Result<()> {
    let kind = listen.get("type").unwrap_or_default().to_owned();
    for only in ["network", "socket"] {
        if kind != only && listen.get(only).is_some_and(|text| !text.is_empty()) {
            return Err(problem::xml(format_args!(
                "'{only}' attribute is valid only for listen type '{only}'"
            )));
        }
    }
    if kind == "address"
        && let Some(compatible) = compatible
    {
        match listen.get("address") {
            Some(address) if address != compatible => {
                return Err(problem::unsupported(format_args!(
                    "graphics 'listen' attribute '{compatible}' must match 'address' attribute of first listen element (found '{address}')"
                )));
            }
            _ => listen.set("address", compatible),
        }
    }
    let kept: &[&str] = match kind.as_str() {
        "address" => &["type", "address"],
        "network" => &["type", "network"],
        "socket" => &["type", "socket"],
        _ => &["type"],
    };
    keep_attributes(listen, kept);
    Ok(())
}
