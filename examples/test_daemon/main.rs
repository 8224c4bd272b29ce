//! Serves a test driver over a UNIX socket, for any client of libvirt:
//!
//!     cargo run --features test-driver --example test_daemon -- --socket /tmp/libvirt-sock
//!     virsh -c 'test+unix:///default?socket=/tmp/libvirt-sock' list
//!
//! All clients share one host, which is forgotten when this program ends. An existing socket is
//! replaced.

use std::path::Path;
use std::process::ExitCode;
use std::{fs, io};

use libvirt_client::testing::TestHost;
use tokio::net::UnixListener;

#[tokio::main]
async fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [option, socket] = &arguments[..] else {
        return usage();
    };
    if option != "--socket" {
        return usage();
    }
    match serve(Path::new(socket)).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("test_daemon: {socket}: {error}");
            ExitCode::FAILURE
        }
    }
}

fn usage() -> ExitCode {
    eprintln!("usage: test_daemon --socket PATH");
    ExitCode::from(2)
}

async fn serve(socket: &Path) -> io::Result<()> {
    match fs::remove_file(socket) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let listener = UnixListener::bind(socket)?;
    println!("serving test+unix:///default?socket={}", socket.display());
    let host = TestHost::new();
    loop {
        let (stream, _) = listener.accept().await?;
        let host = host.clone();
        tokio::spawn(async move { host.serve(stream).await });
    }
}
