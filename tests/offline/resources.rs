//! Requests about domains' resources, and replies that few daemons give.

use std::fmt::Debug;
use std::time::Duration;

use libvirt_client::domain::{
    AnnounceInterfaceParameters, BlockCommitFlags, BlockCopyFlags, BlockCopyParameters,
    BlockRebaseFlags, BlockResizeFlags, CpuMap, Domain, HostCpu, InterfaceAddressesSource,
    LaunchSecret, MemoryFlags, MemoryModFlags, ModificationImpact, SetVcpuFlags, VcpuHostCpuState,
    VcpuState,
};
use libvirt_client::protocol::{Request, remote};
use libvirt_client::types::network::IpAddrType;
use libvirt_client::xdr::{self, Decode, Encode};
use libvirt_client::{Error, ProtocolError, Result};

use crate::peer::{Listener, Message, Peer};

/// The answer to a call: results of any type, or `None` for an unknown procedure.
type Answer = Option<Vec<u8>>;

#[allow(clippy::unnecessary_wraps)]
fn results(value: &impl Encode) -> Answer {
    Some(xdr::to_vec(value).unwrap())
}

/// Returns the result of calls about a domain with these answers, and the requests.
async fn asked<T>(
    answers: impl IntoIterator<Item = Answer>,
    ask: impl AsyncFnOnce(&Domain) -> T,
) -> (T, Vec<Message>) {
    let listener = Listener::new();
    let (conn, mut peer) = listener.open().await;
    let dom = remote::NonnullDomain {
        name: "guest".into(),
        uuid: uuid::Uuid::from_bytes([7; 16]),
        id: 3,
    };
    let found = results(&remote::DomainLookupByNameRet { dom });
    let mut answers = std::iter::once(found).chain(answers);
    let asking = async {
        let domain = conn.domain_lookup_by_name("guest").await.unwrap();
        let result = ask(&domain).await;
        conn.close().await;
        result
    };
    let (result, mut calls) = tokio::join!(asking, serve(&mut peer, &mut answers));
    calls.remove(0);
    // Closing is a call too.
    calls.pop();
    (result, calls)
}

async fn serve(peer: &mut Peer, answers: &mut impl Iterator<Item = Answer>) -> Vec<Message> {
    let mut calls = Vec::new();
    while let Some(call) = peer.try_take().await {
        let answer = match answers.next().unwrap_or_else(|| Some(Vec::new())) {
            Some(payload) => call.reply(&payload),
            None => call.error(3, 7, "not supported by the driver"),
        };
        peer.send(&answer).await;
        calls.push(call);
    }
    calls
}

/// Decodes the arguments of a call, which must be of that procedure.
#[track_caller]
fn arguments<'a, R: Request + Decode<'a>>(call: &'a Message) -> R {
    assert_eq!(call.procedure, R::INFO.number, "{}", R::INFO.name);
    xdr::from_slice(&call.payload).unwrap()
}

#[track_caller]
fn assert_invalid_reply<T: Debug>(result: Result<T>) {
    let error = result.unwrap_err();
    let is_invalid_reply = matches!(error, Error::Protocol(ProtocolError::InvalidReply { .. }));
    assert!(is_invalid_reply, "{error:?}");
}

fn host_cpus(ret: i32) -> Answer {
    results(&remote::NodeGetCpuMapRet { cpumap: (&[][..]).into(), online: 0, ret })
}

fn vcpus(info: &[(u32, i32)], cpumaps: &[u8]) -> Answer {
    let info = info.iter().map(|(number, cpu)| remote::VcpuInfo {
        number: *number,
        state: 1.into(),
        cpu_time: 5,
        cpu: *cpu,
    });
    results(&remote::DomainGetVcpusRet { info: info.collect(), cpumaps: cpumaps.into() })
}

