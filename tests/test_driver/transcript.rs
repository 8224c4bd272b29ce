//! What was seen while a scenario was played.

use std::fmt::Debug;

use libvirt_client::{Error, Result};

/// What was seen, each under a label of its own.
#[derive(Debug, Default)]
pub struct Transcript {
    pub lines: Vec<(String, String)>,
}

impl Transcript {
    /// Notes what a call returned.
    pub fn note<T: Debug>(&mut self, label: &str, result: Result<T>) -> Option<T> {
        match result {
            Ok(value) => {
                self.add(label, format!("{value:#?}"));
                Some(value)
            }
            Err(error) => {
                self.add(label, describe(&error));
                None
            }
        }
    }

    /// Notes a document that a call returned.
    pub fn xml(&mut self, label: &str, result: Result<String>) {
        match result {
            Ok(text) => self.add(label, without_time(text.trim_end())),
            Err(error) => self.add(label, describe(&error)),
        }
    }

    /// Notes whether a call succeeded.
    pub fn done<T>(&mut self, label: &str, result: Result<T>) -> Option<T> {
        match result {
            Ok(value) => {
                self.add(label, "done".to_owned());
                Some(value)
            }
            Err(error) => {
                self.add(label, describe(&error));
                None
            }
        }
    }

    pub fn get(&self, label: &str) -> Option<&str> {
        let found = self.lines.iter().find(|(other, _)| other == label);
        found.map(|(_, value)| value.as_str())
    }

    pub fn add(&mut self, label: &str, value: String) {
        let is_new = self.lines.iter().all(|(other, _)| other != label);
        assert!(is_new, "the label {label:?} is used twice");
        self.lines.push((label.to_owned(), value));
    }
}

/// The times of snapshots are those at which the scenario is played.
fn without_time(text: &str) -> String {
    let lines = text.lines().map(|line| match line.split_once("<creationTime>") {
        Some((indent, _)) => format!("{indent}<creationTime>…</creationTime>"),
        None => line.to_owned(),
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// Every field of a daemon's error.
fn describe(error: &Error) -> String {
    let Error::Remote(error) = error.cause() else {
        return format!("{error}");
    };
    // Newer releases number what is filled in.
    let template = error
        .str1
        .as_deref()
        .map(|text| (1..4).fold(text.to_owned(), |text, at| text.replace(&format!("%{at}$"), "%")));
    format!(
        "{:?} of {:?}, {:?}: {}\nstr1 {template:?}, str2 {:?}, str3 {:?}, int1 {}, int2 {}",
        error.code,
        error.domain,
        error.level,
        error.message,
        error.str2,
        error.str3,
        error.int1,
        error.int2
    )
}
