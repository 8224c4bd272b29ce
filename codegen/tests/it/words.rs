use codegen::check::consistency;
use codegen::emit::generate;
use codegen::project::Project;
use codegen::words::{ABOUT, NUMBERS, Words};

use super::{workspace, write};

/// A project whose words are other ones.
fn with(change: impl FnOnce(&mut Words)) -> Project {
    let mut project = Project::open(workspace()).unwrap();
    change(&mut project.words);
    project
}

/// The only fault of a project, which also keeps it from being generated.
fn fault(project: &Project) -> String {
    let faults = consistency(project).unwrap();
    assert_eq!(faults.len(), 1, "{faults:?}");
    assert_eq!(generate(project).unwrap_err().to_string(), faults[0]);
    faults[0].clone()
}

#[test]
fn whatever_is_public_has_words() {
    for (table, member) in [
        ("virDomainState", ABOUT),
        ("virDomainState", "RUNNING"),
        ("virDomainCreateFlags", "PAUSED"),
        ("virDomainCreateFlags", "NONE"),
        ("VIR_DOMAIN_STATS_", ABOUT),
        ("VIR_DOMAIN_STATS_", "CPU_TIME"),
        (NUMBERS, "VIR_UUID_BUFLEN"),
    ] {
        let project = with(|words| {
            let removed = words.tables.get_mut(table).unwrap().remove(member);
            assert!(removed.is_some(), "{table} {member}");
        });
        assert_eq!(
            fault(&project),
            format!("no words for {member}: write them into protocol/words, [{table}]")
        );
    }
}

#[test]
fn words_are_about_something() {
    for (table, member) in [
        ("virDomainState", "SLEEPING"),
        ("virDomainMood", "HAPPY"),
        ("VIR_DOMAIN_STATS_", "MOOD"),
        (NUMBERS, "VIR_NOTHING"),
        (NUMBERS, ABOUT),
    ] {
        let project = with(|words| {
            let words = words.tables.entry(table.into()).or_default();
            words.insert(member.into(), "It is so.".into());
        });
        assert_eq!(fault(&project), format!("words, [{table}]: there is no {member}"));
    }
}

#[test]
fn words_are_sentences() {
    for words in [
        "",
        "it runs.",
        "It runs",
        " It runs.",
        "It  runs.",
        "It\nruns.",
    ] {
        let project = with(|all| {
            let state = all.tables.get_mut("virDomainState").unwrap();
            state.insert("RUNNING".into(), words.into());
        });
        assert_eq!(
            fault(&project),
            format!("words, [virDomainState]: RUNNING is no sentence: {words}")
        );
    }
}

#[test]
fn documentation_begins_with_the_words() {
    let project = with(|words| {
        let state = words.tables.get_mut("virDomainState").unwrap();
        state.insert(ABOUT.into(), "The mood.".into());
        state.insert("RUNNING".into(), "vCPUs turn.".into());
        let params = words.tables.get_mut("VIR_DOMAIN_STATS_").unwrap();
        params.insert("CPU_TIME".into(), "One, two ".repeat(12) + "three.");
    });
    let files = generate(&project).unwrap();
    let state = "    /// The mood.\n    enum State => \"virDomainState\" in \"libvirt-domain\"";
    let running = "        /// vCPUs turn.\n        Running = 1 => \"VIR_DOMAIN_RUNNING\"";
    let domain = &files["src/types/generated/domain.rs"];
    assert!(domain.contains(state) && domain.contains(running), "{domain}");
    let line = format!("    /// {}One,", "One, two ".repeat(9));
    let wrapped = format!("{line} two\n    /// {}three.\n    ///\n", "One, two ".repeat(2));
    let names = &files["src/params/generated/names.rs"];
    assert!(names.contains(&wrapped), "{names}");
}

#[test]
fn a_table_stands_in_one_file() {
    let folder = tempfile::tempdir().unwrap();
    let table = "[virDomainState]\nabout = \"What it does.\"\n";
    write(folder.path(), &[("words/a.toml", table)]);
    let words = Words::load(folder.path()).unwrap();
    assert_eq!(words.of("virDomainState", ABOUT).unwrap(), "What it does.");
    write(folder.path(), &[("words/b.toml", table)]);
    let error = Words::load(folder.path()).unwrap_err().to_string();
    assert!(error.contains("[virDomainState] stands in another file too"), "{error}");
}
