#![allow(clippy::unwrap_used)]

use std::time::Duration;

use super::DomainStats;
use super::call::{read_all, read_params, read_stats};
use super::layout::Layout;
use crate::params::{Names, TypedParams, Value, names};
use crate::protocol::remote::{
    ConnectGetAllDomainStatsRet, DomainStatsRecord, NonnullDomain, TypedParam,
};
use crate::types::domain::State;
use crate::xdr::{self, Reader};

/// Every name of a statistic in libvirt's headers, with a value of its type; indexes in names are
/// all 7.
fn every_parameter() -> TypedParams {
    let text = include_str!("../../../params/generated/names.rs");
    let module = text.split("pub mod stats {").nth(1).unwrap_or_default();
    let module = module.split("\n}").next().unwrap_or_default();
    let items: Vec<(&str, &str, &str)> = module
        .split("pub const ")
        .scan("", |doc, part| {
            let before = std::mem::replace(doc, part);
            Some((before, part))
        })
        .skip(1)
        .filter_map(|(before, part)| {
            let kind = before.rsplit("/// (").next()?.split([',', ')']).next()?;
            let (name, rest) = part.split_once(':')?;
            Some((name, rest.split('"').nth(1)?, kind.trim_matches('`')))
        })
        .collect();
    let mut params = TypedParams::new();
    for (name, _, kind) in &items {
        let value: Value = match *kind {
            "INT" => 1_i32.into(),
            "UINT" => 7_u32.into(),
            "LLONG" => 7_i64.into(),
            "ULLONG" => 7_u64.into(),
            "DOUBLE" => 7.5.into(),
            "BOOLEAN" => true.into(),
            "STRING" if name.ends_with("_VCPUS") => "0-3".into(),
            "STRING" => "x".into(),
            _ => continue,
        };
        for name in full_names(&items, name) {
            params.push(&name, value.clone());
        }
    }
    params
}

/// `BLOCK_SUFFIX_NAME` stands behind `BLOCK_PREFIX` and a number, and so on inwards; behind several
/// prefixes where those of `HISTOGRAM_READ_PREFIX` and others have the same.
fn full_names(items: &[(&str, &str, &str)], name: &str) -> Vec<String> {
    let Some((_, text, _)) = items.iter().find(|(other, _, _)| *other == name) else {
        return Vec::new();
    };
    let Some((of, _)) = name.rsplit_once("_SUFFIX_") else {
        return vec![(*text).to_owned()];
    };
    let is_prefix = |other: &str| {
        other.starts_with(&format!("{of}_")) && other.ends_with("_PREFIX") && other != name
    };
    let exact = format!("{of}_PREFIX");
    let prefixes: Vec<&str> = items.iter().map(|(other, _, _)| *other).collect();
    let prefixes: Vec<&str> = if prefixes.contains(&&*exact) {
        vec![&exact]
    } else {
        let kinds = prefixes.into_iter().filter(|other| is_prefix(other));
        kinds.filter(|other| !other.contains(&format!("{of}_SUFFIX_"))).collect()
    };
    let fulls = prefixes.iter().flat_map(|prefix| full_names(items, prefix));
    // A prefix that ends with a dot has a number behind it, unless what follows is a word.
    fulls
        .map(|prefix| match text.strip_prefix('.') {
            Some(_) => format!("{prefix}7{text}"),
            None => format!("{prefix}{text}"),
        })
        .collect()
}

#[test]
fn every_defined_name_has_a_field() {
    let params = every_parameter();
    assert!(params.len() > 90, "{}", params.len());
    assert_eq!(params.get(names::stats::CPU_TIME), Some(7_u64));
    assert_eq!(params.get("block.7.rd.bytes"), Some(7_u64));
    assert_eq!(params.get("cpu.cache.monitor.7.bank.7.id"), Some(7_u32));
    assert_eq!(params.get("block.7.latency_histogram.flush.bin.7.start"), Some(7_u64));
    let stats = DomainStats::from_params(&params);
    assert!(stats.other.is_empty(), "{:?}", stats.other);
    assert!(stats.vcpus.iter().all(|vcpu| vcpu.custom.is_empty()));
    let debug = format!("{stats:?}");
    // A field that no parameter sets would be superfluous.
    assert!(!debug.contains("None"), "{debug}");
    assert_eq!(stats.state.map(|state| state.state), Some(State::Running));
}

