//! The command line.

use std::net::SocketAddr;
use std::time::Duration;

pub(crate) const USAGE: &str =
    "usage: exporter [--listen ADDRESS:PORT] [--deadline SECONDS] URI...";

#[derive(Debug)]
pub(crate) struct Options {
    pub(crate) listen: SocketAddr,
    pub(crate) deadline: Duration,
    pub(crate) uris: Vec<String>,
}

impl Options {
    pub(crate) fn parse(mut words: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut options = Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 9177)),
            deadline: Duration::from_secs(5),
            uris: Vec::new(),
        };
        while let Some(word) = words.next() {
            if !word.starts_with('-') {
                if options.uris.contains(&word) {
                    return Err(format!("'{word}' is given twice"));
                }
                options.uris.push(word);
                continue;
            }
            let (name, value) = match word.split_once('=') {
                Some((name, value)) => (name, value.to_owned()),
                None => (&*word, words.next().unwrap_or_default()),
            };
            let wrong = |what: &str| format!("{name} '{value}': not {what}");
            match name {
                "--listen" => {
                    options.listen = value.parse().map_err(|_| wrong("an address and a port"))?;
                }
                "--deadline" => {
                    let seconds =
                        value.parse().ok().and_then(|it| Duration::try_from_secs_f64(it).ok());
                    let seconds = seconds.filter(|it| (MIN_DEADLINE..=MAX_DEADLINE).contains(it));
                    options.deadline = seconds.ok_or_else(|| wrong("from 0.1 to 3600 seconds"))?;
                }
                _ => return Err(format!("there is no option {name}; {USAGE}")),
            }
        }
        if options.uris.is_empty() {
            return Err(USAGE.to_owned());
        }
        Ok(options)
    }
}

const MIN_DEADLINE: Duration = Duration::from_millis(100);
const MAX_DEADLINE: Duration = Duration::from_secs(3600);
