//! Prints all domains in the format of `virsh list --all`.
//!
//! ```text
//! list [URI]
//! ```
//!
//! Without a URI, or with an empty one, libvirt's own rules choose the daemon. Daemons that ask for
//! a name and a password get those of libvirt's auth file, or (with the feature `sasl`) those typed
//! on the terminal.

use std::cmp::Ordering;
use std::env;
use std::error::Error;
use std::fmt::Write as _;
#[cfg(feature = "sasl")]
use std::io::IsTerminal as _;
use std::io::{self, Write as _};
use std::process::ExitCode;

use libvirt_client::connect::ListAllDomainsFlags;
use libvirt_client::domain::{Domain, State};
use libvirt_client::{Connect, Optional};
use unicode_width::UnicodeWidthChar as _;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let result = match arguments.as_slice() {
        [] => list("").await,
        [uri] => list(uri).await,
        _ => Err("usage: list [URI]".into()),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Some of the daemon's messages have several lines.
            eprintln!("list: {}", error.to_string().replace('\n', " "));
            ExitCode::FAILURE
        }
    }
}

async fn list(uri: &str) -> Result<(), Box<dyn Error>> {
    let conn = open(uri).await?;
    let mut domains = conn.list_all_domains(ListAllDomainsFlags::empty()).await?;
    domains.sort_by(in_virshs_order);
    // All states are requested at once, so that a distant host costs one round trip.
    let states = domains
        .iter()
        .cloned()
        .map(|domain| tokio::spawn(async move { domain.state().await.map(|state| state.state) }));
    let states: Vec<_> = states.collect();

    let utf8 = is_utf8_locale();
    let mut table = vec![["Id", "Name", "State"].map(|title| Cell::new(title, utf8))];
    for (domain, state) in domains.iter().zip(states) {
        // The domain may no longer exist.
        if let Some(state) = state.await?.optional()? {
            let id = domain.id().map_or("-".to_owned(), |id| id.to_string());
            let row = [&id, domain.name(), state_name(state)];
            table.push(row.map(|text| Cell::new(text, utf8)));
        }
    }
    conn.close().await;
    io::stdout().write_all(print(&table).as_bytes())?;
    Ok(())
}

#[cfg(not(feature = "sasl"))]
async fn open(uri: &str) -> libvirt_client::Result<Connect> {
    Connect::open(uri).await
}

#[cfg(feature = "sasl")]
async fn open(uri: &str) -> libvirt_client::Result<Connect> {
    use std::time::Duration;

    let mut builder = Connect::builder(uri);
    if io::stdin().is_terminal() {
        // Typing takes its time.
        let patience = Some(Duration::from_secs(300));
        builder = builder.open_timeout(patience).credentials(ask);
    }
    builder.open().await
}

/// Asks for a credential on the terminal.
#[cfg(feature = "sasl")]
async fn ask(request: libvirt_client::CredentialRequest) -> Option<libvirt_client::Credential> {
    let prompt = format!("{}: ", request.prompt);
    let asking = tokio::task::spawn_blocking(move || {
        if request.is_secret() {
            return rpassword::prompt_password(prompt);
        }
        eprint!("{prompt}");
        let mut line = String::new();
        io::stdin().read_line(&mut line)?;
        Ok(line.trim_end().to_owned())
    });
    let answer = asking.await.ok()?.ok()?;
    Some(answer.into())
}

/// Orders running domains by ID, then the others by name, ignoring case.
fn in_virshs_order(a: &Domain, b: &Domain) -> Ordering {
    match (a.id(), b.id()) {
        (Some(a), Some(b)) => a.cmp(&b),
        (Some(_), None) => Ordering::Less,
        (None, Some(_)) => Ordering::Greater,
        (None, None) => a.name().to_ascii_lowercase().cmp(&b.name().to_ascii_lowercase()),
    }
}

fn state_name(state: State) -> &'static str {
    match state {
        State::Running => "running",
        State::Blocked => "idle",
        State::Paused => "paused",
        State::Shutdown => "in shutdown",
        State::Shutoff => "shut off",
        State::Crashed => "crashed",
        State::PmSuspended => "pmsuspended",
        _ => "no state",
    }
}

/// Formats columns as wide as their widest cell, a line under the titles, and an empty line at the
/// end.
fn print(table: &[[Cell; 3]]) -> String {
    let widest = [0, 1, 2].map(|column| {
        let widths = table.iter().map(|row| row[column].width);
        widths.max().unwrap_or_default()
    });
    let mut lines = table.iter().map(|row| {
        let [id, name, state] = row;
        let id_gap = widest[0] - id.width + 3;
        let name_gap = widest[1] - name.width + 3;
        format!(" {}{:id_gap$}{}{:name_gap$}{}\n", id.text, "", name.text, "", state.text)
    });
    let mut out = lines.next().unwrap_or_default();
    out.push_str(&"-".repeat(widest.iter().map(|width| width + 3).sum()));
    out.push('\n');
    out.extend(lines);
    out.push('\n');
    out
}

/// Printable text, and its width in terminal columns.
struct Cell {
    text: String,
    width: usize,
}

impl Cell {
    /// Escapes bytes that cannot be printed as `\x07`, and each backslash that would look like such
    /// an escape.
    fn new(text: &str, utf8: bool) -> Self {
        let mut cell = Self { text: String::new(), width: 0 };
        let mut characters = text.chars().peekable();
        while let Some(character) = characters.next() {
            let escape = character == '\\' && characters.peek() == Some(&'x');
            match width(character).filter(|_| !escape && (utf8 || character.is_ascii())) {
                Some(width) => {
                    cell.text.push(character);
                    cell.width += width;
                }
                None => {
                    for byte in character.encode_utf8(&mut [0; 4]).bytes() {
                        // virsh prints two digits of a number with a sign.
                        let byte = if byte.is_ascii() { byte } else { 0xff };
                        let _ = write!(cell.text, "\\x{byte:02x}");
                        cell.width += 4;
                    }
                }
            }
        }
        cell
    }
}

/// Returns the width of a character in columns, as the library that virsh uses computes it; `None`
/// if it cannot be printed.
fn width(character: char) -> Option<usize> {
    match character {
        // Vowels and final consonants of old Korean combine with the character before them.
        '\u{d7b0}'..='\u{d7ff}' => Some(0),
        '\u{2028}' | '\u{2029}' => None,
        _ => character.width(),
    }
}

/// Returns whether this user's locale is UTF-8, by the variables that C's `setlocale` reads.
fn is_utf8_locale() -> bool {
    let mut values = ["LC_ALL", "LC_CTYPE", "LANG"]
        .into_iter()
        .filter_map(|name| env::var(name).ok());
    let locale = values.find(|value| !value.is_empty()).unwrap_or_default();
    let (_, encoding) = locale.split_once('.').unwrap_or_default();
    let (encoding, _) = encoding.split_once('@').unwrap_or((encoding, ""));
    ["utf-8", "utf8"].contains(&encoding.to_ascii_lowercase().as_str())
}
