//! Several messages at a time: a daemon does not look at what its TLS library has already decrypted.

use std::fs;
use std::time::Duration;

use libvirt_client::Connect;
use rig::certificates::{Authority, Leaf, ServerFiles, client_dir};
use rig::{Daemon, Need};

use super::serve;
use crate::streams::{Noise, Pool, copy_on_one_connection};

#[tokio::test]
async fn calls_that_are_made_together_do_not_wait_for_the_next_keepalive() {
    let Some(served) = serve(&Leaf::server(), |builder| builder) else {
        return;
    };
    let conn = Connect::builder(&served.good_uri(""))
        // What would come by chance some time later.
        .keepalive(Duration::ZERO, 0)
        .open()
        .await
        .unwrap();
    for callers in [3, 5, 64] {
        let calls: Vec<_> = (0..callers)
            .map(|_| {
                let conn = conn.clone();
                tokio::spawn(async move { conn.hostname().await })
            })
            .collect();
        for call in calls {
            call.await.unwrap().unwrap();
        }
    }
}

#[tokio::test]
async fn volumes_go_up_and_down_at_the_same_time() {
    const SIZE: usize = 20 << 20;
    if !rig::available(&[Need::Daemon, Need::Virsh]).unwrap() {
        return;
    }
    let authority = Authority::new("ca").unwrap();
    let identity = authority.issue(&Leaf::server()).unwrap();
    let files = ServerFiles::new(&authority, identity);
    let daemon = Daemon::builder().listen_tls(files).start().unwrap();
    let identity = authority.issue(&Leaf::client("good")).unwrap();
    let dir = daemon.scratch().join("good");
    let client = client_dir(&dir, &authority.pem(), None, Some(&identity)).unwrap();
    let uri = daemon.uri_over("tls", "localhost").unwrap();
    let conn = Connect::builder(&format!("{uri}?pkipath={}", client.display()))
        .keepalive(Duration::ZERO, 0)
        .open()
        .await
        .unwrap();

    let pool = Pool::new(&daemon, "tls-volumes");
    let from = pool.volume(&conn, "from", SIZE as u64).await;
    let to = pool.volume(&conn, "to", SIZE as u64).await;
    let data = Noise::new(9).bytes(SIZE);
    fs::write(pool.dir.join("from"), &data).unwrap();
    copy_on_one_connection(&from, &to).await;
    assert!(pool.content("to") == data);
}
