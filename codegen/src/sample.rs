//! Random valid encodings of any type, made from the definition alone.
//!
//! The library's tests compare its codec with these; this module does not use the generated code.

use crate::error::{Error, Result};
use crate::xdr::model::{Enum, Struct, Union};
use crate::xdr::{Definition, Shape};

/// A sample encoding.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sample {
    /// The bytes.
    pub bytes: Vec<u8>,
    /// All counts and lengths in them.
    pub counts: Vec<Count>,
}

/// A count or length in an encoding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Count {
    /// The offset in the bytes.
    pub offset: usize,
    /// The maximum.
    pub max: u64,
    /// Set where it belongs to an element of an array.
    pub nested: bool,
}

/// The sizes of a sample's parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Style {
    /// The fewest elements or bytes of each variable-length part.
    pub min: u32,
    /// The most elements or bytes of each, unless less is allowed.
    pub max: u32,
    /// Set where every optional value is present, rather than every other.
    pub full: bool,
}

/// Returns an encoding of the type `name`. `random` yields 32 random bits per call.
pub fn sample(
    definition: &Definition,
    name: &str,
    style: Style,
    random: &mut dyn FnMut() -> u32,
) -> Result<Sample> {
    let mut sampler = Sampler {
        definition,
        style,
        random,
        depth: 0,
        sample: Sample::default(),
    };
    sampler.shape(&definition.shape_of(name)?)?;
    Ok(sampler.sample)
}

struct Sampler<'d, 'r> {
    definition: &'d Definition,
    style: Style,
    random: &'r mut dyn FnMut() -> u32,
    /// The number of arrays that enclose the current value.
    depth: u32,
    sample: Sample,
}

impl Sampler<'_, '_> {
    fn shape(&mut self, shape: &Shape<'_>) -> Result<()> {
        match shape {
            Shape::Void => {}
            Shape::Int | Shape::UnsignedInt => {
                let word = self.number();
                self.word(word);
            }
            Shape::Hyper | Shape::UnsignedHyper => {
                let (high, low) = (self.number(), self.number());
                self.word(high);
                self.word(low);
            }
            // An exponent of all ones would be NaN or infinite, and NaN does not compare equal.
            Shape::Double => {
                let (high, low) = (self.number() & 0xbfff_ffff, self.number());
                self.word(high);
                self.word(low);
            }
            Shape::Float => {
                let word = self.number() & 0xbfff_ffff;
                self.word(word);
            }
            Shape::Bool => {
                let word = self.number() % 2;
                self.word(word);
            }
            // Narrow numbers take four bytes, sign- or zero-extended.
            Shape::Char => {
                let [byte, ..] = self.number().to_be_bytes();
                self.put(&i32::from(byte.cast_signed()).to_be_bytes());
            }
            Shape::UnsignedChar => {
                let word = self.number() & 0xff;
                self.word(word);
            }
            Shape::Short => {
                let [high, low, ..] = self.number().to_be_bytes();
                let short = i16::from_be_bytes([high, low]);
                self.put(&i32::from(short).to_be_bytes());
            }
            Shape::UnsignedShort => {
                let word = self.number() & 0xffff;
                self.word(word);
            }
            Shape::Enum(item) => self.enumeration(item)?,
            Shape::Struct(item) => self.structure(item)?,
            Shape::Union(item) => self.union(item)?,
            Shape::String(max) => {
                let len = self.count(max.value);
                let text = self.text(len);
                self.padded(&text);
            }
            Shape::Opaque(max) => {
                let len = self.count(max.value);
                let bytes = self.bytes(len as usize);
                self.padded(&bytes);
            }
            Shape::FixedOpaque(size, _) => {
                let bytes = self.bytes(size_of_part(size.value)?);
                self.padded(&bytes);
            }
            Shape::Optional(inner) => {
                let present = self.style.full || self.number() % 2 == 1;
                self.word(u32::from(present));
                if present {
                    self.shape(inner)?;
                }
            }
            Shape::Array(max, element) => {
                let len = self.count(max.value);
                for _ in 0..len {
                    self.element(element)?;
                }
            }
            Shape::FixedArray(size, element) => {
                for _ in 0..size_of_part(size.value)? {
                    self.element(element)?;
                }
            }
        }
        Ok(())
    }

