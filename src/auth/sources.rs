//! The sources of credentials: the program's options, the auth file, the callback.

use std::path::PathBuf;

use super::credentials::{AuthOptions, Credential, CredentialRequest};
use super::file::{self, AuthFile};
use crate::error::{AuthError, Error, Result};
use crate::files;
use crate::types::connect::CredentialType;

/// The sources of credentials for one authentication.
pub(crate) struct CredentialSources<'a> {
    options: &'a AuthOptions,
    /// The service in the names of the auth file's groups.
    service: &'static str,
    host: &'a str,
    path: Option<PathBuf>,
    /// Loaded when it is first needed.
    file: Option<AuthFile>,
}

impl<'a> CredentialSources<'a> {
    /// Creates the sources; `auth_file` is the URI's parameter.
    pub(crate) async fn new(
        options: &'a AuthOptions,
        service: &'static str,
        host: &'a str,
        auth_file: Option<&str>,
    ) -> Result<Self> {
        let auth_file = auth_file.map(ToOwned::to_owned);
        let path = files::on_thread(move || file::locate(auth_file.as_deref())).await?;
        Ok(Self { options, service, host, path, file: None })
    }

    /// Returns the user name, or fails if no source has it.
    #[cfg(feature = "sasl")]
    pub(crate) async fn user(&mut self, method: &str) -> Result<String> {
        self.user_by("authname", method).await
    }

    /// Returns the user name, which the auth file has under that key, or fails if no source has it.
    #[cfg(any(feature = "sasl", feature = "test-driver"))]
    pub(crate) async fn user_by(&mut self, key: &str, method: &str) -> Result<String> {
        if let Some((user, _)) = &self.options.login {
            return Ok(user.clone());
        }
        if let Some(user) = self.in_file(key).await? {
            return Ok(user.expose().to_owned());
        }
        let prompt = format!("User name for {}", self.host);
        let asked = self.ask(CredentialType::Authname, method, None, prompt, "a user name");
        asked.await.map(|user| user.expose().to_owned())
    }

    /// Returns a user's password, or fails if no source has it.
    pub(crate) async fn password(&mut self, method: &str, user: &str) -> Result<Credential> {
        if let Some((_, password)) = &self.options.login {
            return Ok(password.clone());
        }
        if let Some(password) = self.in_file("password").await? {
            return Ok(password);
        }
        let prompt = format!("Password of {user} for {}", self.host);
        let kind = CredentialType::Passphrase;
        self.ask(kind, method, Some(user), prompt, "a password").await
    }

    /// Returns the password in the auth file, if there is one.
    #[cfg(feature = "ssh-native")]
    pub(crate) async fn written_password(&mut self) -> Result<Option<Credential>> {
        self.in_file("password").await
    }

    /// Returns the authorization identity, if the auth file has one.
    #[cfg(feature = "sasl")]
    pub(crate) async fn other_identity(&mut self) -> Result<Option<String>> {
        if self.options.login.is_some() {
            return Ok(None);
        }
        let name = self.in_file("username").await?;
        Ok(name.map(|name| name.expose().to_owned()))
    }

    async fn in_file(&mut self, key: &str) -> Result<Option<Credential>> {
        let Some(path) = &self.path else {
            return Ok(None);
        };
        let file = match &mut self.file {
            Some(file) => file,
            none => {
                let path = path.clone();
                none.insert(files::on_thread(move || AuthFile::load(&path)).await??)
            }
        };
        file.find(self.service, self.host, key)
    }

    /// Asks the callback for a credential.
    pub(crate) async fn ask(
        &self,
        kind: CredentialType,
        method: &str,
        user: Option<&str>,
        prompt: String,
        what: &'static str,
    ) -> Result<Credential> {
        let method = method.to_owned();
        let Some(callback) = &self.options.callback else {
            return Err(Error::from(AuthError::Missing {
                method,
                what,
                searched: self.searched(),
            }));
        };
        let request = CredentialRequest {
            kind,
            host: self.host.to_owned(),
            method: method.clone(),
            user: user.map(ToOwned::to_owned),
            prompt,
        };
        let answer = callback.ask(request).await;
        answer.ok_or_else(|| AuthError::Declined { method, what }.into())
    }

    fn searched(&self) -> String {
        let Self { service, host, .. } = self;
        match &self.path {
            Some(path) => format!(
                "{} has none in what [auth-{service}-{host}] or [auth-{service}-default] name",
                path.display()
            ),
            None => "there is no auth file (~/.config/libvirt/auth.conf)".to_owned(),
        }
    }
}
