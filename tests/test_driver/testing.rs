//! What tests of other programs can do to a host.

use std::future::poll_fn;
use std::task::Poll;
use std::time::Duration;

use libvirt_client::connect::ListAllDomainsFlags;
use libvirt_client::domain::{BlockJobType, State, XmlFlags};
use libvirt_client::events::EventError;
use libvirt_client::events::domain::{Change, Lifecycle};
use libvirt_client::protocol::remote;
use libvirt_client::testing::TestHost;
use libvirt_client::types::domain::{EventStartedDetailType, EventStoppedDetailType, PausedReason};
use libvirt_client::types::error::ErrorCode;
use libvirt_client::{Backoff, Connect, Error};
use tokio::time::{Instant, timeout};

const WEB: &str = "<domain type='test'>
  <name>web</name>
  <memory unit='KiB'>65536</memory>
  <os><type>hvm</type></os>
</domain>";

fn host() -> TestHost {
    TestHost::builder().domain(WEB).build().unwrap()
}

#[tokio::test]
async fn guests_live_and_die() {
    let host = host();
    let conn = host.connect().await.unwrap();
    let web = conn.domain_lookup_by_name("web").await.unwrap();
    assert_eq!(web.state().await.unwrap().state, State::Shutoff);
    let mut events = conn.subscribe::<Lifecycle>(None).await.unwrap();
    web.create().await.unwrap();
    let change = events.next().await.unwrap().unwrap().change;
    assert_eq!(change, Change::Started(EventStartedDetailType::Booted));
    host.domain("web").unwrap().crash();
    let change = events.next().await.unwrap().unwrap().change;
    assert_eq!(change, Change::Stopped(EventStoppedDetailType::Failed));
    assert!(!web.is_active().await.unwrap());
    assert!(host.domain("none").is_none());
}

#[tokio::test]
async fn hosts_share_nothing() {
    let (one, other) = (host(), host());
    let conn = one.connect().await.unwrap();
    conn.domain_lookup_by_name("web").await.unwrap().create().await.unwrap();
    let web = other.connect().await.unwrap().domain_lookup_by_name("web").await.unwrap();
    assert!(!web.is_active().await.unwrap());
    let uri = one.uri().to_owned();
    let again = Connect::open(&uri).await.unwrap();
    assert!(again.domain_lookup_by_name("web").await.unwrap().is_active().await.unwrap());
    drop((one, conn, again));
    Connect::open(&uri).await.unwrap_err();
}

#[tokio::test]
async fn connections_are_equal_to_themselves_alone() {
    let host = host();
    let conn = host.connect().await.unwrap();
    assert_eq!(conn, conn.without_timeout());
    assert_eq!(conn.raw().call(remote::NodeGetInfo).await.unwrap().decode().unwrap().cpus, 16);
    let other = host.connect().await.unwrap();
    assert_ne!(conn, other);
    let web = conn.domain_lookup_by_name("web").await.unwrap();
    assert_eq!(web.connect(), &conn);
    assert_eq!(web, web.via(&conn.with_timeout(Duration::from_secs(1))));
    assert_ne!(web, web.via(&other));
}

#[tokio::test]
async fn what_is_planned_later_for_all_calls_takes_the_place_of_the_former() {
    let host = host();
    let conn = host.connect().await.unwrap();
    let name = async || match conn.hostname().await {
        Ok(name) => name,
        Err(error) => format!("{:?}", error.code().unwrap()),
    };
    let answer = |name: &'static str| {
        let reply = remote::ConnectGetHostnameRet { hostname: name.into() };
        let calls = host.calls_to("virConnectGetHostname").unwrap().always();
        calls.answer::<remote::ConnectGetHostname>(&reply).unwrap();
    };
    answer("one");
    assert_eq!(name().await, "one");
    answer("two");
    host.calls_to("virConnectGetHostname")
        .unwrap()
        .fail(ErrorCode::NoHostname, "none");
    assert_eq!(name().await, "NoHostname");
    assert_eq!(name().await, "two");
    assert_eq!(name().await, "two");
}

