//! A client that is nothing but a blocking socket: it sends requests that were encoded ahead of time,
//! and reads replies by their lengths. None can be faster.

use std::io::{self, Read as _, Write as _};
use std::os::unix::net::UnixStream;

use crate::Result;
use crate::client::{Program, SEVERAL_THREADS, Stopwatch};
use crate::fixtures::{self, Encoder};
use crate::profile::warm_up;

/// The first argument that selects this client's role; [`main`] gets the others.
pub const ROLE: &str = "bare";

const READ_BUFFER: usize = 256 * 1024;

/// Returns this program in the role of the bare client.
pub fn program() -> Result<Program> {
    Ok(Program { path: std::env::current_exe()?, args: vec![ROLE.to_owned()] })
}

/// Runs the client: `URI VERB COUNT CALLERS`.
pub fn main(args: &[String]) -> Result<()> {
    let [uri, verb, count, callers] = args else {
        return Err("usage: bare URI VERB COUNT CALLERS".into());
    };
    let socket = uri.split_once("socket=").ok_or("a URI without a socket")?.1;
    let mut client = Client {
        stream: UnixStream::connect(socket)?,
        buffer: vec![0; READ_BUFFER],
        begin: 0,
        end: 0,
    };
    let verb = verb.strip_prefix(SEVERAL_THREADS).unwrap_or(verb);
    let (count, at_a_time) = (count.parse()?, callers.parse()?);
    client.repeat(verb, warm_up(count), at_a_time)?;
    let watch = Stopwatch::start();
    let done = client.repeat(verb, count, at_a_time)?;
    println!("{}", watch.stop(done, done)?);
    Ok(())
}

fn request(verb: &str, count: u64) -> Result<Vec<u8>> {
    let domain = || Encoder::default().domain(fixtures::DOMAIN, 0);
    let (procedure, arguments) = match verb {
        "info" => (16, domain()),
        "events" => (31, domain().long(count)),
        "list" => (273, Encoder::default().word(1).word(0)),
        "job" => (298, domain().word(0)),
        "stats" | "params" => (344, Encoder::default().word(0).word(0).word(0)),
        other => return Err(format!("no verb {other}").into()),
    };
    let length = 28 + arguments.0.len() as u32;
    let header = Encoder::default().word(length).word(0x2000_8086).word(1).word(procedure);
    let mut request = header.word(0).word(7).word(0).0;
    request.extend(arguments.0);
    Ok(request)
}

struct Client {
    stream: UnixStream,
    buffer: Vec<u8>,
    /// Where what was received and not yet looked at begins and ends.
    begin: usize,
    end: usize,
}

impl Client {
    /// Repeats the work, so many requests at a time. Returns how often it was done.
    fn repeat(&mut self, verb: &str, count: u64, at_a_time: u64) -> Result<u64> {
        if count == 0 {
            return Ok(0);
        }
        let request = request(verb, count)?;
        if verb == "events" {
            self.stream.write_all(&request)?;
            self.skip_messages(count + 1)?;
            return Ok(count);
        }
        let requests = request.repeat(at_a_time as usize);
        for _ in 0..count / at_a_time {
            self.stream.write_all(&requests)?;
            self.skip_messages(at_a_time)?;
        }
        Ok(count / at_a_time * at_a_time)
    }

    fn skip_messages(&mut self, count: u64) -> io::Result<()> {
        for _ in 0..count {
            let length = loop {
                let received = self.buffer.get(self.begin..self.end).unwrap_or_default();
                match received.first_chunk() {
                    Some(word) => break u32::from_be_bytes(*word) as usize,
                    None => self.receive()?,
                }
            };
            let mut left = length;
            while left > self.end - self.begin {
                left -= self.end - self.begin;
                self.begin = self.end;
                self.receive()?;
            }
            self.begin += left;
        }
        Ok(())
    }

    /// Reads more behind what was not yet looked at.
    fn receive(&mut self) -> io::Result<()> {
        self.buffer.copy_within(self.begin..self.end, 0);
        self.end -= self.begin;
        self.begin = 0;
        let room = self.buffer.get_mut(self.end..).unwrap_or_default();
        match self.stream.read(room)? {
            0 => Err(io::ErrorKind::UnexpectedEof.into()),
            count => {
                self.end += count;
                Ok(())
            }
        }
    }
}
