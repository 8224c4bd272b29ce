//! Shows the job of a disk, named by its target such as `vda`: what it is, how far, and how fast it
//! may go.

use libvirt_client::Connect;

use crate::shared::Result;

pub(crate) async fn run([uri, name, disk]: [&str; 3]) -> Result<()> {
    let conn = Connect::open(uri).await?;
    let domain = conn.domain_lookup_by_name(name).await?;
    if let Some(job) = domain.block_job_info(disk).await? {
        println!("job: {:?}", job.kind);
        println!("done: {} of {} bytes", job.current, job.end);
        match job.bytes_per_second {
            Some(speed) => println!("limit: {speed} bytes per second"),
            None => println!("limit: none"),
        }
    } else {
        println!("{disk} has no job");
    }
    conn.close().await;
    Ok(())
}
