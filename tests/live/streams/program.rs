//! The example `volume_copy`.

use std::fs;
use std::process::Stdio;

use tokio::process::Command;
use tokio::time::{Duration, sleep};

use super::{Noise, Pool};
use crate::common::qemu;
use crate::host::programs::example;

#[tokio::test]
async fn it_copies_there_and_back() {
    let Some((daemon, conn)) = qemu().await else {
        return;
    };
    let pool = Pool::new(daemon, "copy-program");
    pool.volume(&conn, "v", 5 << 20).await;
    let file = |name: &str| daemon.scratch().join(name).to_str().unwrap().to_owned();
    let (up, down) = (file("copy-program.up"), file("copy-program.down"));
    let data = Noise::new(10).bytes(5 << 20);
    fs::write(&up, &data).unwrap();
    let run = async |direction: &str, volume: &str, file: &str, sparse: bool| {
        let mut program = Command::new(example("volume_copy"));
        program.args([direction, &daemon.uri(), "copy-program", volume, file]);
        let output = program.args(sparse.then_some("--sparse")).output();
        output.await.unwrap()
    };
    for sparse in [false, true] {
        for (direction, file) in [("upload", &up), ("download", &down)] {
            let output = run(direction, "v", file, sparse).await;
            assert!(output.status.success(), "{output:?}");
            // There is no terminal to draw on.
            assert_eq!(output.stderr, b"");
        }
        assert!(pool.content("v") == data);
        assert!(fs::read(&down).unwrap() == data);
        fs::write(pool.dir.join("v"), []).unwrap();
    }
    for (volume, file) in [("none", &*up), ("v", "/nowhere/file")] {
        let output = run("upload", volume, file, false).await;
        assert_eq!(output.status.code(), Some(1), "{output:?}");
        let error = String::from_utf8(output.stderr).unwrap();
        assert_eq!(error.lines().count(), 1, "{error}");
        assert!(error.contains(file) || error.contains("none"), "{error}");
    }
}

/// The most memory that a process has had so far, while it is there.
fn peak_kib(process: u32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().trim_end_matches(" kB").parse().ok()
}

#[tokio::test]
async fn a_gib_there_and_back_takes_little_memory() {
    const SIZE: u64 = 1 << 30;
    let Some((daemon, conn)) = qemu().await else {
        return;
    };
    let pool = Pool::new(daemon, "copy-gib");
    pool.volume(&conn, "v", SIZE).await;
    let file = daemon.scratch().join("copy-gib.file");
    fs::File::create(&file).unwrap().set_len(SIZE).unwrap();
    // All of it is sent, although it is nothing but zeros.
    for (direction, file) in [
        ("download", "/dev/null"),
        ("upload", file.to_str().unwrap()),
    ] {
        let mut program = Command::new(example("volume_copy"));
        program.args([direction, &daemon.uri(), "copy-gib", "v", file]);
        let mut program = program.stdout(Stdio::piped()).spawn().unwrap();
        let process = program.id().unwrap();
        let mut peak = 0;
        while program.try_wait().unwrap().is_none() {
            peak = peak_kib(process).unwrap_or(peak);
            sleep(Duration::from_millis(5)).await;
        }
        let output = program.wait_with_output().await.unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        assert_eq!(text, format!("{SIZE} bytes, of which {SIZE} were sent\n"));
        assert!((1..64 * 1024).contains(&peak), "{direction}: {peak} KiB");
    }
    fs::remove_file(pool.dir.join("v")).unwrap();
}
