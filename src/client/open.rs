//! From a URI to a connection on which calls can be made.

use std::env;
use std::io;
use std::sync::{Arc, OnceLock};

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::runtime::Handle;
use tokio::sync::OnceCell;
use tokio::time::Instant;

use super::authenticate::authenticate;
use super::builder::ConnectBuilder;
use super::connect::connect;
use super::driver::Driver;
use super::expiry::now;
use super::progress::{Progress, Step};
use super::registry::Registry;
use super::shared::Shared;
use super::{CallTimeout, Connect, Inner};
use crate::config::{self, Config, Environment};
use crate::error::uri::place;
use crate::error::{Error, Result};
use crate::files;
use crate::protocol::{ProcedureInfo, Request, remote};
use crate::rpc::keepalive::Keepalive;
use crate::transport::{self, Transport};
use crate::types::connect::ConnectFlags;
use crate::types::feature::Feature;
use crate::uri::ConnectUri;

/// Opens what the options' URI names, or what there is.
pub(super) async fn open(
    options: ConnectBuilder,
    deadline: Option<Instant>,
    progress: &Progress,
) -> Result<Connect> {
    let surroundings = files::on_thread(|| {
        let environment = Environment::of_process();
        let file = Config::load(environment.config_file.as_deref())?;
        Ok::<_, Error>((environment, file))
    });
    let (environment, file) = surroundings.await??;
    let default = env::var_os("LIBVIRT_DEFAULT_URI");
    let uri = config::resolve(&options.uri, default, &file, options.aliases)?;
    let uri = uri.as_ref();
    progress.resolved(uri);
    let transport = connect(uri, &options, &environment, &file, deadline).await?;
    introduce(transport, options, uri, progress).await
}

/// Opens what the options' URI names, at the other end of a stream.
pub(super) async fn open_over<S>(
    options: ConnectBuilder,
    stream: S,
    progress: &Progress,
) -> Result<Connect>
where
    S: AsyncRead + AsyncWrite + Send + 'static,
{
    let uri = Some(&*options.uri).filter(|uri| !uri.is_empty());
    let uri = uri.map(ConnectUri::parse).transpose()?;
    let transport = transport::split(stream, options.own_stream);
    introduce(transport, options, uri.as_ref(), progress).await
}

/// What client and daemon have to say to each other before calls can be made.
async fn introduce(
    transport: Transport,
    options: ConnectBuilder,
    uri: Option<&ConnectUri>,
    progress: &Progress,
) -> Result<Connect> {
    progress.set_carrier(transport.carrier.clone());
    if let Some(peer) = &transport.peer {
        progress.reached(peer);
    }
    let conn = start(transport, options, &remote::ConnectClose::INFO)?;
    let shown = talk(&conn, uri, progress).await.map_err(|error| progress.explain(error))?;
    conn.inner.uri.get_or_init(|| shown);
    Ok(conn)
}

/// Gives the connection's URI.
async fn talk(conn: &Connect, uri: Option<&ConnectUri>, progress: &Progress) -> Result<String> {
    authenticate(conn, uri, progress).await?;
    progress.begin(Step::Opening);
    let name = uri.map(ConnectUri::name_for_daemon).unwrap_or_default();
    greet(conn, &name).await?;
    if let Some(uri) = uri {
        return Ok(uri.to_string());
    }
    let reply = conn.call(remote::ConnectGetUri).await?;
    Ok(reply.decode()?.uri.into_owned())
}

/// Starts driving an open transport; `close` is what the daemon is told at the end.
pub(super) fn start(
    transport: Transport,
    options: ConnectBuilder,
    close: &'static ProcedureInfo,
) -> Result<Connect> {
    let runtime = Handle::try_current().map_err(|_| no_runtime(&options.uri))?;
    let Transport {
        read,
        write,
        security,
        passes_descriptors,
        peer: _,
        carrier: _,
    } = transport;
    let shared = Arc::new(Shared::new(write, options.long_calls()));
    runtime.spawn(Driver::new(Arc::clone(&shared), read));
    let inner = Inner {
        shared,
        close,
        uri: OnceLock::new(),
        options,
        security,
        passes_descriptors,
        hypervisor: OnceCell::new(),
        event_callback_ids: OnceCell::new(),
        registry: Arc::new(Registry::default()),
        runtime,
    };
    Ok(Connect { inner: Arc::new(inner), timeout: CallTimeout::Default })
}

/// A connection is driven by a task, and waits with timers.
pub(super) fn no_runtime(uri: &str) -> Error {
    Error::Connect {
        target: place(uri),
        tried: Vec::new(),
        source: io::Error::other("opening a connection needs a running tokio runtime"),
    }
}

/// Asks for keepalive and opens the driver, in one go: neither depends on the other's reply.
async fn greet(conn: &Connect, name: &str) -> Result<()> {
    // The deadline is that of the whole opening.
    let patient = conn.without_timeout();
    let options = &conn.inner.options;
    let probe = match options.keepalive {
        Some(_) if options.asks_for_keepalive() => {
            let request =
                remote::ConnectSupportsFeature { feature: Feature::ProgramKeepalive.into() };
            Some(patient.send(request).await?)
        }
        _ => None,
    };
    let flags = if options.read_only {
        ConnectFlags::RO
    } else {
        ConnectFlags::empty()
    };
    let name = Some(name.into());
    let opened = patient.send(remote::ConnectOpen { name, flags }).await?;

    let mut supported = true;
    if let Some(probe) = probe {
        let reply = probe.finish::<remote::ConnectSupportsFeatureRet>().await?;
        supported = reply.decode()?.supported != 0;
    }
    opened.finish::<()>().await?;
    if supported && let Some(keepalive) = options.keepalive_options() {
        conn.inner
            .shared
            .with_engine(|engine| engine.set_keepalive(Keepalive::new(keepalive, now())));
    }
    Ok(())
}
