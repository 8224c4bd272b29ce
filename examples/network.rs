//! Makes a NAT network with DHCP, starts it, puts a guest on it, and prints the leases of its guests
//! until it is interrupted.
//!
//! ```text
//! network URI NAME [SUBNET] [--attach DOMAIN] [--seconds N]
//! network URI NAME --clean
//! ```
//!
//! SUBNET is such as `192.168.150.0/24`: the host has its first address, the guests get the others.
//! Without it the network must exist; it is started if it is not active. `--attach` gives a running
//! guest a network card there, which it keeps until it ends; the address comes when the guest asks
//! for one. `--seconds` ends after that time, `--clean` stops and removes the network.

use std::collections::HashSet;
use std::env;
use std::error::Error;
use std::io::{self, Write as _};
use std::net::Ipv4Addr;
use std::process::ExitCode;
use std::time::Duration;

use libvirt_client::connect::ListAllDomainsFlags;
use libvirt_client::network::{DefineFlags, DhcpLease, Network};
use libvirt_client::{Connect, Optional as _};
use tokio::signal::unix::{SignalKind, signal};

type Result<T, E = Box<dyn Error>> = std::result::Result<T, E>;

const USAGE: &str = "usage: network URI NAME [SUBNET] [--attach DOMAIN] [--seconds N], or \
                     network URI NAME --clean";

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let result = match arguments.as_slice() {
        [uri, name, "--clean"] => clean(uri, name).await,
        [uri, name, rest @ ..] => run(uri, name, rest).await,
        _ => Err(USAGE.into()),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Some of the daemon's messages have several lines.
            eprintln!("network: {}", error.to_string().replace('\n', " "));
            ExitCode::FAILURE
        }
    }
}

