//! What must hold for any bytes from outside: a function for each target in `fuzz/`.
//!
//! Only `cargo fuzz` and the tests compile this. `tests.rs` runs the same functions on damaged messages
//! of our own encoders.

mod checks;
mod daemon;
mod engine;
#[cfg(test)]
mod tests;
#[cfg(feature = "tls")]
mod tls;

use std::path::Path;

pub use checks::{check_value, recode};
pub use daemon::daemon;
pub use engine::engine;
#[cfg(feature = "tls")]
pub use tls::{TlsSample, tls};

use checks::{check_error, check_line};

use crate::rpc::frame::FrameBuffer;
use crate::uri::ConnectUri;
use crate::xdr;

/// Splits a byte stream into messages, in one piece and in pieces whose size is the first byte.
pub fn frames(data: &[u8]) {
    let Some((&size, bytes)) = data.split_first() else {
        return;
    };
    let whole = split(bytes, bytes.len());
    let pieces = split(bytes, usize::from(size) + 1);
    assert_eq!(whole, pieces, "pieces of {} bytes", usize::from(size) + 1);
}

/// Returns the messages as text, and how it ended.
fn split(bytes: &[u8], size: usize) -> (Vec<String>, Option<String>) {
    let mut frames = FrameBuffer::new();
    let mut messages = Vec::new();
    let mut rest = bytes;
    while !rest.is_empty() {
        let (space, _) = frames.space();
        assert!(space.room() <= 2 * bytes.len() + 1024 * 1024, "{}", space.room());
        let (piece, after) = rest.split_at(size.min(rest.len()).min(space.room()));
        space.extend_from_slice(piece);
        rest = after;
        loop {
            match frames.next() {
                Ok(Some(frame)) => {
                    messages.push(format!("{:?} {:?}", frame.header, frame.payload()));
                }
                Ok(None) => break,
                Err(error) => {
                    let text = error.to_string();
                    check_line(&text);
                    return (messages, Some(error_kind(&text)));
                }
            }
        }
    }
    let end = frames.end_of_stream().to_string();
    check_line(&end);
    (messages, Some(error_kind(&end)))
}

/// What a peer that is not libvirt said is quoted as far as it has come.
fn error_kind(text: &str) -> String {
    text.split(':').next().unwrap_or_default().chars().take(12).collect()
}

