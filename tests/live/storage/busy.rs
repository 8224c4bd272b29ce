//! Pools and volumes that a job works on.

use std::fs;

use libvirt_client::storage::storage_vol::{
    DeleteFlags, DownloadFlags, ResizeFlags, WipeAlgorithm,
};
use libvirt_client::types::error::ErrorCode;
use tokio::io::AsyncReadExt as _;

use super::{make, remove, volume};
use crate::common::{eventually, mkfifo, qemu};

/// The job is a download that does not get on: the volume's file became a pipe, which the daemon
/// opens once somebody writes.
#[tokio::test]
async fn what_a_job_works_on_is_neither_changed_nor_ended() {
    let Some((daemon, conn)) = qemu().await else {
        return;
    };
    let (pool, dir) = make(daemon, &conn, "busy-pool").await;
    let busy = volume(&pool, "busy", "raw", 4096).await;
    let idle = volume(&pool, "idle", "raw", 4096).await;
    let pipe = dir.join("busy");
    fs::remove_file(&pipe).unwrap();
    mkfifo(&pipe);
    let download = tokio::spawn({
        let busy = busy.clone();
        async move { busy.download(0, None, DownloadFlags::empty()).await }
    });
    // A flag that it refuses otherwise, so that nothing is deleted; a refresh would miss the file.
    eventually("the volume is busy", async || {
        let refused = busy.delete(DeleteFlags::ZEROED).await.unwrap_err();
        refused.code() == Some(ErrorCode::OperationInvalid)
    })
    .await;

    for refused in [pool.refresh().await, pool.destroy().await] {
        let error = refused.unwrap_err();
        assert_eq!(error.code(), Some(ErrorCode::InternalError));
        assert!(error.is_transient(), "{error}");
    }
    for refused in [
        busy.delete(DeleteFlags::NORMAL).await,
        busy.resize(8192, ResizeFlags::empty()).await,
        busy.wipe_pattern(WipeAlgorithm::Zero).await,
    ] {
        let error = refused.unwrap_err();
        assert_eq!(error.code(), Some(ErrorCode::OperationInvalid));
        assert!(error.is_transient(), "{error}");
    }
    // Others of the pool are free, and so is what only reads.
    idle.resize(8192, ResizeFlags::empty()).await.unwrap();
    idle.delete(DeleteFlags::NORMAL).await.unwrap();
    assert!(pool.is_active().await.unwrap());
    assert_eq!(pool.list_all_volumes().await.unwrap(), std::slice::from_ref(&busy));

    tokio::fs::write(&pipe, "content").await.unwrap();
    let mut stream = download.await.unwrap().unwrap();
    let mut content = String::new();
    stream.read_to_string(&mut content).await.unwrap();
    assert_eq!(content, "content");
    stream.finish().await.unwrap();
    eventually("the job is over", async || pool.refresh().await.is_ok()).await;
    remove(&pool, &dir).await;
}
