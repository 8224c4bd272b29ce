//! Work that ends although nobody waits for it any more.

use super::connection::Connect;
use super::running::until;
use crate::error::{CloseReason, Error, Result};

impl Connect {
    /// Does `work` with a handle without timeout, and returns its result.
    ///
    /// The timeout of this handle limits only the waiting. When it has passed, or the future was
    /// dropped, the work still goes on while the connection lasts, and its result is dropped.
    pub(crate) async fn to_the_end<T, F>(
        &self,
        procedure: &'static str,
        work: impl FnOnce(Self) -> F,
    ) -> Result<T>
    where
        T: Send + 'static,
        F: Future<Output = Result<T>> + Send + 'static,
    {
        let deadline = self.deadline(false);
        let task = self.runtime().spawn(work(self.without_timeout()));
        match until(self.shared(), deadline.at, task).await {
            Some(Ok(result)) => result,
            Some(Err(_)) => Err(Error::Closed(CloseReason::RuntimeGone)),
            None => Err(Error::Timeout {
                operation: procedure,
                after: deadline.after,
                waiting: self.shared().waiting_for_reply(),
            }),
        }
    }
}
