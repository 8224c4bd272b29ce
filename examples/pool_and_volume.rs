//! Makes a pool in a directory, and in it a volume from a local qcow2 image, with room to grow.
//!
//! ```text
//! pool_and_volume URI POOL DIRECTORY IMAGE
//! pool_and_volume --clean URI POOL
//! ```
//!
//! DIRECTORY is on the daemon's host and need not exist, IMAGE is on this one. The volume is called
//! `disk.qcow2` and has a GiB more than the image. `--clean` removes the volume, the directory and
//! the pool, as far as they got when something went wrong; it does not touch other files.

use std::env;
use std::error::Error;
use std::fs::File;
use std::io::{self, IsTerminal as _, Read as _, Seek as _};
use std::process::ExitCode;

use libvirt_client::storage::{StoragePool, storage_pool, storage_vol};
use libvirt_client::{Connect, Optional as _};

const USAGE: &str = "usage: pool_and_volume URI POOL DIRECTORY IMAGE
       pool_and_volume --clean URI POOL";

const VOLUME: &str = "disk.qcow2";

const GROWTH_BYTES: u64 = 1 << 30;

type Result<T, E = Box<dyn Error>> = std::result::Result<T, E>;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let result = match arguments[..] {
        ["--clean", uri, pool] => clean(uri, pool).await,
        [uri, pool, directory, image] => provide(uri, pool, directory, image).await,
        _ => Err(USAGE.into()),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("pool_and_volume: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn provide(uri: &str, pool: &str, directory: &str, image: &str) -> Result<()> {
    // Whatever is wrong with the image is known before anything is made.
    let image = Image::open(image).map_err(|error| format!("{image}: {error}"))?;
    let conn = Connect::open(uri).await?;
    let pool = make_pool(&conn, pool, directory).await?;
    fill_volume(&pool, image).await?;
    conn.close().await;
    Ok(())
}

async fn make_pool(conn: &Connect, name: &str, directory: &str) -> Result<StoragePool> {
    let xml = format!(
        "<pool type='dir'><name>{}</name><target><path>{}</path></target></pool>",
        escape(name),
        escape(directory)
    );
    let pool = conn.storage_pool_define_xml(&xml, storage_pool::DefineFlags::VALIDATE).await?;
    pool.build(storage_pool::BuildFlags::NEW).await?;
    pool.create(storage_pool::CreateFlags::NORMAL).await?;
    pool.set_autostart(true).await?;
    let free = pool.info().await?.available_bytes;
    println!("pool {}: {} MiB free", pool.name(), free >> 20);
    Ok(pool)
}

async fn fill_volume(pool: &StoragePool, image: Image) -> Result<()> {
    let xml = format!(
        "<volume><name>{VOLUME}</name><capacity>{}</capacity>\
         <target><format type='qcow2'/></target></volume>",
        image.capacity_bytes
    );
    let volume = pool.storage_vol_create_xml(&xml, storage_vol::CreateFlags::empty()).await?;
    let is_shown = io::stderr().is_terminal();
    let upload = volume.upload_from(image.file).on_progress(|progress| {
        if let Some(total) = progress.total_bytes.filter(|_| is_shown) {
            eprint!("\r{} of {} MiB", progress.content_bytes >> 20, total >> 20);
        }
    });
    let uploaded = upload.await;
    if is_shown {
        eprintln!();
    }
    let uploaded = uploaded?;
    // This also has the daemon look at what the volume is now, before it reckons with it.
    let before = volume.info().await?;
    volume.resize(GROWTH_BYTES, storage_vol::ResizeFlags::DELTA).await?;
    let after = volume.info().await?;
    println!(
        "volume {}: {} bytes uploaded, capacity {} MiB, now {} MiB",
        volume.path().await?.display(),
        uploaded.content_bytes,
        before.capacity_bytes >> 20,
        after.capacity_bytes >> 20
    );
    Ok(())
}

async fn clean(uri: &str, pool: &str) -> Result<()> {
    let conn = Connect::open(uri).await?;
    let pool = conn.storage_pool_lookup_by_name(pool).await?;
    if pool.is_active().await? {
        if let Some(volume) = pool.storage_vol_lookup_by_name(VOLUME).await.optional()? {
            volume.delete(storage_vol::DeleteFlags::NORMAL).await?;
        }
        pool.destroy().await?;
    }
    // It fails for a directory that has more in it, or that is not there.
    if let Err(error) = pool.delete(storage_pool::DeleteFlags::NORMAL).await {
        eprintln!("pool_and_volume: the directory is not removed: {error}");
    }
    pool.undefine().await?;
    println!("pool {} is removed", pool.name());
    conn.close().await;
    Ok(())
}

/// A qcow2 image on this host.
struct Image {
    file: File,
    capacity_bytes: u64,
}

impl Image {
    fn open(path: &str) -> io::Result<Self> {
        let mut file = File::open(path)?;
        let mut header = [0; 32];
        file.read_exact(&mut header)?;
        file.rewind()?;
        let Some((b"QFI\xfb", rest)) = header.split_first_chunk() else {
            return Err(io::Error::other("not a qcow2 image"));
        };
        let Some((_, capacity)) = rest.split_last_chunk() else {
            return Err(io::Error::other("too short"));
        };
        Ok(Self { file, capacity_bytes: u64::from_be_bytes(*capacity) })
    }
}

/// Makes XML text of a name or path.
fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}
