use super::{Decode, DecodeError, Reader, take_len};

/// The bytes after which a reader of a long list lets others have their turn: less than a
/// millisecond's work.
const PART: usize = 256 * 1024;

/// A list that is decoded item by item, in parts.
#[derive(Debug)]
pub(crate) struct ListReader<'a, T> {
    reader: Reader<'a>,
    missing: usize,
    items: Vec<T>,
}

impl<'a, T> ListReader<'a, T> {
    /// Begins to read an array of at most `max` elements `W`.
    pub(crate) fn new<W: Decode<'a>>(bytes: &'a [u8], max: usize) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(bytes);
        let missing = take_len::<W>(&mut reader, max)?;
        Ok(Self { reader, missing, items: Vec::with_capacity(missing) })
    }

    /// Reads the next part; returns whether it was the last.
    pub(crate) fn read_part(
        &mut self,
        mut read: impl FnMut(&mut Reader<'a>) -> Result<T, DecodeError>,
    ) -> Result<bool, DecodeError> {
        let end = self.reader.remaining().saturating_sub(PART);
        // At least one item: where there are bytes for none, that is the error.
        while self.missing > 0 {
            self.items.push(read(&mut self.reader)?);
            self.missing -= 1;
            if self.reader.remaining() <= end {
                break;
            }
        }
        Ok(self.missing == 0)
    }

    /// Returns the items, and the reader of what is behind them.
    pub(crate) fn finish(self) -> (Vec<T>, Reader<'a>) {
        (self.items, self.reader)
    }
}