#[tokio::test]
async fn processors_have_rows_as_long_as_the_host_takes() {
    let max = results(&remote::DomainGetMaxVcpusRet { num: 4 });
    let info = [(0, 17), (2, -1), (3, -2)];
    // The fourth row was not filled in, the third not even sent.
    let maps = [0xff, 0x03, 0, 0x01, 0, 0x02];
    let answers = [max, host_cpus(18), vcpus(&info, &maps)];
    let (vcpus, calls) = asked(answers, async |domain| domain.vcpus().await).await;
    let args = arguments::<remote::DomainGetVcpus>(&calls[2]);
    assert_eq!((args.maxinfo, args.maplen), (4, 3));
    let vcpus = vcpus.unwrap();
    assert_eq!(vcpus.iter().map(|vcpu| vcpu.number).collect::<Vec<_>>(), [0, 2, 3]);
    assert_eq!(
        (vcpus[0].state, vcpus[0].cpu_time),
        (VcpuState::Running, Duration::from_nanos(5))
    );
    assert_eq!(vcpus[0].host_cpu, HostCpu::Number(17));
    assert_eq!(vcpus[1].host_cpu, HostCpu::None(VcpuHostCpuState::Offline));
    assert_eq!(vcpus[2].host_cpu, HostCpu::None(VcpuHostCpuState::Unavailable));
    assert_eq!(vcpus[2].host_cpu.number(), None);
    let affinities: Vec<_> = vcpus.iter().map(|vcpu| vcpu.affinity.to_string()).collect();
    assert_eq!(affinities, ["0-9", "0,17", ""]);
}

#[tokio::test]
async fn rows_are_as_long_as_the_protocol_has_room_for_all() {
    for (cpus, rows, maplen) in [(8000, 4, 1000), (i32::MAX, 4, 2 << 20), (8000, 16_384, 512)] {
        let max = results(&remote::DomainGetMaxVcpusRet { num: rows });
        let answers = [max, host_cpus(cpus), vcpus(&[], &[])];
        let (vcpus, calls) = asked(answers, async |domain| domain.vcpus().await).await;
        assert!(vcpus.unwrap().is_empty());
        let args = arguments::<remote::DomainGetVcpus>(&calls[2]);
        assert_eq!((args.maxinfo, args.maplen), (rows, maplen));
    }
}

#[tokio::test]
async fn replies_about_processors_that_make_no_sense() {
    let max = |num| results(&remote::DomainGetMaxVcpusRet { num });
    for answers in [
        vec![max(-1)],
        vec![max(1), host_cpus(-1)],
        vec![max(1), host_cpus(8), vcpus(&[(0, 0), (1, 0)], &[1])],
        vec![max(1), host_cpus(8), vcpus(&[(0, 0)], &[1, 1])],
    ] {
        assert_invalid_reply(asked(answers, async |domain| domain.vcpus().await).await.0);
    }
    let pins = |num| {
        let cpumaps = (&[1_u8, 1][..]).into();
        results(&remote::DomainGetVcpuPinInfoRet { cpumaps, num })
    };
    let count = |num| results(&remote::DomainGetVcpusFlagsRet { num });
    for num in [-1, 3] {
        let answers = [count(2), host_cpus(8), pins(num)];
        let flags = ModificationImpact::LIVE;
        let (pins, calls) = asked(answers, async |domain| domain.vcpu_pin_info(flags).await).await;
        assert_invalid_reply(pins);
        // The most that the running domain can have.
        assert_eq!(arguments::<remote::DomainGetVcpusFlags>(&calls[0]).flags.bits(), 5);
    }
}

