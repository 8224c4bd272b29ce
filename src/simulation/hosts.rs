//! The host that a client connects to, again and again.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::time::sleep;

use super::daemon::Session;
use super::world::World;
use crate::client::simulated::Dialer;
use crate::error::{Error, Result};
use crate::transport::Transport;

/// All connections that there have been.
pub(super) struct Host {
    world: Arc<World>,
    sessions: Mutex<Vec<Arc<Session>>>,
}

impl Host {
    pub(super) fn new(world: &Arc<World>) -> Arc<Self> {
        Arc::new(Self { world: Arc::clone(world), sessions: Mutex::default() })
    }

    pub(super) fn dialer(self: &Arc<Self>) -> Dialer {
        let host = Arc::clone(self);
        Dialer::new(move || Box::pin(Arc::clone(&host).dial()))
    }

    async fn dial(self: Arc<Self>) -> Result<Transport> {
        let world = &self.world;
        let (time, refuses) = {
            let mut random = world.random();
            (random.time(500), random.permille(100))
        };
        sleep(time).await;
        if refuses && world.plan.reconnects && !world.is_ending() {
            world.note(|| "a connection is refused".to_owned());
            return Err(Error::Connect {
                target: "simulated".to_owned(),
                tried: Vec::new(),
                source: io::ErrorKind::ConnectionRefused.into(),
            });
        }
        world.note(|| "a connection is accepted".to_owned());
        let session = Session::start(world);
        if world.is_ending() {
            session.heal();
        }
        let transport = session.link.transport();
        self.sessions.lock().unwrap_or_else(PoisonError::into_inner).push(session);
        Ok(transport)
    }

    pub(super) fn sessions(&self) -> Vec<Arc<Session>> {
        self.sessions.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The latest connection.
    pub(super) fn session(&self) -> Option<Arc<Session>> {
        self.sessions.lock().unwrap_or_else(PoisonError::into_inner).last().cloned()
    }
}
