//! Conversion from the format that old daemons send to PNG.

use std::error::Error;

/// Converts QEMU's format: a binary portable pixmap of eight bits per colour, without comments.
pub(crate) fn png_of_ppm(ppm: &[u8]) -> Result<Vec<u8>, Box<dyn Error>> {
    const ODD: &str = "the daemon sent a malformed picture";
    let mut rest = ppm.strip_prefix(b"P6").ok_or(ODD)?;
    let mut number = || {
        rest = rest.trim_ascii_start();
        let end = rest.iter().position(|byte| !byte.is_ascii_digit())?;
        let (digits, behind) = rest.split_at(end);
        rest = behind;
        std::str::from_utf8(digits).ok()?.parse::<u32>().ok()
    };
    let (width, height, brightest) = (number(), number(), number());
    let (width, height) = (width.ok_or(ODD)?, height.ok_or(ODD)?);
    // One blank, and then the pixels.
    let pixels = rest.get(1..).ok_or(ODD)?;
    let size = u64::from(width) * u64::from(height) * 3;
    if brightest != Some(255) || pixels.len() as u64 != size {
        return Err(ODD.into());
    }
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, width, height);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    let mut writer = encoder.write_header()?;
    writer.write_image_data(pixels)?;
    writer.finish()?;
    Ok(file)
}
