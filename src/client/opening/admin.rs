//! Connections to the administration interfaces of daemons.

use std::env;
use std::io;

use super::attempt::Attempt;
use super::builder::ConnectBuilder;
use crate::client::connection::Connect;
use crate::client::options::Options;
use crate::config::{self, Config, Environment};
use crate::error::{Error, Result};
use crate::files;
use crate::protocol::{Request, admin};
use crate::transport::unix;
use crate::types::connect::ConnectFlags;

impl ConnectBuilder {
    /// Opens a connection on which only the administration program's procedures can be called.
    pub(crate) async fn open_admin_program(self) -> Result<Connect> {
        let Self { options } = self;
        let attempt = Attempt::new(&options);
        let opening = Box::pin(open(options.clone(), &attempt));
        attempt.run(&options, opening).await
    }
}

/// Needs no authentication: daemons check which user connects.
async fn open(options: Options, attempt: &Attempt) -> Result<Connect> {
    let surroundings = files::on_thread(|| {
        let environment = Environment::of_process();
        let file = Config::load(environment.admin_config_file().as_deref())?;
        Ok::<_, Error>((environment, file))
    });
    let (environment, file) = surroundings.await??;
    let default = env::var_os("LIBVIRT_ADMIN_DEFAULT_URI");
    let is_root = environment.is_root;
    let uri = config::admin::resolve(&options.uri, default, &file, options.aliases, is_root)?;
    attempt.resolved(Some(&uri));
    let path = uri.admin_socket(&environment)?;
    let failed = |source| Error::Connect {
        target: path.display().to_string(),
        tried: vec![path.clone()],
        source,
    };
    let transport = unix::connect(&path, attempt.deadline()).await.map_err(failed)?;
    attempt.reached(&path.display().to_string());
    let conn = Connect::start(transport, options, &admin::ConnectClose::INFO)?;
    let flags = ConnectFlags::empty();
    match conn.run(admin::ConnectOpen { flags }).await {
        Ok(()) => {}
        Err(error) if error.is_hang_up() => {
            return Err(failed(io::Error::other(
                "the daemon hung up; it lets nobody administer it but the user that it runs as",
            )));
        }
        Err(error) => return Err(error),
    }
    conn.start_keepalive();
    conn.set_uri(uri.to_string());
    Ok(conn)
}
