//! What the agent in the guest does and tells.

use std::time::{Duration, SystemTime};

use libvirt_client::Error;
use libvirt_client::domain::{
    AgentTimeout, AuthorizedSshKeysSetFlags, CpuMap, CreateFlags, EventPmSuspendedDetailType,
    GetHostnameFlags, GuestInfoTypes, SetTimeFlags, SetUserPasswordFlags, State,
};
use libvirt_client::events::domain::{Change, Lifecycle};
use libvirt_client::params::ValueRef;
use libvirt_client::types::error::ErrorCode;
use libvirt_client::types::node::SuspendTarget;
use rig::guest::Guest;

use super::run_in_guest;
use crate::common::{boot, describe, discard, qemu, wait_for_agent, wait_for_state};

#[derive(serde::Deserialize)]
struct Info {
    hostname: String,
    os: Os,
}

#[derive(serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Os {
    kernel_release: String,
    machine: String,
}

#[tokio::test]
async fn the_agent_tells_of_the_guest_and_obeys() {
    let Some((daemon, conn)) = qemu().await else {
        return;
    };
    let name = "agent-tells";
    let adapt = |guest: Guest| guest.agent(true).vcpus(2, 2);
    let domain = boot(daemon, &conn, name, adapt).await.domain;
    wait_for_agent(daemon, name).await;

    // Identity.
    let hostname = domain.hostname(GetHostnameFlags::AGENT).await.unwrap();
    assert_eq!(hostname, "guest");
    let types = GuestInfoTypes::OS | GuestInfoTypes::HOSTNAME;
    let params = domain.guest_info(types).await.unwrap();
    let info: Info = params.deserialize().unwrap();
    assert_eq!((&*info.hostname, &*info.os.machine), ("guest", "x86_64"));
    let virsh = daemon.virsh(["guestinfo", name, "--os", "--hostname"]).unwrap();
    for (key, value) in &params {
        let ValueRef::String(value) = value else {
            panic!("{key} is {value:?}");
        };
        let line = virsh.lines().find(|line| line.starts_with(key)).unwrap();
        assert_eq!(line.split_once(':').unwrap().1.trim(), value);
    }
    assert!(virsh.contains(&info.os.kernel_release));

    // The clock.
    let then = SystemTime::UNIX_EPOCH + Duration::new(1_234_567_890, 500_000_000);
    domain.set_time(then, SetTimeFlags::empty()).await.unwrap();
    let now = domain.time().await.unwrap();
    assert!(now >= then, "{now:?}");
    let virsh = daemon.virsh(["domtime", name]).unwrap();
    let virsh = virsh.trim().strip_prefix("Time: ").unwrap();
    let later = SystemTime::UNIX_EPOCH + Duration::from_secs(virsh.parse().unwrap());
    let hour = Duration::from_secs(3600);
    assert!(later < then + hour && now < then + hour, "{later:?}, {now:?}");

    // Processors.
    let vcpus = domain.guest_vcpus().await.unwrap();
    assert_eq!(vcpus.vcpus, Some(CpuMap::from(0..2)));
    assert_eq!(vcpus.online, Some(CpuMap::from(0..2)));
    domain.set_guest_vcpus(&CpuMap::from(1..2), false).await.unwrap();
    let vcpus = domain.guest_vcpus().await.unwrap();
    assert_eq!(vcpus.online, Some(CpuMap::from(0..1)));

    // File systems: the guest has none that lies on a disk.
    assert_eq!(domain.fs_freeze(&[]).await.unwrap(), 0);
    assert_eq!(domain.fs_thaw(&[]).await.unwrap(), 0);
    assert_eq!(domain.fs_info().await.unwrap(), []);
    let trimmed = domain.fs_trim(Some("/nowhere"), 4096).await;
    assert!(trimmed.unwrap_err().is_unsupported());
    domain.fs_trim(None, 0).await.unwrap();

    // Nor does it have passwords.
    let flags = SetUserPasswordFlags::empty();
    let error = domain.set_user_password("root", "secret", flags).await;
    let error = error.unwrap_err();
    assert!(error.code().is_some(), "{error:?}");
    assert!(!format!("{error:?}").contains("secret"));

    // The keys of its users, of whom it has none yet.
    let user = "mkdir -p /etc /root; echo root:x:0:0::/root:/bin/sh > /etc/passwd";
    run_in_guest(daemon, &domain, user).await;
    let key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGVtcHR5IGVtcHR5IGVtcHR5IGVtcHR5IGVtcHR5IGVt me";
    let (keys, flags) = ([key], AuthorizedSshKeysSetFlags::empty());
    domain.authorized_ssh_keys_set("root", &keys, flags).await.unwrap();
    assert_eq!(domain.authorized_ssh_keys("root").await.unwrap(), keys);
    let nobody = domain.authorized_ssh_keys("nobody-here").await;
    assert!(matches!(nobody, Err(Error::Remote(_))), "{nobody:?}");

    // How long it may take.
    for timeout in [
        AgentTimeout::Seconds(60),
        AgentTimeout::NoWait,
        AgentTimeout::Default,
    ] {
        domain.agent_set_response_timeout(timeout).await.unwrap();
        // Without a wait, hardly anybody is fast enough.
        if let Err(error) = domain.time().await {
            assert!(error.is_agent_unavailable(), "{error}");
            assert_eq!(timeout, AgentTimeout::NoWait);
        }
    }

    // Sleep.
    let mut changes = conn.subscribe::<Lifecycle>(Some(&domain)).await.unwrap();
    let target = SuspendTarget::Mem;
    domain.pm_suspend_for_duration(target, None).await.unwrap();
    let change = changes.next().await.unwrap().unwrap().change;
    let expected = Change::PmSuspended(EventPmSuspendedDetailType::Memory);
    assert_eq!(change, expected);
    assert_eq!(domain.state().await.unwrap(), State::PmSuspended);
    domain.pm_wakeup().await.unwrap();
    wait_for_state(&domain, State::Running).await;
    discard(&domain).await;
}

#[tokio::test]
async fn a_guest_without_an_agent_says_so() {
    let Some((daemon, conn)) = qemu().await else {
        return;
    };
    let (xml, _) = describe(daemon, "agent-none", |guest| guest);
    let flags = CreateFlags::AUTODESTROY;
    let domain = conn.domain_create_xml(&xml, flags).await.unwrap();
    let errors = [
        domain.time().await.map(drop).unwrap_err(),
        domain.guest_vcpus().await.map(drop).unwrap_err(),
        domain.fs_info().await.map(drop).unwrap_err(),
    ];
    for error in errors {
        assert_eq!(error.code(), Some(ErrorCode::ArgumentUnsupported), "{error}");
        assert!(error.to_string().contains("agent"), "{error}");
    }
    discard(&domain).await;
}
