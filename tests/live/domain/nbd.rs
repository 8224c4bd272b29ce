//! As much of NBD's client as reading takes.

use std::path::Path;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::UnixStream;

const FIXED_NEWSTYLE: u16 = 1;
const NO_ZEROES: u16 = 2;
const EXPORT_NAME: u32 = 1;
const REQUEST: u32 = 0x2560_9513;
const REPLY: u32 = 0x6744_6698;
const READ: u16 = 0;

/// An export of a server at a socket.
pub struct Nbd {
    socket: UnixStream,
    pub size: u64,
}

impl Nbd {
    pub async fn open(socket: &Path, export: &str) -> Self {
        let mut socket = UnixStream::connect(socket).await.unwrap();
        let mut greeting = [0; 16];
        socket.read_exact(&mut greeting).await.unwrap();
        assert_eq!(&greeting, b"NBDMAGICIHAVEOPT");
        let flags = socket.read_u16().await.unwrap();
        assert_eq!(flags & (FIXED_NEWSTYLE | NO_ZEROES), FIXED_NEWSTYLE | NO_ZEROES);
        socket.write_u32(flags.into()).await.unwrap();
        socket.write_all(b"IHAVEOPT").await.unwrap();
        socket.write_u32(EXPORT_NAME).await.unwrap();
        socket.write_u32(export.len() as u32).await.unwrap();
        socket.write_all(export.as_bytes()).await.unwrap();
        let size = socket.read_u64().await.unwrap();
        let _flags = socket.read_u16().await.unwrap();
        Self { socket, size }
    }

    pub async fn read(&mut self, offset: u64, length: u32) -> Vec<u8> {
        let socket = &mut self.socket;
        socket.write_u32(REQUEST).await.unwrap();
        socket.write_u16(0).await.unwrap();
        socket.write_u16(READ).await.unwrap();
        socket.write_u64(offset).await.unwrap();
        socket.write_u64(offset).await.unwrap();
        socket.write_u32(length).await.unwrap();
        assert_eq!(socket.read_u32().await.unwrap(), REPLY);
        assert_eq!(socket.read_u32().await.unwrap(), 0);
        assert_eq!(socket.read_u64().await.unwrap(), offset);
        let mut data = vec![0; length as usize];
        socket.read_exact(&mut data).await.unwrap();
        data
    }
}
