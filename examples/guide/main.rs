//! The guest-domain chapter of libvirt's development guide: a small program for each example in it,
//! in the chapter's order and under its numbers; see `README.md`.
//!
//! ```sh
//! cargo run --example guide                                # lists the programs
//! cargo run --example guide -- 4.1b qemu:///system web     # runs one
//! ```

mod elements;
mod guest;
mod shared;

use std::env;
use std::io::{self, Write as _};
use std::pin::Pin;
use std::process::ExitCode;

use shared::Result;

/// A program of the guide.
struct Program {
    /// Section of the guide, with a letter where there are several programs for it.
    number: &'static str,
    file: &'static str,
    arguments: &'static [&'static str],
    title: &'static str,
    /// `None` for another number of arguments.
    start: for<'a> fn(&'a [&'a str]) -> Option<Running<'a>>,
}

impl Program {
    fn usage(&self) -> String {
        self.arguments.join(" ").to_uppercase()
    }
}

type Running<'a> = Pin<Box<dyn Future<Output = Result<()>> + 'a>>;

/// Declares the programs, each of them in the file `SECTION/PROGRAM.rs`, and lists them.
macro_rules! programs {
    ($($section:ident {$(
        $number:literal $program:ident($($argument:ident),+) $title:literal;
    )+})+) => {
        $(mod $section {
            $(pub(crate) mod $program;)+
        })+

        const PROGRAMS: &[Program] = &[$($(Program {
            number: $number,
            file: concat!(stringify!($section), "/", stringify!($program), ".rs"),
            arguments: &[$(stringify!($argument)),+],
            title: $title,
            start: |arguments| match *arguments {
                [$($argument),+] => Some(Box::pin($section::$program::run([$($argument),+]))),
                _ => None,
            },
        },)+)+];
    };
}

