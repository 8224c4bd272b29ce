use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::units::{Int, Unit};
use super::{TypedParams, Value};

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Stats {
    state: State,
    block: Vec<Block>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    absent: Option<u32>,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct State {
    state: i32,
    paused: bool,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Block {
    name: String,
    rd: Read,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Read {
    bytes: u64,
}

fn sample() -> TypedParams {
    TypedParams::new()
        .with("state.state", 1_i32)
        .with("state.paused", false)
        .with("block.0.name", "vda")
        .with("block.0.rd.bytes", 512_u64)
        .with("block.1.name", "vdb")
        .with("block.1.rd.bytes", 1024_u64)
}

fn typed() -> Stats {
    let block = |name: &str, bytes| Block { name: name.to_owned(), rd: Read { bytes } };
    Stats {
        state: State { state: 1, paused: false },
        block: vec![block("vda", 512), block("vdb", 1024)],
        absent: None,
    }
}

#[test]
fn dotted_names_fold_into_structures_and_back() {
    assert_eq!(sample().deserialize::<Stats>(), Ok(typed()));
    assert_eq!(TypedParams::serialize(&typed()), Ok(sample()));
}

/// There are no sequences for what cannot tell them from maps.
#[test]
fn what_takes_anything_gets_maps() {
    let expected = serde_json::json!({
        "state": { "state": 1, "paused": false },
        "block": {
            "0": { "name": "vda", "rd": { "bytes": 512 } },
            "1": { "name": "vdb", "rd": { "bytes": 1024 } },
        },
    });
    assert_eq!(sample().deserialize::<serde_json::Value>(), Ok(expected));
}

#[test]
fn counts_beside_numbered_entries_do_not_disturb_them() {
    let params = sample().with("block.count", 2_u32);
    assert_eq!(params.deserialize::<Stats>(), Ok(typed()));
}

#[test]
fn errors_name_the_parameter() {
    let params = TypedParams::new().with("state.state", "x").with("state.paused", true);
    let error = params.deserialize::<Stats>().map_err(|error| error.to_string());
    assert_eq!(error, Err("state: state: invalid type: string \"x\", expected i32".to_owned()),);
}

#[test]
fn integers_convert_where_they_fit() {
    let params = TypedParams::new().with("a", 7_u64).with("b", -1_i64).with("c", 1_i32);
    assert_eq!(params.get::<i32>("a"), Some(7));
    assert_eq!(params.get::<u32>("b"), None);
    assert_eq!(params.get::<bool>("c"), Some(true));
    assert_eq!(params.get::<String>("a"), None);
    assert_eq!(params.get::<i32>("missing"), None);
}

#[test]
fn numbers_without_a_sign_are_sent_with_one() {
    assert_eq!(Int::write(&7_u16), Value::Int(7));
    assert_eq!(Int::write(&u32::MAX), Value::Int(i32::MAX));
    assert_eq!(<Int as Unit<u16>>::read(Value::Int(7).as_ref()), Some(7));
    assert_eq!(<Int as Unit<u32>>::read(Value::Int(-1).as_ref()), None);
    assert_eq!(<Int as Unit<u16>>::read(Value::Int(65_536).as_ref()), None);
}

#[test]
fn lists_are_walked_through_in_order() {
    let (params, mut expected) = (sample(), Vec::new());
    for (name, value) in &params {
        expected.push((name, value.to_owned()));
    }
    assert_eq!(expected.len(), params.iter().len());
    assert_eq!(expected.into_iter().collect::<TypedParams>(), params);
}

#[test]
fn repeated_names_are_a_sequence() {
    #[derive(Debug, PartialEq, Deserialize)]
    struct Migration {
        migrate_disks: Vec<String>,
    }
    let params = TypedParams::new().with("migrate_disks", "vda").with("migrate_disks", "vdb");
    let disks = vec!["vda".to_owned(), "vdb".to_owned()];
    assert_eq!(params.deserialize(), Ok(Migration { migrate_disks: disks }));
    assert_eq!(
        params.values("migrate_disks").collect::<Vec<_>>(),
        [&Value::from("vda"), &Value::from("vdb")],
    );
}

#[test]
fn lists_that_share_names_are_apart() {
    let first = sample();
    let mut same = TypedParams::like(first.names(), first.len());
    for (name, value) in &first {
        same.push_named(name.as_bytes(), value.to_owned());
    }
    assert_eq!(same, first);
    assert!(same.names().is_same(first.names()));

    let mut other = TypedParams::like(first.names(), 0).with("state.state", 2);
    assert!(other.names().is_same(first.names()));
    assert_eq!(other.len(), 1);
    assert_eq!(format!("{other:?}"), r#"{"state.state": Int(2)}"#);
    other.push("state.reason", 3);
    other.push("block.0.name", "vdc");
    assert_eq!(
        other,
        TypedParams::new()
            .with("state.state", 2)
            .with("state.reason", 3)
            .with("block.0.name", "vdc")
    );
    assert_eq!(first, sample());
    let mut copy = other.clone();
    copy.push("x", 1);
    other.push("y", 1);
    assert_eq!((copy.get::<i32>("x"), copy.get::<i32>("y")), (Some(1), None));
    assert_eq!((other.get::<i32>("x"), other.get::<i32>("y")), (None, Some(1)));
}

#[derive(Debug, PartialEq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Colour {
    Red,
    Green,
}

#[derive(Debug, PartialEq, Deserialize)]
struct Wrapped(u32);

#[derive(Debug, PartialEq, Deserialize)]
struct Odd {
    one: Colour,
    state: crate::types::domain::State,
    colours: Vec<Colour>,
    wrapped: Vec<Wrapped>,
    maybe: Vec<Option<bool>>,
    /// A newer daemon has more names that begin so.
    total: u64,
}

#[test]
fn numbers_are_variants_and_what_comes_several_times_is_read_as_once() {
    let params = TypedParams::new()
        .with("one", 1_i32)
        .with("state", 5_i32)
        .with("colours", "green")
        .with("colours", 0_i32)
        .with("wrapped", 7_u32)
        .with("wrapped", 8_u32)
        .with("maybe", 1_u32)
        .with("maybe", false)
        .with("total", 9_u64)
        .with("total.more", "x");
    let expected = Odd {
        one: Colour::Green,
        state: crate::types::domain::State::Shutoff,
        colours: vec![Colour::Green, Colour::Red],
        wrapped: vec![Wrapped(7), Wrapped(8)],
        maybe: vec![Some(true), Some(false)],
        total: 9,
    };
    assert_eq!(params.deserialize(), Ok(expected));
    let anything = params.deserialize::<serde_json::Value>().unwrap_or_default();
    assert_eq!(anything["total"], serde_json::json!({ "more": "x", "": 9 }));
}

#[test]
fn names_of_very_many_parts_and_very_many_names_are_no_burden() {
    let long = "a.".repeat(1 << 20) + "a";
    let params = TypedParams::new().with(&long, 1_u32);
    let mut value = params.deserialize::<serde_json::Value>().unwrap_or_default();
    let mut depth = 0;
    while let Some((_, inner)) = value.as_object().and_then(|map| map.iter().next()) {
        value = inner.clone();
        depth += 1;
    }
    assert_eq!((depth, value), (12, serde_json::json!(1)));

    let many: TypedParams = (0..100_000).map(|number| (format!("x.{number}.y"), number)).collect();
    let many = many.with("x.5.z", 6_i32);
    let value = many.deserialize::<serde_json::Value>().unwrap_or_default();
    assert_eq!(value["x"].as_object().map(serde_json::Map::len), Some(100_000));
    assert_eq!(value["x"]["5"], serde_json::json!({ "y": 5, "z": 6 }));
}

#[allow(unreachable_pub, reason = "the macro makes what is public elsewhere")]
mod few {
    use std::time::Duration;

    use crate::params::param_struct;
    use crate::params::units::Millis;

    param_struct! {
        /// Few fields.
        pub struct Few {
            /// One of them.
            downtime: Duration = "downtime" as Millis,
            ..other
        }
    }
}

#[test]
fn a_field_that_is_set_replaces_the_value_that_could_not_be_read() {
    let said = TypedParams::new().with("downtime", "x").with("new", 1_i32).with("new", 2_i32);
    let mut stats = few::Few::from_params(&said);
    assert_eq!(stats.to_params(), said);
    stats.downtime = Some(Duration::from_millis(3));
    let expected = TypedParams::new().with("downtime", 3_u64).with("new", 1_i32).with("new", 2_i32);
    assert_eq!(stats.to_params(), expected);
}
