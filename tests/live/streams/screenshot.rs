//! Pictures of real guests' screens.

#[path = "../../../examples/screenshot/ppm.rs"]
mod ppm;

use rig::guest::Guest;
use tokio::io::AsyncReadExt;

use crate::common::{boot, discard, qemu};

#[tokio::test]
async fn a_guests_screen_is_a_picture() {
    let Some((daemon, conn)) = qemu().await else {
        return;
    };
    let guest = boot(daemon, &conn, "streams-screenshot", Guest::video).await;
    let domain = guest.domain;
    let (mime, mut stream) = domain.screenshot(0).await.unwrap();
    let mut picture = Vec::new();
    stream.read_to_end(&mut picture).await.unwrap();
    stream.finish().await.unwrap();
    let magic: &[u8] = match mime.as_deref() {
        Some("image/png") => b"\x89PNG\r\n\x1a\n",
        Some("image/x-portable-pixmap") => b"P6\n",
        other => panic!("{other:?}"),
    };
    assert!(picture.starts_with(magic), "{:?}", &picture[..16]);
    let file = daemon.scratch().join("streams-screenshot.virsh");
    let args = ["screenshot", domain.name(), file.to_str().unwrap()];
    daemon.virsh(args).unwrap();
    assert!(std::fs::read(file).unwrap().starts_with(magic));

    let error = domain.screenshot(7).await.unwrap_err();
    assert!(error.to_string().contains("screen"), "{error}");
    discard(&domain).await;
}

#[test]
fn pixmaps_become_png() {
    let pixels = [255, 0, 0, 0, 255, 0, 0, 0, 255, 10, 13, 32];
    let mut pixmap = b"P6\n2 2\n255\n".to_vec();
    pixmap.extend(pixels);
    let png = ppm::png_of_ppm(&pixmap).unwrap();
    let decoder = png::Decoder::new(std::io::Cursor::new(png));
    let mut reader = decoder.read_info().unwrap();
    let mut back = vec![0; reader.output_buffer_size().unwrap()];
    let info = reader.next_frame(&mut back).unwrap();
    assert_eq!((info.width, info.height), (2, 2));
    assert_eq!(back, pixels);
    for wrong in [
        &pixmap[..pixmap.len() - 1],
        b"P6\n2",
        b"P5\n1 1\n255\n0",
        b"P6 1 1 15 123",
    ] {
        assert!(ppm::png_of_ppm(wrong).is_err());
    }
}
