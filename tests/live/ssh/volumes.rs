//! Volumes over ways that take nothing from one side while they cannot get rid of what the other sent.

use std::fs;

use libvirt_client::Connect;

use super::Host;
use crate::common::GUESTS;
use crate::streams::{Noise, Pool, copy_on_one_connection};

const SIZE: usize = 48 << 20;

async fn copy(host: &Host, name: &'static str, uri: &str) {
    let conn = Connect::open(uri).await.unwrap();
    let pool = Pool::new(host.daemon, name);
    let from = pool.volume(&conn, "from", SIZE as u64).await;
    let to = pool.volume(&conn, "to", SIZE as u64).await;
    let data = Noise::new(10).bytes(SIZE);
    fs::write(pool.dir.join("from"), &data).unwrap();
    copy_on_one_connection(&from, &to).await;
    assert!(pool.content("to") == data);
    conn.close().await;
}

fn host() -> Option<Host> {
    if !rig::available(GUESTS).unwrap() || !rig::available(super::NEEDS).unwrap() {
        return None;
    }
    Some(Host::of(rig::shared::qemu().unwrap(), |server| server))
}

#[tokio::test]
async fn by_netcat() {
    let Some(host) = host() else { return };
    let uri = host.socket_uri().replace("test+", "qemu+");
    let uri = uri.replace("/default?", "/system?proxy=netcat&");
    copy(&host, "ssh-volumes-netcat", &uri).await;
}

#[cfg(feature = "ssh-native")]
#[tokio::test]
async fn by_ssh_inside_the_process() {
    let Some(host) = host() else { return };
    let uri = host.key_uri("").replace("test+", "qemu+");
    let uri = uri.replace("/default?", "/system?");
    copy(&host, "ssh-volumes-native", &uri).await;
}
