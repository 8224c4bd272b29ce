//! The example `exporter`: what it says of two hosts, held against virsh, and of those that hang.

mod exposition;

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::Instant;

use libvirt_client::Connect;
use libvirt_client::domain::{CreateFlags, Domain};
use rig::guest::Disk;
use rig::{Daemon, processes};
use rustix::process::{Pid, Signal, kill_process};

use crate::common::{GUESTS, LIMIT, describe, eventually, wait_for_shell};
use crate::programs::{assert_fails, built};
use exposition::Exposition;

/// Longer than a busy machine takes for anything that does not hang.
const DEADLINE: &str = "--deadline=10";
/// All that has to be escaped in a label.
const AWKWARD: &str = "a \"quoted\" \\n and ä";

/// The example at work.
struct Exporter {
    program: Child,
    address: String,
    complaints: mpsc::Receiver<String>,
}

impl Exporter {
    fn start(deadline: &str, uris: &[&str]) -> Self {
        let mut program = Command::new(built("exporter"))
            .args(["--listen", "127.0.0.1:0", deadline])
            .args(uris)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let errors = BufReader::new(program.stderr.take().unwrap());
        let (complain, complaints) = mpsc::channel();
        std::thread::spawn(move || {
            errors.lines().map_while(Result::ok).try_for_each(|line| complain.send(line))
        });
        let mut line = String::new();
        BufReader::new(program.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let address = line.trim_end().strip_prefix("listening on http://").unwrap();
        let address = address.strip_suffix("/metrics").unwrap().to_owned();
        Self { program, address, complaints }
    }

    fn request(&self, request: &str) -> Request {
        let mut http = TcpStream::connect(&self.address).unwrap();
        http.set_read_timeout(Some(LIMIT)).unwrap();
        write!(http, "{request} HTTP/1.1\r\nHost: {}\r\n\r\n", self.address).unwrap();
        Request(http)
    }

    fn scrape(&self) -> Exposition {
        self.request("GET /metrics").metrics()
    }

    /// Scrapes until it complains of something, and returns the complaint.
    fn until_complaint(&self, of: &str) -> String {
        let deadline = Instant::now() + LIMIT;
        loop {
            self.scrape();
            if let Some(complaint) = self.complaints.try_iter().find(|it| it.contains(of)) {
                return complaint;
            }
            assert!(Instant::now() < deadline, "no complaint of '{of}'");
        }
    }
}

/// A request that is not answered yet.
struct Request(TcpStream);

impl Request {
    /// Returns the head and the body of the response.
    fn response(mut self) -> (String, String) {
        let mut response = String::new();
        self.0.read_to_string(&mut response).unwrap();
        let (head, body) = response.split_once("\r\n\r\n").unwrap();
        (head.to_lowercase(), body.to_owned())
    }

    fn metrics(self) -> Exposition {
        let (head, body) = self.response();
        assert!(head.starts_with("http/1.1 200 ok\r\n"), "{head}");
        assert!(head.contains("\r\ncontent-type: text/plain; version=0.0.4; charset=utf-8\r\n"));
        Exposition::parse(&body).unwrap_or_else(|error| panic!("{error}\n{body}"))
    }
}

impl Drop for Exporter {
    fn drop(&mut self) {
        self.program.kill().unwrap();
        self.program.wait().unwrap();
    }
}

/// A host with a guest.
struct Host {
    daemon: Daemon,
    uri: String,
    conn: Connect,
    guest: Domain,
}

impl Host {
    async fn start(name: &str) -> Self {
        let daemon = tokio::task::spawn_blocking(|| Daemon::builder().start().unwrap());
        let daemon = daemon.await.unwrap();
        let uri = daemon.uri();
        let conn = Connect::open(&uri).await.unwrap();
        let guest = boot(&daemon, &conn, name).await;
        Self { daemon, uri, conn, guest }
    }

    fn value(&self, from: &Exposition, name: &str) -> Option<f64> {
        from.get(name, &[("uri", &self.uri)])
    }

    fn guest_value(&self, from: &Exposition, name: &str, more: &[(&str, &str)]) -> Option<f64> {
        value_of(&self.uri, &self.guest, from, name, more)
    }
}

fn value_of(
    uri: &str,
    guest: &Domain,
    from: &Exposition,
    name: &str,
    more: &[(&str, &str)],
) -> Option<f64> {
    let labels = [&[("uri", uri), ("domain", guest.name())], more].concat();
    from.get(name, &labels)
}

/// One that outlives its daemon.
async fn boot(daemon: &Daemon, conn: &Connect, name: &str) -> Domain {
    let disk = Disk::raw(daemon.scratch().join(format!("{name}.raw")), 8).unwrap();
    let (xml, log) = describe(daemon, name, |guest| guest.vcpus(2, 2).disk(disk).user_nic());
    let domain = conn.domain_create_xml(&xml, CreateFlags::empty()).await.unwrap();
    wait_for_shell(&log).await;
    domain
}

/// The process of a guest.
pub fn hypervisor(guest: &Domain) -> Pid {
    let mark = format!("guest={},", guest.name());
    let all = processes::all().unwrap();
    let found = all.iter().find(|it| it.command.contains(&mark)).unwrap();
    Pid::from_raw(found.pid.cast_signed()).unwrap()
}

/// With a thread for the connections, while the test waits for processes.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn metrics_are_what_virsh_says_and_come_whatever_hangs() {
    if !rig::available(GUESTS).unwrap() {
        return;
    }
    let (mut one, other) = (Host::start("exporter-one").await, Host::start("exporter-other").await);
    let exporter = Exporter::start(DEADLINE, &[&one.uri, &other.uri]);
    one.guest.suspend().await.unwrap();
    let awkward = AWKWARD.replace('"', "&quot;");
    let (xml, _) = describe(&one.daemon, "plain", |guest| guest);
    let xml = xml.replace("<name>plain</name>", &format!("<name>{awkward}</name>"));
    let defined = one.conn.domain_define_xml(&xml).await.unwrap();
    assert_eq!(defined.name(), AWKWARD);

