//! User authentication with the SSH host.

use std::env;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use russh::client::{AuthResult, Handle, KeyboardInteractiveAuthResponse, Prompt};
use russh::keys::agent::AgentIdentity;
use russh::keys::agent::client::AgentClient;
use russh::keys::{self, HashAlg, PrivateKey, PrivateKeyWithHashAlg, PublicKey};
use russh::{AgentAuthError, MethodSet, Signer};
use tokio::net::UnixStream;
use zeroize::Zeroizing;

use super::guard::{Guard, Refusal};
use super::target::{Method, SshTarget};
use crate::auth::{AuthOptions, Credential, CredentialSources};
use crate::error::line::Escaped;
use crate::error::uri::user_alone;
use crate::error::{Error, SshFailure};
use crate::files;
use crate::types::connect::CredentialType;

/// The default private keys in the user's `.ssh`.
const KEYS: [&str; 5] = ["identity", "id_dsa", "id_ecdsa", "id_ed25519", "id_rsa"];
/// The limit on rounds of questions from the host.
const ROUNDS: usize = 16;

/// The result of one method.
enum MethodResult {
    In,
    /// The host refused; it would accept these methods.
    No(MethodSet, String),
    /// There was no credential to try.
    Nothing(String),
}

pub(super) async fn login(
    session: &mut Handle<Guard>,
    target: &SshTarget<'_>,
) -> Result<(), Refusal> {
    let mut offered = match session.authenticate_none(target.user).await? {
        AuthResult::Success => return Ok(()),
        AuthResult::Failure { remaining_methods, .. } => still_there(session, remaining_methods)?,
    };
    let auth = AuthOptions {
        // The login is for the daemon.
        login: None,
        callback: target.auth.callback.clone(),
    };
    let mut user = User {
        name: target.user,
        sources: CredentialSources::new(&auth, "ssh", target.host, target.auth_file).await?,
        key_file: target.key_file,
    };
    let mut tried = Vec::new();
    let methods = target.methods.clone();
    for method in methods.unwrap_or_else(|| Method::ALL.to_vec()) {
        let name = method.name();
        if !offered.contains(&method.kind()) {
            tried.push(format!("{name}: the host does not want it"));
            continue;
        }
        let outcome = match method {
            Method::Agent => user.by_agent(session).await?,
            Method::Key => user.by_key(session).await?,
            Method::Password => user.by_password(session).await?,
            Method::Interactive => user.by_answers(session).await?,
        };
        match outcome {
            MethodResult::In => return Ok(()),
            MethodResult::No(remaining, what) => {
                tried.push(format!("{name}: {what}"));
                offered = still_there(session, remaining)?;
            }
            MethodResult::Nothing(why) => tried.push(format!("{name}: {why}")),
        }
    }
    let user = user_alone(target.user);
    Err(SshFailure::Refused { user, tried }.into())
}

/// Fails if the host has hung up.
fn still_there(session: &Handle<Guard>, offered: MethodSet) -> Result<MethodSet, Refusal> {
    if offered.is_empty() && session.is_closed() {
        Err(russh::Error::Disconnect.into())
    } else {
        Ok(offered)
    }
}

struct User<'a> {
    name: &'a str,
    sources: CredentialSources<'a>,
    key_file: Option<&'a str>,
}

