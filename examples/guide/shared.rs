//! What several programs need.

use std::error::Error;
use std::fmt::Display;
use std::str::FromStr;

use libvirt_client::events::Subscription;

pub(crate) type Result<T, E = Box<dyn Error>> = std::result::Result<T, E>;

/// Reads an argument that is not just text.
pub(crate) fn parse<T: FromStr<Err: Display>>(what: &str, argument: &str) -> Result<T> {
    argument.parse().map_err(|error| format!("{what} '{argument}': {error}").into())
}

pub(crate) async fn read_file(path: &str) -> Result<String> {
    let read = tokio::fs::read_to_string(path).await;
    read.map_err(|error| format!("'{path}': {error}").into())
}

/// Waits for an event of which something is true.
pub(crate) async fn wait_for<E>(
    events: &mut Subscription<E>,
    is_it: impl Fn(&E) -> bool,
) -> Result<E> {
    while let Some(event) = events.next().await {
        let event = event?;
        if is_it(&event) {
            return Ok(event);
        }
    }
    Err("the connection ended before the event came".into())
}
