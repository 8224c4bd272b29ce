//! What is logged for whoever looks for a mistake.

use std::fmt::{self, Write as _};
use std::sync::{Arc, Mutex};

use libvirt_client::Connect;
use tracing::field::{Field, Visit};
use tracing::{Level, span};

use crate::peer::Listener;

/// Keeps the warnings of a thread.
#[derive(Clone, Default)]
struct Warnings(Arc<Mutex<Vec<String>>>);

struct Fields(String);

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        write!(self.0, "{field}={value:?} ").unwrap();
    }
}

impl tracing::Subscriber for Warnings {
    fn enabled(&self, metadata: &tracing::Metadata<'_>) -> bool {
        *metadata.level() == Level::WARN
    }

    fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(1)
    }

    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}

    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}

    fn event(&self, event: &tracing::Event<'_>) {
        let mut fields = Fields(String::new());
        event.record(&mut fields);
        self.0.lock().unwrap().push(fields.0);
    }

    fn enter(&self, _: &span::Id) {}

    fn exit(&self, _: &span::Id) {}
}

#[tokio::test]
async fn mistyped_parameters_of_a_uri() {
    let warnings = Warnings::default();
    let _guard = tracing::subscriber::set_default(warnings.clone());
    let listener = Listener::new();
    let (conn, _peer) = listener.open().await;
    drop(conn);
    assert_eq!(*warnings.0.lock().unwrap(), Vec::<String>::new());

    let uri = listener.uri() + "&mdoe=direct&NO_TTY=1&colour=green";
    let (ours, theirs) = tokio::io::duplex(1 << 16);
    drop(theirs);
    Connect::builder(&uri).open_over(ours).await.unwrap_err();
    let opening = Connect::builder(&uri).open();
    let (conn, ()) = tokio::join!(opening, async { drop(listener.accept().await) });
    conn.unwrap_err();
    let logged = warnings.0.lock().unwrap().clone();
    let [mode, colour] = &logged[..2] else {
        unreachable!()
    };
    assert!(
        mode.contains(r#"parameter="mdoe""#) && mode.contains(r#""mode"?"#),
        "{logged:?}"
    );
    assert!(colour.contains(r#"parameter="colour""#) && !colour.contains('?'), "{logged:?}");
    assert_eq!(logged[2..], logged[..2]);
}
