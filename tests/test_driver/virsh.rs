//! A client that nobody here wrote: virsh, with a daemon at the other end and with ours.

use std::collections::BTreeMap;
use std::process::Stdio;

use rig::Need;

use super::clients::{Both, said};
use super::differences;
use super::transcript::Transcript;

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
vcpuinfo test
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
domid test
domname 6695eb01-f6a4-8304-79aa-97f2502e193f
domuuid test
domid none
desc test A description
desc test
desc test --title A title
metadata test urn:x --key x --set <y/>
metadata test urn:x
metadata test urn:none
domblklist test
domblkinfo test vda
domblkstat test none
domblkerror test
domiflist test
domif-getlink test testnet0
domifaddr test
domjobinfo test
domfsinfo test
domfsfreeze test
domfsthaw test
domfsthaw test
domhostname test
domcontrol test
domdisplay test
domsetvcpus test 1
setvcpu test 0 --enable
guestvcpus test
set-lifecycle-action test poweroff restart
set-user-password test user password
send-key test KEY_A
send-process-signal test 1 sigterm
inject-nmi test
dump test SHOT
dumpxml test --migratable
dumpxml test --xpath //name
save test SHOT
save-image-dumpxml SHOT
restore SHOT
reboot test
reset test
attach-disk test /other.img vdb
attach-interface test network default
domblklist test
domiflist test
detach-disk test vdb
checkpoint-create-as test monday
checkpoint-create-as test tuesday
checkpoint-list test --tree
checkpoint-info test tuesday
checkpoint-parent test tuesday
checkpoint-dumpxml test monday
checkpoint-delete test monday --children
checkpoint-list test
snapshot-create-as test hot
snapshot-dumpxml test hot
snapshot-current none
event --list
event test --event lifecycle --timeout 1
net-event --list
pool-event --list
nodedev-event --list
net-list --all --uuid
net-uuid default
net-update default add ip-dhcp-host <host mac='52:54:00:00:00:01' ip='192.168.122.9'/>
net-dhcp-leases default
net-port-list default
net-metadata default urn:x
net-desc default
net-undefine default
pool-define-as images dir --target /images
pool-build images
pool-start images
pool-autostart images
pool-list --all --details
vol-create-as images one 1M --format raw
vol-clone one two --pool images
vol-resize one 2M --pool images
vol-list images --details
vol-key one --pool images
vol-pool one --pool images
vol-wipe one --pool images
vol-delete one --pool images
pool-delete images
pool-destroy images
pool-delete images
pool-undefine images
pool-capabilities
find-storage-pool-sources netfs
iface-list
iface-mac eth1
iface-name aa:bb:cc:dd:ee:ff
iface-begin
iface-destroy eth1
iface-rollback
iface-commit
nodedev-list
nodedev-list --tree
nodedev-list --cap scsi_host
nodedev-info computer
nodedev-dumpxml scsi_host1
nodedev-destroy computer
nodedev-autostart computer
nwfilter-list
nwfilter-binding-list
secret-list
secret-define FILE
hostname
uri
nodecpumap
nodecpustats
nodememstats
node-memory-tune
node-suspend mem 60
domcapabilities
domxml-from-native none FILE
hypervisor-cpu-compare FILE
cpu-models i686
pool-info none
vol-info none --pool none
net-info none
iface-mac none
console test
migrate test qemu+ssh://nowhere.invalid/system
undefine none
";

#[tokio::test]
async fn virsh_cannot_tell_the_difference() {
    if !rig::available(&[Need::Daemon, Need::Virsh]).unwrap() {
        return;
    }
    let both = Both::start().await;
    let [theirs, ours] = both.uris();
    let (theirs, ours) = (session(&both, &theirs).await, session(&both, &ours).await);
    differences::assert_known("virsh", both.release, &theirs, &ours);
}

/// Returns what the virsh of the daemon's release said to each command.
async fn session(both: &Both, uri: &str) -> Transcript {
    let dir = both.daemon.scratch();
    let file = dir.join("web.xml");
    let xml = super::domains::full("web", 1);
    tokio::fs::write(&file, xml).await.unwrap();
    let files = [("FILE", file), ("SHOT", dir.join("shot"))];
    let mut seen = Transcript::default();
    let mut times: BTreeMap<&str, u32> = BTreeMap::new();
    for command in SESSION.lines().filter(|line| !line.is_empty()) {
        let mut arguments: Vec<&str> = command.split(' ').collect();
        for argument in &mut arguments {
            if let Some((_, file)) = files.iter().find(|(name, _)| name == argument) {
                *argument = file.to_str().unwrap();
            }
        }
        let mut virsh = both.command("virsh");
        virsh.args(["--connect", uri]).args(arguments).stdin(Stdio::null());
        let said = said(virsh.spawn().unwrap()).await;
        let text = both.without_sockets(&(settled(&said.out) + &settled(&said.err)));
        let times = times.entry(command).or_default();
        *times += 1;
        let label = match times {
            1 => command.to_owned(),
            _ => format!("{command} ({times})"),
        };
        seen.add(&label, text);
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
