//! Snapshots and checkpoints.

use libvirt_client::connect::ListAllDomainsFlags;
use libvirt_client::domain::{Domain, XmlFlags};
use libvirt_client::events::domain::Lifecycle;
use libvirt_client::types::{domain_checkpoint, domain_snapshot};
use libvirt_client::{Connect, Optional as _};

use super::compare;
use super::domains::{full, note_events};
use super::transcript::Transcript;

/// Snapshots whose documents are given.
#[tokio::test]
async fn snapshots_that_are_redefined() {
    use domain_snapshot::{CreateFlags, XmlFlags};

    compare("redefined_snapshots", async |conn: &Connect, seen: &mut Transcript| {
        let web = conn.domain_define_xml(&full("web", 1)).await.unwrap();
        let whole = "<name>s</name><creationTime>7</creationTime><state>running</state>";
        let whole = &format!("{whole}{}", full("web", 1));
        let of = |rest: &str| format!("{rest}{whole}");
        for (number, document) in [
            "<name/><creationTime>7</creationTime><state>running</state>".to_owned(),
            "<name>s</name><state>running</state>".to_owned(),
            "<name>s</name><creationTime>x</creationTime><state>running</state>".to_owned(),
            "<name>s</name><creationTime>7</creationTime>".to_owned(),
            "<name>s</name><creationTime>7</creationTime><state>running</state>".to_owned(),
            whole.replace("running", "nostate"),
            whole.replace("running", "off"),
            of("<description>d</description><x/><active>1</active>"),
            "<state>shutoff</state><creationTime>0</creationTime><name>t</name>".to_owned()
                + &full("web", 1),
            whole.replace("running", "shutoff"),
            whole.replace("running", "disk-snapshot"),
            whole.replace("running", "paused"),
            whole.replace(">s<", ">u<").replace("0001</uuid>", "0002</uuid>"),
            of("<parent><name>s</name></parent>"),
            of("<parent><name>x</name></parent>"),
            of("<memory snapshot='x'/>"),
            of("<memory snapshot='manual'/>"),
            of("<memory snapshot='external'/>"),
            of("<memory snapshot='no' file='/m'/>"),
            of("<memory file='m'/>"),
            whole.replace("running", "shutoff") + "<memory snapshot='internal'/>",
            of("<memory file='/m'/><parent><name>s</name></parent>")
                .replace(">s</name><cr", ">m</name><cr"),
            of("<parent><name>m</name></parent>"),
            "<name>s</name><creationTime>8</creationTime><state>running</state>".to_owned(),
        ]
        .into_iter()
        .enumerate()
        {
            let xml = format!("<domainsnapshot>{document}</domainsnapshot>");
            let snapshot = web.snapshot_create_xml(&xml, CreateFlags::REDEFINE).await;
            if let Some(snapshot) = seen.done(&format!("{number}"), snapshot) {
                seen.xml(&format!("{number} xml"), snapshot.xml_desc(XmlFlags::empty()).await);
            }
        }
    })
    .await;
}

/// What a snapshot shows of a domain without devices, and of one with a password.
#[tokio::test]
async fn what_snapshots_show() {
    use domain_snapshot::{CreateFlags, XmlFlags};

    compare("what_snapshots_show", async |conn: &Connect, seen: &mut Transcript| {
        let secret = "<graphics type='vnc' port='-1' autoport='yes' passwd='secret'/></devices>";
        for (number, end) in [(1, "</devices>"), (2, secret)] {
            let xml = full(&format!("web{number}"), number).replace("</devices>", end);
            let web = conn.domain_define_xml(&xml).await.unwrap();
            let xml = "<domainsnapshot><name>s</name></domainsnapshot>";
            let snapshot = web.snapshot_create_xml(xml, CreateFlags::empty()).await.unwrap();
            for flags in [XmlFlags::empty(), XmlFlags::SECURE] {
                seen.xml(&format!("{number} {flags:?}"), snapshot.xml_desc(flags).await);
            }
        }
        let reader = Connect::builder(conn.uri()).read_only(true).open().await.unwrap();
        let web = reader.domain_lookup_by_name("web1").await.unwrap();
        seen.done("read only", web.create().await);
        let all = reader.list_all_networks(Default::default()).await.unwrap();
        seen.done("network, read only", all[0].destroy().await);
    })
    .await;
}

/// What is asked of the domain `web`, in this order.
const SNAPSHOTS: &[&str] = &[
    "take a",
    "take a",
    "suspend",
    "take b",
    "create",
    "resume",
    "take c",
    "delete none",
    "revert b",
    "take d",
    "revert a",
    "take e",
    "take a/b",
    "take",
    "bad",
    "disk",
    "no such disk",
    "delete b",
    "children d",
    "delete d",
    "revert none",
    "undefine",
    "halt f",
    "undefine",
    "revert f",
    "revert f running",
    "revert f paused",
    "destroy",
    "revert a",
    "delete children a",
    "take g",
    "take h",
    "delete only g",
    "delete g",
];

