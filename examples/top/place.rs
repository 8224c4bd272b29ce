//! Short names for hosts.

/// Names that tell the hosts of these URIs apart.
pub(crate) fn names(uris: &[String]) -> Vec<String> {
    let short: Vec<_> = uris.iter().map(|uri| short(uri)).collect();
    let is_unique = |name: &String| short.iter().filter(|it| *it == name).count() == 1;
    let all = uris.iter().zip(&short);
    all.map(|(uri, short)| if is_unique(short) { short } else { uri })
        .cloned()
        .collect()
}

/// The host that a URI names, or what else tells local daemons apart.
fn short(uri: &str) -> String {
    let (driver, rest) = uri.split_once("://").unwrap_or(("", uri));
    let authority = rest.split(['/', '?']).next().unwrap_or_default();
    let host = authority.rsplit('@').next().unwrap_or_default();
    let socket = uri.split(['?', '&']).find_map(|part| part.strip_prefix("socket="));
    match (host, socket) {
        ("", Some(socket)) => socket.to_owned(),
        ("", None) if driver.is_empty() && rest.is_empty() => "default".to_owned(),
        ("", None) => uri.to_owned(),
        (host, _) => host.to_owned(),
    }
}