    everything_is_virshs(&exporter, &one);
    everything_is_virshs(&exporter, &other);
    let all = exporter.scrape();
    assert_eq!(one.value(&all, "libvirt_domains"), Some(2.0));
    assert_eq!(other.value(&all, "libvirt_domains"), Some(1.0));
    let state = |guest| value_of(&one.uri, guest, &all, "libvirt_domain_info_vstate", &[]);
    assert_eq!((state(&one.guest), state(&defined)), (Some(3.0), Some(5.0)));
    let answers = |guest| value_of(&one.uri, guest, &all, "libvirt_domain_answers", &[]);
    assert_eq!((answers(&one.guest), answers(&defined)), (Some(1.0), None));

    a_guest_hangs(&exporter, &one, &other).await;
    a_daemon_hangs(&exporter, &one, &other).await;

    // A daemon that was killed.
    let daemon = tokio::task::spawn_blocking(move || {
        one.daemon.kill9().unwrap();
        one.daemon
    });
    one.daemon = daemon.await.unwrap();
    is_down(&exporter.scrape(), &one.uri, &other);
    let daemon = tokio::task::spawn_blocking(move || {
        one.daemon.restart().unwrap();
        one.daemon
    });
    one.daemon = daemon.await.unwrap();
    comes_back(&exporter, &one).await;
}

/// Compares each metric of a guest with virsh's numbers, which are between those of two scrapes.
fn everything_is_virshs(exporter: &Exporter, host: &Host) {
    const BYTES: f64 = 1024.0;
    const SECONDS: f64 = 1e-9;
    let before = exporter.scrape();
    let said = host.daemon.virsh(["domstats", "--raw", host.guest.name()]).unwrap();
    let after = exporter.scrape();
    let virsh = |key: &str| {
        let line = said.lines().find_map(|line| line.trim().strip_prefix(key)?.strip_prefix('='));
        line.unwrap_or_else(|| panic!("no {key} in {said}")).parse::<f64>().unwrap()
    };
    let disk: &[_] = &[("target_device", "vda")];
    let vcpu: &[_] = &[("vcpu", "1")];
    for (name, labels, key, unit) in [
        ("info_vstate", &[][..], "state.state", 1.0),
        ("info_maximum_memory_bytes", &[], "balloon.maximum", BYTES),
        ("info_memory_usage_bytes", &[], "balloon.current", BYTES),
        ("info_virtual_cpus", &[], "vcpu.current", 1.0),
        ("info_cpu_time_seconds_total", &[], "cpu.time", SECONDS),
        ("memory_stats_rss_bytes", &[], "balloon.rss", BYTES),
        ("memory_stats_available_bytes", &[], "balloon.available", BYTES),
        ("memory_stats_minor_fault_total", &[], "balloon.minor_fault", 1.0),
        ("vcpu_time_seconds_total", vcpu, "vcpu.1.time", SECONDS),
        ("vcpu_state", vcpu, "vcpu.1.state", 1.0),
        ("block_stats_read_bytes_total", disk, "block.0.rd.bytes", 1.0),
        ("block_stats_read_requests_total", disk, "block.0.rd.reqs", 1.0),
        ("block_stats_read_time_seconds_total", disk, "block.0.rd.times", SECONDS),
        ("block_stats_write_bytes_total", disk, "block.0.wr.bytes", 1.0),
        ("block_stats_capacity_bytes", disk, "block.0.capacity", 1.0),
        ("block_stats_physicalsize_bytes", disk, "block.0.physical", 1.0),
    ] {
        let name = format!("libvirt_domain_{name}");
        let value = |from| host.guest_value(from, &name, labels).unwrap();
        let (before, said, after) = (value(&before), virsh(key) * unit, value(&after));
        let said_between = before - 1e-6 <= said && said <= after + 1e-6;
        assert!(said_between, "{name}: {before}, {said}, {after}");
    }
    let uuid = host.guest.uuid().to_string();
    let meta = host.guest_value(&after, "libvirt_domain_info_meta", &[("uuid", &uuid)]);
    assert_eq!(meta, Some(1.0));
}