programs! {
    lookup {
        "4.1a" by_id(uri, id) "Looks up a running domain by its ID";
        "4.1b" by_name(uri, name) "Looks up a domain by its name";
        "4.1c" by_uuid(uri, uuid) "Looks up a domain by its UUID";
    }
    listing {
        "4.2a" active(uri) "Lists the IDs of the running domains";
        "4.2b" defined(uri) "Lists the names of the domains that are defined and do not run";
        "4.2c" all(uri) "Lists all domains";
        "4.2d" filtered(uri) "Lists the domains that pass each of the filters";
    }
    state {
        "4.3.1" id(uri, name) "Shows a domain's ID";
        "4.3.2" uuid(uri, name) "Shows a domain's UUID";
        "4.3.3" os_type(uri, name) "Shows what kind of operating system a domain has";
        "4.3.4" current_snapshot(uri, name) "Shows whether a domain has a current snapshot";
        "4.3.5" managed_save_image(uri, name) "Shows whether a domain has a managed save image";
        "4.3.6" hostname(uri, name) "Shows the host name that a guest has";
        "4.3.7" info(uri, name) "Shows a domain's state, memory, processors and CPU time";
        "4.3.8" is_active(uri, name) "Shows whether a domain runs";
        "4.3.9" is_persistent(uri, name) "Shows whether a domain is persistent";
        "4.3.10" is_updated(uri, name) "Shows whether a domain has been updated";
        "4.3.11" max_memory(uri, name) "Shows how much memory a domain can have";
        "4.3.12" max_vcpus(uri, name) "Shows how many processors a domain can have";
        "4.3.13" name(uri, uuid) "Shows a domain's name";
        "4.3.14" state(uri, name) "Shows a domain's state, and the reason";
        "4.3.15" time(uri, name) "Shows the time that it is in a guest";
    }
    provisioning {
        "4.4.1a" transient(uri, file) "Starts a transient guest from a file of XML";
        "4.4.1b" paused(uri, file) "Starts a transient guest paused, then lets it go on";
        "4.4.1c" auto_destroy(uri, file) "Starts a guest that ends with the connection";
        "4.4.1d" persistent(uri, file) "Defines a persistent guest, and starts it";
        "4.4.1e" made_persistent(uri, file) "Starts a transient guest, then makes it persistent";
        "4.4.1f" cdrom(uri, kind, name, disk, iso) "Installs a guest from a CD-ROM";
        "4.4.1g" pxe(uri, kind, name, disk, network) "Installs a guest from the network";
        "4.4.1h" kernel(uri, kind, name, disk, kernel, initrd, args) "Installs a guest by a kernel";
        "4.4.1i" installed(uri, kind, name, disk) "Starts an installed guest from its disk";
    }
    stopping {
        "4.4.2a" shutdown(uri, name, seconds) "Asks a guest to shut down, and waits for it";
        "4.4.2b" shutdown_by_agent(uri, name) "Has a guest's agent shut it down";
        "4.4.2c" destroy(uri, name) "Ends a guest at once";
        "4.4.2d" destroy_gracefully(uri, name) "Ends a guest unless its hypervisor does not react";
        "4.4.2e" reboot(uri, name) "Asks a guest to reboot, and waits for it";
        "4.4.2f" reset(uri, name) "Resets a guest at once";
    }
    saving {
        "4.4.3a" suspend(uri, name) "Pauses a guest";
        "4.4.3b" resume(uri, name) "Lets a paused guest go on";
        "4.4.3c" save(uri, name, file) "Saves a guest to a file";
        "4.4.3d" restore(uri, file) "Restores a guest from a file";
        "4.4.3e" save_with_xml(uri, name, file, xml) "Saves a guest with another definition";
        "4.4.3f" restore_with_xml(uri, file, xml) "Restores a guest with another definition";
        "4.4.3g" managed_save(uri, name) "Saves a guest where its next start finds it";
        "4.4.3h" start(uri, name) "Starts a guest, from its managed save image if it has one";
    }
    migration {
        "4.4.4a" to_connection(uri, name, destination) "Moves a guest to another connection";
        "4.4.4b" to_uri(uri, name, destination) "Has a daemon move a guest to another one's URI";
        "4.4.4c" live(uri, name, destination) "Moves a guest that goes on meanwhile";
        "4.4.4d" renaming(uri, name, destination, new_name, via) "Moves a guest under another name";
    }
    autostart {
        "4.4.5" autostart(uri, name, on_or_off) "Has a guest start with its host, or not";
    }
    configuration {
        "4.5a" basics(uri, name) "Shows what machine a domain is, from its XML";
        "4.5b" xml(uri, name, flags) "Shows a domain's XML as flags ask for it";
        "4.5.1" emulator(uri, name) "Shows a domain's emulator, from its XML";
        "4.5.2" boot(uri, name) "Shows what a domain boots from, from its XML";
        "4.5.3a" vcpus(uri, name, count) "Sets the number of processors of a running domain";
        "4.5.3b" memory(uri, name, kib) "Sets the memory of a running domain";
        "4.5.3c" defined_vcpus(uri, name, maximum, count) "Sets the processors of the next start";
        "4.5.3d" defined_memory(uri, name, maximum_kib, kib) "Sets the memory of the next start";
    }
    performance {
        "4.6.1a" block(uri, name) "Shows what was read and written on each disk";
        "4.6.1b" block_details(uri, name) "Shows that with flushes and times";
        "4.6.2a" each_cpu(uri, name) "Shows the time used on each processor of the host";
        "4.6.2b" all_cpus(uri, name) "Shows the time used on all processors of the host";
        "4.6.2c" vcpus(uri, name) "Shows the time used by each virtual processor";
        "4.6.3" memory(uri, name) "Shows the statistics of a guest's memory";
        "4.6.4" interface(uri, name) "Shows what each interface has received and sent";
    }
    devices {
        "4.7.1" disks(uri, name) "Shows a domain's disks, from its XML";
        "4.7.2" interfaces(uri, name) "Shows a domain's network interfaces, from its XML";
        "4.7.3" inputs(uri, name) "Shows a domain's mice, keyboards and tablets, from its XML";
        "4.7.4" usb(uri, name, vendor, product) "Gives a USB device of the host to a domain";
        "4.7.5" pci(uri, name, address) "Gives a PCI device of the host to a domain";
    }
    live {
        "4.8a" attach_disk(uri, name, image, target) "Plugs a disk into a running guest";
        "4.8b" detach(uri, name, alias) "Unplugs a device from a running guest";
        "4.8c" change_media(uri, name, target, image) "Changes the disc in a drive, or ejects it";
        "4.8.1a" block_pull(uri, name, disk) "Pulls the backing image of a disk into its image";
        "4.8.1b" block_job(uri, name, disk) "Shows the job of a disk";
        "4.8.1c" block_job_speed(uri, name, disk, mib) "Limits the bandwidth of a disk's job";
        "4.8.1d" block_job_abort(uri, name, disk) "Aborts the job of a disk";
    }
    events {
        "9.1a" lifecycle(uri, uuid) "Shows each change of a domain's state, until Ctrl-C";
        "9.1b" console(uri, uuid) "Shows a guest's console across its reboots, until Ctrl-C";
    }
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match run(&arguments).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Some of the daemon's messages have several lines.
            eprintln!("guide: {}", error.to_string().replace('\n', " "));
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: &[&str]) -> Result<()> {
    let [number, arguments @ ..] = arguments else {
        io::stdout().write_all(list().as_bytes())?;
        return Ok(());
    };
    let program = PROGRAMS.iter().find(|program| program.number == *number);
    let program = program.ok_or_else(|| format!("there is no program {number}"))?;
    let running = (program.start)(arguments)
        .ok_or_else(|| format!("usage: guide {number} {}", program.usage()))?;
    running.await
}

fn list() -> String {
    let lines = PROGRAMS.iter().map(|program| {
        let Program { number, file, title, .. } = program;
        format!("{number:<7} {title}\n        {file} {}\n", program.usage())
    });
    lines.collect()
}
