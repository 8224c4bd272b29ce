//! The local file of a transfer: blocking I/O that preserves holes.

use std::fs::File;
use std::io::{self, ErrorKind, Read as _, Seek as _, SeekFrom, Write as _};

use rustix::fs::{OFlags, SeekFrom as RawSeek, fcntl_getfl, seek};
use rustix::io::Errno;
use tokio::sync::mpsc::{Receiver, Sender};

use crate::client::Chunk;

/// Bytes per read.
const PIECE: u64 = 512 * 1024;

/// Content to be written.
pub(super) enum Piece {
    Chunk(Chunk),
    /// The content is complete.
    End,
}

/// Content that was read.
pub(super) enum Found {
    Data(Vec<u8>),
    Hole(u64),
}

/// Writes pieces from the file's position on, until the content ends or the transfer is dropped.
pub(super) fn write(mut file: &File, mut pieces: Receiver<Piece>) -> io::Result<()> {
    // Pipes and terminals have no holes, and no position either.
    let mut position = match file.stream_position() {
        // Data is appended, wherever the position is.
        Ok(_) if fcntl_getfl(file)?.contains(OFlags::APPEND) => None,
        Ok(position) => Some(position),
        Err(error) if error.kind() == ErrorKind::NotSeekable => None,
        Err(error) => return Err(error),
    };
    while let Some(piece) = pieces.blocking_recv() {
        match (piece, &mut position) {
            (Piece::Chunk(Chunk::Data(data)), position) => {
                file.write_all(&data)?;
                if let Some(position) = position {
                    *position += data.len() as u64;
                }
            }
            (Piece::Chunk(Chunk::Hole(length)), Some(position)) => {
                let end = position.checked_add(length).ok_or(ErrorKind::FileTooLarge)?;
                erase(file, *position, end)?;
                file.seek(SeekFrom::Start(end))?;
                *position = end;
            }
            (Piece::Chunk(Chunk::Hole(length)), None) => write_zeros(file, length)?,
            (Piece::End, Some(position)) => {
                // A hole at the end is part of the content.
                if file.metadata()?.is_file() && file.metadata()?.len() < *position {
                    file.set_len(*position)?;
                }
                break;
            }
            (Piece::End, None) => break,
        }
    }
    Ok(())
}

/// Makes the file's content between the positions a hole, or at least zeros.
fn erase(mut file: &File, begin: u64, end: u64) -> io::Result<()> {
    let metadata = file.metadata()?;
    let end = if metadata.is_file() {
        end.min(metadata.len())
    } else {
        end
    };
    let Some(length) = end.checked_sub(begin).filter(|length| *length > 0) else {
        return Ok(());
    };
    if !punch(file, begin, length)? {
        file.seek(SeekFrom::Start(begin))?;
        write_zeros(file, length)?;
    }
    Ok(())
}

/// Punches a hole; returns `false` where the file cannot have holes.
#[cfg(target_os = "linux")]
fn punch(file: &File, begin: u64, length: u64) -> io::Result<bool> {
    use rustix::fs::{FallocateFlags, fallocate};

    let flags = FallocateFlags::PUNCH_HOLE | FallocateFlags::KEEP_SIZE;
    match fallocate(file, flags, begin, length) {
        Ok(()) => Ok(true),
        Err(Errno::OPNOTSUPP | Errno::NOSYS | Errno::NODEV) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

#[cfg(not(target_os = "linux"))]
fn punch(_file: &File, _begin: u64, _length: u64) -> io::Result<bool> {
    Ok(false)
}

fn write_zeros(mut file: &File, length: u64) -> io::Result<()> {
    io::copy(&mut io::repeat(0).take(length), &mut file).map(drop)
}

/// Returns the length of the file from its position on, where that can be known.
pub(super) fn rest(mut file: &File) -> io::Result<Option<u64>> {
    let metadata = file.metadata()?;
    if !metadata.is_file() {
        return Ok(None);
    }
    let position = file.stream_position()?;
    Ok(Some(metadata.len().saturating_sub(position)))
}

/// Reads from the file's position on, `length` bytes at most, until the file ends or the receiver
/// is dropped.
pub(super) fn read(
    mut file: &File,
    length: Option<u64>,
    sparse: bool,
    found: &Sender<Found>,
) -> io::Result<()> {
    let mut left = length.unwrap_or(u64::MAX);
    if !file.metadata()?.is_file() {
        read_data(file, &mut left, found)?;
        return Ok(());
    }
    let mut position = file.stream_position()?;
    while sparse && left > 0 {
        let end = file.metadata()?.len();
        let data = match seek(file, RawSeek::Data(position)) {
            Ok(data) => data,
            // Only a hole is left, or nothing at all.
            Err(Errno::NXIO) => end.max(position),
            // The file system does not support holes.
            Err(Errno::INVAL | Errno::OPNOTSUPP) => break,
            Err(error) => return Err(error.into()),
        };
        let hole = (data - position).min(left);
        if hole > 0 && found.blocking_send(Found::Hole(hole)).is_err() {
            return Ok(());
        }
        left -= hole;
        position = data;
        if position >= end {
            return Ok(());
        }
        let hole = match seek(file, RawSeek::Hole(position)) {
            Ok(hole) => hole,
            // The file has become shorter.
            Err(Errno::NXIO) => return Ok(()),
            Err(error) => return Err(error.into()),
        };
        let mut piece = (hole - position).min(left);
        left -= piece;
        position = file.seek(SeekFrom::Start(position))? + piece;
        if !read_data(file, &mut piece, found)? {
            return Ok(());
        }
    }
    file.seek(SeekFrom::Start(position))?;
    read_data(file, &mut left, found)?;
    Ok(())
}

/// Reads `left` bytes; returns `false` when there were fewer, or when the receiver is dropped.
fn read_data(file: &File, left: &mut u64, found: &Sender<Found>) -> io::Result<bool> {
    while *left > 0 {
        let wanted = (*left).min(PIECE);
        let mut data = Vec::with_capacity(wanted as usize);
        // One read is not enough: pipes return little at a time.
        file.take(wanted).read_to_end(&mut data)?;
        let is_last = (data.len() as u64) < wanted;
        *left -= data.len() as u64;
        if !data.is_empty() && found.blocking_send(Found::Data(data)).is_err() || is_last {
            return Ok(false);
        }
    }
    Ok(true)
}