/// It is stopped at each of the moments at which a client waits for something while it opens.
#[tokio::test]
async fn a_client_that_is_about_to_be_served_is_not_served_by_a_host_that_was_stopped() {
    let limit = Duration::from_secs(30);
    for turns in 1.. {
        let host = host();
        let mut opening = Box::pin(Connect::open(host.uri()));
        let mut turn = 0;
        let until_then = poll_fn(|cx| {
            turn += 1;
            match opening.as_mut().poll(cx) {
                Poll::Ready(result) => Poll::Ready(Some(result)),
                Poll::Pending if turn == turns => Poll::Ready(None),
                Poll::Pending => Poll::Pending,
            }
        });
        let opened = timeout(limit, until_then).await.unwrap();
        let is_open = opened.is_some();
        host.stop();
        let result = match opened {
            Some(result) => result,
            None => timeout(limit, opening).await.unwrap(),
        };
        match result {
            Ok(conn) => drop(timeout(limit, conn.closed()).await.expect("it is still served")),
            Err(error) => assert!(error.is_transient(), "{error:?}"),
        }
        host.start();
        Connect::open(host.uri()).await.unwrap();
        if is_open {
            break;
        }
    }
}

#[tokio::test]
async fn hosts_are_read_from_files() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("host.xml");
    std::fs::write(&file, format!("<node><cpu><mhz>7</mhz></cpu>{WEB}</node>")).unwrap();
    let uri = format!("test://{}", file.display());
    let conn = Connect::open(&uri).await.unwrap();
    assert_eq!(conn.node_info().await.unwrap().mhz, Some(7));
    let web = conn.domain_lookup_by_name("web").await.unwrap();
    web.destroy().await.unwrap();
    // Each connection has a host of its own.
    let other = Connect::open(&uri).await.unwrap();
    let web = other.domain_lookup_by_name("web").await.unwrap();
    assert!(web.is_active().await.unwrap());
}

#[tokio::test]
async fn files_say_who_may_open_a_host() {
    let dir = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let file = dir.path().join(name);
        std::fs::write(&file, text).unwrap();
        file.display().to_string()
    };
    let users = "<user password='secret'>a</user><user>b</user>";
    let uri =
        format!("test://{}", write("host.xml", &format!("<node><auth>{users}</auth></node>")));
    let code = |opened: libvirt_client::Result<Connect>| opened.unwrap_err().code();
    for (user, password, is_right) in [
        ("a", "secret", true),
        ("a", "wrong", false),
        ("a", "", false),
        ("b", "whatever", true),
        ("c", "secret", false),
    ] {
        let login = Connect::builder(&uri).login(user, password).open().await;
        let asked = std::sync::Mutex::new(Vec::new());
        let asked = std::sync::Arc::new(asked);
        let seen = std::sync::Arc::clone(&asked);
        let callback = Connect::builder(&uri).credentials(move |request| {
            seen.lock().unwrap().push((request.host.clone(), request.user.clone()));
            let answer = if request.is_secret() { password } else { user };
            std::future::ready(Some(answer.into()))
        });
        let callback = callback.open().await;
        let section = format!("[credentials-c]\nusername={user}\npassword={password}\n");
        let section = format!("{section}[auth-test-localhost]\ncredentials=c\n");
        let auth_file = write("auth.conf", &section);
        let file = Connect::open(&format!("{uri}?authfile={auth_file}")).await;
        for opened in [login, callback, file] {
            if is_right {
                opened.unwrap();
            } else {
                assert_eq!(code(opened), Some(ErrorCode::AuthFailed), "{user} {password}");
            }
        }
        // Who needs no password is not asked for one.
        let count = if user == "b" { 1 } else { 2 };
        let asked = asked.lock().unwrap().clone();
        let all = [
            ("localhost".to_owned(), None),
            ("localhost".to_owned(), Some(user.to_owned())),
        ];
        assert_eq!(asked, all[..count]);
    }
    assert_eq!(code(Connect::open(&uri).await), Some(ErrorCode::InvalidArg));
    let declined = Connect::builder(&uri).credentials(|_| std::future::ready(None)).open().await;
    assert_eq!(code(declined), Some(ErrorCode::AuthFailed));
}

#[tokio::test]
async fn a_call_fails_when_it_is_told_to() {
    let host = host();
    let conn = host.connect().await.unwrap();
    let web = conn.domain_lookup_by_name("web").await.unwrap();
    let creating = host.calls_to("virDomainCreate").unwrap();
    creating.after(1).times(2).fail(ErrorCode::OperationInvalid, "no");
    web.create().await.unwrap();
    web.destroy().await.unwrap();
    for _ in 0..2 {
        let error = web.create().await.unwrap_err();
        assert_eq!(error.code(), Some(ErrorCode::OperationInvalid));
        assert_eq!(error.to_string(), "virDomainCreate: Requested operation is not valid: no");
    }
    web.create().await.unwrap();
    host.calls_to("virDomainSuspend").unwrap().always().be_unknown();
    assert!(web.suspend().await.unwrap_err().is_unsupported());
    host.forget_faults();
    web.suspend().await.unwrap();
    assert!(host.calls_to("virDomainSuspendd").is_err());
}

