//! Rust sources as trees of tokens.

use proc_macro2::{Delimiter, TokenStream, TokenTree};

pub(crate) fn inside(stream: TokenStream) -> Vec<TokenTree> {
    stream.into_iter().collect()
}

pub(crate) fn is_punct(token: Option<&TokenTree>, wanted: char) -> bool {
    matches!(token, Some(TokenTree::Punct(punct)) if punct.as_char() == wanted)
}

/// Returns the next braces of this item: the number of tokens up to and including them, and their
/// content.
pub(crate) fn braces(tokens: &[TokenTree]) -> Option<(usize, Vec<TokenTree>)> {
    for (at, token) in tokens.iter().enumerate() {
        match token {
            TokenTree::Group(group) if group.delimiter() == Delimiter::Brace => {
                return Some((at + 1, inside(group.stream())));
            }
            token if is_punct(Some(token), ';') => return None,
            _ => {}
        }
    }
    None
}

/// Returns the type in the header of an `impl` or `trait`.
pub(crate) fn subject(header: &[TokenTree]) -> Option<String> {
    let mut depth = 0;
    let mut name = None;
    for token in header {
        match token {
            TokenTree::Punct(punct) if punct.as_char() == '<' => depth += 1,
            TokenTree::Punct(punct) if punct.as_char() == '>' => depth -= 1,
            TokenTree::Ident(word) if depth == 0 => match word.to_string().as_str() {
                "for" => name = None,
                "where" => break,
                word => name = Some(word.to_owned()),
            },
            _ => {}
        }
    }
    name
}
