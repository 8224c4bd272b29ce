//! A client that nobody here wrote: virsh, with a daemon at the other end and with ours.

use std::path::Path;
use std::process::Stdio;

use libvirt_client::Connect;
use rig::{Daemon, Need};
use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;

use super::serve;

/// One session, whose whole output is compared.
const SESSION: &str = "
list --all
domstate test --reason
dominfo test
suspend test
list --all
resume test
shutdown test
start test
destroy test
list --all --name
start test
dumpxml test
dumpxml test --inactive
define FILE
list --all
start web
domstats test
domstats web --state
setmem web 32M --live
setvcpus web 1 --config
vcpucount web
dommemstat test
vcpuinfo test
managedsave web
list --all --with-managed-save
start web
snapshot-create-as web one --description first
snapshot-create-as web two
snapshot-list web --tree
snapshot-current web --name
snapshot-parent web two
snapshot-info web one
snapshot-revert web one
snapshot-delete web one
snapshot-list web --name
snapshot-delete web two
autostart web
list --all --autostart
domrename web other
destroy web
domrename web other
undefine other
domtime test
memtune test
memtune test --hard-limit 100000 --swap-hard-limit 200000
memtune test --hard-limit 300000
memtune test --config
dumpxml test
domiftune test testnet0
domiftune test testnet0 --inbound 100,200,300 --outbound 50
domiftune test testnet0
domiftune test none
blkdeviotune test vda
blkdeviotune test vda --total-bytes-sec 1000 --total-bytes-sec-max 2000
blkdeviotune test vda --read-bytes-sec 1000
blkdeviotune test vda --total-bytes-sec 9000
blkdeviotune test none
blkdeviotune test vda
schedinfo test
vcpupin test
vcpupin test 0 1-3,5
vcpupin test 9 1
vcpupin test
emulatorpin test
emulatorpin test 0-1
emulatorpin test
dumpxml test
screenshot test SHOT
net-list --all
net-dumpxml default
net-info default
net-autostart default
net-destroy default
net-start default
pool-list --all
pool-info default-pool
vol-create-as default-pool disk 10M
vol-list default-pool
vol-dumpxml disk --pool default-pool
vol-info disk --pool default-pool
vol-path disk --pool default-pool
vol-upload disk FILE --pool default-pool
vol-download disk SHOT --pool default-pool
vol-delete disk --pool default-pool
pool-refresh default-pool
iface-list --all
iface-dumpxml eth1
nodeinfo
freecell --all
maxvcpus
cpu-stats test
capabilities
sysinfo
version
console test
migrate test qemu+ssh://nowhere.invalid/system
undefine none
";

#[tokio::test]
async fn virsh_cannot_tell_the_difference() {
    if !rig::available(&[Need::Daemon, Need::Virsh]).unwrap() {
        return;
    }
    let daemon = tokio::task::spawn_blocking(|| Daemon::builder().test_driver().start().unwrap());
    let daemon = daemon.await.unwrap();
    let dir = tempfile::tempdir().unwrap();
    let socket = dir.path().join("socket");
    let serving = serve(&socket);
    // A daemon forgets what its test driver has when the last connection is closed.
    let kept = Connect::open(&daemon.test_uri()).await.unwrap();
    let theirs = session(&daemon.test_uri(), dir.path()).await;
    kept.close().await;
    let uri = format!("test+unix:///default?socket={}", socket.display());
    let ours = session(&uri, dir.path()).await;
    serving.abort();
    let differing: Vec<_> = theirs.iter().zip(&ours).filter(|(real, our)| real != our).collect();
    for (real, our) in &differing {
        eprintln!("== real\n{real}\n== ours\n{our}");
    }
    assert_eq!(theirs.len(), ours.len());
    assert!(differing.is_empty(), "{} of {} differ", differing.len(), ours.len());
}

/// Returns what virsh said to each command.
async fn session(uri: &str, dir: &Path) -> Vec<String> {
    let file = dir.join("web.xml");
    let xml = super::domains::full("web", 1);
    tokio::fs::write(&file, xml).await.unwrap();
    let script = SESSION.replace("FILE", file.to_str().unwrap());
    let script = script.replace("SHOT", dir.join("shot").to_str().unwrap());
    let mut seen = Vec::new();
    for command in script.lines().filter(|line| !line.is_empty()) {
        let mut virsh = Command::new("virsh");
        virsh.args(["--connect", uri]).args(command.split(' ')).env("LC_ALL", "C");
        virsh
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        let mut child = virsh.spawn().unwrap();
        let mut input = child.stdin.take().unwrap();
        input.shutdown().await.unwrap();
        drop(input);
        let output = tokio::time::timeout(super::LIMIT, child.wait_with_output());
        let output = output.await.unwrap().unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let (out, err) = (text(&output.stdout), text(&output.stderr));
        seen.push(format!("$ virsh {command}\n{}{}", settled(&out), settled(&err)));
    }
    seen
}

/// The text without what differs between two runs on one host.
fn settled(text: &str) -> String {
    let is_time = |line: &&str| {
        ["<creationTime>", "CPU time:", "Creation Time:"]
            .iter()
            .any(|part| line.contains(part))
    };
    // Newer releases than the installed one say more of the host's processors.
    let text = text.replace(" cluster_id='0'", "");
    let lines = text.lines().filter(|line| !is_time(line));
    lines.map(|line| format!("{}\n", line.trim_end())).collect()
}
