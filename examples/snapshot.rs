//! Takes snapshots of a domain, shows them as a tree, reverts to them and deletes them.
//!
//! ```text
//! snapshot URI DOMAIN                 shows the tree; * is the current snapshot
//! snapshot URI DOMAIN take NAME       takes one
//! snapshot URI DOMAIN revert NAME     makes the domain what it was then
//! snapshot URI DOMAIN delete NAME     deletes one, and leaves its children
//! ```
//!
//! All show the tree as it is afterwards; `revert` also shows the domain's state, before and after.
//! With an empty URI libvirt's own rules choose the daemon.

use std::env;
use std::error::Error;
use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::process::ExitCode;

use libvirt_client::Connect;
use libvirt_client::domain::Domain;
use libvirt_client::domain::snapshot::{CreateFlags, DeleteFlags, ListFlags, RevertFlags};

const USAGE: &str = "usage: snapshot URI DOMAIN [take|revert|delete NAME]";

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match run(&arguments).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Some of the daemon's messages have several lines.
            eprintln!("snapshot: {}", error.to_string().replace('\n', " "));
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: &[&str]) -> Result<(), Box<dyn Error>> {
    let [uri, name, command @ ..] = arguments else {
        return Err(USAGE.into());
    };
    let conn = Connect::open(uri).await?;
    let domain = conn.domain_lookup_by_name(name).await?;
    match command {
        [] => {}
        ["take", name] => {
            let xml = format!("<domainsnapshot><name>{}</name></domainsnapshot>", escape(name));
            domain.snapshot_create_xml(&xml, CreateFlags::empty()).await?;
        }
        ["revert", name] => {
            let snapshot = domain.snapshot_lookup_by_name(name).await?;
            let before = domain.state().await?.state;
            snapshot.revert(RevertFlags::empty()).await?;
            let after = domain.state().await?.state;
            writeln!(io::stdout(), "{before:?} -> {after:?}")?;
        }
        ["delete", name] => {
            let snapshot = domain.snapshot_lookup_by_name(name).await?;
            snapshot.delete(DeleteFlags::empty()).await?;
        }
        _ => return Err(USAGE.into()),
    }
    io::stdout().write_all(tree(&domain).await?.as_bytes())?;
    conn.close().await;
    Ok(())
}

/// A line for each snapshot, further to the right than its parent's.
async fn tree(domain: &Domain) -> Result<String, Box<dyn Error>> {
    let current = domain.snapshot_current().await?;
    let mut text = String::new();
    let roots = domain.list_all_snapshots(ListFlags::ROOTS).await?;
    let mut left: Vec<_> = roots.into_iter().map(|root| (0, root)).collect();
    left.sort_by(|(_, a), (_, b)| b.name().cmp(a.name()));
    while let Some((depth, snapshot)) = left.pop() {
        let mark = if current.as_ref() == Some(&snapshot) {
            " *"
        } else {
            ""
        };
        writeln!(text, "{:1$}{2}{mark}", "", 2 * depth, snapshot.name())?;
        let mut children = snapshot.list_all_children(ListFlags::empty()).await?;
        children.sort_by(|a, b| b.name().cmp(a.name()));
        left.extend(children.into_iter().map(|child| (depth + 1, child)));
    }
    Ok(text)
}

/// Makes a name fit between tags.
fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}