#[tokio::test]
async fn snapshots() {
    compare("snapshots", async |conn: &Connect, seen: &mut Transcript| {
        let mut events = conn.subscribe::<Lifecycle>(None).await.unwrap();
        let xml = full("web", 1).replace(
            "</devices>",
            "<disk type='file' device='disk'><source file='/x'/><target dev='vda' bus='virtio'/></disk></devices>",
        );
        let web = conn.domain_define_xml(&xml).await.unwrap();
        web.create().await.unwrap();
        for (at, step) in SNAPSHOTS.iter().enumerate() {
            let label = format!("{at} {step}");
            act(seen, &label, step, &web).await;
            note_tree(seen, &label, &web).await;
        }
        for bits in 0..12 {
            let flags = domain_snapshot::ListFlags::from_bits_retain(1 << bits);
            let names = web.list_all_snapshots(flags).await;
            let mut names = names.map(|all| all.iter().map(|it| it.name().to_owned()).collect::<Vec<_>>());
            if let Ok(names) = &mut names {
                names.sort();
            }
            seen.note(&format!("list {bits}"), names);
        }
        for flags in [ListAllDomainsFlags::HAS_SNAPSHOT, ListAllDomainsFlags::NO_SNAPSHOT] {
            let names = conn.list_all_domains(flags).await;
            let names = names.map(|all| all.iter().map(|it| it.name().to_owned()).collect::<Vec<_>>());
            seen.note(&format!("domains {flags:?}"), names);
        }
        note_events(seen, &mut events, conn).await;
    })
    .await;
}

/// A domain that is not defined outlasts being reverted.
#[tokio::test]
async fn snapshots_of_a_transient_domain() {
    use domain_snapshot::{CreateFlags, RevertFlags};

    compare("transient_snapshots", async |conn: &Connect, seen: &mut Transcript| {
        let mut events = conn.subscribe::<Lifecycle>(None).await.unwrap();
        let web = conn.domain_create_xml(&full("web", 1), Default::default()).await.unwrap();
        let xml = "<domainsnapshot><name>s</name></domainsnapshot>";
        let snapshot = web.snapshot_create_xml(xml, CreateFlags::empty()).await.unwrap();
        for flags in [RevertFlags::empty(), RevertFlags::PAUSED] {
            seen.done(&format!("revert {flags:?}"), snapshot.revert(flags).await);
            seen.note(&format!("state {flags:?}"), web.state().await);
            seen.note(&format!("persistent {flags:?}"), web.is_persistent().await);
            note_tree(seen, &format!("tree {flags:?}"), &web).await;
        }
        seen.done("destroy", web.destroy().await);
        seen.note("afterwards", web.state().await);
        note_events(seen, &mut events, conn).await;
    })
    .await;
}

async fn act(seen: &mut Transcript, label: &str, step: &str, web: &Domain) {
    use domain_snapshot::{CreateFlags, DeleteFlags, RevertFlags};

    let (verb, rest) = step.split_once(' ').unwrap_or((step, ""));
    let snapshot = async |name: &str| web.snapshot_lookup_by_name(name).await;
    let named = |name: &str| format!("<domainsnapshot><name>{name}</name></domainsnapshot>");
    let take = async |xml: &str, flags| web.snapshot_create_xml(xml, flags).await.map(drop);
    match (verb, rest) {
        ("suspend", _) => seen.done(label, web.suspend().await),
        ("create", _) => seen.done(label, web.create().await),
        ("resume", _) => seen.done(label, web.resume().await),
        ("destroy", _) => seen.done(label, web.destroy().await),
        ("undefine", _) => seen.done(label, web.undefine().await),
        ("bad", _) => seen.done(label, take("<domain/>", CreateFlags::empty()).await),
        ("take", "") => {
            let taken = take("<domainsnapshot><name/></domainsnapshot>", CreateFlags::DISK_ONLY);
            seen.done(label, taken.await)
        }
        ("disk", _) => {
            let xml = "<domainsnapshot><name>x</name><disks><disk name='vda' snapshot='external'/></disks></domainsnapshot>";
            seen.done(label, take(xml, CreateFlags::empty()).await)
        }
        ("no", _) => {
            let xml =
                "<domainsnapshot><name>x</name><disks><disk name='vdz'/></disks></domainsnapshot>";
            seen.done(label, take(xml, CreateFlags::empty()).await)
        }
        ("halt", name) => seen.done(label, take(&named(name), CreateFlags::HALT).await),
        ("take", name) => seen.done(label, take(&named(name), CreateFlags::empty()).await),
        ("delete" | "revert" | "children", rest) => {
            let (name, how) = match rest.split_once(' ') {
                Some((how @ ("children" | "only"), name)) => (name, how),
                Some((name, how)) => (name, how),
                None => (rest, ""),
            };
            match snapshot(name).await {
                Err(error) => seen.done(label, Err::<(), _>(error)),
                Ok(snapshot) if verb == "children" => {
                    let all = snapshot.list_all_children(domain_snapshot::ListFlags::empty()).await;
                    seen.done(label, all.map(drop))
                }
                Ok(snapshot) if verb == "delete" => {
                    let flags = match how {
                        "children" => DeleteFlags::CHILDREN,
                        "only" => DeleteFlags::CHILDREN_ONLY,
                        _ => DeleteFlags::empty(),
                    };
                    seen.done(label, snapshot.delete(flags).await)
                }
                Ok(snapshot) => {
                    let flags = match how {
                        "running" => RevertFlags::RUNNING,
                        "paused" => RevertFlags::PAUSED,
                        _ => RevertFlags::empty(),
                    };
                    seen.done(label, snapshot.revert(flags).await)
                }
            }
        }
        other => panic!("there is no step {other:?}"),
    };
}