    fn element(&mut self, element: &Shape<'_>) -> Result<()> {
        self.depth += 1;
        self.shape(element)?;
        self.depth -= 1;
        Ok(())
    }

    fn structure(&mut self, item: &Struct) -> Result<()> {
        for field in &item.fields {
            self.shape(&self.definition.shape(field)?)?;
        }
        Ok(())
    }

    fn union(&mut self, item: &Union) -> Result<()> {
        let mut arms = Vec::new();
        for arm in &item.arms {
            for case in &arm.cases {
                arms.push((self.definition.number(case)?, &arm.body));
            }
        }
        let at = self.below(arms.len());
        let Some((case, body)) = arms.get(at) else {
            return Err(Error::invalid(format!("{} has no arms", item.name)));
        };
        self.discriminant(*case)?;
        self.shape(&self.definition.shape(body)?)
    }

    /// Writes an enumeration; unknown numbers must be preserved, too.
    fn enumeration(&mut self, item: &Enum) -> Result<()> {
        let at = self.below(item.members.len() + 1);
        match item.members.get(at) {
            Some(member) => self.discriminant(self.definition.number(&member.value)?),
            None => self.shape(&Shape::Int),
        }
    }

    fn discriminant(&mut self, number: i64) -> Result<()> {
        let number = i32::try_from(number)
            .map_err(|_| Error::invalid(format!("{number} does not fit 32 bits")))?;
        self.put(&number.to_be_bytes());
        Ok(())
    }

    fn count(&mut self, max: u64) -> u32 {
        let most = u32::try_from(max).map_or(self.style.max, |max| max.min(self.style.max));
        let least = self.style.min.min(most);
        let len = least + self.number() % (most - least + 1);
        self.sample.counts.push(Count {
            offset: self.sample.bytes.len(),
            max,
            nested: self.depth > 0,
        });
        self.word(len);
        len
    }

    /// Returns exactly that many bytes: mostly UTF-8, not all of it ASCII.
    fn text(&mut self, len: u32) -> Vec<u8> {
        let mut text = Vec::new();
        while text.len() < len as usize {
            let room = len as usize - text.len();
            // File names need not be UTF-8.
            let letters: [&[u8]; 8] = [
                b"a",
                b"Z",
                b"/",
                b" ",
                "é".as_bytes(),
                "€".as_bytes(),
                "😀".as_bytes(),
                b"\xff",
            ];
            let letter = letters.get(self.below(letters.len())).copied();
            text.extend_from_slice(letter.filter(|letter| letter.len() <= room).unwrap_or(b"x"));
        }
        text
    }

    fn bytes(&mut self, len: usize) -> Vec<u8> {
        (0..len).map(|_| self.number().to_be_bytes()[0]).collect()
    }

    fn number(&mut self) -> u32 {
        (self.random)()
    }

    fn below(&mut self, end: usize) -> usize {
        self.number() as usize % end.max(1)
    }

    fn word(&mut self, word: u32) {
        self.put(&word.to_be_bytes());
    }

    fn padded(&mut self, bytes: &[u8]) {
        self.put(bytes);
        let len = self.sample.bytes.len().next_multiple_of(4);
        self.sample.bytes.resize(len, 0);
    }

    fn put(&mut self, bytes: &[u8]) {
        self.sample.bytes.extend_from_slice(bytes);
    }
}

fn size_of_part(size: u64) -> Result<usize> {
    usize::try_from(size).map_err(|_| Error::invalid(format!("{size} is no size")))
}
