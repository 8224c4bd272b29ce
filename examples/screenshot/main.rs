//! Writes a screenshot of a guest as PNG.
//!
//! ```text
//! screenshot URI DOMAIN FILE.png
//! ```

mod ppm;

use std::env;
use std::error::Error;
use std::fs;
use std::process::ExitCode;

use libvirt_client::Connect;
use tokio::io::AsyncReadExt as _;

type Result<T, E = Box<dyn Error>> = std::result::Result<T, E>;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let result = match arguments.as_slice() {
        [uri, domain, file] => screenshot(uri, domain, file).await,
        _ => Err("usage: screenshot URI DOMAIN FILE.png".into()),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Some of the daemon's messages have several lines.
            eprintln!("screenshot: {}", error.to_string().replace('\n', " "));
            ExitCode::FAILURE
        }
    }
}

async fn screenshot(uri: &str, domain: &str, file: &str) -> Result<()> {
    let conn = Connect::open(uri).await?;
    let domain = conn.domain_lookup_by_name(domain).await?;
    let (mime, mut stream) = domain.screenshot(0).await?;
    let mut picture = Vec::new();
    stream.read_to_end(&mut picture).await?;
    stream.finish().await?;
    conn.close().await;
    // The format depends on the daemon's age.
    let png = match mime.as_deref() {
        Some("image/png") => picture,
        Some("image/x-portable-pixmap") => ppm::png_of_ppm(&picture)?,
        other => return Err(format!("the daemon sent a picture of the type {other:?}").into()),
    };
    fs::write(file, png).map_err(|error| format!("{file}: {error}"))?;
    Ok(())
}
