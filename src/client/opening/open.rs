//! The steps of opening a connection.

use std::env;

use tokio::io::{AsyncRead, AsyncWrite};

use super::attempt::Attempt;
use super::dial::dial;
use super::handshake::handshake;
use crate::client::connection::Connect;
use crate::client::options::Options;
use crate::config::{self, Config, Environment};
use crate::error::{Error, Result};
use crate::files;
use crate::transport;
use crate::uri::ConnectUri;

/// Opens the options' URI, or without one any local daemon.
pub(super) async fn open(options: Options, attempt: &Attempt) -> Result<Connect> {
    #[cfg(test)]
    if let Some(dialer) = &options.dialer {
        let uri = ConnectUri::parse(&options.uri)?;
        return handshake(dialer.dial().await?, options, Some(&uri), attempt).await;
    }
    let surroundings = files::on_thread(|| {
        let environment = Environment::of_process();
        let file = Config::load(environment.config_file.as_deref())?;
        Ok::<_, Error>((environment, file))
    });
    let (environment, file) = surroundings.await??;
    let default = env::var_os("LIBVIRT_DEFAULT_URI");
    let uri = config::resolve(&options.uri, default, &file, options.aliases)?;
    let uri = uri.as_ref();
    warn_of_unknown(uri);
    attempt.resolved(uri);
    let transport = dial(uri, &options, &environment, &file, attempt.deadline()).await?;
    handshake(transport, options, uri, attempt).await
}

/// Opens the options' URI at the other end of a stream.
pub(super) async fn open_over<S>(options: Options, stream: S, attempt: &Attempt) -> Result<Connect>
where
    S: AsyncRead + AsyncWrite + Send + 'static,
{
    let uri = Some(&*options.uri).filter(|uri| !uri.is_empty());
    let uri = uri.map(ConnectUri::parse).transpose()?;
    warn_of_unknown(uri.as_ref());
    let transport = transport::split(stream, options.own_stream);
    handshake(transport, options, uri.as_ref(), attempt).await
}

/// Parameters that are not known go to the daemon, which ignores them: a mistyped one has no effect.
fn warn_of_unknown(uri: Option<&ConnectUri>) {
    for (parameter, meant) in uri.into_iter().flat_map(|uri| uri.parameters().unknown()) {
        if let Some(meant) = meant {
            tracing::warn!(parameter, "the URI's parameter is not known; is it {meant:?}?");
        } else {
            tracing::warn!(parameter, "the URI's parameter is not known");
        }
    }
}
