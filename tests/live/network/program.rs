//! The example `network`.

use std::process::Stdio;

use libvirt_client::Optional;
use rustix::process::{Pid, Signal, kill_process};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::Command;

use super::daemon;
use crate::common::{LIMIT, boot};
use crate::programs::{assert_fails, example};
use crate::shell::Shell;

#[tokio::test]
async fn it_makes_a_network_prints_its_leases_and_removes_it() {
    const NAME: &str = "networks-program";
    let Some((daemon, conn)) = daemon().await else {
        return;
    };
    let uri = daemon.uri();
    let guest = boot(daemon, &conn, NAME, |guest| guest.root_ports(9)).await;
    let mut program = Command::new(example("network").await);
    program
        .args([&uri, NAME, "192.168.86.0/28", "--attach", NAME])
        .stdout(Stdio::piped());
    let mut program = program.kill_on_drop(true).spawn().unwrap();
    let pid = Pid::from_raw(program.id().unwrap() as i32).unwrap();
    let mut lines = BufReader::new(program.stdout.take().unwrap()).lines();
    let mut next = async || {
        let line = tokio::time::timeout(LIMIT, lines.next_line()).await;
        line.unwrap().unwrap().unwrap()
    };
    let network_line = next().await;
    let network = conn.network_lookup_by_name(NAME).await.unwrap();
    let bridge = network.bridge_name().await.unwrap();
    assert_eq!(network_line, format!("{NAME} is active on {bridge}"));
    let xml = daemon.virsh(["net-dumpxml", NAME]).unwrap();
    assert!(xml.contains("<range start='192.168.86.2' end='192.168.86.14'/>"), "{xml}");

    assert_eq!(next().await, format!("{NAME} has a card there"));
    let mut shell = Shell::open(&guest.domain).await;
    // The guest sees it a moment later.
    let up = "until ip link set eth0 up 2>/dev/null; do usleep 10000; done";
    let said = shell
        .run(&format!("{up}; udhcpc -i eth0 -x hostname:web -T 1 -t 90 -n -q -s /bin/true"))
        .await;
    assert!(said.contains("lease of 192.168.86."), "{said}");
    let line = next().await;
    let [lease] = &network.dhcp_leases(None).await.unwrap()[..] else {
        panic!("no lease")
    };
    let time = humantime::format_rfc3339_seconds(lease.expires_at.unwrap());
    let mac = lease.mac.as_deref().unwrap();
    assert_eq!(line, format!("{mac} web has {}/28 until {time}, domain {NAME}", lease.addr));
    kill_process(pid, Signal::INT).unwrap();
    assert!(program.wait().await.unwrap().success());

    let run = async |args: &[&str]| {
        let output = Command::new(example("network").await).args(args).output();
        output.await.unwrap()
    };
    // It is there, and stays until it is removed.
    assert!(network.is_active().await.unwrap());
    assert_fails(&run(&[&uri, NAME, "192.168.87.0/24"]).await, "already exists");
    guest.domain.destroy().await.unwrap();
    network.destroy().await.unwrap();
    let output = run(&[&uri, NAME, "--seconds", "0"]).await;
    assert!(output.status.success(), "{output:?}");
    assert_eq!(String::from_utf8(output.stdout).unwrap(), format!("{network_line}\n"));
    assert!(network.is_active().await.unwrap());
    let output = run(&[&uri, NAME, "--clean"]).await;
    assert!(output.status.success() && output.stdout.is_empty(), "{output:?}");
    let found = conn.network_lookup_by_uuid(network.uuid()).await;
    assert_eq!(found.optional().unwrap(), None);
}

#[tokio::test]
async fn it_says_what_is_wrong() {
    let Some((daemon, conn)) = daemon().await else {
        return;
    };
    let uri = daemon.uri();
    for (args, reason) in [
        (&[][..], "usage: network"),
        (&["networks-wrong", "192.168.86.0/28", "--minutes"], "usage: network"),
        (&["networks-wrong", "--attach", "nobody"], "nobody"),
        (&["networks-wrong", "--attach"], "usage: network"),
        (&["networks-wrong", "192.168.86.0"], "no subnet"),
        (&["networks-wrong", "192.168.86.0/30"], "from 8 to 29"),
        (&["networks-wrong", "192.168.86.1/24"], "within a subnet"),
        (&["networks-wrong", "--seconds", "soon"], "no number of seconds"),
        (&["networks-wrong", "--clean"], "networks-wrong"),
        (&["networks-wrong"], "networks-wrong"),
        // The loopback addresses are taken.
        (&["networks-wrong", "127.0.0.0/8"], "127.0.0"),
    ] {
        let args = [&[&*uri], args].concat();
        let args = if args.last() == Some(&"n") {
            &args[..1]
        } else {
            &args[..]
        };
        let output = Command::new(example("network").await).args(args).output();
        assert_fails(&output.await.unwrap(), reason);
    }
    let left = conn.network_lookup_by_name("networks-wrong").await;
    assert_eq!(left.optional().unwrap(), None);
}
