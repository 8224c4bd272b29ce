//! As much of an NBD client as a backup takes: a server's export, which parts of it are of interest,
//! and what is in them.

use std::io::{self, Error, Read as _, Write as _};
use std::ops::Range;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

/// The time for a server to say anything.
const PATIENCE: Duration = Duration::from_secs(60);

/// The most to read in one request.
pub(crate) const MAX_READ: u32 = 1 << 20;

/// The most that an answer may have: as much data, or as many parts as QEMU tells of at a time.
const MAX_PAYLOAD: u32 = MAX_READ + 64;

/// The parts of an export that are of interest.
#[derive(Clone, Copy)]
pub(crate) enum Parts<'a> {
    /// Those that are not known to be zero.
    Data,
    /// Those that the bitmap of this name has marked.
    Marked(&'a str),
}

/// A server's export, open for reading.
pub(crate) struct Export {
    socket: UnixStream,
    size: u64,
    /// The bit of a part's flags that tells whether it is of interest, and its value if so.
    wanted: (u32, bool),
}

impl Export {
    /// Opens an export of the server at a socket.
    pub(crate) fn open(socket: &Path, name: &str, parts: Parts<'_>) -> io::Result<Self> {
        const FIXED_NEWSTYLE_WITHOUT_ZEROES: u16 = 1 | 2;
        const STRUCTURED_REPLY: u32 = 8;
        const SET_META_CONTEXT: u32 = 10;
        const GO: u32 = 7;
        const HAS_SIZE: [u8; 2] = [0, 0];

        let (context, wanted) = match parts {
            Parts::Data => ("base:allocation".to_owned(), (2, false)),
            Parts::Marked(bitmap) => (format!("qemu:dirty-bitmap:{bitmap}"), (1, true)),
        };
        let socket = UnixStream::connect(socket)?;
        socket.set_read_timeout(Some(PATIENCE))?;
        socket.set_write_timeout(Some(PATIENCE))?;
        let mut export = Self { socket, size: 0, wanted };
        export.expect(b"NBDMAGICIHAVEOPT")?;
        let flags = export.u16()? & FIXED_NEWSTYLE_WITHOUT_ZEROES;
        if flags != FIXED_NEWSTYLE_WITHOUT_ZEROES {
            return Err(Error::other("the server is too old"));
        }
        export.socket.write_all(&u32::from(flags).to_be_bytes())?;

        export.option(STRUCTURED_REPLY, &[])?;
        let name = [&length(name)[..], name.as_bytes()].concat();
        let one = 1_u32.to_be_bytes();
        let query = [&name[..], &one, &length(&context), context.as_bytes()].concat();
        if export.option(SET_META_CONTEXT, &query)?.is_empty() {
            return Err(Error::other(format!("the server does not know {context}")));
        }
        for answer in export.option(GO, &[&name[..], &[0, 0]].concat())? {
            if let Some(rest) = answer.strip_prefix(&HAS_SIZE)
                && let Some(size) = rest.first_chunk()
            {
                export.size = u64::from_be_bytes(*size);
            }
        }
        Ok(export)
    }

    /// Returns its size in bytes.
    pub(crate) fn size(&self) -> u64 {
        self.size
    }

    /// Returns the parts of interest, in their order.
    pub(crate) fn parts(&mut self) -> io::Result<Vec<Range<u64>>> {
        const BLOCK_STATUS: u16 = 7;
        const MAX_LENGTH: u64 = 1 << 30;

        let (bit, is_set) = self.wanted;
        let mut found = Vec::new();
        let mut end = 0;
        while end < self.size {
            let (start, length) = (end, MAX_LENGTH.min(self.size - end));
            self.request(BLOCK_STATUS, start, length as u32)?;
            self.answer(|kind, payload| {
                let Some((_context, parts)) = payload.split_first_chunk::<4>() else {
                    return Err(unexpected(kind));
                };
                for part in parts.chunks_exact(8) {
                    let Some((length, flags)) = part.split_first_chunk() else {
                        break;
                    };
                    let flags = flags.first_chunk().copied().unwrap_or_default();
                    let next = end + u64::from(u32::from_be_bytes(*length));
                    if (u32::from_be_bytes(flags) & bit != 0) == is_set {
                        found.push(end..next);
                    }
                    end = next;
                }
                Ok(())
            })?;
            if end == start || end > self.size {
                return Err(Error::other("the server tells of parts that there are not"));
            }
        }
        Ok(found)
    }

