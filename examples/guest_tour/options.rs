//! The command line.

use std::path::PathBuf;

pub(crate) const USAGE: &str = "usage: guest_tour URI --kernel FILE --initrd FILE --dir DIRECTORY
       guest_tour URI --test-driver";

pub(crate) enum Options {
    Guest { uri: String, files: Files },
    TestDriver { uri: String },
}

/// Files that make a guest, and the directory for its own.
pub(crate) struct Files {
    pub(crate) kernel: PathBuf,
    pub(crate) initrd: PathBuf,
    pub(crate) dir: PathBuf,
}

impl Options {
    pub(crate) fn parse(mut args: impl Iterator<Item = String>) -> Option<Self> {
        let (mut uri, mut kernel, mut initrd, mut dir) = (None, None, None, None);
        let mut test_driver = false;
        while let Some(arg) = args.next() {
            match arg.as_str() {
                "--kernel" => kernel = Some(args.next()?.into()),
                "--initrd" => initrd = Some(args.next()?.into()),
                "--dir" => dir = Some(args.next()?.into()),
                "--test-driver" => test_driver = true,
                _ if uri.is_none() && !arg.starts_with('-') => uri = Some(arg),
                _ => return None,
            }
        }
        let uri = uri?;
        if test_driver {
            return Some(Self::TestDriver { uri });
        }
        let files = Files { kernel: kernel?, initrd: initrd?, dir: dir? };
        Some(Self::Guest { uri, files })
    }
}
