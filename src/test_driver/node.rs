//! The host itself: what it has of processors and memory, and what a node file says of it.

use std::str::FromStr;

use super::failure::{Failure, Result};
use super::state::State;
use super::xml::Element;
use super::{domain, interface, network, node_device, storage};
use crate::types::error::{ErrorCode, ErrorDomain};

/// The host that `test:///default` has.
const DEFAULT: &str = include_str!("default.xml");

/// Processors and memory of a host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Node {
    pub(super) model: String,
    pub(super) memory_kib: u64,
    pub(super) cpus: u32,
    pub(super) mhz: u32,
    pub(super) nodes: u32,
    pub(super) sockets: u32,
    pub(super) cores: u32,
    pub(super) threads: u32,
    /// The host's NUMA cells, which only the default host has.
    pub(super) cells: Vec<Cell>,
}

/// A NUMA cell, which has eight processors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Cell {
    pub(super) memory_kib: u64,
    pub(super) free_kib: u64,
}

impl Default for Node {
    fn default() -> Self {
        Self {
            model: "i686".to_owned(),
            memory_kib: 3 * 1024 * 1024,
            cpus: 16,
            mhz: 1400,
            nodes: 2,
            sockets: 2,
            cores: 2,
            threads: 2,
            cells: Vec::new(),
        }
    }
}

impl Node {
    /// Returns the number of processors that the host could have.
    pub(super) fn max_cpus(&self) -> u32 {
        let all = [self.sockets, self.cores, self.threads];
        all.iter().fold(self.nodes, |product, factor| product.saturating_mul(*factor))
    }
}

/// Returns what the default host has at first.
pub(super) fn default_state() -> State {
    let mut state = state(DEFAULT).unwrap_or_default();
    state.node.cells = [1, 2]
        .map(|size| Cell { memory_kib: size * 2048 * 1024, free_kib: size * 1024 * 1024 })
        .to_vec();
    state
}

/// Returns what a host has that is described by a node file.
pub(super) fn state(text: &str) -> Result<State> {
    let node = Element::parse(text)
        .map_err(|error| Failure::of(ErrorDomain::Xml, ErrorCode::XmlDetail, error))?;
    if node.name != "node" {
        let detail = format!("unexpected root element <{}>, expecting <node>", node.name);
        return Err(Failure::of(ErrorDomain::Xml, ErrorCode::XmlError, detail));
    }
    let mut state = State { node: info(&node)?, ..State::default() };
    for element in node.children("domain") {
        domain::add_from_node(&mut state, element)?;
    }
    for element in node.children("network") {
        network::add_from_node(&mut state, element)?;
    }
    for element in node.children("interface") {
        interface::add_from_node(&mut state, element)?;
    }
    for element in node.children("pool") {
        storage::add_from_node(&mut state, element)?;
    }
    for element in node.children("device") {
        node_device::add_from_node(&mut state, element)?;
    }
    Ok(state)
}

fn info(node: &Element) -> Result<Node> {
    let mut info = Node::default();
    if let Some(cpu) = node.child("cpu") {
        read(cpu, "nodes", &mut info.nodes)?;
        read(cpu, "sockets", &mut info.sockets)?;
        read(cpu, "cores", &mut info.cores)?;
        read(cpu, "threads", &mut info.threads)?;
        let cpus = info.max_cpus();
        let mut active = cpus;
        read(cpu, "active", &mut active)?;
        info.cpus = cpus.min(active);
        read(cpu, "mhz", &mut info.mhz)?;
        read(cpu, "model", &mut info.model)?;
    }
    read(node, "memory", &mut info.memory_kib)?;
    Ok(info)
}

/// Reads a child's text into a value, which stays as it is if there is no such child.
fn read<T: FromStr>(parent: &Element, name: &str, value: &mut T) -> Result<()> {
    let Some(text) = parent.text_of(name) else {
        return Ok(());
    };
    *value = text.parse().map_err(|_| {
        let what = if parent.name == "cpu" { "cpu " } else { "" };
        Failure::new(ErrorCode::XmlError, format_args!("invalid node {what}{name} value"))
    })?;
    Ok(())
}
