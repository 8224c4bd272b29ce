//! Makes a pool in a directory, in it a volume from a local image, with room to grow, and a guest
//! that boots from it.
//!
//! ```text
//! pool_and_volume URI POOL DIRECTORY IMAGE [GUEST TYPE]
//! pool_and_volume --clean URI POOL [GUEST]
//! ```
//!
//! DIRECTORY is on the daemon's host and need not exist. IMAGE is on this one and qcow2, such as the
//! cloud image of a distribution; `-` is the standard input. The volume is called `disk.qcow2` and
//! has a GiB more than the image. TYPE is `kvm`, or `qemu` for software emulation. `--clean` removes the
//! guest, the volume, the directory and the pool, as far as they got when something went wrong; it
//! does not touch other files.
//!
//! ```sh
//! curl -L https://example.com/cloud.qcow2 |
//!     cargo run --example pool_and_volume -- qemu:///system images /srv/images - web kvm
//! cargo run --example console -- qemu:///system web
//! ```

use std::env;
use std::error::Error;
use std::fs::File;
use std::io::{self, IsTerminal as _};
use std::os::fd::AsFd as _;
use std::process::ExitCode;

use libvirt_client::domain::{DefineFlags, Domain, UndefineFlags};
use libvirt_client::storage::{StoragePool, StorageVol, storage_pool, storage_vol};
use libvirt_client::{Connect, Optional as _};
use tokio::io::AsyncReadExt as _;

const USAGE: &str = "usage: pool_and_volume URI POOL DIRECTORY IMAGE [GUEST TYPE]
       pool_and_volume --clean URI POOL [GUEST]";

const VOLUME: &str = "disk.qcow2";

const GROWTH_BYTES: u64 = 1 << 30;

type Result<T, E = Box<dyn Error>> = std::result::Result<T, E>;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let result = match arguments[..] {
        ["--clean", uri, pool] => clean(uri, pool, None).await,
        ["--clean", uri, pool, guest] => clean(uri, pool, Some(guest)).await,
        [uri, pool, directory, image] => provide(uri, [pool, directory], image, None).await,
        [uri, pool, directory, image, guest, kind] => {
            provide(uri, [pool, directory], image, Some([guest, kind])).await
        }
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

async fn provide(
    uri: &str,
    [pool, directory]: [&str; 2],
    image: &str,
    guest: Option<[&str; 2]>,
) -> Result<()> {
    // A file that is not there is known before anything is made.
    let file = match image {
        "-" => io::stdin().as_fd().try_clone_to_owned().map(File::from),
        path => File::open(path),
    };
    let file = file.map_err(|error| format!("{image}: {error}"))?;
    let conn = Connect::open(uri).await?;
    let pool = make_pool(&conn, pool, directory).await?;
    let volume = fill_volume(&pool, file).await?;
    if let Some([name, kind]) = guest {
        let domain = boot(&volume, name, kind).await?;
        println!("guest {} boots from it", domain.name());
    }
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

async fn fill_volume(pool: &StoragePool, image: File) -> Result<StorageVol> {
    // Its capacity will be the image's.
    let xml = format!(
        "<volume><name>{VOLUME}</name><capacity>0</capacity>\
         <target><format type='qcow2'/></target></volume>"
    );
    let volume = pool.storage_vol_create_xml(&xml, storage_vol::CreateFlags::empty()).await?;
    let is_shown = io::stderr().is_terminal();
    let upload = volume.upload_from(image).on_progress(|progress| {
        if is_shown {
            eprint!("\r{} MiB", progress.content_bytes >> 20);
            if let Some(total) = progress.total_bytes {
                eprint!(" of {} MiB", total >> 20);
            }
        }
    });
    let uploaded = upload.await;
    if is_shown {
        eprintln!();
    }
    let uploaded = uploaded?;
    // What came by a pipe could not be looked at before.
    let mut begin = volume.download(0, Some(4), storage_vol::DownloadFlags::empty()).await?;
    let mut magic = [0; 4];
    begin.read_exact(&mut magic).await?;
    begin.finish().await?;
    if &magic != b"QFI\xfb" {
        return Err("that is no qcow2 image; --clean removes what there is".into());
    }
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
    Ok(volume)
}

/// Defines a guest whose disk is the volume, and starts it.
async fn boot(volume: &StorageVol, name: &str, kind: &str) -> Result<Domain> {
    let xml = format!(
        "<domain type='{}'>
  <name>{}</name>
  <memory unit='MiB'>1024</memory>
  <os><type>hvm</type></os>
  <features><acpi/></features>
  <devices>
    <disk type='volume' device='disk'>
      <driver name='qemu' type='qcow2'/>
      <source pool='{}' volume='{VOLUME}'/>
      <target dev='vda' bus='virtio'/>
    </disk>
    <serial type='pty'/>
  </devices>
</domain>",
        escape(kind),
        escape(name),
        escape(volume.pool_name())
    );
    let conn = volume.connect();
    let domain = conn.domain_define_xml_flags(&xml, DefineFlags::VALIDATE).await?;
    domain.create().await?;
    Ok(domain)
}

async fn clean(uri: &str, pool: &str, guest: Option<&str>) -> Result<()> {
    let conn = Connect::open(uri).await?;
    if let Some(guest) = guest
        && let Some(domain) = conn.domain_lookup_by_name(guest).await.optional()?
    {
        if domain.is_active().await? {
            domain.destroy().await?;
        }
        // What else the daemon knows of it would keep it.
        let belongings = UndefineFlags::MANAGED_SAVE
            | UndefineFlags::SNAPSHOTS_METADATA
            | UndefineFlags::CHECKPOINTS_METADATA;
        domain.undefine_flags(belongings).await?;
        println!("guest {guest} is removed");
    }
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

/// Makes XML text of a name or path.
fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('\'', "&apos;")
}
