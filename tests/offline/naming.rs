//! Public names follow one rule, which CONTRIBUTING.md has under "Names".

use codegen::emit::names::snake;

use crate::sources::{Item, Kind, api};

/// Methods that are not named like the C function they stand for, each with the reason.
const EXCEPTIONS: &[(&str, &str, &str)] = &[
    ("AdminConnect", "closed", "a future, where C has a callback"),
    ("Connect", "all_domain_stats_raw", "a second form of a function's result"),
    ("Connect", "builder", "a builder, where C has the options as arguments"),
    ("Connect", "closed", "a future, where C has a callback"),
    ("Connect", "domain_events", "a stream, where C has a callback"),
    ("Connect", "domain_list_stats_raw", "a second form of a function's result"),
    ("Connect", "hypervisor", "`type` is a keyword"),
    ("Connect", "subscribe", "a stream, where C has a callback for each object"),
    ("ConnectBuilder", "keepalive", "an option, which is named like what it sets"),
    ("ConnectBuilder", "open_admin", "a builder opens both kinds of connections"),
    ("Domain", "cpu_stats_total", "a flag of the C function"),
    ("Domain", "stats", "a list of one domain"),
    ("DomainSnapshot", "revert", "of the snapshot, where C has it of the domain"),
    ("Error", "code", "of an error, where C has it of the thread"),
    ("NodeDevice", "detach", "the C function without flags is misspelt"),
    ("StorageVol", "download_to", "several functions, to a file"),
    ("StorageVol", "upload_from", "several functions, from a file"),
    ("Stream", "read_chunk", "reads, as byte streams do in Rust"),
    ("Stream", "write_all", "writes, as byte streams do in Rust"),
    ("Stream", "write_hole", "writes, as byte streams do in Rust"),
    ("TypedParams", "get", "one for all types, as of a map"),
    ("TypedParams", "push", "one for all types, as of a list"),
    ("TypedParams", "value", "a value of any type"),
];

/// Where the type of an object has another name than in C.
fn c_object(owner: &str) -> &str {
    match owner {
        "AdminConnect" => "AdmConnect",
        "Client" => "AdmClient",
        "ConnectBuilder" => "Connect",
        "NwFilter" => "NWFilter",
        "NwFilterBinding" => "NWFilterBinding",
        "Server" => "AdmServer",
        "StreamReader" | "StreamWriter" => "Stream",
        owner => owner,
    }
}

/// The name of the method of `owner` that stands for a C function.
fn expected(owner: &str, function: &str) -> String {
    let name = function.strip_prefix("vir").unwrap();
    let name = name.strip_prefix(c_object(owner)).unwrap_or(name);
    // C needs the word because its other form takes an array of bytes.
    let name = name.strip_suffix("String").unwrap_or(name);
    let name = snake(&name.replace("IOThread", "Iothread").replace("NWFilter", "Nwfilter"));
    let words: Vec<_> = name.split('_').filter(|word| *word != "get").collect();
    words.join("_")
}

const UNITS: [&str; 9] = [
    "bytes",
    "kib",
    "mib",
    "pages",
    "seconds",
    "percent",
    "mhz",
    "iops",
    "per_second",
];

fn ends_with_unit(name: &str) -> bool {
    UNITS.iter().any(|unit| {
        name.strip_suffix(unit)
            .is_some_and(|rest| rest.is_empty() || rest.ends_with('_'))
    })
}

fn without_units(name: &str) -> String {
    let name = name.strip_suffix("_per_second").unwrap_or(name);
    let words: Vec<_> = name.split('_').filter(|word| !UNITS.contains(word)).collect();
    words.join("_")
}

fn is_number(ty: &str) -> bool {
    let ty = ty.strip_prefix("Result<").and_then(|ty| ty.strip_suffix('>')).unwrap_or(ty);
    let ty = ty.strip_prefix("Option<").and_then(|ty| ty.strip_suffix('>')).unwrap_or(ty);
    ["u8", "u16", "u32", "u64", "usize", "i32", "i64", "f64"].contains(&ty)
}

/// Whether a number is one that has a unit, by its name and by what its documentation says.
fn wants_unit(name: &str, docs: &[String]) -> bool {
    const QUANTITIES: [&str; 15] = [
        "allocation",
        "available",
        "bandwidth",
        "burst",
        "capacity",
        "duration",
        "memory",
        "period",
        "physical",
        "rate",
        "size",
        "speed",
        "swap",
        "threshold",
        "timeout",
    ];
    const UNIT_TEXTS: [&str; 8] = [
        "number of bytes",
        "in bytes",
        "in KiB",
        "in MiB",
        "in MHz",
        "in percent",
        "in seconds",
        "per second",
    ];
    let last = name.rsplit('_').next().unwrap_or_default();
    let docs = docs.join(" ");
    QUANTITIES.contains(&last) || UNIT_TEXTS.iter().any(|text| docs.contains(text))
}

