//! What is in disk images, as QEMU's own tools see it.

use std::fs;
use std::path::Path;

use rig::Daemon;

/// What `qemu-img` or `qemu-io` says.
pub fn tool(daemon: &Daemon, program: &str, args: &[&str]) -> String {
    let output = daemon.command(program).args(args).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{program} {args:?}: {said}{output:?}");
    said
}

/// Fills some KiB of a qcow2 image, which nothing else has open, with a byte.
pub fn fill(daemon: &Daemon, image: &Path, kib: u64, byte: u8) {
    let write = format!("write -P {byte} 0 {kib}k");
    tool(daemon, "qemu-io", &["-f", "qcow2", "-c", &write, image.to_str().unwrap()]);
}

/// All that a guest would see of a qcow2 image, whether or not one has it open.
pub fn content(daemon: &Daemon, image: &Path) -> Vec<u8> {
    let raw = image.with_extension("converted");
    let paths = [image, &raw].map(|path| path.to_str().unwrap());
    let [from, to] = paths;
    tool(daemon, "qemu-img", &["convert", "-U", "-f", "qcow2", "-O", "raw", from, to]);
    let content = fs::read(&raw).unwrap();
    fs::remove_file(raw).unwrap();
    content
}

/// The names of the snapshots that are in a qcow2 image.
pub fn snapshots(daemon: &Daemon, image: &Path) -> Vec<String> {
    let list = tool(daemon, "qemu-img", &["snapshot", "-U", "-l", image.to_str().unwrap()]);
    // Behind two lines of headings: a number, and the name.
    let name = |line: &str| line.split_whitespace().nth(1).map(str::to_owned);
    list.lines().skip(2).filter_map(name).collect()
}
