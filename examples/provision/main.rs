//! Installs a guest in two phases: first it boots from an installation medium, then from its disk.
//!
//! The definition of the first phase ends the guest when its installer reboots. The definition of
//! the second phase replaces it, under the same UUID: it has the disk and not the medium.
//!
//! ```sh
//! cargo run --example provision -- qemu:///system kvm web /srv/web.qcow2 cdrom /srv/debian.iso
//! ```

mod templates;

use std::path::Path;
use std::process::ExitCode;

use libvirt_client::Connect;
use libvirt_client::domain::{Domain, EventStoppedDetailType};
use libvirt_client::events::domain::{Change, Lifecycle};
use templates::{Machine, Medium};

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

const USAGE: &str = "usage: provision URI TYPE NAME DISK cdrom ISO
       provision URI TYPE NAME DISK network NETWORK
       provision URI TYPE NAME DISK kernel KERNEL INITRD [ARGUMENTS]

TYPE is kvm, or qemu for software emulation. DISK is an image on the daemon's host, of the format
qcow2 if its name ends so, or else raw.";

#[tokio::main]
async fn main() -> ExitCode {
    let args: Vec<_> = std::env::args().skip(1).collect();
    let args: Vec<_> = args.iter().map(String::as_str).collect();
    let Some((uri, machine, medium)) = parse(&args) else {
        eprintln!("{USAGE}");
        return ExitCode::from(2);
    };
    match provision(uri, &machine, &medium).await {
        Ok(domain) => {
            println!("{} is installed and boots from its disk", domain.name());
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("provision: {error}");
            ExitCode::FAILURE
        }
    }
}

fn parse<'a>(args: &[&'a str]) -> Option<(&'a str, Machine<'a>, Medium<'a>)> {
    let [uri, kind, name, disk, ref medium @ ..] = *args else {
        return None;
    };
    let kernel = |kernel, initrd, arguments| Medium::Kernel {
        kernel: Path::new(kernel),
        initrd: Path::new(initrd),
        arguments,
    };
    let medium = match *medium {
        ["cdrom", iso] => Medium::Cdrom { iso: Path::new(iso) },
        ["network", name] => Medium::Network { name },
        ["kernel", image, initrd] => kernel(image, initrd, ""),
        ["kernel", image, initrd, arguments] => kernel(image, initrd, arguments),
        _ => return None,
    };
    let machine = Machine {
        name,
        kind,
        memory_mib: 2048,
        vcpus: 2,
        disk: Path::new(disk),
        disk_format: match Path::new(disk).extension() {
            Some(extension) if extension == "qcow2" => "qcow2",
            _ => "raw",
        },
    };
    Some((uri, machine, medium))
}

async fn provision(uri: &str, machine: &Machine<'_>, medium: &Medium<'_>) -> Result<Domain> {
    let conn = Connect::open(uri).await?;
    let domain = conn.domain_define_xml(&machine.to_be_installed(medium)).await?;
    if let Err(error) = install(&domain).await {
        domain.undefine().await?;
        return Err(error);
    }
    let xml = machine.installed(domain.uuid());
    let domain = conn.domain_define_xml(&xml).await?;
    domain.create().await?;
    Ok(domain)
}

/// Runs the installer to its end.
async fn install(domain: &Domain) -> Result<()> {
    // Subscribed before the start, so that even the quickest end is not missed.
    let mut changes = domain.connect().subscribe::<Lifecycle>(Some(domain)).await?;
    domain.create().await?;
    println!("{} runs its installer", domain.name());
    while let Some(event) = changes.next().await {
        match event?.change {
            Change::Stopped(EventStoppedDetailType::Shutdown) => return Ok(()),
            Change::Stopped(how) => return Err(format!("the installer ended as {how:?}").into()),
            _ => {}
        }
    }
    Err("the connection ended before the installer did".into())
}