/// The arguments of a method, without `self`, and its result.
fn signature(text: &str) -> (Vec<(String, String)>, String) {
    let (_, rest) = text.split_once('(').unwrap();
    let mut depth = 0;
    let mut parts = vec![String::new()];
    let mut end = rest.len();
    for (at, c) in rest.char_indices() {
        match c {
            ')' if depth == 0 => {
                end = at;
                break;
            }
            ',' if depth == 0 => {
                parts.push(String::new());
                continue;
            }
            '(' | '<' | '[' => depth += 1,
            ')' | ']' => depth -= 1,
            '>' if !rest[..at].ends_with('-') => depth -= 1,
            _ => {}
        }
        parts.last_mut().unwrap().push(c);
    }
    let arguments = parts.iter().filter_map(|part| part.trim().split_once(": "));
    let arguments =
        arguments.map(|(name, ty)| (name.trim_start_matches("mut ").to_owned(), ty.to_owned()));
    let result = rest[end..].split_once("-> ").map_or("", |(_, result)| result);
    (arguments.collect(), result.trim_end_matches([' ', '{', ';']).to_owned())
}

fn assert_none(wrong: &[String], rule: &str) {
    assert!(wrong.is_empty(), "{rule}:\n{}", wrong.join("\n"));
}

#[test]
fn methods_are_named_like_c_functions() {
    let mut wrong = Vec::new();
    let mut excepted = Vec::new();
    for item in api() {
        let functions = item.functions();
        let is_getter = matches!(item.kind, Kind::Field(_) | Kind::Method(_));
        if !is_getter || functions.is_empty() {
            continue;
        }
        let expected: Vec<_> =
            functions.iter().map(|function| expected(&item.owner, function)).collect();
        let found = without_units(&item.name);
        if expected.contains(&item.name) || expected.contains(&found) {
            continue;
        }
        let key = (item.owner.as_str(), item.name.as_str());
        if EXCEPTIONS.iter().any(|(owner, name, _)| (*owner, *name) == key) {
            excepted.push((item.owner.clone(), item.name.clone()));
        } else {
            wrong.push(format!("{}: {}", item.path(), expected.join(" or ")));
        }
    }
    assert_none(&wrong, "not named like the C function");
    let unused = EXCEPTIONS
        .iter()
        .filter(|(owner, name, _)| !excepted.contains(&((*owner).to_owned(), (*name).to_owned())));
    let unused: Vec<_> = unused.map(|(owner, name, _)| format!("{owner}::{name}")).collect();
    assert_none(&unused, "no exceptions any more");
}

#[test]
fn numbers_end_with_their_unit() {
    let mut wrong = Vec::new();
    let mut check = |item: &Item, name: &str, docs: &[String]| {
        let words: Vec<_> = name.split('_').collect();
        let is_within = words[..words.len() - 1].iter().any(|word| {
            ["bytes", "kib", "mib", "sec"].contains(word) && !name.ends_with("per_second")
        });
        if is_within || (wants_unit(name, docs) && !ends_with_unit(name)) {
            wrong.push(format!("{}: {name}", item.path()));
        }
    };
    for item in api() {
        match &item.kind {
            Kind::Field(ty) if is_number(ty) || ty == "Vec<DeviceValue>" => {
                check(&item, &item.name, &item.docs);
            }
            Kind::Method(text) => {
                let (arguments, result) = signature(text);
                for (name, _) in arguments.iter().filter(|(_, ty)| is_number(ty)) {
                    check(&item, name, &[]);
                }
                if is_number(&result) {
                    check(&item, &item.name, &item.docs);
                }
            }
            _ => {}
        }
    }
    assert_none(&wrong, "numbers that should end with their unit");
}

#[test]
fn a_count_is_a_plural_unless_that_is_the_list() {
    let items = api();
    let is_list = |item: &Item| matches!(&item.kind, Kind::Field(ty) if ty.starts_with("Vec<"));
    let wrong = items.iter().filter(|item| {
        let Some(stem) = item.name.strip_suffix("_count") else {
            return false;
        };
        let mut fields = items.iter().filter(|other| other.owner == item.owner && is_list(other));
        matches!(item.kind, Kind::Field(_)) && !fields.any(|list| list.name.starts_with(stem))
    });
    let wrong: Vec<_> = wrong.map(Item::path).collect();
    assert_none(&wrong, "`_count` where there is no list of that name");
}

#[test]
fn arguments_have_one_form() {
    const PATHS: [&str; 6] = ["dir", "directory", "file", "from", "path", "to"];
    let mut wrong = Vec::new();
    for item in api() {
        let Kind::Method(text) = &item.kind else {
            continue;
        };
        let (arguments, _) = signature(text);
        for (at, (name, ty)) in arguments.iter().enumerate() {
            let is_text = ty == "&str" || ty == "String" || ty == "impl AsRef<str>";
            let expected = match name.as_str() {
                _ if ty.contains("Path") && ty != "impl AsRef<Path>" => "impl AsRef<Path>",
                name if PATHS.contains(&name) && is_text => "impl AsRef<Path>",
                "name" if ty.contains("String") || ty.contains("AsRef<str>") => "&str",
                "xml" if ty != "&str" && ty != "Option<&str>" => "&str",
                "flags" if at + 1 < arguments.len() => "the last argument",
                _ => continue,
            };
            wrong.push(format!("{}: {name} is to be {expected}", item.path()));
        }
    }
    assert_none(&wrong, "arguments of another form");
}
