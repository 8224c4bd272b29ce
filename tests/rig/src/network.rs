//! Virtual networks for guests, ports for servers, and clients that fill a queue.

use std::fs::{self, File};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;
use rustix::net::{AddressFamily, SocketAddrUnix, SocketFlags, SocketType, connect, socket_with};

use crate::error::{Attempt as _, Error, Result};

/// Returns the XML of a network with NAT and DHCP, `192.168.N.0/24`.
///
/// It starts in a system daemon with a network of its own; elsewhere its bridge and firewall rules
/// would be the host's.
pub fn nat_xml(name: &str, n: u8) -> String {
    format!(
        "<network>
  <name>{name}</name>
  <bridge name='rig{n}'/>
  <forward mode='nat'/>
  <ip address='192.168.{n}.1' netmask='255.255.255.0'>
    <dhcp><range start='192.168.{n}.2' end='192.168.{n}.254'/></dhcp>
  </ip>
</network>
"
    )
}

/// Connects to a UNIX socket until its daemon's queue of new clients is full, and returns those
/// clients.
///
/// Never returns where the daemon accepts them all.
pub fn fill_queue(socket: &Path) -> Result<Vec<UnixStream>> {
    let action = || format!("connecting to {}", socket.display());
    let address = SocketAddrUnix::new(socket).attempt(action)?;
    let mut clients = Vec::new();
    loop {
        let (family, kind) = (AddressFamily::UNIX, SocketType::STREAM);
        let client = socket_with(family, kind, SocketFlags::NONBLOCK, None).attempt(action)?;
        match connect(&client, &address) {
            Ok(()) => clients.push(UnixStream::from(client)),
            Err(Errno::AGAIN) => return Ok(clients),
            Err(error) => return Err(error).attempt(action),
        }
    }
}

/// A free TCP port of the loopback addresses, which no other rig on this machine takes for as long
/// as this is kept.
///
/// It is meant for servers that must be given their port. Asking the system for a free one and then
/// passing that on is a race: it is free again before the server has it.
#[derive(Debug)]
pub struct Port {
    number: u16,
    /// Locked; the lock is released when the process ends for any reason.
    _lock: File,
}

/// Below the ports that Linux gives to outgoing connections.
const PORTS: std::ops::Range<u16> = 20_000..32_000;

impl Port {
    /// Reserves a port.
    pub fn reserve() -> Result<Self> {
        let found = Self::reserve_row(1)?.pop();
        found.ok_or_else(|| Error::Failed(String::from("no port was reserved")))
    }

    /// Reserves ports whose numbers follow on each other.
    pub fn reserve_row(count: u16) -> Result<Vec<Self>> {
        let dir = lock_dir()?;
        // Parallel tests begin their searches far apart.
        let first = PORTS.start + (std::process::id() % u32::from(PORTS.end - PORTS.start)) as u16;
        let mut row = Vec::new();
        for number in (first..PORTS.end).chain(PORTS.start..first) {
            if number == PORTS.start {
                row.clear();
            }
            match Self::try_reserve(&dir, number)? {
                Some(port) => row.push(port),
                None => row.clear(),
            }
            if row.len() == usize::from(count) {
                return Ok(row);
            }
        }
        Err(Error::Failed(String::from("there is no free port")))
    }

    fn try_reserve(dir: &Path, number: u16) -> Result<Option<Self>> {
        let path = dir.join(number.to_string());
        let lock = File::options()
            .create(true)
            .append(true)
            .open(&path)
            .attempt(|| format!("opening {}", path.display()))?;
        let locked = flock(&lock, FlockOperation::NonBlockingLockExclusive).is_ok();
        Ok((locked && is_free(number)).then_some(Self { number, _lock: lock }))
    }

    /// Returns the number.
    pub fn number(&self) -> u16 {
        self.number
    }
}

/// Returns the user's own directory of locks: nobody can open another user's.
fn lock_dir() -> Result<PathBuf> {
    let user = rustix::process::geteuid().as_raw();
    let dir = std::env::temp_dir().join(format!("rig-ports-{user}"));
    fs::create_dir_all(&dir).attempt(|| format!("creating {}", dir.display()))?;
    Ok(dir)
}

fn is_free(port: u16) -> bool {
    let addresses = [
        SocketAddr::from((Ipv4Addr::LOCALHOST, port)),
        SocketAddr::from((Ipv6Addr::LOCALHOST, port)),
    ];
    // A machine without IPv6 has no IPv6 ports in use.
    let in_use = |error: &std::io::Error| error.kind() == std::io::ErrorKind::AddrInUse;
    addresses
        .iter()
        .all(|address| !TcpListener::bind(address).is_err_and(|error| in_use(&error)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_are_reserved_once() -> Result<()> {
        let ports = [Port::reserve()?, Port::reserve()?, Port::reserve()?];
        let numbers = ports.each_ref().map(Port::number);
        assert!(numbers[0] != numbers[1] && numbers[1] != numbers[2] && numbers[0] != numbers[2]);
        assert!(numbers.iter().all(|number| PORTS.contains(number)));
        let row = Port::reserve_row(3)?;
        let row: Vec<_> = row.iter().map(Port::number).collect();
        assert_eq!(row, [row[0], row[0] + 1, row[0] + 2]);
        drop(ports);
        let _listener = TcpListener::bind((Ipv4Addr::LOCALHOST, numbers[0]))
            .map_err(Error::io("binding a port"))?;
        assert_ne!(Port::reserve()?.number(), numbers[0]);
        Ok(())
    }
}