#[test]
fn things_keep_their_numbers_and_parameters_their_order() {
    let params = TypedParams::new()
        .with("vcpu.2.time", 1_u64)
        .with("vcpu.0.time", 2_u64)
        .with("vcpu.2.exits.sum", 3_u64)
        .with("vcpu.2.big.sum", 4_u64)
        .with("iothread.4294967295.poll-grow", 5_u32)
        .with("cpu.energy.monitor.1.pkg.0.id", 4_u32)
        .with("cpu.energy.monitor.1.pkg.0.core_energy", 8.5)
        .with("vm.b.sum", 6_u64)
        .with("vm.a.cur", true);
    let stats = DomainStats::from_params(&params);
    let numbers: Vec<_> = stats.vcpus.iter().map(|vcpu| vcpu.number).collect();
    assert_eq!(numbers, [2, 0]);
    let first = stats.vcpus.first().unwrap();
    assert_eq!(first.time, Some(Duration::from_nanos(1)));
    let custom = TypedParams::new().with("exits.sum", 3_u64).with("big.sum", 4_u64);
    assert_eq!(first.custom, custom);
    assert_eq!(stats.iothreads.first().map(|thread| thread.number), Some(u32::MAX));
    let package = &stats.cpu.energy_monitors[0].packages[0];
    assert_eq!(package.id, Some(4));
    assert_eq!(package.custom, TypedParams::new().with("core_energy", 8.5));
    assert_eq!(stats.vm, TypedParams::new().with("b.sum", 6_u64).with("a.cur", true));
    assert!(stats.other.is_empty());
}

#[test]
fn a_guest_that_never_reported_has_no_time_of_its_last_report() {
    let params = TypedParams::new().with("balloon.last-update", 0_u64);
    assert_eq!(DomainStats::from_params(&params), DomainStats::default());
}

#[test]
fn what_has_no_field_is_kept_as_it_is() {
    let params = TypedParams::new()
        .with("cpu.time", "soon")
        .with("cpu.cache.monitor.0.vcpus", "all")
        .with("state.reason", 1_i32)
        .with("block.count", -1_i32)
        .with("block.x.name", "vda")
        .with("block.4294967296.name", "vda")
        .with("block..name", "vda")
        .with("block.+1.name", "vda")
        .with("net.0.colour", "red")
        .with("weather.wind", 3.5)
        .with("plain", true)
        .with("", 1_u64)
        .with("cpu.", 1_u64)
        .with("block.0.limits.none", 1_u64)
        .with("block.0.latency_histogram.seek.bin.count", 1_u64)
        .with("block.0.timed_group.0.none", 1_u64)
        .with("dirtyrate.vcpu.0.none", 1_u64)
        .with("memory.other", 1_u64)
        .with("vcpu.online", 1_u32);
    let stats = DomainStats::from_params(&params);
    assert_eq!(stats.other, params);
    let block = &stats.blocks[0];
    assert!(block.limits.is_none() && block.latency_histograms.is_none());
}

#[test]
fn scattered_parameters_find_their_things_among_the_last() {
    let scattered = |count: u32| {
        let mut params = TypedParams::new();
        for number in (0..count).rev() {
            params.push(&format!("net.{number}.name"), "x");
        }
        params.push(&format!("net.{}.rx.pkts", count - 1), 1_u64);
        DomainStats::from_params(&params).nets
    };
    let net = scattered(256);
    assert_eq!((net.len(), net[0].rx_packets), (256, Some(1)));
    // Without the bound the time of the search would grow quadratically.
    let net = scattered(257);
    assert_eq!((net.len(), net[0].rx_packets), (258, None));
}

