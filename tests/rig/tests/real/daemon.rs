//! Private daemons start, obey, and leave nothing behind.

use std::net::TcpStream;
use std::os::unix::net::UnixStream;
use std::{fs, thread};

use crate::common::{assert_nothing_left, is_alive, state_of};
use rig::{Daemon, Mode, Need, Result, available, is_root, ssh};

#[test]
fn leaves_nothing_behind() -> Result<()> {
    if !available(&[Need::Daemon, Need::Virsh])? {
        return Ok(());
    }
    let daemon = Daemon::builder().test_driver().start()?;
    assert!(daemon.virsh(["list", "--name"])?.contains("test"));
    let dir = daemon.dir().to_owned();
    let processes = daemon.processes()?;
    let pid = daemon.pid();
    assert!(pid.is_some_and(|pid| processes.contains(&pid)), "{pid:?} in {processes:?}");
    daemon.shut_down()?;
    assert_nothing_left(&dir, &processes);
    Ok(())
}

#[test]
fn default_is_what_this_user_can_have() -> Result<()> {
    if !available(&[Need::Daemon, Need::Qemu])? {
        return Ok(());
    }
    let daemon = Daemon::builder().start()?;
    let (mode, path) = if is_root() {
        (Mode::System, "system")
    } else {
        (Mode::Session, "session")
    };
    assert_eq!(daemon.mode(), mode);
    let socket = daemon.socket();
    assert_eq!(daemon.uri(), format!("qemu+unix:///{path}?socket={}", socket.display()));
    assert_eq!(daemon.socket_ro().is_some(), is_root());
    let sockets = [socket, daemon.admin_socket()];
    for socket in sockets.into_iter().chain(daemon.socket_ro()) {
        assert!(UnixStream::connect(&socket).is_ok(), "{}", socket.display());
    }
    assert_eq!(daemon.virsh(["uri"])?.trim(), daemon.uri());
    Ok(())
}

#[test]
fn many_at_once_share_nothing() -> Result<()> {
    if !available(&[Need::Daemon, Need::Qemu, Need::Virsh])? {
        return Ok(());
    }
    let threads: Vec<_> = (0..4)
        .map(|n| {
            thread::spawn(move || -> Result<String> {
                let daemon = Daemon::builder().start()?;
                let name = format!("own{n}");
                daemon.virsh(["pool-define-as", &name, "dir", "--target", "/same"])?;
                daemon.virsh(["pool-list", "--all", "--name"])
            })
        })
        .collect();
    for (n, thread) in threads.into_iter().enumerate() {
        let names = thread.join().unwrap_or_else(|_| Ok(String::new()))?;
        assert_eq!(names.trim(), format!("own{n}"));
    }
    Ok(())
}

#[test]
fn stops_hangs_and_restarts_on_demand() -> Result<()> {
    if !available(&[Need::Daemon, Need::Virsh])? {
        return Ok(());
    }
    let mut daemon = Daemon::builder().test_driver().start()?;
    let first = daemon.pid();
    daemon.stop()?;
    assert_eq!(daemon.pid(), None);
    assert!(first.is_some_and(|pid| !is_alive(pid)));
    assert!(daemon.stop().is_err());

    daemon.restart()?;
    daemon.sigstop()?;
    assert!(state_of(daemon.pid().unwrap_or(0)).is_some_and(|state| state == 'T'));
    daemon.sigcont()?;
    daemon.virsh(["list"])?;

    // While it hangs as well: it must neither block the killing nor the cleaning up.
    daemon.sigstop()?;
    let hanging = daemon.pid();
    daemon.kill9()?;
    assert!(hanging.is_some_and(|pid| !is_alive(pid)));
    daemon.restart()?;
    daemon.virsh(["list"])?;
    daemon.sigstop()?;
    daemon.shut_down()
}

#[test]
fn what_does_not_end_in_time_is_killed_and_makes_room() -> Result<()> {
    if !available(&[Need::Daemon, Need::Virsh])? {
        return Ok(());
    }
    let mut daemon = Daemon::builder().test_driver().start()?;
    let hanging = daemon.pid();
    daemon.sigstop()?;
    daemon.stop()?;
    assert!(hanging.is_some_and(|pid| !is_alive(pid)));
    daemon.restart()?;
    daemon.virsh(["list"])?;
    Ok(())
}

#[test]
fn an_ssh_server_comes_back_where_it_was() -> Result<()> {
    if !available(&[Need::Daemon, Need::Ssh])? {
        return Ok(());
    }
    let daemon = Daemon::builder().test_driver().start()?;
    let mut server = ssh::Server::builder(&daemon).start()?;
    let address = server.address();
    server.kill9()?;
    server.restart(&daemon)?;
    assert_eq!(server.address(), address);
    assert!(TcpStream::connect(&address).is_ok());
    Ok(())
}

#[test]
fn failure_to_start_shows_the_cause_at_once() -> Result<()> {
    if !available(&[Need::Daemon])? {
        return Ok(());
    }
    let started = Daemon::builder().test_driver().conf_line("max_clients = \"many\"").start();
    let error = started.map(drop).map_err(|error| error.to_string());
    assert!(
        matches!(&error, Err(text) if text.contains("max_clients") && text.contains("ended")),
        "{error:?}"
    );
    Ok(())
}

#[test]
fn settings_reach_the_daemon() -> Result<()> {
    if !available(&[Need::Daemon, Need::Qemu, Need::Virsh])? {
        return Ok(());
    }
    let uuid = "6b7e0b1c-4d7e-4b0a-9a3f-3d6b2f1c0e01";
    let daemon = Daemon::builder().host_uuid(uuid).env("RIG_TEST_MARK", "yes").start()?;
    assert!(daemon.virsh(["capabilities"])?.contains(uuid));
    let environment = fs::read(format!("/proc/{}/environ", daemon.pid().unwrap_or(0)));
    let environment = environment.unwrap_or_default();
    let environment = String::from_utf8_lossy(&environment);
    assert!(environment.contains("RIG_TEST_MARK=yes"), "{environment}");
    assert!(!environment.contains("CARGO"), "{environment}");
    Ok(())
}
