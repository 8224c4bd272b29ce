//! URIs in error messages.

/// Removes a password from before the host, where it has no use.
pub(crate) fn without_password(uri: &str) -> String {
    let start = uri.find("://").map_or(0, |at| at + 3);
    let (scheme, rest) = uri.split_at_checked(start).unwrap_or(("", uri));
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, tail) = rest.split_at_checked(end).unwrap_or((rest, ""));
    let parts = authority.rsplit_once('@');
    let user = parts.and_then(|(login, host)| Some((login.split_once(':')?.0, host)));
    match user {
        Some((user, host)) => format!("{scheme}{user}:***@{host}{tail}"),
        None => uri.to_owned(),
    }
}

/// Returns a user's name without the password that a URI may have behind it.
#[cfg(any(feature = "ssh", feature = "ssh-native", test))]
pub(crate) fn user_alone(user: &str) -> String {
    user.split_once(':')
        .map_or_else(|| user.to_owned(), |(user, _)| format!("{user}:***"))
}

/// Returns a URI's driver, transport, host and path, which tell it from others.
pub(crate) fn place(uri: &str) -> String {
    let mut place = without_password(uri);
    place.truncate(place.find(['?', '#']).unwrap_or(place.len()));
    place
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_are_not_told() {
        for (uri, shown) in [
            ("", ""),
            ("alias", "alias"),
            ("qemu:///system", "qemu:///system"),
            ("qemu+ssh://fred@h:1/s?x=y#z", "qemu+ssh://fred@h:1/s?x=y#z"),
            ("qemu+ssh://fred:pw@h:1/s?x=y", "qemu+ssh://fred:***@h:1/s?x=y"),
            ("qemu+ssh://f:p@:w@[::1]", "qemu+ssh://f:***@[::1]"),
            ("qemu+tcp://[::1]:5/a:b@c", "qemu+tcp://[::1]:5/a:b@c"),
            ("fred:pw@h", "fred:***@h"),
            ("\u{fc}://\u{fc}:\u{fc}@\u{fc}", "\u{fc}://\u{fc}:***@\u{fc}"),
        ] {
            assert_eq!(without_password(uri), shown);
        }
        assert_eq!(user_alone("fred:p:w"), "fred:***");
        assert_eq!(user_alone("fred"), "fred");
        assert_eq!(place("qemu+ssh://f:p@h/s?x=y#z"), "qemu+ssh://f:***@h/s");
        assert_eq!(place("test:///default#z"), "test:///default");
    }
}