    /// Reads at most [`MAX_READ`] bytes.
    pub(crate) fn read(&mut self, offset: u64, length: u32) -> io::Result<Vec<u8>> {
        const READ: u16 = 0;
        const DATA: u16 = 1;
        const HOLE: u16 = 2;

        self.request(READ, offset, length)?;
        let mut content = vec![0; length as usize];
        self.answer(|kind, payload| {
            let wrong = || unexpected(kind);
            let (at, data) = payload.split_first_chunk().ok_or_else(wrong)?;
            let at = u64::from_be_bytes(*at).checked_sub(offset).ok_or_else(wrong)?;
            match kind {
                // Zeros are there already.
                HOLE => {}
                DATA => content
                    .get_mut(at as usize..)
                    .and_then(|rest| rest.get_mut(..data.len()))
                    .ok_or_else(wrong)?
                    .copy_from_slice(data),
                _ => return Err(wrong()),
            }
            Ok(())
        })?;
        Ok(content)
    }

    /// Sends an option, and returns what the server says before it agrees.
    fn option(&mut self, option: u32, data: &[u8]) -> io::Result<Vec<Vec<u8>>> {
        const ACKNOWLEDGED: u32 = 1;
        const ERROR: u32 = 1 << 31;

        let number = option.to_be_bytes();
        let length = (data.len() as u32).to_be_bytes();
        self.socket.write_all(&[b"IHAVEOPT", &number[..], &length, data].concat())?;
        let mut answers = Vec::new();
        loop {
            self.expect(&0x3_e889_0455_65a9_u64.to_be_bytes())?;
            self.expect(&number)?;
            let kind = self.u32()?;
            let payload = self.payload()?;
            match kind {
                ACKNOWLEDGED => return Ok(answers),
                kind if kind & ERROR != 0 => return Err(refusal(kind & !ERROR, &payload)),
                _ => answers.push(payload),
            }
        }
    }

    fn request(&mut self, command: u16, offset: u64, length: u32) -> io::Result<()> {
        let (offset, length) = (offset.to_be_bytes(), length.to_be_bytes());
        let [high, low] = command.to_be_bytes();
        let head = [0x25, 0x60, 0x95, 0x13, 0, 0, high, low];
        let cookie = [0; 8];
        self.socket.write_all(&[&head[..], &cookie, &offset, &length].concat())
    }

    /// Takes the pieces of the server's answer to a request, each with its kind.
    fn answer(&mut self, mut take: impl FnMut(u16, &[u8]) -> io::Result<()>) -> io::Result<()> {
        const IS_LAST: u16 = 1;
        const NOTHING: u16 = 0;
        const ERROR: u16 = 1 << 15;

        loop {
            self.expect(&[0x66, 0x8e, 0x33, 0xef])?;
            let (flags, kind) = (self.u16()?, self.u16()?);
            self.expect(&[0; 8])?;
            let payload = self.payload()?;
            match (kind, payload.split_first_chunk()) {
                (NOTHING, _) => {}
                (kind, Some((number, text))) if kind & ERROR != 0 => {
                    let text = text.get(2..).unwrap_or_default();
                    return Err(refusal(u32::from_be_bytes(*number), text));
                }
                _ => take(kind, &payload)?,
            }
            if flags & IS_LAST != 0 {
                return Ok(());
            }
        }
    }

    fn expect(&mut self, expected: &[u8]) -> io::Result<()> {
        let mut found = vec![0; expected.len()];
        self.socket.read_exact(&mut found)?;
        if found == expected {
            Ok(())
        } else {
            Err(Error::other("the server does not speak NBD"))
        }
    }

    fn u16(&mut self) -> io::Result<u16> {
        let mut bytes = [0; 2];
        self.socket.read_exact(&mut bytes)?;
        Ok(u16::from_be_bytes(bytes))
    }

    fn u32(&mut self) -> io::Result<u32> {
        let mut bytes = [0; 4];
        self.socket.read_exact(&mut bytes)?;
        Ok(u32::from_be_bytes(bytes))
    }

    fn payload(&mut self) -> io::Result<Vec<u8>> {
        let length = self.u32()?;
        if length > MAX_PAYLOAD {
            return Err(Error::other(format!("the server sends {length} bytes at a time")));
        }
        let mut payload = vec![0; length as usize];
        self.socket.read_exact(&mut payload)?;
        Ok(payload)
    }
}

fn length(text: &str) -> [u8; 4] {
    (text.len() as u32).to_be_bytes()
}

fn refusal(number: u32, text: &[u8]) -> Error {
    Error::other(format!("the server refuses ({number}): {}", String::from_utf8_lossy(text)))
}

fn unexpected(kind: u16) -> Error {
    Error::other(format!("the server's answer has an unexpected piece ({kind})"))
}
