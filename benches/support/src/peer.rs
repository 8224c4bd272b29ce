//! A peer that answers from memory.
//!
//! A real daemon takes so long for each call that it hides the client's overhead. This one gives
//! the same replies whatever the arguments, encoded ahead of time, and answers all requests of one
//! read in one write. It implements enough of the protocol for the C library to open a connection.

use std::collections::HashMap;
use std::env;
use std::io::{self, Read as _, Write as _};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::thread;

use crate::affinity::Cpus;
use crate::fixtures::{self, Encoder};
use crate::{Error, Result};

const REMOTE: u32 = 0x2000_8086;
const KEEPALIVE: u32 = 0x6b65_6570;
const PONG: u32 = 2;

const REPLY: u32 = 1;
const MESSAGE: u32 = 2;
const OK: u32 = 0;
const ERROR: u32 = 1;

/// Bytes of the length and the header.
const HEADER: usize = 28;
const SERIAL_AT: usize = 20;
/// The size of a read.
const READ_BUFFER: usize = 256 * 1024;
/// The size up to which replies are collected until the end of the batch.
const BATCH: usize = 256 * 1024;
/// Events in one write.
const EVENTS_PER_WRITE: u64 = 2_000;

/// Procedures with results of their own.
mod procedure {
    pub(super) const CONNECT_CLOSE: u32 = 2;
    pub(super) const DOMAIN_GET_XML_DESC: u32 = 14;
    pub(super) const DOMAIN_GET_INFO: u32 = 16;
    pub(super) const DOMAIN_LOOKUP_BY_NAME: u32 = 23;
    pub(super) const DOMAIN_SET_MEMORY: u32 = 31;
    pub(super) const CONNECT_SUPPORTS_FEATURE: u32 = 60;
    pub(super) const AUTH_LIST: u32 = 66;
    pub(super) const CONNECT_GET_URI: u32 = 110;
    pub(super) const CONNECT_LIST_ALL_DOMAINS: u32 = 273;
    pub(super) const DOMAIN_GET_JOB_STATS: u32 = 298;
    pub(super) const DOMAIN_EVENT_REGISTER: u32 = 316;
    pub(super) const DOMAIN_EVENT_LIFECYCLE: u32 = 318;
    pub(super) const CONNECT_GET_ALL_DOMAIN_STATS: u32 = 344;
    /// Procedures without results.
    pub(super) const VOID: [u32; 5] = [1, CONNECT_CLOSE, 317, 360, 361];
}

/// The callback ID of every event registration.
const CALLBACK: u32 = 0;

fn message(program: u32, procedure: u32, kind: u32, status: u32, payload: &[u8]) -> Vec<u8> {
    let length = (HEADER + payload.len()) as u32;
    let header = Encoder::default().word(length).word(program).word(1).word(procedure);
    let mut message = header.word(kind).word(0).word(status).0;
    message.extend(payload);
    message
}

fn word_at(bytes: &[u8], at: usize) -> Option<u32> {
    let word = bytes.get(at..)?.first_chunk()?;
    Some(u32::from_be_bytes(*word))
}

/// Returns the last argument of a call, if that is a long integer.
fn last_long(call: &[u8]) -> u64 {
    call.last_chunk().map_or(0, |long| u64::from_be_bytes(*long))
}

fn payload_of(procedure: u32) -> Option<Vec<u8>> {
    Some(match procedure {
        procedure::AUTH_LIST => Encoder::default().word(1).word(0).0,
        procedure::CONNECT_SUPPORTS_FEATURE => Encoder::default().word(1).0,
        procedure::CONNECT_GET_URI => Encoder::default().string("qemu:///system").0,
        procedure::DOMAIN_LOOKUP_BY_NAME => Encoder::default().domain(fixtures::DOMAIN, 0).0,
        procedure::DOMAIN_GET_INFO => fixtures::info(),
        procedure::DOMAIN_GET_XML_DESC => fixtures::xml(),
        procedure::CONNECT_LIST_ALL_DOMAINS => fixtures::domains(fixtures::DOMAINS),
        procedure::CONNECT_GET_ALL_DOMAIN_STATS => fixtures::stats(fixtures::STATS_DOMAINS),
        procedure::DOMAIN_GET_JOB_STATS => fixtures::job_stats(),
        procedure::DOMAIN_EVENT_REGISTER => Encoder::default().word(CALLBACK).0,
        procedure::DOMAIN_SET_MEMORY => Vec::new(),
        void if procedure::VOID.contains(&void) => Vec::new(),
        _ => return None,
    })
}

/// `virErrorNumber` 3: no support.
fn unsupported(procedure: u32) -> Vec<u8> {
    let text = format!("the canned peer has no reply to procedure {procedure}");
    let error = Encoder::default().word(3).word(7).word(1).string(&text);
    error.word(2).word(0).word(0).word(0).word(0).word(0).word(0).word(0).0
}

/// One connection.
struct Server {
    stream: UnixStream,
    /// Whole messages, in which only the serial changes.
    replies: HashMap<u32, Vec<u8>>,
    out: Vec<u8>,
}

