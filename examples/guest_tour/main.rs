//! The life of a guest, step by step, from its definition to its removal.
//!
//! ```sh
//! cargo run --example guest_tour -- qemu:///session --kernel K --initrd I --dir D
//! cargo run --example guest_tour -- test+unix:///default --test-driver
//! ```
//!
//! The first boots a real guest from the Linux kernel `K` and the initramfs `I`, which must say
//! `GUEST-READY` on the serial console when it is up, and end when its power button is pressed. The
//! guest's files go into the directory `D`. The second makes do with a daemon that has no more than
//! libvirt's test driver.
//!
//! Whatever happens on the way, Ctrl-C included, nothing of the guest is left in the end.

mod chapters;
mod guest;
mod interrupts;
mod options;
mod print;

use std::process::ExitCode;

use libvirt_client::Connect;

use chapters::Tour;
use guest::Guest;
use interrupts::Interrupts;
use options::{Options, USAGE};
use print::{chapter, fact};

/// Errors of the library, of files, and of this program: all are shown, none is matched on.
type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

#[tokio::main]
async fn main() -> ExitCode {
    let Some(options) = Options::parse(std::env::args().skip(1)) else {
        eprintln!("{USAGE}");
        return ExitCode::from(2);
    };
    let result = match options {
        Options::Guest { uri, files } => tour_of_a_guest(&uri, &Guest::new(files)).await,
        Options::TestDriver { uri } => tour_of_the_test_driver(&uri).await,
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("guest_tour: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Takes a guest from its definition to its removal.
async fn tour_of_a_guest(uri: &str, guest: &Guest) -> Result<()> {
    let mut interrupts = Interrupts::catch()?;
    let conn = connect(uri).await?;
    let toured = async {
        let domain = guest.define(&conn).await?;
        let mut tour = Tour::of(domain, &mut interrupts).await?;
        tour.start().await?;
        tour.wait_for(guest.is_up()).await?;
        tour.inspect().await?;
        tour.measure().await?;
        tour.pause_and_resume().await?;
        tour.save_and_restore(&guest.image).await?;
        tour.save_for_the_next_start().await?;
        tour.shut_down().await?;
        tour.remove().await
    };
    let toured = toured.await;
    let removed = guest.remove_whatever_is_left(&conn).await;
    conn.close().await;
    toured.and(removed)
}

/// Does the same with the domain that the test driver always has, as far as the driver supports it.
async fn tour_of_the_test_driver(uri: &str) -> Result<()> {
    let mut interrupts = Interrupts::catch()?;
    let conn = connect(uri).await?;
    let image = std::env::temp_dir().join(format!("guest-tour-{}.image", std::process::id()));
    let toured = async {
        let domain = conn.domain_lookup_by_name("test").await?;
        let mut tour = Tour::of(domain, &mut interrupts).await?;
        tour.inspect().await?;
        tour.pause_and_resume().await?;
        tour.save_and_restore(&image).await?;
        tour.save_for_the_next_start().await?;
        tour.shut_down().await?;
        tour.start().await
    };
    let toured = toured.await;
    let removed = guest::remove_file(&image);
    conn.close().await;
    toured.and(removed)?;

    chapter("Left out, for want of a real guest");
    fact("booting", "the test driver's domain has no operating system");
    fact("measuring", "nor does it use processors, memory or disks");
    fact("removing", "and its daemon forgets it by itself");
    Ok(())
}

async fn connect(uri: &str) -> Result<Connect> {
    chapter("Connect to the daemon");
    let conn = Connect::open(uri).await?;
    fact("URI", conn.uri());
    fact("host", conn.hostname().await?);
    Ok(conn)
}
