//! Prints the statistics of all domains, exactly as `virsh domstats --raw` does.
//!
//! ```sh
//! cargo run --example domstats -- qemu:///system
//! ```
//!
//! Without a URI it connects to the same daemon as libvirt's own tools.

use std::io::Write as _;
use std::process::ExitCode;

use libvirt_client::Connect;
use libvirt_client::domain::StatsTypes;
use libvirt_client::domain::stats::GetAllDomainStatsFlags;
use libvirt_client::params::ValueRef;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let mut args = std::env::args().skip(1);
    let uri = args.next().unwrap_or_default();
    let result = match args.next() {
        None => print(&uri).await,
        Some(_) => Err("usage: domstats [URI]".into()),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Daemons may put several lines into one message.
            let message = error.to_string().replace('\n', " ");
            eprintln!("domstats: {message}");
            ExitCode::FAILURE
        }
    }
}

async fn print(uri: &str) -> Result<(), Box<dyn std::error::Error>> {
    let conn = Connect::open(uri).await?;
    let text = text(&conn).await?;
    conn.close().await;
    let mut out = std::io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()?;
    Ok(())
}

/// Formats the output, byte for byte.
pub async fn text(conn: &Connect) -> libvirt_client::Result<String> {
    let (stats, flags) = (StatsTypes::empty(), GetAllDomainStatsFlags::empty());
    let records = conn.all_domain_stats_raw(stats, flags).await?;
    let records = records.iter().map(|(domain, params)| {
        let head = format!("Domain: '{}'\n", domain.name());
        let lines = params.iter().map(|(name, value)| format!("  {name}={}\n", shown(value)));
        std::iter::once(head).chain(lines).collect::<String>()
    });
    // virsh ends the output of any command with an empty line.
    Ok(records.collect::<Vec<_>>().join("\n") + "\n")
}

fn shown(value: ValueRef<'_>) -> String {
    match value {
        ValueRef::Int(number) => number.to_string(),
        ValueRef::Uint(number) => number.to_string(),
        ValueRef::Llong(number) => number.to_string(),
        ValueRef::Ullong(number) => number.to_string(),
        // C writes infinities and NaN in lower case.
        ValueRef::Double(number) => format!("{number:.6}").to_lowercase(),
        ValueRef::Boolean(true) => "yes".to_owned(),
        ValueRef::Boolean(false) => "no".to_owned(),
        ValueRef::String(text) => text.to_owned(),
    }
}