fn domain_x() -> NonnullDomain<'static> {
    NonnullDomain { name: "x".into(), uuid: uuid::Uuid::nil(), id: 3 }
}

/// Returns the reply with these lists, each of a domain.
fn reply(lists: &[TypedParams]) -> Vec<u8> {
    let records = lists
        .iter()
        .map(|params| DomainStatsRecord { dom: domain_x(), params: params.into() });
    xdr::to_vec(&ConnectGetAllDomainStatsRet { ret_stats: records.collect() }).unwrap()
}

#[test]
fn records_are_read_as_their_wire_types_are() {
    let params = every_parameter();
    let mut more = params.clone();
    more.push("unknown", 1.5);
    more.push("block.8.path", "/p");
    let lists = [params, TypedParams::new(), more];
    let bytes = reply(&lists);

    let mut names = Names::default();
    let read = read_all(&bytes, |domain, reader| {
        assert_eq!(domain, domain_x());
        read_params(reader, &mut names)
    });
    assert_eq!(read.unwrap(), lists);

    let mut layout = Layout::default();
    let read = read_all(&bytes, |_, reader| read_stats(reader, &mut layout));
    let expected = lists.iter().map(DomainStats::from_params);
    assert_eq!(read.unwrap(), expected.collect::<Vec<_>>());

    for end in 0..bytes.len() {
        let mut layout = Layout::default();
        read_all(&bytes[..end], |_, reader| read_stats(reader, &mut layout)).unwrap_err();
    }
}

#[test]
fn records_in_other_orders_do_not_mislead_one_another() {
    let list = |names: &[&str]| names.iter().zip(1_u64..).collect::<TypedParams>();
    let lists = [
        list(&[
            "net.0.rx.pkts",
            "net.1.rx.pkts",
            "net.1.tx.pkts",
            "cpu.time",
            "vcpu.0.x",
        ]),
        // The same names in the same places, but the items have changed theirs.
        list(&[
            "net.1.rx.bytes",
            "net.1.rx.pkts",
            "net.1.tx.pkts",
            "cpu.user",
            "vcpu.0.x",
        ]),
        list(&["net.0.rx.pkts", "net.1.rx.pkts"]),
        list(&[
            "net.1.tx.pkts",
            "net.0.rx.pkts",
            "net.0.tx.pkts",
            "vcpu.0.x",
            "vcpu.0.time",
        ]),
        list(&[
            "cpu.time",
            "cpu.time",
            "net.2.rx.pkts",
            "block.0.rd.reqs",
            "vm.x",
            "odd.x",
        ]),
        list(&[
            "cpu.time",
            "block.1.rd.reqs",
            "block.0.rd.reqs",
            "block.0.rd.reqs",
            "vm.x",
        ]),
    ];
    let bytes = reply(&lists);
    let mut layout = Layout::default();
    let read = read_all(&bytes, |_, reader| read_stats(reader, &mut layout));
    let expected: Vec<_> = lists.iter().map(DomainStats::from_params).collect();
    assert_eq!(read.unwrap(), expected);
}

#[test]
fn names_that_are_not_text_are_unknown() {
    let param = TypedParam {
        field: "cpu.time".into(),
        value: crate::protocol::remote::TypedParamValue::Ullong(7),
    };
    let mut bytes = xdr::to_vec(&1_u32).unwrap();
    bytes.extend(xdr::to_vec(&param).unwrap());
    let at = bytes.windows(4).position(|four| four == b"time").unwrap();
    bytes[at] = 0xff;
    let stats = read_stats(&mut Reader::new(&bytes), &mut Layout::default()).unwrap();
    let other = TypedParams::new().with("cpu.\u{fffd}ime", 7_u64);
    assert_eq!((stats.cpu.time, stats.other), (None, other));
}
