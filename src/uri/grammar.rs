//! The generic grammar of URIs (RFC 3986), as strict as the parser that the C library uses.

/// The parts of a URI, still percent-encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Parts<'a> {
    pub(super) scheme: &'a str,
    pub(super) user: Option<&'a str>,
    /// Without the brackets of an IPv6 address; `None` when empty.
    pub(super) host: Option<&'a str>,
    pub(super) port: Option<u16>,
    pub(super) path: &'a str,
    pub(super) query: Option<&'a str>,
    pub(super) fragment: Option<&'a str>,
}

/// Splits a URI into its parts, or returns what is wrong with it.
pub(super) fn split(text: &str) -> Result<Parts<'_>, String> {
    let Some((scheme, rest)) = text.split_once(':').filter(|(name, _)| is_scheme(name)) else {
        return Err("it has no scheme; libvirt URIs look like qemu:///system".to_owned());
    };
    let (rest, fragment) = cut(rest, '#');
    let (rest, query) = cut(rest, '?');
    let (authority, path) = match rest.strip_prefix("//") {
        None => ("", rest),
        Some(rest) => rest.split_at(rest.find('/').unwrap_or(rest.len())),
    };
    let (user, host, port) = split_authority(authority)?;
    check("path", path, ":@/")?;
    check("query", query.unwrap_or_default(), ":@/?")?;
    // RFC 3986 does not allow brackets in fragments, but the C library accepts them.
    check("fragment", fragment.unwrap_or_default(), ":@/?[]")?;
    Ok(Parts { scheme, user, host, port, path, query, fragment })
}

fn is_scheme(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_alphabetic())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
}

/// Splits a text at the first `mark`.
fn cut(text: &str, mark: char) -> (&str, Option<&str>) {
    match text.split_once(mark) {
        Some((before, behind)) => (before, Some(behind)),
        None => (text, None),
    }
}

type Authority<'a> = (Option<&'a str>, Option<&'a str>, Option<u16>);

fn split_authority(authority: &str) -> Result<Authority<'_>, String> {
    let (user, address) = match authority.split_once('@') {
        Some((user, address)) => (Some(user).filter(|user| !user.is_empty()), address),
        None => (None, authority),
    };
    check("user", user.unwrap_or_default(), ":")?;
    let (host, behind) = if let Some(rest) = address.strip_prefix('[') {
        rest.split_once(']').ok_or("the bracket before the host is never closed")?
    } else {
        let (host, behind) = address.split_at(address.find(':').unwrap_or(address.len()));
        check("host", host, "")?;
        (host, behind)
    };
    let port = match (behind.strip_prefix(':'), behind) {
        (_, "") => None,
        (Some(digits), _) => Some(parse_port(digits)?),
        (None, other) => return Err(format!("{other:?} follows the host")),
    };
    // Without a host there is no port; and the C library treats port zero as none.
    let host = Some(host).filter(|host| !host.is_empty());
    let port = port.filter(|port| host.is_some() && *port != 0);
    Ok((user, host, port))
}

fn parse_port(digits: &str) -> Result<u16, String> {
    if digits.contains(':') {
        return Err("an IPv6 address must stand in brackets".to_owned());
    }
    let number = digits.bytes().all(|digit| digit.is_ascii_digit());
    let port = number.then(|| digits.parse().ok()).flatten();
    port.ok_or_else(|| format!("{digits:?} is not a port"))
}

/// Checks that a part only has characters that may be in it unescaped.
fn check(part: &str, text: &str, extra: &str) -> Result<(), String> {
    let mut rest = text;
    while let Some(at) = rest.find(|next| !is_plain(next) && !extra.contains(next)) {
        let (_, from) = rest.split_at(at);
        match from.strip_prefix('%').map(str::as_bytes) {
            Some([high, low, ..]) if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => {
                rest = from.get(3..).unwrap_or_default();
            }
            Some(_) => {
                return Err(format!(
                    "in the {part} a percent sign stands without two hexadecimal digits; write \
                     the sign itself as %25"
                ));
            }
            None => {
                let character: String = from.chars().take(1).collect();
                return Err(format!(
                    "in the {part} the character {character:?} must be written as {}",
                    super::percent::encode(&character, "")
                ));
            }
        }
    }
    Ok(())
}

/// Returns whether a character may be in every part.
fn is_plain(character: char) -> bool {
    character.is_ascii_alphanumeric() || "-._~!$&'()*+,;=".contains(character)
}