impl Server {
    fn serve(mut self) -> io::Result<()> {
        let mut buffer = vec![0; READ_BUFFER];
        let mut filled = 0;
        loop {
            let free = buffer.get_mut(filled..).unwrap_or_default();
            let count = self.stream.read(free)?;
            if count == 0 {
                return Ok(());
            }
            filled += count;
            let mut begin = 0;
            while let Some(pending) = buffer.get(begin..filled) {
                let Some(length) = word_at(pending, 0) else {
                    break;
                };
                if (length as usize) < HEADER || length as usize > READ_BUFFER {
                    return Err(io::Error::other(format!("a call of {length} bytes")));
                }
                let Some(call) = pending.get(..length as usize) else {
                    break;
                };
                if !self.answer(call)? {
                    return Ok(());
                }
                begin += length as usize;
            }
            buffer.copy_within(begin..filled, 0);
            filled -= begin;
            self.flush()?;
        }
    }

    /// Answers a call; returns `false` at the end of the connection.
    fn answer(&mut self, call: &[u8]) -> io::Result<bool> {
        let word = |at| word_at(call, at).unwrap_or_default();
        let (program, procedure, serial) = (word(4), word(12), word(SERIAL_AT));
        if program == KEEPALIVE {
            self.out.extend(message(KEEPALIVE, PONG, MESSAGE, OK, &[]));
            return Ok(true);
        }
        let reply = self.replies.entry(procedure).or_insert_with(|| match payload_of(procedure) {
            Some(payload) => message(program, procedure, REPLY, OK, &payload),
            None => message(program, procedure, REPLY, ERROR, &unsupported(procedure)),
        });
        if let Some(word) = reply.get_mut(SERIAL_AT..SERIAL_AT + 4) {
            word.copy_from_slice(&serial.to_be_bytes());
        }
        if self.out.len() + reply.len() > BATCH {
            self.stream.write_all(&self.out)?;
            self.out.clear();
        }
        if reply.len() > BATCH {
            self.stream.write_all(reply)?;
        } else {
            self.out.extend_from_slice(reply);
        }
        match procedure {
            procedure::CONNECT_CLOSE => {
                self.flush()?;
                return Ok(false);
            }
            procedure::DOMAIN_SET_MEMORY => self.send_events(last_long(call))?,
            _ => {}
        }
        Ok(true)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stream.write_all(&self.out)?;
        self.out.clear();
        Ok(())
    }

    /// Sends events: setting a domain's memory to so many KiB causes so many.
    fn send_events(&mut self, count: u64) -> io::Result<()> {
        self.flush()?;
        let payload = fixtures::event(CALLBACK);
        let event = message(REMOTE, procedure::DOMAIN_EVENT_LIFECYCLE, MESSAGE, OK, &payload);
        let many = event.repeat(count.min(EVENTS_PER_WRITE) as usize);
        for _ in 0..count / EVENTS_PER_WRITE {
            self.stream.write_all(&many)?;
        }
        let rest = (count % EVENTS_PER_WRITE) as usize * event.len();
        self.stream.write_all(many.get(..rest).unwrap_or(&many))
    }
}

/// Serves one connection until the client closes it.
fn serve(stream: UnixStream) -> io::Result<()> {
    Server { stream, replies: HashMap::new(), out: Vec::new() }.serve()
}

/// Runs the process of a [`Peer`]: serves all connections until its standard input ends.
pub fn main(socket: &Path) -> Result<()> {
    let listener = UnixListener::bind(socket)?;
    println!("ready");
    thread::spawn(move || {
        for stream in listener.incoming().map_while(io::Result::ok) {
            thread::spawn(move || {
                if let Err(error) = serve(stream) {
                    eprintln!("peer: {error}");
                }
            });
        }
    });
    io::copy(&mut io::stdin(), &mut io::sink())?;
    Ok(())
}

/// The first argument that selects the peer's role; [`main`] gets the second.
pub const ROLE: &str = "peer";

/// A peer in a separate process, until dropped.
#[derive(Debug)]
pub struct Peer {
    child: Child,
    _open_while_wanted: Option<ChildStdin>,
    socket: PathBuf,
}

impl Peer {
    /// Starts this program in the role of the peer.
    pub fn start(socket: PathBuf, cpus: &Cpus) -> Result<Self> {
        let mut command = Command::new(env::current_exe()?);
        command.arg(ROLE).arg(&socket).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = cpus.spawn(&mut command)?;
        let mut ready = [0; 6];
        let said = child.stdout.take().map(|mut stdout| stdout.read_exact(&mut ready));
        match said {
            Some(Ok(())) => {
                let stdin = child.stdin.take();
                Ok(Self { child, _open_while_wanted: stdin, socket })
            }
            _ => Err(Error::from(format!("the peer did not start: {}", child.wait()?))),
        }
    }

    /// Returns the URI of a connection to it.
    pub fn uri(&self) -> String {
        format!("qemu+unix:///system?socket={}", self.socket.display())
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        // Neither can fail in a way that matters: the process is a child that was not waited for.
        let _already_gone = self.child.kill();
        let _reaped = self.child.wait();
    }
}
