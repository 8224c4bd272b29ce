//! The targets on damaged input of our own making. `FUZZ_ROUNDS` has the number of rounds for each
//! sample, and `FUZZ_SEED` where they begin; `FUZZ_CORPUS` has a directory for the samples, which
//! then are where `cargo fuzz` begins.

#![allow(clippy::unwrap_used)]

use std::path::Path;
use std::{env, fs, io};

use crate::protocol::remote;
use crate::rpc::frame::packet_head;
use crate::rpc::header::{Header, MessageType, ProcedureId, Status};
use crate::uri::ConnectUri;
use crate::xdr::{self, WireStr};

/// Splitmix: any seed will do.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        (mixed >> 32) as usize % limit.max(1)
    }
}

/// Damages a sample in a few places.
fn damage(bytes: &mut Vec<u8>, other: &[u8], random: &mut Random) {
    const WORDS: [u32; 6] = [0, 1, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff, 0x0200_0004];
    for _ in 0..=random.below(4) {
        let at = random.below(bytes.len() + 1);
        let end = (at + random.below(8)).min(bytes.len());
        match random.below(6) {
            0 => bytes.iter_mut().skip(at).take(1).for_each(|byte| *byte ^= 1 << random.below(8)),
            1 => bytes.insert(at, random.below(256) as u8),
            2 => drop(bytes.drain(at..end)),
            3 => {
                let from = random.below(other.len());
                bytes.splice(at..end, other.iter().skip(from).take(16).copied());
            }
            4 => {
                let word = WORDS[random.below(WORDS.len())].to_be_bytes();
                bytes.iter_mut().skip(at & !3).zip(word).for_each(|(byte, new)| *byte = new);
            }
            _ => bytes.truncate(at),
        }
    }
}

fn run(name: &str, target: fn(&[u8]), samples: &[Vec<u8>]) {
    let setting = |name| env::var(name).ok();
    let number = |name, usual| {
        setting(name)
            .map_or(usual, |text| text.parse().unwrap_or_else(|_| unreachable!("{name}={text}")))
    };
    let (rounds, seed) = (number("FUZZ_ROUNDS", 500), number("FUZZ_SEED", 1));
    assert!(!samples.is_empty());
    if let Some(corpus) = setting("FUZZ_CORPUS") {
        write_corpus(&Path::new(&corpus).join(name), samples).unwrap();
    }
    for (index, sample) in samples.iter().enumerate() {
        target(sample);
        for round in 0..rounds {
            let mut random = Random(seed + round);
            let mut bytes = sample.clone();
            damage(&mut bytes, &samples[(index + 1) % samples.len()], &mut random);
            target(&bytes);
        }
    }
}

fn write_corpus(directory: &Path, samples: &[Vec<u8>]) -> io::Result<()> {
    fs::create_dir_all(directory)?;
    for (index, sample) in samples.iter().enumerate() {
        fs::write(directory.join(format!("sample-{index}")), sample)?;
    }
    Ok(())
}

fn texts(samples: &[&str]) -> Vec<Vec<u8>> {
    samples.iter().map(|text| text.as_bytes().to_vec()).collect()
}

fn message(len: usize) -> Vec<u8> {
    let id = ProcedureId { program: remote::PROGRAM.number, version: 1, procedure: 1 };
    let header = Header { id, kind: MessageType::Reply, serial: 7, status: Status::Ok };
    let mut message = packet_head(&header, len);
    message.resize(message.len() + len, 0x5a);
    message
}

fn typed_params() -> Vec<remote::TypedParam<'static>> {
    use remote::TypedParamValue as Value;
    [
        ("state.state", Value::Int(1)),
        ("cpu.time", Value::Ullong(1 << 40)),
        ("vcpu.current", Value::Uint(2)),
        ("vcpu.0.time", Value::Ullong(9)),
        ("vcpu.1.time", Value::Ullong(10)),
        ("net.count", Value::Uint(1)),
        ("net.0.name", Value::String("vnet0".into())),
        ("block.0.name", Value::String("vda".into())),
        ("block.0.rd.reqs", Value::Ullong(1)),
        ("perf.cmt", Value::Llong(-1)),
        ("a.ratio", Value::Double(0.5)),
        ("b.on", Value::Boolean(1)),
    ]
    .map(|(name, value)| remote::TypedParam { field: name.into(), value })
    .into()
}

#[test]
fn frames() {
    let samples = [
        vec![3],
        message(0),
        message(100),
        message(0),
        message(40_000),
        message(8),
    ];
    run("frames", super::frames, &[samples.concat(), samples[..3].concat(), vec![]]);
}

