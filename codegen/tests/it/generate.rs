use codegen::check::consistency;
use codegen::emit::names::{camel, common_prefix, field, snake, words};
use codegen::emit::{FOLDERS, generate, stale, write as write_all};
use codegen::project::Project;

use super::workspace;

#[test]
fn what_is_checked_in_is_what_would_be_generated() {
    let project = Project::open(workspace()).unwrap();
    assert_eq!(consistency(&project).unwrap(), [""; 0]);
}

#[test]
fn generating_twice_changes_nothing_and_removes_what_is_stale() {
    let project = Project::open(workspace()).unwrap();
    let files = generate(&project).unwrap();
    assert_eq!(files, generate(&project).unwrap());

    let root = tempfile::tempdir().unwrap();
    let written = write_all(root.path(), &files).unwrap();
    assert_eq!(written.len(), files.len());
    assert_eq!(write_all(root.path(), &files).unwrap(), [""; 0]);

    let (changed, _) = files.first_key_value().unwrap();
    let gone = format!("{}/remote/long_gone.rs", FOLDERS[0]);
    std::fs::write(root.path().join(changed), "changed").unwrap();
    std::fs::write(root.path().join(&gone), "stale").unwrap();
    let expected = [changed.clone(), gone.clone()];
    assert_eq!(stale(root.path(), &files).unwrap(), expected);
    assert_eq!(write_all(root.path(), &files).unwrap(), expected);
    assert_eq!(stale(root.path(), &files).unwrap(), [""; 0]);
    assert!(!root.path().join(gone).exists());
}

#[test]
fn every_file_says_that_it_is_generated_and_fits_the_page() {
    let project = Project::open(workspace()).unwrap();
    for (path, text) in generate(&project).unwrap() {
        let first = text.lines().next().unwrap();
        assert!(first.contains("@generated"), "{path}");
        // A row of a table in Markdown cannot be wrapped.
        let is_markdown = first.starts_with("<!--");
        for line in text.lines() {
            assert!(is_markdown || line.chars().count() <= 100, "{path}: {line}");
        }
    }
}

#[test]
fn names_follow_one_rule() {
    assert_eq!(words("virNodeGetCPUStatsAllCPUs").concat(), "virNodeGetCPUStatsAllCPUs");
    for (c, rust) in [
        ("nonnull_domain", "NonnullDomain"),
        ("domain_migrate_prepare3_params_args", "DomainMigratePrepare3ParamsArgs"),
        ("XMLFlags", "XmlFlags"),
        ("EventIOErrorAction", "EventIoErrorAction"),
        ("AllCPUs", "AllCpus"),
        ("AuthorizedSSHKeysSetFlags", "AuthorizedSshKeysSetFlags"),
        ("EventID", "EventId"),
        ("NON_SHARED_DISK", "NonSharedDisk"),
    ] {
        assert_eq!(camel(c), rust);
    }
    for (c, rust) in [
        ("maxMem", "max_mem"),
        ("xmlCPUs", "xml_cpus"),
        ("callbackID", "callback_id"),
        ("oldMAC", "old_mac"),
        ("int1", "int1"),
    ] {
        assert_eq!(snake(c), rust);
    }
    assert_eq!(field("type"), "r#type");
    assert_eq!(common_prefix(&["VIR_A_ONE", "VIR_A_TWO"]), "VIR_A_");
    assert_eq!(common_prefix(&["VIR_A", "VIR_A_TWO"]), "VIR_");
    assert_eq!(common_prefix(&["VIR_A", "OTHER"]), "");
}

#[test]
fn procedures_are_called_like_the_public_function_that_they_are_for() {
    let project = Project::open(workspace()).unwrap();
    let files = generate(&project).unwrap();
    let named = |text: &str| -> Vec<String> {
        let names = text.split("    for \"").skip(1).filter_map(|rest| rest.split('"').next());
        names.map(str::to_owned).collect()
    };
    let all: Vec<String> = files.values().flat_map(|text| named(text)).collect();
    assert!(all.len() > 400, "{}", all.len());
    for name in &all {
        assert!(project.functions.contains(name), "{name}");
    }
    let of = |file: &str| named(&files[&format!("src/protocol/generated/{file}.rs")]);
    assert!(of("remote/connect").contains(&"virConnectOpen".to_owned()));
    assert!(of("admin").contains(&"virAdmConnectOpen".to_owned()));
    assert!(of("qemu").contains(&"virDomainQemuMonitorCommand".to_owned()));
    assert_eq!(of("remote/auth"), [""; 0]);
}

#[test]
fn a_type_that_is_called_like_a_procedure_gives_way() {
    let project = Project::open(workspace()).unwrap();
    let files = generate(&project).unwrap();
    let node = &files["src/protocol/generated/remote/node.rs"];
    assert!(node.contains("struct NodeGetCpuStatsItem<'a> {"), "{node}");
    assert!(node.contains("struct NodeGetCpuStats {"), "{node}");
}

#[test]
fn annotations_must_be_about_something() {
    let mut project = Project::open(workspace()).unwrap();
    project.annotations.secret.insert("remote_nothing".into());
    let long = project.annotations.long.host.entry("remote".into()).or_default();
    long.insert("DOMAIN_NOTHING".into());
    let descriptors = project.annotations.descriptors.entry("remote".into()).or_default();
    descriptors.insert("DOMAIN_NO_DESCRIPTORS".into());
    let faults = consistency(&project).unwrap();
    assert!(faults.iter().any(|fault| fault.contains("remote_nothing")), "{faults:?}");
    assert!(faults.iter().any(|fault| fault.contains("DOMAIN_NOTHING")), "{faults:?}");
    assert!(faults.iter().any(|fault| fault.contains("DOMAIN_NO_DESCRIPTORS")), "{faults:?}");
}

#[test]
fn typed_fields_must_be_there_and_be_numbers() {
    for (name, field, set, fault) in [
        ("remote_nothing", "flags", "virDomainState", "no such structure"),
        ("remote_domain_get_state_ret", "nothing", "virDomainState", "no such field"),
        ("remote_domain_get_state_ret", "state", "virNothing", "no such set"),
        ("remote_nonnull_domain", "name", "virDomainState", "not an integer"),
    ] {
        let mut project = Project::open(workspace()).unwrap();
        let fields = project.annotations.fields.entry(name.into()).or_default();
        fields.insert(field.into(), set.into());
        let error = generate(&project).unwrap_err().to_string();
        assert!(error.contains(fault), "{error}");
    }
}
