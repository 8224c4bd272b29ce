//! Where credentials come from: the program, the auth file, and then whoever can be asked.

use std::path::PathBuf;

use super::credentials::{AuthOptions, CredentialRequest, Secret};
use super::file::{self, AuthFile};
use crate::error::{AuthError, Error, Result};
use crate::files;
use crate::types::connect::CredentialType;

/// Where one authentication finds what it needs.
pub(crate) struct CredentialSources<'a> {
    options: &'a AuthOptions,
    /// The group of the auth file's, besides the host.
    service: &'static str,
    host: &'a str,
    path: Option<PathBuf>,
    /// Read when it is first needed.
    file: Option<AuthFile>,
}

impl<'a> CredentialSources<'a> {
    /// `auth_file` is what the URI says of it.
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

    /// The name of the user, which somebody must know.
    #[cfg(feature = "sasl")]
    pub(crate) async fn user(&mut self, method: &str) -> Result<String> {
        if let Some((user, _)) = &self.options.login {
            return Ok(user.clone());
        }
        if let Some(user) = self.in_file("authname").await? {
            return Ok(user.expose().to_owned());
        }
        let prompt = format!("User name for {}", self.host);
        let asked = self.ask(CredentialType::Authname, method, None, prompt, "a user name");
        asked.await.map(|user| user.expose().to_owned())
    }

    /// The password of a user, which somebody must know.
    pub(crate) async fn password(&mut self, method: &str, user: &str) -> Result<Secret> {
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

    /// The password, if it is written somewhere.
    #[cfg(feature = "ssh-native")]
    pub(crate) async fn written_password(&mut self) -> Result<Option<Secret>> {
        self.in_file("password").await
    }

    /// The name of the user to be instead of the one who has the password, if the file says so.
    #[cfg(feature = "sasl")]
    pub(crate) async fn other_identity(&mut self) -> Result<Option<String>> {
        if self.options.login.is_some() {
            return Ok(None);
        }
        let name = self.in_file("username").await?;
        Ok(name.map(|name| name.expose().to_owned()))
    }

    async fn in_file(&mut self, key: &str) -> Result<Option<Secret>> {
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

    /// Asks the user, for what is found nowhere.
    pub(crate) async fn ask(
        &self,
        kind: CredentialType,
        method: &str,
        user: Option<&str>,
        prompt: String,
        what: &'static str,
    ) -> Result<Secret> {
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