#[test]
fn engine() {
    let mut random = Random(7);
    let samples: Vec<Vec<u8>> =
        (0..20).map(|_| (0..200).map(|_| random.below(256) as u8).collect()).collect();
    run("engine", super::engine, &samples);
}

#[test]
fn daemon() {
    let reply = |body: &[u8]| record(0, body);
    let supports =
        |supported| reply(&xdr::to_vec(&remote::ConnectSupportsFeatureRet { supported }).unwrap());
    let web = || remote::NonnullDomain { name: "web".into(), uuid: uuid::Uuid::nil(), id: 1 };
    let event = remote::DomainEventLifecycleMsg { dom: web(), event: 2, detail: 0 };
    let event = remote::DomainEventCallbackLifecycleMsg { callback_id: 7, msg: event };
    let stats = remote::DomainStatsRecord { dom: web(), params: typed_params() };
    let opening = [
        reply(&xdr::to_vec(&remote::AuthListRet { types: vec![remote::AuthType::None] }).unwrap()),
        supports(1),
        reply(&[]),
    ];
    // A number is right for whatever else is asked while subscribing.
    let calls = [
        reply(&7_i32.to_be_bytes()),
        record(5, &xdr::to_vec(&event).unwrap()),
        reply(&7_i32.to_be_bytes()),
        reply(&xdr::to_vec(&WireStr::from("host")).unwrap()),
        record(2, &[0; 44]),
        reply(
            &xdr::to_vec(&remote::ConnectListAllDomainsRet { domains: vec![web()], ret: 1 })
                .unwrap(),
        ),
        reply(
            &xdr::to_vec(&remote::ConnectGetAllDomainStatsRet { ret_stats: vec![stats] }).unwrap(),
        ),
        reply(&xdr::to_vec(&WireStr::from("<capabilities/>")).unwrap()),
        reply(&xdr::to_vec(&web()).unwrap()),
        reply(&[0, 0, 0, 1, 0, 0, 0, 1]),
        reply(&xdr::to_vec(&WireStr::from("<domain/>")).unwrap()),
        reply(&[]),
        record(3, b"login: "),
        record(4, &[]),
        record(7, &[]),
        reply(&[]),
        reply(&[]),
    ];
    // Without keepalive, and of the console comes nothing, not even its end.
    let console = calls.len() - 5;
    let silence = record(7, &[]);
    let silent = [
        &[opening[0].clone(), supports(0), reply(&[])],
        &calls[..console],
    ]
    .concat();
    let silent = [silent.concat(), silence.clone(), silence].concat();
    let samples = [
        [opening.concat(), calls.concat()].concat(),
        opening.concat(),
        silent,
    ];
    assert_eq!(super::daemon(&samples[0]), 16, "not all is asked for");
    run("daemon", |data| _ = super::daemon(data), &samples);
}

/// What the daemon of that target does next.
fn record(kind: u8, body: &[u8]) -> Vec<u8> {
    [
        &[kind][..],
        &u16::try_from(body.len()).unwrap().to_be_bytes(),
        body,
    ]
    .concat()
}

#[cfg(feature = "tls")]
#[test]
fn certificates() {
    use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
    let mut params = CertificateParams::new(["host".to_owned()]).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.distinguished_name.push(DnType::CommonName, "authority");
    let authority =
        CertifiedIssuer::self_signed(params.clone(), KeyPair::generate().unwrap()).unwrap();
    params.distinguished_name.push(DnType::CommonName, "between");
    let between =
        CertifiedIssuer::signed_by(params, KeyPair::generate().unwrap(), &authority).unwrap();
    let server = CertificateParams::new(["host".to_owned(), "::1".to_owned()]).unwrap();
    let server = server.signed_by(&KeyPair::generate().unwrap(), &between).unwrap();
    let chain = [&**server.der(), &**between.der()];
    let verified = crate::transport::tls::verify_chain(authority.der(), &chain, "host");
    assert!(verified.is_ok(), "{verified:?}");
    let piece = |der: &[u8]| [&u16::try_from(der.len()).unwrap().to_be_bytes(), der].concat();
    let sample = [piece(authority.der()), piece(chain[0]), piece(chain[1])].concat();
    run("certificates", super::certificates, &[sample]);
}

