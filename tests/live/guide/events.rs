//! Programs that go on until Ctrl-C.

use std::process::Stdio;

use rig::guest::READY;
use rustix::process::{Pid, Signal, kill_process};
use tokio::io::AsyncReadExt as _;
use tokio::process::{Child, ChildStdout};

use super::Guide;
use crate::common::{define, discard, qemu};
use crate::shell::read_until;

#[tokio::test]
async fn changes_of_state_are_told_until_ctrl_c() {
    let Some((daemon, conn)) = qemu().await else {
        return;
    };
    let guide = Guide::of(daemon);
    let name = "guide-lifecycle";
    let domain = define(daemon, &conn, name, |guest| guest).await.domain;
    let mut command = guide.command("9.1a", &[&domain.uuid().to_string()]).await;
    let (child, mut told) = start(&mut command);

    read_until(&mut told, &format!("{name}: Shutoff(Unknown)\n")).await;
    guide.virsh(&["start", name]);
    read_until(&mut told, &format!("{name}: Started(Booted)\n")).await;
    guide.virsh(&["suspend", name]);
    read_until(&mut told, &format!("{name}: Suspended(Paused)\n")).await;
    guide.virsh(&["resume", name]);
    read_until(&mut told, &format!("{name}: Resumed(Unpaused)\n")).await;
    guide.virsh(&["destroy", name]);
    read_until(&mut told, &format!("{name}: Stopped(Destroyed)\n")).await;
    end(child, told).await;
    discard(&domain).await;
}

#[tokio::test]
async fn a_console_is_shown_for_each_run() {
    let Some((daemon, conn)) = qemu().await else {
        return;
    };
    let guide = Guide::of(daemon);
    let name = "guide-console";
    let domain = define(daemon, &conn, name, |guest| guest).await.domain;
    guide.virsh(&["start", name]);
    let mut command = guide.command("9.1b", &[&domain.uuid().to_string()]).await;
    let (child, mut shown) = start(&mut command);
    read_until(&mut shown, READY).await;
    guide.virsh(&["destroy", name]);
    guide.virsh(&["start", name]);
    read_until(&mut shown, READY).await;
    end(child, shown).await;
    discard(&domain).await;
}

fn start(command: &mut tokio::process::Command) -> (Child, ChildStdout) {
    let command = command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.kill_on_drop(true).spawn().unwrap();
    let output = child.stdout.take().unwrap();
    (child, output)
}

async fn end(child: Child, mut rest: ChildStdout) {
    let pid = Pid::from_raw(child.id().unwrap().cast_signed()).unwrap();
    kill_process(pid, Signal::INT).unwrap();
    let mut unread = Vec::new();
    rest.read_to_end(&mut unread).await.unwrap();
    let output = child.wait_with_output().await.unwrap();
    assert!(output.status.success(), "{output:?}");
}
