//! The life of domains.

use std::time::Duration;
use std::{fs, process};

use libvirt_client::connect::{GetAllDomainStatsFlags, ListAllDomainsFlags};
use libvirt_client::domain::{
    CreateFlags, DestroyFlags, Domain, MemoryModFlags, RebootFlags, SaveRestoreFlags,
    ShutdownFlags, StatsTypes, UndefineFlags, VcpuFlags, XmlFlags,
};
use libvirt_client::events::Subscription;
use libvirt_client::events::domain::Lifecycle;
use libvirt_client::types::domain::{LifecycleAction, LifecycleTrigger, ModificationImpact};
use libvirt_client::{Connect, Optional as _};
use tokio::time::timeout;

use super::compare;
use super::transcript::Transcript;

/// A domain that libvirt adds nothing to.
pub fn full(name: &str, number: u8) -> String {
    format!(
        "<domain type='test'>
  <name>{name}</name>
  <uuid>c0ffee00-0000-4000-8000-0000000000{number:02x}</uuid>
  <memory unit='KiB'>65536</memory>
  <currentMemory unit='KiB'>32768</currentMemory>
  <vcpu placement='static' current='2'>4</vcpu>
  <os>
    <type arch='i686'>hvm</type>
    <boot dev='hd'/>
  </os>
  <clock offset='utc'/>
  <on_poweroff>destroy</on_poweroff>
  <on_reboot>restart</on_reboot>
  <on_crash>destroy</on_crash>
  <devices>
  </devices>
</domain>"
    )
}

/// Notes the events that have come, up to one of the domain `end`, which is defined for that.
pub async fn note_events(
    seen: &mut Transcript,
    events: &mut Subscription<Lifecycle>,
    conn: &Connect,
) {
    conn.domain_define_xml(&full("end", 0xff)).await.unwrap();
    let mut at = 0;
    loop {
        let limit = Duration::from_secs(20);
        let event = timeout(limit, events.next()).await.unwrap().unwrap().unwrap();
        if event.domain.name() == "end" {
            return;
        }
        at += 1;
        let text = format!("{} {:?}: {:?}", event.domain.name(), event.domain.id(), event.change);
        seen.add(&format!("event {at}"), text);
    }
}

#[tokio::test]
async fn the_default_domain() {
    compare("the_default_domain", async |conn: &Connect, seen: &mut Transcript| {
        let domains = conn.list_all_domains(ListAllDomainsFlags::empty()).await.unwrap();
        for domain in domains {
            let name = domain.name().to_owned();
            seen.xml(&format!("{name}: xml"), domain.xml_desc(XmlFlags::empty()).await);
            seen.note(&format!("{name}: state"), domain.state().await);
            seen.done(&format!("{name}: suspend"), domain.suspend().await);
            seen.done(&format!("{name}: suspend again"), domain.suspend().await);
            seen.done(&format!("{name}: start"), domain.create().await);
        }
        seen.done("no such", conn.domain_lookup_by_name("none").await);
    })
    .await;
}

#[tokio::test]
async fn a_life() {
    compare("a_life", async |conn: &Connect, seen: &mut Transcript| {
        let mut events = conn.subscribe::<Lifecycle>(None).await.unwrap();
        let web = conn.domain_define_xml(&full("web", 1)).await.unwrap();
        seen.note("defined: state", web.state().await);
        seen.note("defined: persistent", web.is_persistent().await);
        for (at, step) in STEPS.iter().enumerate() {
            act(seen, &format!("{at} {step}"), step, &web, conn).await;
            let state = web.state().await.optional();
            seen.note(
                &format!("{at} state"),
                state.map(|state| state.map(|it| (it.state, it.reason))),
            );
            let here = conn.domain_lookup_by_name("web").await.optional().unwrap();
            seen.add(&format!("{at} id"), format!("{:?}", here.map(|domain| domain.id())));
        }
        note_events(seen, &mut events, conn).await;
    })
    .await;
    fs::remove_file(saved()).unwrap();
}

/// The file that the real daemon saves guests to.
fn saved() -> String {
    format!("/tmp/libvirt-client-test-driver-{}.save", process::id())
}

/// What is done one after the other, allowed or not.
const STEPS: &[&str] = &[
    "suspend",
    "resume",
    "destroy",
    "shutdown",
    "create",
    "create",
    "resume",
    "suspend",
    "suspend",
    "create",
    "resume",
    "reboot",
    "reset",
    "shutdown",
    "create",
    "suspend",
    "shutdown",
    "create",
    "undefine",
    "undefine",
    "xml",
    "shutdown",
    "define",
    "define",
    "create",
    "managed save",
    "has image",
    "undefine",
    "create",
    "has image",
    "managed save",
    "remove image",
    "has image",
    "managed save",
    "undefine image",
    "define",
    "create",
    "save",
    "create",
    "destroy",
    "restore",
    "restore",
    "save",
    "restore",
    "save with xml",
    "restore nothing",
    "destroy gracefully",
    "shutdown flags",
    "reboot agent",
    "rename",
    "create",
    "rename",
    "destroy",
    "rename nothing",
    "rename empty",
    "rename default",
    "rename back",
    "autostart",
    "create transient",
    "destroy",
    "undefine",
    "create transient",
    "create transient",
    "managed save",
    "rename",
    "destroy",
    "create transient",
    "define",
    "destroy",
    "undefine",
];

