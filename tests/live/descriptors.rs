//! Open files that go to the daemon and come from it.

use std::fs::File;
use std::io::Write as _;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;

use libvirt_client::domain::{CreateFlags, FdAssociateFlags, OpenGraphicsFlags};
use libvirt_client::{Connect, Error};
use rig::{Daemon, Need};
use tokio::io::AsyncReadExt;

use crate::common::{boot, qemu};

/// What a VNC server says first.
async fn banner(socket: UnixStream) -> String {
    socket.set_nonblocking(true).unwrap();
    let mut socket = tokio::net::UnixStream::from_std(socket).unwrap();
    let mut banner = [0; 12];
    socket.read_exact(&mut banner).await.unwrap();
    String::from_utf8(banner.to_vec()).unwrap()
}

#[tokio::test]
async fn sockets_to_a_guests_display() {
    let Some((daemon, conn)) = qemu().await else {
        return;
    };
    let guest = boot(daemon, &conn, "display-by-socket", rig::guest::Guest::graphics).await;
    let flags = OpenGraphicsFlags::empty();
    let theirs = guest.domain.open_graphics_fd(0, flags).await.unwrap();
    assert!(banner(theirs.into()).await.starts_with("RFB 003."));

    let (ours, theirs) = UnixStream::pair().unwrap();
    let given = guest.domain.open_graphics(0, theirs.into(), flags).await;
    given.unwrap();
    assert!(banner(ours).await.starts_with("RFB 003."));

    let none = guest.domain.open_graphics_fd(7, flags).await.unwrap_err();
    assert!(matches!(none, Error::Remote(_)), "{none}");
    guest.domain.destroy().await.unwrap();
}

#[tokio::test]
async fn files_for_a_guests_disk_and_its_monitor() {
    let Some((daemon, conn)) = qemu().await else {
        return;
    };
    let name = "disk-by-descriptor";
    let path = daemon.scratch().join("by-descriptor.raw");
    let mut image = File::create_new(&path).unwrap();
    image.write_all(&vec![0x5a; 1 << 20]).unwrap();
    let disk = "<disk type='file'><driver name='qemu' type='raw'/>\
        <source file='/no/such/file' fdgroup='image'/><target dev='vda' bus='virtio'/></disk>";
    let (xml, _) = crate::common::describe(daemon, name, |guest| guest.device(disk));
    let domain = conn.domain_define_xml(&xml).await.unwrap();
    let refused = domain.create().await.unwrap_err();
    assert!(matches!(refused, Error::Remote(_)), "{refused}");

    let files = vec![open(&path)];
    let named = domain.fd_associate("image", files, FdAssociateFlags::SECLABEL_WRITABLE);
    named.await.unwrap();
    domain.create().await.unwrap();
    assert!(domain.is_active().await.unwrap());
    let none = domain.fd_associate("image", Vec::new(), FdAssociateFlags::empty());
    let none = none.await.unwrap_err();
    assert!(matches!(none, Error::InvalidArgument { .. }), "{none}");

    #[cfg(feature = "qemu")]
    {
        use libvirt_client::qemu::MonitorCommandFlags;
        let add = r#"{"execute":"add-fd","arguments":{"fdset-id":77}}"#;
        let flags = MonitorCommandFlags::empty();
        let files = vec![open(&path)];
        let added = domain.qemu_monitor_command_with_files(add, files, flags);
        let (answer, files) = added.await.unwrap();
        assert!(answer.contains("\"fdset-id\":77"), "{answer}");
        assert!(files.is_empty());
        let query = r#"{"execute":"query-fdsets"}"#;
        let sets = domain.qemu_monitor_command(query, flags).await.unwrap();
        assert!(sets.contains("\"fdset-id\":77"), "{sets}");
    }

    // QEMU guests have no use for open files of their own; the daemon says so.
    domain.destroy().await.unwrap();
    let files = vec![open(&path)];
    let refused = domain.create_with_files(files, CreateFlags::empty()).await;
    assert!(refused.unwrap_err().is_unsupported());
    domain.undefine().await.unwrap();
}

fn open(path: &std::path::Path) -> OwnedFd {
    let options = File::options().read(true).write(true).open(path);
    options.unwrap().into()
}

#[tokio::test]
async fn only_unix_sockets_carry_them() {
    if !rig::available(&[Need::Daemon, Need::Virsh]).unwrap() {
        return;
    }
    let daemon = Daemon::builder().test_driver().listen_tcp().start().unwrap();
    let uri = daemon.uri_over("tcp", "127.0.0.1").unwrap();
    let conn = Connect::open(&uri).await.unwrap();
    let domain = conn.domain_lookup_by_name("test").await.unwrap();
    let refused = domain.open_graphics_fd(0, OpenGraphicsFlags::empty()).await;
    let refused = refused.unwrap_err();
    assert!(matches!(refused, Error::Unsupported(_)), "{refused}");
    assert!(refused.to_string().contains("UNIX socket"), "{refused}");
    domain.info().await.unwrap();
}