async fn note_tree(seen: &mut Transcript, label: &str, web: &Domain) {
    let state = web.state().await.optional();
    seen.note(&format!("{label}: state"), state.map(|it| it.map(|it| (it.state, it.reason))));
    let current = web.snapshot_current().await.map(|it| it.map(|it| it.name().to_owned()));
    seen.note(&format!("{label}: current"), current);
    let Ok(mut all) = web.list_all_snapshots(domain_snapshot::ListFlags::empty()).await else {
        return;
    };
    all.sort_by(|one, other| one.name().cmp(other.name()));
    for snapshot in all {
        let name = snapshot.name().to_owned();
        let xml = snapshot.xml_desc(domain_snapshot::XmlFlags::empty()).await;
        seen.xml(&format!("{label}: {name}"), xml);
        let parent = snapshot.parent().await.map(|it| it.map(|it| it.name().to_owned()));
        seen.note(&format!("{label}: parent of {name}"), parent);
    }
    seen.xml(&format!("{label}: xml"), web.xml_desc(XmlFlags::empty()).await);
}

#[tokio::test]
async fn checkpoints() {
    use domain_checkpoint::{CreateFlags, DeleteFlags, ListFlags, XmlFlags};

    compare("checkpoints", async |conn: &Connect, seen: &mut Transcript| {
        let web = conn.domain_lookup_by_name("test").await.unwrap();
        let take = async |seen: &mut Transcript, label: &str, name: &str| {
            let xml = format!(
                "<domaincheckpoint><name>{name}</name><description>of {name}</description></domaincheckpoint>"
            );
            seen.done(label, web.checkpoint_create_xml(&xml, CreateFlags::empty()).await);
        };
        for name in ["a", "a", "b", "c"] {
            take(seen, &format!("take {name} {}", seen.lines.len()), name).await;
        }
        let bad = web.checkpoint_create_xml("<domain/>", CreateFlags::empty()).await;
        seen.done("bad", bad);
        let snapshot = "<domainsnapshot><name>s</name></domainsnapshot>";
        seen.done("snapshot", web.snapshot_create_xml(snapshot, Default::default()).await);
        seen.done("none", web.checkpoint_lookup_by_name("none").await);
        for bits in 0..6 {
            let names = web.list_all_checkpoints(ListFlags::from_bits_retain(1 << bits)).await;
            let mut names = names.map(|all| all.iter().map(|it| it.name().to_owned()).collect::<Vec<_>>());
            if let Ok(names) = &mut names {
                names.sort();
            }
            seen.note(&format!("list {bits}"), names);
        }
        for name in ["a", "b", "c"] {
            let checkpoint = web.checkpoint_lookup_by_name(name).await.unwrap();
            seen.xml(&format!("xml {name}"), checkpoint.xml_desc(XmlFlags::empty()).await);
            let short = XmlFlags::NO_DOMAIN;
            seen.xml(&format!("short {name}"), checkpoint.xml_desc(short).await);
            let parent = checkpoint.parent().await.map(|it| it.map(|it| it.name().to_owned()));
            seen.note(&format!("parent of {name}"), parent);
        }
        let b = web.checkpoint_lookup_by_name("b").await.unwrap();
        seen.done("delete b", b.delete(DeleteFlags::empty()).await);
        seen.done("delete b again", b.delete(DeleteFlags::empty()).await);
        let c = web.checkpoint_lookup_by_name("c").await.unwrap();
        seen.note("new parent of c", c.parent().await.map(|it| it.map(|it| it.name().to_owned())));
        let a = web.checkpoint_lookup_by_name("a").await.unwrap();
        seen.done("delete a's", a.delete(DeleteFlags::CHILDREN_ONLY).await);
        seen.done("c", web.checkpoint_lookup_by_name("c").await);
        web.destroy().await.unwrap();
        take(seen, "off", "d").await;
    })
    .await;
}