#[tokio::test]
async fn calls_are_answered_without_the_driver() {
    let host = host();
    let conn = host.connect().await.unwrap();
    let web = conn.domain_lookup_by_name("web").await.unwrap();
    assert!(web.block_job_info("vda").await.unwrap_err().is_unsupported());
    let copying = remote::DomainGetBlockJobInfoRet {
        found: 1,
        r#type: BlockJobType::Copy.into(),
        bandwidth: 0,
        cur: 1,
        end: 4,
    };
    let none = remote::DomainGetBlockJobInfoRet { found: 0, cur: 0, end: 0, ..copying };
    let asking = || host.calls_to("virDomainGetBlockJobInfo").unwrap();
    asking().times(2).answer::<remote::DomainGetBlockJobInfo>(&copying).unwrap();
    asking().after(2).answer::<remote::DomainGetBlockJobInfo>(&none).unwrap();
    for _ in 0..2 {
        let job = web.block_job_info("vda").await.unwrap().unwrap();
        assert_eq!((job.kind, job.current, job.end), (BlockJobType::Copy, 1, 4));
    }
    assert_eq!(web.block_job_info("vda").await.unwrap(), None);
    assert!(web.block_job_info("vda").await.unwrap_err().is_unsupported());

    // A reply of another procedure is none.
    let wrong = asking().answer::<remote::DomainIsActive>(&remote::DomainIsActiveRet { active: 1 });
    assert_eq!(
        wrong.unwrap_err().to_string(),
        "a reply of virDomainIsActive answers no call of virDomainGetBlockJobInfo"
    );
    // Something that has no results, and is not done.
    host.calls_to("virDomainCreate").unwrap().succeed();
    web.create().await.unwrap();
    assert!(!web.is_active().await.unwrap());
}

#[tokio::test(start_paused = true)]
async fn late_answers_and_none() {
    let host = host();
    let conn = host.connect().await.unwrap();
    let web = conn.domain_lookup_by_name("web").await.unwrap();
    let begin = Instant::now();
    let hour = Duration::from_secs(3600);
    host.calls_to("virDomainGetState").unwrap().delay(hour);
    let state = web.via(&conn.without_timeout()).state().await.unwrap();
    assert_eq!(state.state, State::Shutoff);
    assert!(begin.elapsed() >= hour);

    host.calls_to("virDomainCreate").unwrap().hang();
    let minute = Duration::from_secs(60);
    let error = web.with_timeout(minute).create().await.unwrap_err();
    assert!(matches!(error, Error::Timeout { .. }), "{error}");
    assert!(!web.is_active().await.unwrap());

    host.calls_to("virDomainCreate").unwrap().delay(hour);
    let error = web.with_timeout(minute).create().await.unwrap_err();
    assert!(error.is_outcome_unknown(), "{error}");
    assert!(web.is_active().await.unwrap());
}

#[tokio::test]
async fn connections_are_cut_around_a_call() {
    let host = host();
    for (is_done, state) in [(false, State::Shutoff), (true, State::Running)] {
        let conn = host.connect().await.unwrap();
        let web = conn.domain_lookup_by_name("web").await.unwrap();
        let creating = host.calls_to("virDomainCreate").unwrap();
        if is_done {
            creating.cut_after();
        } else {
            creating.cut_before();
        }
        let error = web.create().await.unwrap_err();
        assert!(error.is_outcome_unknown(), "{error}");
        let conn = conn.reopen().await.unwrap();
        assert_eq!(web.via(&conn).state().await.unwrap().state, state);
    }
}