async fn act(seen: &mut Transcript, label: &str, step: &str, web: &Domain, conn: &Connect) {
    let file = &saved();
    match step {
        "suspend" => seen.done(label, web.suspend().await),
        "resume" => seen.done(label, web.resume().await),
        "destroy" => seen.done(label, web.destroy().await),
        "destroy gracefully" => seen.done(label, web.destroy_flags(DestroyFlags::GRACEFUL).await),
        "shutdown" => seen.done(label, web.shutdown().await),
        "shutdown flags" => seen.done(label, web.shutdown_flags(ShutdownFlags::GUEST_AGENT).await),
        "reboot" => seen.done(label, web.reboot(RebootFlags::empty()).await),
        "reboot agent" => seen.done(label, web.reboot(RebootFlags::GUEST_AGENT).await),
        "reset" => seen.done(label, web.reset().await),
        "create" => seen.done(label, web.create().await),
        "create transient" => {
            let created = conn.domain_create_xml(&full("web", 1), CreateFlags::empty()).await;
            seen.done(label, created.map(drop))
        }
        "define" => seen.done(label, conn.domain_define_xml(&full("web", 1)).await.map(drop)),
        "undefine" => seen.done(label, web.undefine().await),
        "undefine image" => seen.done(label, web.undefine_flags(UndefineFlags::MANAGED_SAVE).await),
        "managed save" => seen.done(label, web.managed_save(SaveRestoreFlags::empty()).await),
        "has image" => seen.note(label, web.has_managed_save_image().await).map(drop),
        "remove image" => seen.done(label, web.managed_save_remove().await),
        "save" => seen.done(label, web.save(file).await),
        "save with xml" => {
            let xml = full("web", 1);
            let saved = web.save_flags(file, Some(&xml), SaveRestoreFlags::empty()).await;
            seen.done(label, saved)
        }
        "restore" => seen.done(label, conn.domain_restore(file).await),
        "restore nothing" => seen.done(label, conn.domain_restore("/tmp/none/none").await),
        "rename" => seen.done(label, web.rename("other").await.map(drop)),
        "rename back" => seen.done(label, web.rename("web").await.map(drop)),
        "rename empty" => seen.done(label, web.rename("").await.map(drop)),
        "rename nothing" => seen.done(label, web.rename("a/b").await.map(drop)),
        "rename default" => seen.done(label, web.rename("test").await.map(drop)),
        "autostart" => seen.done(label, web.set_autostart(true).await),
        "xml" => {
            seen.xml(label, web.xml_desc(XmlFlags::empty()).await);
            None
        }
        other => panic!("there is no step {other}"),
    };
}

#[tokio::test]
async fn memory_and_processors() {
    compare("memory_and_processors", async |conn: &Connect, seen: &mut Transcript| {
        let web = conn.domain_define_xml(&full("web", 1)).await.unwrap();
        for is_active in [false, true] {
            if is_active {
                web.create().await.unwrap();
            }
            for flags in 0..4 {
                let prefix = format!("{is_active} {flags}");
                let memory = MemoryModFlags::from_bits_retain(flags);
                for (name, size_kib, maximum) in [
                    ("some", 16384, false),
                    ("too much", 1 << 30, false),
                    ("max", 131_072, true),
                    ("none", 0, false),
                    ("max none", 0, true),
                ] {
                    let flags = memory
                        | MemoryModFlags::MAXIMUM
                            & if maximum {
                                MemoryModFlags::MAXIMUM
                            } else {
                                MemoryModFlags::empty()
                            };
                    let set = web.set_memory_flags(size_kib, flags).await;
                    seen.done(&format!("{prefix} memory {name}"), set);
                }
                let vcpus = VcpuFlags::from_bits_retain(flags);
                for count in [0, 1, 3, 9, 99] {
                    let set = web.set_vcpus_flags(count, vcpus).await;
                    seen.done(&format!("{prefix} vcpus {count}"), set);
                    // Of two mistakes, releases do not tell the same one.
                    if count > 0 {
                        let set = web.set_vcpus_flags(count, vcpus | VcpuFlags::MAXIMUM).await;
                        seen.done(&format!("{prefix} max vcpus {count}"), set);
                    }
                }
                seen.note(&format!("{prefix} vcpus"), web.vcpus_flags(vcpus).await);
                let most = web.vcpus_flags(vcpus | VcpuFlags::MAXIMUM).await;
                seen.note(&format!("{prefix} most vcpus"), most);
            }
            let prefix = is_active;
            seen.done(&format!("{prefix} set memory"), web.set_memory(8192).await);
            seen.done(&format!("{prefix} set max memory"), web.set_max_memory(65536).await);
            seen.done(&format!("{prefix} set vcpus"), web.set_vcpus(2).await);
            seen.note(&format!("{prefix} max memory"), web.max_memory_kib().await);
            seen.note(&format!("{prefix} max vcpus"), web.max_vcpus().await);
            let stats = web.memory_stats().await;
            seen.note(&format!("{prefix} memory stats"), stats);
            let info = web.info().await;
            seen.note(
                &format!("{prefix} info"),
                info.map(|info| (info.state, info.max_memory_kib, info.memory_kib, info.vcpus)),
            );
            seen.xml(&format!("{prefix} xml"), web.xml_desc(XmlFlags::empty()).await);
            seen.xml(&format!("{prefix} config"), web.xml_desc(XmlFlags::INACTIVE).await);
        }
        let default = conn.domain_lookup_by_name("test").await.unwrap();
        seen.note("balloon", default.memory_stats().await);
        let vcpus = default.vcpus().await;
        seen.note(
            "vcpus",
            vcpus.map(|all| {
                all.into_iter()
                    .map(|vcpu| (vcpu.number, vcpu.state, vcpu.host_cpu, vcpu.affinity))
                    .collect::<Vec<_>>()
            }),
        );
    })
    .await;
}