#[tokio::test]
async fn a_driver_that_cannot_count_the_hosts_processors() {
    let node = remote::NodeGetInfoRet {
        model: xdr::CharArray([0; 32]),
        memory: 1,
        cpus: 5,
        mhz: 0,
        nodes: 1,
        sockets: 2,
        cores: 5,
        threads: 2,
    };
    let pins = |ret| {
        let cpumaps = (&[1_u8, 0, 0][..]).into();
        results(&remote::DomainGetEmulatorPinInfoRet { cpumaps, ret })
    };
    for (ret, expected) in [(1, Some(CpuMap::from(0..=0))), (0, None)] {
        let answers = [None, results(&node), pins(ret)];
        let flags = ModificationImpact::CURRENT;
        let ask = async |domain: &Domain| domain.emulator_pin_info(flags).await;
        let (cpus, calls) = asked(answers, ask).await;
        assert_eq!(cpus.unwrap(), expected);
        assert_eq!(arguments::<remote::DomainGetEmulatorPinInfo>(&calls[2]).maplen, 3);
    }
}

#[tokio::test]
async fn processor_time_is_asked_for_in_batches() {
    let ret = |nparams, times: &[u64]| {
        let params = times.iter().map(|time| remote::TypedParam {
            field: "cpu_time".into(),
            value: remote::TypedParamValue::Ullong(*time),
        });
        let params = params.collect();
        results(&remote::DomainGetCpuStatsRet { params, nparams })
    };
    let answers = [
        ret(300, &[]),
        ret(1, &[1; 128]),
        ret(1, &[2; 128]),
        ret(1, &[3; 40]),
    ];
    let (stats, calls) = asked(answers, async |domain| domain.cpu_stats().await).await;
    let stats = stats.unwrap();
    let nanos = |index: usize| stats[index].cpu_time.map(|time| time.as_nanos());
    assert_eq!(
        (stats.len(), nanos(0), nanos(128), nanos(295)),
        (300, Some(1), Some(2), Some(3))
    );
    assert_eq!(nanos(296), None);
    let sent: Vec<_> = calls
        .iter()
        .map(arguments::<remote::DomainGetCpuStats>)
        .map(|args| (args.nparams, args.start_cpu, args.ncpus, args.flags.bits()))
        .collect();
    assert_eq!(
        sent,
        [
            (0, 0, 0, 4),
            (16, 0, 128, 4),
            (16, 128, 128, 4),
            (16, 256, 44, 4)
        ]
    );

    let (_, calls) = asked([ret(0, &[])], async |domain| domain.cpu_stats_total().await).await;
    let args = arguments::<remote::DomainGetCpuStats>(&calls[0]);
    assert_eq!((args.nparams, args.start_cpu, args.ncpus), (16, -1, 1));
    let (stats, _) = asked([ret(-1, &[])], async |domain| domain.cpu_stats().await).await;
    assert_invalid_reply(stats);
}

#[tokio::test]
async fn amounts_are_bytes_and_none_is_zero() {
    let ((), calls) = asked([], async |domain| {
        domain.block_pull("vda", Some(9)).await.unwrap();
        let flags = BlockRebaseFlags::SHALLOW;
        domain.block_rebase("vda", Some("/b"), None, flags).await.unwrap();
        let flags = BlockCommitFlags::ACTIVE;
        domain
            .block_commit("vda", Some("/b"), Some("/t"), Some(7), flags)
            .await
            .unwrap();
        domain.block_job_set_speed("vda", None).await.unwrap();
        domain.block_resize("vda", 1025, BlockResizeFlags::empty()).await.unwrap();
        let mut parameters = BlockCopyParameters::default();
        parameters.granularity_bytes = Some(512);
        parameters.buf_size_bytes = Some(1 << 33);
        let flags = BlockCopyFlags::SHALLOW;
        domain.block_copy("vda", "<disk/>", &parameters, flags).await.unwrap();
    })
    .await;
    let args = arguments::<remote::DomainBlockPull>(&calls[0]);
    assert_eq!((args.bandwidth, args.flags.bits()), (9, 0x40));
    let args = arguments::<remote::DomainBlockRebase>(&calls[1]);
    assert_eq!((args.base.as_deref(), args.bandwidth, args.flags.bits()), (Some("/b"), 0, 0x41));
    let args = arguments::<remote::DomainBlockCommit>(&calls[2]);
    assert_eq!((args.base.as_deref(), args.top.as_deref()), (Some("/b"), Some("/t")));
    assert_eq!((args.bandwidth, args.flags.bits()), (7, 0x14));
    let args = arguments::<remote::DomainBlockJobSetSpeed>(&calls[3]);
    assert_eq!((args.bandwidth, args.flags.bits()), (0, 1));
    let args = arguments::<remote::DomainBlockResize>(&calls[4]);
    assert_eq!((args.size, args.flags.bits()), (1025, 1));
    let args = arguments::<remote::DomainBlockCopy>(&calls[5]);
    let params = |name: &'static str, value| remote::TypedParam { field: name.into(), value };
    let expected = [
        params("granularity", remote::TypedParamValue::Uint(512)),
        params("buf-size", remote::TypedParamValue::Ullong(1 << 33)),
    ];
    assert_eq!((&args.params[..], args.flags.bits()), (&expected[..], 1));
}

