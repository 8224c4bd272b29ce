//! Annotations of procedures in comments and `%` lines, in three styles.
//!
//! Upstream's present style is a block comment before the procedure, one `@key: value` per line.
//! Its old style (before 1.1) is a comment after it that begins with two words for the server's and
//! the client's side, `autogen` or `skipgen`. Ours is a comment after it of `key=value` words.

use super::model::Notes;

/// Reads the comments before and after a procedure.
pub(super) fn read(before: &[&str], after: &[&str]) -> Notes {
    let mut notes = Notes::default();
    // The comment at the top of the enumeration explains the keys, with a dash before each.
    for line in before.iter().flat_map(|comment| comment.lines()) {
        let line = line.trim_start_matches([' ', '\t', '*']);
        if let Some((key, value)) = line.strip_prefix('@').and_then(|line| line.split_once(':')) {
            set(&mut notes, key.trim(), value.trim());
        }
    }
    for comment in after {
        let mut words = comment.split_whitespace().peekable();
        let sides: Vec<bool> =
            std::iter::from_fn(|| words.next_if(|word| matches!(*word, "autogen" | "skipgen")))
                .map(|word| word == "autogen")
                .collect();
        if let [server, client] = sides[..] {
            let generate = match (server, client) {
                (true, true) => "both",
                (true, false) => "server",
                (false, true) => "client",
                (false, false) => "none",
            };
            set(&mut notes, "generate", generate);
        }
        for word in words {
            if let Some((key, value)) = word.split_once(['=', ':', '@']) {
                set(&mut notes, key, value);
            }
        }
    }
    notes
}

fn set(notes: &mut Notes, key: &str, value: &str) {
    let value = value.to_owned();
    match key {
        "api" => notes.api = Some(value),
        "since" => notes.since = Some(value),
        "generate" => notes.generate = Some(value),
        "priority" => notes.priority = Some(value),
        "acl" => notes.acl.push(value),
        "aclfilter" => notes.aclfilter.push(value),
        "readstream" => notes.readstream = value.parse().ok(),
        "writestream" => notes.writestream = value.parse().ok(),
        "sparseflag" => notes.sparseflag = Some(value),
        // Other keys only concern upstream's generator.
        _ => {}
    }
}

/// Formats the annotations in our own style, without the comment marks; empty if there are none.
pub(super) fn write(notes: &Notes) -> String {
    let mut words = Vec::new();
    let mut word = |key: &str, value: Option<&str>| {
        words.extend(value.map(|value| format!("{key}={value}")));
    };
    word("api", notes.api.as_deref());
    word("since", notes.since.as_deref());
    word("generate", notes.generate.as_deref());
    word("priority", notes.priority.as_deref());
    for (key, stream) in [
        ("readstream", notes.readstream),
        ("writestream", notes.writestream),
    ] {
        word(key, stream.map(|at| at.to_string()).as_deref());
    }
    word("sparseflag", notes.sparseflag.as_deref());
    for acl in &notes.acl {
        word("acl", Some(acl));
    }
    for acl in &notes.aclfilter {
        word("aclfilter", Some(acl));
    }
    words.join(" ")
}

/// Returns the definitions that a comment of ours names: `uses remote_protocol`.
pub(super) fn uses(comment: &str) -> Option<String> {
    comment.trim().strip_prefix("uses ").map(str::to_owned)
}

/// Returns the definition whose C form a `%` line includes.
pub(super) fn includes(directive: &str) -> Option<String> {
    let file = directive
        .trim()
        .strip_prefix("#include")?
        .trim()
        .strip_prefix('"')?
        .strip_suffix(".h\"")?;
    file.ends_with("protocol").then(|| file.to_owned())
}
