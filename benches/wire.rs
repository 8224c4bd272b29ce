//! The codec: encoding and decoding of small, long and deep messages, compared with rpcgen's code
//! and `xdr_codec`'s composite helpers.

#![allow(missing_docs)]

#[path = "wire/plain.rs"]
mod plain;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use bench_support::fixtures::{self, Encoder};
use bench_support::rounds::{alternate, nanos_per_run};
use bench_support::table::{Aim, Figure, Table, Unit};
use bench_support::{Options, Result, c};
use libvirt_client::protocol::remote;
use libvirt_client::xdr::{Encode, Writer, from_slice};
use xdr_codec::{Pack, Unpack};

const SCRATCH: &str = concat!(env!("CARGO_TARGET_TMPDIR"), "/wire");
const C_SOURCES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/c");

/// One operation of a contender; returns its time in nanoseconds.
type Contender<'a> = &'a mut dyn FnMut() -> Result<f64>;

/// The results by contender: this library, `xdr_codec`, C.
struct Measured {
    row: String,
    nanos: Vec<Vec<f64>>,
}

struct Bench {
    options: Options,
    budget: Duration,
    c_codec: Option<PathBuf>,
    measured: Vec<Measured>,
}

/// Measures one message: its name, that of its type in `codec.x`, one encoding, our type and the one
/// for `xdr_codec`'s helpers.
macro_rules! message {
    ($bench:ident, $name:literal, $c_type:literal, $bytes:expr, $ours:ty, $plain:ty) => {{
        let bytes: &[u8] = &$bytes;
        let ours: $ours = from_slice(bytes)?;
        let (plain, _) = <$plain>::unpack(&mut &*bytes)?;
        let (mut our_buffer, mut plain_buffer) = (Vec::new(), Vec::new());
        ours.encode(&mut Writer::new(&mut our_buffer))?;
        plain.pack(&mut plain_buffer)?;
        if our_buffer != bytes || plain_buffer != bytes {
            return Err(concat!($name, ": encodes differently").into());
        }
        let budget = $bench.budget;
        $bench.run(
            concat!($name, ": decode"),
            &mut || {
                from_slice::<$ours>(bytes)?;
                Ok(nanos_per_run(budget, || from_slice::<$ours>(bytes).is_ok()))
            },
            &mut || Ok(nanos_per_run(budget, || <$plain>::unpack(&mut &*bytes).is_ok())),
            [$c_type, "decode"],
            bytes,
        )?;
        $bench.run(
            concat!($name, ": encode"),
            &mut || {
                Ok(nanos_per_run(budget, || {
                    our_buffer.clear();
                    ours.encode(&mut Writer::new(&mut our_buffer)).is_ok()
                }))
            },
            &mut || {
                Ok(nanos_per_run(budget, || {
                    plain_buffer.clear();
                    plain.pack(&mut plain_buffer).is_ok()
                }))
            },
            [$c_type, "encode"],
            bytes,
        )?;
    }};
}

impl Bench {
    fn run(
        &mut self,
        row: &str,
        ours: Contender<'_>,
        plain: Contender<'_>,
        [c_type, direction]: [&str; 2],
        bytes: &[u8],
    ) -> Result<()> {
        if !self.options.wants(row) {
            return Ok(());
        }
        let rounds = self.options.rounds();
        let nanos = match &self.c_codec {
            None => alternate(rounds, &mut [ours, plain])?,
            Some(codec) => {
                let file = Path::new(SCRATCH).join("message");
                fs::write(&file, bytes)?;
                let millis = self.budget.as_millis().to_string();
                let mut c = || {
                    let mut command = Command::new(codec);
                    let output =
                        command.args([c_type, direction]).arg(&file).arg(&millis).output()?;
                    let said = String::from_utf8(output.stdout)?;
                    let error = || String::from_utf8_lossy(&output.stderr).into_owned();
                    Ok(said.trim().parse().map_err(|_| error())?)
                };
                alternate(rounds, &mut [ours, plain, &mut c])?
            }
        };
        self.measured.push(Measured { row: row.to_owned(), nanos });
        Ok(())
    }

    fn print(&self, title: &str, theirs: &str, contender: usize) {
        let mut table = Table::new(&self.options, title, theirs);
        for Measured { row, nanos } in &self.measured {
            let values = |index: usize| nanos.get(index).cloned();
            let figure = Figure {
                name: "time",
                unit: Unit::Nanos,
                ours: values(0).unwrap_or_default(),
                theirs: values(contender),
                limit: None,
                aim: Aim::None,
            };
            table.row(row, &[figure]);
        }
        table.finish();
    }
}

/// Builds the C program with rpcgen and the C compiler, or reports what is missing.
fn compile() -> Result<PathBuf, String> {
    let scratch = Path::new(SCRATCH);
    for name in ["codec.x", "codec.c"] {
        let copied = fs::copy(Path::new(C_SOURCES).join(name), scratch.join(name));
        copied.map_err(|error| error.to_string())?;
    }
    // rpcgen does not overwrite files.
    for (mode, file) in [("-h", "codec.h"), ("-c", "codec_xdr.c")] {
        let _not_there = fs::remove_file(scratch.join(file));
        let mut rpcgen = Command::new("rpcgen");
        c::run(rpcgen.current_dir(scratch).args([mode, "-o", file, "codec.x"]))?;
    }
    let object = scratch.join("codec_xdr.o");
    let mut cc = Command::new("cc");
    let generated = scratch.join("codec_xdr.c");
    c::run(
        cc.args(["-O2", "-w", "-I/usr/include/tirpc", "-c", "-o"])
            .arg(&object)
            .arg(generated),
    )?;
    let object = object.to_str().ok_or("a directory whose name is not UTF-8")?;
    let flags = [object, "-I/usr/include/tirpc", "-ltirpc"];
    c::compile(&scratch.join("codec.c"), &flags, scratch)
}

fn main() -> Result<()> {
    let options = Options::from_args();
    fs::create_dir_all(SCRATCH)?;
    let c_codec = compile().map_err(|why| {
        println!("no C to compare with ({why}); scripts/setup --bench installs it");
    });
    let millis = options.size(40, 1);
    let mut bench = Bench {
        options,
        budget: Duration::from_millis(millis),
        c_codec: c_codec.ok(),
        measured: Vec::new(),
    };

    let domain = Encoder::default().domain(fixtures::DOMAIN, 0).0;
    message!(
        bench,
        "arguments of a small call",
        "info_args",
        domain,
        remote::DomainGetInfo<'_>,
        plain::InfoArgs
    );
    message!(
        bench,
        "results of a small call",
        "info_ret",
        fixtures::info(),
        remote::DomainGetInfoRet,
        plain::InfoRet
    );
    message!(
        bench,
        "16,000 names",
        "names_ret",
        fixtures::names(fixtures::DOMAINS),
        remote::ConnectListDefinedDomainsRet<'_>,
        plain::NamesRet
    );
    message!(
        bench,
        "16,000 domains",
        "domains_ret",
        fixtures::domains(fixtures::DOMAINS),
        remote::ConnectListAllDomainsRet<'_>,
        plain::DomainsRet
    );
    message!(
        bench,
        "statistics, 1000 × 60",
        "stats_ret",
        fixtures::stats(fixtures::STATS_DOMAINS),
        remote::ConnectGetAllDomainStatsRet<'_>,
        plain::StatsRet
    );

    bench.print("wire: against xdr_codec's composite helpers", "xdr_codec", 1);
    bench.print(
        "wire: against rpcgen's code (which is handed the memory to encode into)",
        "C",
        2,
    );
    Ok(())
}
