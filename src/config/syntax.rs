//! The syntax of libvirt's configuration files: `name = value`, one a line.
//!
//! Values are strings in single, double or triple double quotes (without escapes), whole numbers,
//! and lists in brackets, which may span several lines. `#` begins a comment.

/// One assignment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Setting {
    pub(super) name: String,
    pub(super) value: Value,
    /// The line of its name.
    pub(super) line: usize,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Value {
    String(String),
    /// A number, without its value: no setting of the client is one.
    Number,
    List(Vec<Value>),
}

#[derive(Debug, PartialEq, Eq)]
pub(super) struct SyntaxError {
    pub(super) line: usize,
    pub(super) reason: String,
}

pub(super) fn parse(text: &str) -> Result<Vec<Setting>, SyntaxError> {
    let mut parser = Parser { rest: text, line: 1, depth: 0 };
    parser.file().map_err(|reason| SyntaxError { line: parser.line, reason })
}

const BLANKS: [char; 2] = [' ', '\t'];
/// The lists within lists that are read: no setting has any, and each takes room on the stack.
const DEPTH_MAX: usize = 64;
const LINE_ENDS: [char; 2] = ['\n', '\r'];

struct Parser<'a> {
    rest: &'a str,
    line: usize,
    /// The number of lists that are open.
    depth: usize,
}

impl<'a> Parser<'a> {
    fn file(&mut self) -> Result<Vec<Setting>, String> {
        let mut settings = Vec::new();
        loop {
            self.skip_blanks_and_lines();
            if self.rest.is_empty() {
                return Ok(settings);
            }
            if !self.comment() {
                settings.push(self.setting()?);
                self.end_of_setting()?;
            }
        }
    }

    fn setting(&mut self) -> Result<Setting, String> {
        let line = self.line;
        if !self.rest.starts_with(|first: char| first.is_ascii_alphabetic()) {
            return Err(self.expected("the name of a setting"));
        }
        let name = self.take_while(|next| next.is_ascii_alphanumeric() || next == '_');
        self.skip_blanks();
        if !self.take("=") {
            return Err(self.expected(&format!("= after {name}")));
        }
        Ok(Setting { name: name.to_owned(), value: self.value()?, line })
    }

    fn end_of_setting(&mut self) -> Result<(), String> {
        self.skip_blanks();
        let ends = self.comment()
            || self.take(";")
            || self.rest.is_empty()
            || self.rest.starts_with(LINE_ENDS);
        if ends {
            Ok(())
        } else {
            Err(self.expected("the end of the line after the value"))
        }
    }

    fn value(&mut self) -> Result<Value, String> {
        self.skip_blanks();
        if self.take("\"\"\"") {
            self.string("\"\"\"")
        } else if self.take("\"") {
            self.string("\"")
        } else if self.take("'") {
            self.string("'")
        } else if self.take("[") {
            self.list()
        } else {
            self.number()
        }
    }

    fn string(&mut self, quote: &str) -> Result<Value, String> {
        let unclosed = || "the string is never closed".to_owned();
        let (text, rest) = self.rest.split_once(quote).ok_or_else(unclosed)?;
        if quote.len() == 1 && text.contains(LINE_ENDS) {
            return Err(unclosed());
        }
        self.line += text.matches('\n').count();
        self.rest = rest;
        Ok(Value::String(text.to_owned()))
    }

    fn list(&mut self) -> Result<Value, String> {
        if self.depth == DEPTH_MAX {
            return Err(format!("there are more than {DEPTH_MAX} lists within each other"));
        }
        self.depth += 1;
        let mut items = Vec::new();
        loop {
            self.skip_blanks_and_lines();
            if self.take("]") {
                self.depth -= 1;
                return Ok(Value::List(items));
            }
            items.push(self.value()?);
            self.skip_blanks_and_lines();
            if !self.take(",") && !self.rest.starts_with(']') {
                return Err(self.expected(", or ] in the list"));
            }
        }
    }

    fn number(&mut self) -> Result<Value, String> {
        let signed = self.take("-") || self.take("+");
        let digits = self.take_while(|next| next.is_ascii_digit());
        match (digits, signed) {
            ("", false) => Err(self.expected("a value: a string in quotes, a number or a list")),
            ("", true) => Err(self.expected("digits")),
            _ => Ok(Value::Number),
        }
    }

    fn comment(&mut self) -> bool {
        let begins = self.take("#");
        if begins {
            self.take_while(|next| !LINE_ENDS.contains(&next));
        }
        begins
    }

    fn skip_blanks(&mut self) {
        self.rest = self.rest.trim_start_matches(BLANKS);
    }

    fn skip_blanks_and_lines(&mut self) {
        let skipped = self.take_while(|next| BLANKS.contains(&next) || LINE_ENDS.contains(&next));
        self.line += skipped.matches('\n').count();
    }

    fn take(&mut self, token: &str) -> bool {
        match self.rest.strip_prefix(token) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn take_while(&mut self, matches: impl Fn(char) -> bool) -> &'a str {
        let end = self.rest.find(|next| !matches(next));
        let (taken, rest) = self.rest.split_at(end.unwrap_or(self.rest.len()));
        self.rest = rest;
        taken
    }

    fn expected(&self, what: &str) -> String {
        match self.rest.chars().next() {
            None => format!("expected {what}, found the end of the file"),
            Some(next) if LINE_ENDS.contains(&next) => {
                format!("expected {what}, found the end of the line")
            }
            Some(next) => format!("expected {what}, found {next:?}"),
        }
    }
}