#[cfg(feature = "tls")]
#[test]
fn tls() {
    use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
    use std::sync::LazyLock;
    static SAMPLE: LazyLock<super::TlsSample> = LazyLock::new(|| {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let key = KeyPair::generate().unwrap();
        let host = CertificateParams::new(["host".to_owned()]).unwrap();
        super::TlsSample {
            authority: authority.pem(),
            certificate: host.signed_by(&key, &authority).unwrap().pem(),
            key: key.serialize_pem(),
        }
    });
    for choices in 0..4 {
        assert!(super::tls(&SAMPLE, &[choices]));
        assert!(!super::tls(&SAMPLE, &[choices, 0, 9, 0, 1]));
    }
    let changes = [0, 60, 1, 7, 0, 200, 2, 0, 1, 0, 3, 9, 0, 0, 4, 0];
    let samples = [2, 3].map(|choices| [&[choices][..], &changes].concat());
    let target = |data: &[u8]| {
        super::tls(&SAMPLE, data);
    };
    run("tls", target, &samples);
}

#[test]
fn params() {
    let reply = remote::NodeGetMemoryParametersRet { params: typed_params(), nparams: 12 };
    // A name that is not text, and a truth that is neither 0 nor 1.
    let odd = [
        0, 0, 0, 1, 0, 0, 0, 1, 208, 254, 0, 0, 0, 0, 0, 6, 253, 177, 177, 177, 0, 255, 128, 255,
        255,
    ];
    run(
        "params",
        super::params,
        &[xdr::to_vec(&reply).unwrap_or_default(), odd.to_vec()],
    );
}

#[test]
fn stats() {
    let dom = remote::NonnullDomain {
        name: "web".into(),
        uuid: uuid::Uuid::from_bytes([7; 16]),
        id: 1,
    };
    let record = remote::DomainStatsRecord { dom, params: typed_params() };
    let reply = remote::ConnectGetAllDomainStatsRet { ret_stats: vec![record.clone(), record] };
    run("stats", super::stats, &[xdr::to_vec(&reply).unwrap_or_default()]);
}

#[test]
fn uri() {
    let samples = texts(&[
        "qemu+ssh://fred@[::1]:22/system?keyfile=/k%20y&no_verify=1#x",
        "test:///default",
        "qemu+unix:///session?socket=/run/s&mode=direct",
    ]);
    assert!(
        samples
            .iter()
            .all(|text| ConnectUri::parse(&String::from_utf8_lossy(text)).is_ok())
    );
    run("uri", super::uri, &samples);
}

#[test]
fn config() {
    run("config", super::config, &[
        texts(&["# x\nuri_default = \"qemu:///system\"\nremote_mode = 'legacy'\nn = -5\nuri_aliases = [\n \"a=b\", 'c=d' ]\ns = \"\"\"a\nb\"\"\"\n"]).concat(),
        vec![b'['; 20],
        [b"a = ".to_vec(), vec![b'['; 200_000]].concat(),
    ]);
}

#[cfg(any(feature = "sasl", feature = "ssh-native"))]
#[test]
fn auth_file() {
    run(
        "auth_file",
        super::auth_file,
        &texts(&[
            "[credentials-c]\nauthname=fred\npassword=a\\sb\n[auth-libvirt-host]\ncredentials=c\n",
        ]),
    );
}

#[cfg(feature = "ssh-native")]
#[test]
fn known_hosts() {
    run(
        "known_hosts",
        super::known_hosts,
        &texts(&[
            "@revoked host,*.x,!y ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJdD7y3aLq454yWBdwLWbieU1ebz9/cu7/QEXn9OIeZJ c\n",
            "|1|F1E1KeoE/eEWhi10WpGv4OdiO6Y=|3988QV0VE8wmZL7suNrYQLITLCg= ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAILIG2T/B0l0gaqj3puu510tu9N1OkQ4znY3LYuEm5zCF\n",
            // Patterns that once took years.
            &format!(
                "{}x,*y ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJdD7y3aLq454yWBdwLWbieU1ebz9/cu7/QEXn9OIeZJ c\n",
                "*".repeat(60)
            ),
        ]),
    );
}

#[test]
fn xml() {
    run(
        "xml",
        super::xml,
        &texts(&[
            "<domain><devices><disk type='file'><source file='/a&amp;b'/><target dev='vda' bus='virtio'/></disk>\
         <interface type='network'><mac address='52:54:00:00:00:01'/><target dev='vnet0'/></interface></devices></domain>",
            &"<a>".repeat(2000),
        ]),
    );
}

#[cfg(feature = "sasl")]
#[test]
fn sasl() {
    run(
        "sasl",
        super::sasl,
        &texts(&[
            "\u{0}r=@abc,s=QSXCR+Q6sek8bf92,i=64\u{0}v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=",
            "\u{3}\u{0}x",
            // More rounds than are allowed, in disguise.
            "\u{0}r=@bc,s=Ae91,i=+400000000",
        ]),
    );
}
