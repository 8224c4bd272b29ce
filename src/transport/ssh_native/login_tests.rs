#![allow(clippy::unwrap_used)]

use std::sync::Mutex;

use russh::keys::ssh_key::private::Ed25519Keypair;
use russh::server::{self, Auth, Response};
use tokio::net::TcpListener;

use super::*;
use crate::auth::CredentialCallback;
use crate::transport::ssh_native::{Verify, connect};

/// A host whose question would clear the screen.
struct Artful;

impl server::Handler for Artful {
    type Error = russh::Error;

    async fn auth_keyboard_interactive<'a>(
        &'a mut self,
        _: &str,
        _: &str,
        _: Option<Response<'a>>,
    ) -> Result<Auth, russh::Error> {
        let prompts = vec![("\u{1b}[2JName: ".into(), true)].into();
        Ok(Auth::Partial { name: "".into(), instructions: "".into(), prompts })
    }
}

#[tokio::test]
async fn hosts_questions_are_escaped() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let server = tokio::spawn(async move {
        let key = PrivateKey::from(Ed25519Keypair::from_seed(&[7; 32]));
        let config = server::Config { keys: vec![key], ..Default::default() };
        let (stream, _) = listener.accept().await.unwrap();
        let session = server::run_stream(Arc::new(config), stream, Artful).await.unwrap();
        let _how_it_ended = session.await;
    });
    let asked = Arc::new(Mutex::new(Vec::new()));
    let prompts = asked.clone();
    let callback = CredentialCallback::new(move |request| {
        prompts.lock().unwrap().push(request.prompt);
        std::future::ready(None)
    });
    let target = SshTarget {
        host: "127.0.0.1",
        port,
        user: "fred",
        command: "true".to_owned(),
        key_file: None,
        known_hosts: Some("/dev/null"),
        verify: Verify::Ignore,
        methods: Some(vec![Method::Interactive]),
        auth_file: None,
        auth: &AuthOptions { login: None, callback: Some(callback) },
        keepalive: None,
    };
    assert!(connect(&target, None).await.is_err());
    assert_eq!(*asked.lock().unwrap(), [r"\u{1b}[2JName:"]);
    server.abort();
}