#[tokio::test(start_paused = true)]
async fn a_host_goes_and_comes_back() {
    let host = host();
    let reconnect = Connect::builder(host.uri()).reconnecting(Backoff::default()).unwrap();
    let mut events = reconnect
        .subscribe(async |conn| conn.subscribe::<Lifecycle>(None).await)
        .await
        .unwrap();
    let conn = reconnect.connect().await.unwrap();
    host.stop();
    conn.closed().await;
    let error = Connect::open(host.uri()).await.unwrap_err();
    assert!(matches!(error, Error::Connect { .. }), "{error}");
    let text =
        format!("cannot connect to {}: the host within this process was stopped", host.uri());
    assert_eq!(error.to_string(), text);
    host.start();
    let gap = timeout(Duration::from_secs(600), async {
        loop {
            match events.next().await.unwrap() {
                Err(EventError::Gap { .. }) => return,
                Err(EventError::Delayed) => {}
                other => panic!("{other:?}"),
            }
        }
    });
    gap.await.unwrap();
    host.domain("web").unwrap().pause(PausedReason::IoError);
    let conn = reconnect.connect().await.unwrap();
    conn.domain_lookup_by_name("web").await.unwrap().create().await.unwrap();
    host.domain("web").unwrap().pause(PausedReason::IoError);
    for wanted in ["Started", "Suspended(IoError)"] {
        let change = events.next().await.unwrap().unwrap().change;
        assert!(format!("{change:?}").starts_with(wanted), "{change:?}");
    }
}

#[tokio::test]
async fn a_host_that_is_down_serves_nobody() {
    let host = host();
    let open = async || {
        let (client, server) = tokio::io::duplex(1024);
        let host = host.clone();
        tokio::spawn(async move { host.serve(server).await });
        Connect::builder("test:///default").open_over(client).await
    };
    host.stop();
    let error = open().await.unwrap_err();
    assert!(matches!(error.cause(), Error::Closed { .. }), "{error:#?}");
    host.start();
    open().await.unwrap().domain_lookup_by_name("web").await.unwrap();
}

#[tokio::test]
async fn events_are_held_reversed_doubled_and_lost() {
    let host = host();
    let conn = host.connect().await.unwrap();
    let web = conn.domain_lookup_by_name("web").await.unwrap();
    let mut events = conn.subscribe::<Lifecycle>(None).await.unwrap();
    let is_start = |change| matches!(change, Change::Started(_));

    host.hold_events();
    web.create().await.unwrap();
    web.destroy().await.unwrap();
    host.release_events_reversed();
    let mut seen = Vec::new();
    for _ in 0..2 {
        seen.push(is_start(events.next().await.unwrap().unwrap().change));
    }
    assert_eq!(seen, [false, true]);

    host.hold_events();
    web.create().await.unwrap();
    host.lose_events();
    host.double_events(true);
    web.destroy().await.unwrap();
    host.double_events(false);
    web.create().await.unwrap();
    let mut seen = Vec::new();
    for _ in 0..3 {
        seen.push(is_start(events.next().await.unwrap().unwrap().change));
    }
    assert_eq!(seen, [false, false, true]);
}

