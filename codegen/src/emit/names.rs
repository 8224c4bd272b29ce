//! Rust names for C names.

use std::cmp::Ordering;

/// Splits a name at underscores and at capitals that begin a word; `CPUs` is one word.
pub fn words(name: &str) -> Vec<String> {
    let mut words = Vec::new();
    for part in name.split('_').filter(|part| !part.is_empty()) {
        let chars: Vec<char> = part.chars().collect();
        let is_upper = |at: usize| chars.get(at).is_some_and(char::is_ascii_uppercase);
        let is_lower = |at: usize| chars.get(at).is_some_and(char::is_ascii_lowercase);
        let mut word = String::new();
        for (at, c) in chars.iter().enumerate() {
            let plural = |at: usize| chars.get(at) == Some(&'s') && !is_lower(at + 1);
            let starts = c.is_ascii_uppercase()
                && at > 0
                && (!is_upper(at - 1) || (is_lower(at + 1) && !plural(at + 1)));
            if starts {
                words.push(std::mem::take(&mut word));
            }
            word.push(*c);
        }
        words.push(word);
    }
    words
}

/// Words that libvirt writes as one in some names and as two in others.
const COMPOUNDS: [(&str, &str); 11] = [
    ("coredump", "CoreDump"),
    ("fsinfo", "FsInfo"),
    ("injectnmi", "InjectNmi"),
    ("ioerror", "IoError"),
    ("iothread", "IoThread"),
    ("nowait", "NoWait"),
    ("pmsuspend", "PmSuspend"),
    ("pmsuspended", "PmSuspended"),
    ("pmwakeup", "PmWakeup"),
    ("postcopy", "PostCopy"),
    ("threadpool", "ThreadPool"),
];

/// Converts `remote_nonnull_domain` or `XMLFlags` to `RemoteNonnullDomain`, `XmlFlags`.
pub fn camel(name: &str) -> String {
    let mut out = String::new();
    for word in words(name) {
        let word = word.to_lowercase();
        if let Some((_, compound)) = COMPOUNDS.iter().find(|(joined, _)| *joined == word) {
            out.push_str(compound);
            continue;
        }
        let mut chars = word.chars();
        out.extend(chars.next().map(|c| c.to_ascii_uppercase()));
        out.push_str(chars.as_str());
    }
    out
}

/// Converts `maxMem` to `max_mem`.
pub fn snake(name: &str) -> String {
    words(name).join("_").to_lowercase()
}

/// Returns the Rust name of a field. Keywords become raw identifiers.
pub fn field(name: &str) -> String {
    const KEYWORDS: [&str; 36] = [
        "abstract", "as", "async", "await", "become", "box", "break", "const", "continue", "do",
        "dyn", "else", "enum", "extern", "false", "final", "fn", "for", "if", "impl", "in", "let",
        "loop", "macro", "match", "mod", "move", "mut", "override", "priv", "pub", "ref", "static",
        "struct", "type", "use",
    ];
    let name = snake(name);
    if KEYWORDS.contains(&name.as_str()) {
        format!("r#{name}")
    } else {
        name
    }
}

/// Returns the longest prefix, up to an underscore, that all names share and that leaves something
/// of each.
pub fn common_prefix<'n>(names: &[&'n str]) -> &'n str {
    let Some((first, rest)) = names.split_first() else {
        return "";
    };
    let mut ends: Vec<usize> = first.match_indices('_').map(|(at, _)| at + 1).collect();
    ends.reverse();
    for end in ends {
        let prefix = first.get(..end).unwrap_or_default();
        let fits = |name: &&str| name.strip_prefix(prefix).is_some_and(|rest| !rest.is_empty());
        if rest.iter().all(fits) && fits(first) {
            return prefix;
        }
    }
    ""
}

/// Compares names in the order of rustfmt's `use`: digits as numbers, the underscore first.
pub fn rustfmt_order(left: &str, right: &str) -> Ordering {
    let (left, right) = (chunks(left), chunks(right));
    left.cmp(&right)
}

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Chunk {
    Underscore,
    Number(u64),
    Other(char),
}

fn chunks(name: &str) -> Vec<Chunk> {
    let mut chunks = Vec::new();
    let mut rest = name;
    while let Some(first) = rest.chars().next() {
        let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let taken = if digits > 0 {
            let number = rest.get(..digits).and_then(|digits| digits.parse().ok());
            chunks.push(Chunk::Number(number.unwrap_or(u64::MAX)));
            digits
        } else {
            chunks.push(match first {
                '_' => Chunk::Underscore,
                other => Chunk::Other(other),
            });
            first.len_utf8()
        };
        rest = rest.get(taken..).unwrap_or_default();
    }
    chunks
}

/// Formats a number as Rust source, with digits in groups.
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) && digits.len() > 4 {
            out.push('_');
        }
        out.push(digit);
    }
    out
}

/// Formats a set of bits as Rust source.
pub fn bits(number: u32) -> String {
    if number < 0x10 {
        return number.to_string();
    }
    let digits = format!("{number:x}");
    if digits.len() <= 4 {
        return format!("0x{digits}");
    }
    let (high, low) = digits.split_at(digits.len() - 4);
    format!("0x{high:0>4}_{low}")
}