/// While a guest hangs, the others' metrics are there, and of it what the daemon knows.
async fn a_guest_hangs(exporter: &Exporter, host: &Host, other: &Host) {
    const MEMORY: &str = "libvirt_domain_memory_stats_rss_bytes";
    let hangs = boot(&host.daemon, &host.conn, "exporter-hangs").await;
    let value = |from: &Exposition, name| value_of(&host.uri, &hangs, from, name, &[]);
    let hypervisor = hypervisor(&hangs);
    kill_process(hypervisor, Signal::STOP).unwrap();

    // The first call waits for it.
    let first = exporter.scrape();
    assert_eq!(host.value(&first, "libvirt_up"), Some(1.0));
    assert_eq!(host.value(&first, "libvirt_answer_complete"), Some(0.0));
    assert!(value(&first, "libvirt_domain_info_cpu_time_seconds_total").is_some());
    assert_eq!(value(&first, MEMORY), None);
    assert_eq!(other.value(&first, "libvirt_answer_complete"), Some(1.0));
    assert!(other.guest_value(&first, MEMORY, &[]).is_some());
    // Those after it do not, however many.
    for _ in 0..10 {
        let next = exporter.scrape();
        assert_eq!(host.value(&next, "libvirt_answer_complete"), Some(1.0));
        assert_eq!(value(&next, "libvirt_domain_answers"), Some(0.0));
        assert_eq!(value(&next, MEMORY), None);
        assert_eq!(host.guest_value(&next, "libvirt_domain_answers", &[]), Some(1.0));
        assert!(host.guest_value(&next, MEMORY, &[]).is_some());
    }

    kill_process(hypervisor, Signal::CONT).unwrap();
    eventually("the guest answers again", async || {
        value(&exporter.scrape(), "libvirt_domain_answers") == Some(1.0)
    })
    .await;
    hangs.destroy().await.unwrap();
}

/// While a daemon hangs, all get the other's metrics.
async fn a_daemon_hangs(exporter: &Exporter, host: &Host, other: &Host) {
    let hasty = Exporter::start("--deadline=0.2", &[&host.uri]);
    comes_back(&hasty, host).await;
    host.daemon.sigstop().unwrap();
    let scrapes: Vec<_> = (0..20).map(|_| exporter.request("GET /metrics")).collect();
    // However often it is asked, it gets only so many calls.
    let given_up = hasty.until_complaint("stopped answering keepalive requests");
    assert!(given_up.contains("(virConnectGetAllDomainStats 4 times)"), "{given_up}");
    for scrape in scrapes {
        is_down(&scrape.metrics(), &host.uri, other);
    }
    host.daemon.sigcont().unwrap();
    comes_back(exporter, host).await;
}

/// A host that is lost has no guests, and a time since when.
fn is_down(lost: &Exposition, uri: &str, other: &Host) {
    let value = |name| lost.get(name, &[("uri", uri)]);
    assert_eq!(value("libvirt_up"), Some(0.0));
    assert!(value("libvirt_last_answer_age_seconds") > Some(0.0));
    assert_eq!(value("libvirt_domains"), None);
    assert!(!lost.has(&[("uri", uri), ("domain", AWKWARD)]));
    assert_eq!(other.value(lost, "libvirt_up"), Some(1.0));
    assert!(other.guest_value(lost, "libvirt_domain_info_vstate", &[]).is_some());
}

async fn comes_back(exporter: &Exporter, host: &Host) {
    eventually("the host is back", async || {
        let all = exporter.scrape();
        host.value(&all, "libvirt_answer_complete") == Some(1.0)
            && host.guest_value(&all, "libvirt_domain_memory_stats_rss_bytes", &[]).is_some()
    })
    .await;
}

#[test]
fn what_it_does_not_serve_is_refused() {
    let exporter = Exporter::start(DEADLINE, &["test+unix:///default?socket=/nowhere"]);
    let all = exporter.scrape();
    let labels = [("uri", "test+unix:///default?socket=/nowhere")];
    assert_eq!(all.get("libvirt_up", &labels), Some(0.0));
    for (request, status) in [
        ("GET /", "200 ok"),
        ("GET /metrics/more", "404 not found"),
        ("POST /metrics", "405 method not allowed"),
    ] {
        let (head, _) = exporter.request(request).response();
        assert!(head.starts_with(&format!("http/1.1 {status}\r\n")), "{head}");
    }
}

#[test]
fn what_it_does_not_understand_is_one_line() {
    let run = |words: &[&str]| Command::new(built("exporter")).args(words).output().unwrap();
    for (words, reason) in [
        (&[][..], "usage: exporter [--listen ADDRESS:PORT] [--deadline SECONDS] URI..."),
        (&["--loud", "x"], "there is no option --loud; usage: exporter"),
        (&["--listen", "here", "x"], "--listen 'here': not an address and a port"),
        (&["--deadline=0", "x"], "--deadline '0': not from 0.1 to 3600 seconds"),
        (&["--deadline=nan", "x"], "--deadline 'nan': not"),
        (&["x", "x"], "'x' is given twice"),
        (&["--listen=192.0.2.1:1", "x"], "192.0.2.1:1: "),
    ] {
        assert_fails(&run(words), reason);
    }
}
