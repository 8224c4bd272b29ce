//! Constant expressions of C, as far as public headers use them.

use std::collections::BTreeMap;

use crate::xdr::lexer::Token;

/// A constant expression.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Expression {
    /// A number.
    Number(i64),
    /// Another constant.
    Name(String),
    /// One operand.
    Unary(Operator, Box<Expression>),
    /// Two operands.
    Binary(Operator, Box<Expression>, Box<Expression>),
}

/// An operator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "named for what they do")]
pub enum Operator {
    Or,
    Xor,
    And,
    ShiftLeft,
    ShiftRight,
    Add,
    Subtract,
    Multiply,
    Divide,
    Negate,
    Invert,
}

/// Binary operators by rising precedence.
const LEVELS: [&[(&str, Operator)]; 6] = [
    &[("|", Operator::Or)],
    &[("^", Operator::Xor)],
    &[("&", Operator::And)],
    &[("<<", Operator::ShiftLeft), (">>", Operator::ShiftRight)],
    &[("+", Operator::Add), ("-", Operator::Subtract)],
    &[("*", Operator::Multiply), ("/", Operator::Divide)],
];

impl Expression {
    /// Parses an expression at the start of `tokens` and returns the number of tokens it has.
    /// `None` if there is none.
    pub fn parse(tokens: &[Token<'_>]) -> Option<(Self, usize)> {
        binary(tokens, 0)
    }

    /// Returns the value, if the names in it are known.
    pub fn value(&self, names: &BTreeMap<String, i64>) -> Option<i64> {
        Some(match self {
            Self::Number(number) => *number,
            Self::Name(name) => *names.get(name)?,
            Self::Unary(operator, operand) => {
                let operand = operand.value(names)?;
                match operator {
                    Operator::Invert => !operand,
                    _ => operand.checked_neg()?,
                }
            }
            Self::Binary(operator, left, right) => {
                let (left, right) = (left.value(names)?, right.value(names)?);
                match operator {
                    Operator::Or => left | right,
                    Operator::Xor => left ^ right,
                    Operator::And => left & right,
                    Operator::ShiftLeft => left.checked_shl(u32::try_from(right).ok()?)?,
                    Operator::ShiftRight => left.checked_shr(u32::try_from(right).ok()?)?,
                    Operator::Add => left.checked_add(right)?,
                    Operator::Subtract => left.checked_sub(right)?,
                    Operator::Multiply => left.checked_mul(right)?,
                    Operator::Divide => left.checked_div(right)?,
                    Operator::Negate | Operator::Invert => return None,
                }
            }
        })
    }

    /// Returns whether it consists of single bits: `1 << n`, or several of them.
    pub fn is_bits(&self) -> bool {
        match self {
            Self::Binary(Operator::ShiftLeft, left, _) => **left == Self::Number(1),
            Self::Binary(Operator::Or, ..) => true,
            _ => false,
        }
    }
}

fn binary(tokens: &[Token<'_>], level: usize) -> Option<(Expression, usize)> {
    let Some(operators) = LEVELS.get(level) else {
        return unary(tokens);
    };
    let (mut left, mut used) = binary(tokens, level + 1)?;
    'operands: loop {
        for (text, operator) in *operators {
            let after = tokens.get(used..).unwrap_or_default();
            if starts_with(after, text) {
                let at = used + text.len();
                let (right, more) = binary(tokens.get(at..).unwrap_or_default(), level + 1)?;
                left = Expression::Binary(*operator, Box::new(left), Box::new(right));
                used = at + more;
                continue 'operands;
            }
        }
        return Some((left, used));
    }
}

fn unary(tokens: &[Token<'_>]) -> Option<(Expression, usize)> {
    let rest = tokens.get(1..)?;
    match tokens.first()? {
        Token::Number(number) => Some((Expression::Number(*number), 1)),
        Token::Word(name) => Some((Expression::Name((*name).to_owned()), 1)),
        Token::Symbol('(') => {
            let (inner, used) = binary(rest, 0)?;
            (rest.get(used) == Some(&Token::Symbol(')'))).then_some((inner, used + 2))
        }
        Token::Symbol(sign @ ('-' | '~')) => {
            let (operand, used) = unary(rest)?;
            let operator = match sign {
                '-' => Operator::Negate,
                _ => Operator::Invert,
            };
            Some((Expression::Unary(operator, Box::new(operand)), used + 1))
        }
        _ => None,
    }
}

fn starts_with(tokens: &[Token<'_>], text: &str) -> bool {
    text.chars()
        .zip(tokens.iter().map(Some).chain(std::iter::repeat(None)))
        .all(|(wanted, token)| token == Some(&Token::Symbol(wanted)))
}