#[tokio::test]
async fn jobs_that_are_not_there_and_limits_that_are_none() {
    let ret = |found, bandwidth| {
        results(&remote::DomainGetBlockJobInfoRet { found, r#type: 2, bandwidth, cur: 1, end: 2 })
    };
    let answers = [ret(0, 5), ret(1, 0), ret(1, 5)];
    let (infos, calls) = asked(answers, async |domain| {
        let mut infos = Vec::new();
        for _ in 0..3 {
            infos.push(domain.block_job_info("vda").await.unwrap());
        }
        infos
    })
    .await;
    let limits: Vec<_> = infos.iter().map(|info| info.map(|info| info.bytes_per_second)).collect();
    assert_eq!(limits, [None, Some(None), Some(Some(5))]);
    assert_eq!(arguments::<remote::DomainGetBlockJobInfo>(&calls[0]).flags.bits(), 1);
}

#[tokio::test]
async fn peeks_of_another_size_than_asked_for() {
    let block = |len| {
        let buffer = vec![7; len].into();
        results(&remote::DomainBlockPeekRet { buffer })
    };
    for len in [0, 2, 4] {
        let ask = async |domain: &Domain| domain.block_peek("vda", 0, 3).await;
        assert_invalid_reply(asked([block(len)], ask).await.0);
    }
    // In pieces, the second of which is too short.
    let piece = |len| {
        let buffer = vec![7; len].into();
        results(&remote::DomainMemoryPeekRet { buffer })
    };
    let answers = [piece(4 << 20), piece(9)];
    let (read, calls) = asked(answers, async |domain| {
        domain.memory_peek(1 << 40, (4 << 20) + 10, MemoryFlags::PHYSICAL).await
    })
    .await;
    assert_invalid_reply(read);
    let args = arguments::<remote::DomainMemoryPeek>(&calls[1]);
    assert_eq!((args.offset, args.size, args.flags.bits()), ((1 << 40) + (4 << 20), 10, 2));
}

#[tokio::test]
async fn nothing_is_sent_of_what_cannot_be_sent() {
    let (results, calls) = asked([], async |domain| {
        let period = Duration::from_secs(1 << 31);
        let live = MemoryModFlags::LIVE;
        let beyond = CpuMap::from(20_000..=20_000);
        [
            domain.set_memory_stats_period(Some(period), live).await,
            domain.set_memory_stats_period(Some(Duration::from_millis(1)), live).await,
            domain.pin_vcpu(0, &beyond).await,
            domain.pin_emulator(&beyond, ModificationImpact::LIVE).await,
            domain.block_peek("vda", u64::MAX, 2).await.map(drop),
        ]
    })
    .await;
    for result in results {
        assert!(matches!(result, Err(Error::InvalidArgument { .. })), "{result:?}");
    }
    assert!(calls.is_empty(), "{calls:?}");
}

#[tokio::test]
async fn addresses_of_kinds_yet_unknown() {
    let addr = |kind, addr: &'static str| remote::DomainIpAddr {
        r#type: kind,
        addr: addr.into(),
        prefix: 64,
    };
    let interface = remote::DomainInterface {
        name: "eth0".into(),
        hwaddr: None,
        addrs: vec![addr(1.into(), "fe80::1"), addr(5.into(), "x25:7")],
    };
    let ret = results(&remote::DomainInterfaceAddressesRet { ifaces: vec![interface] });
    let (interfaces, calls) = asked([ret], async |domain| {
        domain.interface_addresses(InterfaceAddressesSource::Arp).await.unwrap()
    })
    .await;
    assert_eq!(arguments::<remote::DomainInterfaceAddresses>(&calls[0]).source, 2.into());
    let interface = &interfaces[0];
    assert_eq!((interface.name.as_str(), &interface.mac), ("eth0", &None));
    assert_eq!((interface.addrs[0].kind, interface.addrs[0].prefix), (IpAddrType::Ipv6, 64));
    assert!(interface.addrs[0].ip().is_some_and(|ip| ip.is_ipv6()));
    assert_eq!((interface.addrs[1].kind, interface.addrs[1].ip()), (IpAddrType::Other(5), None));
}

#[tokio::test]
async fn secrets_for_guests_with_encrypted_memory() {
    let mut secret = LaunchSecret {
        header: "aGVhZGVy".to_owned(),
        secret: "c2VjcmV0".to_owned(),
        address: None,
    };
    let ((), calls) = asked([], async |domain| {
        domain.set_launch_security_state(&secret).await.unwrap();
        secret.address = Some(4096);
        domain.set_launch_security_state(&secret).await.unwrap();
    })
    .await;
    let names = |call| {
        let args = arguments::<remote::DomainSetLaunchSecurityState>(call);
        let names = args.params.iter().map(|param| param.field.to_string());
        names.collect::<Vec<_>>()
    };
    assert_eq!(names(&calls[0]), ["sev-secret-header", "sev-secret"]);
    assert_eq!(names(&calls[1])[2..], ["sev-secret-set-address"]);
}

#[tokio::test]
async fn an_announcement_names_its_interface_and_its_times() {
    let mut parameters = AnnounceInterfaceParameters::default();
    parameters.initial = Some(Duration::from_millis(20));
    parameters.max = Some(Duration::from_secs(u64::MAX));
    parameters.rounds = Some(3);
    let ((), calls) = asked([], async |domain| {
        let device = Some("vnet0");
        domain.announce_interface(device, &parameters).await.unwrap();
        let all = AnnounceInterfaceParameters::default();
        domain.announce_interface(None, &all).await.unwrap();
    })
    .await;
    let sent = arguments::<remote::DomainAnnounceInterface>(&calls[0]);
    assert_eq!((sent.device.as_deref(), sent.flags), (Some("vnet0"), 0));
    let params: Vec<_> = sent.params.iter().map(|p| (&*p.field, &p.value)).collect();
    // Daemons take these as 32 bits without a sign, and nothing else.
    let expected = [
        ("initial", &remote::TypedParamValue::Uint(20)),
        ("max", &remote::TypedParamValue::Uint(u32::MAX)),
        ("rounds", &remote::TypedParamValue::Uint(3)),
    ];
    assert_eq!(params, expected);
    let sent = arguments::<remote::DomainAnnounceInterface>(&calls[1]);
    assert_eq!((sent.device, sent.params.len()), (None, 0));
}

#[tokio::test]
async fn processors_can_be_asked_for_without_waiting_for_the_guest() {
    let flags = SetVcpuFlags::AFFECT_LIVE | SetVcpuFlags::ASYNC_UNPLUG;
    let (result, calls) =
        asked([], async |domain| domain.set_vcpu(&CpuMap::from(2..=3), false, flags).await).await;
    result.unwrap();
    let sent = arguments::<remote::DomainSetVcpu>(&calls[0]);
    assert_eq!((&*sent.cpumap, sent.state, sent.flags.bits()), ("2-3", 0, 5));
}
