//! A way between two hypervisors that can be cut.

use std::net::Ipv4Addr;

use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use libvirt_client::domain::MigrateParameters;

/// Where the destination's hypervisor listens.
const LISTENS: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 2);
/// Where the source's connects to, at the same port.
const RELAY: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 3);

pub struct Relay {
    port: u16,
    cut: watch::Sender<()>,
}

impl Relay {
    pub async fn open() -> Self {
        let listener = TcpListener::bind((RELAY, 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let cut = watch::channel(()).0;
        let cutting = cut.clone();
        tokio::spawn(async move {
            while let Ok((mut source, _)) = listener.accept().await {
                let mut cut = cutting.subscribe();
                tokio::spawn(async move {
                    let mut destination = TcpStream::connect((LISTENS, port)).await.unwrap();
                    tokio::select! {
                        _ = cut.changed() => {}
                        _ = copy_bidirectional(&mut source, &mut destination) => {}
                    }
                });
            }
        });
        Self { port, cut }
    }

    /// Parameters of a migration that goes this way.
    pub fn parameters(&self) -> MigrateParameters {
        let mut parameters = MigrateParameters::default();
        parameters.uri = Some(format!("tcp://{RELAY}:{}", self.port));
        parameters.listen_address = Some(LISTENS.to_string());
        parameters
    }

    /// Cuts all connections. New ones get through.
    pub fn cut(&self) {
        self.cut.send_replace(());
    }
}
