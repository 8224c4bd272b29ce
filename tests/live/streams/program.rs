//! The examples `volume_copy`, `screenshot` and `console`.

use std::fs;
use std::process::{Output, Stdio};

use rig::guest::Guest;
use tokio::io::AsyncWriteExt as _;
use tokio::process::{Child, Command};
use tokio::time::{Duration, sleep};

use super::{Noise, Pool};
use crate::common::{LIMIT, boot, qemu};
use crate::programs::example;
use crate::shell::read_until;

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
        let mut program = Command::new(example("volume_copy").await);
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
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
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
        let mut program = Command::new(example("volume_copy").await);
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

/// Waits for a program to end by itself.
async fn end_of(program: Child) -> Output {
    let ended = tokio::time::timeout(LIMIT, program.wait_with_output());
    ended.await.unwrap().unwrap()
}

#[tokio::test]
async fn a_guest_is_looked_at_and_talked_to() {
    let (screenshot, talk) = (example("screenshot").await, example("console").await);
    let Some((daemon, conn)) = qemu().await else {
        return;
    };
    let name = "streams-programs";
    let guest = boot(daemon, &conn, name, Guest::video).await;

    let file = daemon.scratch().join("streams-programs.png");
    let run = async |domain: &str| {
        let mut program = Command::new(&screenshot);
        let program = program.args([&daemon.uri(), domain]).arg(&file);
        program.output().await.unwrap()
    };
    let output = run(name).await;
    assert!(output.status.success(), "{output:?}");
    assert!(fs::read(&file).unwrap().starts_with(b"\x89PNG\r\n\x1a\n"));
    let output = run("streams-nobody").await;
    assert_eq!(output.status.code(), Some(1));
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(error.starts_with("screenshot: ") && error.lines().count() == 1, "{error}");

    let start = |program: &mut Command| {
        program.stdin(Stdio::piped()).stdout(Stdio::piped());
        program.stderr(Stdio::piped()).kill_on_drop(true);
        program.spawn().unwrap()
    };
    let console = || {
        let mut program = Command::new(&talk);
        program.args([&daemon.uri(), name]);
        start(&mut program)
    };
    // All at once: it waits for the answer.
    let mut program = console();
    let mut input = program.stdin.take().unwrap();
    input.write_all(b"echo $((6*7))-$((1+1))\n").await.unwrap();
    drop(input);
    let output = end_of(program).await;
    assert!(output.status.success(), "{output:?}");
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(text.contains("42-2"), "{text:?}");
    assert_eq!(output.stderr, b"");

    // Word by word, and the escape character.
    let mut program = console();
    let mut input = program.stdin.take().unwrap();
    let mut output = program.stdout.take().unwrap();
    for (question, answer) in [("echo $((6*8))-a\n", "48-a"), ("echo $((6*9))-b\n", "54-b")] {
        input.write_all(question.as_bytes()).await.unwrap();
        read_until(&mut output, answer).await;
    }
    input.write_all(b"\x1d").await.unwrap();
    assert!(end_of(program).await.status.success());

    // On a terminal, which is as it was afterwards.
    let mut script = Command::new("script");
    let command = format!("{} '{}' {name}; echo status $?; stty -a", talk.display(), daemon.uri());
    script.args(["--quiet", "--command", &command, "/dev/null"]);
    let mut program = start(&mut script);
    let mut input = program.stdin.take().unwrap();
    let mut output = program.stdout.take().unwrap();
    read_until(&mut output, "disconnects.").await;
    // Were it not raw, ^C would end the program.
    input.write_all(b"\x03echo $((6*7))-$((1+2))\r").await.unwrap();
    read_until(&mut output, "42-3").await;
    input.write_all(b"\x1d").await.unwrap();
    let text = read_until(&mut output, "echoke").await;
    assert!(text.contains("status 0"), "{text}");
    assert!(text.contains(" icanon ") && text.contains(" echo "), "{text}");
    drop(input);
    end_of(program).await;

    // The end of the guest is its end.
    let mut program = console();
    let mut input = program.stdin.take().unwrap();
    input.write_all(b"echo $((6*7))-$((1+3))\n").await.unwrap();
    read_until(program.stdout.as_mut().unwrap(), "42-4").await;
    guest.domain.destroy().await.unwrap();
    let output = end_of(program).await;
    assert!(output.status.success(), "{output:?}");
}