#[tokio::test]
async fn what_was_called_is_known() {
    let host = host();
    let conn = host.connect().await.unwrap();
    conn.list_all_domains(ListAllDomainsFlags::ACTIVE).await.unwrap();
    conn.domain_lookup_by_name("web").await.unwrap();
    let calls = host.calls();
    let functions: Vec<_> = calls.iter().map(|call| call.function).collect();
    assert_eq!(functions, ["virConnectListAllDomains", "virDomainLookupByName"]);
    let arguments = calls[1].arguments::<remote::DomainLookupByName<'static>>().unwrap().unwrap();
    assert_eq!(arguments.name, "web");
    assert!(calls[1].arguments::<remote::DomainCreate<'static>>().is_none());
    assert!(host.calls().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_daemon_that_works_on_one_request_at_a_time() {
    let host = TestHost::builder().domain(WEB).max_client_requests(1).build().unwrap();
    let builder = Connect::builder(host.uri()).max_client_requests(1);
    let conn = builder.open().await.unwrap();
    let web = conn.domain_lookup_by_name("web").await.unwrap();
    let begin = Instant::now();
    host.calls_to("virDomainGetXMLDesc").unwrap().delay(Duration::from_secs(10));
    let (xml, state) = tokio::join!(web.xml_desc(XmlFlags::empty()), web.state());
    xml.unwrap();
    state.unwrap();
    assert!(begin.elapsed() >= Duration::from_secs(10));
}

#[tokio::test]
async fn readers_change_nothing() {
    let host = host();
    let conn = Connect::builder(host.uri()).read_only(true).open().await.unwrap();
    let web = conn.domain_lookup_by_name("web").await.unwrap();
    let error = web.create().await.unwrap_err();
    assert!(error.is_permission_denied(), "{error}");
    assert!(!web.is_active().await.unwrap());
}

#[test]
fn bad_definitions_are_refused() {
    for (xml, reason) in [("<domain", "domain"), ("<domain type='test'/>", "name")] {
        let error = TestHost::builder().domain(xml).build().unwrap_err();
        assert!(error.to_string().contains(reason), "{error}");
    }
}

#[tokio::test]
async fn nothing_is_told_after_a_cut() {
    for _ in 0..50 {
        let host = host();
        let conn = host.connect().await.unwrap();
        conn.domain_lookup_by_name("web").await.unwrap().create().await.unwrap();
        let mut events = conn.subscribe::<Lifecycle>(None).await.unwrap();
        host.cut();
        host.domain("web").unwrap().crash();
        let next = events.next().await.unwrap();
        assert!(matches!(next, Err(EventError::Closed(_))), "{next:?}");
    }
}

/// The clients of a host keep it alive.
#[tokio::test(start_paused = true)]
async fn a_client_that_goes_while_its_calls_hang_is_noticed() {
    let host = TestHost::builder().domain(WEB).max_client_requests(1).build().unwrap();
    let uri = host.uri().to_owned();
    let conn = host.connect().await.unwrap().with_timeout(Duration::from_secs(1));
    let web = conn.domain_lookup_by_name("web").await.unwrap();
    host.calls_to("virDomainGetState").unwrap().always().hang();
    web.state().await.unwrap_err();
    drop((host, conn, web));
    let gone = async {
        while Connect::open(&uri).await.is_ok() {
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    };
    timeout(Duration::from_secs(600), gone).await.unwrap();
}

/// What waits for a client that reads nothing does not grow without bound.
#[tokio::test]
async fn a_client_that_reads_nothing_is_cut_off() {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    let host = TestHost::new();
    let (mut client, server) = tokio::io::duplex(1024);
    let serving = tokio::spawn({
        let host = host.clone();
        async move { host.serve(server).await }
    });
    // ConnectOpen, then ConnectGetCapabilities, whose replies nobody reads.
    let message = |procedure: u32, serial: u32, payload: &[u32]| -> Vec<u8> {
        let length = 28 + 4 * payload.len() as u32;
        let words = [length, 0x2000_8086, 1, procedure, 0, serial, 0];
        words.iter().chain(payload).flat_map(|word| word.to_be_bytes()).collect()
    };
    client.write_all(&message(1, 0, &[0, 0])).await.unwrap();
    let mut serial = 1;
    let sending = async {
        while client.write_all(&message(7, serial, &[])).await.is_ok() {
            serial += 1;
        }
    };
    timeout(Duration::from_secs(120), sending).await.unwrap();
    serving.await.unwrap();
    let mut rest = Vec::new();
    let read = client.read_to_end(&mut rest).await.unwrap();
    assert!(read <= 1024, "{read}");
}

#[tokio::test]
async fn a_subscription_is_refused() {
    let host = host();
    let conn = host.connect().await.unwrap();
    let calls = host.calls_to("ConnectDomainEventCallbackRegisterAny").unwrap();
    calls.fail(ErrorCode::OperationDenied, "no events today");
    let error = conn.subscribe::<Lifecycle>(None).await.unwrap_err();
    assert_eq!(error.code(), Some(ErrorCode::OperationDenied));
    conn.subscribe::<Lifecycle>(None).await.unwrap();
}

#[cfg(feature = "qemu")]
#[tokio::test]
async fn an_agent_answers() {
    use libvirt_client::domain::AgentTimeout;

    let host = host();
    let conn = host.connect().await.unwrap();
    let web = conn.domain_lookup_by_name("web").await.unwrap();
    web.create().await.unwrap();
    let ping = r#"{"execute":"guest-ping"}"#;
    let error = web.qemu_agent_command(ping, AgentTimeout::Default).await.unwrap_err();
    assert_eq!(error.code(), Some(ErrorCode::AgentUnresponsive));
    host.domain("web").unwrap().answer_agent(|command| format!("heard {command}"));
    let answer = web.qemu_agent_command(ping, AgentTimeout::Default).await.unwrap();
    assert_eq!(answer, Some(format!("heard {ping}")));

    // It may do something to the guest, too.
    let same = host.clone();
    host.domain("web").unwrap().answer_agent(move |_| {
        same.domain("web").unwrap().shut_down();
        "{}".to_owned()
    });
    let answer = web.qemu_agent_command(ping, AgentTimeout::Default).await.unwrap();
    assert_eq!(answer.as_deref(), Some("{}"));
    assert!(!web.is_active().await.unwrap());
}
