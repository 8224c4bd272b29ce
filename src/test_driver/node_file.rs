//! The file that describes a host.

use std::path::Path;

use super::document::{self, Base, Values as _};
use super::failure::{Failure, Result};
use super::login::User;
use super::state::State;
use super::state::node::{Cell, Node};
use super::xml::Element;
use super::{domain, interface, network, node_device, storage};
use crate::files;
use crate::types::error::{ErrorCode, ErrorDomain};

/// The host that `test:///default` has.
const DEFAULT: &str = include_str!("default.xml");

/// The longest name of a model that fits into a reply.
const MODEL_MAX: usize = 31;

/// Returns what the default host has at first.
pub(super) fn default_state() -> State {
    let mut state = state(DEFAULT).unwrap_or_default();
    state.node.cells = [1, 2]
        .map(|size| Cell { memory_kib: size * 2048 * 1024, free_kib: size * 1024 * 1024 })
        .to_vec();
    state
}

/// Returns what a host has that is described by a node file. Blocks.
pub(super) fn read(file: &Path) -> Result<State> {
    state_of(&read_document(file, "node", ErrorDomain::Test)?, file.parent())
}

/// Returns what a host has that is described by the text of a node file.
pub(super) fn state(text: &str) -> Result<State> {
    let node = Element::parse(text)
        .map_err(|error| Failure::of(ErrorDomain::Xml, ErrorCode::XmlDetail, error))?;
    state_of(&node, None)
}

/// Reads the document in a file. Blocks.
fn read_document(file: &Path, root: &str, part: ErrorDomain) -> Result<Element> {
    let place = file.display();
    let bytes = files::read(file).map_err(|error| {
        let reason = error.to_string();
        // What Rust adds to the system's words.
        let reason = reason.split(" (os error").next().unwrap_or_default();
        let detail = format!("Failed to open file '{place}': {reason}");
        let int1 = error.raw_os_error().unwrap_or_default();
        Failure {
            int1,
            ..Failure::of(ErrorDomain::None, ErrorCode::SystemError, detail)
        }
    })?;
    document::parse_file(&String::from_utf8_lossy(&bytes), &place.to_string(), root, part)
}

/// What a host has, and the folder of the other files that describe it.
fn state_of(node: &Element, folder: Option<&Path>) -> Result<State> {
    let mut state = State { node: info(node)?, ..State::default() };
    for element in node.children("domain") {
        domain::add_from_node(&mut state, &in_scope(included(element, folder)?, node))?;
    }
    for element in node.children("network") {
        network::add_from_node(&mut state, &included(element, folder)?)?;
    }
    for element in node.children("interface") {
        interface::add_from_node(&mut state, &included(element, folder)?)?;
    }
    for element in node.children("pool") {
        let mut pool = included(element, folder)?;
        for volume in pool.children.iter_mut().filter(|child| child.name == "volume") {
            *volume = included(volume, folder)?;
        }
        storage::add_from_node(&mut state, &pool)?;
    }
    for element in node.children("device") {
        node_device::add_from_node(&mut state, &included(element, folder)?)?;
    }
    for auth in node.children("auth") {
        for user in auth.children("user") {
            state.node.users.push(User::of(user)?);
        }
    }
    Ok(state)
}

/// Returns what stands in an element's place: the document in the file that it names, if it does.
fn included(element: &Element, folder: Option<&Path>) -> Result<Element> {
    match (element.get("file"), folder) {
        (Some(file), Some(folder)) => {
            let file = folder.join(file.trim_start_matches('/'));
            read_document(&file, &element.name, ErrorDomain::None)
        }
        _ => Ok(element.clone()),
    }
}

/// Returns an element with the namespaces that the root names, as far as it names none itself.
fn in_scope(mut element: Element, root: &Element) -> Element {
    for (name, uri) in &root.attributes {
        if name.starts_with("xmlns:") && element.get(name).is_none() {
            element.set(name, uri);
        }
    }
    element
}

fn info(node: &Element) -> Result<Node> {
    let mut info = Node::default();
    if let Some(cpu) = node.child("cpu") {
        read_number(cpu, "nodes", &mut info.nodes)?;
        read_number(cpu, "sockets", &mut info.sockets)?;
        read_number(cpu, "cores", &mut info.cores)?;
        read_number(cpu, "threads", &mut info.threads)?;
        let cpus = info.max_cpus();
        let mut active = cpus;
        read_number(cpu, "active", &mut active)?;
        info.cpus = cpus.min(active);
        read_number(cpu, "mhz", &mut info.mhz)?;
        if let Some(model) = cpu.content("model") {
            if model.len() > MODEL_MAX {
                let detail = format!("Model {model} too big for destination");
                return Err(Failure::internal(detail));
            }
            model.clone_into(&mut info.model);
        }
    }
    read_number(node, "memory", &mut info.memory_kib)?;
    Ok(info)
}

/// Reads a child's text into a value, which stays as it is if there is none.
fn read_number<T: TryFrom<i128>>(parent: &Element, name: &str, value: &mut T) -> Result<()> {
    let Some(text) = parent.content(name) else {
        return Ok(());
    };
    *value = document::unsigned(text, Base::Ten).ok_or_else(|| {
        let what = if parent.name == "cpu" { "cpu " } else { "" };
        Failure::new(ErrorCode::XmlError, format_args!("invalid node {what}{name} value"))
    })?;
    Ok(())
}
