//! The guide names all that the sources know: parameters of URIs, variables of the environment,
//! settings, spans and events.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use crate::architecture::{sources, without_comments};

fn read(path: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("src").join(path)).unwrap()
}

/// The library's sources without comments, and without tests at the end of a file.
fn code() -> String {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let files = sources(&src).into_iter();
    let code = files.filter(|file| !file.components().any(|part| part.as_os_str() == "tests"));
    let texts = code.map(|file| {
        let text = fs::read_to_string(file).unwrap();
        let text = text.split("#[cfg(test)]\nmod tests {").next().unwrap().to_owned();
        without_comments(&text)
    });
    texts.collect::<Vec<_>>().join("\n")
}

/// The strings in the list that is a constant's value.
fn listed(code: &str, constant: &str) -> Vec<String> {
    let (_, rest) = code.split_once(&format!("const {constant}: [&str; ")).unwrap();
    let (_, rest) = rest.split_once("= [").unwrap();
    let (list, _) = rest.split_once("];").unwrap();
    list.split('"').skip(1).step_by(2).map(str::to_owned).collect()
}

/// The strings that stand as the first argument of these calls.
fn arguments(code: &str, calls: &[&str]) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for call in calls {
        let call = format!("{call}(\"");
        let arguments = code.split(&call).skip(1).filter_map(|rest| rest.split('"').next());
        found.extend(arguments.map(str::to_owned));
    }
    found
}

/// The cells of the rows that begin with a name in backticks, by that name.
fn rows(chapter: &str) -> BTreeMap<&str, Vec<&str>> {
    let rows = chapter.lines().filter_map(|line| line.strip_prefix("| `"));
    let cells = rows.filter_map(|row| {
        let (name, rest) = row.split_once("` |")?;
        Some((name, rest.trim_end_matches('|').split('|').map(str::trim).collect()))
    });
    cells.collect()
}

/// The names by which rustdoc's search finds a chapter.
fn aliases(chapter: &str) -> BTreeSet<String> {
    let module = read("guide/mod.rs");
    let (before, _) = module.split_once(&format!("pub mod {chapter} {{}}")).unwrap();
    let (_, before) = before.rsplit_once("include_str!").unwrap();
    arguments(&before.replace("alias = ", "alias("), &["alias"])
}

#[test]
fn every_parameter_of_uris_is_in_the_chapter_and_is_found() {
    let parameters = read("uri/parameters.rs");
    let consumed = listed(&parameters, "CONSUMED");
    let of_drivers = listed(&parameters, "OF_DRIVERS");
    assert!(consumed.len() > 15 && of_drivers.len() > 3);
    let chapter = read("guide/opening.md");
    let (rows, aliases) = (rows(&chapter), aliases("opening"));
    for name in &consumed {
        let cells = rows.get(&**name).unwrap_or_else(|| panic!("no row for {name}"));
        assert_eq!(cells.len(), 7, "{name}");
        let (meaning, transports) = cells.split_last().unwrap();
        assert!(!meaning.is_empty() && transports.contains(&"yes"), "{name}");
        assert!(transports.iter().all(|cell| ["", "yes"].contains(cell)), "{name}");
    }
    for name in &of_drivers {
        assert!(chapter.contains(&format!("`{name}`")), "{name}");
    }
    for name in consumed.iter().chain(&of_drivers) {
        assert!(aliases.contains(name), "no #[doc(alias)] for {name}");
    }
}

#[test]
fn every_variable_of_the_environment_is_in_the_chapter() {
    let code = code();
    let mut read_here = arguments(&code, &["var_os", "env::var", " dir"]);
    assert!(read_here.len() > 10, "{read_here:?}");
    read_here.extend(listed(&code, "PASSED_ON"));
    let (chapter, aliases) = (read("guide/opening.md"), aliases("opening"));
    for name in read_here {
        assert!(chapter.contains(&format!("`{name}`")), "{name}");
        let is_everybodys = !["LIBVIRT", "VIRTD"].iter().any(|prefix| name.starts_with(prefix));
        assert!(is_everybodys || aliases.contains(&name), "no #[doc(alias)] for {name}");
    }
}

#[test]
fn every_setting_of_libvirt_conf_is_in_the_chapter_and_is_found() {
    let code = ["config/file.rs", "config/ssh.rs"].map(read).concat();
    let settings = arguments(&code, &["self.string", "self.setting", "self.one_of"]);
    assert_eq!(settings.len(), 5, "{settings:?}");
    let (chapter, aliases) = (read("guide/opening.md"), aliases("opening"));
    for name in settings {
        assert!(chapter.contains(&format!("\n{name} = ")), "{name}");
        assert!(aliases.contains(&name), "no #[doc(alias)] for {name}");
    }
}

/// What a call of one of tracing's macros records: its level, its fields, and its text or name.
fn records(code: &str) -> Vec<(String, Vec<String>, String)> {
    let calls = code.split("tracing::").skip(1).filter_map(|rest| rest.split_once("!("));
    let calls = calls.filter_map(|(name, rest)| {
        let level = name.strip_suffix("_span").unwrap_or(name).to_uppercase();
        let is_level = ["TRACE", "DEBUG", "INFO", "WARN", "ERROR"].contains(&&*level);
        is_level.then_some((level, rest))
    });
    let records = calls.map(|(level, rest)| {
        let (before, rest) = rest.split_once('"').unwrap();
        let (text, after) = rest.split_once('"').unwrap();
        let (after, _) = after.split_once(')').unwrap();
        let text = text.split(';').next().unwrap().to_owned();
        let parts = before.split(',').chain(after.split(',')).map(str::trim);
        let parts = parts.filter(|part| !part.is_empty());
        let fields = parts.map(|part| {
            let part = part.trim_start_matches(['%', '?']);
            part.split(" = ").next().unwrap().to_owned()
        });
        (level, fields.collect(), text)
    });
    records.collect()
}

#[test]
fn every_span_and_event_is_in_the_chapter_and_no_other() {
    let chapter = read("guide/tracing.md");
    let mut rows = rows(&chapter);
    let records = records(&code());
    assert!(records.len() > 15, "{records:?}");
    for (level, fields, text) in &records {
        let cells = rows.get(&**text).unwrap_or_else(|| panic!("no row for {text:?}"));
        assert_eq!(cells[0], level, "{text}");
        for field in fields {
            assert!(cells[1].contains(&format!("`{field}`")), "{text}: {field}");
        }
    }
    for (.., text) in &records {
        rows.remove(&**text);
    }
    assert!(rows.is_empty(), "nothing makes these: {rows:?}");
}

#[test]
fn every_chapter_is_in_the_table_of_contents() {
    let module = read("guide/mod.rs");
    let chapters: Vec<_> = module.split("pub mod ").skip(1).collect();
    assert!(chapters.len() > 8);
    for rest in chapters {
        let name = rest.split(' ').next().unwrap();
        assert!(module.contains(&format!("//! | [`{name}`] | ")), "{name}");
    }
}