/// Reads typed parameters, and writes them again.
pub fn params(data: &[u8]) {
    use crate::protocol::remote::{NodeGetMemoryParametersRet, TypedParam};
    check_value(data, |bytes| recode::<NodeGetMemoryParametersRet<'_>>(bytes));
    if let Ok(reply) = xdr::from_slice::<NodeGetMemoryParametersRet<'_>>(data) {
        let params = crate::api::wire::params_from_wire(&reply.params);
        // Truth has many values on the wire, and names that are not text have none in a list.
        let back = crate::api::wire::params_from_wire(&Vec::<TypedParam<'_>>::from(&params));
        assert_eq!(format!("{back:?}"), format!("{params:?}"));
        let _nested = params.deserialize::<Nested>();
    }
}

/// Walks all that a list of parameters has.
#[derive(serde::Deserialize)]
#[serde(untagged)]
#[allow(dead_code, reason = "only read into")]
enum Nested {
    Map(std::collections::BTreeMap<String, Nested>),
    Number(f64),
    Truth(bool),
    Text(String),
}

/// Reads statistics of domains into fields and into lists, which must be the same.
pub fn stats(data: &[u8]) {
    let (fields, lists) = crate::api::domain::stats::read_both_ways(data);
    assert_eq!(format!("{fields:?}"), format!("{lists:?}"));
}

/// Parses a connection's URI.
pub fn uri(data: &[u8]) {
    let Some(uri) = text(data).and_then(|text| check_error(ConnectUri::parse(text))) else {
        return;
    };
    let again = ConnectUri::parse(uri.as_str());
    assert_eq!(again.ok().as_ref(), Some(&uri));
    let _name = (uri.name_for_daemon(), uri.name_for_helper());
}

/// Parses `libvirt.conf`.
pub fn config(data: &[u8]) {
    text(data).map(|text| check_error(crate::config::Config::parse(Path::new("f"), text)));
}

/// Parses the auth file, and looks something up in it.
#[cfg(any(feature = "sasl", feature = "ssh-native"))]
pub fn auth_file(data: &[u8]) {
    use crate::auth::file::AuthFile;
    let file = text(data).and_then(|text| check_error(AuthFile::parse(Path::new("f"), text)));
    file.map(|file| check_error(file.find("libvirt", "host", "password")));
}

/// Reads a file of known hosts.
#[cfg(feature = "ssh-native")]
pub fn known_hosts(data: &[u8]) {
    use crate::transport::ssh_native::hosts::Hosts;
    for port in [22, 2222] {
        Hosts::parse("host", port, "f".into(), &String::from_utf8_lossy(data));
    }
}

/// Verifies certificates: the first is the authority, the second the server's. The length of each
/// stands before it, in two bytes.
#[cfg(feature = "tls")]
pub fn certificates(mut data: &[u8]) {
    let mut certificates = Vec::new();
    while let Some((len, rest)) = data.split_first_chunk() {
        let len = usize::from(u16::from_be_bytes(*len)).min(rest.len());
        let (certificate, rest) = rest.split_at(len);
        certificates.push(certificate);
        data = rest;
    }
    if let [authority, chain @ ..] = certificates.as_slice()
        && let Err(error) = crate::transport::tls::verify_chain(authority, chain, "host")
    {
        check_line(&error.to_string());
    }
}

/// Reads the devices of a domain's definition.
pub fn xml(data: &[u8]) {
    use crate::api::domain::{DiskTarget, InterfaceTarget, targets::devices};
    if let Some(text) = text(data) {
        let _disks = devices::<DiskTarget>(text, "disk");
        let _interfaces = devices::<InterfaceTarget>(text, "interface");
    }
}

/// Takes a daemon's SASL messages, which are separated by zeros. The first byte is the mechanism;
/// `@` in them stands for what this side said, from its nonce on.
#[cfg(feature = "sasl")]
pub fn sasl(data: &[u8]) {
    use crate::auth::sasl::{Exchange, Mechanism, SaslCredentials, rounds};
    const MECHANISMS: [Mechanism; 4] = [
        Mechanism::ScramSha256,
        Mechanism::ScramSha1,
        Mechanism::ScramSha512,
        Mechanism::Plain,
    ];
    let Some((&first, messages)) = data.split_first() else {
        return;
    };
    if let Some(offered) = text(messages) {
        let _chosen = Mechanism::choose(offered, None, true);
    }
    let credentials = SaslCredentials {
        user: Some("fred".to_owned()),
        password: Some("secret".into()),
        other_identity: None,
    };
    let mechanism = MECHANISMS[usize::from(first) % MECHANISMS.len()];
    let Ok(mut exchange) = Exchange::new(mechanism, credentials) else {
        return;
    };
    let Ok(Some(said)) = exchange.step(None) else {
        return;
    };
    let said = String::from_utf8_lossy(&said).into_owned();
    let nonce = said.split("r=").nth(1).unwrap_or_default().as_bytes();
    for message in messages.split(|byte| *byte == 0) {
        let message: Vec<u8> = message
            .iter()
            .flat_map(|byte| match byte {
                b'@' => nonce.to_vec(),
                byte => vec![*byte],
            })
            .collect();
        // What is allowed but takes seconds finds nothing.
        if rounds(&message).is_some_and(|rounds| (1000..=1_000_000).contains(&rounds)) {
            return;
        }
        if exchange.step(Some(&message)).is_err() {
            return;
        }
        assert!(!(exchange.is_done() && mechanism != Mechanism::Plain), "nothing was proved");
    }
}

fn text(data: &[u8]) -> Option<&str> {
    str::from_utf8(data).ok()
}
