//! Changes of tables.

use libvirt_client::watch::{Change, Entry, Watch, Watched};
use tokio::time::timeout;

use crate::common::LIMIT;

/// Takes changes until one satisfies the condition.
pub async fn until<O: Watched>(
    watch: &mut Watch<O>,
    what: &str,
    condition: impl Fn(&Change<O>) -> bool,
) {
    let waiting = async {
        loop {
            let change = watch.next().await.unwrap().unwrap();
            if condition(&change) {
                return;
            }
        }
    };
    timeout(LIMIT, waiting).await.unwrap_or_else(|_| panic!("not told: {what}"));
}

/// Whether the change is one to that state.
pub fn is_now<O: Watched>(change: &Change<O>, is_it: impl Fn(&Entry<O>) -> bool) -> bool {
    match change {
        Change::Appeared(entry) | Change::Changed { entry, .. } => is_it(entry),
        _ => false,
    }
}