async fn run(uri: &str, name: &str, options: &[&str]) -> Result<()> {
    let (subnet, mut options) = match options {
        [subnet, rest @ ..] if !subnet.starts_with("--") => (Some(*subnet), rest),
        rest => (None, rest),
    };
    let (mut guest, mut limit) = (None, None);
    while let [option, value, rest @ ..] = options {
        match *option {
            "--attach" => guest = Some(*value),
            "--seconds" => match value.parse() {
                Ok(seconds) => limit = Some(Duration::from_secs(seconds)),
                Err(error) => {
                    return Err(format!("{value:?} is no number of seconds: {error}").into());
                }
            },
            _ => break,
        }
        options = rest;
    }
    if !options.is_empty() {
        return Err(USAGE.into());
    }
    let subnet = subnet.map(Subnet::parse).transpose()?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;

    let conn = Connect::open(uri).await?;
    let guest = match guest {
        Some(guest) => Some(conn.domain_lookup_by_name(guest).await?),
        None => None,
    };
    let network = match subnet {
        Some(subnet) => make(&conn, name, subnet).await?,
        None => start(&conn, name).await?,
    };
    say(&format!("{name} is active on {}", network.bridge_name().await?))?;
    if let Some(guest) = guest {
        let xml = format!(
            "<interface type='network'><source network='{}'/><model type='virtio'/></interface>",
            escape(name)
        );
        guest.attach_device(&xml).await?;
        say(&format!("{} has a card there", guest.name()))?;
    }
    let enough = async {
        match limit {
            Some(limit) => tokio::time::sleep(limit).await,
            None => std::future::pending().await,
        }
    };
    tokio::select! {
        result = print_leases(&network) => result?,
        () = enough => {}
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
    conn.close().await;
    Ok(())
}

/// Defines and starts a network that does not exist yet.
async fn make(conn: &Connect, name: &str, subnet: Subnet) -> Result<Network> {
    let xml = subnet.network_xml(name);
    let network = conn.network_define_xml(&xml, DefineFlags::VALIDATE).await?;
    if let Err(error) = network.create().await {
        // A definition that cannot be started is in the way of the next attempt.
        network.undefine().await?;
        return Err(error.into());
    }
    Ok(network)
}

/// Finds a network, and starts it if it is not active.
async fn start(conn: &Connect, name: &str) -> Result<Network> {
    let network = conn.network_lookup_by_name(name).await?;
    if !network.is_active().await? {
        network.create().await?;
    }
    Ok(network)
}

/// Stops and removes a network.
async fn clean(uri: &str, name: &str) -> Result<()> {
    let conn = Connect::open(uri).await?;
    let network = conn.network_lookup_by_name(name).await?;
    // A transient network has no definition, and is gone when it ends.
    if network.is_persistent().await? {
        if network.is_active().await? {
            network.destroy().await?;
        }
        network.undefine().await?;
    } else {
        network.destroy().await?;
    }
    conn.close().await;
    Ok(())
}

/// Prints each lease once. There are no events of leases, so it asks every second.
async fn print_leases(network: &Network) -> Result<()> {
    let mut printed = HashSet::new();
    let mut ticks = tokio::time::interval(Duration::from_secs(1));
    loop {
        ticks.tick().await;
        for lease in network.dhcp_leases(None).await? {
            if printed.insert((lease.mac.clone(), lease.addr.clone())) {
                let guest = guest_of(network.connect(), &lease).await?;
                say(&line(&lease, guest.as_deref()))?;
            }
        }
    }
}

/// Finds the running domain that has a network card with a lease's address.
async fn guest_of(conn: &Connect, lease: &DhcpLease) -> Result<Option<String>> {
    for domain in conn.list_all_domains(ListAllDomainsFlags::ACTIVE).await? {
        // Those that end meanwhile have no cards.
        let cards = domain.interface_targets().await.optional()?.unwrap_or_default();
        if cards.iter().any(|card| card.mac == lease.mac) {
            return Ok(Some(domain.name().to_owned()));
        }
    }
    Ok(None)
}

fn line(lease: &DhcpLease, guest: Option<&str>) -> String {
    let until = match lease.expires_at {
        Some(time) => format!("until {}", humantime::format_rfc3339_seconds(time)),
        None => "for good".to_owned(),
    };
    let guest = guest.map_or_else(String::new, |guest| format!(", domain {guest}"));
    let mac = lease.mac.as_deref().unwrap_or("-");
    let hostname = lease.hostname.as_deref().unwrap_or("-");
    format!("{mac} {hostname} has {}/{} {until}{guest}", lease.addr, lease.prefix)
}

/// Prints a line, flushed for readers at the other end of a pipe.
fn say(line: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "{line}")?;
    out.flush()
}

/// An IPv4 network with room for a host and its guests.
#[derive(Clone, Copy)]
struct Subnet {
    first: u32,
    prefix: u32,
}

impl Subnet {
    fn parse(text: &str) -> Result<Self> {
        let wrong = || format!("{text:?} is no subnet like 192.168.150.0/24");
        let (address, prefix) = text.split_once('/').ok_or_else(wrong)?;
        let address: Ipv4Addr = address.parse().map_err(|_| wrong())?;
        let prefix: u32 = prefix.parse().map_err(|_| wrong())?;
        if !(8..=29).contains(&prefix) {
            return Err(format!("{text:?} must have a prefix from 8 to 29").into());
        }
        let first = u32::from(address);
        if first << prefix != 0 {
            return Err(format!("{text:?} is an address within a subnet").into());
        }
        Ok(Self { first, prefix })
    }

    fn address(self, number: u32) -> Ipv4Addr {
        Ipv4Addr::from(self.first + number)
    }

    fn network_xml(self, name: &str) -> String {
        let name = escape(name);
        let size = 1 << (32 - self.prefix);
        format!(
            "<network>
  <name>{name}</name>
  <forward mode='nat'/>
  <ip address='{}' prefix='{}'>
    <dhcp><range start='{}' end='{}'/></dhcp>
  </ip>
</network>",
            self.address(1),
            self.prefix,
            self.address(2),
            self.address(size - 2),
        )
    }
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('\'', "&apos;")
}
