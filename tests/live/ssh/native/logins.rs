//! Who we are.

use std::fs;
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};

use libvirt_client::types::connect::CredentialType;
use libvirt_client::{Connect, ConnectBuilder, Credential, SshFailure};
use rig::Need;
use rig::ssh::{Client, PASSWORD};

use super::super::{Host, check};
use super::refused;
use crate::common::{eventually, mkfifo};
use crate::programs::built;

/// Answers that kind of question, and no other.
fn answering(uri: &str, kind: CredentialType, answer: &'static str) -> ConnectBuilder {
    Connect::builder(uri).credentials(move |request| async move {
        (request.kind == kind).then(|| Credential::from(answer))
    })
}

#[tokio::test]
async fn keys_that_are_not_accepted() {
    let Some(host) = Host::new() else { return };
    let stranger = Client::new().unwrap();
    let file = stranger.key().display().to_string();
    let uri = host.native_uri(&format!("keyfile={file}&sshauth=privkey"));
    let (failure, text) = refused(&uri).await;
    assert!(matches!(failure, SshFailure::Refused { .. }), "{failure:?}");
    assert_eq!(
        text,
        format!("127.0.0.1 does not let root log in by SSH: key: {file} was not accepted")
    );
    let (_, text) = refused(&host.native_uri("keyfile=/nowhere&sshauth=privkey,password")).await;
    assert!(
        text.ends_with(
            "key: /nowhere: No such file or directory (os error 2); password: the host does not \
             want it"
        ),
        "{text}"
    );
}

/// What nobody may ever write into is not waited for.
#[tokio::test]
async fn keys_and_hosts_in_pipes() {
    let Some(host) = Host::new() else { return };
    let dir = tempfile::tempdir().unwrap();
    let pipe = dir.path().join("pipe");
    mkfifo(&pipe);
    let pipe = pipe.display();
    let (failure, text) =
        refused(&host.native_uri(&format!("keyfile={pipe}&sshauth=privkey"))).await;
    assert!(matches!(failure, SshFailure::Refused { .. }), "{failure:?}");
    let reason = format!("key: {pipe}: it is not a regular file");
    assert!(text.ends_with(&reason), "{text}");
    let (failure, text) = refused(&host.key_uri(&format!("known_hosts={pipe}"))).await;
    assert!(matches!(failure, SshFailure::KnownHosts { .. }), "{failure:?}");
    let reason = format!("{pipe}: it is not a regular file");
    assert!(text.ends_with(&reason), "{text}");
}

/// As many have it whose hosts come and go.
#[tokio::test]
async fn hosts_that_nobody_wants_to_know() {
    let Some(host) = Host::new() else { return };
    let uri = host.key_uri("known_hosts=/dev/null&known_hosts_verify=auto");
    check(&Connect::open(&uri).await.unwrap()).await;
}

#[tokio::test]
async fn keys_with_passphrases() {
    let Some(host) = Host::new() else { return };
    let mut change = Command::new("ssh-keygen");
    change.args(["-q", "-p", "-P", "", "-N", "open sesame", "-f"]);
    assert!(change.arg(host.client.key()).output().unwrap().status.success());
    let uri = host.key_uri("");
    let (_, text) = refused(&uri).await;
    assert!(text.contains("the SSH key needs a passphrase: "), "{text}");
    let kind = CredentialType::Passphrase;
    let error = answering(&uri, kind, "wrong").open().await.unwrap_err();
    assert!(error.to_string().ends_with(": the passphrase is wrong"), "{error}");
    check(&answering(&uri, kind, "open sesame").open().await.unwrap()).await;
}

#[tokio::test]
async fn passwords() {
    if !rig::available(&[Need::Root]).unwrap() {
        return;
    }
    let Some(host) = Host::with(|server| server.accept_password("password")) else {
        return;
    };
    let uri = host.native_uri("sshauth=password");
    let kind = CredentialType::Passphrase;
    check(&answering(&uri, kind, PASSWORD).open().await.unwrap()).await;
    let error = answering(&uri, kind, "wrong").open().await.unwrap_err();
    assert!(error.to_string().ends_with("password: it was not accepted"), "{error}");
    let (_, text) = refused(&uri).await;
    assert!(text.contains("password: SSH needs a password"), "{text}");

    let file = host.client.dir().join("auth.conf");
    let text =
        format!("[credentials-rig]\npassword={PASSWORD}\n[auth-ssh-127.0.0.1]\ncredentials=rig\n");
    fs::write(&file, text).unwrap();
    let uri = host.native_uri(&format!("authfile={}", file.display()));
    check(&Connect::open(&uri).await.unwrap()).await;
}

