//! Prints a domain's definition, byte for byte as `virsh dumpxml` does.
//!
//! ```text
//! dumpxml URI NAME
//! ```
//!
//! With an empty URI libvirt's own rules choose the daemon. As with virsh, NAME may also be the ID
//! of a running domain or a UUID.

use std::env;
use std::error::Error;
use std::io::{self, Write as _};
use std::process::ExitCode;

use libvirt_client::domain::{Domain, XmlFlags};
use libvirt_client::{Connect, Optional};

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let result = match arguments.as_slice() {
        [uri, name] => dump_xml(uri, name).await,
        _ => Err("usage: dumpxml URI NAME".into()),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Some of the daemon's messages have several lines.
            eprintln!("dumpxml: {}", error.to_string().replace('\n', " "));
            ExitCode::FAILURE
        }
    }
}

async fn dump_xml(uri: &str, name: &str) -> Result<(), Box<dyn Error>> {
    let conn = Connect::open(uri).await?;
    let xml = find(&conn, name).await?.xml_desc(XmlFlags::empty()).await?;
    conn.close().await;
    // virsh ends the output of any command with an empty line.
    io::stdout().write_all(format!("{xml}\n").as_bytes())?;
    Ok(())
}

/// Finds a domain by ID or UUID if `name` could be one, otherwise by name.
async fn find(conn: &Connect, name: &str) -> libvirt_client::Result<Domain> {
    if let Ok(id) = name.parse::<i32>()
        && let Ok(id) = u32::try_from(id)
        && let Some(domain) = conn.domain_lookup_by_id(id).await.optional()?
    {
        return Ok(domain);
    }
    if let Ok(uuid) = name.parse()
        && let Some(domain) = conn.domain_lookup_by_uuid(uuid).await.optional()?
    {
        return Ok(domain);
    }
    conn.domain_lookup_by_name(name).await
}
