//! A lexer for XDR definitions and C headers, whose lexical rules are close enough to share one.

use crate::error::{Error, Result};

/// The language, where the rules differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    /// `%` starts a line that is passed through; unknown characters are errors.
    Xdr,
    /// `#` starts a preprocessor line; numbers have suffixes; anything may occur.
    C,
}

/// One token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Token<'s> {
    /// An identifier or a keyword.
    Word(&'s str),
    /// An integer.
    Number(i64),
    /// The content of a string or character literal, with its escapes.
    Text(&'s str),
    /// Any other single character.
    Symbol(char),
    /// The content of a comment.
    Comment(&'s str),
    /// A `%` or `#` line without that character and without its line end.
    Directive(&'s str),
    /// The end of the file.
    End,
}

impl Token<'_> {
    /// Returns the token's name for error messages.
    pub fn describe(&self) -> String {
        match self {
            Self::Word(word) => format!("`{word}`"),
            Self::Number(number) => format!("`{number}`"),
            Self::Text(text) => format!("\"{text}\""),
            Self::Symbol(symbol) => format!("`{symbol}`"),
            Self::Comment(_) => "a comment".into(),
            Self::Directive(_) => "a directive line".into(),
            Self::End => "the end of the file".into(),
        }
    }
}

/// A token and its position.
#[derive(Debug, Clone, Copy)]
pub struct Lexeme<'s> {
    /// The token.
    pub token: Token<'s>,
    /// Its line, from 1.
    pub line: u32,
    /// Its column, from 1.
    pub column: u32,
    /// The line that it ends on (comments may span several).
    pub end_line: u32,
}

/// Splits a source into tokens; the last one is [`Token::End`].
pub fn lex<'s>(file: &str, source: &'s str, language: Language) -> Result<Vec<Lexeme<'s>>> {
    let mut lexer = Lexer {
        file,
        language,
        rest: source,
        line: 1,
        column: 1,
        line_start: true,
    };
    let mut out = Vec::new();
    loop {
        let lexeme = lexer.next()?;
        out.push(lexeme);
        if lexeme.token == Token::End {
            return Ok(out);
        }
    }
}

struct Lexer<'f, 's> {
    file: &'f str,
    language: Language,
    rest: &'s str,
    line: u32,
    column: u32,
    /// Set while only blanks have been seen on this line.
    line_start: bool,
}

impl<'s> Lexer<'_, 's> {
    fn next(&mut self) -> Result<Lexeme<'s>> {
        let blanks = self.rest.len() - self.rest.trim_start().len();
        self.take(blanks);
        let (line, column) = (self.line, self.column);
        let token = self.token()?;
        self.line_start = false;
        Ok(Lexeme { token, line, column, end_line: self.line })
    }

    fn token(&mut self) -> Result<Token<'s>> {
        let Some(first) = self.rest.chars().next() else {
            return Ok(Token::End);
        };
        if self.rest.starts_with("/*") {
            let Some(end) = self.rest.find("*/") else {
                return Err(self.error("`*/`", "the end of the file"));
            };
            let text = self.take(end + 2);
            return Ok(Token::Comment(text.get(2..end).unwrap_or_default()));
        }
        if self.rest.starts_with("//") {
            let end = self.rest.find('\n').unwrap_or(self.rest.len());
            let text = self.take(end);
            return Ok(Token::Comment(text.trim_start_matches('/')));
        }
        let directive = match self.language {
            Language::Xdr => '%',
            Language::C => '#',
        };
        if first == directive && self.line_start {
            let end = self.directive_end();
            let text = self.take(end);
            return Ok(Token::Directive(text.get(1..).unwrap_or_default()));
        }
        if first.is_ascii_alphabetic() || first == '_' {
            let end = self
                .rest
                .find(|c: char| !(c.is_ascii_alphanumeric() || c == '_'))
                .unwrap_or(self.rest.len());
            return Ok(Token::Word(self.take(end)));
        }
        if first.is_ascii_digit() {
            return self.number();
        }
        if self.language == Language::C && (first == '"' || first == '\'') {
            return Ok(self.literal(first));
        }
        if self.language == Language::Xdr && !"{}()[]<>*=,;:-".contains(first) {
            return Err(self.error("a definition", &format!("`{first}`")));
        }
        self.take(first.len_utf8());
        Ok(Token::Symbol(first))
    }

    /// Returns the end of a directive: of its line, unless a backslash continues it or a comment
    /// spans it.
    fn directive_end(&self) -> usize {
        let mut at = 0;
        while let Some(rest) = self.rest.get(at..).filter(|rest| !rest.is_empty()) {
            if self.language == Language::C && rest.starts_with("/*") {
                at += rest.find("*/").map_or(rest.len(), |end| end + 2);
            } else if self.language == Language::C && rest.starts_with("\\\n") {
                at += 2;
            } else if rest.starts_with('\n') {
                return at;
            } else {
                at += rest.chars().next().map_or(1, char::len_utf8);
            }
        }
        at
    }

    fn number(&mut self) -> Result<Token<'s>> {
        let end = self.rest.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(self.rest.len());
        let written = self.rest.get(..end).unwrap_or_default();
        let digits = match self.language {
            Language::Xdr => written,
            Language::C => written.trim_end_matches(['u', 'U', 'l', 'L']),
        };
        let value = if let Some(hex) = digits.strip_prefix("0x").or(digits.strip_prefix("0X")) {
            i64::from_str_radix(hex, 16)
        } else if digits.len() > 1 && digits.starts_with('0') {
            i64::from_str_radix(digits, 8)
        } else {
            digits.parse()
        };
        match value {
            Ok(value) => {
                self.take(end);
                Ok(Token::Number(value))
            }
            // C sources have numbers that are not needed here, floating point above all.
            Err(_) if self.language == Language::C => {
                self.take(end);
                Ok(Token::Text(written))
            }
            Err(_) => Err(self.error("a number", &format!("`{written}`"))),
        }
    }

    /// Reads a string or character. Code that is compiled out may have a lone quote, which is a
    /// symbol.
    fn literal(&mut self, quote: char) -> Token<'s> {
        let mut escaped = false;
        for (at, c) in self.rest.char_indices().skip(1) {
            if escaped {
                escaped = false;
            } else if c == '\\' {
                escaped = true;
            } else if c == quote {
                let text = self.take(at + 1);
                return Token::Text(text.get(1..at).unwrap_or_default());
            } else if c == '\n' {
                break;
            }
        }
        self.take(1);
        Token::Symbol(quote)
    }

    fn take(&mut self, len: usize) -> &'s str {
        let (taken, rest) = self.rest.split_at_checked(len).unwrap_or((self.rest, ""));
        for c in taken.chars() {
            if c == '\n' {
                self.line += 1;
                self.column = 1;
                self.line_start = true;
            } else {
                self.column += 1;
            }
        }
        self.rest = rest;
        taken
    }

    fn error(&self, expected: &str, found: &str) -> Error {
        Error::Syntax {
            file: self.file.to_owned(),
            line: self.line,
            column: self.column,
            expected: expected.to_owned(),
            found: found.to_owned(),
        }
    }
}