impl User<'_> {
    async fn by_agent(&self, session: &mut Handle<Guard>) -> Result<MethodResult, Refusal> {
        let Some(socket) = env::var_os("SSH_AUTH_SOCK").filter(|path| !path.is_empty()) else {
            return Ok(MethodResult::Nothing("there is none (SSH_AUTH_SOCK)".to_owned()));
        };
        let keys = async {
            let mut agent = AgentClient::connect_uds(socket).await?;
            let keys = agent.request_identities().await?;
            Ok::<_, keys::Error>((agent, keys))
        };
        let (mut agent, identities) = match keys.await {
            Ok(both) => both,
            Err(error) => return Ok(MethodResult::Nothing(error.to_string())),
        };
        let mut signer = AgentSigner { agent: &mut agent, failure: None };
        let mut last = None;
        for identity in &identities {
            // Certificates are not supported here.
            let AgentIdentity::PublicKey { key, .. } = identity else {
                continue;
            };
            let hash = hash(session, key).await?;
            let outcome =
                session.authenticate_publickey_with(self.name, key.clone(), hash, &mut signer);
            // Only a session that has ended fails it.
            match outcome.await.map_err(|_| russh::Error::Disconnect)? {
                AuthResult::Success => return Ok(MethodResult::In),
                AuthResult::Failure { remaining_methods, .. } => {
                    last = Some(still_there(session, remaining_methods)?);
                }
            }
        }
        Ok(match (last, signer.failure) {
            (None, _) => MethodResult::Nothing("it has no keys".to_owned()),
            (Some(remaining), None) => {
                let count = identities.len();
                MethodResult::No(remaining, format!("none of its {count} keys was accepted"))
            }
            (Some(remaining), Some(failure)) => {
                MethodResult::No(remaining, format!("it did not sign: {failure}"))
            }
        })
    }

    async fn by_key(&self, session: &mut Handle<Guard>) -> Result<MethodResult, Refusal> {
        let file = match self.key_file {
            Some(file) => Some(PathBuf::from(file)),
            None => files::on_thread(usual_key).await?,
        };
        let Some(file) = file else {
            return Ok(MethodResult::Nothing("there is none in ~/.ssh".to_owned()));
        };
        let key = match self.load(&file).await {
            Ok(key) => key,
            Err(reason) => {
                return Ok(MethodResult::Nothing(format!("{}: {reason}", file.display())));
            }
        };
        let hash = hash(session, key.public_key()).await?;
        let key = PrivateKeyWithHashAlg::new(Arc::new(key), hash);
        let result = session.authenticate_publickey(self.name, key).await?;
        let what = format!("{} was not accepted", file.display());
        Ok(outcome(result, &what))
    }

    /// Reads a key, and prompts for its passphrase if it has one.
    async fn load(&self, file: &Path) -> Result<PrivateKey, String> {
        match read_key(file.to_owned(), None).await {
            Err(keys::Error::KeyIsEncrypted) => {}
            other => return other.map_err(|error| error.to_string()),
        }
        let prompt = format!("Passphrase of the key {}", file.display());
        let asked = self.sources.ask(
            CredentialType::Passphrase,
            "the SSH key",
            Some(self.name),
            prompt,
            "a passphrase",
        );
        let passphrase = asked.await.map_err(|error| in_short(&error))?;
        let key = read_key(file.to_owned(), Some(passphrase)).await;
        key.map_err(|_| "the passphrase is wrong".to_owned())
    }

    async fn by_password(&mut self, session: &mut Handle<Guard>) -> Result<MethodResult, Refusal> {
        if is_logged() {
            return Ok(MethodResult::Nothing(LOGGED.to_owned()));
        }
        let password = match self.sources.password("SSH", self.name).await {
            Ok(password) => password,
            Err(error) => return missing(error),
        };
        // The prompt may have taken long.
        if is_logged() {
            return Ok(MethodResult::Nothing(LOGGED.to_owned()));
        }
        let result = session.authenticate_password(self.name, password.expose());
        Ok(outcome(result.await?, "it was not accepted"))
    }

    async fn by_answers(&mut self, session: &mut Handle<Guard>) -> Result<MethodResult, Refusal> {
        if is_logged() {
            return Ok(MethodResult::Nothing(LOGGED.to_owned()));
        }
        let mut response = session.authenticate_keyboard_interactive_start(self.name, None).await?;
        for round in 0..ROUNDS {
            let prompts = match response {
                KeyboardInteractiveAuthResponse::Success => return Ok(MethodResult::In),
                KeyboardInteractiveAuthResponse::Failure { remaining_methods, .. } => {
                    let what = "the answers were not accepted".to_owned();
                    return Ok(MethodResult::No(remaining_methods, what));
                }
                KeyboardInteractiveAuthResponse::InfoRequest { prompts, .. } => prompts,
            };
            // Wiped when they are dropped.
            let mut answers: Vec<Credential> = Vec::with_capacity(prompts.len());
            for prompt in &prompts {
                // A single question with a hidden answer asks for the password.
                let is_for_password = round == 0 && prompts.len() == 1 && !prompt.echo;
                match self.answer(prompt, is_for_password).await {
                    Ok(answer) => answers.push(answer),
                    Err(error) => return decline(session, prompts.len(), missing(error)?).await,
                }
            }
            if is_logged() {
                let outcome = MethodResult::Nothing(LOGGED.to_owned());
                return decline(session, prompts.len(), outcome).await;
            }
            // russh takes plain texts.
            let answers = answers.iter().map(|answer| answer.expose().to_owned()).collect();
            response = session.authenticate_keyboard_interactive_respond(answers).await?;
        }
        Err(SshFailure::Broken("the host asks without end".to_owned()).into())
    }

    async fn answer(
        &mut self,
        prompt: &Prompt,
        is_for_password: bool,
    ) -> Result<Credential, Error> {
        if is_for_password && let Some(password) = self.sources.written_password().await? {
            return Ok(password);
        }
        let kind = if prompt.echo {
            CredentialType::Echoprompt
        } else {
            CredentialType::Noechoprompt
        };
        // The host chooses the text, and a terminal would obey it.
        let text = Escaped(prompt.prompt.trim_end()).to_string();
        self.sources.ask(kind, "SSH", Some(self.name), text, "an answer").await
    }
}

