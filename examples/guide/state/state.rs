//! Shows a domain's state, and the reason.
//!
//! The reasons of each state are numbers of their own, which the guide prints as such.

use libvirt_client::Connect;
use libvirt_client::domain::State;

use crate::shared::Result;

pub(crate) async fn run([uri, name]: [&str; 2]) -> Result<()> {
    let conn = Connect::open(uri).await?;
    let domain = conn.domain_lookup_by_name(name).await?;
    let now = domain.state().await?;
    match now.state {
        State::Running => println!("{name} runs"),
        State::Paused => println!("{name} is paused"),
        State::Shutoff => println!("{name} is off"),
        other => println!("{name} is {other:?}"),
    }
    println!("reason: {:?}", now.reason);
    conn.close().await;
    Ok(())
}