#[tokio::test]
async fn questions() {
    compare("questions", async |conn: &Connect, seen: &mut Transcript| {
        let web = conn.domain_define_xml(&full("web", 1)).await.unwrap();
        for is_active in [false, true] {
            if is_active {
                web.create().await.unwrap();
            }
            let at = is_active;
            seen.note(&format!("{at} os type"), web.os_type().await);
            seen.note(&format!("{at} hostname"), web.hostname(Default::default()).await);
            seen.note(&format!("{at} time"), web.time().await.map(|time| format!("{time:?}")));
            seen.note(&format!("{at} control"), web.control_info().await);
            seen.note(&format!("{at} cpu"), web.cpu_stats().await);
            seen.note(&format!("{at} cpu total"), web.cpu_stats_total().await);
            seen.note(&format!("{at} updated"), web.is_updated().await);
            seen.note(&format!("{at} label"), web.security_label().await);
            seen.note(&format!("{at} nmi"), web.inject_nmi().await);
            seen.note(&format!("{at} messages"), web.messages(Default::default()).await);
            let on = (LifecycleTrigger::Poweroff, LifecycleAction::Restart);
            for flags in 0..4 {
                let flags = ModificationImpact::from_bits_retain(flags);
                let set = web.set_lifecycle_action(on.0, on.1, flags).await;
                seen.done(&format!("{at} action {flags:?}"), set);
            }
            let triggers = [
                LifecycleTrigger::Poweroff,
                LifecycleTrigger::Reboot,
                LifecycleTrigger::Crash,
            ];
            for on in triggers {
                let (action, flags) =
                    (LifecycleAction::CoreDumpRestart, ModificationImpact::empty());
                let set = web.set_lifecycle_action(on, action, flags).await;
                seen.done(&format!("{at} core dump {on:?}"), set);
            }
            seen.done(&format!("{at} shutdown"), web.shutdown().await);
            seen.note(&format!("{at} state"), web.state().await);
        }
        for (name, types, flags) in [
            ("all", StatsTypes::empty(), GetAllDomainStatsFlags::empty()),
            ("state", StatsTypes::STATE, GetAllDomainStatsFlags::ACTIVE),
            ("block", StatsTypes::BLOCK, GetAllDomainStatsFlags::empty()),
            ("forced", StatsTypes::BLOCK, GetAllDomainStatsFlags::ENFORCE_STATS),
        ] {
            let stats = conn.all_domain_stats_raw(types, flags).await;
            let stats = stats.map(|all| {
                let mut all: Vec<_> =
                    all.into_iter().map(|it| (it.0.name().to_owned(), it.1)).collect();
                all.sort_by(|one, other| one.0.cmp(&other.0));
                all
            });
            seen.note(&format!("stats {name}"), stats);
        }
        for bits in 0..16 {
            let flags = ListAllDomainsFlags::from_bits_retain(1 << bits);
            let names = conn.list_all_domains(flags).await.map(|all| {
                let mut names: Vec<_> = all.iter().map(|it| it.name().to_owned()).collect();
                names.sort();
                names
            });
            seen.note(&format!("list {bits}"), names);
        }
        let unknown = ListAllDomainsFlags::from_bits_retain(1 << 20);
        seen.done("list 20", conn.list_all_domains(unknown).await.map(drop));
    })
    .await;
}
