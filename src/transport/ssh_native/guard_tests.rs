#![allow(clippy::unwrap_used, clippy::panic)]

use std::time::Duration;

use russh::keys::PrivateKey;
use russh::keys::ssh_key::private::Ed25519Keypair;
use russh::server::{self, Auth, ChannelOpenHandle, Session};
use tokio::net::TcpListener;
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;

use super::*;
use crate::auth::AuthOptions;
use crate::transport::ssh_native::{SshTarget, connect};

/// More than anything here takes.
const LONG: Duration = Duration::from_secs(60);

/// A host that lets everybody in, and then tries to open channels of all kinds.
struct Pushy {
    /// Takes what became of them.
    results: mpsc::UnboundedSender<Result<(), russh::Error>>,
    /// The client's own channels, which are neither opened nor refused: the client goes on waiting.
    waiting: Vec<ChannelOpenHandle>,
}

impl server::Handler for Pushy {
    type Error = russh::Error;

    async fn auth_none(&mut self, _: &str) -> Result<Auth, russh::Error> {
        Ok(Auth::Accept)
    }

    async fn auth_succeeded(&mut self, session: &mut Session) -> Result<(), russh::Error> {
        let (handle, results) = (session.handle(), self.results.clone());
        tokio::spawn(async move {
            for result in [
                handle.channel_open_session().await,
                handle.channel_open_x11("kvm1", 1).await,
                handle.channel_open_agent().await,
                handle.channel_open_direct_tcpip("kvm1", 1, "kvm2", 2).await,
                handle.channel_open_direct_streamlocal("/s").await,
                handle.channel_open_forwarded_tcpip("kvm1", 1, "kvm2", 2).await,
                handle.channel_open_forwarded_streamlocal("/s").await,
            ] {
                results.send(result.map(drop)).unwrap();
            }
        });
        Ok(())
    }

    async fn channel_open_session(
        &mut self,
        _: Channel<server::Msg>,
        reply: ChannelOpenHandle,
        _: &mut Session,
    ) -> Result<(), russh::Error> {
        self.waiting.push(reply);
        Ok(())
    }
}

/// Waits for a client, and serves it until it is gone.
async fn serve(listener: TcpListener, results: mpsc::UnboundedSender<Result<(), russh::Error>>) {
    let key = PrivateKey::from(Ed25519Keypair::from_seed(&[7; 32]));
    let config = Arc::new(server::Config { keys: vec![key], ..Default::default() });
    let (stream, _) = listener.accept().await.unwrap();
    if let Ok(session) =
        server::run_stream(config, stream, Pushy { results, waiting: Vec::new() }).await
    {
        let _how_it_ended = session.await;
    }
}

fn target<'a>(
    port: u16,
    verify: Verify,
    known_hosts: &'a str,
    auth: &'a AuthOptions,
) -> SshTarget<'a> {
    SshTarget {
        host: "127.0.0.1",
        port,
        user: "fred",
        command: "true".to_owned(),
        key_file: None,
        known_hosts: Some(known_hosts),
        verify,
        methods: None,
        auth_file: None,
        auth,
        keepalive: None,
    }
}

#[tokio::test]
async fn hosts_may_not_open_channels() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let (sender, mut results) = mpsc::unbounded_channel();
    let server = tokio::spawn(serve(listener, sender));
    let auth = AuthOptions::default();
    let target = target(port, Verify::Ignore, "/dev/null", &auth);
    let count = async {
        for number in 0..7 {
            let result = timeout(LONG, results.recv()).await.unwrap().unwrap();
            let is_rejected = matches!(result, Err(russh::Error::ChannelOpenFailure(_)));
            assert!(is_rejected, "{number}: {result:?}");
        }
    };
    tokio::select! {
        _ = connect(&target, None) => panic!("opened"),
        () = count => {}
    }
    server.abort();
}

/// Tells when it is dropped.
struct Dropped(#[expect(dead_code, reason = "being dropped is its use")] oneshot::Sender<()>);

#[tokio::test]
async fn questions_end_with_the_opening() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let (results, _results) = mpsc::unbounded_channel();
    let server = tokio::spawn(serve(listener, results));
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("known_hosts");
    let (asked_sender, mut asked) = mpsc::unbounded_channel();
    let callback = CredentialCallback::new(move |_| {
        let (sender, dropped) = oneshot::channel();
        asked_sender.send(dropped).unwrap();
        let guard = Dropped(sender);
        async move {
            std::future::pending::<()>().await;
            drop(guard);
            None
        }
    });
    let auth = AuthOptions { login: None, callback: Some(callback) };
    let target = target(port, Verify::Normal, file.to_str().unwrap(), &auth);
    // The opening is given up once the question is there.
    let dropped = tokio::select! {
        _ = connect(&target, None) => panic!("opened"),
        dropped = timeout(LONG, asked.recv()) => dropped.unwrap().unwrap(),
    };
    assert!(timeout(LONG, dropped).await.unwrap().is_err());
    timeout(LONG, server).await.unwrap().unwrap();
    assert!(!file.exists());
}

/// An answer that comes with the end of the opening comes too late.
#[tokio::test]
async fn late_answers_store_nothing() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let (results, _results) = mpsc::unbounded_channel();
    let server = tokio::spawn(serve(listener, results));
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("known_hosts");
    let (asked_sender, mut asked) = mpsc::unbounded_channel();
    let callback = CredentialCallback::new(move |_| {
        let (answer, answered) = oneshot::channel::<()>();
        asked_sender.send(answer).unwrap();
        async move { answered.await.ok().map(|()| "y".into()) }
    });
    let auth = AuthOptions { login: None, callback: Some(callback) };
    let target = target(port, Verify::Normal, file.to_str().unwrap(), &auth);
    let answer = tokio::select! {
        _ = connect(&target, None) => panic!("opened"),
        answer = timeout(LONG, asked.recv()) => answer.unwrap().unwrap(),
    };
    // Nobody may be there any more to take it.
    let _whether_it_was_taken = answer.send(());
    timeout(LONG, server).await.unwrap().unwrap();
    assert!(!file.exists());
}
