//! The rig for shell scripts: lists missing packages, builds the guest image, runs a command beside
//! a private daemon.

mod run;

use std::process::ExitCode;

use rig::{Error, Need, Release, guest, modular};

const USAGE: &str = "\
usage: rig missing            print the Debian packages to install, one a line
       rig without            print, for RIG_WITHOUT, the needs this machine cannot meet
       rig image [--cached]   build the guest image and print its kernel and initramfs;
                              with --cached fail unless it is there already
       rig modular [--cached | --packages]
                              build libvirt's daemons for one driver each and print the
                              directory of their programs; with --cached fail unless they
                              are there already; with --packages print what building takes
       rig release SUITE [--cached]
                              unpack the libvirt of another Debian suite, trixie or sid, for
                              RIG_RELEASE, and print its root directory; with --cached fail
                              unless it is there already, and not too old
       rig run [--test-driver] [--verbose] [--] COMMAND [ARGUMENT]…
                              run COMMAND beside a private daemon that ends with it;
                              with --verbose say when it starts and has ended

COMMAND finds in its environment:
       RIG_URI                the connection URI of the private daemon
       RIG_DIR                a directory that disappears with the daemon
       RIG_KERNEL, RIG_INITRD what a guest boots; not with --test-driver

exit status: COMMAND's own, 128 + N after signal N; 1 failure, 2 wrong usage,
             3 something to install is missing";

const STATUS_USAGE: u8 = 2;
const STATUS_MISSING: u8 = 3;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let result = match words.as_slice() {
        ["missing"] => {
            missing();
            Ok(ExitCode::SUCCESS)
        }
        ["without"] => {
            println!("{}", without().join(","));
            Ok(ExitCode::SUCCESS)
        }
        ["image"] => image(),
        ["image", "--cached"] if guest::is_cached() => image(),
        ["modular"] => modular(),
        ["modular", "--cached"] if modular::is_built() => modular(),
        ["image" | "modular", "--cached"] => Ok(ExitCode::FAILURE),
        ["release", suite] => release(suite),
        ["release", suite, "--cached"] => match Release::of_suite(suite) {
            Ok(release) if release.is_current() => self::release(suite),
            Ok(_) => Ok(ExitCode::FAILURE),
            Err(error) => Err(error),
        },
        ["modular", "--packages"] => {
            println!("{}", modular::PACKAGES.join("\n"));
            Ok(ExitCode::SUCCESS)
        }
        ["run", rest @ ..] => {
            let (options, command) = run::Options::split_off(rest);
            run::run(options, command)
        }
        ["-h" | "--help"] => {
            println!("{USAGE}");
            Ok(ExitCode::SUCCESS)
        }
        _ => {
            eprintln!("{USAGE}");
            Ok(ExitCode::from(STATUS_USAGE))
        }
    };
    result.unwrap_or_else(|error| {
        eprintln!("rig: {error}");
        match error {
            Error::Missing(_) => ExitCode::from(STATUS_MISSING),
            _ => ExitCode::FAILURE,
        }
    })
}

fn missing() {
    // Packages for needs of root only are of no use to others.
    let useful = Need::ALL
        .into_iter()
        .filter(|need| rig::is_root() || !matches!(need, Need::Network | Need::Root | Need::Polkit))
        .collect::<Vec<_>>();
    if let Err(Error::Missing(missing)) = rig::require(&useful) {
        for package in missing.packages() {
            println!("{package}");
        }
    }
}

/// An image that is not there could not be built: `scripts/setup` comes before this.
fn without() -> Vec<&'static str> {
    Need::ALL
        .into_iter()
        .filter(|need| {
            let lacks_image = *need == Need::Guest && !guest::is_cached();
            lacks_image || rig::require(&[*need]).is_err()
        })
        .map(Need::name)
        .collect()
}

fn image() -> rig::Result<ExitCode> {
    println!("{}", guest::kernel()?.display());
    println!("{}", guest::initrd()?.display());
    Ok(ExitCode::SUCCESS)
}

fn modular() -> rig::Result<ExitCode> {
    println!("{}", modular::programs()?.display());
    Ok(ExitCode::SUCCESS)
}

fn release(suite: &str) -> rig::Result<ExitCode> {
    println!("{}", Release::of_suite(suite)?.provide()?.display());
    Ok(ExitCode::SUCCESS)
}