/// An agent that always signs: where it refuses, such as for a user who does not confirm, with a
/// signature that no host accepts. Without one the session would wait for it forever.
struct AgentSigner<'a> {
    agent: &'a mut AgentClient<UnixStream>,
    /// Why it did not sign, the last time.
    failure: Option<keys::Error>,
}

impl Signer for AgentSigner<'_> {
    type Error = AgentAuthError;

    async fn auth_sign(
        &mut self,
        key: &AgentIdentity,
        hash: Option<HashAlg>,
        to_sign: Vec<u8>,
    ) -> Result<Vec<u8>, AgentAuthError> {
        let mut signed = to_sign.clone();
        match self.agent.sign_request(key, hash, to_sign).await {
            Ok(signed) => Ok(signed),
            Err(failure) => {
                self.failure = Some(failure);
                let algorithm = key.public_key().algorithm();
                let parts = [algorithm.as_str().as_bytes(), b"none"];
                let signature: Vec<u8> = parts.into_iter().flat_map(ssh_string).collect();
                signed.extend(ssh_string(&signature));
                Ok(signed)
            }
        }
    }
}

/// Encodes a string of the SSH protocol.
fn ssh_string(bytes: &[u8]) -> impl Iterator<Item = u8> {
    let len = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
    len.to_be_bytes().into_iter().chain(bytes.iter().copied())
}

/// Answers questions with empty texts: without an answer the session would wait for one forever,
/// and hosts hang up if there are too few.
async fn decline(
    session: &mut Handle<Guard>,
    questions: usize,
    outcome: MethodResult,
) -> Result<MethodResult, Refusal> {
    let MethodResult::Nothing(why) = outcome else {
        return Ok(outcome);
    };
    let response =
        session.authenticate_keyboard_interactive_respond(vec![String::new(); questions]);
    match response.await? {
        KeyboardInteractiveAuthResponse::Success => Ok(MethodResult::In),
        KeyboardInteractiveAuthResponse::Failure { remaining_methods, .. } => {
            Ok(MethodResult::No(remaining_methods, why))
        }
        // A host that goes on asking gets no more answers.
        KeyboardInteractiveAuthResponse::InfoRequest { .. } => {
            let name = Method::Interactive.name();
            Err(SshFailure::Broken(format!("{name}: {why}")).into())
        }
    }
}

/// Returns whether a logger records what is sent. russh logs the bytes of each packet before
/// encrypting them, and has no way to send a password without that.
fn is_logged() -> bool {
    log::log_enabled!(target: "russh::session", log::Level::Trace)
}

const LOGGED: &str = "not tried, because this program's logger takes what the target russh::session \
                      logs at TRACE, in which the password would stand";

fn outcome(result: AuthResult, what: &str) -> MethodResult {
    match result {
        AuthResult::Success => MethodResult::In,
        AuthResult::Failure { remaining_methods, partial_success: true } => {
            MethodResult::No(remaining_methods, "accepted, but not enough".to_owned())
        }
        AuthResult::Failure { remaining_methods, .. } => {
            MethodResult::No(remaining_methods, what.to_owned())
        }
    }
}

/// Treats a missing credential as a method not tried; passes other errors on.
fn missing(error: Error) -> Result<MethodResult, Refusal> {
    match error {
        Error::Auth(_) => Ok(MethodResult::Nothing(in_short(&error))),
        other => Err(other.into()),
    }
}

fn in_short(error: &Error) -> String {
    match error {
        Error::Auth(error) => error.to_string(),
        other => other.to_string(),
    }
}

/// Chooses the hash to sign with: RSA has several, and the host may not tell which is best.
async fn hash(session: &Handle<Guard>, key: &PublicKey) -> Result<Option<HashAlg>, russh::Error> {
    if !key.algorithm().is_rsa() {
        return Ok(None);
    }
    let best = session.best_supported_rsa_hash().await?;
    Ok(best.unwrap_or(Some(HashAlg::Sha256)))
}

fn usual_key() -> Option<PathBuf> {
    let dir = env::home_dir()?.join(".ssh");
    let mut files = KEYS.iter().map(|name| dir.join(name));
    files.find(|file| file.is_file())
}

/// Reads a key on a blocking thread: deriving a key from a passphrase is slow by design.
async fn read_key(
    file: PathBuf,
    passphrase: Option<Credential>,
) -> Result<PrivateKey, keys::Error> {
    let read = files::on_thread(move || {
        let bytes = Zeroizing::new(files::read(&file)?);
        let text = str::from_utf8(&bytes).map_err(|_| keys::Error::CouldNotReadKey)?;
        keys::decode_secret_key(text, passphrase.as_ref().map(Credential::expose))
    });
    let read = read.await;
    read.unwrap_or_else(|error| Err(std::io::Error::other(error).into()))
}

#[cfg(test)]
#[path = "login_tests.rs"]
mod tests;
