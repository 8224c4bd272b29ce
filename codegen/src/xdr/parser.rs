//! A parser of XDR definitions (RFC 4506), with libvirt's `%` lines and annotations in comments.

use super::lexer::{Language, Lexeme, Token, lex};
use super::model::{
    Arm, Base, Constant, Declaration, Enum, File, Form, Member, Procedure, Procedures, Struct,
    Union, Value,
};
use super::notes;
use crate::error::{Error, Result};

/// Parses one definition. `path` names it in errors, `name` in the model.
pub fn parse(path: &str, name: &str, source: &str) -> Result<File> {
    let mut parser = Parser { path, lexemes: &lex(path, source, Language::Xdr)?, at: 0 };
    let mut file = File { name: name.to_owned(), ..File::default() };
    while parser.definition(&mut file)? {}
    Ok(file)
}

struct Parser<'p, 's> {
    path: &'p str,
    lexemes: &'p [Lexeme<'s>],
    at: usize,
}

impl<'s> Parser<'_, 's> {
    fn definition(&mut self, file: &mut File) -> Result<bool> {
        let uses = self.skip_to_token();
        file.uses.extend(uses);
        match self.peek() {
            Token::End => return Ok(false),
            Token::Word("const") => {
                let constant = self.constant()?;
                file.constants.push(constant);
            }
            Token::Word("typedef") => {
                self.next();
                let declaration = self.declaration()?;
                self.symbol(';')?;
                file.typedefs.push(declaration);
            }
            Token::Word("enum") => self.enumeration(file)?,
            Token::Word("struct") => {
                self.next();
                let name = self.word("a name")?.to_owned();
                let fields = self.fields()?;
                self.symbol(';')?;
                file.structs.push(Struct { name, fields });
            }
            Token::Word("union") => {
                let union = self.union()?;
                file.unions.push(union);
            }
            _ => {
                return Err(self.unexpected("`const`, `typedef`, `enum`, `struct` or `union`"));
            }
        }
        Ok(true)
    }

    fn constant(&mut self) -> Result<Constant> {
        self.next();
        let name = self.word("a name")?.to_owned();
        self.symbol('=')?;
        let value = self.value()?;
        self.symbol(';')?;
        let header = self.comments_on_line().iter().any(|comment| comment.trim() == "header");
        Ok(Constant { name, value, header })
    }

    fn enumeration(&mut self, file: &mut File) -> Result<()> {
        self.next();
        let name = self.word("a name")?.to_owned();
        self.symbol('{')?;
        let procedures = name.ends_with("_procedure");
        let mut members = Vec::new();
        let mut list = Vec::new();
        let mut implicit = 0;
        // A comment on the line of `{` is not about the first member.
        self.comments_on_line();
        while self.peek_significant() != Token::Symbol('}') {
            let before = self.comments();
            let member = self.word("a name or `}`")?.to_owned();
            let value = if self.peek_significant() == Token::Symbol('=') {
                self.symbol('=')?;
                self.value()?
            } else {
                Value::Number(implicit)
            };
            if let Value::Number(number) = value {
                implicit = number + 1;
            }
            let mut after = self.comments_on_line();
            if self.peek_significant() == Token::Symbol(',') {
                self.symbol(',')?;
                after.extend(self.comments_on_line());
            } else if self.peek_significant() != Token::Symbol('}') {
                return Err(self.unexpected("`,` or `}`"));
            }
            if procedures {
                list.push(Procedure {
                    name: member,
                    number: value,
                    notes: notes::read(&before, &after),
                });
            } else {
                members.push(Member { name: member, value });
            }
        }
        self.symbol('}')?;
        self.symbol(';')?;
        if procedures {
            file.procedures = Some(Procedures { name, list });
        } else {
            file.enums.push(Enum { name, members });
        }
        Ok(())
    }

    fn union(&mut self) -> Result<Union> {
        self.next();
        let name = self.word("a name")?.to_owned();
        self.keyword("switch")?;
        self.symbol('(')?;
        let discriminant = self.declaration()?;
        self.symbol(')')?;
        self.symbol('{')?;
        let mut arms = Vec::new();
        let mut default = None;
        loop {
            match self.peek_significant() {
                Token::Symbol('}') => break,
                Token::Word("case") => {
                    let mut cases = Vec::new();
                    while self.peek_significant() == Token::Word("case") {
                        self.keyword("case")?;
                        cases.push(self.value()?);
                        self.symbol(':')?;
                    }
                    let body = self.declaration()?;
                    self.symbol(';')?;
                    arms.push(Arm { cases, body });
                }
                Token::Word("default") => {
                    self.keyword("default")?;
                    self.symbol(':')?;
                    default = Some(self.declaration()?);
                    self.symbol(';')?;
                }
                _ => return Err(self.unexpected("`case`, `default` or `}`")),
            }
        }
        self.symbol('}')?;
        self.symbol(';')?;
        Ok(Union { name, discriminant, arms, default })
    }

    fn fields(&mut self) -> Result<Vec<Declaration>> {
        self.symbol('{')?;
        let mut fields = Vec::new();
        while self.peek_significant() != Token::Symbol('}') {
            fields.push(self.declaration()?);
            self.symbol(';')?;
        }
        self.symbol('}')?;
        Ok(fields)
    }

    fn declaration(&mut self) -> Result<Declaration> {
        let base = self.base()?;
        if base == Base::Void {
            return Ok(Declaration { name: String::new(), base, form: Form::One });
        }
        if self.peek_significant() == Token::Symbol('*') {
            self.symbol('*')?;
            let name = self.word("a name")?.to_owned();
            return Ok(Declaration { name, base, form: Form::Optional });
        }
        let name = self.word("a name or `*`")?.to_owned();
        let form = match self.peek_significant() {
            Token::Symbol('[') => {
                self.symbol('[')?;
                let size = self.value()?;
                self.symbol(']')?;
                Form::Fixed(size)
            }
            Token::Symbol('<') => {
                self.symbol('<')?;
                let max = match self.peek_significant() {
                    Token::Symbol('>') => None,
                    _ => Some(self.value()?),
                };
                self.symbol('>')?;
                Form::Variable(max)
            }
            _ if matches!(base, Base::String | Base::Opaque) => {
                return Err(self.unexpected("`<`"));
            }
            _ => Form::One,
        };
        if base == Base::String && matches!(form, Form::Fixed(_)) {
            self.at -= 1;
            return Err(self.unexpected("a string of variable length"));
        }
        Ok(Declaration { name, base, form })
    }

    fn base(&mut self) -> Result<Base> {
        Ok(match self.word("a type")? {
            "unsigned" => match self.peek_significant() {
                Token::Word("int") => self.also(Base::UnsignedInt),
                Token::Word("hyper") => self.also(Base::UnsignedHyper),
                Token::Word("short") => self.also(Base::UnsignedShort),
                Token::Word("char") => self.also(Base::UnsignedChar),
                _ => Base::UnsignedInt,
            },
            "int" => Base::Int,
            "hyper" => Base::Hyper,
            "short" => Base::Short,
            "char" => Base::Char,
            "bool" => Base::Bool,
            "float" => Base::Float,
            "double" => Base::Double,
            "string" => Base::String,
            "opaque" => Base::Opaque,
            "void" => Base::Void,
            "struct" | "union" | "enum" => Base::Named(self.word("a name")?.to_owned()),
            name => Base::Named(name.to_owned()),
        })
    }

    fn also(&mut self, base: Base) -> Base {
        self.skip_comments();
        self.next();
        base
    }

    fn value(&mut self) -> Result<Value> {
        self.skip_comments();
        let value = match self.peek() {
            Token::Number(number) => Value::Number(number),
            Token::Word(name) => Value::Name(name.to_owned()),
            Token::Symbol('-') => {
                self.next();
                let Token::Number(number) = self.peek() else {
                    return Err(self.unexpected("a number"));
                };
                Value::Number(-number)
            }
            _ => return Err(self.unexpected("a number or the name of a constant")),
        };
        self.next();
        Ok(value)
    }

    fn word(&mut self, expected: &str) -> Result<&'s str> {
        self.skip_comments();
        let Token::Word(word) = self.peek() else {
            return Err(self.unexpected(expected));
        };
        self.next();
        Ok(word)
    }

    fn keyword(&mut self, keyword: &str) -> Result<()> {
        self.skip_comments();
        if self.peek() != Token::Word(keyword) {
            return Err(self.unexpected(&format!("`{keyword}`")));
        }
        self.next();
        Ok(())
    }

    fn symbol(&mut self, symbol: char) -> Result<()> {
        self.skip_comments();
        if self.peek() != Token::Symbol(symbol) {
            return Err(self.unexpected(&format!("`{symbol}`")));
        }
        self.next();
        Ok(())
    }

    /// Skips comments and directives between definitions; returns the definitions that they
    /// include.
    fn skip_to_token(&mut self) -> Vec<String> {
        let mut uses = Vec::new();
        loop {
            match self.peek() {
                Token::Comment(text) => uses.extend(notes::uses(text)),
                Token::Directive(text) => uses.extend(notes::includes(text)),
                _ => return uses,
            }
            self.next();
        }
    }

    fn comments(&mut self) -> Vec<&'s str> {
        let mut comments = Vec::new();
        loop {
            match self.peek() {
                Token::Comment(text) => comments.push(text),
                Token::Directive(_) => {}
                _ => return comments,
            }
            self.next();
        }
    }

    fn skip_comments(&mut self) {
        self.comments();
    }

    /// Takes the comments that start on the line where the token before them ends.
    fn comments_on_line(&mut self) -> Vec<&'s str> {
        let mut comments = Vec::new();
        while let (Some(before), Some(lexeme)) = (
            self.at.checked_sub(1).and_then(|at| self.lexemes.get(at)),
            self.lexemes.get(self.at),
        ) {
            let Token::Comment(text) = lexeme.token else {
                break;
            };
            if lexeme.line != before.end_line {
                break;
            }
            comments.push(text);
            self.next();
        }
        comments
    }

    fn peek(&self) -> Token<'s> {
        self.lexemes.get(self.at).map_or(Token::End, |lexeme| lexeme.token)
    }

    /// Returns the next token that is not a comment, without taking it.
    fn peek_significant(&self) -> Token<'s> {
        self.lexemes
            .get(self.at..)
            .unwrap_or_default()
            .iter()
            .map(|lexeme| lexeme.token)
            .find(|token| !matches!(token, Token::Comment(_) | Token::Directive(_)))
            .unwrap_or(Token::End)
    }

    fn next(&mut self) {
        self.at += 1;
    }

    fn unexpected(&self, expected: &str) -> Error {
        let lexeme = self
            .lexemes
            .get(self.at..)
            .unwrap_or_default()
            .iter()
            .find(|lexeme| !matches!(lexeme.token, Token::Comment(_) | Token::Directive(_)))
            .or(self.lexemes.last());
        Error::Syntax {
            file: self.path.to_owned(),
            line: lexeme.map_or(0, |lexeme| lexeme.line),
            column: lexeme.map_or(0, |lexeme| lexeme.column),
            expected: expected.to_owned(),
            found: lexeme.map_or_else(|| Token::End.describe(), |lexeme| lexeme.token.describe()),
        }
    }
}