#[tokio::test]
async fn answers_to_the_hosts_questions() {
    if !rig::available(&[Need::Root]).unwrap() {
        return;
    }
    let Some(host) = Host::with(|server| server.accept_password("keyboard-interactive")) else {
        return;
    };
    let uri = host.native_uri("sshauth=agent,keyboard-interactive");
    let kind = CredentialType::Noechoprompt;
    let opened = answering(&uri, kind, PASSWORD).open().await;
    check(&opened.unwrap_or_else(|error| panic!("{error}\n{}", host.server.log()))).await;
    let error = answering(&uri, kind, "wrong").open().await.unwrap_err();
    assert!(error.to_string().contains("keyboard-interactive: "), "{error}");
}

#[tokio::test]
async fn questions_that_nobody_answers_do_not_end_the_login() {
    if !rig::available(&[Need::Root]).unwrap() {
        return;
    }
    let Some(host) = Host::with(|server| server.accept_password("keyboard-interactive")) else {
        return;
    };
    let key = host.client.key().display().to_string();
    let uri = host.native_uri(&format!("sshauth=keyboard-interactive,privkey&keyfile={key}"));
    check(&Connect::open(&uri).await.unwrap()).await;
    let (_, text) = refused(&host.native_uri("sshauth=keyboard-interactive")).await;
    assert!(text.contains("SSH needs an answer"), "{text}");
}

/// An agent, which ends with the test.
struct Agent {
    process: Child,
    socket: PathBuf,
}

impl Agent {
    async fn start(host: &Host) -> Self {
        let socket = host.client.dir().join("agent");
        let mut agent = Command::new("ssh-agent");
        // Without a screen it can ask nobody.
        agent.env_remove("DISPLAY").env_remove("SSH_ASKPASS");
        let agent = agent.arg("-D").arg("-a").arg(&socket).stdout(Stdio::null());
        let process = agent.spawn().unwrap();
        eventually("the agent listens", async || socket.exists()).await;
        Self { process, socket }
    }

    fn add(&self, client: &Client, options: &[&str]) {
        let mut add = Command::new("ssh-add");
        add.env("SSH_AUTH_SOCK", &self.socket).arg("-q").args(options).arg(client.key());
        assert!(add.status().unwrap().success());
    }

    /// Runs a program that has the agent, and no key of its own.
    fn list(&self, host: &Host, parameters: &str) -> Output {
        let mut list = Command::new(built("list"));
        list.arg(host.native_uri(parameters)).env("SSH_AUTH_SOCK", &self.socket);
        list.env("HOME", host.client.dir()).output().unwrap()
    }

    fn refused(&self, host: &Host, reason: &str) {
        let text = String::from_utf8(self.list(host, "").stderr).unwrap();
        assert!(text.contains(reason), "{text}");
    }

    fn accepted(&self, host: &Host, parameters: &str) {
        let output = self.list(host, parameters);
        assert!(output.status.success(), "{output:?}");
        assert!(String::from_utf8(output.stdout).unwrap().contains("test"));
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}

#[tokio::test]
async fn an_agents_keys() {
    let Some(host) = Host::new() else { return };
    let agent = Agent::start(&host).await;
    agent.refused(
        &host,
        "agent: it has no keys; key: there is none in ~/.ssh; password: the host does not",
    );
    agent.add(&Client::new().unwrap(), &[]);
    agent.refused(&host, "agent: none of its 1 keys was accepted");
    agent.add(&host.client, &[]);
    agent.accepted(&host, "");
}

#[tokio::test]
async fn an_agent_that_does_not_sign() {
    let Some(host) = Host::new() else { return };
    let agent = Agent::start(&host).await;
    // The user is to confirm each signature.
    agent.add(&host.client, &["-c"]);
    agent.refused(&host, "agent: it did not sign: ");
    // The next method has its turn.
    agent.accepted(&host, &format!("keyfile={}", host.client.key().display()));
}
