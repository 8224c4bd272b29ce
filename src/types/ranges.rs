//! Sets of numbers as libvirt writes them, such as `0-3,^2,7`.

/// A part of a set, which adds to the parts before it or takes away from them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    /// From the first to the last, which is no less.
    In(u32, u32),
    Out(u32),
}

/// Reads the parts in order; what is none comes as it stands there.
pub(crate) fn parts(text: &str) -> impl Iterator<Item = Result<Part, &str>> {
    text.split(',').map(|part| {
        let part = part.trim();
        read(part).ok_or(part)
    })
}

fn read(part: &str) -> Option<Part> {
    let (is_out, range) = match part.strip_prefix('^') {
        Some(range) => (true, range),
        None => (false, part),
    };
    let (first, last) = range.split_once('-').unwrap_or((range, range));
    let (first, last) = (number(first)?, number(last)?);
    match is_out {
        false if first <= last => Some(Part::In(first, last)),
        true if first == last => Some(Part::Out(first)),
        _ => None,
    }
}

fn number(text: &str) -> Option<u32> {
    digits(text.trim())
}

/// Reads a number that is digits alone.
pub(crate) fn digits(text: &str) -> Option<u32> {
    // A sign would be read, too.
    text.bytes()
        .all(|byte| byte.is_ascii_digit())
        .then(|| text.parse().ok())
        .flatten()
}
