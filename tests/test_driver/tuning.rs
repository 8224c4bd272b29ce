//! What tunes domains: typed parameters, I/O threads, and the files that they are started with.

use std::io::pipe;

use libvirt_client::connect::GetAllDomainStatsFlags;
use libvirt_client::domain::{CreateFlags, Domain, StatsTypes, XmlFlags};
use libvirt_client::events::domain::Lifecycle;
use libvirt_client::events::{DomainEvent, DomainEventKinds};
use libvirt_client::protocol::remote::{self, TypedParam, TypedParamValue as Value};
use libvirt_client::types::domain::{MemoryModFlags, ModificationImpact};
use libvirt_client::types::error::ErrorCode;
use libvirt_client::{Connect, Result};
use tokio::time::timeout;

use super::domains::{full, note_events};
use super::transcript::Transcript;
use super::{LIMIT, compare, compare_served, serve};

/// The ways to say which definition is meant, and one that says nothing.
const IMPACTS: [u32; 5] = [0, 1, 2, 3, 8];

/// Where the flag that allows strings is not known, it is unknown.
const STRINGS: u32 = 4;

/// A name for the label, and what is set.
type Case<'a> = (&'a str, &'a [(&'a str, Value<'static>)]);

fn params(all: &[(&str, Value<'static>)]) -> Vec<TypedParam<'static>> {
    let of = |(field, value): &(&str, Value<'static>)| TypedParam {
        field: (*field).to_owned().into(),
        value: value.clone(),
    };
    all.iter().map(of).collect()
}

fn text(value: &str) -> Value<'static> {
    Value::String(value.to_owned().into())
}

async fn define(conn: &Connect, devices: &str) -> Domain {
    let xml = full("web", 1).replace("</devices>", &format!("{devices}</devices>"));
    conn.domain_define_xml(&xml).await.unwrap()
}

/// Plays a part with a domain that is off, and on then.
async fn off_and_on(
    conn: &Connect,
    domain: &Domain,
    seen: &mut Transcript,
    play: impl AsyncFn(&mut Transcript, &str, u32),
) {
    let kinds = DomainEventKinds::TUNABLE | DomainEventKinds::LIFECYCLE;
    let mut events = conn.domain_events(kinds).await.unwrap();
    for state in ["off", "on"] {
        if state == "on" {
            domain.create().await.unwrap();
        }
        for flags in IMPACTS {
            let label = format!("{state}, {flags}");
            play(seen, &label, flags).await;
            seen.xml(&format!("{label}: xml"), domain.xml_desc(XmlFlags::empty()).await);
            seen.xml(&format!("{label}: inactive"), domain.xml_desc(XmlFlags::INACTIVE).await);
        }
    }
    domain.destroy().await.unwrap();
    let mut all = String::new();
    while !all.contains("Stopped") {
        let event: DomainEvent = events.next().await.unwrap().unwrap();
        all += &match event {
            DomainEvent::Lifecycle(event) => format!("{:?}\n", event.change),
            other => format!("{other:?}\n"),
        };
    }
    seen.add("events", all);
    domain.create().await.unwrap();
    seen.xml("again: xml", domain.xml_desc(XmlFlags::empty()).await);
}

#[tokio::test]
async fn numa_parameters() {
    let cases: [Case<'_>; 14] = [
        ("mode", &[("numa_mode", Value::Int(2))]),
        ("nodes", &[("numa_nodeset", text("0-1"))]),
        ("mode again", &[("numa_mode", Value::Int(1))]),
        (
            "both",
            &[
                ("numa_mode", Value::Int(3)),
                ("numa_nodeset", text("0,2,4-6,^5")),
            ],
        ),
        ("negative", &[("numa_mode", Value::Int(-1))]),
        ("too large", &[("numa_mode", Value::Int(4))]),
        ("no node", &[("numa_nodeset", text("1,^1"))]),
        ("empty", &[("numa_nodeset", text(""))]),
        ("unreadable", &[("numa_nodeset", text("x"))]),
        ("unknown", &[("numa_mode", Value::Int(0)), ("b", Value::Int(0))]),
        ("wrong type", &[("numa_mode", Value::Uint(0))]),
        ("twice", &[("numa_mode", Value::Int(0)), ("numa_mode", Value::Uint(0))]),
        (
            "two mistakes",
            &[
                ("numa_nodeset", Value::Int(0)),
                ("numa_mode", Value::Uint(0)),
            ],
        ),
        ("same mode", &[("numa_mode", Value::Int(3))]),
    ];
    for (scenario, placement) in [
        ("numa_parameters", "static"),
        ("numa_parameters_auto", "auto"),
    ] {
        compare(scenario, async |conn: &Connect, seen: &mut Transcript| {
            let placement = format!("placement='{placement}'");
            let xml = full("web", 1).replace("placement='static'", &placement);
            let domain = conn.domain_define_xml(&xml).await.unwrap();
            off_and_on(conn, &domain, seen, async |seen, label, flags| {
                for (what, given) in &cases {
                    let request = remote::DomainSetNumaParameters {
                        dom: (&domain).into(),
                        params: params(given),
                        flags: ModificationImpact::from_bits_retain(flags),
                    };
                    let label = format!("{label}: {what}");
                    seen.done(&label, conn.raw().run(request).await);
                    for nparams in [0, 1, 16] {
                        for flags in [flags, flags | STRINGS] {
                            let dom = (&domain).into();
                            let request = remote::DomainGetNumaParameters { dom, nparams, flags };
                            let reply = conn.raw().call(request).await;
                            let label = format!("{label}: get {nparams}, {flags}");
                            seen.note(
                                &label,
                                reply.map(|reply| format!("{:?}", reply.decode().unwrap())),
                            );
                        }
                    }
                }
            })
            .await;
        })
        .await;
    }
}

#[tokio::test]
async fn block_parameters() {
    let cases: [Case<'_>; 26] = [
        ("weight", &[("weight", Value::Uint(500))]),
        ("weights", &[("device_weight", text("/dev/a,200,/dev/b,300"))]),
        ("reads", &[("device_read_iops_sec", text("/dev/b,1,/dev/c,4294967295"))]),
        ("writes", &[("device_write_iops_sec", text("/dev/c, 7,/dev/d,+8"))]),
        ("bytes", &[("device_read_bytes_sec", text("/dev/c,18446744073709551615"))]),
        (
            "more bytes",
            &[
                ("device_write_bytes_sec", text("/dev/g,5")),
                ("weight", Value::Uint(600)),
            ],
        ),
        ("zero weight", &[("weight", Value::Uint(0))]),
        ("large weight", &[("weight", Value::Uint(1_000_000))]),
        ("empty", &[("device_weight", text(""))]),
        ("odd", &[("device_weight", text("/dev/a,1,/dev/b"))]),
        ("no number", &[("device_weight", text("/dev/a,x,/dev/b,1"))]),
        ("negative", &[("device_weight", text("/dev/a,-1"))]),
        ("large", &[("device_weight", text("/dev/a,4294967296"))]),
        ("larger", &[("device_read_bytes_sec", text("/dev/a,18446744073709551616"))]),
        ("more than a number", &[("device_weight", text("/dev/a,1x,/dev/b,1"))]),
        (
            "right and wrong",
            &[
                ("device_weight", text("/dev/f,1")),
                ("device_read_iops_sec", text("bad")),
                ("device_write_iops_sec", text("/dev/f,3")),
                ("device_read_bytes_sec", text("/dev/f,bad")),
                ("weight", Value::Uint(700)),
            ],
        ),
        ("another", &[("device_weight", text("/dev/z,9"))]),
        ("zero", &[("device_weight", text("/dev/z,0,/dev/e,0"))]),
        ("others", &[("device_weight", text("/dev/y,2,/dev/z,0,/dev/x,3"))]),
        ("zero again", &[("device_weight", text("/dev/y,0,/dev/w,0,/dev/z,4"))]),
        ("not zero", &[("device_read_bytes_sec", text("/dev/y,5,/dev/w,6"))]),
        ("no weight", &[("device_weight", text("/dev/a,0,/dev/b,0"))]),
        ("both", &[("device_write_iops_sec", text("/dev/v,1,/dev/a,2"))]),
        ("unknown", &[("weights", Value::Uint(1))]),
        (
            "wrong type",
            &[
                ("weight", Value::Ullong(1)),
                ("device_weight", Value::Uint(1)),
            ],
        ),
        (
            "twice",
            &[
                ("device_weight", text("/a,1")),
                ("device_weight", text("/b,1")),
            ],
        ),
    ];
    compare("block_parameters", async |conn: &Connect, seen: &mut Transcript| {
        let domain = define(conn, "").await;
        off_and_on(conn, &domain, seen, async |seen, label, flags| {
            for (what, given) in &cases {
                let request = remote::DomainSetBlkioParameters {
                    dom: (&domain).into(),
                    params: params(given),
                    flags: ModificationImpact::from_bits_retain(flags),
                };
                let label = format!("{label}: {what}");
                seen.done(&label, conn.raw().run(request).await);
                let flags_of_xml = [XmlFlags::empty(), XmlFlags::INACTIVE];
                for shown in flags_of_xml {
                    seen.xml(&format!("{label}: xml, {shown:?}"), domain.xml_desc(shown).await);
                }
                for nparams in [0, 1, 3, 16] {
                    for flags in [flags, flags | STRINGS] {
                        let dom = (&domain).into();
                        let request = remote::DomainGetBlkioParameters { dom, nparams, flags };
                        let reply = conn.raw().call(request).await;
                        let label = format!("{label}: get {nparams}, {flags}");
                        seen.note(
                            &label,
                            reply.map(|reply| format!("{:?}", reply.decode().unwrap())),
                        );
                    }
                }
            }
        })
        .await;
    })
    .await;
}

#[tokio::test]
async fn performance_events() {
    let cases: [Case<'_>; 6] = [
        (
            "some",
            &[
                ("page_faults", Value::Boolean(1)),
                ("cmt", Value::Boolean(1)),
            ],
        ),
        (
            "other",
            &[
                ("emulation_faults", Value::Boolean(0)),
                ("cpu_clock", Value::Boolean(7)),
            ],
        ),
        ("off", &[("cmt", Value::Boolean(0))]),
        ("unknown", &[("cmt", Value::Boolean(1)), ("none", Value::Boolean(1))]),
        ("wrong type", &[("cmt", Value::Int(1))]),
        ("twice", &[("cmt", Value::Boolean(1)), ("cmt", Value::Boolean(1))]),
    ];
    compare("performance_events", async |conn: &Connect, seen: &mut Transcript| {
        let domain = define(conn, "").await;
        off_and_on(conn, &domain, seen, async |seen, label, flags| {
            for (what, given) in &cases {
                let request = remote::DomainSetPerfEvents {
                    dom: (&domain).into(),
                    params: params(given),
                    flags: ModificationImpact::from_bits_retain(flags),
                };
                let label = format!("{label}: {what}");
                seen.done(&label, conn.raw().run(request).await);
                for flags in [flags, flags | STRINGS] {
                    let request = remote::DomainGetPerfEvents { dom: (&domain).into(), flags };
                    let reply = conn.raw().call(request).await;
                    let label = format!("{label}: get {flags}");
                    seen.note(&label, reply.map(|reply| format!("{:?}", reply.decode().unwrap())));
                }
            }
        })
        .await;
    })
    .await;
}

#[tokio::test]
async fn the_period_of_memory_statistics() {
    let balloons = [
        ("period", "<memballoon model='virtio'/>"),
        ("period_without_a_balloon", "<memballoon model='none'/>"),
    ];
    for (scenario, balloon) in balloons {
        compare(scenario, async |conn: &Connect, seen: &mut Transcript| {
            let domain = define(conn, balloon).await;
            off_and_on(conn, &domain, seen, async |seen, label, flags| {
                let mut at = 0;
                for period in [5, i32::MAX, 0, 7, -1] {
                    at += 1;
                    let request = remote::DomainSetMemoryStatsPeriod {
                        dom: (&domain).into(),
                        period,
                        flags: MemoryModFlags::from_bits_retain(flags),
                    };
                    let set = conn.raw().run(request).await;
                    seen.done(&format!("{label}: {period}"), set);
                    let xml = domain.xml_desc(XmlFlags::empty()).await;
                    seen.xml(&format!("{label}: {period}, xml {at}"), xml);
                }
            })
            .await;
        })
        .await;
    }
}

const THREADS: &[(&str, &str)] = &[
    ("threads_none", ""),
    ("threads_counted", "<iothreads>3</iothreads>"),
    (
        "threads_listed",
        "<iothreads>4</iothreads><iothreadids><iothread id='7'/><iothread id='2' thread_pool_min='2' thread_pool_max='3'/></iothreadids>
         <cputune><iothreadpin iothread='7' cpuset='1,9'/><iothreadsched iothreads='2,7' scheduler='fifo' priority='1'/></cputune>",
    ),
];

/// What is done to threads, one after the other.
const STEPS: &[(&str, u32)] = &[
    ("info", 0),
    ("del", 3),
    ("add", 3),
    ("del", 2),
    ("pin", 1),
    ("info", 0),
    ("add", 5),
    ("add", 5),
    ("params", 5),
    ("pin", 5),
    ("add", 0),
    ("del", 0),
    ("pin", 0),
    ("params", 0),
    ("del", 99),
    ("pin", 99),
    ("pin", u32::MAX),
    ("params", 99),
    ("pin nowhere", 5),
    ("params", 1),
    ("info", 0),
    ("del", 7),
    ("del", 1),
    ("del", 5),
    ("del", 4),
    ("add", 1),
    ("add", 2),
    ("weight", 2),
    ("bad type", 2),
    ("bad name", 2),
    ("info", 0),
];

#[tokio::test]
async fn io_threads() {
    for (scenario, xml) in THREADS {
        compare(scenario, async |conn: &Connect, seen: &mut Transcript| {
            let devices = "<disk><driver name='qemu' iothread='4'/><source file='/v'/><target dev='vdc' bus='virtio'/></disk>
                <controller type='scsi' index='0' model='virtio-scsi'><driver iothread='1'/></controller>";
            let vcpu = "<vcpu placement='static' current='2'>4</vcpu>";
            let document = full("web", 1).replace(vcpu, &format!("{vcpu}{xml}"));
            let document = document.replace("</devices>", &format!("{devices}</devices>"));
            let domain = conn.domain_define_xml(&document).await.unwrap();
            off_and_on(conn, &domain, seen, async |seen, label, flags| {
                for (at, (step, id)) in STEPS.iter().enumerate() {
                    let label = format!("{label}: {at} {step} {id}");
                    step_of_threads(seen, &label, conn, &domain, (step, *id), flags).await;
                    seen.xml(&format!("{label}, xml"), domain.xml_desc(XmlFlags::empty()).await);
                }
                let types = StatsTypes::IOTHREAD;
                let stats = domain_stats(conn, types).await;
                seen.note(&format!("{label}: stats"), stats);
            })
            .await;
        })
        .await;
    }
}

async fn domain_stats(conn: &Connect, types: StatsTypes) -> Result<Vec<String>> {
    let stats = conn.all_domain_stats_raw(types, GetAllDomainStatsFlags::empty()).await?;
    let mut stats: Vec<_> = stats
        .into_iter()
        .map(|(domain, stats)| format!("{} {stats:?}", domain.name()))
        .collect();
    stats.sort();
    Ok(stats)
}

async fn step_of_threads(
    seen: &mut Transcript,
    label: &str,
    conn: &Connect,
    domain: &Domain,
    (step, id): (&str, u32),
    bits: u32,
) {
    let dom = || domain.into();
    let flags = ModificationImpact::from_bits_retain(bits);
    let raw = conn.raw();
    let set = async |all: &[(&str, Value<'static>)]| {
        let request = remote::DomainSetIoThreadParams {
            dom: dom(),
            iothread_id: id,
            params: params(all),
            flags: bits,
        };
        raw.run(request).await
    };
    let pin = async |map: &'static [u8]| {
        let cpumap = map.into();
        let request = remote::DomainPinIoThread { dom: dom(), iothreads_id: id, cpumap, flags };
        raw.run(request).await
    };
    let done = match step {
        "info" => {
            let reply = raw.call(remote::DomainGetIoThreadInfo { dom: dom(), flags }).await;
            seen.note(label, reply.map(|reply| format!("{:?}", reply.decode().unwrap())));
            return;
        }
        "add" => raw.run(remote::DomainAddIoThread { dom: dom(), iothread_id: id, flags }).await,
        "del" => raw.run(remote::DomainDelIoThread { dom: dom(), iothread_id: id, flags }).await,
        "pin" => pin(&[0b101, 1]).await,
        "pin nowhere" => pin(&[0]).await,
        "params" => {
            let all = [
                ("poll_grow", Value::Uint(3)),
                ("poll_max_ns", Value::Ullong(4_000_000_000)),
                ("poll_shrink", Value::Uint(5)),
            ];
            set(&all).await
        }
        "weight" => set(&[("poll_weight", Value::Uint(64))]).await,
        "bad type" => set(&[("poll_grow", Value::Int(3)), ("poll_shrink", Value::Int(3))]).await,
        "bad name" => set(&[("poll_grow", Value::Uint(3)), ("poll", Value::Uint(3))]).await,
        other => panic!("there is no step {other}"),
    };
    seen.done(label, done);
}

/// The driver makes nothing of files; ours takes none.
#[tokio::test]
async fn starts_without_files() {
    compare_served("starts_without_files", async |conn: &Connect, seen: &mut Transcript| {
        let mut events = conn.subscribe::<Lifecycle>(None).await.unwrap();
        let domain = define(conn, "").await;
        for flags in [CreateFlags::empty(), CreateFlags::PAUSED] {
            let label = format!("{flags:?}");
            let started = domain.create_with_files(Vec::new(), flags).await;
            seen.done(&format!("{label}: start"), started);
            let again = domain.create_with_files(Vec::new(), flags).await;
            seen.done(&format!("{label}: start again"), again);
            let xml = full("transient", 2);
            let made = conn.domain_create_xml_with_files(&xml, Vec::new(), flags).await;
            seen.done(&format!("{label}: create"), made.map(drop));
            let bad = conn.domain_create_xml_with_files("<a/>", Vec::new(), flags).await;
            seen.done(&format!("{label}: create of nothing"), bad.map(drop));
        }
        note_events(seen, &mut events, conn).await;
    })
    .await;
}

#[tokio::test]
async fn files_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let socket = dir.path().join("socket");
    let serving = serve(&socket);
    let uri = format!("test+unix:///default?socket={}", socket.display());
    for count in [1, 3, 32] {
        let conn = Connect::open(&uri).await.unwrap();
        let domain = define(&conn, "").await;
        let files = (0..count).map(|_| pipe().unwrap().0.into()).collect();
        let started = timeout(LIMIT, domain.create_with_files(files, CreateFlags::empty())).await;
        assert_eq!(started.unwrap().unwrap_err().code(), Some(ErrorCode::NoSupport));
        timeout(LIMIT, conn.closed()).await.unwrap();
        let conn = Connect::open(&uri).await.unwrap();
        let domain = conn.domain_lookup_by_name("web").await.unwrap();
        assert!(!domain.is_active().await.unwrap());
    }
    serving.abort();
}
