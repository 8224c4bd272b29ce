//! The command line.

use std::time::Duration;

pub(crate) const USAGE: &str = "usage: top [--interval SECONDS] [--once] [URI...]";

#[derive(Debug)]
pub(crate) struct Options {
    pub(crate) interval: Duration,
    pub(crate) is_once: bool,
    pub(crate) uris: Vec<String>,
}

impl Options {
    pub(crate) fn parse(mut words: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut options = Self {
            interval: Duration::from_secs(2),
            is_once: false,
            uris: Vec::new(),
        };
        while let Some(word) = words.next() {
            match word.split_once('=').unwrap_or((&word, "")) {
                ("--once", "") => options.is_once = true,
                ("--interval", value) => {
                    let value = match value {
                        "" => words.next().unwrap_or_default(),
                        value => value.to_owned(),
                    };
                    let seconds = value.parse().ok();
                    let time = seconds.and_then(|it| Duration::try_from_secs_f64(it).ok());
                    let time = time.filter(|it| (SHORTEST..=LONGEST).contains(it));
                    options.interval = time.ok_or_else(|| {
                        format!("--interval '{value}': not from 0.1 to 3600 seconds")
                    })?;
                }
                _ if word.starts_with('-') => {
                    return Err(format!("there is no option {word}; {USAGE}"));
                }
                _ if options.uris.contains(&word) => {
                    return Err(format!("'{word}' is given twice"));
                }
                _ => options.uris.push(word),
            }
        }
        if options.uris.is_empty() {
            // libvirt's own choice.
            options.uris.push(String::new());
        }
        Ok(options)
    }
}

const SHORTEST: Duration = Duration::from_millis(100);
const LONGEST: Duration = Duration::from_secs(3600);
