//! What becomes of a definition: the document that comes out for the one that goes in.

use std::path::{Path, PathBuf};
use std::{fs, io};

use libvirt_client::Connect;
use libvirt_client::domain::XmlFlags;

use super::compare;
use super::transcript::Transcript;

/// The definitions, a file each, by their names.
fn corpus() -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/test_driver/definitions");
    let paths: io::Result<Vec<PathBuf>> =
        fs::read_dir(folder).unwrap().map(|entry| Ok(entry?.path())).collect();
    let mut paths = paths.unwrap();
    paths.sort();
    let read = |path: &PathBuf| {
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        (name, fs::read_to_string(path).unwrap())
    };
    paths.iter().map(read).collect()
}

#[tokio::test]
async fn documents() {
    let corpus = corpus();
    assert!(corpus.len() >= 35, "{}", corpus.len());
    compare("documents", async |conn: &Connect, seen: &mut Transcript| {
        for (name, xml) in &corpus {
            let Some(domain) = seen.done(&format!("{name}: define"), conn.domain_define_xml(xml).await)
            else {
                continue;
            };
            seen.xml(&format!("{name}: off"), domain.xml_desc(XmlFlags::empty()).await);
            seen.done(&format!("{name}: start"), domain.create().await);
            for (label, flags) in [
                ("on", XmlFlags::empty()),
                ("inactive", XmlFlags::INACTIVE),
                ("secure", XmlFlags::SECURE),
                ("migratable", XmlFlags::MIGRATABLE),
            ] {
                seen.xml(&format!("{name}: {label}"), domain.xml_desc(flags).await);
            }
            domain.destroy().await.unwrap();
            domain.undefine().await.unwrap();
        }
    })
    .await;
}
